//! Node's `net` by its event names, over any listener and stream.
//!
//! | emitter | events |
//! |---|---|
//! | [`Server`] | `listening`, `connection`, `close`, `error` |
//! | [`Socket`] | `connect`, `data`, `end`, `drain`, `timeout`, `error`, `close` |
//!
//! ```
//! use wirebook_net::{self as net, node::{Event, Server, Socket}};
//! net::block_on(async {
//!     let server = Server::new();
//!     let closer = server.clone();
//!     server.on("connection", move |event| {
//!         let Event::Connection(socket) = event else { return };
//!         let echo = socket.clone();
//!         socket.on("data", move |event| if let Event::Data(bytes) = event { echo.write(bytes); });
//!         closer.close();
//!     });
//!     let address = server.listen("127.0.0.1:0").unwrap();
//!     let client = Socket::connect(address);
//!     let writer = client.clone();
//!     client.on("connect", move |_| { writer.write(b"hello"); });
//!     let reader = client.clone();
//!     client.on("data", move |_| reader.end());
//! }).unwrap();
//! ```

mod emitter;

pub use emitter::{EventEmitter, ListenerId, MAX_LISTENERS, Unheard};

use crate::{
    kernel::{self, JoinHandle, current, next_tick, spawn, try_current},
    sockets::{
        Address, Listener, Stream, buffer,
        tcp::{TcpListener, TcpStream},
    },
};
use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    io,
    net::{Shutdown, SocketAddr},
    rc::Rc,
    task::{Poll, Waker},
    time::{Duration, Instant},
};

/// Bytes that wait to be written, from which on [`Socket::write`] asks to wait for `drain`. Node's default.
pub const HIGH_WATER_MARK: usize = 16 * 1024;

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
    /// Something failed; `close` follows.
    Error(Rc<io::Error>),
    /// It is over: for a server, when its last connection has closed as well.
    Close,
}

/// Emits `error`; when nobody listens the loop ends and [`run`](crate::run) gives the error, as Node's process would end.
fn emit_error(emitter: &EventEmitter<Event>, error: io::Error) {
    let error = Rc::new(error);
    if emitter.emit("error", &Event::Error(error.clone())).is_err() {
        try_current(|on| on.fail(io::Error::new(error.kind(), format!("unheard error event: {error}"))));
    }
}

fn emit(emitter: &EventEmitter<Event>, name: &str, event: &Event) {
    // Only `error` can go unheard, and that has its own function.
    let _ = emitter.emit(name, event);
}

/// A server that emits events. Clones are the same server.
#[derive(Clone, Debug)]
pub struct Server(Rc<ServerState>);

#[derive(Debug, Default)]
struct ServerState {
    emitter: EventEmitter<Event>,
    accepting: RefCell<Option<JoinHandle<()>>>,
    connections: Cell<usize>,
    closing: Cell<bool>,
}

