//! Bodies of requests, each with an end: read as they come, bounded before they are kept, and of a type that was asked for.
//!
//! | file, from the ground up | holds |
//! |---|---|
//! | `inflate.rs` | taking one content coding off, with a bound on what it becomes |
//! | `incoming.rs` | [`Incoming`]: the pieces of a body, whatever its coding |
//! | `typed_form.rs` | from what somebody typed to a type of yours |
//! | `read.rs` | JSON, forms, XML, text, bytes |
//! | `parts.rs` | [`Parts`]: forms with files, part by part |
//!
//! A bound is checked where bytes come in, by HTTP/1 itself, at the first read. So a route may allow more or less than another, and
//! what is too large fails in the handler that reads it: its 413 goes out through the onion as every other failure does.

mod incoming;
mod inflate;
mod parts;
mod read;
mod typed_form;

pub use incoming::Incoming;
pub use parts::{Part, Parts};
pub use read::Parsed;
