//! The streams that are not over, and the little that is remembered of those that are.

use super::priority::Priority;
use super::state::{Lifecycle, Message, State};
use super::window::{Receiver, Sender};
use crate::wire::StreamId;
use std::collections::VecDeque;
use std::time::Instant;

/// One stream.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) id: StreamId,
    pub(crate) lifecycle: Lifecycle,
    /// The peer's message, and ours.
    pub(crate) incoming: Message,
    pub(crate) outgoing: Message,
    pub(crate) receiver: Receiver,
    pub(crate) sender: Sender,
    /// Bytes that `content-length` still promises, of the peer's message and of ours.
    pub(crate) expected: Option<u64>,
    pub(crate) promised: Option<u64>,
    pub(crate) priority: Priority,
    /// The answer has no content: the request was HEAD, or the status is 204 or 304.
    pub(crate) bodyless: bool,
    /// The request was CONNECT: with 2xx the stream is a tunnel.
    pub(crate) connect: bool,
    /// It is one: both ends have agreed, and nobody waits for anything.
    pub(crate) tunnel: bool,
    /// Nobody reads what comes.
    pub(crate) released: bool,
    /// Interim responses that have passed.
    pub(crate) interim: u32,
    /// When the peer's body is too slow, if it is waited for.
    pub(crate) body_due: Option<Instant>,
    /// Nobody minds how slowly it comes.
    pub(crate) patient: bool,
    /// When the peer has kept its window shut for too long, if somebody waits for it.
    pub(crate) room_due: Option<Instant>,
}

impl Stream {
    /// One that begins, `ours` if this end opens it, with the windows that the two ends have for it.
    pub(crate) fn new(id: StreamId, ours: bool, receiver: Receiver, sender: Sender) -> Stream {
        Stream {
            id,
            lifecycle: Lifecycle::new(ours),
            incoming: Message::new(),
            outgoing: Message::new(),
            receiver,
            sender,
            expected: None,
            promised: None,
            priority: Priority::default(),
            bodyless: false,
            connect: false,
            tunnel: false,
            released: false,
            interim: 0,
            body_due: None,
            patient: false,
            room_due: None,
        }
    }

    /// When the peer's content is too slow, if anybody minds.
    pub(crate) fn content_due(&self) -> Option<Instant> {
        self.body_due.filter(|_| !self.patient)
    }

    /// Whether there is nothing more to know of it: both have said all, and what came has been read.
    pub(crate) fn is_over(&self) -> bool {
        self.lifecycle.state().is_closed() && self.receiver.unread() == 0
    }

    /// Nobody reads what the peer still says, and all that we had to say is said.
    pub(crate) fn is_unwanted(&self) -> bool {
        self.released && self.lifecycle.state() == State::HalfClosedLocal
    }

    /// Whether the peer has used half of its window without anybody having reopened it.
    pub(crate) fn is_half_used(&self) -> bool {
        self.receiver.open() <= u64::from(self.receiver.size() / 2)
    }
}

/// The streams: memory that there is once there has been one.
#[derive(Debug, Default)]
pub(crate) struct Streams(Option<Box<Slots>>);

impl Streams {
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.iter().len()
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Stream> {
        self.0.as_ref().map_or(&[][..], |slots| &slots.slots).iter()
    }

    #[inline]
    pub(crate) fn iter_mut(&mut self) -> std::slice::IterMut<'_, Stream> {
        self.0.as_mut().map_or(&mut [][..], |slots| &mut slots.slots).iter_mut()
    }

    #[inline]
    pub(crate) fn get(&self, id: StreamId) -> Option<&Stream> {
        self.0.as_ref()?.get(id)
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, id: StreamId) -> Option<&mut Stream> {
        self.0.as_mut()?.get_mut(id)
    }

    /// Adds a stream, whose number is new.
    pub(crate) fn insert(&mut self, stream: Stream) {
        self.0.get_or_insert_default().insert(stream);
    }

    pub(crate) fn remove(&mut self, id: StreamId) -> Option<Stream> {
        self.0.as_mut()?.remove(id)
    }
}

