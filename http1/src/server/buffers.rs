//! What a connection needs only while it has something to do, lent by the server and given back.

use super::draft::Draft;
use crate::FieldBlock;
use crate::buffers::{Inbox, Outbox};
use crate::parser::Fields;
use std::cell::{Cell, RefCell};
use wirebook_net::BUFFER_SIZE;

/// Sets of buffers that a server keeps for later.
const MAX_KEPT: usize = 64;

/// Bytes that an inbox of a body holds: a read, and the largest trailer section with it.
pub(super) const MAX_BODY_INBOX: usize = 2 * BUFFER_SIZE;

/// The buffers of one busy connection.
#[derive(Default)]
pub(super) struct Buffers {
    /// What was read and not yet used.
    pub(super) inbox: Inbox,
    /// The same for a body, while the head in `inbox` is borrowed by the handler. There once a body was read.
    pub(super) body: Cell<Option<Box<BodyBuffers>>>,
    /// Answers, not yet written.
    pub(super) out: Outbox,
    /// The head of an answer in the making.
    pub(super) draft: Draft,
    /// Where the fields of the request's head lie.
    pub(super) fields: Fields,
}

/// What the reading of a body needs.
#[derive(Default)]
pub(super) struct BodyBuffers {
    pub(super) inbox: Inbox,
    /// Where the fields of its trailers lie.
    pub(super) trailers: Fields,
    /// The trailers themselves, when the body has ended.
    pub(super) trailer_lines: FieldBlock,
}

/// The buffers that no connection has.
#[derive(Default)]
#[expect(
    clippy::vec_box,
    reason = "buffers are lent as a box, so that a waiting task does not hold their 300 bytes inline"
)]
pub(super) struct Spare(RefCell<Vec<Box<Buffers>>>);

impl Spare {
    pub(super) fn lend(&self) -> Box<Buffers> {
        self.0.borrow_mut().pop().unwrap_or_default()
    }

    pub(super) fn take_back(&self, mut buffers: Box<Buffers>) {
        buffers.inbox.clear();
        if let Some(body) = buffers.body.get_mut() {
            body.inbox.clear();
            body.trailer_lines.clear();
        }
        buffers.draft.clear();
        buffers.out.clear();
        let mut kept = self.0.borrow_mut();
        if kept.len() < MAX_KEPT {
            kept.push(buffers);
        }
    }
}
