//! The part of URLs that an event source needs: `http://host:port/path?query`, and references relative to one.
//!
//! Source: RFC 3986 §5.2 (resolution) and §5.2.4 (dot segments); WHATWG HTML §9.2.2 for what a constructor refuses.

use std::fmt;

/// Why a URL cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UrlError {
    /// Another scheme than `http`: the house has no TLS.
    Scheme,
    /// No host, a bad port, or a user name and password, which belong in a header.
    Authority,
    /// A byte that is not printable ASCII: it could end the request line. Percent-encode it.
    Byte,
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            UrlError::Scheme => "not an http:// URL",
            UrlError::Authority => "no usable host and port in the URL",
            UrlError::Byte => "a byte in the URL has to be percent-encoded",
        })
    }
}

impl std::error::Error for UrlError {}

/// An absolute `http` URL without its fragment.
///
/// ```
/// use wirebook_sse::url::Url;
/// let url = Url::parse("http://127.0.0.1:8000/a/events?x=1#top").unwrap();
/// assert_eq!((url.authority(), url.host(), url.port(), url.target()), ("127.0.0.1:8000", "127.0.0.1", 8000, "/a/events?x=1"));
/// assert_eq!(url.join("../b").unwrap().to_string(), "http://127.0.0.1:8000/b");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    authority: String,
    host: String,
    port: u16,
    /// Path and query: the request target in origin form.
    target: String,
}

impl Url {
    /// Reads an absolute URL.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(UrlError::Byte);
        }
        let rest = strip_scheme(text).ok_or(UrlError::Scheme)?;
        let rest = &rest[..rest.find('#').unwrap_or(rest.len())];
        let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (host, port) = host_and_port(authority).ok_or(UrlError::Authority)?;
        let target = if target.starts_with('/') { target.to_string() } else { format!("/{target}") };
        Ok(Url { authority: authority.to_ascii_lowercase(), host: host.to_ascii_lowercase(), port, target })
    }

    /// Resolves a reference, as the `Location` of a redirect is one.
    pub fn join(&self, reference: &str) -> Result<Self, UrlError> {
        if !reference.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(UrlError::Byte);
        }
        if let Some(after_slashes) = reference.strip_prefix("//") {
            return Url::parse(&format!("http://{after_slashes}"));
        }
        // "scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." )" before the first colon makes it absolute.
        let scheme = reference.split_once(':').map(|(scheme, _)| scheme);
        if scheme.is_some_and(|s| s.starts_with(|c: char| c.is_ascii_alphabetic()) && !s.contains(['/', '?', '#'])) {
            return Url::parse(reference);
        }
        let reference = &reference[..reference.find('#').unwrap_or(reference.len())];
        let path_end = self.target.find('?').unwrap_or(self.target.len());
        let (path, _) = self.target.split_at(path_end);
        let target = match reference.as_bytes().first() {
            None => self.target.clone(),
            Some(b'?') => format!("{path}{reference}"),
            Some(b'/') => without_dots(reference),
            Some(_) => without_dots(&format!("{}{reference}", &path[..=path.rfind('/').unwrap_or(0)])),
        };
        Ok(Url { target, ..self.clone() })
    }

    /// Host and port as they were written: the value of the `Host` field.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The host; an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port; 80 if none was written.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Path and query.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Whether both are of one origin: the same host and port.
    pub fn is_same_origin(&self, other: &Url) -> bool {
        (&self.host, self.port) == (&other.host, other.port)
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.authority, self.target)
    }
}

fn strip_scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case("http://").then_some(rest)
}

fn host_and_port(authority: &str) -> Option<(&str, u16)> {
    if authority.contains('@') {
        return None;
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            (host, if port.is_empty() { None } else { Some(port.strip_prefix(':')?) })
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let port = match port {
        None | Some("") => 80,
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok()?,
        Some(_) => return None,
    };
    let is_host = !host.is_empty() && (authority.starts_with('[') || !host.contains([':', '[', ']']));
    is_host.then_some((host, port))
}

/// "Remove Dot Segments" of a path with an optional query.
fn without_dots(target: &str) -> String {
    let path_end = target.find('?').unwrap_or(target.len());
    let (path, query) = target.split_at(path_end);
    let mut segments: Vec<&str> = Vec::new();
    let mut parts = path[1..].split('/').peekable();
    while let Some(part) = parts.next() {
        match part {
            "." | ".." => {
                if part == ".." {
                    segments.pop();
                }
                if parts.peek().is_none() {
                    segments.push("");
                }
            }
            _ => segments.push(part),
        }
    }
    format!("/{}{query}", segments.join("/"))
}
