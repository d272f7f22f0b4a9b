//! The body of an answer, before it goes out: whole, a file, or piece by piece.

use super::failure::Failure;
use std::{borrow::Cow, fmt, fs::File, future::Future, ops::Range, pin::Pin, sync::Arc};

/// What comes next of a body.
pub type Piece = Result<Option<Vec<u8>>, Failure>;

/// Gives a body piece by piece; `None` is its end. Every `async` closure without arguments is one.
pub trait Source {
    /// The next piece.
    fn next(&mut self) -> Pin<Box<dyn Future<Output = Piece> + '_>>;
}

impl<F: AsyncFnMut() -> Piece> Source for F {
    fn next(&mut self) -> Pin<Box<dyn Future<Output = Piece> + '_>> {
        Box::pin(self())
    }
}

/// The body of an answer. A ring that is left on the way out may look at it and put another in its place.
#[derive(Default)]
pub enum Body {
    /// None.
    #[default]
    Empty,
    /// All of it.
    Bytes(Cow<'static, [u8]>),
    /// A part of what lies in memory for all.
    Shared(Arc<[u8]>, Range<u64>),
    /// A part of an open file.
    File(File, Range<u64>),
    /// Pieces that come in their time.
    Stream(Box<dyn Source>),
}

impl Body {
    /// Its bytes, if they are all there.
    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Body::Empty => Some(&[]),
            Body::Bytes(bytes) => Some(bytes),
            Body::Shared(bytes, range) => {
                bytes.get(usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?)
            }
            Body::File(..) | Body::Stream(_) => None,
        }
    }

    /// How many bytes it has, where that is known.
    pub fn length(&self) -> Option<u64> {
        match self {
            Body::File(_, range) => Some(range.end.saturating_sub(range.start)),
            body => body.bytes().map(|bytes| bytes.len() as u64),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.length() {
            Some(length) => write!(out, "Body({length} bytes)"),
            None => out.write_str("Body(a stream)"),
        }
    }
}