/// All streams, one behind the other in no order, and where each is by its number.
#[derive(Debug, Default)]
struct Slots {
    slots: Vec<Stream>,
    /// Open addressing: a slot's place and 1, or 0. The number itself stands in the slot.
    index: Vec<u32>,
}

impl Slots {
    fn get(&self, id: StreamId) -> Option<&Stream> {
        self.place(id).map(|(_, slot)| &self.slots[slot])
    }

    fn get_mut(&mut self, id: StreamId) -> Option<&mut Stream> {
        self.place(id).map(|(_, slot)| &mut self.slots[slot])
    }

    fn insert(&mut self, stream: Stream) {
        debug_assert!(self.get(stream.id).is_none());
        self.slots.push(stream);
        // At most half full, so that a search is short and has an end.
        if self.index.len() < self.slots.len() * 2 {
            self.index = vec![0; (self.slots.len() * 2).next_power_of_two().max(16)];
            (0..self.slots.len()).for_each(|slot| self.enter(slot));
        } else {
            self.enter(self.slots.len() - 1);
        }
    }

    fn remove(&mut self, id: StreamId) -> Option<Stream> {
        let (at, slot) = self.place(id)?;
        self.erase(at);
        let last = self.slots.len() - 1;
        if slot != last {
            let (at, _) = self.place(self.slots[last].id)?;
            self.index[at] = slot as u32 + 1;
        }
        Some(self.slots.swap_remove(slot))
    }

    /// Where a number's entry would be if nobody was in its way. Numbers of one end are odd or even, so the lowest bit says
    /// nothing.
    fn home(&self, id: StreamId) -> usize {
        (id.number() >> 1) as usize & (self.index.len() - 1)
    }

    fn place(&self, id: StreamId) -> Option<(usize, usize)> {
        if self.index.is_empty() {
            return None;
        }
        let mut at = self.home(id);
        loop {
            let slot = (self.index[at] as usize).checked_sub(1)?;
            if self.slots[slot].id == id {
                return Some((at, slot));
            }
            at = (at + 1) & (self.index.len() - 1);
        }
    }

    fn enter(&mut self, slot: usize) {
        let mut at = self.home(self.slots[slot].id);
        while self.index[at] != 0 {
            at = (at + 1) & (self.index.len() - 1);
        }
        self.index[at] = slot as u32 + 1;
    }

    /// Empties an entry, and moves those behind it that a search would no longer find.
    fn erase(&mut self, mut hole: usize) {
        let mask = self.index.len() - 1;
        let mut at = hole;
        loop {
            at = (at + 1) & mask;
            let Some(slot) = (self.index[at] as usize).checked_sub(1) else { break };
            let home = self.home(self.slots[slot].id);
            // Its home is not between the hole and itself.
            if at.wrapping_sub(home) & mask >= at.wrapping_sub(hole) & mask {
                self.index[hole] = self.index[at];
                hole = at;
            }
        }
        self.index[hole] = 0;
    }
}

/// Streams that we reset and that are remembered: frames that were on their way are dropped. Older ones count as ended.
pub const REMEMBERED_RESETS: usize = 64;

/// Numbers back from the last one of which is known whether they were ever opened.
const REMEMBERED_OPENED: u32 = u128::BITS;

/// What is known of streams without a record.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// The last stream that the peer opened, and that we opened.
    pub(crate) last_theirs: StreamId,
    pub(crate) last_ours: StreamId,
    /// Bit n: the peer's stream 2n numbers before the last was opened. A client may skip numbers, and they are closed then.
    opened: u128,
    /// Room that most connections never need.
    #[expect(clippy::box_collection, reason = "an empty one has 32 bytes")]
    resets: Option<Box<VecDeque<StreamId>>>,
}

