//! One connection and the requests on it, as all who work for it see them: the task that reads and writes, and the tasks of handlers.
//!
//! Whoever says something does it with the core at once, and into one buffer; then the connection's own task is woken, and writes. Tasks
//! that were woken run in the order in which they were, so it comes after all the handlers that the same read has woken, and one write
//! carries the answers of all.

use super::options::Options;
use crate::Event;
use crate::connection::Connection;
use crate::driver::{Bears, Link, Pipe, Pipes};
use crate::message::{Fields, Misuse};
use crate::stream::{
    Lanes,
    state::{Leaving, State},
};
use crate::wire::{Code, Header, StreamId};
use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::io;
use std::rc::Rc;
use wirebook_http1::server::host::{Connections, Hooks, Transport, call as tell};
use wirebook_http1::server::{Draft, Failure, carrier::Content};
use wirebook_net::{self as net, Handle, Parked, Signal, Stream};

/// Bytes that wait to be written above which nobody adds content unless it is its turn; and what a turn brings: a frame that fills a record of
/// TLS, with its header.
const TURN: usize = 16 * 1024;

/// Bytes that wait to be written, at most, before answers of the protocol are held back. More of content nobody adds, either.
const MAX_WAITING: usize = 64 * 1024;

/// Records of requests that a server keeps for later, and the room for content that each of them keeps.
const MAX_KEPT: usize = 256;
const MAX_KEPT_CONTENT: usize = 64 * 1024;

/// What all connections of a server have in common.
pub(super) struct Common {
    pub(super) options: Options,
    pub(super) connections: Rc<Connections>,
    /// Those that speak HTTP/2, by their slot in the table.
    lines: RefCell<Vec<Option<Rc<Line>>>>,
    /// Records of requests that are over.
    spare: RefCell<Vec<Rc<Call>>>,
}

impl Common {
    pub(super) fn new(options: Options, connections: Rc<Connections>) -> Self {
        Common { options, connections, lines: RefCell::default(), spare: RefCell::default() }
    }

    pub(super) fn hooks(&self) -> &Hooks {
        &self.options.http.hooks
    }

    /// Has all connections look up: the server closes.
    pub(super) fn wake_all(&self) {
        for line in self.all() {
            line.link.wake();
            line.rouse();
        }
    }

    /// Ends those that rest.
    pub(super) fn end_resting(&self) {
        for line in self.all() {
            if let Some((parked, _)) = line.resting.get() {
                parked.close();
            }
        }
    }

    fn all(&self) -> Vec<Rc<Line>> {
        self.lines.borrow().iter().flatten().cloned().collect()
    }
}

/// A connection.
pub(super) struct Line {
    pub(super) stream: Rc<dyn Transport>,
    pub(super) common: Rc<Common>,
    /// Its slot in the table.
    slot: u32,
    pub(super) link: Link,
    /// Requests that are being answered.
    calls: RefCell<Vec<Rc<Call>>>,
    /// Requests that have become tunnels.
    pub(super) pipes: Pipes,
    lanes: Cell<Lanes>,
    /// While it has no task: where it is parked, and the timer for what is due.
    resting: Cell<Option<(Parked, Option<Handle>)>>,
}

impl Line {
    /// A connection takes its place in the table.
    pub(super) fn begin(stream: Rc<dyn Transport>, common: Rc<Common>, slot: u32) -> Rc<Line> {
        let core = Connection::server(common.options.http2.clone(), wirebook_net::now());
        let line = Rc::new(Line {
            link: Link::new(stream.clone(), core),
            stream,
            common,
            slot,
            calls: RefCell::default(),
            pipes: Pipes::default(),
            lanes: Cell::default(),
            resting: Cell::default(),
        });
        {
            let lines = &mut *line.common.lines.borrow_mut();
            if lines.len() <= slot as usize {
                lines.resize(slot as usize + 1, None);
            }
            lines[slot as usize] = Some(line.clone());
        }
        tell(&line.common.hooks().connection, &line.common.connections.open());
        line
    }

    /// Whether nobody works for it, and it may be left without a task. One that closes is seen through by its own.
    pub(super) fn has_rest(&self) -> bool {
        self.calls.borrow().is_empty() && self.pipes.is_empty() && self.link.core().leaving() == Leaving::No
    }

    /// It has no task from now on.
    pub(super) fn rests(&self, parked: Parked, timer: Option<Handle>) {
        self.resting.set(Some((parked, timer)));
    }

    /// Gives it a task, if it has none.
    pub(super) fn rouse(&self) {
        if self.resting.get().is_some() {
            self.stream.registration().make_readable();
        }
    }

    /// It has a task again, or will never have one.
    pub(super) fn woken(&self) {
        if let Some((_, Some(timer))) = self.resting.take() {
            net::clear(timer);
        }
    }

    /// The connection has ended: whoever still answers need not.
    pub(super) fn leave(&self) {
        self.woken();
        self.abandon_all();
        let _ = self.common.lines.borrow_mut()[self.slot as usize].take();
        self.common.connections.leave(self.slot);
        tell(&self.common.hooks().close, &self.common.connections.open());
    }

