//! Passing requests on to another server.
//!
//! | file | holds |
//! |---|---|
//! | `fields` | what of a message goes on |
//! | `public` | which addresses a stranger may have us connect to |
//! | `reverse` | the proxy |

mod fields;
mod public;
mod reverse;

pub use public::{is_public, public_agent};
pub use reverse::{Proxy, to};
