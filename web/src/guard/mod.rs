//! Doors with a number: how often, and how many at once.
//!
//! | file | holds |
//! |---|---|
//! | `rate` | how often somebody may ask |
//! | `concurrency` | how many may be served at once |

mod concurrency;
mod rate;

pub use concurrency::concurrency;
pub use rate::{MOST_ASKERS, RateLimit};
