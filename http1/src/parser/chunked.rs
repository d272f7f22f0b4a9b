//! Chunked framing (RFC 9112 §7.1), resumable at every byte.
//!
//! ```abnf
//! chunked-body   = *chunk last-chunk trailer-section CRLF
//! chunk          = chunk-size [ chunk-ext ] CRLF chunk-data CRLF
//! chunk-size     = 1*HEXDIG
//! last-chunk     = 1*("0") [ chunk-ext ] CRLF
//! chunk-ext      = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )
//! chunk-ext-name = token
//! chunk-ext-val  = token / quoted-string
//! ```
//!
//! [`Chunked`] is a state and a count of the data bytes that are still to come. It copies nothing: data is handed out as
//! slices of the input, as much of a chunk as has arrived. Behind [`Chunk::Last`] stands the trailer section, which
//! [`trailers`](super::trailers) reads.

use core::hint::select_unpredictable;

use super::{Error, Rule, is_token_byte, is_value_byte};

/// Digits of a chunk size at most: what fits 64 bits, so that no size can overflow.
pub const MAX_SIZE_DIGITS: u8 = 16;

/// Bytes of extensions on one chunk line at most.
pub const MAX_LINE_EXTENSIONS: usize = 256;

/// Bytes of extensions in one message at most (they are dropped, so a sender could make us work for nothing).
pub const MAX_MESSAGE_EXTENSIONS: usize = 16_384;

/// What [`Chunked::decode`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunk<'a> {
    /// Data, never empty: a chunk or as much of it as has arrived.
    Data(&'a [u8]),
    /// The last chunk's line: the trailer section follows.
    Last,
}

/// A chunked body being read. 16 bytes.
///
/// ```
/// use wirebook_http1::parser::chunked::{Chunk, Chunked};
///
/// let mut chunked = Chunked::new();
/// let input = b"5\r\nhello\r\n0\r\n\r\n";
/// assert_eq!(chunked.decode(input)?, (10, Some(Chunk::Data(b"hello"))));
/// assert_eq!(chunked.decode(&input[10..])?, (3, Some(Chunk::Last)));
/// assert_eq!(chunked.decode(&input[13..])?, (0, Some(Chunk::Last))); // the trailer section is not ours
/// # Ok::<(), wirebook_http1::parser::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chunked {
    /// Data bytes still to come in this chunk; while the size is being read, the size so far.
    remaining: u64,
    /// Bytes of extensions on this line.
    line_extensions: u16,
    /// Bytes of extensions in this message.
    extensions: u16,
    digits: u8,
    state: State,
}

/// Where the next byte belongs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Size,
    /// BWS behind the size or behind a whole extension.
    AfterExtension,
    /// `;` seen.
    ExtensionStart,
    ExtensionName,
    AfterName,
    /// `=` seen.
    ValueStart,
    Value,
    Quoted,
    /// A backslash within quotes.
    QuotedPair,
    /// The closing quote seen.
    AfterQuoted,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    Last,
}

impl Chunked {
    /// At the start of a body.
    pub fn new() -> Chunked {
        Chunked::default()
    }

