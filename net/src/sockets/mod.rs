//! Sockets: the contract of streams and datagrams, and the operating system's.
//!
//! **Reading order**, an evening. `stream.rs` and `datagram.rs` are the contracts that protocols build on. `tcp/`, `udp.rs`
//! and `unix.rs` fulfil them. `descriptor.rs` says what a descriptor from elsewhere is, and how it
//! travels beside a stream's bytes; `pipe.rs` has streams of one direction. `address.rs` says where to; `split.rs`, `idle.rs` and `buffer.rs` are for those who use a
//! stream. `signals.rs` makes the system's signals something to await.

mod address;
mod buffer;
mod datagram;
mod descriptor;
mod idle;
pub mod pipe;
mod signals;
mod split;
mod stream;
pub mod tcp;
pub mod udp;
pub mod unix;

pub use address::{Address, Target};
pub use buffer::{BUFFER_SIZE, Buffer, buffer};
pub use datagram::{Datagrams, Received};
pub(crate) use descriptor::check_carried;
pub use descriptor::{Carrier, MAX_DESCRIPTORS, ReceivedWith, SocketKind};
pub use idle::Idle;
pub use signals::{
    SIGCHLD, SIGHUP, SIGINT, SIGKILL, SIGQUIT, SIGSTOP, SIGTERM, SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2, SIGXFSZ,
    SignalNumber, Signals, ctrl_c, signals,
};
pub use split::{ReadHalf, WriteHalf, split};
pub use stream::{Listener, Stream};
