//! When a job is due: each so long, or as a line of cron says.

use chrono::{DateTime, TimeZone};
use croner::Cron;
use std::{error::Error, fmt, str::FromStr, time::Duration};

/// The shortest interval. What is due more often is a loop, and no schedule.
pub const MIN_INTERVAL: Duration = Duration::from_millis(1);

/// When a job is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// Each so long, from the beginning; [`Duration::MAX`] is never. The clock of the day does not matter.
    Every(Duration),
    /// As a calendar says.
    Cron(Box<Cron>),
}

/// That is no time at which something could be due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadTime {
    /// The interval is shorter than [`MIN_INTERVAL`].
    TooOften,
    /// The line is none of cron's; its own sentence.
    NoLine(String),
}

impl fmt::Display for BadTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadTime::TooOften => write!(f, "an interval has at least {MIN_INTERVAL:?}"),
            BadTime::NoLine(sentence) => write!(f, "that is no line of cron: {sentence}"),
        }
    }
}

impl Error for BadTime {}

impl When {
    /// Each so long: [`MIN_INTERVAL`] at least. [`Duration::MAX`] is never.
    ///
    /// # Errors
    /// [`BadTime::TooOften`] for less.
    pub fn every(interval: Duration) -> Result<When, BadTime> {
        if interval < MIN_INTERVAL { Err(BadTime::TooOften) } else { Ok(When::Every(interval)) }
    }

    /// As a line of cron says: minute, hour, day, month, day of the week, and before them seconds, if there are six.
    ///
    /// ```
    /// use wirebook_cluster::schedule::When;
    /// assert!(When::cron("0 4 * * *").is_ok());
    /// assert!(When::cron("*/10 * * * * *").is_ok());
    /// assert_eq!(When::cron("at four").unwrap_err().to_string().split(':').next(), Some("that is no line of cron"));
    /// ```
    ///
    /// # Errors
    /// [`BadTime::NoLine`].
    pub fn cron(line: &str) -> Result<When, BadTime> {
        Cron::from_str(line).map(|cron| When::Cron(Box::new(cron))).map_err(|error| BadTime::NoLine(error.to_string()))
    }

    /// The next moment of the calendar behind that one; `None` where there is none, and for an interval.
    pub(super) fn after<Z: TimeZone>(&self, wall: &DateTime<Z>) -> Option<DateTime<Z>> {
        match self {
            When::Every(_) => None,
            When::Cron(cron) => cron.find_next_occurrence(wall, false).ok(),
        }
    }
}
