//! A connection's own task: it reads and writes for all requests on it, and keeps its time.

use super::call::{Shared, answer_soon};
use super::line::{Asks, Desk, Line, MAX_UNWRITTEN};
use crate::state::Leaving;
use crate::wire::{Code, Header};
use crate::{Error, Event};
use std::future::poll_fn;
use std::io;
use std::mem;
use std::net::Shutdown;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Instant;
use wirebook_http1::server::host::{Inbox, call as tell};
use wirebook_http1::server::{Outcome, Request, Response, Trouble};
use wirebook_net::{self as net, Sleep};

/// What a connection's task keeps beside what all see.
struct Conversation<H> {
    line: Rc<Line>,
    shared: Rc<Shared<H>>,
    /// What has come and was not used: a part of a frame, or of a field block.
    inbox: Inbox,
    /// Since when the client has taken nothing of what is to be written.
    blocked: Option<Instant>,
    timer: Option<(Instant, Sleep)>,
}

/// The connection leaves the table, however its task ends.
struct Guard(Rc<Line>);

impl Drop for Guard {
    fn drop(&mut self) {
        if self.0.stream.is_secure() {
            // Dropping a socket says that it ended. Dropping TLS does not (RFC 8446 §6.1).
            let _ = self.0.stream.shutdown(Shutdown::Write);
        }
        self.0.leave();
    }
}

/// How a look at what has come ended.
enum Read {
    /// There is no more now.
    All,
    /// The client says no more.
    Eof,
}

/// From the first byte to the last. `inbox` is what has come already.
pub(super) async fn converse<H>(line: Rc<Line>, shared: Rc<Shared<H>>, inbox: Inbox)
where
    H: for<'r> AsyncFn(Request<'r>, Response<'r>) -> Outcome + 'static,
{
    let guard = Guard(line.clone());
    let mut conversation = Conversation { line, shared, inbox, blocked: None, timer: None };
    if let Ok(true) = conversation.hold().await {
        let Conversation { line, inbox, .. } = conversation;
        drop(inbox);
        linger(&line).await;
    }
    drop(guard);
}

