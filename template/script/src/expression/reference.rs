//! A reference: what an assignment, an update, a pattern, a loop or `delete` names, compiled once to a slot, a cell, a member
//! or an element. [`Reference::locate`] evaluates what it stands on, once; then it is read and written as often as needed.
//!
//! `a[i()] += f()` calls `i` once, reads, calls `f`, writes: that is `locate`, `read`, the value, `write`.

use super::access::Access;
use super::generator::Gen;
use crate::base::Str;
use crate::lookup::access::{get_index, get_member};
use crate::members::member::{self, set_index, set_member};
use crate::run::{
    Cx, ExprFn, R, convert,
    errors::{absent, missing, uninitialised},
};
use crate::syntax::{
    ast::{Expr, ExprKind},
    scope::VarKind,
};
use crate::value::{Hint, Value};

/// What is written to, or read and then written to.
pub(crate) struct Reference {
    place: Place,
    pos: u32,
    /// In strict code a write that can not be is an error.
    strict: bool,
}

enum Place {
    /// A variable in a slot that surely has a value.
    Slot(usize),
    /// A variable that may lie in a cell, and may not be initialised yet.
    Variable {
        slot: usize,
        boxed: bool,
        check: bool,
        name: Str,
    },
    /// A `const` or an imported name: it can be read.
    Constant {
        slot: usize,
        name: Str,
    },
    /// A name of the data: a property of `locals` if that has it, else in the slot.
    Locals {
        locals: usize,
        slot: usize,
        name: Str,
        hint: Hint,
    },
    Member {
        object: ExprFn,
        name: Str,
        optional: bool,
    },
    Index {
        object: ExprFn,
        index: ExprFn,
        optional: bool,
    },
    /// What the parser lets through and nothing can be written to.
    Nothing,
}

/// What a reference stands on, evaluated.
pub(crate) enum Located {
    Here,
    Member(Value),
    Index(Value, Value),
    /// `a?.b` where `a` is nothing.
    Absent,
}

impl Gen<'_> {
    /// The reference that an expression is.
    pub(crate) fn reference(&mut self, target: &Expr) -> Reference {
        let place = match &target.kind {
            ExprKind::Name(id, name) => {
                let var = self.scopes.uses[*id].var;
                let check = self.scopes.must_check(*id);
                let name = name.clone();
                match self.access(*id) {
                    Access::Plain(slot) | Access::Checked(slot) | Access::Boxed(slot)
                        if self.scopes.vars[var].kind == VarKind::Const =>
                    {
                        Place::Constant { slot, name }
                    }
                    Access::Plain(slot) | Access::Checked(slot) | Access::Boxed(slot)
                        if self.strict && self.scopes.vars[var].kind == VarKind::Free =>
                    {
                        Place::Variable { slot, boxed: self.scopes.boxed(var), check: true, name }
                    }
                    Access::Plain(slot) => Place::Slot(slot),
                    Access::Checked(slot) => Place::Variable { slot, boxed: false, check, name },
                    Access::Boxed(slot) => Place::Variable { slot, boxed: true, check, name },
                    Access::Locals { locals, slot } => Place::Locals { locals, slot, name, hint: Hint::default() },
                }
            }
            ExprKind::Member { object, name, optional } => {
                Place::Member { object: self.expr(object).into_fn(), name: name.clone(), optional: *optional }
            }
            ExprKind::Index { object, index, optional } => Place::Index {
                object: self.expr(object).into_fn(),
                index: self.expr(index).into_fn(),
                optional: *optional,
            },
            ExprKind::Parenthesised(inner) | ExprKind::Chain(inner) => return self.reference(inner),
            _ => Place::Nothing,
        };
        Reference { place, pos: target.pos, strict: self.strict }
    }

    /// The reference of a variable that a declaration makes: writing is what initialises it.
    pub(crate) fn declared(&self, var: usize) -> Reference {
        let (slot, boxed) = (self.slot(var), self.scopes.boxed(var));
        let name = self.scopes.vars[var].name.clone();
        let place = if let Some(locals) = self.locals_of(var) {
            Place::Locals { locals, slot, name, hint: Hint::default() }
        } else if boxed {
            Place::Variable { slot, boxed, check: false, name }
        } else {
            Place::Slot(slot)
        };
        Reference { place, pos: 0, strict: self.strict }
    }
}

impl Reference {
    /// The slot that is all of it.
    pub(crate) fn slot(&self) -> Option<usize> {
        if let Place::Slot(slot) = self.place { Some(slot) } else { None }
    }

    /// Evaluates what it stands on.
    #[inline]
    pub(crate) fn locate(&self, cx: &mut Cx<'_>) -> R<Located> {
        match &self.place {
            Place::Member { object, optional, .. } => {
                let object = object(cx)?;
                if *optional && object.is_nullish() { Ok(Located::Absent) } else { Ok(Located::Member(object)) }
            }
            Place::Index { object, index, optional } => {
                let object = object(cx)?;
                if *optional && object.is_nullish() {
                    return Ok(Located::Absent);
                }
                Ok(Located::Index(object, index(cx)?))
            }
            _ => Ok(Located::Here),
        }
    }

