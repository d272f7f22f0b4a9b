//! What the two ends tell each other about a representation: of what kind it is, which one is wanted, whether the old one still
//! serves, and how much of it.
//!
//! | file | holds |
//! |---|---|
//! | `media` | media types: what a body is (RFC 9110 §8.3) |
//! | `accept` | which of ours the other end likes best (§12.5) |
//! | `disposition` | under which name something is saved (RFC 6266, RFC 8187) |
//! | `etag` | entity tags and their two comparisons (RFC 9110 §8.8.3) |
//! | `conditional` | preconditions, in their order, with reasons (§13) |
//! | `range` | a part of a representation (§14) |
//! | `cache_control` | directives, and how long an answer is fresh, with reasons (RFC 9111) |

pub mod accept;
pub mod cache_control;
mod conditional;
pub mod disposition;
mod etag;
mod media;
mod range;

pub use cache_control::CacheControl;
pub use conditional::{Conditions, Decision, Reason, Validators, Verdict, decide};
pub use disposition::Disposition;
pub use etag::{ETag, MOST_TAGS};
pub use media::{MOST_MEDIA_PARAMETERS, Media};
pub use range::{MOST_RANGES, Ranges, content_range, ranges};