impl<H> Conversation<H>
where
    H: for<'r> AsyncFn(Request<'r>, Response<'r>) -> Outcome + 'static,
{
    /// Until it is over: says whether the client may still have something to say, that is to be read and thrown away.
    ///
    /// # Errors
    ///
    /// Those of the stream, and `TimedOut` where the client takes nothing for too long.
    // ANCHOR: hold
    async fn hold(&mut self) -> io::Result<bool> {
        loop {
            self.line.tick();
            self.look_up();
            let read = self.read()?;
            self.line.tick();
            self.write()?;
            match read {
                Read::Eof => return Ok(false),
                Read::All if self.line.core().is_over() && self.line.out().is_empty() => return Ok(true),
                Read::All => poll_fn(|context| self.poll_work(context)).await?,
            }
        }
    }
    // ANCHOR_END: hold

    /// What does not come from the client: the server closes, or somebody has been too slow.
    fn look_up(&mut self) {
        self.line.has_work.set(false);
        if self.line.common.connections.is_closing() {
            let leaving = self.line.core().leaving();
            if leaving == Leaving::No {
                self.line.core().shutdown();
                self.line.notify_all();
            }
        }
    }

    /// Reads what is there, and lets everybody have his share.
    fn read(&mut self) -> io::Result<Read> {
        let mut desk = self.line.common.lend();
        desk.inbox.take_up(mem::take(&mut self.inbox));
        let read = self.read_into(&mut desk);
        if !desk.inbox.is_empty() {
            self.inbox = desk.inbox.set_aside();
        }
        self.line.common.take_back(desk);
        read
    }

    fn read_into(&self, desk: &mut Desk) -> io::Result<Read> {
        let most = self.most();
        // What has come before, and what time has brought.
        self.receive(desk);
        while self.line.out().pending() <= MAX_UNWRITTEN {
            match desk.inbox.fill(&*self.line.stream, most) {
                Ok(0) => {
                    // Whose message is unfinished has broken it off, and knows.
                    self.line.core().receive_eof().unwrap_or_default();
                    return Ok(Read::Eof);
                }
                Ok(_) => self.receive(desk),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(Read::All)
    }

    /// The largest thing that must be here whole: a field block with all its headers, or a frame.
    fn most(&self) -> usize {
        let config = &self.line.common.options.http2;
        let headers = (config.max_continuations as usize).saturating_add(2).saturating_mul(Header::SIZE);
        config.max_block.max(config.frame_size() as usize).saturating_add(headers).saturating_add(1)
    }

    /// Has everything received that is in the inbox.
    fn receive(&self, Desk { inbox, fields }: &mut Desk) {
        let line = &self.line;
        loop {
            let (used, event) = match line.core().receive(inbox.unread(), fields) {
                Ok(received) => received,
                Err(error) => return self.fail(error),
            };
            let Some(event) = event else {
                inbox.consume(used);
                return;
            };
            match event {
                Event::Request { stream, end, .. } => match line.open(stream, Asks { end }, fields) {
                    Some(call) => answer_soon(&self.shared, call),
                    None => {
                        let refused = Event::Reset { stream, code: Code::REFUSED_STREAM };
                        line.say(|core, out| core.send(refused, out)).ok();
                    }
                },
                Event::Data { stream, bytes, end } => match line.call(stream) {
                    Some(call) => call.receive(bytes, end),
                    None => line.say(|core, out| core.release(stream, out)),
                },
                Event::Trailers { stream, fields } => {
                    if let Some(call) = line.call(stream) {
                        call.receive_trailers(fields);
                    }
                }
                Event::Reset { stream, .. } => {
                    if let Some(call) = line.call(stream) {
                        call.abandon();
                    }
                    line.say(|core, out| core.release(stream, out));
                }
                Event::StreamError(error) => {
                    if let Some(call) = error.stream.and_then(|stream| line.call(stream)) {
                        call.abandon();
                    }
                    tell(&line.common.hooks().client_error, &trouble(error));
                }
                Event::Room(_) | Event::Settings(_) => line.wake(),
                _ => {}
            }
            inbox.consume(used);
        }
    }

    /// The client has broken a rule: it is told, and nothing else of it counts.
    fn fail(&self, error: Error) {
        tell(&self.line.common.hooks().client_error, &trouble(error));
        self.line.abandon_all();
        self.line.wake();
    }

    /// Writes as far as the client takes it, and lets others add to it.
    fn write(&mut self) -> io::Result<()> {
        let (taken, left) = {
            let out = &mut *self.line.out();
            let before = out.pending();
            out.flush(&*self.line.stream)?;
            (before - out.pending(), out.pending())
        };
        self.blocked = match left {
            0 => None,
            _ if taken > 0 => Some(net::now()),
            _ => self.blocked.or(Some(net::now())),
        };
        let is_late = self.blocked.and_then(|since| self.write_due(since)).is_some_and(|due| due <= net::now());
        if is_late && taken == 0 {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.line.share_room();
        Ok(())
    }

    fn write_due(&self, since: Instant) -> Option<Instant> {
        since.checked_add(self.line.common.options.http.write_timeout)
    }

    /// Ready when there is something to do.
    fn poll_work(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let line = &self.line;
        if line.work.poll_until(context, || line.has_work.get().then_some(())).is_ready() {
            return Poll::Ready(Ok(()));
        }
        if line.out().pending() <= MAX_UNWRITTEN
            && let Poll::Ready(readable) = line.stream.poll_readable(context)
        {
            return Poll::Ready(readable);
        }
        if !line.out().is_empty()
            && let Poll::Ready(writable) = line.stream.poll_writable(context)
        {
            return Poll::Ready(writable);
        }
        self.poll_late(context).map(Ok)
    }

    /// Ready when it is time for something. The timer is set anew only where it would ring too late: it rings too soon at most once
    /// for each thing that has come in time.
    fn poll_late(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let due = self.line.core().deadline();
        let due = due.into_iter().chain(self.blocked.and_then(|since| self.write_due(since))).min();
        let Some(due) = due else { return Poll::Pending };
        if self.timer.as_ref().is_none_or(|(rings, _)| *rings > due) {
            self.timer = Some((due, net::sleep(due.saturating_duration_since(net::now()))));
        }
        let Some((_, sleep)) = &mut self.timer else { return Poll::Pending };
        let rung = Pin::new(sleep).poll(context);
        if rung.is_ready() {
            self.timer = None;
        }
        rung
    }
}

/// Ends our half, then reads on and throws away what comes, so that the client's system does not throw away our last word.
async fn linger(line: &Line) {
    let options = &line.common.options.http;
    let time = line.common.connections.linger_time(options);
    if line.stream.shutdown(Shutdown::Write).is_err() || time.is_zero() {
        return;
    }
    let all = async {
        loop {
            let piece = poll_fn(|context| {
                let mut bytes = net::buffer();
                loop {
                    match line.stream.try_read(&mut bytes) {
                        Ok(1..) => return Poll::Ready(true),
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                            if std::task::ready!(line.stream.poll_readable(context)).is_err() {
                                return Poll::Ready(false);
                            }
                        }
                        Ok(_) | Err(_) => return Poll::Ready(false),
                    }
                }
            });
            if !matches!(net::timeout(options.linger_timeout, piece).await, Ok(true)) {
                return;
            }
        }
    };
    let _ = net::timeout(time, all).await;
}

/// As hooks are told of it.
fn trouble(error: Error) -> Trouble {
    Trouble::Stream(error.violation.row().2)
}