    /// The connection, to all who answer on it: it is over.
    pub(super) fn abandon_all(&self) {
        self.calls.borrow().iter().for_each(|call| call.abandon());
        self.pipes.fail_all(|| "the connection has ended");
    }

    /// A stream is over before its time, and that is why.
    pub(super) fn abandon(&self, id: StreamId, why: impl Display) {
        match (self.pipes.get(id), self.call(id)) {
            (Some(pipe), _) => pipe.fail(why.to_string()),
            (None, Some(call)) => call.abandon(),
            (None, None) => {}
        }
    }

    /// To all who answer on it: there may be something new.
    pub(super) fn notify_all(&self) {
        self.calls.borrow().iter().for_each(|call| call.changed.raise());
    }

    /// A request has come: its record, with the head in place of `fields`. `None` where too many are still being answered. Those whose streams
    /// are over count if they go on all the same, and not if they only have not been dropped yet.
    pub(super) fn open(self: &Rc<Self>, id: StreamId, asks: Asks, fields: &mut Fields) -> Option<Rc<Call>> {
        let most = self.common.options.http2.max_concurrent_streams as usize;
        let goes_on = |call: &&Rc<Call>| !call.is_gone() || call.watched.get();
        let is_full = |calls: &[Rc<Call>]| calls.len() >= most && calls.iter().filter(goes_on).count() >= most;
        if is_full(&self.calls.borrow()) {
            return None;
        }
        let call = self.common.spare.borrow_mut().pop().unwrap_or_default();
        std::mem::swap(&mut *call.fields.borrow_mut(), fields);
        call.begin(self.clone(), id, asks);
        self.calls.borrow_mut().push(call.clone());
        Some(call)
    }

    /// The record of a request that is being answered.
    pub(super) fn call(&self, id: StreamId) -> Option<Rc<Call>> {
        self.calls.borrow().iter().find(|call| call.id.get() == id).cloned()
    }

    // ANCHOR: share_room
    /// Lets those go on who wait for room: of those whose windows are open, as many as there is room for, the most urgent first.
    pub(super) fn share_room(&self) {
        self.pipes.share_room(&self.link);
        let mut waiting = self.link.unwritten();
        let mut lanes = self.lanes.get();
        while waiting < TURN {
            let next = {
                let (core, calls) = (self.link.core(), self.calls.borrow());
                let ready = calls.iter().filter(|call| call.waits.get() && core.room(call.id.get()) > 0);
                lanes.next(ready.map(|call| (call.id.get(), core.priority(call.id.get()))))
            };
            let Some(call) = next.and_then(|id| self.call(id)) else { break };
            call.waits.set(false);
            call.turn.set(true);
            call.changed.raise();
            waiting += TURN;
        }
        self.lanes.set(lanes);
    }
    // ANCHOR_END: share_room

    /// Bytes of content that this request may add now.
    fn room(&self, call: &Call) -> usize {
        let waiting = self.link.unwritten();
        if waiting >= TURN && !call.turn.get() {
            return 0;
        }
        // A turn is a turn only where there are others.
        let alone = !self.calls.borrow().iter().any(|other| other.waits.get() && other.id != call.id);
        if alone { MAX_WAITING.saturating_sub(waiting) } else { TURN - Header::SIZE }
    }
}

impl Bears for Line {
    fn link(&self) -> &Link {
        &self.link
    }

    fn pipes(&self) -> &Pipes {
        &self.pipes
    }
}

/// What of a request's head is known before anybody has looked at it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asks {
    /// Nothing follows.
    pub(super) end: bool,
}

/// One request and its answer.
#[derive(Default)]
pub(super) struct Call {
    line: RefCell<Option<Rc<Line>>>,
    pub(super) id: Cell<StreamId>,
    /// The head.
    pub(super) fields: RefCell<Fields>,
    pub(super) draft: RefCell<Draft>,
    /// What has come and the handler has not asked for.
    inbox: RefCell<Content>,
    /// What the handler has in its hands, while it has none.
    lent: Cell<Option<Box<Content>>>,
    /// All of the request has come.
    ended: Cell<bool>,
    /// Bytes of content that have come.
    received: Cell<u64>,
    /// Nobody waits for the answer any more.
    gone: Cell<bool>,
    /// The stream belongs to somebody else, and is no longer ours to end.
    upgraded: Cell<bool>,
    /// The handler wants to be told of that, and is not dropped.
    pub(super) watched: Cell<bool>,
    /// It has content to send and no room; and it is its turn.
    waits: Cell<bool>,
    turn: Cell<bool>,
    /// Raised when any of this has changed.
    pub(super) changed: Signal,
}

impl Call {
    fn begin(&self, line: Rc<Line>, id: StreamId, asks: Asks) {
        self.line.replace(Some(line));
        self.id.set(id);
        self.draft.borrow_mut().clear();
        self.ended.set(asks.end);
        self.received.set(0);
        for flag in [&self.gone, &self.upgraded, &self.watched, &self.waits, &self.turn] {
            flag.set(false);
        }
    }

