//! A connection that emits events.

use super::{
    emitter::{EventEmitter, ListenerId},
    incoming::Incoming,
    life::{Life, Move, State},
    outgoing::Outgoing,
    silence::Silence,
};
use crate::{
    kernel::{JoinHandle, Parked, Resume, current, next_tick, park, set_immediate, spawn, try_current, yield_now},
    sockets::{Address, Stream, buffer, tcp::TcpStream},
};
use std::{
    cell::{Cell, RefCell},
    fmt,
    future::{Future, pending, poll_fn},
    io,
    net::Shutdown,
    pin::pin,
    rc::Rc,
    task::Poll,
    time::Duration,
};

/// What the listeners are given.
#[derive(Clone, Debug)]
pub enum Event {
    /// The server listens.
    Listening,
    /// A client has connected.
    Connection(Socket),
    /// This socket is connected.
    Connect,
    /// Bytes arrived.
    Data(Rc<[u8]>),
    /// The peer will send no more.
    End,
    /// All that waited to be written is written.
    Drain,
    /// The socket has been idle for as long as [`Socket::set_timeout`] said. It stays open.
    Timeout,
    /// Something failed; `close` of the same socket follows.
    Error(Rc<io::Error>),
    /// It is over: for a server, when its last connection has closed as well.
    Close,
}

/// Emits an event other than `error`, which alone can go unheard.
pub(super) fn emit(emitter: &EventEmitter<Event>, name: &str, event: &Event) {
    let _ = emitter.emit(name, event);
}

/// Emits `error`; when nobody listens the loop ends and [`run`](crate::run()) gives the error, as Node's process would end,
/// and this emitter says nothing more.
pub(super) fn emit_error(emitter: &EventEmitter<Event>, error: io::Error) {
    let error = Rc::new(error);
    if emitter.emit("error", &Event::Error(error.clone())).is_err() {
        emitter.clear();
        try_current(|on| on.fail(io::Error::new(error.kind(), format!("unheard error event: {error}"))));
    }
}

/// As `future`, but never ready before the next turn: what `connect` knows at once, such as a refusal by this very machine,
/// libuv tells as late as what it has waited for (`delayed_error` of `uv__tcp_connect`).
async fn not_at_once<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let first = poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await;
    match first {
        Poll::Pending => future.await,
        Poll::Ready(output) => {
            yield_now().await;
            output
        }
    }
}

/// A connection that emits events. Clones are the same connection.
#[derive(Clone, Debug)]
pub struct Socket(Rc<SocketState>);

struct SocketState {
    emitter: EventEmitter<Event>,
    life: Life,
    half_open: Cell<bool>,
    /// There from `connect` until `destroy`.
    stream: RefCell<Option<Rc<dyn Stream>>>,
    incoming: RefCell<Incoming>,
    outgoing: RefCell<Outgoing>,
    silence: Silence,
    /// Waits for the connection, or later for room to write.
    task: RefCell<Option<JoinHandle<()>>>,
    waits_for_room: Cell<bool>,
    /// Where it waits for bytes.
    parked: Cell<Option<Parked>>,
    /// Whether a read is to come: the socket is parked, or its tick is queued.
    reads: Cell<bool>,
    on_destroy: RefCell<Option<Box<dyn FnOnce()>>>,
    /// Ends with the loop; see [`Keeper`].
    keeper: RefCell<Option<JoinHandle<()>>>,
}

/// Held by a task that waits for nothing, which a loop that ends early drops. Listeners that hold their own socket would
/// keep it, and its connection, for ever.
struct Keeper(Rc<SocketState>);

impl Drop for Keeper {
    fn drop(&mut self) {
        if !self.0.life.is_over() {
            self.0.emitter.clear();
            drop(self.0.stream.take());
        }
    }
}

impl fmt::Debug for SocketState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("Socket");
        f.field("state", &self.life.state()).field("emitter", &self.emitter).finish_non_exhaustive()
    }
}

impl Resume for SocketState {
    fn resume(self: Rc<Self>) {
        next_tick(move || Socket(self).read());
    }
}

