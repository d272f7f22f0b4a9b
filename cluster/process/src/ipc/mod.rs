//! What two processes say to each other over one Unix stream, without the stream: Node's channel, byte for byte.
//!
//! A message is JSON, on a line of its own or behind its length ([`frame`]). One whose `cmd` begins with `NODE_` is the
//! channel's own ([`message`]). A socket rides with a message as a descriptor: the message is wrapped in a `NODE_HANDLE`, and
//! its receiver answers `NODE_HANDLE_ACK` when it has the descriptor, or `NODE_HANDLE_NACK` when it has not ([`handle`]).
//! [`channel`] pairs them, and [`state`] says when what is allowed. Everything the peer can do wrong has a name in
//! [`error`](Violation).

pub mod channel;
mod error;
pub mod frame;
mod handle;
mod limits;
pub mod message;
mod out;
pub mod state;

pub use channel::{Channel, Event, MAX_BATCH, Transmit, Unsent};
pub use error::{Rejected, SendError, Violation};
pub use frame::Framing;
pub use handle::{Handle, Kind};
pub use limits::Limits;
pub use state::State;
