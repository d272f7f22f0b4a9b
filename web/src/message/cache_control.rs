//! Cache-Control (RFC 9111 §5.2), and how long an answer is fresh, with the reason.
//!
//! ```text
//! Cache-Control   = [ cache-directive *( OWS "," OWS cache-directive ) ]
//! cache-directive = token [ "=" ( token / quoted-string ) ]
//! ```

use crate::text::{is_token, seconds, split, unquote};
use std::fmt;

/// The largest number of seconds that a cache reckons with (§1.2.2): a larger one is this one.
pub const MOST_SECONDS: u32 = 1 << 31;

/// The directives of a request or an answer. Unknown ones are ignored (§5.2.3); of one that comes twice the stricter counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // Each is the directive of its name.
pub struct CacheControl {
    pub no_store: bool,
    /// `no-cache`, when it names no fields; one that does is as strict (§5.2.2.4 lets a cache do so).
    pub no_cache: bool,
    pub private: bool,
    pub public: bool,
    pub no_transform: bool,
    pub must_revalidate: bool,
    pub proxy_revalidate: bool,
    pub must_understand: bool,
    pub only_if_cached: bool,
    /// RFC 8246.
    pub immutable: bool,
    pub max_age: Option<u32>,
    pub s_maxage: Option<u32>,
    /// Without a number: however stale.
    pub max_stale: Option<u32>,
    pub min_fresh: Option<u32>,
    /// RFC 5861.
    pub stale_while_revalidate: Option<u32>,
    /// RFC 5861.
    pub stale_if_error: Option<u32>,
}

impl CacheControl {
    /// Reads a field, never failing: an element that is none is ignored. A number of seconds that cannot be read is 0, because
    /// the answer is then to be taken for stale (§4.2.1).
    ///
    /// ```
    /// use wirebook_web::message::CacheControl;
    ///
    /// let control = CacheControl::parse("public, max-age=99999999999999999999, MUST-REVALIDATE");
    /// assert_eq!(control.max_age, Some(1 << 31));
    /// assert_eq!(control.to_string(), "public, must-revalidate, max-age=2147483648");
    /// ```
    pub fn parse(field: &str) -> CacheControl {
        let mut all = CacheControl::default();
        for directive in split(field, b',') {
            let (name, value) =
                directive.split_once('=').map_or((directive, None), |(name, value)| (name, Some(value)));
            let stricter = |old: Option<u32>| {
                let new = value.map_or(0, delta_seconds);
                Some(old.map_or(new, |old| old.min(new)))
            };
            match name.trim_end().to_ascii_lowercase().as_str() {
                "no-store" => all.no_store = true,
                "no-cache" => all.no_cache = true,
                "private" => all.private = true,
                "public" => all.public = true,
                "no-transform" => all.no_transform = true,
                "must-revalidate" => all.must_revalidate = true,
                "proxy-revalidate" => all.proxy_revalidate = true,
                "must-understand" => all.must_understand = true,
                "only-if-cached" => all.only_if_cached = true,
                "immutable" => all.immutable = true,
                "max-age" => all.max_age = stricter(all.max_age),
                "s-maxage" => all.s_maxage = stricter(all.s_maxage),
                "max-stale" if value.is_none() => all.max_stale = all.max_stale.or(Some(MOST_SECONDS)),
                "max-stale" => all.max_stale = stricter(all.max_stale),
                "min-fresh" => {
                    // Here the larger number asks for more.
                    let new = value.map_or(0, delta_seconds);
                    all.min_fresh = Some(all.min_fresh.map_or(new, |old| old.max(new)));
                }
                "stale-while-revalidate" => all.stale_while_revalidate = stricter(all.stale_while_revalidate),
                "stale-if-error" => all.stale_if_error = stricter(all.stale_if_error),
                _ => {}
            }
        }
        all
    }

    /// What never changes under its name, such as `app.3f9a.css`: a year, and no question about it.
    pub fn forever() -> CacheControl {
        CacheControl { public: true, immutable: true, max_age: Some(31_536_000), ..CacheControl::default() }
    }

    /// What nobody may keep.
    pub fn never() -> CacheControl {
        CacheControl { no_store: true, ..CacheControl::default() }
    }

    fn flags(&self) -> [(&'static str, bool); 10] {
        [
            ("public", self.public),
            ("private", self.private),
            ("no-cache", self.no_cache),
            ("no-store", self.no_store),
            ("no-transform", self.no_transform),
            ("must-revalidate", self.must_revalidate),
            ("proxy-revalidate", self.proxy_revalidate),
            ("must-understand", self.must_understand),
            ("only-if-cached", self.only_if_cached),
            ("immutable", self.immutable),
        ]
    }

    fn numbers(&self) -> [(&'static str, Option<u32>); 6] {
        [
            ("max-age", self.max_age),
            ("s-maxage", self.s_maxage),
            ("max-stale", self.max_stale),
            ("min-fresh", self.min_fresh),
            ("stale-while-revalidate", self.stale_while_revalidate),
            ("stale-if-error", self.stale_if_error),
        ]
    }
}

impl fmt::Display for CacheControl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = self.flags().into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| name.to_owned());
        let numbers = self.numbers().into_iter().filter_map(|(name, number)| Some(format!("{name}={}", number?)));
        out.write_str(&flags.chain(numbers).collect::<Vec<_>>().join(", "))
    }
}

/// `delta-seconds = 1*DIGIT` (§1.2.2), also in quotes, as some send it.
fn delta_seconds(value: &str) -> u32 {
    let unquoted = unquote(value.trim()).unwrap_or_default();
    let digits = if unquoted.is_empty() { value.trim() } else { &*unquoted };
    if !is_token(digits) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return 0;
    }
    digits.parse().unwrap_or(MOST_SECONDS).min(MOST_SECONDS)
}

