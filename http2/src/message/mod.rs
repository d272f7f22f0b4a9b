//! Field blocks as messages: RFC 9113 §8, between HPACK's fields and the heads that HTTP/1 has too.
//!
//! | file | holds |
//! |---|---|
//! | [`fields`] | the room that a caller lends, and the heads that lie in it |
//! | `read` | a decoded block becomes a head, or breaks a rule of §8.2 and §8.3 |
//! | `write` | a head becomes the fields of a block |
//! | [`misuse`] | what the caller did wrong |

pub mod fields;
pub mod misuse;
mod read;
mod write;

pub use fields::Fields;
pub use misuse::Misuse;
pub(crate) use write::{Outgoing, Scratch};
