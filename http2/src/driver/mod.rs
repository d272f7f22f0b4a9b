//! What the drivers of both ends share: a connection's link to its stream, and the turns of the task that keeps it.

mod tunnel;

pub(crate) use tunnel::{Bears, Pipe, Pipes, Tunnel};

use crate::connection::Connection;
use crate::message::Fields;
use crate::wire::Header;
use std::cell::{Cell, RefCell, RefMut};
use std::future::poll_fn;
use std::io;
use std::mem;
use std::net::Shutdown;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use wirebook_http1::server::host::{Inbox, Outbox};
use wirebook_net::{self as net, Signal, Sleep, Stream};

/// Bytes that wait to be written from which on nothing is read: heads wait for nobody's turn, and a peer that takes none must not ask
/// for more.
const MAX_UNWRITTEN: usize = 256 * 1024;

/// A connection, its stream, and what is to be written to it. All who work for the connection have it.
pub(crate) struct Link {
    pub(crate) stream: Rc<dyn Stream>,
    core: RefCell<Connection>,
    out: RefCell<Outbox>,
    /// Raised when the connection's task has something to do.
    work: Signal,
    has_work: Cell<bool>,
}

impl Link {
    pub(crate) fn new(stream: Rc<dyn Stream>, core: Connection) -> Link {
        Link {
            stream,
            core: RefCell::new(core),
            out: RefCell::default(),
            work: Signal::new(),
            has_work: Cell::new(true),
        }
    }

    /// Has the connection's task look up.
    pub(crate) fn wake(&self) {
        if !self.has_work.replace(true) {
            self.work.raise();
        }
    }

    /// The core, to be asked.
    pub(crate) fn core(&self) -> RefMut<'_, Connection> {
        self.core.borrow_mut()
    }

    /// Bytes that wait to be written.
    pub(crate) fn unwritten(&self) -> usize {
        self.out.borrow().pending()
    }

    /// Says something, and has it written.
    pub(crate) fn say<T>(&self, something: impl FnOnce(&mut Connection, &mut Vec<u8>) -> T) -> T {
        let said = self.add(something);
        self.wake();
        said
    }

    /// Says something, perhaps.
    pub(crate) fn add<T>(&self, something: impl FnOnce(&mut Connection, &mut Vec<u8>) -> T) -> T {
        let out = &mut *self.out.borrow_mut();
        something(&mut self.core.borrow_mut(), out.end())
    }

    /// It is now: what is too late, and what the protocol owes.
    pub(crate) fn tick(&self) {
        self.add(|core, out| core.tick(net::now(), out));
        if self.core().rests() && self.unwritten() == 0 {
            self.out.borrow_mut().end().shrink_to_fit();
        }
    }

    /// All has been said, and the transport has taken it.
    pub(crate) fn is_over(&self) -> bool {
        self.core().is_over() && self.unwritten() == 0
    }
}

/// What a connection needs to read, lent for a turn. Nothing waits within a turn, so one is enough for all connections of a thread.
#[derive(Default)]
pub(crate) struct Desk {
    pub(crate) inbox: Inbox,
    pub(crate) fields: Fields,
}

thread_local!(static DESK: Cell<Option<Box<Desk>>> = const { Cell::new(None) });

/// What a connection's task keeps from turn to turn.
pub(crate) struct Turns {
    /// What has come and was not used: a part of a frame, or of a field block.
    inbox: Inbox,
    /// The largest thing that must be here whole.
    most: usize,
    /// How long the peer may take nothing of what is to be written, and since when it has.
    write_timeout: Duration,
    blocked: Option<Instant>,
    timer: Option<(Instant, Sleep)>,
}

/// How a look at what has come ended.
pub(crate) enum Read {
    /// There is no more now.
    All,
    /// The peer says no more.
    Eof,
}

impl Turns {
    /// `inbox` is what has come already.
    pub(crate) fn new(inbox: Inbox, config: &crate::Config, write_timeout: Duration) -> Turns {
        let headers = (config.max_continuations as usize).saturating_add(2).saturating_mul(Header::SIZE);
        let most = config.max_block.max(config.frame_size() as usize).saturating_add(headers).saturating_add(1);
        Turns { inbox, most, write_timeout, blocked: None, timer: None }
    }