    /// The connection. There is one from the request's first moment to its last.
    pub(super) fn line(&self) -> Option<Rc<Line>> {
        self.line.borrow().clone()
    }

    /// It is over. The record is kept for another.
    pub(super) fn finish(self: &Rc<Self>) {
        let Some(line) = self.line.take() else { return };
        line.calls.borrow_mut().retain(|call| !Rc::ptr_eq(call, self));
        let inbox = &mut *self.inbox.borrow_mut();
        inbox.piece.clear();
        inbox.piece.shrink_to(MAX_KEPT_CONTENT);
        inbox.trailers.clear();
        let spare = &mut *line.common.spare.borrow_mut();
        if spare.len() < MAX_KEPT {
            spare.push(self.clone());
        }
        line.link.wake();
    }

    /// A piece of content has come.
    pub(super) fn receive(&self, bytes: &[u8], end: bool) {
        self.inbox.borrow_mut().piece.extend_from_slice(bytes);
        self.received.set(self.received.get() + bytes.len() as u64);
        self.ended.set(end);
        self.changed.raise();
    }

    /// Trailers have come, which end the request.
    pub(super) fn receive_trailers(&self, fields: wirebook_http1::parser::FieldLines<'_>) {
        let trailers = &mut self.inbox.borrow_mut().trailers;
        trailers.clear();
        // What the core let through is valid, and within the limits of a block.
        fields.iter().try_for_each(|(name, value)| trailers.push(name, value)).ok();
        self.ended.set(true);
        self.changed.raise();
    }

    /// All of the request has come.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.get()
    }

    /// Bytes of content that have come.
    pub(super) fn received(&self) -> u64 {
        self.received.get()
    }

    /// Takes what has come, in exchange for room for more. Says how much it was; `None`: nothing has, yet; 0: that was all, and the
    /// trailers are given.
    pub(super) fn take(&self, content: &mut Option<Box<Content>>) -> Option<usize> {
        let inbox = &mut *self.inbox.borrow_mut();
        if inbox.piece.is_empty() && !self.ended.get() {
            return None;
        }
        let content = content.get_or_insert_with(|| self.lent.take().unwrap_or_default());
        content.piece.clear();
        std::mem::swap(&mut content.piece, &mut inbox.piece);
        if content.piece.is_empty() {
            std::mem::swap(&mut content.trailers, &mut inbox.trailers);
        } else {
            content.trailers.clear();
        }
        Some(content.piece.len())
    }

    /// The handler reads no more.
    pub(super) fn take_back(&self, content: Option<Box<Content>>) {
        if let Some(mut content) = content {
            content.piece.clear();
            content.piece.shrink_to(MAX_KEPT_CONTENT);
            content.trailers.clear();
            self.lent.set(Some(content));
        }
    }

    /// The stream is over before its time.
    pub(super) fn abandon(&self) {
        self.gone.set(true);
        self.changed.raise();
    }

    /// Nobody waits for the answer any more.
    pub(super) fn is_gone(&self) -> bool {
        self.gone.get()
    }

    /// Sends as much of the content as there is room for.
    pub(super) fn send(&self, line: &Line, data: &[u8], end: bool) -> Result<usize, Misuse> {
        let offered = if data.is_empty() { data } else { &data[..data.len().min(line.room(self))] };
        let end = end && offered.len() == data.len();
        let taken = if offered.is_empty() && !end {
            0
        } else {
            line.link.add(|core, out| core.send_data(self.id.get(), offered, end, out))?
        };
        self.turn.set(false);
        self.waits.set(taken < data.len());
        if taken > 0 || end && taken == data.len() {
            line.link.wake();
        }
        Ok(taken)
    }

    /// The stream is a tunnel's from here on.
    pub(super) fn give_up(&self) -> io::Result<Rc<Pipe>> {
        let early = std::mem::take(&mut self.inbox.borrow_mut().piece);
        let pipe = Pipe::new(self.id.get(), early, self.ended.get())?;
        self.upgraded.set(true);
        // Its handler goes on with it, or has given it away.
        self.watched.set(true);
        Ok(pipe)
    }

    pub(super) fn is_upgraded(&self) -> bool {
        self.upgraded.get()
    }

    /// Whether the answer lacks something.
    pub(super) fn is_unfinished(&self, line: &Line) -> bool {
        !self.is_upgraded()
            && matches!(line.link.core().state(self.id.get()), Some(State::Open | State::HalfClosedRemote))
    }

    /// Ends the stream at once.
    pub(super) fn reset(&self, line: &Line, code: Code) {
        // One that is over already needs none.
        line.link.say(|core, out| core.send(Event::Reset { stream: self.id.get(), code }, out)).ok();
    }
}

/// The client is gone, as a broken connection has it.
pub(super) fn gone() -> Failure {
    io::Error::from(io::ErrorKind::ConnectionReset).into()
}
