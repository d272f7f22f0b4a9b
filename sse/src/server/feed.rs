//! A [`Channel`] that tasks can wait on: publishers on one side, subscriptions on the other, all on one loop.
//!
//! It adds nothing to the channel but two signals: `news` for the subscriptions, `room` for publishers that wait.

use std::cell::RefCell;
use std::rc::Rc;

use bytes::Bytes;
use wirebook_net::Signal;

use crate::channel::{Channel, Key, Overtaken, Resume, Settings, Slow};
use crate::codec::error::EncodeError;

/// One stream of events, shared by count: clones are the same feed.
///
/// ```
/// use wirebook_sse::feed::{Feed, Next};
/// # wirebook_net::block_on(async {
/// let feed = Feed::new(Default::default());
/// let mut subscription = feed.subscribe(Some("0"));
/// feed.publish("message", "hello").unwrap();
///
/// let mut pieces = Vec::new();
/// assert_eq!(subscription.next(1 << 16, &mut pieces).await, Next::Events);
/// assert_eq!(pieces.concat(), b"id: 1\ndata: hello\n\n");
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct Feed(Rc<Shared>);

#[derive(Debug)]
struct Shared {
    state: RefCell<State>,
    /// Something was published, or subscriptions end.
    news: Signal,
    /// A subscriber took something, or left.
    room: Signal,
}

#[derive(Debug)]
struct State {
    channel: Channel,
    closed: bool,
    /// How often all subscriptions were ended.
    disconnects: u64,
}

/// What a subscription waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Events were appended.
    Events,
    /// The ring moved past this subscriber, and the rule is [`Slow::Disconnect`].
    Overtaken,
    /// The feed was closed or the subscriptions were ended, and everything before that was delivered.
    Closed,
}

impl Feed {
    /// A feed whose first event is number 1.
    pub fn new(settings: Settings) -> Self {
        Feed::from_channel(Channel::new(settings))
    }

    /// A feed on a channel that is prepared already, for instance with events of an earlier life.
    pub fn from_channel(channel: Channel) -> Self {
        let state = RefCell::new(State { channel, closed: false, disconnects: 0 });
        Feed(Rc::new(Shared { state, news: Signal::new(), room: Signal::new() }))
    }

    /// Encodes an event, once, and wakes all subscriptions. Returns its number. It never waits: with [`Slow::Wait`] use
    /// [`publish_when_ready`](Self::publish_when_ready).
    ///
    /// # Errors
    ///
    /// A type that cannot be encoded. Nobody receives anything.
    pub fn publish(&self, event_type: &str, data: &str) -> Result<u64, EncodeError> {
        let number = self.0.state.borrow_mut().channel.publish(event_type, data)?;
        self.0.news.raise();
        Ok(number)
    }

    /// Publishes once no subscriber would be overtaken: back-pressure for the producer. With any other rule than
    /// [`Slow::Wait`] it does not wait. Of several publishers, one with a small event may pass one whose large event still
    /// waits.
    ///
    /// # Errors
    ///
    /// As [`publish`](Self::publish).
    pub async fn publish_when_ready(&self, event_type: &str, data: &str) -> Result<u64, EncodeError> {
        let publish = || {
            let channel = &mut self.0.state.borrow_mut().channel;
            match channel.settings().slow {
                Slow::Wait => channel.publish_if_room(event_type, data).transpose(),
                Slow::Disconnect | Slow::Skip => Some(channel.publish(event_type, data)),
            }
        };
        let number = self.0.room.until(publish).await?;
        self.0.news.raise();
        Ok(number)
    }

    /// A subscription that begins where `last_event_id` says (see [`Channel::subscribe`]).
    pub fn subscribe(&self, last_event_id: Option<&str>) -> Subscription {
        let state = &mut *self.0.state.borrow_mut();
        let (key, resume) = state.channel.subscribe(last_event_id);
        Subscription { feed: self.clone(), key, resume, disconnects: state.disconnects }
    }

    /// Ends all subscriptions once they have what was published, and is for good.
    pub fn close(&self) {
        self.0.state.borrow_mut().closed = true;
        self.0.news.raise();
    }

    /// Ends the subscriptions of the moment once they have what was published. New ones may come: a server that stops sends
    /// its clients away with this, and they come back to the next one.
    pub fn disconnect(&self) {
        self.0.state.borrow_mut().disconnects += 1;
        self.0.news.raise();
    }

    /// Whether it was closed. A server then answers a client that has seen everything with 204, and the client stays away.
    pub fn is_closed(&self) -> bool {
        self.0.state.borrow().closed
    }

    /// The number of subscriptions.
    pub fn subscribers(&self) -> usize {
        self.0.state.borrow().channel.subscribers()
    }

    /// Looks at the channel.
    pub fn with_channel<T>(&self, look: impl FnOnce(&Channel) -> T) -> T {
        look(&self.0.state.borrow().channel)
    }
}

/// A place in a feed. Dropping it gives the place up.
#[derive(Debug)]
pub struct Subscription {
    feed: Feed,
    key: Key,
    resume: Resume,
    /// How often all were ended before this one began.
    disconnects: u64,
}

impl Subscription {
    /// How it began.
    pub fn resume(&self) -> Resume {
        self.resume
    }

    /// Whether the feed is closed and there is nothing left that this subscriber has not seen.
    pub fn is_over(&self) -> bool {
        let state = self.feed.0.state.borrow();
        state.closed && state.channel.lag(self.key) == 0 && !matches!(self.resume, Resume::Lost(_))
    }

    /// Waits for events and appends them, as many as are there, but no more than `max_bytes` unless one alone is larger.
    /// The wait may be dropped at any time: it has taken nothing then.
    pub async fn next(&mut self, max_bytes: usize, out: &mut Vec<Bytes>) -> Next {
        self.feed.0.news.until(|| self.look(max_bytes, out)).await
    }

    /// Appends what is there, without waiting.
    pub fn take(&mut self, max_bytes: usize, out: &mut Vec<Bytes>) {
        // Overtaken or closed: the next call of `next` says so.
        let _ = self.look(max_bytes, out);
    }

    fn look(&self, max_bytes: usize, out: &mut Vec<Bytes>) -> Option<Next> {
        let (taken, ended) = {
            let state = &mut *self.feed.0.state.borrow_mut();
            let ended = state.closed || state.disconnects > self.disconnects;
            (state.channel.take(self.key, max_bytes, out), ended)
        };
        match taken {
            Err(Overtaken) => Some(Next::Overtaken),
            Ok(0) => ended.then_some(Next::Closed),
            Ok(_) => {
                self.feed.0.room.raise();
                Some(Next::Events)
            }
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.feed.0.state.borrow_mut().channel.unsubscribe(self.key);
        self.feed.0.room.raise();
    }
}
