//! Entity tags (RFC 9110 §8.8.3).
//!
//! ```text
//! entity-tag = [ %s"W/" ] DQUOTE *etagc DQUOTE
//! etagc      = %x21 / %x23-7E / obs-text            (no quote, no space; a comma is one of them)
//! ```

use std::fmt;

/// Tags of one If-Match or If-None-Match that are compared; those behind are as if they were not there.
pub const MOST_TAGS: usize = 64;

/// An entity tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ETag {
    is_weak: bool,
    opaque: String,
}

impl ETag {
    /// A strong tag; `None` for a text that no tag can have.
    pub fn strong(opaque: &str) -> Option<ETag> {
        opaque.bytes().all(is_etagc).then(|| ETag { is_weak: false, opaque: opaque.to_owned() })
    }

    /// The tag of the same text that promises the same meaning and not the same bytes: what a compressed answer has (§8.8.3.3).
    pub fn weak(mut self) -> ETag {
        self.is_weak = true;
        self
    }

    /// Whether it is weak.
    pub fn is_weak(&self) -> bool {
        self.is_weak
    }

    /// Reads one tag.
    pub fn parse(value: &str) -> Option<ETag> {
        let (tag, rest) = read(value)?;
        rest.is_empty().then_some(tag)
    }

    /// §8.8.3.2: both are strong and their texts are the same.
    pub fn is_strongly(&self, other: &ETag) -> bool {
        !self.is_weak && !other.is_weak && self.opaque == other.opaque
    }

    /// §8.8.3.2: their texts are the same.
    pub fn is_weakly(&self, other: &ETag) -> bool {
        self.opaque == other.opaque
    }
}

impl fmt::Display for ETag {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}\"{}\"", if self.is_weak { "W/" } else { "" }, self.opaque)
    }
}

fn is_etagc(byte: u8) -> bool {
    byte == 0x21 || (0x23..=0x7e).contains(&byte) || byte >= 0x80
}

fn read(value: &str) -> Option<(ETag, &str)> {
    let (is_weak, rest) = value.strip_prefix("W/").map_or((false, value), |rest| (true, rest));
    let (opaque, rest) = rest.strip_prefix('"')?.split_once('"')?;
    opaque.bytes().all(is_etagc).then(|| (ETag { is_weak, opaque: opaque.to_owned() }, rest))
}

/// The tags of a list, as far as it is one: what stands behind the first fault is not compared, nor is a tag with something
/// else than a comma behind it.
pub(super) fn list(value: &str) -> Vec<ETag> {
    let mut tags = Vec::new();
    let mut rest = value.trim_start_matches([' ', '\t', ',']);
    while let Some((tag, behind)) = read(rest)
        && tags.len() < MOST_TAGS
    {
        let behind = behind.trim_start_matches([' ', '\t']);
        if !behind.is_empty() && !behind.starts_with(',') {
            break;
        }
        tags.push(tag);
        rest = behind.trim_start_matches([' ', '\t', ',']);
    }
    tags
}
