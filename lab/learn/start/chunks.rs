//! Stage 2: a chunked body (RFC 9112 §7.1).
//!
//! ```abnf
//! chunked-body = *chunk last-chunk trailer-section CRLF
//! chunk        = chunk-size [ chunk-ext ] CRLF chunk-data CRLF
//! chunk-size   = 1*HEXDIG
//! last-chunk   = 1*("0") [ chunk-ext ] CRLF
//! ```
//!
//! Now the input does not come again: the decoder remembers where it is between two calls. Data is handed out as soon as
//! it is there, as slices of the input. An extension begins with `;` and is skipped. Your stage ends behind the line of the
//! last chunk; the trailers are not yours.

/// What was found.
pub enum Chunk<'a> {
    /// Data, never empty: a chunk, or as much of it as has come.
    Data(&'a [u8]),
    /// The line of the last chunk has come.
    Last,
}

/// A rule that was broken, and the byte that breaks it.
pub struct Error {
    /// The byte, counted from the start of this input.
    pub at: usize,
    /// `ChunkSize`, `ChunkSizeTooLong` (more than 16 digits), `ChunkExtensionTooLong` (more than 256 bytes, with the `;`),
    /// `BareCr` (a CR within an extension; the error stands at the byte behind it) or `ChunkEnd`.
    pub rule: &'static str,
}

/// A chunked body that is being read.
pub struct Decoder {}

impl Decoder {
    /// At the start of a body.
    pub fn new() -> Decoder {
        Decoder {}
    }

    /// Reads up to one piece of data or the last chunk: how many bytes are used, and what they mean. `None`: all of them
    /// are used, and more are wanted.
    pub fn decode<'a>(&mut self, input: &'a [u8]) -> Result<(usize, Option<Chunk<'a>>), Error> {
        Ok((input.len(), None))
    }
}
