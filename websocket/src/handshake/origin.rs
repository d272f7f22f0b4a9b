//! Whose pages may open a WebSocket here: RFC 6455 §10.2.
//!
//! A browser sends cookies along with a handshake to anywhere, and no same-origin rule stops it from reading the answers:
//! any page in the world can talk to a WebSocket server with its visitor's identity ("cross-site WebSocket hijacking").
//! The `Origin` field, which a page cannot forge, is all there is against it.

/// The rule for the `Origin` of a handshake. A request without one (it comes from a program, not from a page) passes,
/// except with [`Origin::Check`], which is asked.
#[derive(Clone, Debug, Default)]
pub enum Origin {
    /// The page must come from the host and port that the request names in `Host`. The default. Behind a proxy that
    /// rewrites `Host`, use a list.
    #[default]
    SameHost,
    /// The page's origin must be one of these, as `https://example.org` or `https://example.org:8443`. Compared by scheme,
    /// host and port, never by prefix or suffix.
    Any(Vec<String>),
    /// Any page in the world: for public data without cookies, and for tests.
    Everyone,
    /// A function of `Origin` (if there is one) and `Host`.
    Check(fn(Option<&[u8]>, &[u8]) -> bool),
}

impl Origin {
    /// Whether a request with this `Origin` and `Host` may pass.
    ///
    /// ```
    /// use wirebook_websocket::handshake::Origin;
    /// let rule = Origin::Any(vec!["https://good.example".into()]);
    /// assert!(rule.allows(Some(b"https://GOOD.example:443"), b"a"));
    /// assert!(!rule.allows(Some(b"https://good.example.evil.com"), b"a"));
    /// assert!(!rule.allows(Some(b"null"), b"a"));
    /// ```
    pub fn allows(&self, origin: Option<&[u8]>, host: &[u8]) -> bool {
        match (self, origin) {
            (Origin::Check(check), origin) => check(origin, host),
            (Origin::Everyone, _) | (_, None) => true,
            (Origin::SameHost, Some(origin)) => split(origin).is_some_and(|(scheme, authority)| {
                let (name, port) = authority;
                split_authority(scheme, host).is_some_and(|(n, p)| name.eq_ignore_ascii_case(n) && port == p)
            }),
            (Origin::Any(list), Some(origin)) => list.iter().any(|allowed| same(origin, allowed.as_bytes())),
        }
    }
}

/// Host and port.
type Authority<'a> = (&'a [u8], u16);

fn same(a: &[u8], b: &[u8]) -> bool {
    match (split(a), split(b)) {
        (Some((scheme_a, (name_a, port_a))), Some((scheme_b, (name_b, port_b)))) => {
            scheme_a.eq_ignore_ascii_case(scheme_b) && name_a.eq_ignore_ascii_case(name_b) && port_a == port_b
        }
        _ => false,
    }
}

/// `scheme "://" host [ ":" port ]` (RFC 6454 §6.2) and nothing else: scheme, (host, port).
fn split(origin: &[u8]) -> Option<(&[u8], Authority<'_>)> {
    let at = origin.windows(3).position(|window| window == b"://")?;
    let scheme = &origin[..at];
    Some((scheme, split_authority(scheme, &origin[at + 3..])?))
}

/// Host and port, the port filled in from the scheme.
fn split_authority<'a>(scheme: &[u8], authority: &'a [u8]) -> Option<Authority<'a>> {
    if authority.is_empty() || authority.iter().any(|byte| b"/?#@ ".contains(byte)) {
        return None;
    }
    let default = match scheme.to_ascii_lowercase().as_slice() {
        b"http" | b"ws" => 80,
        b"https" | b"wss" => 443,
        _ => return None,
    };
    // The last colon starts the port, unless it stands inside the brackets of an IPv6 address.
    match authority.iter().rposition(|byte| *byte == b':') {
        Some(at) if !authority[at..].contains(&b']') => {
            let port = std::str::from_utf8(&authority[at + 1..]).ok()?.parse().ok()?;
            (at > 0).then_some((&authority[..at], port))
        }
        _ => Some((authority, default)),
    }
}