/// What a cache knows of an answer that it might keep.
#[derive(Clone, Copy, Debug, Default)]
pub struct Answer<'f> {
    /// Its status.
    pub status: u16,
    /// Cache-Control.
    pub cache_control: Option<&'f str>,
    /// Expires.
    pub expires: Option<&'f str>,
    /// Date, or the moment at which it came, in seconds since 1970.
    pub date: u64,
    /// Last-Modified.
    pub last_modified: Option<&'f str>,
    /// Whether it has a Set-Cookie.
    pub sets_cookie: bool,
    /// Whether its Vary is `*`.
    pub varies_by_all: bool,
}

/// Why a shared cache keeps no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotStored {
    /// Only answers to GET are kept here (§3 lets a cache choose).
    Method,
    /// Only whole, final ones: no 1xx, no 206, no 304 (§3.3).
    Status,
    /// `no-store`, of the request or of the answer (§5.2.1.5, §5.2.2.5).
    NoStore,
    /// `private` (§5.2.2.7).
    Private,
    /// The request had an Authorization, and the answer does not allow it (§3.5).
    Authorization,
    /// A Set-Cookie is for one person.
    SetCookie,
    /// `Vary: *` fits no other request (§4.1).
    VaryAll,
    /// Nothing says how long it is fresh, and its status is not one that may be guessed about (RFC 9110 §15.1).
    NoLifetime,
}

/// Whether a shared cache keeps the answer to a request (RFC 9111 §3), and if not, why.
///
/// # Errors
///
/// The first reason against it.
pub fn store(method: &str, request: &CacheControl, is_authorized: bool, answer: &Answer<'_>) -> Result<(), NotStored> {
    let control = CacheControl::parse(answer.cache_control.unwrap_or_default());
    let allows_authorized = control.public || control.must_revalidate || control.s_maxage.is_some();
    let against = [
        (method != "GET", NotStored::Method),
        (answer.status < 200 || matches!(answer.status, 206 | 304), NotStored::Status),
        (request.no_store || control.no_store, NotStored::NoStore),
        (control.private, NotStored::Private),
        (is_authorized && !allows_authorized, NotStored::Authorization),
        (answer.sets_cookie, NotStored::SetCookie),
        (answer.varies_by_all, NotStored::VaryAll),
        (lifetime(answer).0 == 0 && !control.public && !has_lifetime(answer, &control), NotStored::NoLifetime),
    ];
    against.into_iter().find(|(holds, _)| *holds).map_or(Ok(()), |(_, why)| Err(why))
}

fn has_lifetime(answer: &Answer<'_>, control: &CacheControl) -> bool {
    control.max_age.is_some() || control.s_maxage.is_some() || answer.expires.is_some()
}

// ANCHOR: lifetime
/// For how many seconds from its Date a shared cache takes an answer for fresh (§4.2.1), and what says so.
pub fn lifetime(answer: &Answer<'_>) -> (u32, &'static str) {
    let control = CacheControl::parse(answer.cache_control.unwrap_or_default());
    let until =
        |seconds: u64| u32::try_from(seconds.saturating_sub(answer.date)).unwrap_or(MOST_SECONDS).min(MOST_SECONDS);
    if let Some(seconds) = control.s_maxage {
        return (seconds, "s-maxage");
    }
    if let Some(seconds) = control.max_age {
        return (seconds, "max-age");
    }
    if let Some(expires) = answer.expires {
        // An invalid one, `0` before all, is in the past (§5.3).
        return (seconds(expires).map_or(0, until), "Expires");
    }
    // Statuses about which a cache may guess: RFC 9110 §15.1.
    let may_guess = matches!(answer.status, 200 | 203 | 204 | 300 | 301 | 308 | 404 | 405 | 410 | 414 | 501);
    match answer.last_modified.and_then(seconds).filter(|_| may_guess) {
        // §4.2.2: a tenth of the time since it was changed; and a day at most, so that nobody waits for long.
        Some(modified) => (
            u32::try_from(answer.date.saturating_sub(modified) / 10).unwrap_or(MOST_SECONDS).min(86_400),
            "a tenth of its age",
        ),
        None => (0, "nothing"),
    }
}
// ANCHOR_END: lifetime

/// What a cache does with an answer that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Sends it.
    Fresh,
    /// Sends it, though it is stale, because the request allows it (`max-stale`).
    Stale,
    /// Asks the origin first; the text says why.
    Revalidate(&'static str),
}

/// Whether an answer of this age serves a request (§4, §5.2.1).
pub fn reuse(request: &CacheControl, answer: &Answer<'_>, age: u32) -> Use {
    let control = CacheControl::parse(answer.cache_control.unwrap_or_default());
    if control.no_cache {
        return Use::Revalidate("the answer says no-cache");
    }
    if request.no_cache {
        return Use::Revalidate("the request says no-cache");
    }
    if request.max_age.is_some_and(|most| age > most) {
        return Use::Revalidate("older than the request's max-age");
    }
    let (lifetime, _) = lifetime(answer);
    if u64::from(age) + u64::from(request.min_fresh.unwrap_or(0)) < u64::from(lifetime) {
        return Use::Fresh;
    }
    if age < lifetime {
        return Use::Revalidate("not as long fresh as the request's min-fresh");
    }
    let never_stale = control.must_revalidate || control.proxy_revalidate || control.s_maxage.is_some();
    match request.max_stale {
        Some(most) if !never_stale && age - lifetime <= most => Use::Stale,
        Some(_) if never_stale => Use::Revalidate("stale, and the answer forbids that"),
        _ => Use::Revalidate("stale"),
    }
}
