//! What was asked: Koa's `ctx.request`, in small letters.

use super::{Context, Failure};
use crate::{
    input::{Value, form, pairs},
    message::{Conditions, ETag, Media, Ranges, Validators, accept, decide, ranges},
    router::{Method, wash},
    text::seconds,
};
use std::borrow::Cow;
use wirebook_http1::{
    connection::content_length,
    parser::{FieldLines, Version},
};

impl<'r> Context<'r> {
    /// The method, as it was sent or as a ring has overridden it.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Makes it another method, for the router and all who come behind: Koa's `ctx.method =`. To be said before the route is looked for.
    pub fn set_method(&mut self, method: impl Into<String>) {
        self.method = Cow::Owned(method.into());
    }

    /// Whether the method may be sent twice without harm (RFC 9110 §9.2.2).
    pub fn is_idempotent(&self) -> bool {
        matches!(&*self.method, "GET" | "HEAD" | "PUT" | "DELETE" | "OPTIONS" | "TRACE")
    }

    /// The request-target, as it was sent: Koa's `ctx.originalUrl`.
    pub fn target(&self) -> &'r str {
        self.target
    }

    /// The washed path, or what a ring has made of it; empty where there is none that anybody may look at.
    ///
    /// Every ring and handler sees these bytes and no others: see [`wash`]. A request whose path cannot be washed, or whose host is not
    /// ours, goes through the onion without one, and is answered with 400 or 421 where its route would be looked for.
    pub fn path(&self) -> &str {
        self.path.as_ref().map_or("", |path| path.as_str())
    }

    /// The path, as it was sent.
    pub fn original_path(&self) -> &'r str {
        self.original_path
    }

    /// Makes it another path, for the router and all who come behind. To be said before the route is looked for.
    ///
    /// # Errors
    ///
    /// 500 for a path that cannot be washed. A request without a path does not get one.
    pub fn rewrite(&mut self, path: &str) -> Result<&mut Self, Failure> {
        let washed = wash(path).map_err(|fault| Failure::new(500, format!("rewritten to {path:?}: {fault:?}")))?;
        if self.path.is_ok() {
            self.path = Ok(washed.into_owned());
        }
        Ok(self)
    }

    /// What stands behind the `?`, still encoded: Koa's `ctx.querystring`.
    pub fn query(&self) -> Option<&'r str> {
        self.query
    }

    /// The first value of that name in the query, of as many pairs as [`Limits::query`](crate::Limits::query) allows.
    pub fn query_value(&self, name: &str) -> Option<String> {
        pairs(self.query?)
            .take(self.options().limits.query.pairs)
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }

    /// The whole query, with names such as `filter[size]` taken apart.
    ///
    /// # Errors
    ///
    /// 413 beyond the bounds of [`Limits::query`](crate::Limits::query), 400 for names that mean two things.
    pub fn queries(&self) -> Result<Value, Failure> {
        Ok(form(self.query.unwrap_or_default(), &self.options().limits.query)?)
    }

    /// The version of HTTP that was spoken: `1.1`, or `1.0`.
    pub fn version(&self) -> &'static str {
        if self.version == Version::Http10 { "1.0" } else { "1.1" }
    }

    /// All field lines, in wire order.
    pub fn headers(&self) -> FieldLines<'r> {
        self.headers
    }

    /// The first field of that name, if it is UTF-8.
    pub fn header(&self, name: &str) -> Option<&'r str> {
        str::from_utf8(self.headers.get(name)?).ok()
    }

    /// All fields of that name as one list (RFC 9110 §5.3), for fields that are lists. What is not UTF-8 in it stands as U+FFFD: an element
    /// that means nothing takes no other with it.
    pub fn header_list(&self, name: &str) -> Option<Cow<'r, str>> {
        let mut lines = self.headers.get_all(name).map(String::from_utf8_lossy);
        let mut list = lines.next()?;
        for line in lines {
            let list = list.to_mut();
            list.push_str(", ");
            list.push_str(&line);
        }
        Some(list)
    }

    /// The media type of the body; `None` where there is none, or none that can be read, or two.
    pub fn media(&self) -> Option<Media> {
        let mut lines = self.headers.get_all("content-type");
        let only = lines.next().filter(|_| lines.next().is_none())?;
        Media::parse(str::from_utf8(only).ok()?)
    }

    /// The charset that the body's type names.
    pub fn charset(&self) -> Option<String> {
        self.media()?.charset()
    }

    /// Content-Length.
    pub fn length(&self) -> Option<u64> {
        content_length(self.headers.get("content-length")?, None).ok()
    }

    /// Whether there is a body: a length, or chunks (RFC 9112 §6).
    pub fn has_body(&self) -> bool {
        self.headers.get("transfer-encoding").is_some() || self.length().is_some_and(|length| length > 0)
    }

    /// The first of these patterns that the body's type is of: `json`, `text/*`, `*/*+json`. `None` without a body.
    pub fn is<'o>(&self, patterns: &[&'o str]) -> Option<&'o str> {
        let media = self.media().filter(|_| self.has_body())?;
        patterns.iter().find(|pattern| media.is(short(pattern))).copied()
    }

    /// The type that the client likes best of those offered, the first of equals; `None` where it takes none of them.
    pub fn accepts<'o>(&self, offers: &[&'o str]) -> Option<&'o str> {
        let long: Vec<&str> = offers.iter().map(|offer| short(offer)).collect();
        let best = *accept::types(self.header_list("accept").as_deref(), &long).first()?;
        long.iter().position(|offer| *offer == best).map(|at| offers[at])
    }

    /// The same of languages.
    pub fn accepts_languages<'o>(&self, offers: &[&'o str]) -> Option<&'o str> {
        accept::languages(self.header_list("accept-language").as_deref(), offers).first().copied()
    }

    /// The same of charsets.
    pub fn accepts_charsets<'o>(&self, offers: &[&'o str]) -> Option<&'o str> {
        accept::charsets(self.header_list("accept-charset").as_deref(), offers).first().copied()
    }

    /// The same of content codings.
    pub fn accepts_encodings<'o>(&self, offers: &[&'o str]) -> Option<&'o str> {
        accept::encodings(self.header_list("accept-encoding").as_deref(), offers).first().copied()
    }

    /// Whether a script says that it asks (`X-Requested-With`): Express's `req.xhr`.
    pub fn is_xhr(&self) -> bool {
        self.header("x-requested-with").is_some_and(|value| value.eq_ignore_ascii_case("xmlhttprequest"))
    }

    /// Which part is asked for, of something with so many bytes.
    pub fn range(&self, length: u64) -> Ranges {
        // Two fields that may come once are, joined, one that says nothing.
        let asked = self.header_list("range").filter(|_| Method::named(&self.method) == Method::Get);
        asked.map_or(Ranges::Whole, |range| ranges(&range, length, crate::message::MOST_RANGES))
    }

    /// Whether what the client has serves it still, by the tag and the date that the answer has so far (RFC 9110 §13.2.2).
    pub fn is_fresh(&self) -> bool {
        if !matches!(&*self.method, "GET" | "HEAD") || !matches!(self.status_now(), 200..=299 | 304) {
            return false;
        }
        self.decide() == Some(304)
    }

    /// 304 or 412, where the request's conditions decide about an answer with the tag and the date that it has so far.
    pub(crate) fn decide(&self) -> Option<u16> {
        decide(&self.method, &self.validators(), &self.conditions().borrowed()).status()
    }

    /// What the answer so far says of its own state.
    pub(crate) fn validators(&self) -> Validators {
        let etag = self.get("etag").and_then(|tag| ETag::parse(&tag));
        let modified = self.get("last-modified").and_then(|date| seconds(&date));
        Validators { etag, modified, is_missing: false }
    }

    /// The request's conditions.
    pub(crate) fn conditions(&self) -> Asked<'r> {
        Asked {
            if_match: self.header_list("if-match"),
            if_none_match: self.header_list("if-none-match"),
            if_modified_since: self.header("if-modified-since"),
            if_unmodified_since: self.header("if-unmodified-since"),
            if_range: self.header("if-range"),
            has_range: self.headers.get("range").is_some(),
        }
    }
}

/// The conditions of a request, with lists joined.
pub(crate) struct Asked<'r> {
    if_match: Option<Cow<'r, str>>,
    if_none_match: Option<Cow<'r, str>>,
    if_modified_since: Option<&'r str>,
    if_unmodified_since: Option<&'r str>,
    if_range: Option<&'r str>,
    has_range: bool,
}

impl Asked<'_> {
    pub(crate) fn borrowed(&self) -> Conditions<'_> {
        Conditions {
            if_match: self.if_match.as_deref(),
            if_none_match: self.if_none_match.as_deref(),
            if_modified_since: self.if_modified_since,
            if_unmodified_since: self.if_unmodified_since,
            if_range: self.if_range,
            has_range: self.has_range,
        }
    }
}

/// The media type that a short name stands for, as `json`; any other text is itself.
pub(crate) fn short(name: &str) -> &str {
    match name {
        "html" => "text/html",
        "text" => "text/plain",
        "json" => "application/json",
        "xml" => "application/xml",
        "form" => "application/x-www-form-urlencoded",
        "multipart" => "multipart/form-data",
        "bytes" => "application/octet-stream",
        name => name,
    }
}
