//! A [`Channel`] that tasks can wait on: publishers on one side, subscriptions on the other, all on one loop.
//!
//! It adds nothing to the channel but wakers. A waiting subscription leaves one waker in its own place, so a channel that
//! is silent for a year, with a keep-alive every second, holds no more than on its first day.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

use crate::channel::{Channel, Key, Overtaken, Resume, Settings, Slow};
use crate::error::EncodeError;

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
pub struct Feed(Rc<RefCell<Shared>>);

#[derive(Debug)]
struct Shared {
    channel: Channel,
    /// By the index of the subscriber's key.
    waiting: Vec<Option<Waker>>,
    publishers: Vec<Waker>,
    closed: bool,
}

/// What a subscription waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Events were appended.
    Events,
    /// The ring moved past this subscriber, and the rule is [`Slow::Disconnect`].
    Overtaken,
    /// The feed was closed, and everything before that was delivered.
    Closed,
}

impl Feed {
    /// A feed whose first event is number 1.
    pub fn new(settings: Settings) -> Self {
        Feed::from_channel(Channel::new(settings))
    }

    /// A feed on a channel that is prepared already, for instance with events of an earlier life.
    pub fn from_channel(channel: Channel) -> Self {
        Feed(Rc::new(RefCell::new(Shared { channel, waiting: Vec::new(), publishers: Vec::new(), closed: false })))
    }

    /// Encodes an event, once, and wakes all subscriptions. Returns its number. It never waits: with [`Slow::Wait`] use
    /// [`publish_when_ready`](Self::publish_when_ready).
    ///
    /// # Errors
    ///
    /// A type that cannot be encoded. Nobody receives anything.
    pub fn publish(&self, event_type: &str, data: &str) -> Result<u64, EncodeError> {
        let mut shared = self.0.borrow_mut();
        let number = shared.channel.publish(event_type, data)?;
        shared.wake_subscribers();
        Ok(number)
    }

    /// Publishes once no subscriber would be overtaken: back-pressure for the producer. With any other rule than
    /// [`Slow::Wait`] it does not wait.
    ///
    /// # Errors
    ///
    /// As [`publish`](Self::publish).
    pub async fn publish_when_ready(&self, event_type: &str, data: &str) -> Result<u64, EncodeError> {
        // An upper bound, near enough: field names and line ends, an id of 20 digits.
        let bytes = data.len() + event_type.len() + 64;
        poll_fn(|context| {
            let mut shared = self.0.borrow_mut();
            if shared.channel.settings().slow != Slow::Wait || shared.channel.has_room(bytes) {
                return Poll::Ready(());
            }
            shared.publishers.push(context.waker().clone());
            Poll::Pending
        })
        .await;
        self.publish(event_type, data)
    }

    /// A subscription that begins where `last_event_id` says (see [`Channel::subscribe`]).
    pub fn subscribe(&self, last_event_id: Option<&str>) -> Subscription {
        let mut shared = self.0.borrow_mut();
        let (key, resume) = shared.channel.subscribe(last_event_id);
        if shared.waiting.len() <= key.index() {
            shared.waiting.resize(key.index() + 1, None);
        }
        Subscription { feed: self.clone(), key, resume }
    }

    /// Ends all subscriptions once they have what was published, and is for good.
    pub fn close(&self) {
        let mut shared = self.0.borrow_mut();
        shared.closed = true;
        shared.wake_subscribers();
    }

    /// Whether it was closed. A server then answers with 204 whoever has seen everything, and clients stay away.
    pub fn is_closed(&self) -> bool {
        self.0.borrow().closed
    }

    /// The number of subscriptions.
    pub fn subscribers(&self) -> usize {
        self.0.borrow().channel.subscribers()
    }

    /// Looks at the channel.
    pub fn with_channel<T>(&self, look: impl FnOnce(&Channel) -> T) -> T {
        look(&self.0.borrow().channel)
    }
}

impl Shared {
    fn wake_subscribers(&mut self) {
        self.waiting.iter_mut().filter_map(Option::take).for_each(Waker::wake);
    }
}

/// A place in a feed. Dropping it gives the place up.
#[derive(Debug)]
pub struct Subscription {
    feed: Feed,
    key: Key,
    resume: Resume,
}

impl Subscription {
    /// How it began.
    pub fn resume(&self) -> Resume {
        self.resume
    }

    /// Whether the feed is closed and there is nothing left that this subscriber has not seen.
    pub fn is_over(&self) -> bool {
        let shared = self.feed.0.borrow();
        shared.closed && shared.channel.lag(self.key) == 0 && !matches!(self.resume, Resume::Lost(_))
    }

    /// Waits for events and appends them, as many as are there, but no more than `max_bytes` unless one alone is larger.
    pub async fn next(&mut self, max_bytes: usize, out: &mut Vec<Bytes>) -> Next {
        poll_fn(|context| self.poll_next(max_bytes, out, context)).await
    }

    /// Appends what is there, without waiting.
    pub fn take(&mut self, max_bytes: usize, out: &mut Vec<Bytes>) {
        // Overtaken or closed: the next call of `next` says so.
        let _ = self.feed.0.borrow_mut().channel.take(self.key, max_bytes, out);
    }

    /// One step of [`next`](Self::next).
    pub fn poll_next(&mut self, max_bytes: usize, out: &mut Vec<Bytes>, context: &mut Context<'_>) -> Poll<Next> {
        let shared = &mut *self.feed.0.borrow_mut();
        match shared.channel.take(self.key, max_bytes, out) {
            Err(Overtaken) => Poll::Ready(Next::Overtaken),
            Ok(0) if shared.closed => Poll::Ready(Next::Closed),
            Ok(0) => {
                match &mut shared.waiting[self.key.index()] {
                    Some(waker) => waker.clone_from(context.waker()),
                    place => *place = Some(context.waker().clone()),
                }
                Poll::Pending
            }
            Ok(_) => {
                shared.publishers.drain(..).for_each(Waker::wake);
                Poll::Ready(Next::Events)
            }
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let shared = &mut *self.feed.0.borrow_mut();
        shared.channel.unsubscribe(self.key);
        shared.waiting[self.key.index()] = None;
        shared.publishers.drain(..).for_each(Waker::wake);
    }
}
