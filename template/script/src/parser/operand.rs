//! Operands: literals, names, members and calls, ECMA-262 §13.2 and §13.3.

use crate::syntax::ast::*;
use crate::syntax::lexer::Tok;
use crate::syntax::scope::DATA;

use super::{P, Parser};
use crate::base::{Str, number};

impl Parser<'_> {
    /// An operand and the members, indices and calls after it.
    pub(super) fn operand_with_calls(&mut self) -> P<Expr> {
        let mut expr = self.operand()?;
        if self.is("=>") {
            return Ok(expr);
        }
        let mut grown = 0;
        let mut chain = false;
        loop {
            let pos = self.token.pos;
            let optional = self.is("?.");
            let kind = match self.token.tok {
                Tok::Punct("." | "?.") => {
                    self.advance()?;
                    match self.token.tok {
                        Tok::Punct("(") if optional => self.call(unwrapped(expr), true)?,
                        Tok::Punct("[") if optional => self.index(unwrapped(expr), true)?,
                        _ => self.member(unwrapped(expr), optional)?,
                    }
                }
                Tok::Punct("[") => self.index(unwrapped(expr), false)?,
                Tok::Punct("(") => self.call(unwrapped(expr), false)?,
                Tok::Quasi(..) => return self.error("unsupported: a tagged template"),
                _ => break,
            };
            chain |= optional;
            self.deeper(1)?;
            grown += 1;
            expr = Expr { pos, kind };
        }
        self.depth -= grown;
        if chain {
            return Ok(Expr { pos: expr.pos, kind: ExprKind::Chain(Box::new(expr)) });
        }
        Ok(expr)
    }

    fn member(&mut self, object: Expr, optional: bool) -> P<ExprKind> {
        match self.word() {
            Some(name) => {
                let name = Str::from(name);
                self.advance()?;
                Ok(ExprKind::Member { object: Box::new(object), name, optional })
            }
            None => self.unexpected(),
        }
    }

    fn index(&mut self, object: Expr, optional: bool) -> P<ExprKind> {
        self.advance()?;
        let index = self.with_in(|p| p.expression())?;
        self.expect("]")?;
        Ok(match index.kind {
            // `a['b']` is `a.b`.
            ExprKind::String(name) if crate::base::number::array_index(name.as_str()).is_none() => {
                ExprKind::Member { object: Box::new(object), name, optional }
            }
            _ => ExprKind::Index { object: Box::new(object), index: Box::new(index), optional },
        })
    }

    fn call(&mut self, callee: Expr, optional: bool) -> P<ExprKind> {
        if let ExprKind::Name(_, name) = &callee.kind {
            match name.as_str() {
                "eval" => return self.error_at("unsupported: `eval`", callee.pos),
                // It passes on the data that this program was given.
                "include" => drop(self.scopes.refer(Str::from(DATA), callee.pos)),
                _ => {}
            }
        }
        let arguments = self.arguments()?;
        Ok(ExprKind::Call { callee: Box::new(callee), arguments, optional })
    }

    fn arguments(&mut self) -> P<Vec<Element>> {
        self.expect("(")?;
        self.with_in(|p| {
            let mut arguments = Vec::new();
            while !p.is(")") {
                arguments.push(if p.eat("...")? {
                    Element::Spread(p.assignment()?)
                } else {
                    Element::Item(p.assignment()?)
                });
                if !p.is(")") {
                    p.expect(",")?;
                }
            }
            p.expect(")")?;
            Ok(arguments)
        })
    }

    /// Inside brackets `in` is an operator again.
    fn with_in<T>(&mut self, parse: impl FnOnce(&mut Self) -> P<T>) -> P<T> {
        let outer = std::mem::replace(&mut self.no_in, false);
        let result = parse(self);
        self.no_in = outer;
        result
    }

    fn operand(&mut self) -> P<Expr> {
        let pos = self.token.pos;
        let kind = match &self.token.tok {
            Tok::Number(n) => ExprKind::Number(*n),
            Tok::String(s) => ExprKind::String(s.clone()),
            Tok::Quasi(..) => return self.nested(|p| p.template_literal()),
            Tok::Punct("(") => return self.parenthesised(),
            Tok::Punct("[") => return self.nested(|p| p.with_in(|p| p.array_literal())),
            Tok::Punct("{") => return self.nested(|p| p.with_in(|p| p.object_literal())),
            Tok::Punct(slash @ ("/" | "/=")) => {
                let (pattern, flags) = self.lexer.regexp(slash.len())?;
                self.check_regexp(&pattern, &flags, pos)?;
                ExprKind::RegExp { pattern, flags }
            }
            Tok::Word(..) => return self.word_operand(),
            _ => return self.unexpected(),
        };
        self.advance()?;
        Ok(Expr { pos, kind })
    }

    fn check_regexp(&self, pattern: &Str, flags: &Str, pos: u32) -> P<()> {
        match crate::regexp::RegExp::new(pattern.as_str(), flags.as_str()) {
            Ok(_) => Ok(()),
            Err(why) => self
                .error_at(format!("invalid regular expression: /{}/{}: {why}", pattern.as_str(), flags.as_str()), pos),
        }
    }

    fn word_operand(&mut self) -> P<Expr> {
        let pos = self.token.pos;
        let word = self.word().unwrap_or_default();
        let kind = match word {
            "true" => ExprKind::Bool(true),
            "false" => ExprKind::Bool(false),
            "null" => ExprKind::Null,
            "this" => {
                self.advance()?;
                return Ok(self.name_use(Str::from("this"), pos));
            }
            "function" => return self.nested(|p| p.function_expression()),
            "new" => return self.nested(|p| p.new_expression()),
            "class" | "super" | "import" => return self.error(format!("unsupported: `{word}`")),
            "async" => {
                self.advance()?;
                if self.is_word("function") || self.is("(") || matches!(self.token.tok, Tok::Word(..)) {
                    return self.error_at("unsupported: `async`", pos);
                }
                return Ok(self.name_use(Str::from("async"), pos));
            }
            _ => {
                let (name, pos) = self.identifier()?;
                return Ok(self.name_use(name, pos));
            }
        };
        self.advance()?;
        Ok(Expr { pos, kind })
    }

    fn new_expression(&mut self) -> P<Expr> {
        let pos = self.advance()?.pos;
        let Some(class) = self.word() else { return self.error("unsupported: `new` of an expression") };
        if !super::CLASSES.contains(&class) {
            return self.error_at(format!("unsupported: `new {class}`"), pos);
        }
        let class = Str::from(class);
        self.advance()?;
        let arguments = if self.is("(") {
            self.arguments()?
        } else if self.is("?.") {
            return self.unexpected();
        } else if self.is(".") || self.is("[") {
            return self.error("unsupported: `new` of an expression");
        } else {
            Vec::new()
        };
        Ok(Expr { pos, kind: ExprKind::New { class, arguments } })
    }

    fn template_literal(&mut self) -> P<Expr> {
        let pos = self.token.pos;
        let (mut quasis, mut parts) = (Vec::new(), Vec::new());
        loop {
            let (Tok::Quasi(text, last) | Tok::QuasiNext(text, last)) = self.token.tok.clone() else {
                return self.unexpected();
            };
            quasis.push(text);
            self.advance()?;
            if last {
                return Ok(Expr { pos, kind: ExprKind::Template { quasis, parts } });
            }
            parts.push(self.with_in(|p| p.expression())?);
        }
    }

    /// `( … )`: an expression, or the parameters of an arrow function.
    fn parenthesised(&mut self) -> P<Expr> {
        let mark = self.scopes.mark();
        let pos = self.token.pos;
        self.advance()?;
        let items = self.nested(|p| {
            p.with_in(|p| {
                let mut items = Vec::new();
                while !p.is(")") {
                    items.push(if p.eat("...")? { Element::Spread(p.cover()?) } else { Element::Item(p.cover()?) });
                    if !p.is(")") {
                        p.expect(",")?;
                        if p.is(")") {
                            // A comma before the end is allowed to parameters alone.
                            items.push(Element::Hole);
                        }
                    }
                }
                Ok(items)
            })
        })?;
        self.expect(")")?;
        if self.is("=>") && !self.token.newline {
            let mut items = items;
            if matches!(items.last(), Some(Element::Hole)) {
                items.pop();
            }
            return self.arrow(items, pos, mark);
        }
        let mut plain = Vec::new();
        for item in items {
            match item {
                Element::Item(expr) => {
                    self.check_cover(&expr)?;
                    plain.push(expr);
                }
                _ => return self.unexpected(),
            }
        }
        let inner = match plain.len() {
            0 => return self.unexpected(),
            1 => plain.remove(0),
            _ => Expr { pos, kind: ExprKind::Sequence(plain) },
        };
        Ok(Expr { pos: inner.pos, kind: ExprKind::Parenthesised(Box::new(inner)) })
    }

    /// An expression that may turn out to be a pattern with initializers.
    fn cover(&mut self) -> P<Expr> {
        if self.is("{") || self.is("[") {
            return self.nested(|p| p.assignment_here(true));
        }
        self.assignment()
    }

    fn array_literal(&mut self) -> P<Expr> {
        let pos = self.expect("[")?.pos;
        let mut items = Vec::new();
        while !self.is("]") {
            if self.eat(",")? {
                items.push(Element::Hole);
                continue;
            }
            items.push(if self.eat("...")? {
                Element::Spread(self.assignment()?)
            } else {
                Element::Item(self.cover()?)
            });
            if !self.is("]") {
                self.expect(",")?;
            }
        }
        self.advance()?;
        Ok(Expr { pos, kind: ExprKind::Array(items) })
    }

    fn object_literal(&mut self) -> P<Expr> {
        let pos = self.expect("{")?.pos;
        let mut properties = Vec::new();
        while !self.is("}") {
            properties.push(self.property()?);
            if !self.is("}") {
                self.expect(",")?;
            }
        }
        self.advance()?;
        Ok(Expr { pos, kind: ExprKind::Object(properties) })
    }

    fn property(&mut self) -> P<Property> {
        if self.eat("...")? {
            return Ok(Property::Spread(self.assignment()?));
        }
        let pos = self.token.pos;
        if self.is("*") {
            return self.error("unsupported: a generator");
        }
        let (key, name) = self.property_key()?;
        if self.eat(":")? {
            let value = self.cover()?;
            // In a literal it is no property: it says what the object inherits from. Here that is nothing, as with null.
            if matches!(&key, Key::Name(name) if name.is("__proto__")) {
                return match value.bare().kind {
                    ExprKind::Null => Ok(Property::Spread(value)),
                    _ => self.error_at("unsupported: `__proto__` in an object", pos),
                };
            }
            return Ok(Property::Entry(key, value));
        }
        if self.is("(") {
            let name = match &key {
                Key::Name(name) => name.clone(),
                Key::Computed(_) => Str::from(""),
            };
            let method = self.function_rest(name, pos, false, false)?;
            return Ok(Property::Entry(key, Expr { pos, kind: ExprKind::Function(Box::new(method)) }));
        }
        let Some(name) = name else { return self.unexpected() };
        if matches!(name.as_str(), "get" | "set" | "async") && !(self.is(",") || self.is("}") || self.is("=")) {
            return self.error_at(format!("unsupported: `{}` in an object", name.as_str()), pos);
        }
        if self.is_reserved(name.as_str()) {
            return self.error_at(format!("unexpected token '{}'", name.as_str()), pos);
        }
        let value = self.name_use(name.clone(), pos);
        let default = if self.eat("=")? { Some(self.assignment()?) } else { None };
        Ok(Property::Shorthand(name, value, default))
    }

    /// A property's key, and the name that it is when it could stand for itself.
    pub(super) fn property_key(&mut self) -> P<(Key, Option<Str>)> {
        let key = match &self.token.tok {
            Tok::String(s) => Key::Name(s.clone()),
            Tok::Number(n) => Key::Name(number::to_string(*n).into()),
            Tok::Punct("[") => {
                self.advance()?;
                let key = self.with_in(|p| p.assignment())?;
                self.expect("]")?;
                return Ok((Key::Computed(key), None));
            }
            Tok::Word(..) => {
                let name = Str::from(self.word().unwrap_or_default());
                self.advance()?;
                return Ok((Key::Name(name.clone()), Some(name)));
            }
            _ => return self.unexpected(),
        };
        self.advance()?;
        Ok((key, None))
    }
}
