//! The kernel: the loop, and what runs on it. It knows sockets only as sources that become ready.
//!
//! **Reading order**, one evening. `event_loop.rs` is the heart: a turn and its phases on one screen. `alive.rs` says what
//! keeps it going, `run.rs` how it begins and ends, `current.rs` what it is made of. What it runs:
//! `timers.rs`, `tasks.rs` and `task.rs`. How sockets wake it: `driver.rs`, `sources.rs`,
//! `registration.rs`, `waiter.rs`. What others build on: `time.rs`, `callbacks.rs`, `trace.rs`; and
//! `remote.rs` is all that another thread may touch.

mod alive;
mod callbacks;
mod current;
mod driver;
mod event_loop;
mod registration;
mod remote;
mod run;
mod slab;
mod sources;
mod task;
mod tasks;
mod time;
mod timers;
pub mod trace;
mod tracer;
mod waiter;

pub use alive::{Alive, alive};
pub use callbacks::{Handle, clear, next_tick, queue_microtask, set_immediate, set_interval, set_timeout};
pub use event_loop::TASK_POLLS_PER_TURN;
pub use registration::{Parked, Registration, fake_readiness, park};
pub use run::{block_on, run, stop};
pub use sources::OPERATIONS_PER_TURN;
pub use task::{JoinHandle, spawn};
pub use tasks::JoinError;
pub use time::{Elapsed, Sleep, heard, now, sleep, timeout, yield_now};
pub use waiter::Resume;

pub(crate) use current::{current, try_current};
pub(crate) use driver::{Driver, EVENTS_PER_TURN};
pub(crate) use remote::Remote;
pub(crate) use run::{Then, run_on};
pub(crate) use slab::Key;
pub(crate) use sources::{CLOSED, Direction, READABLE, WRITABLE};
pub(crate) use task::Joinable;
pub(crate) use tasks::{AnyFuture, unboxed};
pub(crate) use timers::{Action, Nanos, Timers};
pub(crate) use waiter::Waiter;
