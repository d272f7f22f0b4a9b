//! A child that runs, and what happens to it.

use super::{
    channel::{Channel, Message},
    exit::{Exit, Life},
};
use std::{
    future::{Future, poll_fn},
    io,
    os::fd::OwnedFd,
    pin::pin,
    rc::Rc,
    task::Poll,
};
use wirebook_net::{
    self as net, SignalNumber, Stream,
    pipe::{PipeReader, PipeWriter},
};

/// A process that was started. Dropping this changes nothing for it: it runs on, and is buried when it has ended.
pub struct Child {
    pub(super) life: Rc<Life>,
    /// What it reads, for [`Io::Pipe`](super::Io::Pipe). Dropping it is the end of its input.
    pub stdin: Option<PipeWriter>,
    /// What it writes.
    pub stdout: Option<PipeReader>,
    /// What it complains.
    pub stderr: Option<PipeReader>,
}

impl std::fmt::Debug for Child {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Child").field("id", &self.id()).field("ended", &self.ended()).finish_non_exhaustive()
    }
}

impl Child {
    /// Its number. Another process may have it when the child has ended and is buried.
    pub fn id(&self) -> i32 {
        self.life.pid()
    }

    /// How it ended, if it has.
    pub fn ended(&self) -> Option<Exit> {
        self.life.end()
    }

    /// Waits until it has ended: Node's `exit`. Its output may not be read to the end, and others may have its pipes.
    pub async fn exited(&self) -> Exit {
        self.life.ended().await
    }

    /// Waits until it has ended and its output has: Node's `close`. What is not read is read here and thrown away, so that it
    /// can go on writing until it ends.
    pub async fn closed(mut self) -> Exit {
        drop(self.stdin.take());
        let (out, err) = (drain(self.stdout.take()), drain(self.stderr.take()));
        both(both(out, err), self.life.ended()).await.1
    }

    /// Sends a signal, to it or to the group that it leads. False when it has ended. Signal 0 asks whether it runs and sends
    /// nothing.
    ///
    /// # Errors
    /// `InvalidInput` for a number that is no signal's; `PermissionDenied`.
    pub fn kill(&self, signal: SignalNumber) -> io::Result<bool> {
        self.life.kill(signal)
    }
}

async fn drain(reader: Option<PipeReader>) {
    let Some(reader) = reader else { return };
    while let Ok(1..) = reader.read(&mut net::buffer()).await {}
}

/// Waits for both.
pub(super) async fn both<A, B>(one: impl Future<Output = A>, other: impl Future<Output = B>) -> (A, B) {
    let (mut one, mut other) = (pin!(one), pin!(other));
    let (mut first, mut second) = (None, None);
    poll_fn(|context| {
        if first.is_none()
            && let Poll::Ready(value) = one.as_mut().poll(context)
        {
            first = Some(value);
        }
        if second.is_none()
            && let Poll::Ready(value) = other.as_mut().poll(context)
        {
            second = Some(value);
        }
        match (first.take(), second.take()) {
            (Some(first), Some(second)) => Poll::Ready((first, second)),
            rest => {
                (first, second) = rest;
                Poll::Pending
            }
        }
    })
    .await
}

/// What happens to a child with a channel, in Node's words.
#[derive(Debug)]
pub enum Event {
    /// It runs: the system has started its program. Node's `spawn`.
    Online,
    /// It says something.
    Message(Message<OwnedFd>),
    /// It broke a rule of the channel; `Disconnect` comes next.
    Error(io::Error),
    /// Its channel has ended: no message comes any more.
    Disconnect,
    /// It has ended.
    Exit(Exit),
    /// It has ended and its channel has: nothing comes any more.
    Close(Exit),
}

/// See [`events`].
#[derive(Debug)]
pub struct Events {
    life: Rc<Life>,
    channel: Channel,
    told: Told,
}

#[derive(Clone, Copy, Debug, Default)]
struct Told {
    online: bool,
    disconnect: bool,
    exit: bool,
    close: bool,
}

impl std::fmt::Debug for Life {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Life").field("pid", &self.pid()).field("end", &self.end()).finish_non_exhaustive()
    }
}

/// All that happens to a child with a channel, in order: [`Event::Online`] first; messages before [`Event::Disconnect`], which
/// comes once; [`Event::Exit`] once; [`Event::Close`] last.
pub fn events(child: &Child, channel: &Channel) -> Events {
    Events { life: child.life.clone(), channel: channel.clone(), told: Told::default() }
}

impl Events {
    /// The next event; `None` behind [`Event::Close`].
    pub async fn next(&mut self) -> Option<Event> {
        if !std::mem::replace(&mut self.told.online, true) {
            return Some(Event::Online);
        }
        let (mut message, mut exit) = (pin!(self.channel.next()), pin!(self.life.ended()));
        let told = &mut self.told;
        poll_fn(|context| {
            if !told.disconnect
                && let Poll::Ready(next) = message.as_mut().poll(context)
            {
                return Poll::Ready(Some(match next {
                    Ok(Some(message)) => Event::Message(message),
                    // The channel is closed by that, and gives its end the next time.
                    Err(error) => Event::Error(error),
                    Ok(None) => {
                        told.disconnect = true;
                        Event::Disconnect
                    }
                }));
            }
            let (true, Poll::Ready(end)) = (!told.close, exit.as_mut().poll(context)) else {
                return if told.close { Poll::Ready(None) } else { Poll::Pending };
            };
            if !std::mem::replace(&mut told.exit, true) {
                return Poll::Ready(Some(Event::Exit(end)));
            }
            if !told.disconnect {
                return Poll::Pending;
            }
            told.close = true;
            Poll::Ready(Some(Event::Close(end)))
        })
        .await
    }
}
