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
    /// All of it by code units, from the first piece with half characters on.
    units: Option<Vec<u16>>,
    charged: usize,
}

impl Draft {
    /// Adds a piece.
    #[inline]
    pub(crate) fn push(&mut self, cx: &mut Cx<'_>, piece: &str) -> R<()> {
        match &mut self.units {
            None => self.text.push_str(piece),
            Some(units) => units.extend(piece.encode_utf16()),
        }
        self.settle(cx)
    }

    /// Adds a string.
    #[inline]
    pub(crate) fn push_value(&mut self, cx: &mut Cx<'_>, piece: &Str) -> R<()> {
        match piece.halves() {
            None => self.push(cx, piece.as_str()),
            Some(piece) => self.push_units(cx, piece),
        }
    }

    /// Adds code units, of which some may be half characters.
    #[cold]
    pub(crate) fn push_units(&mut self, cx: &mut Cx<'_>, piece: &[u16]) -> R<()> {
        self.units.get_or_insert_with(|| std::mem::take(&mut self.text).encode_utf16().collect()).extend(piece);
        self.settle(cx)
    }

    /// Adds a number.
    pub(crate) fn push_number(&mut self, n: f64) {
        number::write(self.text(), n);
        if let Some(units) = &mut self.units {
            units.extend(std::mem::take(&mut self.text).encode_utf16());
        }
    }

    /// What there is so far, without half characters, to be added to; [`Draft::settle`] pays for it.
    pub(crate) fn text(&mut self) -> &mut String {
        &mut self.text
    }

    /// Pays for what was added, once it is enough to count.
    #[inline]
    pub(crate) fn settle(&mut self, cx: &mut Cx<'_>) -> R<()> {
        if self.len().saturating_sub(self.charged) < UNCHARGED { Ok(()) } else { self.pay(cx) }
    }

    fn pay(&mut self, cx: &mut Cx<'_>) -> R<()> {
        let (length, added) = (self.len(), self.len().saturating_sub(self.charged));
        self.charged = length;
        cx.length_of(length)?;
        cx.room_for(length)?;
        cx.bytes(added)
    }

    /// Bytes so far.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.units.as_ref().map_or(self.text.len(), |units| 2 * units.len())
    }

    /// Takes back everything after so many bytes of a text without half characters.
    pub(crate) fn truncate(&mut self, length: usize) {
        self.text.truncate(length);
    }

    /// The string.
    pub(crate) fn finish(mut self, cx: &mut Cx<'_>) -> R<Str> {
        self.pay(cx)?;
        Ok(match self.units {
            None => Str::new(self.text),
            Some(units) => Str::from_utf16(&units),
        })
    }
}
