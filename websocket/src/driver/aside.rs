//! What most connections at rest have none of.

use std::collections::VecDeque;
use std::task::Waker;
use std::time::Instant;

use crate::error::Error;
use crate::event::{Close, Event};

/// What a message that waits counts for beside its payload, so that empty ones have a bound as well.
const OVERHEAD: usize = 64;

#[derive(Default)]
pub(super) struct Aside {
    /// Messages that the attendant found before the reader asked for them, in order.
    messages: VecDeque<Event<'static>>,
    /// What they count for against [`Config::ahead`](crate::Config::ahead).
    bytes: usize,
    /// The payload of the last ping whose answer waits for room.
    pub(super) owed: Option<Vec<u8>>,
    /// The reader's, while it waits for the stream in another task than the attendant's.
    pub(super) reader: Option<Waker>,
    /// Since when an end waits for a reader that takes nothing of what is kept for it, and how much that is.
    pub(super) held: Option<(Instant, usize)>,
    /// Why the connection failed, and whether the reader was told.
    pub(super) outcome: Option<Error>,
    pub(super) told: bool,
    /// The Close frame that the peer sent.
    pub(super) farewell: Option<Close<'static>>,
}

impl Aside {
    pub(super) fn push(&mut self, message: Event<'static>) {
        self.bytes += weight(&message);
        self.messages.push_back(message);
    }

    pub(super) fn pop(&mut self) -> Option<Event<'static>> {
        let message = self.messages.pop_front()?;
        self.bytes -= weight(&message);
        Some(message)
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn is_empty(&self) -> bool {
        let Aside { messages, bytes: _, owed, reader, held, outcome, told: _, farewell } = self;
        let waits = !messages.is_empty() || owed.is_some() || reader.is_some() || held.is_some();
        !waits && outcome.is_none() && farewell.is_none()
    }
}

fn weight(event: &Event<'_>) -> usize {
    let payload = match event {
        Event::Message(message) => message.as_bytes().len(),
        Event::Chunk(chunk) => chunk.payload.len(),
        _ => 0,
    };
    OVERHEAD + payload
}
