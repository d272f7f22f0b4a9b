//! `http:` and `https:` URLs, as far as a client needs them: to connect, to ask, and to follow a redirect (RFC 9110 §4.2,
//! RFC 3986 §5).

use super::Error;
use crate::parser::is_target_byte;
use crate::target::{Port, is_authority};
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
    /// The host as written; an IPv6 address in brackets.
    pub host: String,
    /// The port, or the scheme's.
    pub port: u16,
    /// The path, `/` at least, and the query. A fragment is dropped: it is never sent.
    pub path: String,
    /// `user:password`, percent-decoded.
    pub auth: Option<String>,
}

impl Url {
    /// Reads an absolute URL. What is not ASCII must be percent-encoded.
    ///
    /// # Errors
    ///
    /// [`Error::Option`]: another scheme, no host, a character that cannot be sent.
    pub fn parse(text: &str) -> Result<Url, Error> {
        let (scheme, rest) = text.split_once("://").ok_or(Error::Option("not an absolute URL"))?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err(Error::Option("the URL is neither http: nor https:")),
        };
        let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (user, address) = match authority.rsplit_once('@') {
            Some((user, address)) => (Some(user), address),
            None => (None, authority),
        };
        if address.is_empty() || !is_authority(address.as_bytes(), Port::Optional) {
            return Err(Error::Option("the URL names no host"));
        }
        // A colon within brackets is the address's own.
        let (host, port) = match address.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port),
            _ => (address, ""),
        };
        let implied = if secure { 443 } else { 80 };
        let port = if port.is_empty() { implied } else { port.parse().map_err(|_| Error::Option("no such port"))? };
        let auth = match user {
            Some(user) => Some(
                percent_decode_str(user)
                    .decode_utf8()
                    .map_err(|_| Error::Option("the user is not UTF-8"))?
                    .into_owned(),
            ),
            None => None,
        };
        let path = rest.split('#').next().unwrap_or_default();
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        if !path.bytes().all(is_target_byte) {
            return Err(Error::Option("the URL's path must be percent-encoded ASCII"));
        }
        Ok(Url { secure, host: host.to_owned(), port, path, auth })
    }

    /// The URL that a reference found at this one means (RFC 3986 §5.2).
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    pub fn join(&self, reference: &str) -> Result<Url, Error> {
        let reference = reference.split('#').next().unwrap_or_default();
        let before = reference.split(['/', '?']).next().unwrap_or_default();
        if before.contains(':') {
            return Url::parse(reference);
        }
        if reference.starts_with("//") {
            return Url::parse(&format!("{}:{reference}", if self.secure { "https" } else { "http" }));
        }
        let own = self.path.split('?').next().unwrap_or_default();
        let (path, query) = match reference.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (reference, None),
        };
        let merged = match path {
            "" if query.is_none() => self.path.clone(),
            "" => own.to_owned(),
            _ if path.starts_with('/') => without_dots(path),
            _ => without_dots(&format!("{}{path}", &own[..own.rfind('/').map_or(0, |at| at + 1)])),
        };
        let path = query.map_or(merged.clone(), |query| format!("{merged}?{query}"));
        if !path.bytes().all(is_target_byte) {
            return Err(Error::Option("the URL's path must be percent-encoded ASCII"));
        }
        Ok(Url { path, ..self.clone() })
    }

    /// The same scheme, host and port: what may be told to one may be told to the other.
    pub fn is_same_origin(&self, other: &Url) -> bool {
        self.secure == other.secure && self.port == other.port && self.host.eq_ignore_ascii_case(&other.host)
    }
}

/// RFC 3986 §5.2.4, for a path that begins with a slash.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if last {
                    kept.push("");
                }
            }
            segment => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3986_5_4_examples() {
        let base = Url::parse("http://a/b/c/d;p?q").unwrap();
        // RFC 3986 §5.4.1 and §5.4.2, the fragments left off.
        for (reference, path) in [
            ("g", "/b/c/g"),
            ("./g", "/b/c/g"),
            ("g/", "/b/c/g/"),
            ("/g", "/g"),
            ("?y", "/b/c/d;p?y"),
            ("g?y", "/b/c/g?y"),
            ("#s", "/b/c/d;p?q"),
            (";x", "/b/c/;x"),
            ("", "/b/c/d;p?q"),
            (".", "/b/c/"),
            ("./", "/b/c/"),
            ("..", "/b/"),
            ("../", "/b/"),
            ("../g", "/b/g"),
            ("../..", "/"),
            ("../../g", "/g"),
            ("../../../g", "/g"),
            ("/./g", "/g"),
            ("/../g", "/g"),
            ("g.", "/b/c/g."),
            ("..g", "/b/c/..g"),
            ("./g/.", "/b/c/g/"),
            ("g/../h", "/b/c/h"),
            ("g;x=1/../y", "/b/c/y"),
        ] {
            assert_eq!(base.join(reference).unwrap().path, path, "{reference}");
        }
        assert_eq!(base.join("//g").unwrap().host, "g");
        assert_eq!(base.join("http://g:8/h").unwrap().port, 8);
    }

    #[test]
    fn rfc9110_4_2_what_is_no_url_to_connect_to() {
        for text in
            ["a", "/a", "file:///a", "ftp://a/", "http://", "http:///a", "http://a b/", "http://a/ b", "http://a:x/"]
        {
            assert!(Url::parse(text).is_err(), "{text}");
        }
        assert!(Url::parse("http://a/b").unwrap().join("javascript:alert(1)").is_err());
        let url = Url::parse("HTTPS://[::1]/").unwrap();
        assert_eq!((&*url.host, url.port), ("[::1]", 443));
        assert_eq!(Url::parse("http://a?b").unwrap().path, "/?b");
        assert_eq!(Url::parse("http://a%40b:p%3A@c/").unwrap().auth.as_deref(), Some("a@b:p:"));
        // What stands before the last @ is never the host.
        assert_eq!(Url::parse("http://good@evil@c/").unwrap().host, "c");
    }
}
