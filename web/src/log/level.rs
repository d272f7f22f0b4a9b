//! The nine levels of log4js, and which of them something has.

use std::fmt;

/// How much something matters. The first and the last are for thresholds: all lines have at least the one, and none the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // Each is the level of its name.
pub enum Level {
    All,
    Trace,
    Debug,
    Info,
    Warn,
    Error,
    Fatal,
    /// What has to be seen whatever the threshold is, such as that a program has begun.
    Mark,
    Off,
}

impl Level {
    /// From the least.
    pub const ALL: [Level; 9] = [
        Level::All,
        Level::Trace,
        Level::Debug,
        Level::Info,
        Level::Warn,
        Level::Error,
        Level::Fatal,
        Level::Mark,
        Level::Off,
    ];

    /// Reads a name, in any case.
    pub fn named(name: &str) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.name().eq_ignore_ascii_case(name))
    }

    /// Its name in capital letters.
    pub fn name(self) -> &'static str {
        match self {
            Level::All => "ALL",
            Level::Trace => "TRACE",
            Level::Debug => "DEBUG",
            Level::Info => "INFO",
            Level::Warn => "WARN",
            Level::Error => "ERROR",
            Level::Fatal => "FATAL",
            Level::Mark => "MARK",
            Level::Off => "OFF",
        }
    }

    /// Whether a line may have it.
    pub fn is_of_a_line(self) -> bool {
        !matches!(self, Level::All | Level::Off)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}
