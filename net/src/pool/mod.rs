//! The thread pool: what would block the loop. Jobs, and what is made of them: files and name look-ups.
//!
//! **Reading order**: `jobs.rs`, then `files.rs`.

mod files;
mod jobs;

pub use files::{lookup, open_regular, read_file, stat, write_file};
pub use jobs::{PoolLoad, pool_load, spawn_blocking};
