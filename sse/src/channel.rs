//! One stream of events for many subscribers, sans-I/O.
//!
//! # Theory of operation
//!
//! The naive channel gives every subscriber a queue and copies every event into each of them: a stalled reader then costs
//! a queue, and a thousand readers a thousand copies. This one keeps a single **ring** of the latest events, each encoded
//! once, and a subscriber is a **place in the ring**, a number:
//!
//! ```text
//!            oldest                              next
//!   ring       │ 41 │ 42 │ 43 │ 44 │ 45 │ 46 │    47
//!                     ▲              ▲         ▲
//!                stalled          a slow one   all that are up to date
//! ```
//! Publishing is one encoding and one push, however many subscribers there are. What a slow reader costs is its number;
//! the bound on all of them together is the bound of the ring. The same ring answers `Last-Event-ID`: to resume is to
//! start from an older place.
//!
//! When the ring moves past a place, [`Slow`] says what happens to the subscriber that stood there. When an id points to before
//! the ring, or to another life of the server (see [`Settings::epoch`]), nothing can be made good, and the subscriber is
//! told: the first thing that it receives is an event of type [`Settings::lost_event`], then all that the ring still has.
//!
//! A new subscriber first receives an event that is an id and nothing else. Browsers do not dispatch it, but they take
//! the id as their place. Without it, a client that is cut off before its first event would come back without a place.
//!
//! Source: WHATWG HTML §9.2.4, "The `Last-Event-ID` header"; the ring and its rules are ours.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::codec::encoder;
use crate::codec::error::EncodeError;
use crate::codec::event::Event;

/// What happens to a subscriber that the ring overtakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Slow {
    /// Its stream ends; a client that comes back is told what it lost. The default.
    #[default]
    Disconnect,
    /// The oldest events are dropped for it; it is told and goes on with what the ring has.
    Skip,
    /// Nobody is overtaken: [`Channel::publish_if_room`] does nothing while the event would push out one that a
    /// subscriber still needs, and the publisher waits.
    Wait,
}

/// Where a subscriber without a `Last-Event-ID` begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Start {
    /// With the next event. The default.
    #[default]
    Live,
    /// With the oldest event of the ring.
    Oldest,
}

/// The bounds and rules of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Events that the ring keeps (default 1 024). At least one is kept: zero counts as one. `MAX` switches the bound off.
    pub ring_events: usize,
    /// Encoded bytes that the ring keeps (default 1 MiB). The newest event is kept whatever its size: zero keeps that one
    /// alone. `MAX` switches the bound off.
    pub ring_bytes: usize,
    /// See [`Slow`].
    pub slow: Slow,
    /// See [`Start`].
    pub start: Start,
    /// Names one life of the numbering, and is written before each id as `epoch-`. A server that starts again with an
    /// empty ring counts from 1 again: with another epoch, ids of its former life are recognised. Empty by default.
    /// CR, LF and NUL in it make every [`Channel::publish`] fail.
    pub epoch: String,
    /// The type of the event that says that events were lost (default `lost`).
    pub lost_event: String,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            ring_events: 1024,
            ring_bytes: 1 << 20,
            slow: Slow::default(),
            start: Start::default(),
            epoch: String::new(),
            lost_event: "lost".to_string(),
        }
    }
}

/// How a subscription begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resume {
    /// There was no `Last-Event-ID`.
    Fresh,
    /// The ring reaches back: the events that were missed, so many, follow without a gap.
    Resumed(u64),
    /// The ring no longer reaches back, or the id is not ours. So many events were lost, if that is known.
    Lost(Option<u64>),
}

/// The ring has moved past the place of this subscriber, and [`Slow::Disconnect`] is the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overtaken;

/// A subscriber of one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key(usize);

/// See the [module](self).
///
/// ```
/// use wirebook_sse::channel::{Channel, Resume, Settings};
/// let mut channel = Channel::new(Settings::default());
/// channel.publish("message", "one")?;
/// channel.publish("message", "two")?;
///
/// let (key, resume) = channel.subscribe(Some("1"));
/// assert_eq!(resume, Resume::Resumed(1));
/// let mut out = Vec::new();
/// channel.take(key, 1 << 16, &mut out).unwrap();
/// assert_eq!(out.concat(), b"id: 2\ndata: two\n\n");
/// # Ok::<(), wirebook_sse::EncodeError>(())
/// ```
#[derive(Debug)]
pub struct Channel {
    settings: Settings,
    ring: VecDeque<Bytes>,
    ring_bytes: usize,
    /// The number of the next event. The ring's first is `next - ring.len()`.
    next: u64,
    subscribers: Vec<Option<Subscriber>>,
    free: Vec<usize>,
    scratch: Vec<u8>,
}

