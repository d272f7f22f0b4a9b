//! Where a parse stands between two calls.

use super::{FieldLines, FieldSpan, Fields, RequestHead, ResponseHead, Trailers, Version};

/// What a resumed parse need not look at again: 24 bytes. `Default` at the start of each head; a finished head leaves it at
/// that, ready for the next.
///
/// It is the whole memory of the [`bytewise`](super::bytewise) state machine. The spans of the field lines that are
/// complete stand in [`Fields`] meanwhile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The next byte to look at.
    pub(super) at: u32,
    /// Where the start-line starts: behind a skipped empty line.
    pub(super) start: u16,
    /// One past the method; of a status-line, where the reason phrase starts.
    pub(super) method_end: u16,
    /// One past the target; of a status-line, one past the reason phrase.
    pub(super) target_end: u16,
    /// Field lines that are complete.
    pub(super) count: u16,
    /// The field line being read.
    pub(super) span: FieldSpan,
    /// `HTTP/1.0`; else `HTTP/1.1`.
    pub(super) is_http10: bool,
    pub(super) state: State,
}

/// What the next byte belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing seen.
    #[default]
    Start,
    /// The CR of an empty line before the request-line seen.
    EmptyLineLf,
    Method,
    Target,
    RequestVersion,
    /// The version seen: CR, or a LF that is allowed.
    RequestEnd,
    StatusVersion,
    StatusCode,
    AfterStatusCode,
    Reason,
    /// The CR of the start-line seen.
    StartLineLf,
    /// The first byte of a field line, or the CR of the empty line.
    LineStart,
    Name,
    /// The colon and perhaps white space seen.
    BeforeValue,
    Value,
    /// White space seen that ends the value or stands within it: what follows says.
    AfterValue,
    /// The CR of a field line seen.
    FieldLf,
    /// The CR of the empty line seen.
    HeadLf,
    Done,
}

impl Progress {
    /// The head that has been read, and itself back to the start.
    pub(super) fn request<'a>(&mut self, input: &'a [u8], fields: &'a Fields) -> RequestHead<'a> {
        let done = core::mem::take(self);
        let [start, method_end, target_end] = [done.start, done.method_end, done.target_end].map(usize::from);
        RequestHead {
            method: &input[start..method_end],
            target: &input[method_end + 1..target_end],
            version: done.version(),
            fields: done.fields(input, fields),
            len: done.at as usize,
        }
    }

    /// The same for a response. Its status code has been judged; here it is read.
    pub(super) fn response<'a>(&mut self, input: &'a [u8], fields: &'a Fields) -> ResponseHead<'a> {
        let done = core::mem::take(self);
        ResponseHead {
            version: done.version(),
            status: input[9..12].iter().fold(0, |status, &digit| status * 10 + u16::from(digit - b'0')),
            reason: &input[usize::from(done.method_end)..usize::from(done.target_end)],
            fields: done.fields(input, fields),
            len: done.at as usize,
        }
    }

    /// The same for a trailer section.
    pub(super) fn trailers<'a>(&mut self, input: &'a [u8], fields: &'a Fields) -> Trailers<'a> {
        let done = core::mem::take(self);
        Trailers { fields: done.fields(input, fields), len: done.at as usize }
    }

    fn version(&self) -> Version {
        if self.is_http10 { Version::Http10 } else { Version::Http11 }
    }

    fn fields<'a>(&self, input: &'a [u8], fields: &'a Fields) -> FieldLines<'a> {
        FieldLines::new(input, &fields.spans[..usize::from(self.count)])
    }
}
