//! What goes on beside the application: timers, and the end of the conversation.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Instant;

use wirebook_net::{self as net, Stream};

use super::input::Input;
use super::link::Link;
use crate::error::Error;
use crate::event::{Close, Code, Event};
use crate::state::State;

/// Polled together with the application's handler, or in a task of its own.
pub(crate) struct Attendant<S> {
    link: Rc<Link<S>>,
    sleep: Option<(Instant, net::Sleep)>,
}

impl<S: Stream + 'static> Attendant<S> {
    pub(crate) fn new(link: Rc<Link<S>>) -> Self {
        Attendant { link, sleep: None }
    }

    /// Does what is due, and sees to it that the task is woken when there is more.
    fn attend(&mut self, context: &mut Context<'_>) {
        self.link.attend(context);
        while let Some(deadline) = self.link.with_connection(|connection| connection.deadline()) {
            let now = net::now();
            if deadline <= now {
                if let Err(error) = self.link.with(|connection, out| connection.expire(now, out)) {
                    self.link.lost(error);
                    self.link.end();
                    return;
                }
                continue;
            }
            match &mut self.sleep {
                // A timer that is too early does no harm: the deadline is looked at again.
                Some((due, sleep)) if *due <= deadline && *due > now => {
                    if Pin::new(sleep).poll(context).is_pending() {
                        return;
                    }
                    self.sleep = None;
                }
                _ => self.sleep = Some((deadline, net::sleep(deadline - now))),
            }
        }
    }

    /// Polls `handler`, and attends while it waits.
    pub(crate) fn poll_beside<F: Future>(
        &mut self,
        handler: Pin<&mut F>,
        context: &mut Context<'_>,
    ) -> Poll<F::Output> {
        let poll = handler.poll(context);
        if poll.is_pending() && !self.link.has_ended() {
            self.attend(context);
        }
        poll
    }

    /// Attends until nobody reads any more.
    pub(crate) async fn until_unread(&mut self) {
        poll_fn(|context| {
            if self.link.is_unread() {
                return Poll::Ready(());
            }
            self.attend(context);
            if self.link.is_unread() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// The end: says Close if nobody has, hears out the peer, and ends the transport. `code` is what is said.
    pub(crate) async fn finish(&mut self, code: Code) {
        self.link.unread();
        let _ = self.link.send_event(Event::Close(Close::new(code, "")));
        let mut input = self.link.left();
        self.hear_out(&mut input);
        poll_fn(|context| {
            self.link.flush();
            while !self.link.has_ended() {
                self.attend(context);
                match self.link.stream.poll_readable(context) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(_) => self.read_on(&mut input),
                }
            }
            Poll::Ready(())
        })
        .await;
        self.link.forget_attendant();
    }

    fn read_on(&mut self, input: &mut Option<Box<Input>>) {
        match self.link.read(Input::room(input)) {
            Ok(Some(0)) | Err(_) => self.link.lost(Error::AbruptEnd),
            Ok(None) => {}
            Ok(Some(count)) => {
                if let Some(input) = input {
                    input.filled(count);
                }
                self.hear_out(input);
            }
        }
    }

    /// For the peer's Close; messages are thrown away.
    fn hear_out(&mut self, slot: &mut Option<Box<Input>>) {
        let Some(input) = slot else { return };
        loop {
            let result = self.link.with_connection(|connection| connection.receive(input.unconsumed()));
            match result {
                Ok((used, event)) => {
                    let more = event.is_some();
                    if let Some(Event::Close(close)) = event {
                        self.link.closed_by_peer(close);
                    }
                    input.consume(used);
                    if !more {
                        break;
                    }
                }
                Err(error) => {
                    self.link.fail(error);
                    break;
                }
            }
        }
        Input::rest(slot);
        if self.link.with_connection(|connection| connection.state()) == State::Closed {
            self.link.flush();
        }
    }
}
