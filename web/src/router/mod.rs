//! Which handler is a request for? One walk through a tree, and an answer that can be explained.
//!
//! | file | holds |
//! |---|---|
//! | `path` | a path's one form, so that everybody sees the same bytes |
//! | `pattern` | what a route is written as |
//! | `method` | methods, and `Allow` |
//! | `tree` | the radix tree |
//! | `host` | routes of one host |
//! | `routes` | the table that is filled, nested and named; the router that it becomes |
//! | `url` | from a name back to a path |
//! | `candidates` | the obvious router, one pattern after the other: the tree's judge, and what explains a 404 |
//! | `outline` | the tree, and what one look-up did in it |

mod candidates;
mod host;
mod method;
mod outline;
mod path;
mod pattern;
mod routes;
mod tree;
mod url;

pub use candidates::{Candidate, Explanation, Why};
pub use host::Host;
pub use method::{Allow, Method};
pub use outline::Twig;
#[cfg(feature = "net")]
pub(crate) use path::washed;
pub use path::{Path, Unclean, file_names, meaning, wash};
pub use pattern::{Class, Fault, LONGEST_PATTERN, MOST_PARAMETERS, Part, Pattern};
pub use routes::{Found, MOST_ROUTES, Matched, Problem, Route, RouteError, Router, Routes};
pub use tree::Spans;
pub use url::NoUrl;
