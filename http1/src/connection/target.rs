//! The request-target: its four forms (RFC 9112 §3.2) and the parts that routing needs.

use super::error::Violation;

/// The form of a request-target, with its parts borrowed from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// `absolute-path [ "?" query ]` (§3.2.1): what clients send to servers.
    Origin(&'a [u8]),
    /// `absolute-URI` (§3.2.2): what clients send to proxies; a server takes it too and ignores `Host`.
    Absolute {
        /// `host [":" port]`, without user information.
        authority: &'a [u8],
        /// The rest, from the `/` or `?` on; may be empty.
        rest: &'a [u8],
    },
    /// `uri-host ":" port` (§3.2.3): CONNECT alone.
    Authority(&'a [u8]),
    /// `*` (§3.2.4): OPTIONS alone.
    Asterisk,
}

impl<'a> Target<'a> {
    /// Tells the form. `target` is visible ASCII: the head parser saw to that.
    ///
    /// # Errors
    ///
    /// [`Violation::Target`] where the form is none of the four or not the method's;
    /// [`Violation::Misdirected`] for `https:` over clear text.
    ///
    /// ```
    /// use wirebook_http1::target::Target;
    ///
    /// assert_eq!(Target::parse(b"GET", b"/a?b"), Ok(Target::Origin(b"/a?b")));
    /// assert_eq!(Target::parse(b"OPTIONS", b"*"), Ok(Target::Asterisk));
    /// assert!(Target::parse(b"GET", b"*").is_err());
    /// ```
    #[inline]
    pub fn parse(method: &[u8], target: &'a [u8]) -> Result<Self, Violation> {
        if method == b"CONNECT" {
            return match is_authority(target, Port::Required) {
                true => Ok(Target::Authority(target)),
                false => Err(Violation::Target),
            };
        }
        match target {
            [b'/', ..] => Ok(Target::Origin(target)),
            b"*" if method == b"OPTIONS" => Ok(Target::Asterisk),
            _ => absolute(target),
        }
    }

    /// The path, percent-encoding left as it is: `/` for an absolute form without one, `*` for the asterisk form, empty
    /// for the authority form.
    pub fn path(self) -> &'a [u8] {
        match self {
            Target::Origin(target) => before_query(target),
            Target::Absolute { rest, .. } if before_query(rest).is_empty() => b"/",
            Target::Absolute { rest, .. } => before_query(rest),
            Target::Authority(_) => b"",
            Target::Asterisk => b"*",
        }
    }

    /// What follows the first `?`, if there is one.
    pub fn query(self) -> Option<&'a [u8]> {
        let (Target::Origin(text) | Target::Absolute { rest: text, .. }) = self else { return None };
        memchr::memchr(b'?', text).map(|at| &text[at + 1..])
    }
}

fn before_query(text: &[u8]) -> &[u8] {
    memchr::memchr(b'?', text).map_or(text, |at| &text[..at])
}

/// `http://authority…`. RFC 9110 §4.2.4: user information is refused, it only ever misleads.
fn absolute(target: &[u8]) -> Result<Target<'_>, Violation> {
    let colon = memchr::memchr(b':', target).ok_or(Violation::Target)?;
    let after = target[colon..].strip_prefix(b"://").ok_or(Violation::Target)?;
    let scheme = &target[..colon];
    if scheme.eq_ignore_ascii_case(b"https") {
        return Err(Violation::Misdirected);
    }
    if !scheme.eq_ignore_ascii_case(b"http") {
        return Err(Violation::Target);
    }
    let end = memchr::memchr2(b'/', b'?', after).unwrap_or(after.len());
    let (authority, rest) = after.split_at(end);
    match !authority.is_empty() && is_authority(authority, Port::Optional) {
        true => Ok(Target::Absolute { authority, rest }),
        false => Err(Violation::Target),
    }
}

/// Whether this is a host with or without a port, as `Host` and HTTP/2's `:authority` have it (RFC 9110 §7.2).
///
/// ```
/// use wirebook_http1::target::is_host;
///
/// assert!(is_host(b"example.org:8080") && is_host(b"[::1]"));
/// assert!(!is_host(b"user@example.org"));
/// ```
pub fn is_host(text: &[u8]) -> bool {
    is_authority(text, Port::Optional)
}

/// Whether a port must be there.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Port {
    Required,
    Optional,
}

