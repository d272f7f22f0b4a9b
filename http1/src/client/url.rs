//! `http:` and `https:` URLs, as far as a client needs them: to connect, to ask, and to follow a redirect.
//!
//! What a text means as a URL says the WHATWG's URL standard, because that is what browsers do and hence what people write.
//! The crate `url` implements it; here its parts become those of a request.

use super::head::basic;
use super::options::without_brackets;
use crate::agent::error::Error;
use crate::agent::origin::Origin;
use percent_encoding::percent_decode_str;

/// The parts of a URL that a request is made of.
///
/// ```
/// use wirebook_http1::client::Url;
///
/// let url = Url::parse("http://tea:pot@example.org:8000/a/b?q#top")?;
/// assert_eq!((&*url.host, url.port, &*url.path), ("example.org", 8000, "/a/b?q"));
/// assert_eq!(url.auth.as_deref(), Some("tea:pot"), "never in Host or target: it becomes Authorization");
/// assert_eq!(url.join("../c")?.path, "/c");
/// assert!(url.join("file:///etc/passwd").is_err());
/// # Ok::<(), wirebook_http1::client::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// `https`.
    pub secure: bool,
    /// The host in lower case and ASCII; an IPv4 address in four decimal numbers, an IPv6 address in brackets.
    pub host: String,
    /// The port, or the scheme's.
    pub port: u16,
    /// The path, `/` at least, and the query. A fragment is dropped: it is never sent.
    pub path: String,
    /// `user:password`, percent-decoded; one of them may be empty, but not both.
    pub auth: Option<String>,
    /// What others are joined to.
    whole: url::Url,
}

impl Url {
    /// Reads an absolute URL.
    ///
    /// # Errors
    ///
    /// [`Error::Option`]: the text is no URL by the WHATWG's rules, or one of another scheme.
    pub fn parse(text: &str) -> Result<Url, Error> {
        Url::of(url::Url::parse(text))
    }

    /// The URL that a reference found at this one means. A relative one keeps user and password, as in browsers.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    pub fn join(&self, reference: &str) -> Result<Url, Error> {
        Url::of(self.whole.join(reference))
    }

    fn of(parsed: Result<url::Url, url::ParseError>) -> Result<Url, Error> {
        let whole = parsed.map_err(|_| Error::Option("not an absolute URL"))?;
        let secure = match whole.scheme() {
            "http" => false,
            "https" => true,
            _ => return Err(Error::Option("the URL is neither http: nor https:")),
        };
        let host = whole.host_str().filter(|host| !host.is_empty()).ok_or(Error::Option("the URL names no host"))?;
        let path = match whole.query() {
            Some(query) => format!("{}?{query}", whole.path()),
            None => whole.path().to_owned(),
        };
        let auth = match (whole.username(), whole.password().unwrap_or_default()) {
            ("", "") => None,
            (user, password) => Some(format!("{}:{}", decoded(user)?, decoded(password)?)),
        };
        let port = whole.port().unwrap_or(if secure { 443 } else { 80 });
        Ok(Url { secure, host: host.to_owned(), port, path, auth, whole })
    }

    /// Where a request to it goes.
    pub fn origin(&self) -> Origin {
        let host = without_brackets(&self.host).unwrap_or(&self.host).to_owned();
        Origin { secure: self.secure, host, port: self.port, local_address: None, socket_path: None }
    }

    /// The value of the `Authorization` field that user and password make (RFC 7617); `None` where there are none.
    pub fn authorization(&self) -> Option<String> {
        self.auth.as_deref().map(basic)
    }

    /// The same scheme, host and port: what may be told to one may be told to the other.
    pub fn is_same_origin(&self, other: &Url) -> bool {
        self.whole.origin() == other.whole.origin()
    }
}

fn decoded(text: &str) -> Result<String, Error> {
    let text = percent_decode_str(text).decode_utf8();
    Ok(text.map_err(|_| Error::Option("user and password must be UTF-8"))?.into_owned())
}
