//! Elements of array literals, and arguments of calls.

use super::fault::R;
use super::machine::Cx;
use super::program::ExprFn;
use crate::syntax::origin::Origin;
use crate::value::Value;

/// Elements of an array literal or arguments of a call.
pub(crate) struct Elements {
    items: Vec<(Option<Origin>, ExprFn)>,
    plain: bool,
}

impl Elements {
    /// Parts, each with where it comes from if it is spread; `plain` when none is.
    pub(crate) fn new(items: Vec<(Option<Origin>, ExprFn)>, plain: bool) -> Elements {
        Elements { items, plain }
    }

    /// The elements of an array, the arguments of a call.
    pub(crate) fn run(&self, cx: &mut Cx<'_>, pos: u32) -> R<Vec<Value>> {
        cx.items(self.items.len())?;
        let mut values = Vec::with_capacity(self.items.len());
        for (spread, item) in &self.items {
            let value = item(cx)?;
            if let Some(origin) = spread {
                let list = cx.iterate(value, origin).map_err(|h| cx.at(h, pos))?;
                cx.items(list.len()).map_err(|h| cx.at(h, pos))?;
                values.extend(list.to_vec());
            } else {
                values.push(value);
            }
        }
        Ok(values)
    }

    /// Runs something with the arguments; up to three lie on the stack.
    #[inline]
    pub(crate) fn with<T>(&self, cx: &mut Cx<'_>, pos: u32, run: impl FnOnce(&mut Cx<'_>, &[Value]) -> R<T>) -> R<T> {
        match &self.items[..] {
            [] => run(cx, &[]),
            [(_, a)] if self.plain => {
                let args = [a(cx)?];
                run(cx, &args)
            }
            [(_, a), (_, b)] if self.plain => {
                let args = [a(cx)?, b(cx)?];
                run(cx, &args)
            }
            [(_, a), (_, b), (_, c)] if self.plain => {
                let args = [a(cx)?, b(cx)?, c(cx)?];
                run(cx, &args)
            }
            _ => {
                let args = self.run(cx, pos)?;
                run(cx, &args)
            }
        }
    }
}
