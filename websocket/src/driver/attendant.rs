//! What goes on beside the application: timers, control frames while nobody reads, and the end of the conversation.
//!
//! **Who reads?** The reader, while the application waits for a message. Otherwise the attendant, so that pings are answered
//! and pongs seen whatever the application does: it reads on until [`Config::ahead`](crate::Config::ahead) bytes wait, and
//! keeps the messages for the reader. Once nobody will read messages any more, it reads and throws them away.
//!
//! **When does it end?** The peer's Close, or the end of its direction, is taken note of when the reader comes upon it, so
//! after all that was said before. For who only writes, it is when the reader was not asked for anything for
//! [`Config::close_timeout`](crate::Config::close_timeout).
//!
//! **What is still written?** All that was sent before, while the peer takes some of it within each `close_timeout`.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Instant;

use wirebook_net::{self as net, Stream};

use super::link::Link;
use super::reading::Reading;
use crate::event::Code;

/// Polled together with the application's handler, or in a task of its own.
pub(crate) struct Attendant<S> {
    link: Rc<Link<S>>,
    sleep: Option<(Instant, net::Sleep)>,
    /// Since when an end waits for a reader that is not asked for anything.
    held: Option<Instant>,
}

impl<S: Stream + 'static> Attendant<S> {
    pub(crate) fn new(link: Rc<Link<S>>) -> Self {
        Attendant { link, sleep: None, held: None }
    }

    /// Does what is due, and sees to it that the task is woken when there is more. Ready when the transport has ended.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.link.attend(context);
        loop {
            if self.link.is_unread() {
                // Refused where the end has begun already.
                let _ = self.link.close(Code::NORMAL, "");
            }
            let reading = self.link.poll_reading(context);
            if self.link.has_ended() {
                return Poll::Ready(());
            }
            let now = net::now();
            let asked = self.link.was_asked();
            self.held = match self.held {
                _ if reading != Reading::Held => None,
                Some(since) if !asked => Some(since),
                _ => Some(now),
            };
            let (deadline, patience) = self.link.with_connection(|c| (c.deadline(), c.config().close_timeout));
            let held = self.held.and_then(|since| since.checked_add(patience));
            let Some(due) = deadline.into_iter().chain(held).min() else { return Poll::Pending };
            if due > now {
                if self.poll_sleep(due, now, context).is_pending() {
                    return Poll::Pending;
                }
            } else if held.is_some_and(|held| held <= now) {
                self.link.take_end();
            } else {
                self.link.tell(now, reading == Reading::Full);
            }
        }
    }

    fn poll_sleep(&mut self, due: Instant, now: Instant, context: &mut Context<'_>) -> Poll<()> {
        match &mut self.sleep {
            // A timer that is too early does no harm: the deadline is looked at again.
            Some((at, _)) if *at <= due && *at > now => {}
            _ => self.sleep = Some((due, net::sleep(due - now))),
        }
        let poll = self.sleep.as_mut().map_or(Poll::Ready(()), |(_, sleep)| Pin::new(sleep).poll(context));
        if poll.is_ready() {
            self.sleep = None;
        }
        poll
    }

    /// Polls `handler`, and attends while it waits. `None`: the server has stopped and waits for the handler no more.
    pub(crate) fn poll_beside<F: Future>(
        &mut self,
        handler: Pin<&mut F>,
        context: &mut Context<'_>,
    ) -> Poll<Option<F::Output>> {
        if let Poll::Ready(output) = handler.poll(context) {
            return Poll::Ready(Some(output));
        }
        if !self.link.has_ended() {
            let _ = self.poll(context);
        }
        if self.link.is_abandoned() { Poll::Ready(None) } else { Poll::Pending }
    }

    /// For halves that went anywhere: attends in a task of its own until the transport has ended.
    pub(crate) fn spawn(mut self) {
        net::spawn(async move {
            poll_fn(|context| self.poll(context)).await;
            self.link.forget_attendant();
        });
    }

    /// The end: says Close if nobody has, hears out the peer, and ends the transport. `code` is what is said.
    pub(crate) async fn finish(&mut self, code: Code) {
        let _ = self.link.close(code, "");
        self.link.unread();
        self.link.flush();
        poll_fn(|context| self.poll(context)).await;
        self.link.forget_attendant();
    }
}
