//! HTTP/1.1 written to be read.
//!
//! Start with [`parser`]: how a head becomes a view of the received bytes.

pub mod parser;
