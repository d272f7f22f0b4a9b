//! The `http:` and `https:` URLs of an event source, as browsers read them.
//!
//! What a text means as a URL says the WHATWG's URL standard; the crate `url` implements it, and here its parts become those
//! of a request. Source: <https://url.spec.whatwg.org>; WHATWG HTML §9.2.2 and Fetch §4.4 for what is done with them.

use std::fmt;

use percent_encoding::{CONTROLS, percent_encode};

/// Why a URL cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UrlError {
    /// It is no URL: no scheme, no host, a port that is none, or a character that has no place there.
    Invalid,
    /// Another scheme than `http` and, where the connection can be made [secure](crate::Settings::secure), `https`.
    Scheme,
    /// A redirect from `https` to `http`: what was asked for in secret would be told in clear.
    Downgrade,
    /// A user name or a password: they belong in a field, where no log and no `Referer` shows them.
    Credentials,
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            UrlError::Invalid => "not an absolute URL",
            UrlError::Scheme => "not an http:// URL, nor an https:// one for an event source over TLS",
            UrlError::Downgrade => "an http:// URL, from an https:// one",
            UrlError::Credentials => "user name and password belong in a field and not in the URL",
        })
    }
}

impl std::error::Error for UrlError {}

/// An absolute `http` or `https` URL; its fragment is never sent.
///
/// ```
/// use wirebook_sse::url::Url;
/// let url = Url::parse("http://127.0.0.1:8000/a/events?x=1#top").unwrap();
/// assert_eq!((url.authority(), url.host(), url.port(), url.target()), ("127.0.0.1:8000", "127.0.0.1", 8000, "/a/events?x=1"));
/// assert_eq!(url.join("../b").unwrap().to_string(), "http://127.0.0.1:8000/b");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url(url::Url);

impl Url {
    /// Reads an absolute URL.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        Url::of(url::Url::parse(text))
    }

    /// Resolves a reference.
    ///
    /// # Errors
    ///
    /// What is wrong with the URL that it leads to.
    pub fn join(&self, reference: &str) -> Result<Self, UrlError> {
        Url::of(self.0.join(reference))
    }

    /// Resolves the value of a `Location` field, which is bytes: read as UTF-8, or else each byte for itself.
    ///
    /// # Errors
    ///
    /// As [`join`](Self::join).
    pub fn join_location(&self, location: &[u8]) -> Result<Self, UrlError> {
        match str::from_utf8(location) {
            Ok(location) => self.join(location),
            Err(_) => self.join(&percent_encode(location, CONTROLS).to_string()),
        }
    }

    fn of(parsed: Result<url::Url, url::ParseError>) -> Result<Self, UrlError> {
        let mut url = parsed.map_err(|_| UrlError::Invalid)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(UrlError::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlError::Credentials);
        }
        url.set_fragment(None);
        Ok(Url(url))
    }

    /// Host and port: the value of the `Host` field.
    pub fn authority(&self) -> &str {
        self.0.authority()
    }

    /// The host, in ASCII and lower case; an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        // Such a URL has a host: the parser saw to that.
        let host = self.0.host_str().unwrap_or_default();
        host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
    }

    /// The port; the scheme's if none was written.
    pub fn port(&self) -> u16 {
        self.0.port().unwrap_or(if self.is_secure() { 443 } else { 80 })
    }

    /// `https`: the connection needs TLS.
    pub fn is_secure(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Path and query: the request target in origin form.
    pub fn target(&self) -> &str {
        &self.0[url::Position::BeforePath..url::Position::AfterQuery]
    }

    /// Whether both are of one origin: the same scheme, host and port.
    pub fn is_same_origin(&self, other: &Url) -> bool {
        self.0.origin() == other.0.origin()
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
