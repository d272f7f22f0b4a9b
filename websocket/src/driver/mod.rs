//! One connection on a stream of `wirebook-net`, from the end of its handshake to the end of its transport. The files here decide
//! nothing about the protocol: [`Connection`](crate::Connection) does.
//!
//! | file | holds |
//! |---|---|
//! | `input.rs`, `outbox.rs` | the two buffers, which an idle connection does not own |
//! | `phase.rs` | how a connection stands with its stream: two tables |
//! | `aside.rs` | what most connections have none of: messages read before they were asked for, how it ended |
//! | `link.rs` | what everybody shares, and writing; `reading.rs` is its other half |
//! | `attendant.rs` | what goes on beside the application: timers, control frames, the end |
//! | `half.rs` | what the application holds |

mod aside;
mod attendant;
mod half;
mod input;
mod link;
mod outbox;
mod phase;
mod reading;

pub(crate) use half::halves;
pub use half::{Next, Reader, Sending, Writer};
pub(crate) use link::{Link, parts};
