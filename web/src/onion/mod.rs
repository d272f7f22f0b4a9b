//! The onion: rings around a handler, entered from the outside and left from the inside.
//!
//! | file, from the ground up | holds |
//! |---|---|
//! | `ring.rs` | [`Edge`], and what a handler is |
//! | `next.rs` | what a layer is; [`Next`]: the inside of the onion, to be run once |
//! | `endpoint.rs` | [`Endpoint`]: a route that is being written down |
//! | `router.rs` | [`Router`]: routes and rings, in any order, nested |
//! | `resources.rs`, `natural.rs` | many routes at once: REST; `/controller/action/parameters` |
//! | `app.rs` | [`App`]: what it becomes, and how it is served |

mod app;
mod endpoint;
mod natural;
mod next;
mod resources;
mod ring;
mod router;

pub use app::App;
pub use endpoint::{Endpoint, any, delete, get, on, options, patch, post, put};
pub use natural::Natural;
pub use next::Next;
pub use resources::Resource;
pub use ring::{Answering, Edge};
pub use router::Router;
