//! Writing: assignments, updates, declarations, patterns, `delete`.

use super::access::{Access, get_index, get_member};
use super::code::Code;
use super::code::{in_cell, uninitialised};
use super::generator::Gen;
use super::operator::{apply, decides};
use crate::base::Str;
use crate::base::number::array_index;
use crate::builtins::object::entries_of;
use crate::run::ExprFn;
use crate::run::convert;
use crate::run::member::{set_index, set_member};
use crate::run::{Cx, R};
use crate::syntax::ast::*;
use crate::syntax::scope::VarKind;
use crate::value::{Hint, Object, Value, compare};
use std::collections::HashSet;

/// Writes a value somewhere.
pub(super) type WriteFn = Box<dyn Fn(&mut Cx<'_>, Value) -> R<()>>;

impl Gen<'_> {
    /// Writes to what a declaration or an assignment names.
    pub(super) fn bind(&mut self, pattern: &Pattern) -> WriteFn {
        match pattern {
            Pattern::Declare(var) => {
                let (slot, boxed) = (self.slot(*var), self.scopes.boxed(*var));
                if boxed {
                    Box::new(move |cx, value| {
                        let cell = cx.cell(slot);
                        cx.set_cell(&cell, value);
                        Ok(())
                    })
                } else {
                    Box::new(move |cx, value| {
                        cx.slot_mut(slot).set(value);
                        Ok(())
                    })
                }
            }
            Pattern::Target(expr) => self.write(expr),
            Pattern::Array { items, rest, pos } => self.array_pattern(items, rest.as_deref(), *pos),
            Pattern::Object { entries, rest, pos } => self.object_pattern(entries, rest.as_deref(), *pos),
        }
    }

    fn with_default(&mut self, pattern: &Pattern, default: Option<&Expr>) -> WriteFn {
        let write = self.bind(pattern);
        let Some(default) = default else { return write };
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
        pos: u32,
    ) -> WriteFn {
        let items: Vec<Option<WriteFn>> = items
            .iter()
            .map(|item| item.as_ref().map(|(pattern, default)| self.with_default(pattern, default.as_ref())))
            .collect();
        let rest = rest.map(|rest| self.bind(rest));
        Box::new(move |cx, value| {
            let list = cx.iterate(value, "").map_err(|h| cx.at(h, pos))?;
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
        pos: u32,
    ) -> WriteFn {
        let entries: Vec<(Result<Str, ExprFn>, WriteFn)> = entries
            .iter()
            .map(|(key, pattern, default)| {
                let key = match key {
                    Key::Name(name) => Ok(name.clone()),
                    Key::Computed(key) => Err(self.expr(key).into_fn()),
                };
                (key, self.with_default(pattern, default.as_ref()))
            })
            .collect();
        let rest = rest.map(|rest| self.bind(rest));
        Box::new(move |cx, value| {
            if value.is_nullish() {
                let shown = compare::primitive_to_str(&value);
                let failed = cx.type_error(format!("Cannot destructure '{0}' as it is {0}.", shown.as_str()));
                return failed.map_err(|h| cx.at(h, pos));
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

    /// Writes to a name, a member or an element.
    fn write(&mut self, target: &Expr) -> WriteFn {
        let pos = target.pos;
        match &target.kind {
            ExprKind::Name(id, name) => {
                let var = self.scopes.uses[*id].var;
                let name = name.clone();
                if self.scopes.vars[var].kind == VarKind::Const {
                    return Box::new(move |cx, _| {
                        cx.type_error("Assignment to constant variable.").map_err(|h| cx.at(h, pos))
                    });
                }
                let check = self.scopes.must_check(*id);
                match self.access(*id) {
                    Access::Plain(slot) | Access::Checked(slot) => Box::new(move |cx, value| {
                        if check && matches!(cx.slot(slot), Value::Uninit) {
                            return uninitialised(cx, &name, pos);
                        }
                        cx.slot_mut(slot).set(value);
                        Ok(())
                    }),
                    Access::Boxed(slot) => Box::new(move |cx, value| {
                        let cell = cx.cell(slot);
                        if check && matches!(cell.get(), Value::Uninit) {
                            return uninitialised(cx, &name, pos);
                        }
                        cx.set_cell(&cell, value);
                        Ok(())
                    }),
                    Access::Locals { locals, slot } => Box::new(move |cx, value| {
                        if let Value::Object(object) = in_cell(cx.slot(locals))
                            && object.borrow().get(name.as_str()).is_some()
                        {
                            return set_member(cx, &object.into(), &name, value);
                        }
                        let boxed = matches!(cx.slot(slot), Value::Cell(_));
                        super::function::store(cx, slot, boxed, value);
                        Ok(())
                    }),
                }
            }
            ExprKind::Member { object, name, .. } => {
                let (object, name) = (self.expr(object).into_fn(), name.clone());
                Box::new(move |cx, value| {
                    let object = object(cx)?;
                    set_member(cx, &object, &name, value).map_err(|h| cx.at(h, pos))
                })
            }
            ExprKind::Index { object, index, .. } => {
                let (object, index) = (self.expr(object).into_fn(), self.expr(index).into_fn());
                Box::new(move |cx, value| {
                    let object = object(cx)?;
                    let index = index(cx)?;
                    set_index(cx, &object, &index, value).map_err(|h| cx.at(h, pos))
                })
            }
            ExprKind::Parenthesised(inner) => self.write(inner),
            _ => Box::new(|_, _| Ok(())),
        }
    }

    pub(super) fn assign(
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
            (_, Pattern::Target(target)) => g.plain_assign(target, value, pos),
            (_, pattern) => {
                let value = g.expr(value).into_fn();
                let write = g.bind(pattern);
                Code::Fn(Box::new(move |cx| {
                    let value = value(cx)?;
                    write(cx, value.clone())?;
                    Ok(value)
                }))
            }
        })
    }

    /// `a.b = value`: the object is evaluated before the value.
    fn plain_assign(&mut self, target: &Expr, value: &Expr, pos: u32) -> Code {
        match &target.kind {
            ExprKind::Member { object, name, .. } => {
                let (object, name) = (self.expr(object).into_fn(), name.clone());
                let value = self.expr(value).into_fn();
                Code::Fn(Box::new(move |cx| {
                    let object = object(cx)?;
                    let value = value(cx)?;
                    set_member(cx, &object, &name, value.clone()).map_err(|h| cx.at(h, pos))?;
                    Ok(value)
                }))
            }
            ExprKind::Index { object, index, .. } => {
                let (object, index) = (self.expr(object).into_fn(), self.expr(index).into_fn());
                let value = self.expr(value).into_fn();
                Code::Fn(Box::new(move |cx| {
                    let object = object(cx)?;
                    let index = index(cx)?;
                    let value = value(cx)?;
                    set_index(cx, &object, &index, value.clone()).map_err(|h| cx.at(h, pos))?;
                    Ok(value)
                }))
            }
            ExprKind::Name(_, name) => {
                let value = self.named(value, name).into_fn();
                let write = self.write(target);
                Code::Fn(Box::new(move |cx| {
                    let value = value(cx)?;
                    write(cx, value.clone())?;
                    Ok(value)
                }))
            }
            _ => Code::Const(Value::Undefined),
        }
    }

    /// `a += b`, `a ||= b` and their like.
    fn compound(&mut self, operator: AssignOperator, target: &Expr, value: &Expr, pos: u32) -> Code {
        if let (ExprKind::Name(id, _), AssignOperator::Binary(binary)) = (&target.kind, operator)
            && let Access::Plain(slot) = self.access(*id)
            && self.scopes.vars[self.scopes.uses[*id].var].kind != VarKind::Const
        {
            return self.compound_slot(binary, slot, value, pos);
        }
        let value = self.expr(value).into_fn();
        self.modify(target, pos, move |cx, old| match operator {
            AssignOperator::Binary(operator) => {
                let right = value(cx)?;
                let new = apply(cx, operator, old, &right).map_err(|h| cx.at(h, pos))?;
                Ok((Some(new.clone()), new))
            }
            AssignOperator::Logical(operator) if decides(operator, &old) => Ok((None, old)),
            AssignOperator::Logical(_) => {
                let new = value(cx)?;
                Ok((Some(new.clone()), new))
            }
        })
    }

    /// `s += x` on a plain local: the old value is taken out of the slot, so that a string that nobody else holds grows
    /// in place.
    fn compound_slot(&mut self, operator: Binary, slot: usize, value: &Expr, pos: u32) -> Code {
        let value = self.expr(value).into_fn();
        Code::Fn(Box::new(move |cx| {
            let before = cx.slot(slot).clone();
            let right = value(cx)?;
            let new = if operator == Binary::Add && compare::strict_equal(&before, cx.slot(slot)) {
                drop(before);
                let old = std::mem::take(cx.slot_mut(slot));
                match convert::add(cx, old, &right) {
                    Ok(new) => new,
                    Err(halt) => return Err(cx.at(halt, pos)),
                }
            } else {
                apply(cx, operator, before, &right).map_err(|h| cx.at(h, pos))?
            };
            let small = !matches!(new, Value::String(_));
            let result = if small { new.clone() } else { Value::Undefined };
            cx.slot_mut(slot).set(new);
            if small { Ok(result) } else { Ok(cx.slot(slot).clone()) }
        }))
    }

    pub(super) fn update(&mut self, up: bool, prefix: bool, target: &Expr, pos: u32) -> Code {
        let delta = if up { 1.0 } else { -1.0 };
        if let ExprKind::Name(id, _) = &target.kind
            && let Access::Plain(slot) = self.access(*id)
            && self.scopes.vars[self.scopes.uses[*id].var].kind != VarKind::Const
        {
            self.shape(|| format!("slot {slot} {}", if up { "++" } else { "--" }), pos, |_| ());
            return Code::Fn(Box::new(move |cx| {
                if let Value::Number(n) = cx.slot_mut(slot) {
                    let old = *n;
                    *n += delta;
                    return Ok(Value::Number(if prefix { *n } else { old }));
                }
                let other = cx.slot(slot).clone();
                let old = convert::to_number(cx, &other).map_err(|h| cx.at(h, pos))?;
                cx.slot_mut(slot).set(Value::Number(old + delta));
                Ok(Value::Number(if prefix { old + delta } else { old }))
            }));
        }
        self.modify(target, pos, move |cx, old| {
            let old = convert::to_number(cx, &old).map_err(|h| cx.at(h, pos))?;
            let new = Value::Number(old + delta);
            Ok((Some(new.clone()), if prefix { new } else { Value::Number(old) }))
        })
    }

    /// Reads a place once, computes, and writes it once. The computation gives what to write, if anything, and the
    /// value of the whole.
    fn modify(
        &mut self,
        target: &Expr,
        pos: u32,
        compute: impl Fn(&mut Cx<'_>, Value) -> R<(Option<Value>, Value)> + 'static,
    ) -> Code {
        match &target.kind {
            ExprKind::Member { object, name, .. } => {
                let (object, name) = (self.expr(object).into_fn(), name.clone());
                Code::Fn(Box::new(move |cx| {
                    let object = object(cx)?;
                    let old = get_member(cx, &object, &name, &Hint::default(), false).map_err(|h| cx.at(h, pos))?;
                    let (new, result) = compute(cx, old)?;
                    if let Some(new) = new {
                        set_member(cx, &object, &name, new).map_err(|h| cx.at(h, pos))?;
                    }
                    Ok(result)
                }))
            }
            ExprKind::Index { object, index, .. } => {
                let (object, index) = (self.expr(object).into_fn(), self.expr(index).into_fn());
                Code::Fn(Box::new(move |cx| {
                    let object = object(cx)?;
                    let index = index(cx)?;
                    let old = get_index(cx, &object, &index).map_err(|h| cx.at(h, pos))?;
                    let (new, result) = compute(cx, old)?;
                    if let Some(new) = new {
                        set_index(cx, &object, &index, new).map_err(|h| cx.at(h, pos))?;
                    }
                    Ok(result)
                }))
            }
            _ => {
                let read = self.expr(target).into_fn();
                let write = self.write(target);
                Code::Fn(Box::new(move |cx| {
                    let old = read(cx)?;
                    let (new, result) = compute(cx, old)?;
                    if let Some(new) = new {
                        write(cx, new)?;
                    }
                    Ok(result)
                }))
            }
        }
    }

    pub(super) fn delete(&mut self, operand: &Expr, pos: u32) -> Code {
        let (object, key): (ExprFn, ExprFn) = match &operand.kind {
            ExprKind::Member { object, name, .. } => {
                (self.expr(object).into_fn(), Code::Const(name.clone().into()).into_fn())
            }
            ExprKind::Index { object, index, .. } => (self.expr(object).into_fn(), self.expr(index).into_fn()),
            _ => return Code::Const(Value::Bool(true)),
        };
        Code::Fn(Box::new(move |cx| {
            let object = object(cx)?;
            let key = key(cx)?;
            let key = convert::to_key(cx, &key).map_err(|h| cx.at(h, pos))?;
            match &object {
                Value::Object(object) => {
                    cx.steps(object.len() / 16)?;
                    cx.change_object(object, &[], |object| object.change(|properties| properties.remove(key.as_str())));
                }
                Value::Array(array) => {
                    // JavaScript leaves a hole; here the element is undefined, which reads the same.
                    if let Some(n) = array_index(key.as_str()).filter(|&n| (n as usize) < array.len()) {
                        cx.change_array(array, &[], |items| items[n as usize] = Value::Undefined);
                    }
                }
                Value::Undefined | Value::Null => {
                    let failed = cx.type_error("Cannot convert undefined or null to object");
                    return failed.map_err(|h| cx.at(h, pos));
                }
                _ => {}
            }
            Ok(Value::Bool(true))
        }))
    }
}