/// `uri-host [ ":" port ]` (RFC 9110 §7.2), where
/// `host = IP-literal / IPv4address / reg-name` (RFC 3986 §3.2.2).
///
/// Stricter than the grammar in one thing: a comma in a name is refused, because it can only come from two `Host` fields
/// that an intermediary joined.
#[inline]
pub(crate) fn is_authority(text: &[u8], port: Port) -> bool {
    match text {
        [b'[', rest @ ..] => is_literal_authority(rest, port),
        // `Host: :80` and `CONNECT :443` name no host.
        [b':', ..] => false,
        _ => after_reg_name(text).is_some_and(|after| is_optional_port(after, port)),
    }
}

/// What follows a host that begins with `[`.
#[cold]
fn is_literal_authority(text: &[u8], port: Port) -> bool {
    memchr::memchr(b']', text)
        .is_some_and(|end| is_ip_literal(&text[..end]) && is_optional_port(&text[end + 1..], port))
}

/// `[ ":" port ]`. `example.com:` is allowed by the grammar.
#[inline]
fn is_optional_port(text: &[u8], port: Port) -> bool {
    match text {
        [] | [b':'] => port == Port::Optional,
        [b':', digits @ ..] => is_port(digits),
        _ => false,
    }
}

/// 0 to 65535, with as many zeros in front as one likes.
fn is_port(digits: &[u8]) -> bool {
    if digits.len() < 5 {
        return digits.iter().all(u8::is_ascii_digit);
    }
    let port = digits.iter().try_fold(0_u32, |port, &digit| {
        let number = port * 10 + u32::from(digit.wrapping_sub(b'0'));
        (digit.is_ascii_digit() && number <= 65_535).then_some(number)
    });
    port.is_some()
}

/// What follows the name: a colon and the port, or nothing.
///
/// `reg-name = *( unreserved / pct-encoded / sub-delims )`, the comma apart.
#[inline]
fn after_reg_name(text: &[u8]) -> Option<&[u8]> {
    let is_name = |byte: u8| REG_NAME[usize::from(byte)];
    let mut rest = text;
    loop {
        rest = match rest {
            // One question for four.
            [a, b, c, d, after @ ..] if is_name(*a) & is_name(*b) & is_name(*c) & is_name(*d) => after,
            [] | [b':', ..] => return Some(rest),
            [byte, after @ ..] if is_name(*byte) => after,
            [b'%', a, b, after @ ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => after,
            _ => return None,
        }
    }
}

/// `unreserved` and `sub-delims` without the comma, by byte.
const REG_NAME: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = matches!(byte as u8,
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~'
            | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b';' | b'=');
        byte += 1;
    }
    table
};

/// `IPv6address`, with a zone or not at all: the standard library knows the grammar. IPvFuture is refused.
fn is_ip_literal(text: &[u8]) -> bool {
    core::str::from_utf8(text).is_ok_and(|text| text.parse::<core::net::Ipv6Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9110_7_2_host_and_port() {
        for good in
            ["", "a", "a:80", "a:", "127.0.0.1:65535", "[::1]", "[::1]:8080", "a%20b", "%41%2f:1", "a:00080", "x_y"]
        {
            assert!(is_authority(good.as_bytes(), Port::Optional), "{good}");
        }
        for bad in [
            "a b", "a,b", "a%2", "a%2x:1", "a:655360", "a:1x", "[::1", "[::1]x", "a:b", "a:65536", "a\\b", "a@b",
            ":80", "a/b", "%zz", "[zz]", "a:1:2",
        ] {
            assert!(!is_authority(bad.as_bytes(), Port::Optional), "{bad}");
        }
    }

    #[test]
    fn rfc9112_3_2_forms() {
        let parse = |method: &str, target: &'static str| Target::parse(method.as_bytes(), target.as_bytes());
        assert_eq!(parse("CONNECT", "a:443"), Ok(Target::Authority(b"a:443")));
        assert_eq!(parse("CONNECT", "a"), Err(Violation::Target));
        assert_eq!(parse("CONNECT", "/"), Err(Violation::Target));
        assert_eq!(parse("GET", "http://a?q").map(Target::path), Ok(&b"/"[..]));
        assert_eq!(parse("GET", "HTTP://a/x?q").map(Target::query), Ok(Some(&b"q"[..])));
        assert_eq!(parse("GET", "http:///x"), Err(Violation::Target));
        assert_eq!(parse("GET", "http://u@a/"), Err(Violation::Target));
        assert_eq!(parse("GET", "https://a/"), Err(Violation::Misdirected));
        assert_eq!(parse("GET", "ftp://a/"), Err(Violation::Target));
        assert_eq!(parse("GET", "a"), Err(Violation::Target));
        assert_eq!(parse("GET", "?a"), Err(Violation::Target));
    }
}
