//! Writing: assignments, updates, declarations, patterns, `delete`.

use super::access::short_circuited;
use super::code::Code;
use super::generator::Gen;
use super::reference::{Located, Reference};
use crate::base::Str;
use crate::builtins::object::entries_of;
use crate::lookup::access::get_index;
use crate::run::{
    Cx, ExprFn, Flow, R, StmtFn, convert,
    operator::{apply, decides},
};
use crate::syntax::{
    ast::*,
    origin::{From, Origin},
};
use crate::value::{Object, Value};
use std::collections::HashSet;

/// Writes a value somewhere.
pub(crate) type WriteFn = Box<dyn Fn(&mut Cx<'_>, Value) -> R<()>>;

impl Gen<'_> {
    /// Writes to what a declaration or an assignment names.
    pub(crate) fn bind(&mut self, pattern: &Pattern, from: From<'_>) -> WriteFn {
        match pattern {
            Pattern::Declare(var) => {
                let reference = self.declared(*var);
                if let Some(slot) = reference.slot() {
                    return Box::new(move |cx, value| {
                        cx.slot_mut(slot).set(value);
                        Ok(())
                    });
                }
                Box::new(move |cx, value| reference.write(cx, &Located::Here, value))
            }
            Pattern::Target(expr) => {
                let reference = self.reference(expr);
                Box::new(move |cx, value| {
                    let at = reference.locate(cx)?;
                    reference.write(cx, &at, value)
                })
            }
            Pattern::Array { items, rest, pos } => self.array_pattern(items, rest.as_deref(), from.list(), *pos),
            Pattern::Object { entries, rest, pos } => self.object_pattern(entries, rest.as_deref(), from, *pos),
        }
    }

    fn with_default(&mut self, pattern: &Pattern, default: Option<&Expr>, from: From<'_>) -> WriteFn {
        let Some(default) = default else { return self.bind(pattern, from) };
        if let Pattern::Target(target) = pattern {
            // What is written to is evaluated before the default value is.
            let (reference, default) = (self.reference(target), self.expr(default).into_fn());
            return Box::new(move |cx, value| {
                let at = reference.locate(cx)?;
                let value = if matches!(value, Value::Undefined) { default(cx)? } else { value };
                reference.write(cx, &at, value)
            });
        }
        let write = self.bind(pattern, From::default(default));
        let default = match pattern {
            Pattern::Declare(var) => {
                let name = self.scopes.vars[*var].name.clone();
                self.named(default, &name).into_fn()
            }
            _ => self.expr(default).into_fn(),
        };
        Box::new(move |cx, value| {
            let value = if matches!(value, Value::Undefined) { default(cx)? } else { value };
            write(cx, value)
        })
    }

    fn array_pattern(
        &mut self,
        items: &[Option<(Pattern, Option<Expr>)>],
        rest: Option<&Pattern>,
        origin: Origin,
        pos: u32,
    ) -> WriteFn {
        let items: Vec<Option<WriteFn>> = items
            .iter()
            .map(|item| item.as_ref().map(|(one, default)| self.with_default(one, default.as_ref(), From::ELEMENT)))
            .collect();
        let rest = rest.map(|rest| self.bind(rest, From::ELEMENT));
        Box::new(move |cx, value| {
            let list = cx.iterate(value, &origin).map_err(|h| cx.at(h, pos))?;
            cx.items(list.len().max(items.len()))?;
            let values = list.to_vec();
            for (n, item) in items.iter().enumerate() {
                if let Some(write) = item {
                    write(cx, values.get(n).cloned().unwrap_or_default())?;
                }
            }
            if let Some(rest) = &rest {
                let left = cx.array(values.get(items.len()..).unwrap_or_default().to_vec());
                rest(cx, left)?;
            }
            Ok(())
        })
    }

    fn object_pattern(
        &mut self,
        entries: &[(Key, Pattern, Option<Expr>)],
        rest: Option<&Pattern>,
        from: From<'_>,
        pos: u32,
    ) -> WriteFn {
        let text = from.text();
        let from = from.named(text.as_deref());
        let origin = from.object(entries, rest.is_some());
        let entries: Vec<(Result<Str, ExprFn>, WriteFn)> = entries
            .iter()
            .map(|(key, pattern, default)| {
                let found = match key {
                    Key::Name(name) => Ok(name.clone()),
                    Key::Computed(key) => Err(self.expr(key).into_fn()),
                };
                (found, self.with_default(pattern, default.as_ref(), from.property(key)))
            })
            .collect();
        let rest = rest.map(|rest| self.bind(rest, From::ELEMENT));
        Box::new(move |cx, value| {
            if value.is_nullish() {
                return cx.not_from(&value, &origin).map_err(|h| cx.at(h, pos));
            }
            let mut taken = HashSet::new();
            for (key, write) in &entries {
                let key = match key {
                    Ok(name) => name.clone(),
                    Err(key) => {
                        let key = key(cx)?;
                        convert::to_key(cx, &key).map_err(|h| cx.at(h, pos))?
                    }
                };
                let part = get_index(cx, &value, &Value::String(key.clone())).map_err(|h| cx.at(h, pos))?;
                taken.insert(key);
                write(cx, part)?;
            }
            if let Some(rest) = &rest {
                let left: Object =
                    entries_of(cx, &value)?.into_iter().filter(|(key, _)| !taken.contains(key)).collect();
                let left = cx.own(left).into();
                rest(cx, left)?;
            }
            Ok(())
        })
    }

    pub(crate) fn assign(
        &mut self,
        operator: Option<AssignOperator>,
        target: &Pattern,
        value: &Expr,
        pos: u32,
    ) -> Code {
        let label = || match operator {
            None => "assign".to_owned(),
            Some(operator) => format!("assign with {operator:?}"),
        };
        self.shape(label, pos, |g| match (operator, target) {
            (Some(operator), Pattern::Target(target)) => g.compound(operator, target, value, pos),
            (_, Pattern::Target(target)) => g.plain_assign(target, value),
            (_, pattern) => {
                let write = g.bind(pattern, From::assigned(value));
                let value =
                    if let Pattern::Array { .. } = pattern { g.iterated(value) } else { g.expr(value) }.into_fn();
                Code::Fn(Box::new(move |cx| {
                    let value = value(cx)?;
                    write(cx, value.clone())?;
                    Ok(value)
                }))
            }
        })
    }

    /// `a.b = value`: the object is evaluated before the value.
    fn plain_assign(&mut self, target: &Expr, value: &Expr) -> Code {
        let reference = self.reference(target);
        let value = match &target.kind {
            ExprKind::Name(_, name) => self.named(value, name).into_fn(),
            _ => self.expr(value).into_fn(),
        };
        if let Some(slot) = reference.slot() {
            return Code::Fn(Box::new(move |cx| {
                let value = value(cx)?;
                cx.slot_mut(slot).set(value.clone());
                Ok(value)
            }));
        }
        Code::Fn(Box::new(move |cx| {
            let at = reference.locate(cx)?;
            let value = value(cx)?;
            reference.write(cx, &at, value.clone())?;
            Ok(value)
        }))
    }

    /// `a += b`, `a ||= b` and their like.
    fn compound(&mut self, operator: AssignOperator, target: &Expr, value: &Expr, pos: u32) -> Code {
        let reference = self.reference(target);
        let value = match (operator, &target.kind) {
            (AssignOperator::Logical(_), ExprKind::Name(_, name)) => self.named(value, name).into_fn(),
            _ => self.expr(value).into_fn(),
        };
        if operator == AssignOperator::Binary(Binary::Add) {
            return add_to(reference, value, pos);
        }
        Code::Fn(Box::new(move |cx| {
            let mut at = reference.locate(cx)?;
            let old = reference.read(cx, &mut at)?;
            let new = match operator {
                AssignOperator::Binary(operator) => {
                    let right = value(cx)?;
                    apply(cx, operator, old, &right).map_err(|h| cx.at(h, pos))?
                }
                AssignOperator::Logical(operator) if decides(operator, &old) => return Ok(old),
                AssignOperator::Logical(_) => value(cx)?,
            };
            reference.write(cx, &at, new.clone())?;
            Ok(new)
        }))
    }

    pub(crate) fn update(&mut self, up: bool, prefix: bool, target: &Expr, pos: u32) -> Code {
        let delta = if up { 1.0 } else { -1.0 };
        let reference = self.reference(target);
        if let Some(slot) = reference.slot() {
            self.shape(|| format!("slot {slot} {}", if up { "++" } else { "--" }), pos, |_| ());
        }
        let general = move |cx: &mut Cx<'_>, reference: &Reference| {
            let mut at = reference.locate(cx)?;
            let old = reference.read(cx, &mut at)?;
            let old = convert::to_number(cx, &old).map_err(|h| cx.at(h, pos))?;
            reference.write(cx, &at, Value::Number(old + delta))?;
            Ok(Value::Number(if prefix { old + delta } else { old }))
        };
        match reference.slot() {
            Some(slot) => Code::Fn(Box::new(move |cx| {
                if let Value::Number(n) = cx.slot_mut(slot) {
                    let old = *n;
                    *n += delta;
                    return Ok(Value::Number(if prefix { *n } else { old }));
                }
                general(cx, &reference)
            })),
            None => Code::Fn(Box::new(move |cx| general(cx, &reference))),
        }
    }

    /// What an expression does, without the value that nobody asks for. `None` when it does nothing.
    pub(crate) fn effect(&mut self, expr: &Expr) -> Option<StmtFn> {
        let run = match self.expr(expr) {
            Code::Const(_) => return None,
            Code::Place(place) if place.sure => return None,
            code => code.into_fn(),
        };
        if let ExprKind::Update { up, target, .. } = &expr.kind
            && let ExprKind::Name(..) = &target.kind
            && let Some(slot) = self.reference(target).slot()
        {
            let delta = if *up { 1.0 } else { -1.0 };
            return Some(Box::new(move |cx| {
                match cx.slot_mut(slot) {
                    Value::Number(n) => *n += delta,
                    _ => drop(run(cx)?),
                }
                Ok(Flow::Next)
            }));
        }
        Some(Box::new(move |cx| run(cx).map(|_| Flow::Next)))
    }

    pub(crate) fn delete(&mut self, operand: &Expr) -> Code {
        let reference = self.reference(operand);
        let chain = matches!(operand.kind, ExprKind::Chain(_));
        let run: ExprFn = Box::new(move |cx| {
            let at = reference.locate(cx)?;
            reference.delete(cx, &at).map(Value::Bool)
        });
        // `delete a?.b.c`: a chain that ends early has nothing to delete.
        if chain { short_circuited(run, Value::Bool(true)) } else { Code::Fn(run) }
    }
}

