//! Messages that were read before they were asked for.

use std::collections::VecDeque;

use crate::event::Event;

/// What a message that waits counts for beside its payload, so that empty ones have a bound as well.
const OVERHEAD: usize = 64;

/// In order.
#[derive(Default)]
pub(crate) struct Ahead {
    events: VecDeque<Event<'static>>,
    /// What they count for against [`Config::ahead`](crate::Config::ahead).
    bytes: usize,
}

impl Ahead {
    pub(crate) fn push(&mut self, event: Event<'static>) {
        self.bytes += weight(&event);
        self.events.push_back(event);
    }

    pub(crate) fn pop(&mut self) -> Option<Event<'static>> {
        let event = self.events.pop_front()?;
        self.bytes -= weight(&event);
        Some(event)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
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
