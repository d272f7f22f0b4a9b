//! Patterns: what declarations, parameters and assignments write to, ECMA-262 §14.3.3 and §13.15.5.
//!
//! `(a, { b }) => …` and `[a, b] = [b, a]` begin like expressions. They are parsed as such, and turned into patterns
//! when the token after them says so.

use super::{P, Parser};
use crate::syntax::ast::*;
use crate::syntax::scope::VarKind;

impl Pattern {
    /// Each variable that the pattern declares.
    pub(crate) fn for_each_variable(&self, visit: &mut impl FnMut(usize)) {
        match self {
            Pattern::Declare(var) => visit(*var),
            Pattern::Target(_) => {}
            Pattern::Array { items, rest, .. } => {
                for (item, _) in items.iter().flatten() {
                    item.for_each_variable(visit);
                }
                if let Some(rest) = rest {
                    rest.for_each_variable(visit);
                }
            }
            Pattern::Object { entries, rest, .. } => {
                for (_, entry, _) in entries {
                    entry.for_each_variable(visit);
                }
                if let Some(rest) = rest {
                    rest.for_each_variable(visit);
                }
            }
        }
    }
}

impl Parser<'_> {
    /// A pattern that declares its names.
    pub(super) fn binding(&mut self, kind: VarKind) -> P<Pattern> {
        self.nested(|p| {
            if p.is("[") {
                p.array_binding(kind)
            } else if p.is("{") {
                p.object_binding(kind)
            } else {
                let (name, pos) = p.identifier()?;
                p.declare(name, kind, pos)
            }
        })
    }

    pub(super) fn declare(&mut self, name: crate::base::Str, kind: VarKind, pos: u32) -> P<Pattern> {
        if name.is("let") && matches!(kind, VarKind::Let | VarKind::Const) {
            return self.error_at("let is disallowed as a lexically bound name", pos);
        }
        match self.scopes.declare(name.clone(), kind, pos) {
            Some(var) => Ok(Pattern::Declare(var)),
            None => self.error_at(format!("identifier '{}' has already been declared", name.as_str()), pos),
        }
    }

    fn default(&mut self) -> P<Option<Expr>> {
        if self.eat("=")? { self.assignment().map(Some) } else { Ok(None) }
    }

    fn array_binding(&mut self, kind: VarKind) -> P<Pattern> {
        let pos = self.expect("[")?.pos;
        let (mut items, mut rest) = (Vec::new(), None);
        while !self.is("]") {
            if self.eat(",")? {
                items.push(None);
                continue;
            }
            if self.eat("...")? {
                rest = Some(Box::new(self.binding(kind)?));
                break;
            }
            let item = self.binding(kind)?;
            items.push(Some((item, self.default()?)));
            if !self.is("]") {
                self.expect(",")?;
            }
        }
        self.expect("]")?;
        Ok(Pattern::Array { items, rest, pos })
    }

    fn object_binding(&mut self, kind: VarKind) -> P<Pattern> {
        let pos = self.expect("{")?.pos;
        let (mut entries, mut rest) = (Vec::new(), None);
        while !self.is("}") {
            if self.eat("...")? {
                rest = Some(Box::new(self.binding(kind)?));
                break;
            }
            let at = self.token.pos;
            let (key, name) = self.property_key()?;
            let entry = match (self.eat(":")?, name) {
                (true, _) => self.binding(kind)?,
                (false, Some(name)) => self.declare(name, kind, at)?,
                (false, None) => return self.unexpected(),
            };
            entries.push((key, entry, self.default()?));
            if !self.is("}") {
                self.expect(",")?;
            }
        }
        self.expect("}")?;
        Ok(Pattern::Object { entries, rest, pos })
    }

    /// Turns what was parsed as an expression into the target of an assignment. A call is none, which comes to light when the
    /// program gets there (§B.3.9, later versions of the language): then it fails with these words.
    pub(super) fn assignable(&mut self, expr: Expr, words: &'static str) -> P<Pattern> {
        let pos = expr.pos;
        if !matches!(expr.bare().kind, ExprKind::Call { .. }) {
            return self.pattern_of(expr, None);
        }
        let (object, index) = (Box::new(unwrapped(expr)), Box::new(Expr { pos, kind: ExprKind::Invalid(words) }));
        Ok(Pattern::Target(Expr { pos, kind: ExprKind::Index { object, index, optional: false } }))
    }

    /// Turns an expression into a pattern: of a declaration when `kind` says so, else of an assignment.
    pub(super) fn pattern_of(&mut self, expr: Expr, kind: Option<VarKind>) -> P<Pattern> {
        let pos = expr.pos;
        match expr.kind {
            ExprKind::Name(_, name) if name.is("this") => self.error_at("invalid assignment target", pos),
            ExprKind::Name(id, name) => match kind {
                Some(kind) => {
                    self.scopes.forget(id);
                    self.declare(name, kind, pos)
                }
                None => {
                    self.scopes.writes(id);
                    Ok(Pattern::Target(Expr { pos, kind: ExprKind::Name(id, name) }))
                }
            },
            ExprKind::Member { optional: false, .. } | ExprKind::Index { optional: false, .. } if kind.is_none() => {
                Ok(Pattern::Target(expr))
            }
            ExprKind::Parenthesised(inner) if kind.is_none() && is_simple(&inner) => self.pattern_of(*inner, kind),
            ExprKind::Array(items) => self.array_pattern(items, kind, pos),
            ExprKind::Object(properties) => self.object_pattern(properties, kind, pos),
            _ => self.error_at("invalid assignment target", pos),
        }
    }

    /// Splits `target = default`.
    pub(super) fn with_default(&mut self, expr: Expr, kind: Option<VarKind>) -> P<(Pattern, Option<Expr>)> {
        match expr.kind {
            ExprKind::Assign { operator: None, target, value } => {
                let target = match (*target, kind) {
                    (Pattern::Target(inner), Some(_)) => self.pattern_of(inner, kind)?,
                    (Pattern::Target(Expr { kind: ExprKind::Index { index, .. }, pos }), None)
                        if matches!(index.kind, ExprKind::Invalid(_)) =>
                    {
                        return self.error_at("invalid assignment target", pos);
                    }
                    (target, None) => target,
                    // `([a] = [])`: the inner pattern was already made one of an assignment.
                    (target, Some(kind)) => self.redeclare(target, kind)?,
                };
                Ok((target, Some(*value)))
            }
            _ => Ok((self.pattern_of(expr, kind)?, None)),
        }
    }

    /// Makes an assignment's pattern a declaration's.
    fn redeclare(&mut self, pattern: Pattern, kind: VarKind) -> P<Pattern> {
        Ok(match pattern {
            Pattern::Target(expr) => self.pattern_of(expr, Some(kind))?,
            Pattern::Array { items, rest, pos } => {
                let mut declared = Vec::new();
                for item in items {
                    declared.push(match item {
                        Some((inner, default)) => Some((self.redeclare(inner, kind)?, default)),
                        None => None,
                    });
                }
                Pattern::Array { items: declared, rest: self.redeclare_rest(rest, kind)?, pos }
            }
            Pattern::Object { entries, rest, pos } => {
                let mut declared = Vec::new();
                for (key, inner, default) in entries {
                    declared.push((key, self.redeclare(inner, kind)?, default));
                }
                Pattern::Object { entries: declared, rest: self.redeclare_rest(rest, kind)?, pos }
            }
            declared => declared,
        })
    }

    fn redeclare_rest(&mut self, rest: Option<Box<Pattern>>, kind: VarKind) -> P<Option<Box<Pattern>>> {
        match rest {
            Some(rest) => Ok(Some(Box::new(self.redeclare(*rest, kind)?))),
            None => Ok(None),
        }
    }

    fn array_pattern(&mut self, elements: Vec<Element>, kind: Option<VarKind>, pos: u32) -> P<Pattern> {
        let (mut items, mut rest) = (Vec::new(), None);
        let count = elements.len();
        for (n, element) in elements.into_iter().enumerate() {
            match element {
                Element::Hole => items.push(None),
                Element::Item(expr) => items.push(Some(self.with_default(expr, kind)?)),
                Element::Spread(expr) if n + 1 == count => rest = Some(Box::new(self.pattern_of(expr, kind)?)),
                Element::Spread(expr) => return self.error_at("rest element must be last element", expr.pos),
            }
        }
        Ok(Pattern::Array { items, rest, pos })
    }

    fn object_pattern(&mut self, properties: Vec<Property>, kind: Option<VarKind>, pos: u32) -> P<Pattern> {
        let (mut entries, mut rest) = (Vec::new(), None);
        let count = properties.len();
        for (n, property) in properties.into_iter().enumerate() {
            match property {
                Property::Entry(key, expr) => {
                    let (target, default) = self.with_default(expr, kind)?;
                    entries.push((key, target, default));
                }
                Property::Shorthand(name, expr, default) => {
                    entries.push((Key::Name(name), self.pattern_of(expr, kind)?, default));
                }
                Property::Spread(expr) if n + 1 == count => rest = Some(Box::new(self.pattern_of(expr, kind)?)),
                Property::Spread(expr) => return self.error_at("rest element must be last element", expr.pos),
            }
        }
        Ok(Pattern::Object { entries, rest, pos })
    }

    /// A pattern's initializer outside of a pattern: `({ a = 1 })`.
    pub(super) fn check_cover(&self, expr: &Expr) -> P<()> {
        if let ExprKind::Object(properties) = &expr.kind
            && properties.iter().any(|p| matches!(p, Property::Shorthand(_, _, Some(_))))
        {
            return self.error_at("invalid shorthand property initializer", expr.pos);
        }
        Ok(())
    }
}

fn is_simple(expr: &Expr) -> bool {
    matches!(
        expr.kind,
        ExprKind::Name(..) | ExprKind::Member { .. } | ExprKind::Index { .. } | ExprKind::Parenthesised(_)
    )
}
