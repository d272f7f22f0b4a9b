//! What an exchange needs while it lasts: lent from the thread's store and given back, so that an idle connection owns
//! no buffer and a request on a busy one allocates none.

use crate::FieldBlock;
use crate::buffers::{Inbox, MAX_GATHERED, Outbox};
use crate::parser::{FieldLines, FieldSpan, Fields, ResponseHead, Version};
use std::cell::RefCell;
use std::ops::Range;

/// Sets of buffers, and likewise buffers of output, that a thread keeps for later.
const MAX_KEPT: usize = 64;

thread_local! {
    #[expect(clippy::vec_box, reason = "they are lent as a box: a response is moved about and should be small")]
    static BUFFERS: RefCell<Vec<Box<Buffers>>> = const { RefCell::new(Vec::new()) };
    static OUTBOXES: RefCell<Vec<Outbox>> = const { RefCell::new(Vec::new()) };
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
pub(crate) fn lend_out() -> Outbox {
    OUTBOXES.with_borrow_mut(Vec::pop).unwrap_or_default()
}

/// Takes a buffer for output back.
pub(crate) fn take_back_out(mut out: Outbox) {
    out.clear();
    if (1..=MAX_GATHERED).contains(&out.end().capacity()) {
        OUTBOXES.with_borrow_mut(|kept| {
            if kept.len() < MAX_KEPT {
                kept.push(out);
            }
        });
    }
}
