//! The catalogue of hostile inputs, `tests/attacks/*.jsonl`, and what runs and judges it.
//!
//! A row is a list of operations on bytes, and what must come of it; it needs nothing else. [`client`] carries the operations
//! out against a server of [`subject`], over sockets and in the simulated network; [`judge`] compares what was seen with what
//! the row expects. Every key that a row uses must be known to them: a row cannot pass because nobody understood it.
//!
//! | file | holds |
//! |---|---|
//! | `row.rs` | rows, and our choices among the outcomes that a row allows |
//! | `answers.rs`, `frames.rs` | a client's view of the bytes that come back |
//! | `subject/` | the servers under test, with handlers that write down all they get, and what load does to a thread |
//! | `judge.rs` | expectations against what was seen |
//! | `client.rs` | a hostile client: the operations, over any stream |
//! | `player.rs`, `clients.rs` | a hostile server, and the clients under test |
//! | `templates.rs` | hostile templates |
//! | `http2.rs` | what attacks on HTTP/2 are made of, and what is seen of an answer to them |
//! | `play.rs` | every row in each way in which it can be played |
//! | `chapter.rs` | the tables of the chapter in the book |
//! | `harness.rs` | named tests from a list |

pub mod answers;
pub mod chapter;
pub mod client;
pub mod clients;
pub mod frames;
pub mod harness;
pub mod http2;
pub mod judge;
pub mod play;
pub mod player;
pub mod row;
pub mod subject;
pub mod templates;
