//! An expression on its way to a closure.

use crate::run::{Cx, ExprFn, Place, R};
use crate::syntax::origin::Origin;
use crate::value::{Array, Value};

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
    pub(crate) fn get(&self, cx: &mut Cx<'_>) -> R<Value> {
        match self {
            Code::Const(value) => Ok(value.clone()),
            Code::Place(place) => place.get(cx),
            Code::Length(_, run) | Code::Fn(run) => run(cx),
        }
    }

    /// The list that it is; a list in a slot is not first made a value of its own.
    #[inline]
    pub(crate) fn list(&self, cx: &mut Cx<'_>, origin: &Origin) -> R<Array> {
        if let Code::Place(place) = self
            && let Value::Array(list) = cx.slot(place.slot)
        {
            return Ok(list.clone());
        }
        let value = self.get(cx)?;
        cx.iterate(value, origin)
    }

    /// The number that it is, where that can be seen without a call.
    #[inline(always)]
    pub(crate) fn number(&self, cx: &Cx<'_>) -> Option<f64> {
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

    pub(crate) fn constant(&self) -> Option<&Value> {
        match self {
            Code::Const(value) => Some(value),
            _ => None,
        }
    }
}
