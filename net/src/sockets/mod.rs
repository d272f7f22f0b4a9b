//! Sockets: the contract of streams and datagrams, and the operating system's.
//!
//! **Reading order**, an evening. `stream.rs` and `datagram.rs` are the contracts that protocols build on. `tcp/`, `udp.rs`
//! and `unix.rs` fulfil them. `address.rs` says where to; `split.rs`, `idle.rs` and `buffer.rs` are for those who use a
//! stream. `signals.rs` makes the system's signals something to await.

mod address;
mod buffer;
mod datagram;
mod idle;
mod signals;
mod split;
mod stream;
pub mod tcp;
pub mod udp;
pub mod unix;

pub use address::{Address, Target};
pub use buffer::{BUFFER_SIZE, Buffer, buffer};
pub use datagram::{Datagrams, Received};
pub use idle::Idle;
pub use signals::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SignalNumber, Signals, ctrl_c, signals};
pub use split::{ReadHalf, WriteHalf, split};
pub use stream::{Listener, Stream};