/// `s += x`: the old value is taken out of the variable once nothing more can fail, so that a string that nobody else
/// holds grows in place.
fn add_to(reference: Reference, value: ExprFn, pos: u32) -> Code {
    let slot = reference.slot();
    Code::Fn(Box::new(move |cx| {
        let mut at = reference.locate(cx)?;
        let old = reference.read(cx, &mut at)?;
        let right = value(cx)?;
        if let (Some(slot), Value::Number(a), Value::Number(b)) = (slot, &old, &right) {
            let sum = Value::Number(a + b);
            cx.slot_mut(slot).set(sum.clone());
            return Ok(sum);
        }
        // The left operand is converted first, and may be an object.
        let old = if old.is_object() { convert::to_primitive(cx, &old).map_err(|h| cx.at(h, pos))? } else { old };
        let right =
            if right.is_object() { convert::to_primitive(cx, &right).map_err(|h| cx.at(h, pos))? } else { right };
        if let Value::String(text) = &old {
            reference.let_go(cx, text);
        }
        let new = convert::add_primitives(cx, old, &right).map_err(|h| cx.at(h, pos))?;
        if let Some(slot) = slot {
            cx.slot_mut(slot).set(new);
            return Ok(cx.slot(slot).clone());
        }
        reference.write(cx, &at, new.clone())?;
        Ok(new)
    }))
}
