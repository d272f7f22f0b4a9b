//! Rings that most applications want, each a page to read. Put those that must see everything outermost.
//!
//! | ring | kind | what it does |
//! |---|---|---|
//! | [`request_id`] | edge | a number for each request, in its answer and in the log |
//! | [`Headers`] | edge | fields that have browsers guard a page (helmet's set) |
//! | [`Cors`] | edge | pages of which other origins may ask |
//! | [`errors`] | layer | a page for every failure: an id for visitors, everything for developers at this machine |
//! | [`catch_panic`] | layer | a panic is a 500 and costs nobody else anything |
//! | [`timeout`] | layer | an answer comes in time, or is a 503 |
//! | [`conditional`] | layer | ETag, and 304 for what a client has already |
//! | [`body_size`] | edge | a bound on bodies, before anybody looks at them |
//! | [`csrf::by_origin`], [`csrf::by_token`] | edge, layer | did our own page ask for this? |
//! | [`basic`] | edge | a name and a password (RFC 7617) |
//! | [`bearer`] | edge | a token (RFC 6750) |
//! | [`method_override`] | layer | forms that PUT and DELETE |

mod basic;
mod bearer;
mod body_size;
mod catch_panic;
mod conditional;
mod cors;
pub mod csrf;
mod developers;
mod errors;
mod headers;
mod method_override;
mod page;
mod request_id;
mod timeout;

pub use basic::{User, basic, same};
pub use bearer::bearer;
pub use body_size::body_size;
pub use catch_panic::catch_panic;
pub use conditional::conditional;
pub use cors::{AnyOrigin, Cors, Listed};
pub use errors::errors;
pub use headers::Headers;
pub use method_override::method_override;
pub use request_id::{RequestId, request_id};
pub use timeout::timeout;
