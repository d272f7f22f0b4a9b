//! A variable in a slot, and a member of one: what most tags put out, straight from where it lies.

use super::errors::{missing, uninitialised};
use super::fault::R;
use super::machine::Cx;
use super::output::{Escape, simple};
use super::program::ExprFn;
use crate::base::Str;
use crate::value::{Hint, Value};

/// A variable in a slot of the frame.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) slot: usize,
    /// That it has a value whenever this use is reached. Else it may hold a mark.
    pub(crate) sure: bool,
    pub(crate) name: Str,
    pub(crate) pos: u32,
}

impl Place {
    #[inline(always)]
    pub(crate) fn get(&self, cx: &mut Cx<'_>) -> R<Value> {
        match cx.slot(self.slot) {
            Value::Uninit | Value::Missing => self.absent(cx),
            value => Ok(value.clone()),
        }
    }

    #[cold]
    fn absent(&self, cx: &mut Cx<'_>) -> R<Value> {
        let Place { slot, name, pos, .. } = self;
        if matches!(cx.slot(*slot), Value::Uninit) { uninitialised(cx, name, *pos) } else { missing(cx, name, *pos) }
    }

    /// Puts it out, without a copy when it is a text or a number.
    #[inline]
    pub(crate) fn put(&self, cx: &mut Cx<'_>, escape: Option<Escape>) -> R<()> {
        if simple(&mut cx.out, &cx.stack[cx.base + self.slot], escape) {
            return Ok(());
        }
        let value = self.get(cx)?;
        cx.put(&value, escape)
    }
}

/// A member of a variable; the closure is for what is no plain property.
pub(crate) struct Member {
    pub(crate) place: Place,
    pub(crate) key: Str,
    pub(crate) hint: Hint,
    pub(crate) otherwise: ExprFn,
}

impl Member {
    /// Puts it out, without a copy when it is a text or a number.
    #[inline]
    pub(crate) fn put(&self, cx: &mut Cx<'_>, escape: Option<Escape>) -> R<()> {
        if let Value::Object(object) = &cx.stack[cx.base + self.place.slot]
            && let Some(value) = object.borrow().find(&self.key, &self.hint)
            && simple(&mut cx.out, value, escape)
        {
            return Ok(());
        }
        self.put_other(cx, escape)
    }

    /// Apart, so that the frequent case prepares for nothing else.
    #[inline(never)]
    fn put_other(&self, cx: &mut Cx<'_>, escape: Option<Escape>) -> R<()> {
        let value = (self.otherwise)(cx)?;
        cx.put(&value, escape)
    }
}
