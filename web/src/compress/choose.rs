//! Whether an answer is to be compressed: a table of reasons not to.

use crate::message::{CacheControl, ETag, Media};

/// What is known of an answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts<'a> {
    /// Its status.
    pub status: u16,
    /// Content-Type.
    pub content_type: Option<&'a str>,
    /// Content-Encoding.
    pub content_encoding: Option<&'a str>,
    /// Cache-Control.
    pub cache_control: Option<&'a str>,
    /// Whether there is a Content-Range.
    pub is_part: bool,
    /// Bytes of the body, where that is known.
    pub length: Option<u64>,
}

/// Why an answer stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It has no body, or a part of one: 1xx, 204, 205, 206, 304.
    Status,
    /// It is in a coding already.
    Coded,
    /// `no-transform` (RFC 9110 §7.7).
    NoTransform,
    /// Events have to arrive one by one, and proxies on the way gather what is compressed.
    EventStream,
    /// Its type says that it is compressed in its own way, or nothing.
    Type,
    /// It is smaller than what is worth it.
    Small,
}

/// Why an answer is not to be compressed for anybody; `None`: it may be, for whoever takes it.
///
/// ```
/// use wirebook_web::compress::{Facts, Why, why_not};
///
/// let page = Facts { status: 200, content_type: Some("text/html"), length: Some(9000), ..Facts::default() };
/// assert_eq!(why_not(&page, 1024), None);
/// assert_eq!(why_not(&Facts { cache_control: Some("no-transform"), ..page }, 1024), Some(Why::NoTransform));
/// ```
// ANCHOR: why_not
pub fn why_not(facts: &Facts<'_>, least: u64) -> Option<Why> {
    let media = facts.content_type.and_then(Media::parse);
    let is_stream = media.as_ref().is_some_and(|media| media.is("text/event-stream"));
    let rules = [
        (matches!(facts.status, 0..=199 | 204..=206 | 304) || facts.is_part, Why::Status),
        (facts.content_encoding.is_some_and(|coding| !coding.eq_ignore_ascii_case("identity")), Why::Coded),
        (facts.cache_control.is_some_and(|control| CacheControl::parse(control).no_transform), Why::NoTransform),
        (is_stream, Why::EventStream),
        (!media.as_ref().is_some_and(is_text), Why::Type),
        (facts.length.is_some_and(|length| length < least || length == 0), Why::Small),
    ];
    rules.into_iter().find(|(holds, _)| *holds).map(|(_, why)| why)
}
// ANCHOR_END: why_not

/// Types whose content repeats itself; of the rest most are compressed in their own way.
fn is_text(media: &Media) -> bool {
    const OTHERS: [&str; 12] = [
        "application/json",
        "application/javascript",
        "application/ecmascript",
        "application/xml",
        "application/x-www-form-urlencoded",
        "application/x-ndjson",
        "application/wasm",
        "application/rtf",
        "application/vnd.ms-fontobject",
        "font/ttf",
        "font/otf",
        "image/bmp",
    ];
    media.kind() == "text" || media.is("*/*+json") || media.is("*/*+xml") || OTHERS.contains(&media.essence())
}

/// The tag of the compressed answer: the same meaning, other bytes (RFC 9110 §8.8.3.3).
pub fn weakened(etag: &str) -> Option<String> {
    ETag::parse(etag).map(|tag| tag.weak().to_string())
}
