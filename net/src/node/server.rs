//! A server that emits events.

use super::{
    emitter::{EventEmitter, ListenerId},
    socket::{Event, Socket, emit, emit_error},
    tick::in_tick,
};
use crate::{
    kernel::{JoinHandle, next_tick, spawn},
    sockets::{Address, Listener, Stream, tcp::TcpListener},
};
use std::{
    cell::{Cell, RefCell},
    io, mem,
    net::SocketAddr,
    rc::Rc,
};

/// A server that emits events. Clones are the same server.
#[derive(Clone, Debug)]
pub struct Server(Rc<ServerState>);

#[derive(Debug, Default)]
struct ServerState {
    emitter: EventEmitter<Event>,
    phase: RefCell<Phase>,
    connections: Cell<usize>,
    half_open: Cell<bool>,
}

#[derive(Debug, Default)]
enum Phase {
    /// It has not listened yet.
    #[default]
    New,
    /// The task accepts.
    Listening(JoinHandle<()>),
    /// It accepts no more; `close` comes when its connections are gone.
    Closing,
    /// `close` is emitted, or queued.
    Closed,
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

    /// Calls `listener` at the next event of that name.
    pub fn once(&self, name: &str, listener: impl Fn(&Event) + 'static) -> ListenerId {
        self.0.emitter.once(name, listener)
    }

    /// Removes a listener; false when it was not there.
    pub fn off(&self, id: ListenerId) -> bool {
        self.0.emitter.off(id)
    }

    /// Whether it listens.
    pub fn is_listening(&self) -> bool {
        matches!(*self.0.phase.borrow(), Phase::Listening(_))
    }

    /// Connections that are not destroyed.
    pub fn connections(&self) -> usize {
        self.0.connections.get()
    }

    /// What [`Socket::set_allow_half_open`] is for the connections that are accepted from now on.
    pub fn set_allow_half_open(&self, allow: bool) {
        self.0.half_open.set(allow);
    }

    /// Listens on TCP. `listening` comes at the next tick, so there is time to add listeners; it does not come if the
    /// server is closed before. A server that was closed may listen again.
    ///
    /// # Errors
    /// As [`TcpListener::bind`]; `AlreadyExists` when it listens already.
    pub fn listen(&self, address: impl Address) -> io::Result<SocketAddr> {
        if self.is_listening() {
            return Err(already_listens());
        }
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        self.listen_on(listener);
        Ok(address)
    }

    /// Serves what `listener` accepts: TCP, Unix or simulated. When the server listens already, that is an `error` event
    /// (`AlreadyExists`), and the first listener goes on.
    pub fn listen_on<L: Listener + 'static>(&self, listener: L) {
        let this = self.clone();
        if self.is_listening() {
            return next_tick(move || emit_error(&this.0.emitter, already_listens()));
        }
        next_tick(move || {
            if this.is_listening() {
                emit(&this.0.emitter, "listening", &Event::Listening);
            }
        });
        let this = self.clone();
        let accepting = spawn(async move {
            loop {
                let accepted = listener.accept().await;
                let (failed, this) = (accepted.is_err(), this.clone());
                in_tick(move || match accepted {
                    Ok((stream, _)) => this.accepted(Rc::new(stream)),
                    Err(error) => this.failed(error),
                })
                .await;
                if failed {
                    return;
                }
            }
        });
        *self.0.phase.borrow_mut() = Phase::Listening(accepting);
    }

    fn accepted(&self, stream: Rc<dyn Stream>) {
        self.0.connections.set(self.0.connections.get() + 1);
        let this = self.clone();
        let socket = Socket::accepted(stream, self.0.half_open.get(), move || {
            this.0.connections.set(this.0.connections.get() - 1);
            this.close_if_drained();
        });
        emit(&self.0.emitter, "connection", &Event::Connection(socket));
    }

    /// Accepts no more. `close` comes when all connections are destroyed, and once, however often this is called.
    pub fn close(&self) {
        let before = {
            let phase = &mut *self.0.phase.borrow_mut();
            match phase {
                Phase::Closing | Phase::Closed => return,
                Phase::New | Phase::Listening(_) => mem::replace(phase, Phase::Closing),
            }
        };
        if let Phase::Listening(accepting) = before {
            // Dropping the task closes the listener.
            accepting.abort();
        }
        self.close_if_drained();
    }

    /// An accept that failed would fail again: the server stops.
    fn failed(&self, error: io::Error) {
        self.close();
        emit_error(&self.0.emitter, error);
    }

    /// `close` comes at the next tick, which is before the last socket's own, as in Node.
    fn close_if_drained(&self) {
        let drained = self.connections() == 0 && matches!(*self.0.phase.borrow(), Phase::Closing);
        if drained {
            *self.0.phase.borrow_mut() = Phase::Closed;
            let this = self.clone();
            next_tick(move || emit(&this.0.emitter, "close", &Event::Close));
        }
    }
}

fn already_listens() -> io::Error {
    io::Error::new(io::ErrorKind::AlreadyExists, "the server listens already")
}
