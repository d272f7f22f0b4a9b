//! Sessions: what is kept of a visitor between two requests, where, and for how long.
//!
//! What a record is and how two requests' changes are merged is the core's ([`trust::Record`](crate::trust::Record)).
//!
//! | file | holds |
//! |---|---|
//! | `store` | what keeps sessions: load, save, touch, destroy, sweep |
//! | `memory` | in memory, bounded |
//! | `file` | in files, for several programs |
//! | `handle` | a session as a handler has it |
//! | `sessions` | from a token to a session and back |
//! | `layer` | the ring that lends each request its session |

mod file;
mod handle;
mod layer;
mod memory;
mod sessions;
mod store;

pub use file::FileStore;
pub use handle::Session;
pub(crate) use layer::InQuery;
pub use layer::session;
pub use memory::{MOST_SESSIONS, MemoryStore};
pub use sessions::{Carrier, MOST_BYTES, MOST_TOKEN, SessionOptions, Sessions, TRIES, Token};
pub use store::{Later, Store, Stored};