    /// Reads up to one piece of data or the last chunk.
    ///
    /// Gives the bytes used, counted from the start of `input`, and what they meant; `None`: all of `input` is used, bring
    /// more. After [`Chunk::Last`] it uses nothing and says so again. An error's offset counts from the start of `input`.
    #[inline]
    pub fn decode<'a>(&mut self, input: &'a [u8]) -> Result<(usize, Option<Chunk<'a>>), Error> {
        if self.state == State::Size
            && self.digits == 0
            && let Some((framing, size)) = short_size_line(input)
        {
            let line = framing - 2;
            if size == 0 {
                self.state = State::Last;
                return Ok((line, Some(Chunk::Last)));
            }
            if let Some(data) = input.get(line..framing + size).and_then(|rest| rest.strip_suffix(b"\r\n")) {
                return Ok((framing + size, Some(Chunk::Data(data))));
            }
        }
        self.decode_stepwise(input)
    }

    /// The same for whatever has not arrived whole, has extensions, or is wrong.
    #[inline(never)]
    fn decode_stepwise<'a>(&mut self, input: &'a [u8]) -> Result<(usize, Option<Chunk<'a>>), Error> {
        let mut at = 0;
        loop {
            match self.state {
                State::Last => return Ok((at, Some(Chunk::Last))),
                State::Data if at < input.len() => {
                    let len = usize::try_from(self.remaining).unwrap_or(usize::MAX).min(input.len() - at);
                    self.remaining -= len as u64;
                    if self.remaining == 0 {
                        self.state = State::DataCr;
                    }
                    return Ok((at + len, Some(Chunk::Data(&input[at..at + len]))));
                }
                _ => {}
            }
            let Some(&byte) = input.get(at) else { return Ok((at, None)) };
            self.state = self.step(byte).map_err(|rule| Error::at(rule, at))?;
            at += 1;
        }
    }

    /// Data bytes of the current chunk that are still to come, as its size line has announced them.
    pub fn data_left(&self) -> u64 {
        if self.state == State::Data { self.remaining } else { 0 }
    }

    /// Whether the last chunk's line has been read.
    pub fn is_finished(&self) -> bool {
        self.state == State::Last
    }

    /// The state after one byte of framing.
    fn step(&mut self, byte: u8) -> Result<State, Rule> {
        match (self.state, byte) {
            (State::Size, _) if byte.is_ascii_hexdigit() => self.digit(byte),
            (State::Size, _) if self.digits == 0 => Err(Rule::ChunkSize),
            (State::Size | State::ExtensionName | State::Value | State::AfterQuoted, b'\r') => Ok(State::SizeLf),
            (State::Size, b';' | b' ' | b'\t') => self.extension(State::AfterExtension, byte),
            (State::Size, _) => Err(Rule::ChunkSize),
            (State::SizeLf, b'\n') => Ok(self.end_of_size_line()),
            (State::DataCr, b'\r') => Ok(State::DataLf),
            (State::DataLf, b'\n') => Ok(State::Size),
            (State::SizeLf, _) => Err(Rule::BareCr),
            (State::DataCr | State::DataLf, _) => Err(Rule::ChunkEnd),
            (state, _) => self.extension(state, byte),
        }
    }

    /// A size has at most 16 digits, so that shifting it never loses one.
    fn digit(&mut self, byte: u8) -> Result<State, Rule> {
        if self.digits == MAX_SIZE_DIGITS {
            return Err(Rule::ChunkSizeTooLong);
        }
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            _ => (byte | 0x20) - b'a' + 10,
        };
        self.digits += 1;
        self.remaining = self.remaining << 4 | u64::from(digit);
        Ok(State::Size)
    }

    fn end_of_size_line(&mut self) -> State {
        self.digits = 0;
        self.line_extensions = 0;
        if self.remaining == 0 { State::Last } else { State::Data }
    }

    /// RFC 9112 §7.1.1. A CR ends the line behind the size, a name or a value, quoted or not; never behind white space.
    fn extension(&mut self, state: State, byte: u8) -> Result<State, Rule> {
        let next = match (state, byte) {
            (State::AfterExtension, b';') => State::ExtensionStart,
            (State::AfterExtension, b' ' | b'\t') => State::AfterExtension,
            (State::ExtensionStart, b' ' | b'\t') => State::ExtensionStart,
            (State::ExtensionStart | State::ExtensionName, _) if is_token_byte(byte) => State::ExtensionName,
            (State::ExtensionName, b' ' | b'\t') => State::AfterName,
            (State::ExtensionName | State::AfterName, b'=') => State::ValueStart,
            (State::ExtensionName | State::AfterName | State::Value | State::AfterQuoted, b';') => {
                State::ExtensionStart
            }
            (State::AfterName, b' ' | b'\t') => State::AfterName,
            (State::ValueStart, b' ' | b'\t') => State::ValueStart,
            (State::ValueStart, b'"') => State::Quoted,
            (State::ValueStart | State::Value, _) if is_token_byte(byte) => State::Value,
            (State::Value | State::AfterQuoted, b' ' | b'\t') => State::AfterExtension,
            (State::Quoted, b'"') => State::AfterQuoted,
            (State::Quoted, b'\\') => State::QuotedPair,
            (State::Quoted | State::QuotedPair, _) if is_value_byte(byte) => State::Quoted,
            _ => return Err(Rule::ChunkExtension),
        };
        self.line_extensions += 1;
        self.extensions += 1;
        if usize::from(self.line_extensions) > MAX_LINE_EXTENSIONS
            || usize::from(self.extensions) > MAX_MESSAGE_EXTENSIONS
        {
            return Err(Rule::ChunkExtensionTooLong);
        }
        Ok(next)
    }
}

