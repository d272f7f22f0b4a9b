//! A decoder for those who are lent each piece of a body for a moment.

use crate::decoder::Decoder;
use crate::error::Error;
use crate::event::Event;

/// Bytes that are joined to an unfinished rest at a time: a boundary with all around it, and most heads.
const STEP: usize = 256;

/// A [`Decoder`] and the rest of the last piece: an unfinished boundary or head.
///
/// Content is borrowed from the pieces, but for the few bytes around a cut. So what is held is at most a part's head and 256
/// bytes, whatever the size of a file.
///
/// ```
/// use wirebook_multipart::{Boundary, Decoder, Event, Limits, Pieces};
///
/// let body = b"--B\r\nContent-Disposition: form-data; name=\"tea\"\r\n\r\ngreen\r\n--B--\r\n";
/// let mut form = Pieces::new(Decoder::new(&Boundary::new(b"B").unwrap(), Limits::default()));
/// let mut content = Vec::new();
/// for mut piece in body.chunks(7) {
///     while !piece.is_empty() {
///         let (used, event) = form.receive(piece)?;
///         piece = &piece[used..];
///         if let Some(Event::Data(data)) = event {
///             content.extend_from_slice(data);
///         }
///     }
/// }
/// form.receive_eof()?;
/// assert_eq!(content, b"green");
/// # Ok::<(), wirebook_multipart::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Pieces {
    decoder: Decoder,
    /// What the decoder has not consumed, and what was joined to it for the last call.
    rest: Vec<u8>,
    /// The range of it that is still to come. The last event may lie before it, so it is moved by the next call.
    left: (usize, usize),
}

impl Pieces {
    /// From a decoder that has consumed all that it was given.
    pub fn new(decoder: Decoder) -> Self {
        Pieces { decoder, rest: Vec::new(), left: (0, 0) }
    }

    // ANCHOR: receive
    /// Consumes from `piece`; returns how much, and what it meant, if that is known. To be called as long as bytes are left.
    ///
    /// # Errors
    ///
    /// Those of [`Decoder::receive`].
    #[inline]
    pub fn receive<'a>(&'a mut self, piece: &'a [u8]) -> Result<(usize, Option<Event<'a>>), Error> {
        let (start, end) = self.left;
        self.rest.truncate(end);
        self.rest.drain(..start);
        let held = self.rest.len();
        if held == 0 {
            self.left = (0, 0);
            let (used, event) = self.decoder.receive(piece)?;
            if event.is_some() {
                return Ok((used, event));
            }
            self.rest.extend_from_slice(&piece[used..]);
            self.left = (0, self.rest.len());
            return Ok((piece.len(), None));
        }
        let joined = &piece[..piece.len().min(STEP)];
        self.rest.extend_from_slice(joined);
        let (used, event) = self.decoder.receive(&self.rest)?;
        // Joined bytes that an event did not need are taken from the piece itself, by the next call.
        let end = if event.is_none() { self.rest.len() } else { held.max(used) };
        self.left = (used, end);
        Ok((end - held, event))
    }
    // ANCHOR_END: receive

    /// The body is over.
    ///
    /// # Errors
    ///
    /// Those of [`Decoder::receive_eof`].
    pub fn receive_eof(&mut self) -> Result<(), Error> {
        self.decoder.receive_eof()
    }

    /// The decoder, for its place.
    pub fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    /// Bytes of memory that the rest takes.
    pub fn held(&self) -> usize {
        self.rest.capacity()
    }
}
