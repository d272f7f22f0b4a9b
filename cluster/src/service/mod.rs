//! A master as a service: what it is started with, who tells it what to do, whom it tells how it is, and how a new one takes its place.
//!
//! **Reading order.** `heritage.rs` is what a master begins with, and how it is replaced. `govern.rs` joins a master to its machine.
//! `run.rs` is the door for a program that is both master and worker.

mod govern;
mod heritage;
mod run;

pub use govern::govern;
pub use run::{Outcome, run};
