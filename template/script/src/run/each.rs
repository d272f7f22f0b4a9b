//! The elements of a list, each between two texts, straight to the output.

use super::append::{Row, Text};
use super::fault::R;
use super::machine::Cx;
use super::output::{Escape, simple};
use crate::value::Array;

/// Elements that are put out between two looks at the bounds.
const ROW: usize = 128;

pub(crate) struct Each {
    /// For whole numbers, when the texts are short.
    row: Option<Row>,
    before: Text,
    escape: Option<Escape>,
    after: Text,
}

impl Each {
    pub(crate) fn new(before: &str, escape: Option<Escape>, after: &str) -> Each {
        Each { row: Row::new(before, after), before: Text::new(before), escape, after: Text::new(after) }
    }

    /// Puts out elements from `index` on, at least one; gives the place after the last.
    pub(crate) fn some(&self, cx: &mut Cx<'_>, array: &Array, index: usize) -> R<usize> {
        cx.written()?;
        let mut from = index;
        if let Some(numbers) = &self.row {
            let items = array.borrow();
            let row = &items[index..items.len().min(index + ROW)];
            let done = numbers.append(&mut cx.out, row);
            let all = done == row.len();
            drop(items);
            cx.steps(done)?;
            from += done;
            if all {
                return Ok(from);
            }
        }
        self.others(cx, array, from)
    }

    /// Elements of every kind; apart, so that a row of numbers does not prepare for them.
    #[inline(never)]
    fn others(&self, cx: &mut Cx<'_>, array: &Array, index: usize) -> R<usize> {
        let items = array.borrow();
        let mut done = index;
        for item in &items[index..items.len().min(index + ROW)] {
            cx.step()?;
            cx.text(&self.before)?;
            if !simple(&mut cx.out, item, self.escape) {
                let item = item.clone();
                drop(items);
                cx.put(&item, self.escape)?;
                cx.text(&self.after)?;
                return Ok(done + 1);
            }
            cx.text(&self.after)?;
            done += 1;
        }
        Ok(done)
    }
}
