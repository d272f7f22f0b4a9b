//! The picture of a program's closures, for those who asked for it.

use super::program::Shape;
use std::ops::Range;

/// The closures noted so far; none is, unless somebody asked.
pub(crate) struct Trace {
    shapes: Option<Vec<Shape>>,
    depth: usize,
}

impl Trace {
    pub(crate) fn new(wanted: bool) -> Trace {
        Trace { shapes: wanted.then(Vec::new), depth: 0 }
    }

    /// Notes a closure; what is noted until it is closed are its parts.
    pub(crate) fn open(&mut self, label: impl FnOnce() -> String, offset: u32) {
        if let Some(shapes) = &mut self.shapes {
            shapes.push(Shape { depth: self.depth, label: label(), offset });
        }
        self.depth += 1;
    }

    pub(crate) fn close(&mut self) {
        self.depth -= 1;
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.shapes.as_ref().map_or(0, Vec::len)
    }

    /// Of those noted from a place on, only the closures of a part remain, which no other holds: the others were folded away.
    pub(crate) fn keep(&mut self, from: usize, part: Range<usize>) {
        let Some(shapes) = &mut self.shapes else { return };
        let noted = shapes.split_off(from);
        let kept = noted.into_iter().skip(part.start - from).take(part.len());
        shapes.extend(kept.map(|shape| Shape { depth: shape.depth - 1, ..shape }));
    }

    /// None of those noted from a place on is left.
    pub(crate) fn cut(&mut self, from: usize) {
        self.keep(from, from..from);
    }

    /// Notes text that is put out: alone, or as more of the text that was noted at a place; gives that place.
    pub(crate) fn text(&mut self, at: Option<usize>, bytes: usize, offset: u32) -> usize {
        let (at, depth) = (at.unwrap_or(self.len()), self.depth);
        if let Some(shapes) = &mut self.shapes {
            let label = format!("{bytes}-byte text");
            match shapes.get_mut(at) {
                Some(shape) => shape.label = label,
                None => shapes.push(Shape { depth, label, offset }),
            }
        }
        at
    }

    pub(crate) fn finish(self) -> Vec<Shape> {
        self.shapes.unwrap_or_default()
    }
}
