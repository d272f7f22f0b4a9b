//! Reading names, members and elements.

use super::code::Code;
use super::generator::Gen;
use crate::base::{Str, number};
use crate::lookup::{
    self,
    access::{get_index, get_member},
};
use crate::run::{
    Cx, ExprFn, Place,
    errors::{missing, uninitialised},
};
use crate::syntax::{
    ast::{Expr, ExprKind},
    scope::{LOCALS_VAR, RefId, VarId, VarKind},
};
use crate::value::{Hint, Value};

/// How a use of a name finds its value.
pub(crate) enum Access {
    Plain(usize),
    /// In the slot, unless it is missing or not initialised.
    Checked(usize),
    Boxed(usize),
    /// In the `locals` object, else in the slot.
    Locals {
        locals: usize,
        slot: usize,
    },
}

impl Gen<'_> {
    pub(crate) fn access(&self, id: RefId) -> Access {
        let var = self.scopes.uses[id].var;
        let slot = self.slot(var);
        let boxed = self.scopes.boxed(var);
        let free = self.scopes.vars[var].kind == VarKind::Free;
        if let Some(locals) = self.locals_of(var) {
            return Access::Locals { locals, slot };
        }
        match (boxed, free || self.scopes.must_check(id)) {
            (true, _) => Access::Boxed(slot),
            (false, true) => Access::Checked(slot),
            (false, false) => Access::Plain(slot),
        }
    }

    /// Whether nothing but the data or the engine gives this name a value.
    pub(crate) fn is_free(&self, id: RefId) -> bool {
        self.scopes.vars[self.scopes.uses[id].var].kind == VarKind::Free
    }

    pub(crate) fn name(&mut self, id: RefId, name: &Str, pos: u32) -> Code {
        if self.is_free(id) {
            match name.as_str() {
                "undefined" => return Code::Const(Value::Undefined),
                "NaN" => return Code::Const(Value::Number(f64::NAN)),
                "Infinity" => return Code::Const(Value::Number(f64::INFINITY)),
                "this" => return Code::Fn(Box::new(|cx| Ok(cx.own(crate::value::Object::new()).into()))),
                _ => {}
            }
        }
        let access = self.access(id);
        self.shape(|| shape_of(&access, name), pos, |_| ());
        if let Some(place) = self.place(id, name, pos) {
            return Code::Place(place);
        }
        let read = reader(access, name);
        let name = name.clone();
        Code::Fn(Box::new(move |cx| match read(cx) {
            Value::Uninit => uninitialised(cx, &name, pos),
            Value::Missing => missing(cx, &name, pos),
            value => Ok(value),
        }))
    }

    /// The slot of a name that lies in one.
    pub(crate) fn place(&self, id: RefId, name: &Str, pos: u32) -> Option<Place> {
        if self.is_free(id) && name.is("this") {
            return None;
        }
        let (slot, sure) = match self.access(id) {
            Access::Plain(slot) => (slot, true),
            Access::Checked(slot) => (slot, false),
            _ => return None,
        };
        Some(Place { slot, sure, name: name.clone(), pos })
    }

    /// `typeof name`: no error when nobody has it.
    pub(crate) fn name_or_undefined(&mut self, id: RefId, name: &Str, pos: u32) -> Code {
        if self.is_free(id) && matches!(name.as_str(), "this" | "undefined" | "NaN" | "Infinity") {
            return self.name(id, name, pos);
        }
        let read = match self.access(id) {
            Access::Plain(slot) => return Code::Place(Place { slot, sure: true, name: name.clone(), pos }),
            access => reader(access, name),
        };
        let name = name.clone();
        Code::Fn(Box::new(move |cx| match read(cx) {
            Value::Uninit => uninitialised(cx, &name, pos),
            Value::Missing => Ok(Value::Undefined),
            value => Ok(value),
        }))
    }

    /// The value as it lies there, marks and all.
    pub(crate) fn raw(&self, id: RefId, name: &Str) -> Box<dyn Fn(&Cx<'_>) -> Value> {
        reader(self.access(id), name)
    }

    pub(crate) fn member(&mut self, object: &Expr, name: &Str, optional: bool, pos: u32) -> Code {
        if let ExprKind::Name(id, space) = &object.kind
            && self.is_free(*id)
            && let Some(value) = lookup::constant(space.as_str(), name.as_str())
        {
            return Code::Const(value);
        }
        if let Some(value) = lent_by_literal(object, name) {
            return Code::Const(value);
        }
        if name.is("name")
            && let ExprKind::Member { object, name, optional: false } = &object.bare().kind
            && name.is("constructor")
        {
            return self.constructor_name(object, pos);
        }
        let key = name.clone();
        let code = self.shape(|| format!("member .{}", name.as_str()), pos, |g| g.expr(object));
        let hint = Hint::default();
        let length_of = match &code {
            Code::Place(place) if key.is("length") => Some(place.slot),
            _ => None,
        };
        let run: ExprFn = match code {
            Code::Place(place) => Box::new(move |cx| {
                if let Value::Object(object) = cx.slot(place.slot)
                    && let Some(value) = object.borrow().find(&key, &hint)
                {
                    return Ok(value.clone());
                }
                let value = place.get(cx)?;
                get_member(cx, &value, &key, &hint, optional).map_err(|h| cx.at(h, pos))
            }),
            code => {
                let object = code.into_fn();
                Box::new(move |cx| {
                    let value = object(cx)?;
                    get_member(cx, &value, &key, &hint, optional).map_err(|h| cx.at(h, pos))
                })
            }
        };
        match length_of {
            Some(slot) => Code::Length(slot, run),
            None => Code::Fn(run),
        }
    }

    pub(crate) fn index(&mut self, object: &Expr, index: &Expr, optional: bool, pos: u32) -> Code {
        let (object, index) = self.shape(|| "element".into(), pos, |g| (g.expr(object), g.expr(index)));
        let general = move |cx: &mut Cx<'_>, object: &Code, index: &Code| {
            let object = object.get(cx)?;
            if optional && object.is_nullish() {
                return cx.absent();
            }
            let index = index.get(cx)?;
            get_index(cx, &object, &index).map_err(|h| cx.at(h, pos))
        };
        // `list[i]`, with both in slots, needs neither of them copied.
        if let (Code::Place(list), Code::Place(place)) = (&object, &index) {
            let (list, place) = (list.slot, place.slot);
            return Code::Fn(Box::new(move |cx| {
                if let (Value::Array(list), Value::Number(n)) = (cx.slot(list), cx.slot(place))
                    && let Some(place) = number::as_index(*n)
                    && let Some(value) = list.borrow().get(place)
                {
                    return Ok(value.clone());
                }
                general(cx, &object, &index)
            }));
        }
        Code::Fn(Box::new(move |cx| general(cx, &object, &index)))
    }

    /// `a?.b.c`: an absent link makes the whole chain undefined.
    pub(crate) fn chain(&mut self, inner: &Expr) -> Code {
        let inner = self.expr(inner).into_fn();
        short_circuited(inner, Value::Undefined)
    }

    /// The slot of `locals`, when that is where a variable's value may be.
    pub(crate) fn locals_of(&self, var: VarId) -> Option<usize> {
        (self.locals && self.scopes.vars[var].is_of_data()).then(|| self.slot(LOCALS_VAR))
    }
}

