//! What every program uses; `twins/twin.mjs` is the same for Node.

use std::{
    cell::{Cell, RefCell},
    io,
    net::SocketAddr,
    rc::Rc,
    time::Duration,
};
use wirebook_net::{
    self as net,
    node::{Event, Server, Socket},
    sim::{SimListener, SimStream},
};

/// Where programs run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Network {
    Tcp,
    Simulated,
}

thread_local!(pub(crate) static NETWORK: Cell<Network> = const { Cell::new(Network::Tcp) });

/// What a program says, word by word. Clones write to the same list.
#[derive(Clone, Default)]
pub(crate) struct Log(pub(crate) Rc<RefCell<Vec<String>>>);

impl Log {
    pub(crate) fn say(&self, word: impl ToString) {
        self.0.borrow_mut().push(word.to_string());
    }

    /// A callback that says a word.
    pub(crate) fn word(&self, word: &'static str) -> impl Fn() + 'static {
        let log = self.clone();
        move || log.say(word)
    }
}

/// What a program calls a millisecond lasts longer, so that a busy machine keeps the order of the timers.
pub(crate) const STRETCH: u64 = 3;

pub(crate) fn later(milliseconds: u64, callback: impl FnOnce() + 'static) {
    net::set_timeout(callback, Duration::from_millis(milliseconds * STRETCH));
}

/// An error's word: its kind, or its message if the program made it.
pub(crate) fn kind(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "refused".into(),
        io::ErrorKind::ConnectionReset => "reset".into(),
        io::ErrorKind::BrokenPipe => "ended".into(),
        io::ErrorKind::AddrInUse => "in-use".into(),
        io::ErrorKind::AlreadyExists => "already-listening".into(),
        io::ErrorKind::InvalidInput => "invalid".into(),
        _ => error.to_string(),
    }
}

pub(crate) fn mine(text: &str) -> io::Error {
    io::Error::other(text.to_owned())
}

/// A socket or a server.
pub(crate) trait Emits: Clone + 'static {
    fn listen_to(&self, name: &str, listener: impl Fn(&Event) + 'static);

    /// Calls `listener` with the emitter itself.
    fn when(&self, name: &str, listener: impl Fn(&Self, &Event) + 'static) {
        let this = self.clone();
        self.listen_to(name, move |event| listener(&this, event));
    }
}

impl Emits for Socket {
    fn listen_to(&self, name: &str, listener: impl Fn(&Event) + 'static) {
        self.on(name, listener);
    }
}

impl Emits for Server {
    fn listen_to(&self, name: &str, listener: impl Fn(&Event) + 'static) {
        self.on(name, listener);
    }
}

/// Says every event but `data`, by the emitter's own name in front: `client:connect`.
pub(crate) fn watch(log: &Log, who: &str, emitter: &impl Emits) {
    watch_some(log, who, emitter, "listening connection connect end drain timeout error close");
}

pub(crate) fn watch_some(log: &Log, who: &str, emitter: &impl Emits, events: &str) {
    for name in events.split(' ') {
        let (log, text) = (log.clone(), format!("{who}:{name}"));
        emitter.listen_to(name, move |event| match event {
            Event::Error(error) => log.say(format!("{text}({})", kind(error))),
            _ => log.say(&text),
        });
    }
}

/// Says how many bytes came in all, when they have ended.
pub(crate) fn count(log: &Log, who: &'static str, socket: &Socket) {
    let bytes = Rc::new(Cell::new(0));
    let (counter, log) = (bytes.clone(), log.clone());
    socket.on("data", move |event| counter.set(counter.get() + length(event)));
    socket.on("end", move |_| log.say(format!("{who}:{}", bytes.get())));
}

/// Says how long every chunk is.
pub(crate) fn lengths(log: &Log, socket: &Socket) {
    let log = log.clone();
    socket.on("data", move |event| log.say(length(event)));
}

pub(crate) fn length(event: &Event) -> usize {
    if let Event::Data(bytes) = event { bytes.len() } else { 0 }
}

/// Lets the bytes flow away, and hears errors.
pub(crate) fn swallow(socket: &Socket) {
    socket.on("error", |_| {});
    socket.resume();
}

/// Where a server listens.
#[derive(Clone, Copy)]
pub(crate) struct Door(SocketAddr);

impl Door {
    pub(crate) fn connect(self) -> Socket {
        match NETWORK.get() {
            Network::Tcp => Socket::connect(self.0),
            Network::Simulated => Socket::connect_by(SimStream::connect(self.0)),
        }
    }

    pub(crate) fn connect_half_open(self) -> Socket {
        let socket = self.connect();
        socket.set_allow_half_open(true);
        socket
    }

    /// A second server at the same address.
    pub(crate) fn listen_too(self, server: &Server) -> io::Result<()> {
        match NETWORK.get() {
            Network::Tcp => server.listen(self.0).map(drop),
            Network::Simulated => SimListener::bind(self.0).map(|listener| server.listen_on(listener)),
        }
    }
}

pub(crate) fn listen(server: &Server) -> Door {
    Door(match NETWORK.get() {
        Network::Tcp => server.listen("127.0.0.1:0").expect("a free port"),
        Network::Simulated => {
            let listener = SimListener::bind("10.0.0.1:0").expect("a free port");
            let address = listener.local_addr().expect("it is bound");
            server.listen_on(listener);
            address
        }
    })
}

/// A server that closes at its first connection, so that the program ends by itself.
pub(crate) fn serve(on_connection: impl Fn(&Socket) + 'static, then: impl Fn(Door) + 'static) {
    serve_with(false, on_connection, then);
}

pub(crate) fn serve_half_open(on_connection: impl Fn(&Socket) + 'static, then: impl Fn(Door) + 'static) {
    serve_with(true, on_connection, then);
}

fn serve_with(half_open: bool, on_connection: impl Fn(&Socket) + 'static, then: impl Fn(Door) + 'static) {
    let server = Server::new();
    server.set_allow_half_open(half_open);
    server.when("connection", move |server, event| {
        let Event::Connection(socket) = event else { return };
        server.close();
        on_connection(socket);
    });
    let door = listen(&server);
    server.on("listening", move |_| then(door));
}

/// A server that swallows what comes, and closes after a while even if nobody came.
pub(crate) fn serve_a_while(then: impl Fn(Door) + 'static) {
    let server = Server::new();
    server.on("connection", |event| {
        if let Event::Connection(socket) = event {
            swallow(socket);
        }
    });
    let door = listen(&server);
    server.when("listening", move |server, _| {
        then(door);
        let server = server.clone();
        later(50, move || server.close());
    });
}

/// A port at which nobody listens.
pub(crate) fn nobody(then: impl Fn(Door) + 'static) {
    let server = Server::new();
    let door = listen(&server);
    server.when("listening", |server, _| server.close());
    server.on("close", move |_| then(door));
}
