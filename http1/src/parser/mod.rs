//! The head parsers: bytes in, borrowed names and values out.
//!
//! A head is the request-line or status-line, the field lines and the empty line that ends them (RFC 9112 §2.1). The same
//! contract is implemented several times, each module one step of the book's chapter:
//!
//! | module | idea |
//! |---|---|
//! | [`split`] | what one would write first; the judge of all others |
//! | [`bytewise`] | a state machine that sees each byte once and can stop anywhere |
//! | [`table`] | byte classes from a table, a tight loop for each run |
//! | [`swar`] | eight bytes in a word: line ends first, then names, without unpredictable branches |
//! | [`simd`] | the same with 32 bytes in a vector register, chosen at run time |
//!
//! [`request`], [`response`] and [`trailers`] here are the variant that the rest of the crate uses. [`chunked`] frames
//! bodies with the same care.
//!
//! # The contract
//!
//! - The input is the head from its first byte on. When it is incomplete the answer is `Ok(None)`; call again with the same
//!   bytes and more behind them (they may have moved in memory), the same [`Fields`] and the same [`Progress`].
//! - The grammar is strict RFC 9112 and RFC 9110. No white space around the name, no obs-fold, no bare CR, no NUL or other
//!   control but HTAB in a value; obs-text (0x80 to 0xFF) is allowed. A bare LF ends a line only with [`Limits::bare_lf`].
//!   Empty lines before a request-line are skipped (RFC 9112 §2.2), those that begin in the first [`MAX_EMPTY`] bytes.
//! - An error is the **first byte that no valid head can have there**, reported as soon as that byte is seen, whether the
//!   rest has arrived or not. All variants give the same rule and the same offset, wherever the input is cut.
//! - Limits take part at their byte: `head` bytes without an end are [`Rule::HeadTooLarge`], whatever would come next; the
//!   byte after `line` bytes of request-line, if it does not end the line, is [`Rule::LineTooLong`]; the first byte of one
//!   field line too many is [`Rule::TooManyFields`].
//! - Where a CR is not followed by LF the error stands at the CR; everywhere else it stands at the offending byte.
//!
//! # Example
//!
//! ```
//! use wirebook_http1::parser::{self, Fields, Limits, Progress, Version};
//!
//! let mut fields = Fields::new();
//! let mut progress = Progress::default();
//! let input = b"GET /notes HTTP/1.1\r\nHost: example.org\r\n\r\n";
//!
//! // Half of it: not an error, just not yet a head.
//! assert_eq!(parser::request(&input[..20], &mut fields, &mut progress, &Limits::default())?.map(|_| ()), None);
//!
//! let head = parser::request(input, &mut fields, &mut progress, &Limits::default())?.expect("the whole head is there");
//! assert_eq!((head.method, head.target, head.version), (&b"GET"[..], &b"/notes"[..], Version::Http11));
//! assert_eq!(head.fields.get("host"), Some(&b"example.org"[..]));
//! assert_eq!(head.len(), input.len());
//! # Ok::<(), parser::Error>(())
//! ```

pub mod bytewise;
pub mod chunked;
mod error;
mod fields;
mod lines;
mod progress;
pub mod simd;
pub mod split;
mod stages;
pub mod swar;
pub mod table;

pub use error::{Error, Rule};
pub(crate) use fields::is_named;
pub use fields::{FieldIter, FieldLines, FieldSpan, Fields};
pub use progress::Progress;
pub use simd::{request, response, trailers};

/// Field lines that [`Fields::new`] holds and that [`Limits::default`] allows in one head.
pub const MAX_FIELDS: usize = 100;

/// Bytes that a head can have at most, because spans are 16 bits wide: 64 KiB.
pub const MAX_HEAD: usize = 65_536;

/// Bytes in which empty lines before a request-line may begin: eight lines. RFC 9112 §2.2 asks for one, because old clients
/// send it behind a body; nginx and Node take any number. Who sends more has no request to make.
pub const MAX_EMPTY: usize = 16;

/// Bytes that a method can have at most. The longest registered one has 17 ("UPDATEREDIRECTREF"); a server that gets a
/// longer one than any it implements should answer 501 (RFC 9112 §3).
pub const MAX_METHOD: usize = 32;

/// The versions of messages (RFC 9112 §2.3). This crate speaks the first two; a head of HTTP/2 has the same parts, and the
/// crate that reads it says so here.
///
/// It is as wide as what stands beside it in a head: a head without padding is moved in whole registers. Of one with padding
/// the pieces overlap, and a processor that reads one of them back waits until the others are in the cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u64)]
pub enum Version {
    /// `HTTP/1.0`
    Http10,
    /// `HTTP/1.1`
    #[default]
    Http11,
    /// HTTP/2, which is no text: a head that says so cannot be sent by this crate.
    Http2,
}

