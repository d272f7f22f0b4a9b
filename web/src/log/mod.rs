//! Logs: what happened, in lines that nobody can forge, at a cost that has a bound.
//!
//! | file | holds |
//! |---|---|
//! | `level` | the nine levels |
//! | `clean` | control characters and secrets |
//! | `stamp` | dates |
//! | `line` | a line of a program, a line about a request, and their layouts |
//! | `sink` | a terminal, a file, a file that is put aside by day, hour or size |
//! | `appender` | the queue between the loop and a sink |
//! | `logger` | categories |
//! | `access` | the ring that writes a line about each request |

mod access;
mod appender;
mod clean;
mod level;
mod line;
mod logger;
mod sink;
mod stamp;

pub use crate::text::{REDACTED, is_secret, redact_target};
pub use access::access_log;
pub use appender::{Appender, MOST_WAITING};
pub use clean::clean;
pub use level::Level;
pub use line::{Access, AccessLayout, Layout, MOST_LINE};
pub use logger::{Log, Logger};
pub use sink::{Console, Every, LogFile, Sink};
