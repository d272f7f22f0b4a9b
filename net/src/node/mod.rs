//! Node's words over the loop and its sockets: the emitter, and `net.Socket` and `net.Server` by their event names, over any
//! listener and stream.
//!
//! | emitter | events |
//! |---|---|
//! | [`Server`] | `listening`, `connection`, `close`, `error` |
//! | [`Socket`] | `connect`, `data`, `end`, `drain`, `timeout`, `error`, `close` |
//!
//! **Order.** Listeners run when Node's run: after each, all next-ticks and then all microtasks. An `error` comes at the
//! next tick after what went wrong, `close` in the closing phase of that turn, once and last. After `destroy` nothing
//! comes but these two.
//!
//! **Reading.** Bytes flow from the moment at which somebody listens to `data` or calls `resume`. Before that, and while
//! the socket is paused, some [`HIGH_WATER_MARK`] bytes wait here and the rest at the peer; `end` waits behind them.
//!
//! **Where this differs from Node**, on purpose:
//!
//! - [`Server::listen`] gives what Node's `listen` throws, or tells by `error`, as its `Err`: a `Result` is not overlooked.
//! - An address that cannot be (port 99999) is an `error` event and no exception.
//! - `close` of a server comes once, however often `close` was called since it listened.
//! - A server whose listener fails stops: an `accept` that always fails would be tried for ever.
//!
//! The layer is judged by Node itself: `tests/node_events` runs each program here and in Node and compares the lists of
//! events.
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
//!
//! **Reading order**: `emitter.rs`; `life.rs`, the states of a socket and the moves between them; `socket.rs` and `server.rs`.
//! `incoming.rs` and `outgoing.rs` are a socket's two directions, `silence.rs` its timeout, and `tick.rs` makes
//! its events ticks of the loop.

mod emitter;
mod incoming;
pub mod life;
mod outgoing;
mod server;
mod silence;
mod socket;
mod tick;

pub use emitter::{EventEmitter, ListenerId, MAX_LISTENERS, Unheard};
pub use outgoing::HIGH_WATER_MARK;
pub use server::Server;
pub use socket::{Event, Socket};