/// What a hexadecimal digit is worth, alone and with another behind it; of any other byte, more than four digits can be.
static DIGIT: [[u32; 2]; 256] = {
    let mut digits = [[0x1_0000; 2]; 256];
    let mut value = 0;
    while value < 16 {
        let worth = [value as u32, value as u32 * 16];
        digits[b"0123456789abcdef"[value] as usize] = worth;
        digits[b"0123456789ABCDEF"[value] as usize] = worth;
        value += 1;
    }
    digits
};

/// A size line of one to four digits, without extensions: the bytes that frame such a chunk, two of them behind its data,
/// and its size. All other lines go byte by byte.
///
/// Where the next chunk starts is known only when this one's size is, so what counts is the way from the first digit to the
/// size: no branch asks whether a digit is a letter. Only the number of digits is guessed by the processor, and bodies tend
/// to have chunks of one length.
// ANCHOR: short_size_line
#[inline(always)]
fn short_size_line(input: &[u8]) -> Option<(usize, usize)> {
    let line: &[u8; 4] = input.first_chunk()?;
    let worth = |nth: usize| DIGIT[usize::from(line[nth])].map(|worth| worth as usize);
    let ([first, tens], [second, _]) = (worth(0), worth(1));
    // One digit or two: in bodies of small chunks nobody can guess which.
    let one = line[1] == b'\r';
    let digits = 2 - usize::from(one);
    let (digits, size) = if line[digits..].starts_with(b"\r\n") {
        (digits, select_unpredictable(one, first, tens | second))
    } else if input[3..].starts_with(b"\r\n") {
        (3, (tens | second) << 4 | worth(2)[0])
    } else if input[4..].starts_with(b"\r\n") {
        (4, (tens | second) << 8 | worth(2)[1] | worth(3)[0])
    } else {
        return None;
    };
    (size < 0x1_0000).then_some((digits + 4, size))
}
// ANCHOR_END: short_size_line

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything that comes out of `input` when it arrives in pieces of `step` bytes; error offsets count from the start.
    fn read(input: &[u8], step: usize) -> Result<(Vec<u8>, bool), (Rule, usize)> {
        let (mut chunked, mut data, mut at, mut seen) = (Chunked::new(), Vec::new(), 0, 0);
        while !chunked.is_finished() {
            let decoded = chunked.decode(&input[at..seen]).map_err(|error| (error.rule, at + error.offset as usize))?;
            at += decoded.0;
            match decoded.1 {
                Some(Chunk::Data(piece)) => data.extend_from_slice(piece),
                Some(Chunk::Last) => {}
                None if seen == input.len() => return Ok((data, false)),
                None => seen = input.len().min(seen + step),
            }
        }
        Ok((data, true))
    }

    fn check(input: &[u8], wanted: Result<(&[u8], bool), (Rule, usize)>) {
        for step in 1..=input.len() {
            let got = read(input, step);
            assert_eq!(
                got.as_ref().map(|(data, last)| (&data[..], *last)).map_err(|e| *e),
                wanted,
                "in steps of {step}"
            );
        }
    }

    #[test]
    fn what_is_left_of_a_chunk_is_known_while_its_data_comes() {
        let mut chunked = Chunked::new();
        // Behind the data a size that is half there is none that is left.
        for (input, left) in [(&b"5\r\n"[..], 5), (b"he", 3), (b"llo", 0), (b"\r\n1", 0)] {
            assert_eq!(chunked.decode(input).map(|(used, _)| used), Ok(input.len()));
            assert_eq!(chunked.data_left(), left, "{input:?}");
        }
    }

    #[test]
    fn rfc9112_7_1_chunks() {
        check(b"5\r\nhello\r\n6\r\n world\r\n0\r\n", Ok((b"hello world", true)));
        check(b"A\r\n0123456789\r\n000\r\n", Ok((b"0123456789", true)));
        check(b"5\r\nhel", Ok((b"hel", false)));
        check(b"3\r\nabc\r\n0\r", Ok((b"abc", false)));
    }

    #[test]
    fn rfc9112_7_1_chunk_size() {
        check(b"\r\nhello\r\n", Err((Rule::ChunkSize, 0)));
        check(b"-1\r\n", Err((Rule::ChunkSize, 0)));
        check(b"+5\r\n", Err((Rule::ChunkSize, 0)));
        check(b"0x5\r\n", Err((Rule::ChunkSize, 1)));
        check(b"5\nhello", Err((Rule::ChunkSize, 1)));
        check(b"5\rhello", Err((Rule::BareCr, 2)));
        check(b"5\r\nhello\r\n0\n\r\n", Err((Rule::ChunkSize, 11)));
    }

    /// Whole, a short size line is read at once; in steps of one byte never.
    #[test]
    fn every_byte_at_every_place_of_a_size_line() {
        for digits in ["1", "1a", "0Fe", "100", "0c0D", "00001"] {
            let size = usize::from_str_radix(digits, 16).expect("hexadecimal digits");
            let body = [digits.as_bytes(), b"\r\n", &vec![b'x'; size], b"\r\n0\r\n"].concat();
            assert_eq!(read(&body, 1), Ok((vec![b'x'; size], true)), "{digits}");
            for (place, byte) in (0..digits.len() + 2).flat_map(|place| (0..=255).map(move |byte| (place, byte))) {
                let mut body = body.clone();
                body[place] = byte;
                let whole = read(&body, body.len());
                assert_eq!(whole, read(&body, 1), "{byte:#04x} at {place} of {digits}");
            }
        }
    }

    #[test]
    fn rfc9112_7_1_chunk_size_too_long() {
        check(b"FFFFFFFFFFFFFFFF\r\nhello", Ok((b"hello", false)));
        check(b"FFFFFFFFFFFFFFFF0\r\nhello", Err((Rule::ChunkSizeTooLong, 16)));
        check(b"00000000000000005\r\nhello", Err((Rule::ChunkSizeTooLong, 16)));
    }

    #[test]
    fn rfc9112_7_1_1_chunk_extension() {
        check(b"5;a=b;c=\"d;e\\\"\" ; f\r\nhello\r\n0;z\r\n", Ok((b"hello", true)));
        check(b"5 ; a = b\r\nhello\r\n0\r\n", Ok((b"hello", true)));
        check(b"5 \t; \ta \t= \tb \t;c=\"d\" \t;e\r\nhello\r\n0\r\n", Ok((b"hello", true)));
        check(b"5 \r\nhello", Err((Rule::ChunkExtension, 2)));
        check(b"5;\r\nhello", Err((Rule::ChunkExtension, 2)));
        check(b"5;a\rb\r\nhello", Err((Rule::BareCr, 4)));
        check(b"5;a\0b\r\nhello", Err((Rule::ChunkExtension, 3)));
        check(b"5;a=\"b\nc\"\r\nhello", Err((Rule::ChunkExtension, 6)));
        check(b"5;a=\"b\"c\r\nhello", Err((Rule::ChunkExtension, 7)));
        check(b"5;a=\r\nhello", Err((Rule::ChunkExtension, 4)));
    }

    #[test]
    fn rfc9112_7_1_1_chunk_extension_too_long() {
        let line = |len: usize| [b"1;", &vec![b'a'; len - 1][..], b"\r\nx\r\n"].concat();
        assert_eq!(read(&line(MAX_LINE_EXTENSIONS), 99), Ok((b"x".to_vec(), false)));
        assert_eq!(read(&line(MAX_LINE_EXTENSIONS + 1), 99), Err((Rule::ChunkExtensionTooLong, 257)));
        let lines = |count: usize| line(MAX_LINE_EXTENSIONS).repeat(count);
        let most = MAX_MESSAGE_EXTENSIONS / MAX_LINE_EXTENSIONS;
        assert_eq!(read(&lines(most), 1000).map(|(data, _)| data.len()), Ok(most));
        assert_eq!(read(&[&lines(most)[..], b"1;a"].concat(), 1000).map_err(|e| e.0), Err(Rule::ChunkExtensionTooLong));
    }

    #[test]
    fn rfc9112_7_1_chunk_end() {
        check(b"5\r\nhello\n0\r\n", Err((Rule::ChunkEnd, 8)));
        check(b"3\r\nhello\r\n", Err((Rule::ChunkEnd, 6)));
        check(b"3\r\nabc\rx", Err((Rule::ChunkEnd, 7)));
    }
}
