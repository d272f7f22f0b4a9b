//! A message on its way in: from fragments, from pieces of a long frame, from compressed bytes; always within limits.

use crate::config::{Limits, RATIO_FROM};
use crate::deflate::{Deflate, Inflater};
use crate::error::Error;
use crate::event::{Kind, Message};
use crate::utf8::{Utf8, trusted};

/// The message under way. It exists only while one is.
#[derive(Debug)]
pub(crate) struct Assembly {
    pub(crate) kind: Kind,
    compressed: bool,
    fragments: u32,
    empty: u32,
    /// Payload bytes of the message so far, on the wire.
    wire: u64,
    /// Bytes of the message so far, inflated.
    size: usize,
    utf8: Utf8,
    inflater: Option<Inflater>,
    buffer: Vec<u8>,
}

impl Assembly {
    pub(crate) fn new(kind: Kind, inflater: Option<Inflater>) -> Self {
        Assembly {
            kind,
            compressed: inflater.is_some(),
            fragments: 0,
            empty: 0,
            wire: 0,
            size: 0,
            utf8: Utf8::default(),
            inflater,
            buffer: Vec::new(),
        }
    }

    pub(crate) fn is_compressed(&self) -> bool {
        self.compressed
    }

    /// A frame of the message begins, with `length` bytes of payload.
    pub(crate) fn frame(&mut self, length: u64, fin: bool, limits: &Limits) -> Result<(), Error> {
        self.fragments = self.fragments.saturating_add(1);
        if self.fragments > limits.fragments.max(1) {
            return Err(Error::TooManyFragments);
        }
        if length == 0 && !fin {
            self.empty = self.empty.saturating_add(1);
            if self.empty > limits.empty_fragments {
                return Err(Error::TooManyEmptyFragments);
            }
        }
        // Uncompressed, the header tells that the bound will be passed; no need to wait for the bytes.
        if !self.compressed && length > (limits.message - self.size) as u64 {
            return Err(Error::MessageTooLarge);
        }
        Ok(())
    }

    /// Unmasked payload bytes, the next in order. They end up in `self.buffer`.
    pub(crate) fn push(&mut self, piece: &[u8], limits: &Limits) -> Result<(), Error> {
        self.wire += piece.len() as u64;
        let Some(mut inflater) = self.inflater.take() else { return self.append(piece, limits) };
        inflater.feed(piece, |inflated| self.append(inflated, limits))?;
        self.inflater = Some(inflater);
        Ok(())
    }

    /// The last frame has ended. Gives the inflater back to `deflate`.
    pub(crate) fn finish(&mut self, limits: &Limits, deflate: Option<&mut Deflate>) -> Result<(), Error> {
        if let Some(mut inflater) = self.inflater.take() {
            inflater.finish(|inflated| self.append(inflated, limits))?;
            if let Some(deflate) = deflate {
                deflate.end(inflater);
            }
        }
        match self.kind {
            Kind::Text if !self.utf8.is_complete() => Err(Error::InvalidUtf8),
            _ => Ok(()),
        }
    }

    /// The whole message. Text was checked as it came, to fail at its first bad byte; what makes it a `str` is that it is
    /// checked here.
    pub(crate) fn into_message(self) -> Result<Message<'static>, Error> {
        Ok(match self.kind {
            Kind::Text => Message::Text(trusted::string(self.buffer).ok_or(Error::InvalidUtf8)?.into()),
            Kind::Binary => Message::Binary(self.buffer.into()),
        })
    }

    /// What was gathered since the last call, for delivery in chunks.
    pub(crate) fn take_chunk(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.buffer)
    }

    /// Checks bytes that are handed over in place instead of being gathered.
    pub(crate) fn check(&mut self, piece: &[u8], limits: &Limits) -> Result<(), Error> {
        if piece.len() > limits.message - self.size {
            return Err(Error::MessageTooLarge);
        }
        self.size += piece.len();
        let allowed = self.wire.saturating_mul(u64::from(limits.ratio));
        if self.compressed && self.size >= RATIO_FROM && self.size as u64 > allowed {
            return Err(Error::DeflateRatio);
        }
        if self.kind == Kind::Text {
            self.utf8.feed(piece).map_err(|_| Error::InvalidUtf8)?;
        }
        Ok(())
    }

    fn append(&mut self, piece: &[u8], limits: &Limits) -> Result<(), Error> {
        self.check(piece, limits)?;
        let needed = self.buffer.len() + piece.len();
        if needed > self.buffer.capacity() {
            // Twofold growth, and never past the limit.
            let capacity = needed.max(self.buffer.capacity() * 2).min(limits.message.max(needed));
            self.buffer.reserve_exact(capacity - self.buffer.len());
        }
        self.buffer.extend_from_slice(piece);
        Ok(())
    }
}