/// What a head may cost at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the request-line or status-line, without its CRLF. RFC 9112 §3 wants at least 8,000; 16 KiB by default.
    pub line: usize,
    /// Field lines; [`MAX_FIELDS`] by default. The capacity of the [`Fields`] passed in is a limit too.
    pub fields: usize,
    /// Bytes of the whole head with the empty lines before and after it; [`MAX_HEAD`] by default, and never more.
    pub head: usize,
    /// Accept a bare LF as the end of a line (RFC 9112 §2.2 lets a recipient do so). Off by default: two parsers that
    /// disagree about it can be made to see different messages.
    pub bare_lf: bool,
}

impl Limits {
    /// What a trailer section may cost: 32 fields, 8 KiB.
    pub const TRAILERS: Limits = Limits { line: 0, fields: 32, head: 8_192, bare_lf: false };

    /// The head limit that holds: spans cannot reach further than [`MAX_HEAD`].
    fn head(&self) -> usize {
        self.head.min(MAX_HEAD)
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { line: 16_384, fields: MAX_FIELDS, head: MAX_HEAD, bare_lf: false }
    }
}

/// A request head (RFC 9112 §3): a view of the received bytes.
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'a> {
    /// The method as sent; methods are case-sensitive (RFC 9110 §9.1).
    pub method: &'a [u8],
    /// The request-target as sent: visible ASCII without `#`. Its form (origin, absolute, authority, asterisk) is judged
    /// by whoever routes the request.
    pub target: &'a [u8],
    /// The version.
    pub version: Version,
    /// The field lines in wire order.
    pub fields: FieldLines<'a>,
    len: usize,
}

/// A response head (RFC 9112 §4): a view of the received bytes.
#[derive(Clone, Copy, Debug)]
pub struct ResponseHead<'a> {
    /// The version.
    pub version: Version,
    /// The status code, 100 to 999.
    pub status: u16,
    /// The reason phrase, empty where there is none.
    pub reason: &'a [u8],
    /// The field lines in wire order.
    pub fields: FieldLines<'a>,
    len: usize,
}

/// A trailer section (RFC 9112 §7.1.2): the field lines behind the last chunk.
#[derive(Clone, Copy, Debug)]
pub struct Trailers<'a> {
    /// The field lines in wire order.
    pub fields: FieldLines<'a>,
    len: usize,
}

#[allow(clippy::len_without_is_empty)] // a head is never empty
impl<'a> RequestHead<'a> {
    /// A head to be sent; it was not received, so its [`len`](Self::len) is 0. What is not valid in it is refused by
    /// [`Connection::send`](crate::Connection::send).
    pub fn new(method: &'a [u8], target: &'a [u8], fields: FieldLines<'a>) -> Self {
        RequestHead { method, target, version: Version::Http11, fields, len: 0 }
    }

    /// Bytes of the whole head: skipped empty lines before it and the empty line at its end included.
    pub fn len(&self) -> usize {
        self.len
    }
}

#[allow(clippy::len_without_is_empty)]
impl<'a> ResponseHead<'a> {
    /// A head to be sent, with the reason phrase of the registry; its [`len`](Self::len) is 0.
    pub fn new(status: u16, fields: FieldLines<'a>) -> Self {
        ResponseHead { version: Version::Http11, status, reason: b"", fields, len: 0 }
    }

    /// Bytes of the whole head, with the empty line at its end.
    pub fn len(&self) -> usize {
        self.len
    }
}

#[allow(clippy::len_without_is_empty)]
impl Trailers<'_> {
    /// Bytes of the whole section, with the empty line at its end.
    pub fn len(&self) -> usize {
        self.len
    }
}

/// `tchar`, of which tokens are made (RFC 9110 §5.6.2).
///
/// ```abnf
/// tchar = "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "." / "^" / "_" / "`" / "|" / "~" / DIGIT / ALPHA
/// ```
pub const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
        )
}

/// What a request-target may be made of: visible ASCII (RFC 9112 §3.2). `#` starts a fragment, which is never sent.
pub const fn is_target_byte(byte: u8) -> bool {
    matches!(byte, 0x21..=0x7E) && byte != b'#'
}

/// What a field value or a reason phrase may be made of (RFC 9110 §5.5).
///
/// ```abnf
/// field-vchar = VCHAR / obs-text
/// obs-text    = %x80-FF
/// ```
/// together with SP and HTAB.
pub const fn is_value_byte(byte: u8) -> bool {
    matches!(byte, b'\t' | 0x20..=0x7E | 0x80..)
}

#[cfg(test)]
mod tests;
