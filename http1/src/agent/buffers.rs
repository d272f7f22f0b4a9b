//! What an exchange needs while it lasts: lent from the thread's store and given back, so that an idle connection owns
//! no buffer and a request on a busy one allocates none.

use crate::FieldBlock;
use crate::parser::{FieldLines, FieldSpan, Fields, MAX_HEAD, ResponseHead, Version};
use std::cell::RefCell;
use std::io;
use std::ops::Range;
use wirebook_net::{BUFFER_SIZE, Stream};

/// Sets of buffers, and likewise buffers of output, that a thread keeps for later.
const MAX_KEPT: usize = 64;

/// Bytes that an outbox may keep room for.
pub(crate) const MAX_OUT: usize = 64 * 1024;

/// Bytes of room below which the inbox is compacted or grown before a read.
const LEAST_ROOM: usize = 1024;

thread_local! {
    #[expect(clippy::vec_box, reason = "they are lent as a box: a response is moved about and should be small")]
    static BUFFERS: RefCell<Vec<Box<Buffers>>> = const { RefCell::new(Vec::new()) };
    static OUTBOXES: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// The buffers of one exchange: first for the request's head in the making, then for the response.
#[derive(Default)]
pub(crate) struct Buffers {
    /// Method and target of the request, and where the first ends.
    pub(crate) line: Vec<u8>,
    pub(crate) method: usize,
    /// The field lines of the request.
    pub(crate) lines: FieldBlock,
    /// What was read and not yet used.
    pub(crate) inbox: Inbox,
    /// Room for the parser.
    pub(crate) fields: Fields,
    /// The response's head: where it lies in the inbox, its values, and its fields relative to its first byte.
    pub(crate) head: Head,
    /// The trailers, likewise.
    pub(crate) trailers: Section,
}

/// A response head that was received, without the bytes.
#[derive(Default)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) version: Version,
    pub(crate) reason: Range<usize>,
    pub(crate) section: Section,
}

/// Field lines that lie in the inbox.
#[derive(Default)]
pub(crate) struct Section {
    at: usize,
    len: usize,
    spans: Vec<FieldSpan>,
}

impl Section {
    /// Remembers the lines of a section of `len` bytes that begins at `at`.
    pub(crate) fn set(&mut self, at: usize, len: usize, lines: &FieldLines<'_>) {
        (self.at, self.len) = (at, len);
        self.spans.clear();
        self.spans.extend_from_slice(lines.spans());
    }

    pub(crate) fn lines<'d>(&'d self, inbox: &'d Inbox) -> FieldLines<'d> {
        FieldLines::new(inbox.at(self.at..self.at + self.len), &self.spans)
    }
}

impl Head {
    /// Remembers a head that begins at `at` in the inbox and whose first byte is that of `input`.
    pub(crate) fn set(&mut self, at: usize, input: &[u8], head: &ResponseHead<'_>) {
        let reason = match head.reason {
            [] => 0,
            reason => at + (reason.as_ptr().addr() - input.as_ptr().addr()),
        };
        self.status = head.status;
        self.version = head.version;
        self.reason = reason..reason + head.reason.len();
        self.section.set(at, head.len(), &head.fields);
    }
}

/// Lends a set of buffers.
pub(crate) fn lend() -> Box<Buffers> {
    BUFFERS.with_borrow_mut(Vec::pop).unwrap_or_default()
}

/// Takes a set of buffers back.
pub(crate) fn take_back(mut buffers: Box<Buffers>) {
    buffers.line.clear();
    buffers.lines.clear();
    buffers.inbox.clear();
    buffers.trailers.spans.clear();
    BUFFERS.with_borrow_mut(|kept| {
        if kept.len() < MAX_KEPT {
            kept.push(buffers);
        }
    });
}

/// Lends an empty buffer for output.
pub(crate) fn lend_out() -> Vec<u8> {
    OUTBOXES.with_borrow_mut(Vec::pop).unwrap_or_default()
}

/// Takes a buffer for output back.
pub(crate) fn take_back_out(mut out: Vec<u8>) {
    out.clear();
    if (1..=MAX_OUT).contains(&out.capacity()) {
        OUTBOXES.with_borrow_mut(|kept| {
            if kept.len() < MAX_KEPT {
                kept.push(out);
            }
        });
    }
}

/// A read buffer: bytes come in behind and are used in front. What lies before the pin, a head that is still looked at,
/// stays where it is.
#[derive(Default)]
pub(crate) struct Inbox {
    bytes: Vec<u8>,
    pinned: usize,
    start: usize,
    end: usize,
}

impl Inbox {
    pub(crate) fn unread(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Where the first unread byte lies.
    pub(crate) fn position(&self) -> usize {
        self.start
    }

    /// The first `count` unread bytes are used; says where they lie.
    pub(crate) fn consume(&mut self, count: usize) -> usize {
        let at = self.start;
        self.start = (at + count).min(self.end);
        at
    }

    /// Keeps all that was used where it is.
    pub(crate) fn pin(&mut self) {
        self.pinned = self.start;
    }

    /// Bytes by their place.
    pub(crate) fn at(&self, range: Range<usize>) -> &[u8] {
        self.bytes.get(range).unwrap_or_default()
    }

    /// Takes the unread bytes out.
    pub(crate) fn take_unread(&mut self) -> Vec<u8> {
        let unread = self.unread().to_vec();
        self.start = self.end;
        unread
    }

    /// One read, without waiting. `Ok(0)` is the end of the stream.
    ///
    /// # Errors
    ///
    /// Those of [`Stream::try_read`]; `OutOfMemory` where more bytes wait to be used than any head needs.
    pub(crate) fn fill(&mut self, stream: &dyn Stream) -> io::Result<usize> {
        if self.start == self.end {
            (self.start, self.end) = (self.pinned, self.pinned);
        }
        if self.bytes.len() - self.end < LEAST_ROOM {
            self.bytes.copy_within(self.start..self.end, self.pinned);
            (self.start, self.end) = (self.pinned, self.pinned + self.end - self.start);
        }
        if self.bytes.len() - self.end < LEAST_ROOM {
            let grown = (2 * self.bytes.len()).clamp(BUFFER_SIZE, self.pinned + MAX_HEAD);
            if grown <= self.end {
                return Err(io::ErrorKind::OutOfMemory.into());
            }
            self.bytes.resize(grown.max(self.bytes.len()), 0);
        }
        let count = stream.try_read(&mut self.bytes[self.end..])?;
        self.end += count;
        Ok(count)
    }

    /// Forgets all that was read.
    pub(crate) fn forget(&mut self) {
        (self.pinned, self.start, self.end) = (0, 0, 0);
    }

    fn clear(&mut self) {
        (self.pinned, self.start, self.end) = (0, 0, 0);
        if self.bytes.len() > BUFFER_SIZE {
            self.bytes = Vec::new();
        }
    }
}