impl Memory {
    /// The peer has opened a stream, above all before it.
    pub(crate) fn opened(&mut self, id: StreamId) {
        let steps = (id.number() - self.last_theirs.number()) / 2 + u32::from(self.last_theirs.is_connection());
        self.opened = self.opened.checked_shl(steps).unwrap_or(0) | 1;
        self.last_theirs = id;
    }

    /// We have reset a stream.
    pub(crate) fn reset(&mut self, id: StreamId) {
        let resets = self.resets.get_or_insert_default();
        if resets.len() == REMEMBERED_RESETS {
            resets.pop_front();
        }
        resets.push_back(id);
    }

    /// The state of a stream without a record; `None` where the peer jumped over it, so that nobody will ever open it.
    pub(crate) fn state(&self, id: StreamId, ours: bool) -> Option<State> {
        let last = if ours { self.last_ours } else { self.last_theirs };
        if id > last {
            return Some(if ours { State::Unopened } else { State::Idle });
        }
        if self.resets.as_ref().is_some_and(|resets| resets.contains(&id)) {
            return Some(State::ResetByUs);
        }
        let back = (last.number() - id.number()) / 2;
        let opened = ours || back >= REMEMBERED_OPENED || self.opened >> back & 1 == 1;
        opened.then_some(State::Ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn stream(id: u32) -> Stream {
        Stream::new(StreamId::new(id), false, Receiver::new(0), Sender::new(0))
    }

    #[test]
    fn streams_are_found_by_number_whatever_came_and_went() {
        let (mut streams, mut model) = (Streams::default(), BTreeSet::new());
        let mut random = 7_u64;
        for round in 0..20_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            // Few numbers, and many of them with the same home.
            let id = (random >> 33) as u32 % 64 * if round % 2 == 0 { 1 } else { 256 } + 1;
            if model.insert(id) {
                streams.insert(stream(id));
            } else {
                model.remove(&id);
                assert_eq!(streams.remove(StreamId::new(id)).map(|stream| stream.id.number()), Some(id));
            }
            assert_eq!(streams.len(), model.len());
            if round % 97 == 0 {
                for id in (0..64).flat_map(|n| [n + 1, n * 256 + 1]) {
                    let found = streams.get(StreamId::new(id)).map(|stream| stream.id.number());
                    assert_eq!(found, model.contains(&id).then_some(id));
                }
            }
        }
        assert!(streams.remove(StreamId::new(9999)).is_none());
    }

    #[test]
    fn what_is_remembered_of_streams_that_are_over() {
        let mut memory = Memory::default();
        let state = |memory: &Memory, id| memory.state(StreamId::new(id), false);
        assert_eq!(state(&memory, 1), Some(State::Idle));
        for id in [1, 5, 9] {
            memory.opened(StreamId::new(id));
        }
        assert_eq!(
            [1, 3, 5, 7, 9, 11].map(|id| state(&memory, id)),
            [Some(State::Ended), None, Some(State::Ended), None, Some(State::Ended), Some(State::Idle)]
        );
        memory.reset(StreamId::new(5));
        assert_eq!(state(&memory, 5), Some(State::ResetByUs));
        // The bounds: the 64th reset pushes out the first of 65, and 128 numbers back nobody knows.
        (0..REMEMBERED_RESETS as u32 - 1).for_each(|n| memory.reset(StreamId::new(1001 + n)));
        assert_eq!(state(&memory, 5), Some(State::ResetByUs));
        memory.reset(StreamId::new(3001));
        assert_eq!(state(&memory, 5), Some(State::Ended));
        memory.opened(StreamId::new(3 + 2 * 127));
        assert_eq!((state(&memory, 3), state(&memory, 1)), (None, Some(State::Ended)));
        memory.opened(StreamId::new(3 + 2 * 128));
        assert_eq!(state(&memory, 3), Some(State::Ended));
        memory.opened(StreamId::MAX);
        assert_eq!(state(&memory, StreamId::MAX.number() - 2), None);
    }
}
