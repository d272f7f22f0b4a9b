//! One connection on a stream of `wirebook-net`, from the end of its handshake to the end of its transport. The files here decide
//! nothing about the protocol: [`Connection`](crate::Connection) does.
//!
//! | file | holds |
//! |---|---|
//! | `input.rs`, `outbox.rs` | the two buffers, which an idle connection does not own |
//! | `ahead.rs` | messages that were read before they were asked for |
//! | `link.rs` | what everybody shares, and writing; `reading.rs` is its other half |
//! | `attendant.rs` | what goes on beside the application: timers, control frames, the end |
//! | `half.rs` | what the application holds |

mod ahead;
mod attendant;
mod half;
mod input;
mod link;
mod outbox;
mod reading;

pub(crate) use attendant::Attendant;
pub(crate) use half::halves;
pub use half::{Next, Reader, Sending, Writer};
pub(crate) use link::{Link, parts};
