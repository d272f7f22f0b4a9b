//! A text on its way to being a string: what is added is charged as it grows, and its length is bounded before it is a value.

use super::fault::R;
use super::machine::Cx;
use crate::base::{Str, number};

/// Bytes that are added between two looks at the bounds.
const UNCHARGED: usize = 4096;

/// A text that is being put together.
#[derive(Default)]
pub(crate) struct Draft {
    text: String,
    /// Some piece had half characters: the text is one of [`Str::by_units`].
    halves: bool,
    charged: usize,
}

impl Draft {
    /// Adds a piece.
    #[inline]
    pub(crate) fn push(&mut self, cx: &mut Cx<'_>, piece: &str) -> R<()> {
        self.text.push_str(piece);
        self.settle(cx)
    }

    /// Adds a string.
    #[inline]
    pub(crate) fn push_value(&mut self, cx: &mut Cx<'_>, piece: &Str) -> R<()> {
        if self.halves || piece.has_halves() {
            return self.push_units(cx, piece);
        }
        self.push(cx, piece.as_str())
    }

    #[cold]
    fn push_units(&mut self, cx: &mut Cx<'_>, piece: &Str) -> R<()> {
        self.turn_to_units();
        self.push(cx, piece.by_units().as_str())
    }

    /// From here on pieces come out of [`Str::by_units`].
    pub(crate) fn turn_to_units(&mut self) {
        if !std::mem::replace(&mut self.halves, true) {
            self.text = Str::new(std::mem::take(&mut self.text)).by_units().as_str().to_owned();
        }
    }

    pub(crate) fn is_by_units(&self) -> bool {
        self.halves
    }

    /// A text whose pieces come out of [`Str::by_units`].
    pub(crate) fn by_units() -> Draft {
        Draft { halves: true, ..Draft::default() }
    }

    /// Adds a number.
    pub(crate) fn push_number(&mut self, n: f64) {
        number::write(&mut self.text, n);
    }

    /// What there is so far, to be added to; [`Draft::settle`] pays for it.
    pub(crate) fn text(&mut self) -> &mut String {
        &mut self.text
    }

    /// Pays for what was added, once it is enough to count.
    #[inline]
    pub(crate) fn settle(&mut self, cx: &mut Cx<'_>) -> R<()> {
        if self.text.len() - self.charged.min(self.text.len()) < UNCHARGED { Ok(()) } else { self.pay(cx) }
    }

    fn pay(&mut self, cx: &mut Cx<'_>) -> R<()> {
        let added = self.text.len() - self.charged.min(self.text.len());
        self.charged = self.text.len();
        cx.length_of(self.text.len())?;
        cx.room_for(self.text.len())?;
        cx.bytes(added)
    }

    /// Bytes so far.
    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    /// Takes back everything after so many bytes.
    pub(crate) fn truncate(&mut self, length: usize) {
        self.text.truncate(length);
    }

    /// The string.
    pub(crate) fn finish(mut self, cx: &mut Cx<'_>) -> R<Str> {
        self.pay(cx)?;
        Ok(Str::mended(self.text, self.halves))
    }
}