impl Server {
    /// A server that does not listen yet.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Server(Rc::default())
    }

    /// Calls `listener` at every event of that name.
    pub fn on(&self, name: &str, listener: impl Fn(&Event) + 'static) -> ListenerId {
        self.0.emitter.on(name, listener)
    }

    /// Listens on TCP. `listening` comes at the next tick, so there is time to add listeners.
    ///
    /// # Errors
    /// As [`TcpListener::bind`].
    pub fn listen(&self, address: impl Address) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        self.listen_on(listener);
        Ok(address)
    }

    /// Serves what `listener` accepts: TCP, Unix or simulated.
    pub fn listen_on<L: Listener + 'static>(&self, listener: L) {
        let this = self.clone();
        next_tick(move || emit(&this.0.emitter, "listening", &Event::Listening));
        let this = self.clone();
        let accepting = spawn(async move {
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => this.serve(Rc::new(stream)),
                    Err(error) => return emit_error(&this.0.emitter, error),
                }
            }
        });
        *self.0.accepting.borrow_mut() = Some(accepting);
    }

    fn serve(&self, stream: Rc<dyn Stream>) {
        self.0.connections.set(self.0.connections.get() + 1);
        let socket = Socket::new();
        let this = self.clone();
        socket.on("close", move |_| {
            this.0.connections.set(this.0.connections.get() - 1);
            let this = this.clone();
            next_tick(move || this.close_if_done());
        });
        // The listeners of `connection` add theirs before the first byte is read: that happens in a task.
        socket.open(stream);
        emit(&self.0.emitter, "connection", &Event::Connection(socket));
    }

    /// Accepts no more. `close` comes when the connections that are open have closed.
    pub fn close(&self) {
        if let Some(accepting) = self.0.accepting.borrow_mut().take() {
            accepting.abort();
            self.0.closing.set(true);
            let this = self.clone();
            next_tick(move || this.close_if_done());
        }
    }

    fn close_if_done(&self) {
        if self.0.connections.get() == 0 && self.0.closing.replace(false) {
            emit(&self.0.emitter, "close", &Event::Close);
        }
    }
}

/// A connection that emits events. Clones are the same connection.
#[derive(Clone, Debug)]
pub struct Socket(Rc<SocketState>);

#[derive(Default)]
struct SocketState {
    emitter: EventEmitter<Event>,
    stream: RefCell<Option<Rc<dyn Stream>>>,
    outgoing: RefCell<Vec<u8>>,
    writer: RefCell<Option<Waker>>,
    tasks: RefCell<Vec<JoinHandle<()>>>,
    last: Cell<Option<Instant>>,
    wants_drain: Cell<bool>,
    ending: Cell<bool>,
    read_ended: Cell<bool>,
    write_ended: Cell<bool>,
    closed: Cell<bool>,
}

impl std::fmt::Debug for SocketState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Socket").field("emitter", &self.emitter).field("closed", &self.closed.get()).finish()
    }
}

impl Socket {
    fn new() -> Self {
        Socket(Rc::default())
    }

    /// Connects over TCP; `connect` or `error` follows.
    pub fn connect(address: impl Address + 'static) -> Self {
        Self::connect_by(async move { TcpStream::connect(address).await })
    }

