//! What goes on beside the application: timers, control frames while nobody reads, and the end of the conversation.
//!
//! **Who reads?** The reader, while the application waits for a message. Otherwise the attendant, so that pings are answered
//! and pongs seen whatever the application does: it reads on until [`Config::ahead`](crate::Config::ahead) bytes wait, and
//! keeps the messages for the reader. Once nobody will read messages any more, it reads and throws them away.
//!
//! **When does it end?** The peer's Close, or the end of its direction, is taken note of when the reader comes upon it, so
//! after all that was said before. A handler that only writes is told when its reader was not asked for anything for
//! [`Config::close_timeout`](crate::Config::close_timeout).
//!
//! **What is still written?** All that was sent before, while the peer takes some of it within each `close_timeout`.

//!
//! **Who tells the time?** A server's sweep, which wakes the attendants of all its connections where something is due, so that an
//! open connection owns no timer. Where there is no server, and at the end, the attendant sleeps by itself.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Instant;

use wirebook_net::{self as net, Stream};

use super::link::Link;
use super::reading::Reading;
use crate::event::Code;

impl<S: Stream + 'static> Link<S> {
    /// Does what is due, and sees to it that the task is woken when there is more to do. Ready when the transport has ended.
    fn poll_attending(self: &Rc<Self>, context: &mut Context<'_>) -> Poll<()> {
        self.attended_by(context);
        loop {
            if self.is_unread() {
                // Refused where the end has begun already.
                let _ = self.close(Code::NORMAL, "");
            }
            let reading = self.poll_reading(context);
            if self.has_ended() {
                return Poll::Ready(());
            }
            let now = net::now();
            self.hold(reading == Reading::Held, now);
            // What came in time may not have been heard yet.
            if self.due().is_none_or(|due| due > net::heard()) {
                return Poll::Pending;
            }
            if self.patience_ends().is_some_and(|end| end <= now) {
                self.take_end();
            } else {
                self.tell(now, reading == Reading::Full);
            }
        }
    }

    /// An end waits for the reader, or does not. The reader has its time anew whenever it has taken something of what is kept for it.
    fn hold(&self, held: bool, now: Instant) {
        let kept = self.kept();
        if held {
            self.put_aside(|aside| aside.held = aside.held.filter(|held| held.1 == kept).or(Some((now, kept))));
        } else {
            self.look_aside(|aside| aside.held = None);
        }
    }

    /// When a reader that takes nothing is waited for no longer.
    fn patience_ends(&self) -> Option<Instant> {
        let (since, _) = self.look_aside(|aside| aside.held)?;
        since.checked_add(self.connection.borrow().config().close_timeout)
    }

    /// When there is something to do though nothing has come.
    fn due(&self) -> Option<Instant> {
        let deadline = self.connection.borrow().deadline();
        deadline.into_iter().chain(self.patience_ends()).min()
    }

    /// Does what is due, or has the attendant do it, if there is one. False when the transport has ended.
    pub(crate) fn look_at(self: &Rc<Self>, now: Instant) -> bool {
        while !self.has_ended() && self.due().is_some_and(|due| due <= now) {
            if self.wake() {
                break;
            }
            // While a slow peer is waited for, it is not read either; that it takes something now and then is its sign of life.
            self.tell(now, false);
        }
        !self.has_ended()
    }

    /// Polls `handler`, and attends while it waits. Somebody else [looks at](Self::look_at) what is due.
    pub(crate) fn poll_beside<F: Future>(
        self: &Rc<Self>,
        handler: Pin<&mut F>,
        context: &mut Context<'_>,
    ) -> Poll<F::Output> {
        let output = handler.poll(context);
        if output.is_pending() && !self.has_ended() {
            let _ = self.poll_attending(context);
        }
        output
    }

    /// Attends until the transport has ended.
    pub(crate) async fn attend(self: Rc<Self>) {
        let mut sleep: Option<(Instant, net::Sleep)> = None;
        poll_fn(|context| {
            while self.poll_attending(context).is_pending() {
                let Some(due) = self.due() else { return Poll::Pending };
                // A timer that is too early does no harm: it is looked again.
                if sleep.as_ref().is_none_or(|(at, _)| *at > due) {
                    sleep = Some((due, net::sleep(due.saturating_duration_since(net::now()))));
                }
                let Some((_, timer)) = &mut sleep else { return Poll::Pending };
                if Pin::new(timer).poll(context).is_pending() {
                    return Poll::Pending;
                }
                sleep = None;
            }
            Poll::Ready(())
        })
        .await;
        self.forget_attendant();
    }

    /// The end: says Close if nobody has, hears out the peer, and ends the transport. `code` is what is said.
    pub(crate) async fn finish(self: Rc<Self>, code: Code) {
        let _ = self.close(code, "");
        self.unread();
        self.flush();
        self.attend().await;
    }
}
