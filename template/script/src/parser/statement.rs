//! Statements, ECMA-262 §14.

use super::{P, Parser};
use crate::base::Str;
use crate::syntax::ast::*;
use crate::syntax::lexer::Tok;
use crate::syntax::scope::VarKind;

impl Parser<'_> {
    /// A statement or declaration, added to the block that it belongs to.
    pub(super) fn statement_into(&mut self, block: &mut Block) -> P<()> {
        if self.is_word("function") {
            let declared = self.function_declaration()?;
            block.functions.push(declared);
            return Ok(());
        }
        let statement = self.statement()?;
        if !matches!(statement.kind, StmtKind::Empty) {
            block.statements.push(statement);
        }
        Ok(())
    }

    pub(super) fn statement(&mut self) -> P<Stmt> {
        let pos = self.token.pos;
        let kind = match self.token.tok {
            Tok::Tag => {
                self.advance()?;
                StmtKind::Empty
            }
            Tok::Text(start, end) => {
                self.advance()?;
                StmtKind::Text(self.text(start, end))
            }
            Tok::Echo { raw } => self.echo(raw)?,
            Tok::Punct(";") => {
                self.advance()?;
                StmtKind::Empty
            }
            Tok::Punct("{") => StmtKind::Block(self.nested(|p| p.block())?),
            Tok::Word(..) => self.nested(|p| p.word_statement())?,
            _ => self.expression_statement()?,
        };
        Ok(Stmt { pos, kind })
    }

    /// `escapeFn(` what stands in the tag `)`: an argument list of which the first is put out.
    fn echo(&mut self, raw: bool) -> P<StmtKind> {
        self.advance()?;
        let mut values = Vec::new();
        while self.token.tok != Tok::EchoEnd {
            values.push(self.assignment()?);
            if self.token.tok != Tok::EchoEnd && !self.eat(",")? {
                return self.unexpected();
            }
        }
        let end = self.advance()?.pos;
        let mut values = values.into_iter();
        let value = values.next().unwrap_or(Expr { pos: end, kind: ExprKind::Undefined });
        Ok(StmtKind::Echo { raw, value, rest: values.collect() })
    }

    fn word_statement(&mut self) -> P<StmtKind> {
        match self.word().unwrap_or_default() {
            "let" if !self.is_let() => self.expression_statement(),
            "var" | "let" | "const" => {
                let declaration = self.declaration()?;
                self.semicolon()?;
                Ok(declaration)
            }
            "if" => self.if_statement(),
            "for" => self.for_statement(),
            "while" => self.while_statement(),
            "do" => self.do_statement(),
            "switch" => self.switch_statement(),
            "break" => self.jump(false),
            "continue" => self.jump(true),
            "return" => self.return_statement(),
            "throw" => self.throw_statement(),
            "try" => self.try_statement(),
            "function" => self.error("a function declaration can not be the body of a statement"),
            word @ ("class" | "import" | "export" | "with" | "enum") => self.error(format!("unsupported: `{word}`")),
            // There is none, and without one nothing happens in JavaScript either.
            "debugger" => {
                self.advance()?;
                self.semicolon()?;
                Ok(StmtKind::Empty)
            }
            _ => self.expression_statement(),
        }
    }

    fn expression_statement(&mut self) -> P<StmtKind> {
        let expression = self.expression()?;
        if let ExprKind::Name(id, name) = &expression.kind
            && self.is(":")
        {
            let (id, name) = (*id, name.clone());
            self.scopes.forget(id);
            return self.labelled(name);
        }
        self.semicolon()?;
        Ok(StmtKind::Expr(expression))
    }

    fn labelled(&mut self, name: Str) -> P<StmtKind> {
        self.advance()?;
        if self.labels.iter().any(|(known, ..)| *known == name) {
            return self.error(format!("label '{}' has already been declared", name.as_str()));
        }
        self.next_label += 1;
        let label = self.next_label;
        let is_loop = self.is_word("for") || self.is_word("while") || self.is_word("do");
        self.labels.push((name, label, is_loop));
        let body = self.nested(|p| p.statement());
        self.labels.pop();
        Ok(StmtKind::Labelled(label, Box::new(body?)))
    }

    /// `{ … }` with a scope of its own.
    pub(super) fn block(&mut self) -> P<Block> {
        self.expect("{")?;
        self.scopes.open_block();
        self.blocks += 1;
        let mut block = Block::default();
        while !self.is("}") {
            if self.token.tok == Tok::End {
                return self.unexpected();
            }
            self.statement_into(&mut block)?;
        }
        self.blocks -= 1;
        block.variables = self.scopes.close(false);
        self.advance()?;
        Ok(block)
    }

    /// `var a = 1, { b } = c` without its end.
    fn declaration(&mut self) -> P<StmtKind> {
        let kind = match self.word() {
            Some("var") => VarKind::Var,
            Some("let") => VarKind::Let,
            _ => VarKind::Const,
        };
        self.advance()?;
        let mut declarations = Vec::new();
        loop {
            let pos = self.token.pos;
            let first = self.scopes.vars.len();
            let pattern = self.binding(kind)?;
            let value = if self.eat("=")? { Some(self.assignment()?) } else { None };
            let head = self.is_word("of") || self.is_word("in");
            if value.is_none() && !head && (kind == VarKind::Const || !matches!(pattern, Pattern::Declare(_))) {
                return self.error_at("missing initializer in declaration", pos);
            }
            // The variable of `for … of` has no value before its list was evaluated.
            if !head || kind == VarKind::Var {
                self.declared(&pattern, first, kind, value.is_some() || head);
            }
            declarations.push((pattern, value));
            if !self.eat(",")? {
                return Ok(StmtKind::Declare { is_var: kind == VarKind::Var, declarations });
            }
        }
    }

    /// From here on the declared variables have their values.
    fn declared(&mut self, pattern: &Pattern, first: usize, kind: VarKind, has_value: bool) {
        let pos = self.lexer.original(self.lexer.last_end);
        for var in first..self.scopes.vars.len() {
            self.scopes.initialised(var, pos.min(self.token.pos));
        }
        if kind == VarKind::Var && has_value {
            pattern.for_each_variable(&mut |var| self.scopes.assigned(var));
        }
    }

    fn parenthesised_test(&mut self) -> P<Expr> {
        self.expect("(")?;
        let test = self.expression()?;
        self.expect(")")?;
        Ok(test)
    }

    fn if_statement(&mut self) -> P<StmtKind> {
        let mut branches = Vec::new();
        loop {
            self.advance()?;
            let test = self.parenthesised_test()?;
            branches.push((test, self.branch()?));
            if !self.eat_word("else")? {
                return Ok(StmtKind::If { branches, otherwise: None });
            }
            if !self.is_word("if") {
                let otherwise = Some(Box::new(self.branch()?));
                return Ok(StmtKind::If { branches, otherwise });
            }
        }
    }

    /// The body of a statement: a statement that is no declaration.
    fn sub_statement(&mut self) -> P<Stmt> {
        // A line end makes a name of it, unless a list follows (§14.5).
        let on_line = |p: &mut Self| p.lexer.ahead().is_none_or(|(rest, newline)| !newline || rest.starts_with('['));
        if self.is_word("const") || (self.is_let() && on_line(self)) {
            return self.error("a declaration can not stand alone here: put it in a block");
        }
        self.statement()
    }

    /// The body of an `if`, where a function may stand as if it had a block around it (annex B.3.3).
    fn branch(&mut self) -> P<Stmt> {
        if !self.is_word("function") {
            return self.sub_statement();
        }
        let pos = self.token.pos;
        self.scopes.open_block();
        self.blocks += 1;
        let mut block = Block::default();
        self.statement_into(&mut block)?;
        self.blocks -= 1;
        block.variables = self.scopes.close(false);
        Ok(Stmt { pos, kind: StmtKind::Block(block) })
    }

    fn loop_body(&mut self) -> P<Box<Stmt>> {
        self.loops += 1;
        // After an error nothing is parsed: a function that was left by one has not put the count back.
        let body = self.sub_statement()?;
        self.loops -= 1;
        Ok(Box::new(body))
    }

    fn while_statement(&mut self) -> P<StmtKind> {
        self.advance()?;
        let test = self.parenthesised_test()?;
        Ok(StmtKind::While { test, body: self.loop_body()? })
    }

    fn do_statement(&mut self) -> P<StmtKind> {
        self.advance()?;
        let body = self.loop_body()?;
        // `do x; while (y)`: the end of a tag may stand before `while`.
        if !self.eat_word("while")? {
            return self.unexpected();
        }
        let test = self.parenthesised_test()?;
        self.eat(";")?;
        Ok(StmtKind::DoWhile { test, body })
    }

    fn for_statement(&mut self) -> P<StmtKind> {
        self.advance()?;
        if self.is_word("await") {
            return self.error("unsupported: `for await`");
        }
        self.expect("(")?;
        self.scopes.open_block();
        let init = self.for_init()?;
        let kind = match (init, self.word()) {
            (Some(init), Some(word @ ("of" | "in"))) => {
                let of = word == "of";
                let target = self.each_target(init)?;
                self.advance()?;
                let list = if of { self.assignment()? } else { self.expression()? };
                let end = self.end;
                target.for_each_variable(&mut |var| self.scopes.initialised(var, end));
                self.expect(")")?;
                let body = self.loop_body()?;
                let variables = self.scopes.close(false);
                StmtKind::ForEach { of, head: Box::new(EachHead { variables, target, list }), body }
            }
            (init, _) => {
                if let Some(StmtKind::Declare { declarations, .. }) = &init
                    && declarations.iter().any(|(p, value)| value.is_none() && !matches!(p, Pattern::Declare(_)))
                {
                    return self.error("missing initializer in declaration");
                }
                let pos = self.token.pos;
                self.expect(";")?;
                let test = if self.is(";") { None } else { Some(self.expression()?) };
                self.expect(";")?;
                let update = if self.is(")") { None } else { Some(self.expression()?) };
                self.expect(")")?;
                let body = self.loop_body()?;
                let variables = self.scopes.close(false);
                let init = init.map(|kind| Stmt { pos, kind });
                StmtKind::For { head: Box::new(ForHead { variables, init, test, update }), body }
            }
        };
        Ok(kind)
    }

    fn for_init(&mut self) -> P<Option<StmtKind>> {
        if self.is(";") {
            return Ok(None);
        }
        let outer = std::mem::replace(&mut self.no_in, true);
        let init = match self.word() {
            Some("let") if !self.is_let() => {
                let expression = self.expression()?;
                if self.is_word("of") {
                    return self.error("the left-hand side of a for-of loop may not be 'let'");
                }
                Ok(StmtKind::Expr(expression))
            }
            Some("var" | "let" | "const") => self.declaration(),
            _ => self.expression().map(StmtKind::Expr),
        };
        self.no_in = outer;
        init.map(Some)
    }

    /// What a `for … of` or `for … in` writes to.
    fn each_target(&mut self, init: StmtKind) -> P<Pattern> {
        match init {
            StmtKind::Declare { mut declarations, .. } if declarations.len() == 1 => match declarations.pop() {
                Some((pattern, None)) => Ok(pattern),
                _ => self.error("a loop variable can not have an initializer"),
            },
            StmtKind::Expr(target) => self.assignable(target, "Invalid left-hand side in for-loop"),
            _ => self.error("one loop variable, please"),
        }
    }

    fn switch_statement(&mut self) -> P<StmtKind> {
        self.advance()?;
        let value = self.parenthesised_test()?;
        self.expect("{")?;
        self.scopes.open_switch();
        self.switches += 1;
        self.blocks += 1;
        let mut block = Block::default();
        let mut cases = Vec::new();
        while !self.eat("}")? {
            let test = if self.eat_word("case")? {
                Some(self.expression()?)
            } else if self.eat_word("default")? {
                if cases.iter().any(|(test, _): &(Option<Expr>, usize)| test.is_none()) {
                    return self.error("more than one default clause in switch statement");
                }
                None
            } else {
                return self.unexpected();
            };
            self.expect(":")?;
            cases.push((test, block.statements.len()));
            while !(self.is("}") || self.is_word("case") || self.is_word("default")) {
                if self.token.tok == Tok::End {
                    return self.unexpected();
                }
                self.statement_into(&mut block)?;
            }
        }
        self.switches -= 1;
        self.blocks -= 1;
        block.variables = self.scopes.close(false);
        Ok(StmtKind::Switch { value, block, cases })
    }

    /// `break` and `continue`.
    fn jump(&mut self, continues: bool) -> P<StmtKind> {
        let word = self.advance()?;
        let mut label = 0;
        if let Some(name) = self.word().filter(|_| !self.token.newline) {
            let Some(&(_, id, is_loop)) = self.labels.iter().find(|(known, ..)| known.as_str() == name) else {
                return self.error(format!("undefined label '{name}'"));
            };
            if continues && !is_loop {
                return self.error(format!("'{name}' does not denote an iteration statement"));
            }
            label = id;
            self.advance()?;
        } else if continues && self.loops == 0 {
            return self.error_at("illegal continue statement: no surrounding iteration statement", word.pos);
        } else if !continues && self.loops == 0 && self.switches == 0 {
            return self.error_at("illegal break statement", word.pos);
        }
        self.semicolon()?;
        Ok(if continues { StmtKind::Continue(label) } else { StmtKind::Break(label) })
    }

    /// `return`: at the top level too, where it ends the program, and its value takes the place of all output.
    fn return_statement(&mut self) -> P<StmtKind> {
        self.advance()?;
        let bare = self.is(";") || self.is("}") || self.token.newline || matches!(self.token.tok, Tok::End | Tok::Tag);
        let value = if bare { None } else { Some(self.expression()?) };
        self.returns |= self.functions == 0;
        self.semicolon()?;
        Ok(StmtKind::Return(value))
    }

    fn throw_statement(&mut self) -> P<StmtKind> {
        self.advance()?;
        if self.token.newline {
            return self.error("illegal newline after throw");
        }
        let value = self.expression()?;
        self.semicolon()?;
        Ok(StmtKind::Throw(value))
    }

    fn try_statement(&mut self) -> P<StmtKind> {
        self.advance()?;
        let block = self.block()?;
        let mut catch = None;
        if self.eat_word("catch")? {
            self.scopes.open_block();
            let mut pattern = None;
            if self.eat("(")? {
                let first = self.scopes.vars.len();
                // It may be called `let`, where a `let` may not.
                let bound = match self.is_word("let") && !self.strict {
                    true => {
                        let (name, pos) = self.identifier()?;
                        Pattern::Declare(self.scopes.declare(name, VarKind::Let, pos).unwrap_or_default())
                    }
                    false => self.binding(VarKind::Let)?,
                };
                self.declared(&bound, first, VarKind::Let, true);
                if matches!(bound, Pattern::Declare(_)) {
                    self.scopes.caught();
                }
                pattern = Some(bound);
                self.expect(")")?;
            }
            let body = self.block()?;
            let variables = self.scopes.close(false);
            catch = Some(Box::new((pattern, variables, body)));
        }
        let finally = if self.eat_word("finally")? { Some(self.block()?) } else { None };
        if catch.is_none() && finally.is_none() {
            return self.error("missing catch or finally after try");
        }
        Ok(StmtKind::Try { block, catch, finally })
    }
}