#[derive(Debug)]
struct Subscriber {
    /// The number of the event that it needs next.
    next: u64,
    /// What it is told before that: its place, or its loss.
    first: Option<Bytes>,
}

impl Channel {
    /// A channel whose first event is number 1.
    pub fn new(settings: Settings) -> Self {
        Channel {
            settings,
            ring: VecDeque::new(),
            ring_bytes: 0,
            next: 1,
            subscribers: Vec::new(),
            free: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// Continues a numbering: the next event gets the number `next`, from 1 to 2^63, so that numbers never run out. Call it
    /// before the first event, for a server that keeps its events across restarts.
    pub fn starting_at(mut self, next: u64) -> Self {
        self.next = next.clamp(1, 1 << 63);
        self
    }

    /// Encodes an event once for everyone and returns its number. A subscriber that is too slow for it is overtaken.
    pub fn publish(&mut self, event_type: &str, data: &str) -> Result<u64, EncodeError> {
        self.encode(event_type, data)?;
        Ok(self.push())
    }

    /// Publishes an event if that overtakes nobody: what [`Slow::Wait`] asks for. `None` while there is no room; a
    /// subscriber that takes something or leaves may make some.
    pub fn publish_if_room(&mut self, event_type: &str, data: &str) -> Result<Option<u64>, EncodeError> {
        self.encode(event_type, data)?;
        Ok(self.has_room(self.scratch.len()).then(|| self.push()))
    }

    /// Whether an event of so many encoded bytes would overtake nobody. It looks at every subscriber, and at every event
    /// that would have to go.
    ///
    /// An event goes when the ring is over a bound, and the newest always stays. So when everybody is up to date there is
    /// room for any event, and also for one that is larger than the ring.
    // ANCHOR: has_room
    pub fn has_room(&self, bytes: usize) -> bool {
        let (mut events, mut total) = (self.ring.len() + 1, self.ring_bytes.saturating_add(bytes));
        let goes = |oldest: &&Bytes| {
            let over = self.is_over(events, total);
            (events, total) = (events - 1, total - oldest.len());
            over
        };
        let oldest = self.oldest() + self.ring.iter().take_while(goes).count() as u64;
        self.subscribers.iter().flatten().all(|subscriber| subscriber.next >= oldest)
    }
    // ANCHOR_END: has_room

    /// The next event, into `scratch`.
    fn encode(&mut self, event_type: &str, data: &str) -> Result<(), EncodeError> {
        let id = self.id(self.next);
        self.scratch.clear();
        encoder::encode(Event { event_type, data, id: Some(&id) }, &mut self.scratch)
    }

    /// `scratch` becomes the newest event of the ring; as many of the oldest go as the bounds ask for.
    fn push(&mut self) -> u64 {
        let bytes = Bytes::copy_from_slice(&self.scratch);
        self.ring_bytes += bytes.len();
        self.ring.push_back(bytes);
        while self.ring.len() > 1 && self.is_over(self.ring.len(), self.ring_bytes) {
            self.ring_bytes -= self.ring.pop_front().map_or(0, |oldest| oldest.len());
        }
        self.next += 1;
        self.next - 1
    }

    /// Whether a ring of so much has more than it may.
    fn is_over(&self, events: usize, bytes: usize) -> bool {
        events > self.settings.ring_events.max(1) || bytes > self.settings.ring_bytes
    }

    /// Adds a subscriber. `last_event_id` is the value of the request's `Last-Event-ID`, if there is one.
    pub fn subscribe(&mut self, last_event_id: Option<&str>) -> (Key, Resume) {
        // ANCHOR: subscribe
        let (resume, next) = match last_event_id.filter(|id| !id.is_empty()) {
            None => match self.settings.start {
                Start::Live => (Resume::Fresh, self.next),
                Start::Oldest => (Resume::Fresh, self.oldest()),
            },
            Some(id) => match self.number(id) {
                Some(seen) if seen + 1 >= self.oldest() => (Resume::Resumed(self.next - seen - 1), seen + 1),
                Some(seen) => (Resume::Lost(Some(self.oldest() - seen - 1)), self.oldest()),
                None => (Resume::Lost(None), self.oldest()),
            },
        };
        // ANCHOR_END: subscribe
        let first = match resume {
            Resume::Fresh => Some(self.place(next - 1)),
            Resume::Resumed(_) => None,
            Resume::Lost(lost) => Some(self.loss(lost, next - 1)),
        };
        let subscriber = Subscriber { next, first };
        let index = self.free.pop().unwrap_or(self.subscribers.len());
        if index == self.subscribers.len() {
            self.subscribers.push(None);
        }
        self.subscribers[index] = Some(subscriber);
        (Key(index), resume)
    }

    /// Forgets a subscriber. Its key may then belong to another one.
    pub fn unsubscribe(&mut self, key: Key) {
        if self.subscribers.get_mut(key.0).and_then(Option::take).is_some() {
            self.free.push(key.0);
        }
    }

    /// Appends what the subscriber is to be sent, at least one piece if there is one and no more than `max_bytes`
    /// otherwise, and moves its place. Returns the number of pieces; 0 when it is up to date.
    pub fn take(&mut self, key: Key, max_bytes: usize, out: &mut Vec<Bytes>) -> Result<usize, Overtaken> {
        let oldest = self.oldest();
        let Some(place) = self.subscribers.get(key.0).and_then(Option::as_ref).map(|subscriber| subscriber.next) else {
            return Ok(0);
        };
        let mut loss = None;
        if place < oldest {
            if self.settings.slow == Slow::Disconnect {
                return Err(Overtaken);
            }
            loss = Some(self.loss(Some(oldest - place), oldest - 1));
        }
        let Some(subscriber) = self.subscribers.get_mut(key.0).and_then(Option::as_mut) else { return Ok(0) };
        let before = out.len();
        let mut bytes = 0;
        // A loss replaces what it was to be told first: the newer place counts.
        if let Some(first) = loss.or(subscriber.first.take()) {
            bytes += first.len();
            out.push(first);
            subscriber.next = subscriber.next.max(oldest);
            subscriber.first = None;
        }
        for piece in self.ring.range((subscriber.next - oldest) as usize..) {
            bytes += piece.len();
            if bytes > max_bytes && out.len() > before {
                break;
            }
            out.push(piece.clone());
            subscriber.next += 1;
        }
        Ok(out.len() - before)
    }

    /// How many events the subscriber is behind.
    pub fn lag(&self, key: Key) -> u64 {
        self.subscribers.get(key.0).and_then(Option::as_ref).map_or(0, |subscriber| self.next - subscriber.next)
    }

    /// The number of subscribers.
    pub fn subscribers(&self) -> usize {
        self.subscribers.len() - self.free.len()
    }

    /// The id that the event of this number has on the wire.
    pub fn id(&self, number: u64) -> String {
        if self.settings.epoch.is_empty() { number.to_string() } else { format!("{}-{number}", self.settings.epoch) }
    }

    /// The number of the oldest event that the ring has, or of the next one when it has none.
    pub fn oldest(&self) -> u64 {
        self.next - self.ring.len() as u64
    }

    /// The number that the next event will have.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// The settings it was made with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The number behind an id of ours; `None` for any other text, and for numbers that were not yet given out.
    fn number(&self, id: &str) -> Option<u64> {
        let digits = match &self.settings.epoch[..] {
            "" => id,
            epoch => id.strip_prefix(epoch)?.strip_prefix('-')?,
        };
        let number = digits.parse().ok().filter(|&number| number < self.next)?;
        (self.id(number) == id).then_some(number)
    }

    fn place(&mut self, number: u64) -> Bytes {
        let id = self.id(number);
        self.scratch.clear();
        // The id fails only if the epoch does, and then every `publish` says so.
        let _ = encoder::encode_id(&id, &mut self.scratch);
        Bytes::copy_from_slice(&self.scratch)
    }

    fn loss(&mut self, lost: Option<u64>, place: u64) -> Bytes {
        let id = self.id(place);
        let data = lost.map_or("unknown".to_string(), |lost| lost.to_string());
        self.scratch.clear();
        let event = Event { event_type: &self.settings.lost_event, data: &data, id: Some(&id) };
        let _ = encoder::encode(event, &mut self.scratch);
        Bytes::copy_from_slice(&self.scratch)
    }
}