    /// Connects in whatever way; `connect` or `error` follows.
    pub fn connect_by<S: Stream + 'static>(connecting: impl Future<Output = io::Result<S>> + 'static) -> Self {
        let socket = Socket::new();
        let this = socket.clone();
        drop(spawn(async move {
            match connecting.await {
                Ok(stream) => {
                    this.open(Rc::new(stream));
                    emit(&this.0.emitter, "connect", &Event::Connect);
                }
                Err(error) => this.fail(error),
            }
        }));
        socket
    }

    /// Calls `listener` at every event of that name.
    pub fn on(&self, name: &str, listener: impl Fn(&Event) + 'static) -> ListenerId {
        self.0.emitter.on(name, listener)
    }

    /// Calls `listener` at the next event of that name.
    pub fn once(&self, name: &str, listener: impl Fn(&Event) + 'static) -> ListenerId {
        self.0.emitter.once(name, listener)
    }

    /// Queues bytes. False asks the caller to wait for `drain` before it writes more; nothing is lost if it does not.
    pub fn write(&self, bytes: &[u8]) -> bool {
        if self.0.ending.get() || self.0.closed.get() {
            return false;
        }
        let waiting = {
            let outgoing = &mut *self.0.outgoing.borrow_mut();
            outgoing.extend_from_slice(bytes);
            outgoing.len()
        };
        self.wake_writer();
        if waiting >= HIGH_WATER_MARK {
            self.0.wants_drain.set(true);
        }
        waiting < HIGH_WATER_MARK
    }

    /// Ends this direction when all that was written is sent. The peer may go on.
    pub fn end(&self) {
        self.0.ending.set(true);
        self.wake_writer();
    }

    /// Closes both directions now. `close` follows.
    pub fn destroy(&self) {
        self.finish();
    }

    /// Emits `timeout` whenever nothing has moved for so long; `None` stops that. Closing is the listener's affair.
    pub fn set_timeout(&self, idle: Option<Duration>) {
        let Some(limit) = idle else { return };
        let this = self.clone();
        self.0.last.set(Some(kernel::now()));
        let task = spawn(async move {
            while let Some(last) = this.0.last.get() {
                let rest = limit.saturating_sub(kernel::now().saturating_duration_since(last));
                if rest.is_zero() {
                    this.0.last.set(Some(kernel::now()));
                    emit(&this.0.emitter, "timeout", &Event::Timeout);
                } else {
                    kernel::sleep(rest).await;
                }
            }
        });
        self.0.tasks.borrow_mut().push(task);
    }

    fn open(&self, stream: Rc<dyn Stream>) {
        *self.0.stream.borrow_mut() = Some(stream.clone());
        let (reader, writer) = (self.clone(), self.clone());
        let tasks = [spawn(reader.read(stream.clone())), spawn(writer.write_queued(stream))];
        self.0.tasks.borrow_mut().extend(tasks);
    }

    async fn read(self, stream: Rc<dyn Stream>) {
        loop {
            if let Err(error) = stream.readable().await {
                return self.fail(error);
            }
            let mut bytes = buffer();
            match stream.try_read(&mut bytes) {
                Ok(0) => break,
                Ok(count) => {
                    self.touch();
                    emit(&self.0.emitter, "data", &Event::Data(bytes[..count].into()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return self.fail(error),
            }
        }
        self.0.read_ended.set(true);
        emit(&self.0.emitter, "end", &Event::End);
        // As with Node's default (allowHalfOpen: false): when the peer has ended, so do we.
        self.end();
        self.finish_if_done();
    }

    async fn write_queued(self, stream: Rc<dyn Stream>) {
        loop {
            poll_fn(|context| {
                if self.0.ending.get() || !self.0.outgoing.borrow().is_empty() {
                    return Poll::Ready(());
                }
                *self.0.writer.borrow_mut() = Some(context.waker().clone());
                Poll::Pending
            })
            .await;
            let batch = std::mem::take(&mut *self.0.outgoing.borrow_mut());
            if batch.is_empty() {
                break;
            }
            if let Err(error) = stream.write_all(&batch).await {
                return self.fail(error);
            }
            self.touch();
            if self.0.outgoing.borrow().is_empty() && self.0.wants_drain.replace(false) {
                emit(&self.0.emitter, "drain", &Event::Drain);
            }
        }
        // A peer that is gone needs no end; the reader hears of it.
        let _ = stream.shutdown(Shutdown::Write);
        self.0.write_ended.set(true);
        self.finish_if_done();
    }

    fn touch(&self) {
        if self.0.last.get().is_some() {
            self.0.last.set(Some(kernel::now()));
        }
    }

    fn wake_writer(&self) {
        if let Some(writer) = self.0.writer.borrow_mut().take() {
            writer.wake();
        }
    }

    fn fail(&self, error: io::Error) {
        emit_error(&self.0.emitter, error);
        self.finish();
    }

    fn finish_if_done(&self) {
        if self.0.read_ended.get() && self.0.write_ended.get() {
            self.finish();
        }
    }

    fn finish(&self) {
        if self.0.closed.replace(true) {
            return;
        }
        self.0.last.set(None);
        let this = self.clone();
        current(|on| {
            on.push_closing(Box::new(move || {
                // Dropping the tasks drops their shares of the stream, which closes it.
                for task in this.0.tasks.take() {
                    task.abort();
                }
                this.0.stream.take();
                emit(&this.0.emitter, "close", &Event::Close);
                for name in ["connect", "data", "end", "drain", "timeout", "error", "close"] {
                    this.0.emitter.remove_all(name);
                }
            }));
        });
    }
}
