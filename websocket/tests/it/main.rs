//! The core of WebSocket, both ends in memory.

mod conversation;
mod handshake;
mod limits;
mod properties;
mod questions;
mod soundness;
