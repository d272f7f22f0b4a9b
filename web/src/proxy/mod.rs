//! Passing requests on to another server.
//!
//! | file | holds |
//! |---|---|
//! | `fields` | what of a message goes on |
//! | `public` | which addresses a stranger may have us connect to |
//! | `tunnel` | WebSockets that pass through |
//! | `reverse` | the proxy |

mod fields;
mod public;
mod reverse;
mod tunnel;

pub use public::{is_public, public_agent};
pub use reverse::{Proxy, to};
pub use tunnel::Tunnels;
