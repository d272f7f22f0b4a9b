//! A single-threaded event loop with Node's phases, and the sockets that live on it.
//!
//! ```no_run
//! use wirebook_net::{self as net, Listener, Stream, tcp::TcpListener};
//!
//! fn main() -> std::io::Result<()> {
//!     net::run(async {
//!         let listener = TcpListener::bind("127.0.0.1:7000")?;
//!         loop {
//!             let (stream, _) = listener.accept().await?;
//!             net::spawn(async move {
//!                 let mut bytes = net::buffer();
//!                 while let Ok(count @ 1..) = stream.read(&mut bytes).await {
//!                     if stream.write_all(&bytes[..count]).await.is_err() {
//!                         return;
//!                     }
//!                 }
//!             });
//!         }
//!     })?
//! }
//! ```
//!
//! **Reading order.** `event_loop.rs` is the heart: a turn and its phases on one screen (`run.rs` is how a loop begins
//! and ends). `timers.rs` and `task/mod.rs` are what the loop runs; `source.rs` and `driver.rs` are how sockets wake
//! tasks; `stream.rs` is the contract that protocols build on, and `tcp/mod.rs` its first implementation. `pool.rs` is
//! where blocking work goes.
//!
//! One loop runs on one thread; its tasks are not `Send` and need no locks. Wakers may go anywhere.

mod address;
mod buffer;
mod callbacks;
mod datagram;
mod driver;
mod event_loop;
mod fs;
mod idle;
mod node;
mod park;
mod pool;
mod remote;
mod run;
mod signal;
pub mod sim;
mod slab;
mod source;
mod split;
mod stream;
mod sys;
mod task;
pub mod tcp;
mod time;
mod timers;
pub mod trace;
pub mod udp;
pub mod unix;

pub use address::{Address, Target};
pub use buffer::{BUFFER_SIZE, Buffer, buffer};
pub use callbacks::{Handle, clear, next_tick, queue_microtask, set_immediate, set_interval, set_timeout, stop};
pub use datagram::{Datagrams, Received};
pub use event_loop::TASK_POLLS_PER_TURN;
pub use fs::{lookup, read_file, stat, write_file};
pub use idle::Idle;
pub use node::{EventEmitter, ListenerId, MAX_LISTENERS, Unheard, events};
pub use park::{Parked, Resume, park, park_shared};
pub use pool::spawn_blocking;
pub use run::run;
pub use signal::ctrl_c;
#[doc(hidden)]
pub use source::fake_readiness;
pub use source::{OPERATIONS_PER_TURN, Registration};
pub use split::{ReadHalf, WriteHalf, split};
pub use stream::{Listener, Stream};
pub use task::{JoinError, JoinHandle, spawn};
pub use time::{Elapsed, Sleep, now, sleep, timeout, yield_now};