/// `({}).toString`, `[].slice`: what an empty literal lends, where no property of data can have the name.
fn lent_by_literal(object: &Expr, name: &Str) -> Option<Value> {
    match &object.bare().kind {
        ExprKind::Object(entries) if entries.is_empty() => lookup::lent("Object", name.as_str()),
        _ => None,
    }
}

/// The value of a chain, or what it is when one of its links is nothing.
pub(crate) fn short_circuited(inner: ExprFn, otherwise: Value) -> Code {
    Code::Fn(Box::new(move |cx| match inner(cx) {
        Err(_) if cx.fault.is_none() => Ok(otherwise.clone()),
        result => result,
    }))
}

fn shape_of(access: &Access, name: &Str) -> String {
    let name = name.as_str();
    match access {
        Access::Plain(slot) | Access::Checked(slot) => format!("slot {slot} ({name})"),
        Access::Boxed(slot) => format!("cell in slot {slot} ({name})"),
        Access::Locals { locals, .. } => format!("locals in slot {locals} . {name}"),
    }
}

/// Reads what a name's place holds, marks and all.
fn reader(access: Access, name: &Str) -> Box<dyn Fn(&Cx<'_>) -> Value> {
    match access {
        Access::Plain(slot) | Access::Checked(slot) => Box::new(move |cx| cx.slot(slot).clone()),
        Access::Boxed(slot) => Box::new(move |cx| cx.slot(slot).in_cell()),
        Access::Locals { locals, slot } => {
            let key = name.clone();
            let hint = Hint::default();
            Box::new(move |cx| {
                if let Value::Object(object) = cx.slot(locals).in_cell()
                    && let Some(value) = object.borrow().find(&key, &hint)
                {
                    return value.clone();
                }
                cx.slot(slot).in_cell()
            })
        }
    }
}
