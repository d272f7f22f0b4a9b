//! A line of a log, in each of the forms that programs read.

use super::clean::{clean, json_line};
use super::level::Level;
use super::stamp;
use crate::text::redact_target;
use serde_json::json;
use std::time::Duration;

/// Bytes of a line; what is longer is cut, and says so.
pub const MOST_LINE: usize = 8 * 1024;

/// How a line of a program looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// `[2026-11-27T03:14:18.123Z] [INFO] db - 3 rows`, as log4js has it.
    #[default]
    Basic,
    /// `[INFO] db - 3 rows`: for whoever adds the time.
    Short,
    /// An object of JSON.
    Json,
}

impl Layout {
    /// The line, with its end.
    pub fn line(self, at: Duration, level: Level, category: &str, message: &str) -> String {
        let message = cut(message);
        let text = || format!("[{level}] {} - {}\n", clean(category, false), clean(message, false));
        match self {
            Layout::Basic => format!("[{}] {}", stamp::iso(at), text()),
            Layout::Short => text(),
            Layout::Json => {
                let level = level.name().to_ascii_lowercase();
                let line = json!({ "time": stamp::iso(at), "level": level, "category": category, "message": message });
                json_line(&line)
            }
        }
    }
}

fn cut(message: &str) -> &str {
    let mut end = message.len().min(MOST_LINE);
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    &message[..end]
}

/// What an access log knows of a request and its answer.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// When it came, since 1970.
    pub at: Duration,
    /// Whose it was.
    pub remote: Option<String>,
    /// Who they say they are, if we have believed it.
    pub user: Option<String>,
    /// As it was sent.
    pub method: String,
    /// As it was sent; secrets are taken out of its query here.
    pub target: String,
    /// `1.1`.
    pub version: &'static str,
    /// The answer's.
    pub status: u16,
    /// Bytes of the answer's body, where that is known.
    pub bytes: Option<u64>,
    /// Referer: an address of somebody's, so secrets are taken out of its query, too.
    pub referrer: Option<String>,
    /// User-Agent.
    pub agent: Option<String>,
    /// How long the answer took to make.
    pub took: Duration,
    /// What the request is called in other lines.
    pub id: Option<String>,
}

/// How a line of an access log looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccessLayout {
    /// NCSA's: `host - user [date] "request" status bytes`.
    Common,
    /// The same, with Referer and User-Agent: Apache's `combined`.
    #[default]
    Combined,
    /// For people who watch: `GET /tea 200 1.234 ms - 5`, as morgan has it.
    Dev,
    /// An object of JSON.
    Json,
}

impl AccessLayout {
    /// The line, with its end.
    ///
    /// ```
    /// use wirebook_web::log::{Access, AccessLayout};
    ///
    /// let access = Access { method: "GET".into(), target: "/tea\n?token=x".into(), version: "1.1", status: 200, ..Access::default() };
    /// assert_eq!(
    ///     AccessLayout::Common.line(&access),
    ///     "- - - [01/Jan/1970:00:00:00 +0000] \"GET /tea\\n?token=[redacted] HTTP/1.1\" 200 -\n",
    /// );
    /// ```
    pub fn line(self, access: &Access) -> String {
        let target = redact_target(cut(&access.target));
        let (method, target) = (clean(&access.method, true), clean(&target, true));
        let bytes = access.bytes.map_or("-".to_owned(), |bytes| bytes.to_string());
        let referrer = access.referrer.as_deref().map(|referrer| redact_target(cut(referrer)));
        match self {
            AccessLayout::Common | AccessLayout::Combined => {
                let mut line = format!(
                    "{} - {} [{}] \"{method} {target} HTTP/{}\" {} {bytes}",
                    word(access.remote.as_deref()),
                    word(access.user.as_deref()),
                    stamp::common(access.at),
                    access.version,
                    access.status,
                );
                if self == AccessLayout::Combined {
                    let quoted = |text: Option<&str>| format!(" \"{}\"", clean(text.unwrap_or("-"), true));
                    line += &quoted(referrer.as_deref());
                    line += &quoted(access.agent.as_deref().map(cut));
                }
                line.push('\n');
                line
            }
            AccessLayout::Dev => {
                let took = access.took.as_secs_f64() * 1e3;
                format!("{method} {target} {} {took:.3} ms - {bytes}\n", access.status)
            }
            AccessLayout::Json => {
                let line = json!({
                    "time": stamp::iso(access.at), "remote": access.remote, "user": access.user, "method": access.method,
                    "target": redact_target(cut(&access.target)), "version": access.version, "status": access.status,
                    "bytes": access.bytes, "referrer": referrer, "agent": access.agent.as_deref().map(cut),
                    "micros": u64::try_from(access.took.as_micros()).unwrap_or(u64::MAX), "id": access.id,
                });
                json_line(&line)
            }
        }
    }
}

/// A word between spaces: it has none, and there is one.
fn word(text: Option<&str>) -> String {
    match text {
        None | Some("") => "-".to_owned(),
        Some(text) => clean(text, true).replace(' ', "\\x20"),
    }
}
