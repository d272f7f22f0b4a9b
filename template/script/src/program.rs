//! The front door: from a source to a program, and from a program and data to its output.

use crate::base::{Error, ErrorKind, Limits, Position, Source, number};
use crate::compile::{Settings, compile};
use crate::parser;
use crate::run::{Alone, Cx, Program, Scratch};
use crate::syntax::{
    Piece, Prepared, Tag,
    lexer::{Lexer, Tok},
};
use crate::value::Value;
use std::rc::Rc;

/// A token, as `--tokens` and the playground show it.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenView {
    /// Where it starts.
    pub position: Position,
    /// `text`, `tag`, `word`, `number`, `string`, `template`, `punctuation`, `echo`, `end`.
    pub kind: &'static str,
    /// What it is.
    pub text: String,
}

/// The tokens of a source, as far as it can be read.
///
/// # Errors
/// Where the text is no token.
pub fn tokens(source: &Source, prepared: &Prepared, pieces: &[Piece]) -> Result<Vec<TokenView>, Error> {
    let mut lexer = Lexer::new(prepared, pieces);
    let mut views = Vec::new();
    loop {
        let token = lexer.next().map_err(|(kind, message, offset)| Error::at(kind, message, source, offset))?;
        let range = |start: u32, end: u32| prepared.text()[start as usize..end as usize].to_owned();
        let (kind, text) = match &token.tok {
            Tok::End => return Ok(views),
            Tok::Punct(p) => ("punctuation", (*p).to_owned()),
            Tok::Word(start, end) => ("word", range(*start, *end)),
            Tok::Number(n) => ("number", number::to_string(*n)),
            Tok::String(s) => ("string", s.as_str().to_owned()),
            Tok::Quasi(s, _) | Tok::QuasiNext(s, _) => ("template", s.as_str().to_owned()),
            Tok::Text(start, end) => ("text", range(*start, *end)),
            Tok::Echo { raw } => ("echo", if *raw { "raw".to_owned() } else { "escaped".to_owned() }),
            Tok::EchoEnd => ("end", String::new()),
            Tok::Tag => ("tag", ";".to_owned()),
        };
        views.push(TokenView { position: source.position(token.pos), kind, text });
    }
}

impl Program {
    /// Compiles what pieces of a source say: texts to put out, and code.
    ///
    /// # Errors
    /// With place and caret, when it does not parse or uses what is not in the language.
    pub fn compile(
        source: &Rc<Source>,
        prepared: &Prepared,
        pieces: &[Piece],
        settings: &Settings,
    ) -> Result<Program, Error> {
        let parsed = parser::parse(prepared, pieces, &settings.limits)
            .map_err(|(kind, message, offset)| Error::at(kind, message, source, offset))?;
        compile(&parsed, source.clone(), settings)
    }

    /// A program that is one expression, whose value it puts out.
    ///
    /// ```
    /// use wirebook_script::{Program, data};
    /// let program = Program::expression("ducks.map(duck => duck.name).join(' & ')")?;
    /// let data = data!({ "ducks": [{ "name": "Huey" }, { "name": "Dewey" }] });
    /// assert_eq!(program.evaluate(&data)?, "Huey & Dewey");
    /// # Ok::<(), wirebook_script::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Program::compile`].
    pub fn expression(text: &str) -> Result<Program, Error> {
        let limits = Limits::default();
        if text.len() > limits.source {
            return Err(Error::new(ErrorKind::NestingLimit, "source too large"));
        }
        let piece = Piece::Code { kind: Tag::Raw, tag: 0, start: 0, end: text.len() as u32 };
        Program::compile(&Source::new("expression", text), &Prepared::whole(text), &[piece], &Settings::default())
    }

    /// Runs it alone, within the default bounds, and gives what it puts out.
    ///
    /// # Errors
    /// What it throws, with its place; a bound that was reached.
    pub fn evaluate(&self, data: &Value) -> Result<String, Error> {
        let mut cx = Cx::new(&Alone, Scratch::default(), Limits::default(), String::new(), None);
        let result = cx.run(self, data).map_err(|_| cx.take_error());
        let (out, _) = cx.finish();
        result.map(|()| out)
    }
}
