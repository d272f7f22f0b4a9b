//! An expression or a variable on its way to a closure.

use crate::base::Str;
use crate::run::{Cx, ExprFn, R, errors::absent};
use crate::value::Value;

/// A variable in a slot of the frame.
#[derive(Clone)]
pub(crate) struct Place {
    pub(super) slot: usize,
    /// That it has a value whenever this use is reached. Else it may hold a mark.
    pub(super) sure: bool,
    pub(super) name: Str,
    pub(super) pos: u32,
}

impl Place {
    #[inline]
    pub(super) fn get(&self, cx: &mut Cx<'_>) -> R<Value> {
        match cx.slot(self.slot) {
            Value::Uninit | Value::Missing => absent(cx, self.slot, &self.name, self.pos),
            value => Ok(value.clone()),
        }
    }
}

/// An expression on its way to a closure.
pub(crate) enum Code {
    Const(Value),
    /// A variable in a slot of the frame.
    Place(Place),
    /// How long the list in a slot is; the closure is for what is no list.
    Length(usize, ExprFn),
    Fn(ExprFn),
}

impl Code {
    pub(crate) fn into_fn(self) -> ExprFn {
        match self {
            Code::Const(value) => Box::new(move |_| Ok(value.clone())),
            Code::Place(place) => Box::new(move |cx| place.get(cx)),
            Code::Length(_, run) | Code::Fn(run) => run,
        }
    }

    /// Evaluates it: a call only where there is something to call.
    #[inline]
    pub(super) fn get(&self, cx: &mut Cx<'_>) -> R<Value> {
        match self {
            Code::Const(value) => Ok(value.clone()),
            Code::Place(place) => place.get(cx),
            Code::Length(_, run) | Code::Fn(run) => run(cx),
        }
    }

    /// The number that it is, where that can be seen without a call.
    #[inline(always)]
    pub(super) fn number(&self, cx: &Cx<'_>) -> Option<f64> {
        let value = match self {
            Code::Const(value) => value,
            Code::Place(place) => cx.slot(place.slot),
            Code::Length(slot, _) => match cx.slot(*slot) {
                Value::Array(list) => return Some(list.len() as f64),
                _ => return None,
            },
            Code::Fn(_) => return None,
        };
        if let Value::Number(n) = value { Some(*n) } else { None }
    }

    pub(super) fn constant(&self) -> Option<&Value> {
        match self {
            Code::Const(value) => Some(value),
            _ => None,
        }
    }
}