impl Socket {
    fn new() -> Self {
        let state = Rc::new(SocketState {
            emitter: EventEmitter::new(),
            life: Life::new(),
            half_open: Cell::new(false),
            stream: RefCell::new(None),
            incoming: RefCell::new(Incoming::new()),
            outgoing: RefCell::default(),
            silence: Silence::new(),
            task: RefCell::new(None),
            waits_for_room: Cell::new(false),
            parked: Cell::new(None),
            reads: Cell::new(false),
            on_destroy: RefCell::new(None),
            keeper: RefCell::new(None),
        });
        let keeper = Keeper(state.clone());
        *state.keeper.borrow_mut() = Some(spawn(async move {
            let _keeper = keeper;
            pending().await
        }));
        Socket(state)
    }

    /// Connects over TCP; `connect` or `error` follows. So it is with an address that cannot be, too.
    pub fn connect(address: impl Address + 'static) -> Self {
        Self::connect_by(async move { TcpStream::connect(address).await })
    }

    /// Connects in whatever way; `connect` or `error` follows. `destroy` drops the future.
    pub fn connect_by<S: Stream + 'static>(connecting: impl Future<Output = io::Result<S>> + 'static) -> Self {
        let socket = Socket::new();
        let this = socket.clone();
        let task = spawn(async move {
            let connected = not_at_once(connecting).await;
            next_tick(move || match connected {
                Ok(stream) => this.connected(Rc::new(stream)),
                Err(error) => this.destroy_by(Some(error)),
            });
        });
        *socket.0.task.borrow_mut() = Some(task);
        socket
    }

    /// A socket that a server has accepted. It reads, and keeps what it read until somebody listens.
    pub(super) fn accepted(stream: Rc<dyn Stream>, half_open: bool, on_destroy: impl FnOnce() + 'static) -> Self {
        let socket = Socket::new();
        socket.0.half_open.set(half_open);
        *socket.0.on_destroy.borrow_mut() = Some(Box::new(on_destroy));
        if socket.0.life.step(Move::Connect) {
            *socket.0.stream.borrow_mut() = Some(stream);
            socket.0.incoming.borrow_mut().begin();
            socket.read_on();
        }
        socket
    }

    /// Calls `listener` at every event of that name. Listening to `data` lets the bytes flow, unless the socket is
    /// [paused](Socket::pause).
    pub fn on(&self, name: &str, listener: impl Fn(&Event) + 'static) -> ListenerId {
        let id = self.0.emitter.on(name, listener);
        self.listened(name, id)
    }

    /// Calls `listener` at the next event of that name.
    pub fn once(&self, name: &str, listener: impl Fn(&Event) + 'static) -> ListenerId {
        let id = self.0.emitter.once(name, listener);
        self.listened(name, id)
    }

    fn listened(&self, name: &str, id: ListenerId) -> ListenerId {
        if self.0.life.state() == State::Closed {
            // Nothing comes any more, and what the listener holds may be this socket.
            self.0.emitter.off(id);
        } else if name == "data" && !self.is_paused() {
            self.resume();
        }
        id
    }

    /// Removes a listener; false when it was not there.
    pub fn off(&self, id: ListenerId) -> bool {
        self.0.emitter.off(id)
    }

    /// Writes bytes; what the operating system does not take at once is queued, as is everything before `connect`. False
    /// asks the caller to wait for `drain` before it writes more: [`HIGH_WATER_MARK`](super::HIGH_WATER_MARK)
    /// bytes wait. Nothing is lost if it does not, and the queue grows.
    ///
    /// After [`end`](Socket::end) it is an error (`BrokenPipe`), which destroys the socket; after `destroy` nothing happens.
    pub fn write(&self, bytes: &[u8]) -> bool {
        if self.0.life.is_over() {
            return false;
        }
        if self.0.outgoing.borrow().is_ending() {
            self.destroy_by(Some(io::Error::new(io::ErrorKind::BrokenPipe, "a write after the end")));
            return false;
        }
        let Some(stream) = self.stream() else {
            let outgoing = &mut *self.0.outgoing.borrow_mut();
            outgoing.queue(bytes);
            return outgoing.has_room();
        };
        self.touch();
        let written = self.0.outgoing.borrow_mut().write(&*stream, bytes);
        if let Err(error) = written {
            self.failed(error);
            return false;
        }
        let (is_empty, has_room) = {
            let outgoing = &mut *self.0.outgoing.borrow_mut();
            (outgoing.is_empty(), outgoing.has_room())
        };
        if !is_empty {
            self.wait_for_room(stream);
        }
        has_room
    }

    /// Ends this direction when all that was written is sent. The peer may go on, and its bytes arrive.
    pub fn end(&self) {
        if !self.0.life.is_over() && self.0.outgoing.borrow_mut().end() {
            self.finish_if_sent();
        }
    }

    /// Closes both directions now, and throws away what waits in either. `close` follows, and nothing else.
    pub fn destroy(&self) {
        self.destroy_by(None);
    }

    /// As [`Socket::destroy`], with an `error` event before `close`. If the socket is destroyed already, nothing happens.
    pub fn destroy_with(&self, error: io::Error) {
        self.destroy_by(Some(error));
    }

    /// Whether the socket is destroyed. It is from the moment of [`destroy`](Socket::destroy) on, and of any error.
    pub fn is_destroyed(&self) -> bool {
        self.0.life.is_over()
    }

    /// Holds `data` back, and with it `end` behind what waits. Some bytes are still read, to wait here; then the peer is
    /// held back. Called before `connect` (or in its listener), nothing is read at all.
    pub fn pause(&self) {
        self.0.incoming.borrow_mut().pause();
    }

    /// Lets the bytes flow from the next tick on: to the listeners of `data`, or, if there are none, away.
    pub fn resume(&self) {
        if self.0.incoming.borrow_mut().resume() {
            let this = self.clone();
            next_tick(move || {
                this.0.incoming.borrow_mut().begin();
                this.flow();
                this.read_on();
            });
        }
    }

    /// Whether [`pause`](Socket::pause) was called, and [`resume`](Socket::resume) was not since.
    pub fn is_paused(&self) -> bool {
        self.0.incoming.borrow().is_paused()
    }

    /// Whether this direction stays open when the peer has ended; then it must be ended, too. Off by default: the socket
    /// ends itself after `end`. It counts when `end` is emitted.
    pub fn set_allow_half_open(&self, allow: bool) {
        self.0.half_open.set(allow);
    }

    /// Emits `timeout` when for so long nothing has moved in either direction: once, and again after something has
    /// moved. Closing is the listener's affair.
    ///
    /// A second call takes the place of the first. `None` and zero switch it off; less than a millisecond counts as one;
    /// [`Duration::MAX`] never comes. It does not hold the loop.
    pub fn set_timeout(&self, idle: Option<Duration>) {
        if !self.0.life.is_over() {
            self.0.silence.set(idle, self.silent());
        }
    }

    /// What the timer calls.
    fn silent(&self) -> impl FnOnce() + 'static {
        let this = self.clone();
        move || {
            if this.0.silence.has_lasted(this.silent()) {
                emit(&this.0.emitter, "timeout", &Event::Timeout);
            }
        }
    }

    fn touch(&self) {
        self.0.silence.touch(self.silent());
    }

    fn stream(&self) -> Option<Rc<dyn Stream>> {
        self.0.stream.borrow().clone()
    }

    fn connected(&self, stream: Rc<dyn Stream>) {
        if !self.0.life.step(Move::Connect) {
            return;
        }
        *self.0.stream.borrow_mut() = Some(stream.clone());
        self.touch();
        emit(&self.0.emitter, "connect", &Event::Connect);
        if self.0.life.is_over() {
            return;
        }
        if !self.is_paused() {
            self.0.incoming.borrow_mut().begin();
        }
        self.read_on();
        if !self.0.waits_for_room.get() {
            self.flush(&stream);
        }
        self.finish_if_sent();
    }

    /// Waits for bytes, if they are wanted and it does not yet.
    fn read_on(&self) {
        let Some(stream) = self.stream() else { return };
        if self.0.incoming.borrow().wants_bytes() && !self.0.reads.replace(true) {
            self.0.parked.set(Some(park(stream.registration(), self.0.clone())));
        }
    }

    /// Bytes have come, or the end, or an error.
    fn read(&self) {
        self.0.reads.set(false);
        let Some(stream) = self.stream() else { return };
        let mut bytes = buffer();
        match stream.try_read(&mut bytes) {
            Ok(0) => self.0.incoming.borrow_mut().end(),
            Ok(count) => {
                self.touch();
                self.0.incoming.borrow_mut().push(bytes[..count].into());
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return self.destroy_by(Some(error)),
        }
        drop(bytes);
        self.flow();
        self.read_on();
    }

    /// Emits what waits, as long as bytes flow. The tick of `end` is queued with the last chunk, as in Node.
    fn flow(&self) {
        loop {
            let (chunk, ended) = {
                let incoming = &mut *self.0.incoming.borrow_mut();
                (incoming.pop(), incoming.take_end())
            };
            if ended {
                let this = self.clone();
                next_tick(move || this.peer_ended());
            }
            let Some(chunk) = chunk else { return };
            emit(&self.0.emitter, "data", &Event::Data(chunk));
        }
    }

    fn peer_ended(&self) {
        if !self.0.life.step(Move::PeerEnd) {
            return;
        }
        emit(&self.0.emitter, "end", &Event::End);
        if self.0.life.state() == State::Ended {
            return self.destroy();
        }
        if !self.0.half_open.get() && !self.0.outgoing.borrow().is_ending() {
            let this = self.clone();
            next_tick(move || this.end());
        }
    }

    fn flush(&self, stream: &Rc<dyn Stream>) {
        let flushed = self.0.outgoing.borrow_mut().flush(&**stream);
        match flushed {
            Err(error) => return self.failed(error),
            Ok(0) => {}
            Ok(_) => self.touch(),
        }
        if !self.0.outgoing.borrow().is_empty() {
            return self.wait_for_room(stream.clone());
        }
        let this = self.clone();
        next_tick(move || {
            if this.0.outgoing.borrow_mut().take_drain() {
                emit(&this.0.emitter, "drain", &Event::Drain);
            }
            this.finish_if_sent();
        });
    }

    fn wait_for_room(&self, stream: Rc<dyn Stream>) {
        if self.0.waits_for_room.replace(true) {
            return;
        }
        let this = self.clone();
        let task = spawn(async move {
            // It fails when the loop has ended, and then nothing is written either.
            let _ = stream.writable().await;
            next_tick(move || {
                this.0.waits_for_room.set(false);
                if !this.0.life.is_over() {
                    this.flush(&stream);
                }
            });
        });
        *self.0.task.borrow_mut() = Some(task);
    }

    /// Writing failed: the socket is destroyed at the next tick.
    fn failed(&self, error: io::Error) {
        let this = self.clone();
        next_tick(move || this.destroy_by(Some(error)));
    }

    /// Ends this direction if it is to end and all is sent. That it has ended is known in the check phase, near where libuv
    /// runs the callback of `uv_shutdown`.
    fn finish_if_sent(&self) {
        let sent = {
            let outgoing = self.0.outgoing.borrow();
            outgoing.is_ending() && outgoing.is_empty()
        };
        let Some(stream) = self.stream() else { return };
        if !sent {
            return;
        }
        // A peer that is gone needs no end of the stream; the reader hears of it.
        let _ = stream.shutdown(Shutdown::Write);
        let this = self.clone();
        set_immediate(move || {
            if this.0.life.step(Move::Finish) && this.0.life.state() == State::Ended {
                this.destroy();
            }
        });
    }

    fn destroy_by(&self, error: Option<io::Error>) {
        if !self.0.life.step(Move::Destroy) {
            return;
        }
        self.0.silence.set(None, || {});
        for task in [self.0.task.take(), self.0.keeper.take()].into_iter().flatten() {
            task.abort();
        }
        if let Some(parked) = self.0.parked.take() {
            parked.close();
        }
        self.0.incoming.borrow_mut().stop();
        self.0.outgoing.take();
        drop(self.0.stream.take());
        if let Some(error) = error {
            let this = self.clone();
            next_tick(move || emit_error(&this.0.emitter, error));
        }
        let this = self.clone();
        let close = move || {
            if this.0.life.step(Move::Close) {
                emit(&this.0.emitter, "close", &Event::Close);
                // A listener that holds its own socket would keep it for ever.
                this.0.emitter.clear();
            }
        };
        current(|on| on.push_closing(Box::new(close)));
        if let Some(on_destroy) = self.0.on_destroy.take() {
            on_destroy();
        }
    }
}
