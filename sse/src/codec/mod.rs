//! Events to bytes and bytes to events, sans-I/O and exact to the WHATWG text.
//!
//! | file | holds |
//! |---|---|
//! | `event.rs` | the one [`Event`](event::Event) type |
//! | `encoder.rs` | events to bytes, and why nothing can be injected |
//! | `line.rs` | one line: where it ends and what it says |
//! | `decoder/` | bytes to events, first the obvious way, then the fast one |
//! | `scan.rs` | the two loops of both, in vectors; the one file with `unsafe` |
//! | `error.rs` | what the format cannot carry, and what is larger than allowed |

pub mod decoder;
pub mod encoder;
pub mod error;
pub mod event;
pub mod line;
mod scan;
