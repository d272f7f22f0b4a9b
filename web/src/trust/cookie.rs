//! A request's cookies (RFC 6265bis §4.2).
//!
//! ```text
//! cookie      = cookie-string
//! cookie-pair = cookie-name "=" cookie-value      separated by "; "
//! ```
//!
//! The order says something: a browser sends the cookie of the longer path first, so of two that have one name the first one
//! counts. Which path or host a cookie was set for is not sent: whoever needs to know gives it a name with a prefix.

use crate::text::percent;
use std::borrow::Cow;

/// Cookies of one request that are read; those behind are as if they were not there. Browsers keep 180 for a site at most
/// (RFC 6265bis §6.1 asks them for 50 at least).
pub const MOST_COOKIES: usize = 180;

/// A request's cookies, as they stand in the field, or in several: a client sends one (§5.8.3), but what stands between may have taken it apart,
/// as HTTP/2 does (RFC 9113 §8.2.3).
#[derive(Clone, Debug)]
pub struct Cookies<'f> {
    first: &'f [u8],
    others: Vec<&'f [u8]>,
    most: usize,
}

impl<'f> Cookies<'f> {
    /// The cookies of a Cookie field.
    ///
    /// ```
    /// use wirebook_web::trust::Cookies;
    ///
    /// let cookies = Cookies::new("theme=dark; sid=a=b; sid=old");
    /// assert_eq!(cookies.get("sid"), Some("a=b"));
    /// ```
    pub fn new(field: &'f (impl AsRef<[u8]> + ?Sized)) -> Self {
        Cookies::of([field.as_ref()])
    }

    /// The cookies of all Cookie fields, as if they were one.
    ///
    /// ```
    /// use wirebook_web::trust::Cookies;
    ///
    /// assert_eq!(Cookies::of(["theme=dark", "sid=1"].map(str::as_bytes)).get("sid"), Some("1"));
    /// ```
    pub fn of(fields: impl IntoIterator<Item = &'f [u8]>) -> Self {
        let mut fields = fields.into_iter();
        Cookies { first: fields.next().unwrap_or_default(), others: fields.collect(), most: MOST_COOKIES }
    }

    /// Reads so many at most. 0 is none, `usize::MAX` all.
    pub fn limited(self, most: usize) -> Self {
        Cookies { most, ..self }
    }

    /// Names and values in their order. Quotes around a value are a part of it (§5.6 has no word about them). A pair without a
    /// name, or without `=`, is none: a browser takes it for a value without a name, and a name for one that a server cannot see. Nor is
    /// one that is not UTF-8: it may be of another program on this host, or on a host above it, and it takes no other cookie with it.
    pub fn iter(&self) -> impl Iterator<Item = (&'f str, &'f str)> {
        let fields = std::iter::once(self.first).chain(self.others.iter().copied());
        let pairs = fields.flat_map(|field| field.split(|byte| *byte == b';')).take(self.most);
        pairs
            .filter_map(|pair| str::from_utf8(pair).ok()?.split_once('='))
            .map(|(name, value)| (name.trim_matches([' ', '\t']), value.trim_matches([' ', '\t'])))
            .filter(|(name, _)| !name.is_empty())
    }

    /// The first cookie of this name. Names have a case.
    pub fn get(&self, name: &str) -> Option<&'f str> {
        if self.first.is_empty() && self.others.is_empty() {
            return None;
        }
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// As [`get`](Cookies::get), with escapes of the form `%20` decoded; a value that is not well-formed stays as it is.
    pub fn decoded(&self, name: &str) -> Option<Cow<'f, str>> {
        let value = self.get(name)?;
        Some(percent::decode_strictly(value.as_bytes()).map_or(Cow::Borrowed(value), Cow::Owned))
    }
}
