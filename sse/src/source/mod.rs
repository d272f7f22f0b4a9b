//! The event source without its sockets: when to connect, what to ask, what an answer means, how long to wait.
//!
//! | file | holds |
//! |---|---|
//! | `state.rs` | its life as a table, readable alone |
//! | `connection.rs` | the one door: what is said to it and what it wants |
//! | `settings.rs` | what its caller may choose, and may not |
//! | `url.rs` | `http:` URLs as browsers read them |
//! | `error.rs` | why it cannot be made, why it reconnects, why it closes |

pub mod connection;
pub mod error;
pub mod settings;
pub mod state;
pub mod url;