    /// Reads what is there, and has it received.
    ///
    /// # Errors
    ///
    /// Those of the stream.
    pub(crate) fn read(&mut self, link: &Link, receive: impl Fn(&mut Desk)) -> io::Result<Read> {
        link.has_work.set(false);
        let mut desk = DESK.take().unwrap_or_default();
        desk.inbox.take_up(mem::take(&mut self.inbox));
        let read = self.read_into(link, &mut desk, receive);
        if !desk.inbox.is_empty() {
            self.inbox = desk.inbox.set_aside();
        }
        desk.inbox.clear();
        DESK.set(Some(desk));
        read
    }

    fn read_into(&self, link: &Link, desk: &mut Desk, receive: impl Fn(&mut Desk)) -> io::Result<Read> {
        // What has come before, and what time has brought.
        receive(desk);
        while link.unwritten() <= MAX_UNWRITTEN {
            match desk.inbox.fill(&*link.stream, self.most) {
                Ok(0) => {
                    // Whose message is unfinished has broken it off, and knows.
                    link.core().receive_eof().unwrap_or_default();
                    return Ok(Read::Eof);
                }
                Ok(_) => receive(desk),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(Read::All)
    }

    /// Writes as far as the peer takes it.
    ///
    /// # Errors
    ///
    /// Those of the stream, and `TimedOut` where it has taken nothing for too long.
    pub(crate) fn write(&mut self, link: &Link) -> io::Result<()> {
        let (taken, left) = {
            let out = &mut *link.out.borrow_mut();
            let before = out.pending();
            out.flush(&*link.stream)?;
            (before - out.pending(), out.pending())
        };
        self.blocked = match left {
            0 => None,
            _ if taken > 0 => Some(net::now()),
            _ => self.blocked.or(Some(net::now())),
        };
        let is_late = self.write_due().is_some_and(|due| due <= net::now());
        if is_late && taken == 0 { Err(io::ErrorKind::TimedOut.into()) } else { Ok(()) }
    }

    /// Whether there is nothing to keep, and nothing to do before something comes or [`Connection::deadline`] has.
    pub(crate) fn rest(&self, link: &Link) -> bool {
        !link.has_work.get() && link.core().rests() && self.inbox.is_empty() && link.unwritten() == 0
    }

    fn write_due(&self) -> Option<Instant> {
        self.blocked.and_then(|since| since.checked_add(self.write_timeout))
    }

    /// Waits until there is something to do.
    ///
    /// # Errors
    ///
    /// The loop has ended.
    pub(crate) async fn wait(&mut self, link: &Link) -> io::Result<()> {
        poll_fn(|context| self.poll_work(link, context)).await
    }

    fn poll_work(&mut self, link: &Link, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if link.work.poll_until(context, || link.has_work.get().then_some(())).is_ready() {
            return Poll::Ready(Ok(()));
        }
        let unwritten = link.unwritten();
        if unwritten <= MAX_UNWRITTEN
            && let Poll::Ready(readable) = link.stream.poll_readable(context)
        {
            return Poll::Ready(readable);
        }
        if unwritten > 0
            && let Poll::Ready(writable) = link.stream.poll_writable(context)
        {
            return Poll::Ready(writable);
        }
        self.poll_late(link, context).map(Ok)
    }

    /// Ready when it is time for something. The timer is set anew only where it would ring too late: it rings too soon at most once
    /// for each thing that has come in time.
    fn poll_late(&mut self, link: &Link, context: &mut Context<'_>) -> Poll<()> {
        let due = link.core().deadline().into_iter().chain(self.write_due()).min();
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

/// Ends our half, then reads on and throws away what comes, so that the other end's system does not throw away our last word. That ends
/// when the other end does, when it has said nothing for `pause`, and after `time` in any case.
pub(crate) async fn linger(stream: &dyn Stream, pause: Duration, time: Duration) {
    if stream.shutdown(Shutdown::Write).is_err() || time.is_zero() {
        return;
    }
    let all = async {
        loop {
            let piece = poll_fn(|context| {
                let mut bytes = net::buffer();
                loop {
                    match stream.try_read(&mut bytes) {
                        Ok(1..) => return Poll::Ready(true),
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                            if std::task::ready!(stream.poll_readable(context)).is_err() {
                                return Poll::Ready(false);
                            }
                        }
                        Ok(_) | Err(_) => return Poll::Ready(false),
                    }
                }
            });
            if !matches!(net::timeout(pause, piece).await, Ok(true)) {
                return;
            }
        }
    };
    // Either of the two is the end.
    let _ = net::timeout(time, all).await;
}
