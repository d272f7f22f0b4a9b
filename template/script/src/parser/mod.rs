//! The parser: recursive descent over the tokens of a program, scopes included.
//!
//! Nesting is counted and bounded, so that no source can overflow the stack here, in the code generator, or later in
//! the closures, whose nesting follows the tree's. Chains that a person may well write long (`a + b + …`, `&&`, `else if`) are lists
//! in the tree and do not nest.

mod expression;
mod function;
mod operand;
mod pattern;
mod statement;

use crate::base::{ErrorKind, Limits, Str, stack::Stack};
use crate::syntax::{
    ast::{Block, Expr, ExprKind},
    lexer::{LexError, Lexer, Tok, Token, is_word_part, is_word_start},
    pieces::{Piece, Prepared},
    scope::{Scopes, VarId},
};
use std::rc::Rc;

/// Why the source does not parse: kind, message and original offset.
pub(crate) type ParseError = LexError;
type P<T> = Result<T, ParseError>;

/// A parsed program.
pub(crate) struct Parsed {
    pub(crate) body: Block,
    pub(crate) variables: Vec<VarId>,
    pub(crate) scopes: Scopes,
    /// `return` stands outside of functions.
    pub(crate) returns: bool,
    /// `locals` is used: free names live in that object.
    pub(crate) locals: bool,
}

/// Parses the pieces of a program.
pub(crate) fn parse(prepared: &Prepared, pieces: &[Piece], limits: &Limits) -> P<Parsed> {
    let mut parser = Parser::new(prepared, pieces, limits);
    parser.advance()?;
    let mut body = Block::default();
    while parser.token.tok != Tok::End {
        parser.statement_into(&mut body)?;
    }
    let (variables, locals) = parser.scopes.finish();
    Ok(Parsed { body, variables, returns: parser.returns, scopes: parser.scopes, locals })
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    text: &'t str,
    token: Token,
    /// Where the token before it ended, in the original.
    end: u32,
    scopes: Scopes,
    depth: usize,
    /// Where parsing began on the native stack, and how much of that it may use.
    stack: (Stack, usize),
    limit: usize,
    /// Functions around the current place.
    functions: u32,
    loops: u32,
    switches: u32,
    /// Blocks around the current place, in its function.
    blocks: u32,
    labels: Vec<(Str, u32, bool)>,
    next_label: u32,
    returns: bool,
    /// Inside the head of a `for`, where `in` ends an expression.
    no_in: bool,
    /// Inside a function that says 'use strict'.
    strict: bool,
}

/// What `new` knows.
const CLASSES: [&str; 14] = [
    "Error",
    "TypeError",
    "RangeError",
    "ReferenceError",
    "SyntaxError",
    "Array",
    "Object",
    "RegExp",
    "Date",
    "Map",
    "Set",
    "Boolean",
    "Number",
    "String",
];

const RESERVED: [&str; 36] = [
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "import",
    "in",
    "instanceof",
    "new",
    "null",
    "return",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "var",
    "void",
    "while",
    "with",
];

/// Words that are names in sloppy code alone.
const RESERVED_IN_STRICT: [&str; 9] =
    ["implements", "interface", "let", "package", "private", "protected", "public", "static", "yield"];

/// Whether a text starts with a word that may be a name.
fn starts_name(text: &str) -> bool {
    let word = text.split(|c| !is_word_part(c)).next().unwrap_or_default();
    word.starts_with(is_word_start) && !RESERVED.contains(&word)
}

