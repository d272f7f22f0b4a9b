//! Functions: declarations, expressions, methods and arrows, ECMA-262 §15.

use super::{P, Parser};
use crate::base::Str;
use crate::syntax::ast::*;
use crate::syntax::lexer::Tok;
use crate::syntax::scope::VarKind;

/// What holds around a function and not inside it.
struct Outer {
    loops: u32,
    switches: u32,
    blocks: u32,
    labels: Vec<(Str, u32, bool)>,
    no_in: bool,
    strict: bool,
}

impl Parser<'_> {
    fn enter_function(&mut self) -> Outer {
        self.functions += 1;
        Outer {
            loops: std::mem::take(&mut self.loops),
            switches: std::mem::take(&mut self.switches),
            blocks: std::mem::take(&mut self.blocks),
            labels: std::mem::take(&mut self.labels),
            no_in: std::mem::take(&mut self.no_in),
            strict: self.strict,
        }
    }

    fn leave_function(&mut self, outer: Outer) {
        self.functions -= 1;
        Outer {
            loops: self.loops,
            switches: self.switches,
            blocks: self.blocks,
            labels: self.labels,
            no_in: self.no_in,
            strict: self.strict,
        } = outer;
    }

    pub(super) fn function_declaration(&mut self) -> P<Declared> {
        let start = self.advance()?.pos;
        if self.is("*") {
            return self.error("unsupported: a generator");
        }
        let (name, pos) = self.identifier()?;
        let Pattern::Declare(var) = self.declare(name.clone(), VarKind::Function, pos)? else {
            return self.unexpected();
        };
        let outer = if self.blocks > 0 { self.scopes.declare_outside(name.clone()) } else { None };
        let literal = self.nested(|p| p.function_rest(name, start, true, false))?;
        Ok(Declared { var, outer, literal })
    }

    pub(super) fn function_expression(&mut self) -> P<Expr> {
        let start = self.advance()?.pos;
        if self.is("*") {
            return self.error("unsupported: a generator");
        }
        let (name, named) = if self.is("(") { (Str::from(""), false) } else { (self.identifier()?.0, true) };
        let literal = self.function_rest(name, start, false, named)?;
        Ok(Expr { pos: start, kind: ExprKind::Function(Box::new(literal)) })
    }

    /// Parameters and body. `own_name`: the name is visible inside.
    pub(super) fn function_rest(&mut self, name: Str, start: u32, hoisted: bool, own_name: bool) -> P<FunctionLiteral> {
        let outer = self.enter_function();
        let func = self.scopes.open_function(false);
        let (parameters, rest) = self.parameters()?;
        let own_name = if own_name && !parameters.iter().any(|p| self.scopes.vars[p.var].name == name) {
            self.scopes.declare(name.clone(), VarKind::Var, start)
        } else {
            None
        };
        let body = FunctionBody::Block(self.function_block()?);
        let (end, strict) = self.close_function(hoisted, outer);
        Ok(FunctionLiteral { name, func, parameters, rest, body, start, end, own_name, strict })
    }

    /// Where the function ends, and whether its code is strict.
    fn close_function(&mut self, hoisted: bool, outer: Outer) -> (u32, bool) {
        self.scopes.close(hoisted);
        let strict = self.strict;
        self.leave_function(outer);
        (self.end, strict)
    }

    /// `{ … }` in the function's own scope.
    fn function_block(&mut self) -> P<Block> {
        self.expect("{")?;
        self.scopes.open_block();
        let mut block = Block::default();
        let mut prologue = true;
        while !self.is("}") {
            if self.token.tok == Tok::End {
                return self.unexpected();
            }
            let asks = matches!(&self.token.tok, Tok::String(text) if text.is("use strict"));
            self.statement_into(&mut block)?;
            // Texts alone at the start of a function are its directives (§11.2.1).
            prologue &= matches!(
                block.statements.last(),
                Some(Stmt { kind: StmtKind::Expr(Expr { kind: ExprKind::String(_), .. }), .. })
            );
            self.strict |= prologue && asks;
        }
        block.variables = self.scopes.close(false);
        self.advance()?;
        Ok(block)
    }

    fn parameters(&mut self) -> P<(Vec<Parameter>, Option<Parameter>)> {
        self.expect("(")?;
        let mut parameters = Vec::new();
        let mut rest = None;
        while !self.is(")") {
            let first = self.scopes.vars.len();
            if self.eat("...")? {
                rest = Some(self.parameter()?);
                self.scopes.has_values_from(first, self.end);
                break;
            }
            let parameter = self.parameter()?;
            let default = if self.eat("=")? { Some(self.assignment()?) } else { None };
            if default.is_some() || parameter.pattern.is_some() {
                self.scopes.has_values_from(first, self.end);
            }
            parameters.push(Parameter { default, ..parameter });
            if !self.is(")") {
                self.expect(",")?;
            }
        }
        self.expect(")")?;
        Ok((parameters, rest))
    }

    /// A parameter's variable; a pattern is taken apart from a hidden one.
    fn parameter(&mut self) -> P<Parameter> {
        let pos = self.token.pos;
        if self.is("[") || self.is("{") {
            let var = self.scopes.hidden(pos);
            let pattern = Some(self.binding(VarKind::Parameter)?);
            return Ok(Parameter { var, pattern, default: None });
        }
        let (name, pos) = self.identifier()?;
        match self.declare(name, VarKind::Parameter, pos)? {
            Pattern::Declare(var) => Ok(Parameter { var, pattern: None, default: None }),
            _ => self.unexpected(),
        }
    }

    /// `x => …` with the parameter already read.
    pub(super) fn arrow_of_name(&mut self, parameter: Expr, mark: (usize, usize)) -> P<Expr> {
        let start = parameter.pos;
        self.arrow(vec![Element::Item(parameter)], start, mark)
    }

    /// An arrow function whose parameters were read as expressions. The current token is `=>`.
    pub(super) fn arrow(&mut self, parameters: Vec<Element>, start: u32, mark: (usize, usize)) -> P<Expr> {
        if self.token.newline {
            return self.unexpected();
        }
        let head = self.token.pos;
        self.advance()?;
        let no_in = self.no_in;
        let outer = self.enter_function();
        let func = self.scopes.open_function(true);
        self.scopes.take_since(mark);
        let (parameters, rest) = self.arrow_parameters(parameters, head)?;
        let body = self.nested(|p| {
            if p.is("{") {
                p.function_block().map(FunctionBody::Block)
            } else {
                p.no_in = no_in;
                p.assignment().map(|body| FunctionBody::Expr(Box::new(body)))
            }
        })?;
        let (end, strict) = self.close_function(false, outer);
        let name = Str::from("");
        let literal = FunctionLiteral { name, func, parameters, rest, body, start, end, own_name: None, strict };
        Ok(Expr { pos: start, kind: ExprKind::Function(Box::new(literal)) })
    }

    fn arrow_parameters(&mut self, elements: Vec<Element>, head: u32) -> P<(Vec<Parameter>, Option<Parameter>)> {
        let mut parameters = Vec::new();
        let count = elements.len();
        for (n, element) in elements.into_iter().enumerate() {
            let first = self.scopes.vars.len();
            match element {
                Element::Spread(expr) if n + 1 == count => {
                    let target = self.pattern_of(expr, Some(VarKind::Parameter))?;
                    self.scopes.has_values_from(first, head);
                    return Ok((parameters, Some(self.arrow_parameter(target))));
                }
                Element::Item(expr) => {
                    let (target, default) = self.with_default(expr, Some(VarKind::Parameter))?;
                    let parameter = self.arrow_parameter(target);
                    if default.is_some() || parameter.pattern.is_some() {
                        self.scopes.has_values_from(first, head);
                    }
                    parameters.push(Parameter { default, ..parameter });
                }
                _ => return self.error("invalid parameter list"),
            }
        }
        Ok((parameters, None))
    }

    fn arrow_parameter(&mut self, target: Pattern) -> Parameter {
        match target {
            Pattern::Declare(var) => Parameter { var, pattern: None, default: None },
            pattern => {
                let pos = self.token.pos;
                Parameter { var: self.scopes.hidden(pos), pattern: Some(pattern), default: None }
            }
        }
    }
}
