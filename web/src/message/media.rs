//! Media types (RFC 9110 §8.3.1), read once: whoever decides by a type and whoever parses by it use the same reading.
//!
//! ```text
//! media-type = type "/" subtype parameters
//! parameters = *( OWS ";" OWS [ parameter ] )
//! ```

use crate::text::{is_token, parameter, split, trim};
use std::fmt;

/// Parameters of one media type. One more, and the type cannot be read.
pub const MOST_MEDIA_PARAMETERS: usize = 16;

/// A media type, in small letters, with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    essence: String,
    slash: usize,
    parameters: Vec<(String, String)>,
}

impl Media {
    /// Reads the value of a Content-Type; `None` for what is none. Two parameters of one name are none either: two readers would
    /// choose differently.
    ///
    /// ```
    /// use wirebook_web::message::Media;
    ///
    /// let media = Media::parse("Application/Problem+JSON; charset=\"UTF-8\"").unwrap();
    /// assert!(media.is("application/problem+json") && media.is("*/*+json"));
    /// assert_eq!(media.charset().as_deref(), Some("utf-8"));
    /// ```
    pub fn parse(value: &str) -> Option<Media> {
        let (essence, rest) = value.split_once(';').unwrap_or((value, ""));
        let essence = trim(essence).to_ascii_lowercase();
        let slash = essence.find('/')?;
        if !is_token(&essence[..slash]) || !is_token(&essence[slash + 1..]) {
            return None;
        }
        let mut parameters: Vec<(String, String)> = Vec::new();
        for text in split(rest, b';') {
            let (name, value) = parameter(text)?;
            if parameters.len() == MOST_MEDIA_PARAMETERS || parameters.iter().any(|(known, _)| *known == name) {
                return None;
            }
            parameters.push((name, value.into_owned()));
        }
        Some(Media { essence, slash, parameters })
    }

    /// `type/subtype`, in small letters.
    pub fn essence(&self) -> &str {
        &self.essence
    }

    /// What stands before the slash.
    pub fn kind(&self) -> &str {
        &self.essence[..self.slash]
    }

    /// What stands behind the slash.
    pub fn subtype(&self) -> &str {
        &self.essence[self.slash + 1..]
    }

    /// The structured syntax suffix (RFC 6838 §4.2.8), as `json` in `problem+json`.
    pub fn suffix(&self) -> Option<&str> {
        self.subtype().rsplit_once('+').map(|(_, suffix)| suffix)
    }

    /// A parameter's value, by its name in small letters.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| &**value)
    }

    /// All parameters, in their order.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters.iter().map(|(name, value)| (&**name, &**value))
    }

    /// The charset, whose name has no case (§8.3.2).
    pub fn charset(&self) -> Option<String> {
        self.parameter("charset").map(str::to_ascii_lowercase)
    }

    /// Whether a body of this type is read as UTF-8: there is no charset, or it is UTF-8 or its part ASCII. Others are 415.
    pub fn is_utf8(&self) -> bool {
        self.charset().is_none_or(|charset| matches!(&*charset, "utf-8" | "utf8" | "us-ascii"))
    }

    /// Whether it is of a pattern: `text/html`, `text/*`, `*/*`, `*/*+json`, `application/*+json`; without case.
    pub fn is(&self, pattern: &str) -> bool {
        let Some((kind, subtype)) = pattern.split_once('/') else { return false };
        let fits = match subtype.strip_prefix("*+") {
            Some(suffix) => self.suffix().is_some_and(|own| own.eq_ignore_ascii_case(suffix)),
            None => subtype == "*" || subtype.eq_ignore_ascii_case(self.subtype()),
        };
        fits && (kind == "*" || kind.eq_ignore_ascii_case(self.kind()))
    }
}

impl fmt::Display for Media {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.essence)?;
        for (name, value) in &self.parameters {
            match is_token(value) {
                true => write!(out, ";{name}={value}")?,
                // A value that was read has no control character.
                false => write!(out, ";{name}={}", crate::text::quote(value).unwrap_or_default())?,
            }
        }
        Ok(())
    }
}
