//! The direction that reads: whether bytes flow, and those that wait until they do.

use super::outgoing::HIGH_WATER_MARK;
use std::{collections::VecDeque, rc::Rc};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    /// Nobody has asked for bytes yet (Node's `flowing === null`).
    Unasked,
    Flowing,
    Paused,
}

#[derive(Debug)]
pub(super) struct Incoming {
    flow: Flow,
    /// Bytes are read, if only to wait here. A socket that was paused before it connected has not begun.
    begun: bool,
    chunks: VecDeque<Rc<[u8]>>,
    waiting: usize,
    ended: bool,
    end_told: bool,
}

impl Incoming {
    pub(super) fn new() -> Self {
        Incoming {
            flow: Flow::Unasked,
            begun: false,
            chunks: VecDeque::new(),
            waiting: 0,
            ended: false,
            end_told: false,
        }
    }

    /// True when bytes did not flow before.
    pub(super) fn resume(&mut self) -> bool {
        std::mem::replace(&mut self.flow, Flow::Flowing) != Flow::Flowing
    }

    pub(super) fn pause(&mut self) {
        self.flow = Flow::Paused;
    }

    pub(super) fn is_paused(&self) -> bool {
        self.flow == Flow::Paused
    }

    pub(super) fn begin(&mut self) {
        self.begun = true;
    }

    /// Whether more should be read from the stream.
    pub(super) fn wants_bytes(&self) -> bool {
        self.begun && !self.ended && self.waiting < HIGH_WATER_MARK
    }

    pub(super) fn push(&mut self, chunk: Rc<[u8]>) {
        self.waiting += chunk.len();
        self.chunks.push_back(chunk);
    }

    /// The peer has ended.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// The next chunk, if bytes flow.
    pub(super) fn pop(&mut self) -> Option<Rc<[u8]>> {
        if self.flow != Flow::Flowing {
            return None;
        }
        let chunk = self.chunks.pop_front()?;
        self.waiting -= chunk.len();
        Some(chunk)
    }

    /// True once, when the peer has ended and nothing waits any more.
    pub(super) fn take_end(&mut self) -> bool {
        self.ended && self.chunks.is_empty() && !std::mem::replace(&mut self.end_told, true)
    }

    /// Nothing comes from here any more.
    pub(super) fn stop(&mut self) {
        *self = Incoming { ended: true, end_told: true, flow: self.flow, ..Incoming::new() };
    }
}