    /// Reads it. A key that is no string becomes one, once.
    pub(crate) fn read(&self, cx: &mut Cx<'_>, at: &mut Located) -> R<Value> {
        let pos = self.pos;
        let value = match (&self.place, at) {
            (Place::Slot(slot), _) => return Ok(cx.slot(*slot).clone()),
            (Place::Variable { slot, name, .. } | Place::Constant { slot, name }, _) => {
                match cx.slot(*slot).in_cell() {
                    Value::Uninit => return uninitialised(cx, name, pos),
                    Value::Missing => return missing(cx, name, pos),
                    value => return Ok(value),
                }
            }
            (Place::Locals { locals, slot, name, hint }, _) => {
                if let Value::Object(object) = cx.slot(*locals).in_cell()
                    && let Some(value) = object.borrow().find(name, hint)
                {
                    return Ok(value.clone());
                }
                match cx.slot(*slot).in_cell() {
                    Value::Missing => return missing(cx, name, pos),
                    value => return Ok(value),
                }
            }
            (Place::Member { name, .. }, Located::Member(object)) => {
                get_member(cx, object, name, &Hint::default(), false)
            }
            (Place::Index { .. }, Located::Index(object, index)) => {
                if index.is_object() && !object.is_nullish() {
                    *index = convert::to_key(cx, index).map_err(|h| cx.at(h, pos))?.into();
                }
                get_index(cx, object, index)
            }
            _ => Ok(Value::Undefined),
        };
        value.map_err(|h| cx.at(h, pos))
    }

    /// Writes it.
    pub(crate) fn write(&self, cx: &mut Cx<'_>, at: &Located, value: Value) -> R<()> {
        let pos = self.pos;
        match (&self.place, at) {
            (Place::Slot(slot), _) => {
                cx.slot_mut(*slot).set(value);
                Ok(())
            }
            (Place::Variable { slot, boxed: false, check, name }, _) => {
                if *check && self.is_closed(cx.slot(*slot)) {
                    return absent(cx, *slot, name, pos);
                }
                cx.slot_mut(*slot).set(value);
                Ok(())
            }
            (Place::Variable { slot, check, name, .. }, _) => {
                let cell = cx.cell(*slot);
                if *check && self.is_closed(&cell.get()) {
                    return absent(cx, *slot, name, pos);
                }
                cx.set_cell(&cell, value);
                Ok(())
            }
            (Place::Constant { slot, name }, _) => {
                if matches!(cx.slot(*slot).in_cell(), Value::Uninit) {
                    return uninitialised(cx, name, pos);
                }
                cx.type_error("Assignment to constant variable.").map_err(|h| cx.at(h, pos))
            }
            (Place::Locals { locals, slot, name, .. }, _) => {
                if let Value::Object(object) = cx.slot(*locals).in_cell()
                    && object.borrow().get(name).is_some()
                {
                    return set_member(cx, &object.into(), name, value, self.strict);
                }
                if let Value::Cell(cell) = cx.slot(*slot) {
                    let cell = cell.clone();
                    cx.set_cell(&cell, value);
                } else {
                    cx.slot_mut(*slot).set(value);
                }
                Ok(())
            }
            (Place::Member { name, .. }, Located::Member(object)) => {
                set_member(cx, object, name, value, self.strict).map_err(|h| cx.at(h, pos))
            }
            (Place::Index { .. }, Located::Index(object, index)) => {
                set_index(cx, object, index, value, self.strict).map_err(|h| cx.at(h, pos))
            }
            _ => Ok(()),
        }
    }

    /// Whether a variable that holds this can not be written: before its declaration, and in strict code without one.
    fn is_closed(&self, now: &Value) -> bool {
        matches!(now, Value::Uninit) || (self.strict && matches!(now, Value::Missing))
    }

    /// Empties a variable that still holds this string, which is about to grow into what is written next.
    pub(crate) fn let_go(&self, cx: &mut Cx<'_>, text: &Str) {
        match &self.place {
            Place::Slot(slot) => {
                if matches!(cx.slot(*slot), Value::String(now) if now.ptr_eq(text)) {
                    cx.slot_mut(*slot).set(Value::Undefined);
                }
            }
            Place::Variable { slot, boxed: true, .. } => {
                if let Value::Cell(cell) = cx.slot(*slot)
                    && matches!(cell.get(), Value::String(now) if now.ptr_eq(text))
                {
                    drop(cell.replace(Value::Undefined));
                }
            }
            _ => {}
        }
    }

    /// Takes the property away; a name stays. Whether it is gone.
    pub(crate) fn delete(&self, cx: &mut Cx<'_>, at: &Located) -> R<bool> {
        let pos = self.pos;
        let (object, key) = match (&self.place, at) {
            (Place::Member { name, .. }, Located::Member(object)) => (object, name.clone()),
            (_, Located::Index(object, index)) => (object, convert::to_key(cx, index).map_err(|h| cx.at(h, pos))?),
            _ => return Ok(true),
        };
        member::delete(cx, object, &key, self.strict).map_err(|h| cx.at(h, pos))
    }
}
