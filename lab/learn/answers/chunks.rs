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

/// Where the next byte belongs.
#[derive(Clone, Copy, PartialEq)]
enum State {
    Size,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    Last,
}

/// A chunked body that is being read.
pub struct Decoder {
    state: State,
    /// While the size is being read, the size so far; then the bytes of data that are still to come.
    size: u64,
    digits: usize,
    /// Bytes of extensions on this line.
    extension: usize,
}

impl Decoder {
    /// At the start of a body.
    pub fn new() -> Decoder {
        Decoder { state: State::Size, size: 0, digits: 0, extension: 0 }
    }

    /// Reads up to one piece of data or the last chunk: how many bytes are used, and what they mean. `None`: all of them
    /// are used, and more are wanted.
    pub fn decode<'a>(&mut self, input: &'a [u8]) -> Result<(usize, Option<Chunk<'a>>), Error> {
        let mut at = 0;
        loop {
            if self.state == State::Last {
                return Ok((at, Some(Chunk::Last)));
            }
            let Some(&byte) = input.get(at) else { return Ok((at, None)) };
            if self.state == State::Data {
                let len = self.size.min((input.len() - at) as u64);
                self.size -= len;
                if self.size == 0 {
                    self.state = State::DataCr;
                }
                let end = at + len as usize;
                return Ok((end, Some(Chunk::Data(&input[at..end]))));
            }
            self.state = self.step(byte).map_err(|rule| Error { at, rule })?;
            at += 1;
        }
    }

    /// The state behind one byte of framing.
    fn step(&mut self, byte: u8) -> Result<State, &'static str> {
        match (self.state, byte) {
            (State::Size, _) if byte.is_ascii_hexdigit() => {
                if self.digits == 16 {
                    return Err("ChunkSizeTooLong");
                }
                self.digits += 1;
                self.size = self.size * 16 + u64::from((byte as char).to_digit(16).unwrap_or(0));
                Ok(State::Size)
            }
            (State::Size, b';') if self.digits > 0 => {
                self.extension = 1;
                Ok(State::Extension)
            }
            (State::Size, b'\r') if self.digits > 0 => Ok(State::SizeLf),
            (State::Size, _) => Err("ChunkSize"),
            (State::Extension, b'\r') => Ok(State::SizeLf),
            (State::Extension, _) if self.extension == 256 => Err("ChunkExtensionTooLong"),
            (State::Extension, _) => {
                self.extension += 1;
                Ok(State::Extension)
            }
            (State::SizeLf, b'\n') => Ok(if self.size == 0 { State::Last } else { State::Data }),
            (State::SizeLf, _) => Err("BareCr"),
            (State::DataCr, b'\r') => Ok(State::DataLf),
            (State::DataLf, b'\n') => {
                *self = Decoder::new();
                Ok(State::Size)
            }
            _ => Err("ChunkEnd"),
        }
    }
}
