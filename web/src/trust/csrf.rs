//! Did our own page ask for this, or somebody else's (CWE-352)? A browser sends our cookies in either case.
//!
//! Two answers. By origin, which is the default and needs nothing in a page: a browser says where a request comes from
//! (Sec-Fetch-Site, Fetch Metadata §2.4; Origin, Fetch §3.2), and no page can change that. By token: a secret that stands in our
//! pages and in the session, for programs that have no browser's honesty to build on. Whoever wants a token asks for the
//! origin as well: a token that leaked does not help a page of another origin.
//!
//! GET, HEAD, OPTIONS and TRACE change nothing and pass (RFC 9110 §9.2.1); it is the application's part that this is so.

use crate::text::{from_base64, to_base64};
use subtle::ConstantTimeEq;

/// Bytes of a secret, and of the mask over it: 144 bits each, 48 characters in a page.
pub const TOKEN: usize = 18;

/// Where a request comes from, by its fields.
#[derive(Clone, Copy, Debug, Default)]
pub struct Provenance<'f> {
    /// The method.
    pub method: &'f str,
    /// Sec-Fetch-Site.
    pub sec_fetch_site: Option<&'f str>,
    /// Origin.
    pub origin: Option<&'f str>,
    /// Host.
    pub host: &'f str,
    /// Whether there is a Cookie or an Authorization: something that a browser adds and a stranger's page profits from.
    pub has_credentials: bool,
}

/// Why a request passes or does not. Those that do not are 403.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The method changes nothing.
    Safe,
    /// The browser says: our own page, or the person by hand.
    Same,
    /// The origin is on the list.
    Listed,
    /// No browser says anything, and nothing is there that a browser would have added.
    NoBrowser,
    /// Another site, or another host of this one.
    Cross,
    /// An origin that has no name: a sandboxed frame, a file, a redirect from elsewhere.
    Opaque,
    /// Neither field, but credentials. Every browser since 2020 sends Origin with such a request; a program that is none says
    /// who it is otherwise, or the application allows it.
    Unknown,
}

impl Origin {
    /// Whether the request passes.
    pub fn passes(self) -> bool {
        matches!(self, Origin::Safe | Origin::Same | Origin::Listed | Origin::NoBrowser)
    }
}

/// Looks where a request comes from. `listed` are other origins that may ask, as `https://app.example.com`, byte by byte.
///
/// ```
/// use wirebook_web::trust::csrf::{Origin, Provenance, origin};
///
/// let asked = Provenance { method: "POST", host: "example.com", has_credentials: true, ..Provenance::default() };
/// assert_eq!(origin(&Provenance { sec_fetch_site: Some("same-origin"), ..asked }, &[]), Origin::Same);
/// assert_eq!(origin(&Provenance { origin: Some("https://evil.example"), ..asked }, &[]), Origin::Cross);
/// assert_eq!(origin(&asked, &[]), Origin::Unknown);
/// ```
// ANCHOR: origin
pub fn origin(asked: &Provenance<'_>, listed: &[&str]) -> Origin {
    if matches!(asked.method, "GET" | "HEAD" | "OPTIONS" | "TRACE") {
        return Origin::Safe;
    }
    let is_listed = asked.origin.is_some_and(|origin| origin != "null" && listed.contains(&origin));
    match (asked.sec_fetch_site, asked.origin) {
        _ if is_listed => Origin::Listed,
        // `none` is the person: an address typed, a bookmark.
        (Some("same-origin" | "none"), _) => Origin::Same,
        (Some(_), Some("null")) => Origin::Opaque,
        // `same-site` is another host of ours, whose pages may be somebody else's.
        (Some(_), _) => Origin::Cross,
        (None, Some("null")) => Origin::Opaque,
        (None, Some(origin)) if host(origin).is_some_and(|host| host.eq_ignore_ascii_case(asked.host)) => Origin::Same,
        (None, Some(_)) => Origin::Cross,
        (None, None) if asked.has_credentials => Origin::Unknown,
        (None, None) => Origin::NoBrowser,
    }
}
// ANCHOR_END: origin

/// `serialized-origin = scheme "://" host [ ":" port ]` (RFC 6454 §6.2).
fn host(origin: &str) -> Option<&str> {
    let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"))?;
    (!host.is_empty() && !host.contains(['/', '@', '?', '#'])).then_some(host)
}

/// The token for one page: the session's secret under a mask that is new for each. A page that is compressed beside what a stranger
/// can put into it would give a token away that is always the same (BREACH). Both are random bytes from the system.
pub fn token(secret: &[u8; TOKEN], mask: &[u8; TOKEN]) -> String {
    let mut bytes = [0; 2 * TOKEN];
    for (at, (secret, mask)) in secret.iter().zip(mask).enumerate() {
        bytes[at] = *mask;
        bytes[TOKEN + at] = secret ^ mask;
    }
    to_base64(&bytes)
}

/// Whether a token is of this session's secret; how long that takes tells nothing about it.
///
/// ```
/// use wirebook_web::trust::csrf::{is_token, token};
///
/// let (secret, other) = ([7; 18], [8; 18]);
/// let page = token(&secret, &[42; 18]);
/// assert!(is_token(&page, &secret) && !is_token(&page, &other));
/// assert_ne!(page, token(&secret, &[43; 18]));
/// ```
pub fn is_token(text: &str, secret: &[u8; TOKEN]) -> bool {
    let Some(bytes) = from_base64(text).filter(|bytes| bytes.len() == 2 * TOKEN) else { return false };
    let (mask, masked) = bytes.split_at(TOKEN);
    let plain: Vec<u8> = mask.iter().zip(masked).map(|(mask, masked)| mask ^ masked).collect();
    plain[..].ct_eq(secret).into()
}