impl<'t> Parser<'t> {
    fn new(prepared: &'t Prepared, pieces: &'t [Piece], limits: &Limits) -> Parser<'t> {
        Parser {
            lexer: Lexer::new(prepared, pieces),
            text: prepared.text(),
            token: Token { tok: Tok::End, pos: 0, newline: false },
            end: 0,
            scopes: Scopes::new(),
            depth: 0,
            stack: (Stack::here(), limits.stack.saturating_mul(2)),
            limit: limits.nesting,
            functions: 0,
            loops: 0,
            switches: 0,
            blocks: 0,
            labels: Vec::new(),
            next_label: 0,
            returns: false,
            no_in: false,
            strict: false,
        }
    }

    fn advance(&mut self) -> P<Token> {
        // The last byte of a token says where it ends; what follows may have been moved.
        self.end = self.lexer.original(self.lexer.last_end.saturating_sub(1)) + 1;
        let next = self.lexer.next()?;
        Ok(std::mem::replace(&mut self.token, next))
    }

    fn error<T>(&self, message: impl Into<String>) -> P<T> {
        Err((ErrorKind::Syntax, message.into(), self.token.pos))
    }

    fn error_at<T>(&self, message: impl Into<String>, pos: u32) -> P<T> {
        Err((ErrorKind::Syntax, message.into(), pos))
    }

    /// Says which token stands where it should not.
    fn unexpected<T>(&self) -> P<T> {
        let what = match &self.token.tok {
            Tok::End => "unexpected end of template".to_owned(),
            Tok::EchoEnd => "unexpected end of tag".to_owned(),
            Tok::Tag | Tok::Text(..) | Tok::Echo { .. } => {
                "unexpected end of tag: code can not go on in the next one here".to_owned()
            }
            Tok::Punct(p) => format!("unexpected token '{p}'"),
            Tok::Word(..) => format!("unexpected identifier '{}'", self.word().unwrap_or_default()),
            Tok::Number(_) => "unexpected number".to_owned(),
            Tok::String(_) => "unexpected string".to_owned(),
            Tok::Quasi(..) | Tok::QuasiNext(..) => "unexpected template literal".to_owned(),
        };
        self.error(what)
    }

    /// One level deeper for the time that `parse` runs.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> P<T>) -> P<T> {
        self.deeper(1)?;
        let result = parse(self);
        self.depth -= 1;
        result
    }

    fn deeper(&mut self, levels: usize) -> P<()> {
        self.depth += levels;
        if self.depth > self.limit || self.stack.0.used() > self.stack.1 {
            let limit = self.limit;
            return Err((
                ErrorKind::NestingLimit,
                format!("nesting too deep: more than {limit} levels"),
                self.token.pos,
            ));
        }
        Ok(())
    }

    fn is(&self, punct: &str) -> bool {
        matches!(self.token.tok, Tok::Punct(p) if p == punct)
    }

    fn eat(&mut self, punct: &str) -> P<bool> {
        let is = self.is(punct);
        if is {
            self.advance()?;
        }
        Ok(is)
    }

    fn expect(&mut self, punct: &'static str) -> P<Token> {
        if self.is(punct) { self.advance() } else { self.unexpected() }
    }

    /// The current token's text when it is an identifier or a keyword.
    fn word(&self) -> Option<&'t str> {
        match self.token.tok {
            Tok::Word(start, end) => Some(&self.text[start as usize..end as usize]),
            _ => None,
        }
    }

    fn is_word(&self, word: &str) -> bool {
        self.word() == Some(word)
    }

    fn eat_word(&mut self, word: &str) -> P<bool> {
        let is = self.is_word(word);
        if is {
            self.advance()?;
        }
        Ok(is)
    }

    fn is_reserved(&self, word: &str) -> bool {
        RESERVED.contains(&word) || (self.strict && RESERVED_IN_STRICT.contains(&word))
    }

    /// Whether the current token is the `let` of a declaration: a pattern or a name comes next. Else it is a name (§14.5).
    fn is_let(&mut self) -> bool {
        self.is_word("let")
            && (self.strict
                || self.lexer.ahead().is_some_and(|(rest, _)| rest.starts_with(['{', '[']) || starts_name(rest)))
    }

    /// An identifier that may name a variable.
    fn identifier(&mut self) -> P<(Str, u32)> {
        match self.word() {
            Some(word) if self.is_reserved(word) => self.error(format!("unexpected token '{word}'")),
            Some(word) => {
                let name = Str::from(word);
                let pos = self.advance()?.pos;
                Ok((name, pos))
            }
            None => self.unexpected(),
        }
    }

    /// The end of a statement: `;`, a line end, `}`, or the end of a tag.
    fn semicolon(&mut self) -> P<()> {
        if self.eat(";")? || matches!(self.token.tok, Tok::Tag | Tok::End) || self.is("}") || self.token.newline {
            return Ok(());
        }
        self.unexpected()
    }

    fn text(&self, start: u32, end: u32) -> Rc<str> {
        self.text[start as usize..end as usize].into()
    }

    fn name_use(&mut self, name: Str, pos: u32) -> Expr {
        let id = self.scopes.refer(name.clone(), pos);
        Expr { pos, kind: ExprKind::Name(id, name) }
    }
}
