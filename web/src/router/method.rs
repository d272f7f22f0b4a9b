//! Methods as a router knows them, and what `Allow` says of a resource (RFC 9110 §9, §10.2.1).

use std::fmt;

/// A method. Methods are case-sensitive (RFC 9110 §9.1): `get` is another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Method<'a> {
    /// RFC 9110 §9.3.1.
    Get,
    /// §9.3.2. A route for GET answers it, too.
    Head,
    /// §9.3.3.
    Post,
    /// §9.3.4.
    Put,
    /// §9.3.5.
    Delete,
    /// RFC 5789.
    Patch,
    /// §9.3.7. Answered with `Allow` where no route is for it.
    Options,
    /// §9.3.8. No route can be for it: it sends cookies and credentials back to whoever made a browser ask.
    Trace,
    /// §9.3.6. Its target is no path, so no route can be for it.
    Connect,
    /// Any other token.
    Other(&'a str),
}

/// Methods that have a name here.
pub(super) const KNOWN: usize = 9;

impl<'a> Method<'a> {
    /// All that have a name here.
    pub const ALL: [Method<'static>; KNOWN] = [
        Method::Get,
        Method::Head,
        Method::Post,
        Method::Put,
        Method::Delete,
        Method::Patch,
        Method::Options,
        Method::Trace,
        Method::Connect,
    ];

    /// The method that a request line names.
    #[inline]
    pub fn named(name: &'a str) -> Method<'a> {
        match name.as_bytes() {
            b"GET" => Method::Get,
            b"HEAD" => Method::Head,
            b"POST" => Method::Post,
            b"PUT" => Method::Put,
            b"DELETE" => Method::Delete,
            b"PATCH" => Method::Patch,
            b"OPTIONS" => Method::Options,
            b"TRACE" => Method::Trace,
            b"CONNECT" => Method::Connect,
            _ => Method::Other(name),
        }
    }

    /// As a request line spells it.
    pub fn as_str(self) -> &'a str {
        match self {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
            Method::Patch => "PATCH",
            Method::Options => "OPTIONS",
            Method::Trace => "TRACE",
            Method::Connect => "CONNECT",
            Method::Other(name) => name,
        }
    }

    /// Its place in tables; `None` for those without a name here.
    #[inline]
    pub(super) fn index(self) -> Option<usize> {
        match self {
            Method::Get => Some(0),
            Method::Head => Some(1),
            Method::Post => Some(2),
            Method::Put => Some(3),
            Method::Delete => Some(4),
            Method::Patch => Some(5),
            Method::Options => Some(6),
            Method::Trace => Some(7),
            Method::Connect => Some(8),
            Method::Other(_) => None,
        }
    }
}

impl fmt::Display for Method<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// The methods that a path has: what `Allow` says with a 405, and in the answer to OPTIONS.
///
/// It displays as the field's value. GET brings HEAD with it, and every path that has a route has OPTIONS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allow(Vec<String>);

impl Allow {
    pub(super) fn add(&mut self, method: &str) {
        if !self.has(method) {
            self.0.push(method.to_owned());
        }
        if method == "GET" {
            self.add("HEAD");
        }
    }

    /// Whether this method is among them.
    pub fn has(&self, method: &str) -> bool {
        self.0.iter().any(|known| known == method)
    }

    /// All of them, in the order of RFC 9110, others behind.
    pub fn methods(&self) -> impl Iterator<Item = &str> {
        let rank = |method: &str| Method::named(method).index().unwrap_or(KNOWN);
        let mut all: Vec<&str> = self.0.iter().map(String::as_str).collect();
        all.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| a.cmp(b)));
        all.into_iter()
    }
}

impl fmt::Display for Allow {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, method) in self.methods().enumerate() {
            write!(out, "{}{method}", if at == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}
