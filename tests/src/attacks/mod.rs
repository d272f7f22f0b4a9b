//! The catalogue of hostile inputs, `tests/attacks/*.jsonl`, and what runs and judges it.
//!
//! A row is a list of operations on bytes, and what must come of it. [`wire`] carries the operations out over a real
//! socket against the server of [`subject`], [`simulated`] in the simulated network; [`judge`] compares what was seen with what the row expects. Every key that a
//! row uses must be known to them: a row cannot pass because nobody understood it.
//!
//! | file | holds |
//! |---|---|
//! | `row.rs` | rows, and our choices among the outcomes that a row allows |
//! | `subject.rs` | the server under test, with a handler that writes down all it gets |
//! | `answers.rs` | a client's view of the bytes that come back |
//! | `wire.rs` | the operations, over sockets |
//! | `simulated.rs` | the same in the simulated network |
//! | `judge.rs` | expectations against what was seen |
//! | `chapter.rs` | the tables of the chapter in the book |
//! | `harness.rs` | named tests from a list |

pub mod answers;
pub mod chapter;
pub mod harness;
pub mod judge;
pub mod row;
pub mod simulated;
pub mod subject;
pub mod wire;
