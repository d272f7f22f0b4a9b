//! What is known of each stream, and of all together: RFC 9113 §5.
//!
//! | file | holds |
//! |---|---|
//! | [`state`] | the tables: streams, messages, and what else of a connection has states |
//! | [`window`] | how much DATA may come and go (§5.2, §6.9), as totals that only grow |
//! | [`priority`] | which stream comes first (RFC 9218) |
//! | `table` | the streams that are not over, and what is remembered of those that are |

pub mod priority;
pub mod state;
pub(crate) mod table;
pub mod window;

pub use priority::{Lanes, Priority};
