//! Set-Cookie (RFC 6265bis), both ways: what we may send (§4.1), and what a browser makes of it (§5.6, §5.7).
//!
//! ```text
//! set-cookie   = cookie-name "=" cookie-value *( ";" SP cookie-av )
//! cookie-value = *cookie-octet
//! cookie-octet = %x21 / %x23-2B / %x2D-3A / %x3C-5B / %x5D-7E     ; no control, space, quote, comma, semicolon, backslash
//! ```
//!
//! A cookie is set safely by default: `Path=/; HttpOnly; SameSite=Lax`. What a browser would refuse without a word is an error here.

use crate::text::{date, is_token, seconds};

/// Bytes of name and value together (RFC 6265bis §5.6, step 5).
pub const LONGEST_COOKIE: usize = 4096;

/// Bytes of one attribute's value (§5.6): a browser ignores a longer one.
pub const LONGEST_ATTRIBUTE: usize = 1024;

/// The longest life of a cookie: 400 days (§5.5).
const LONGEST_LIFE: u64 = 400 * 24 * 60 * 60;

/// When a browser sends a cookie along with a request from another site (§4.1.2.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// Never.
    Strict,
    /// When the person follows a link.
    Lax,
    /// Always; wants `Secure`.
    None,
}

/// What a browser throws away first when it has too many (Chromium).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Priority {
    Low,
    Medium,
    High,
}

/// Why a cookie cannot be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CookieFault {
    /// The name is no token.
    Name,
    /// The value has something else than `cookie-octet`.
    Value,
    /// Name and value have more than [`LONGEST_COOKIE`] bytes.
    TooLong,
    /// The path does not begin with `/`, has a control character or a `;`, or is longer than [`LONGEST_ATTRIBUTE`].
    Path,
    /// The domain is no host name.
    Domain,
    /// `SameSite=None` without `Secure` (§5.7, step 13).
    SameSiteNone,
    /// `Partitioned` without `Secure`.
    Partitioned,
    /// `__Secure-` without `Secure` (§4.1.3.1).
    SecurePrefix,
    /// `__Host-` without `Secure`, with a `Domain`, or with another path than `/` (§4.1.3.2).
    HostPrefix,
    /// `__Http-` or `__Host-Http-` without `Secure` and `HttpOnly` (§4.1.3.3, §4.1.3.4).
    HttpPrefix,
}

impl CookieFault {
    /// All of them.
    pub const ALL: [CookieFault; 10] = [
        CookieFault::Name,
        CookieFault::Value,
        CookieFault::TooLong,
        CookieFault::Path,
        CookieFault::Domain,
        CookieFault::SameSiteNone,
        CookieFault::Partitioned,
        CookieFault::SecurePrefix,
        CookieFault::HostPrefix,
        CookieFault::HttpPrefix,
    ];
}

/// A cookie to set. Change what is not as wanted, and write it.
///
/// ```
/// use wirebook_web::trust::{CookieFault, SetCookie};
///
/// let mut cookie = SetCookie::new("__Host-sid", "abc");
/// assert_eq!(cookie.write(), Err(CookieFault::HostPrefix));
/// cookie.secure = true;
/// assert_eq!(cookie.write().unwrap(), "__Host-sid=abc; Path=/; Secure; HttpOnly; SameSite=Lax");
/// ```
#[derive(Clone, Debug)]
pub struct SetCookie<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its value.
    pub value: &'a str,
    /// The host whose subdomains get it, too; without one, its own host alone.
    pub domain: Option<&'a str>,
    /// The path below which it is sent: `/`.
    pub path: Option<&'a str>,
    /// Seconds until it is gone; 0 removes it. Without, and without `expires`, it ends with the browser's session. More than 400 days
    /// are 400 days.
    pub max_age: Option<u64>,
    /// When it is gone, in seconds since 1970; `max_age` goes before it.
    pub expires: Option<u64>,
    /// Not sent in clear.
    pub secure: bool,
    /// Not seen by scripts: true.
    pub http_only: bool,
    /// [`SameSite::Lax`].
    pub same_site: Option<SameSite>,
    /// Kept apart for each site that it is embedded in.
    pub partitioned: bool,
    /// See [`Priority`].
    pub priority: Option<Priority>,
}

impl<'a> SetCookie<'a> {
    /// A cookie with the safe attributes.
    pub fn new(name: &'a str, value: &'a str) -> Self {
        SetCookie {
            name,
            value,
            domain: None,
            path: Some("/"),
            max_age: None,
            expires: None,
            secure: false,
            http_only: true,
            same_site: Some(SameSite::Lax),
            partitioned: false,
            priority: None,
        }
    }

    /// What removes a cookie of this name; domain and path have to be those that it was set with.
    pub fn removal(name: &'a str) -> Self {
        SetCookie { max_age: Some(0), expires: Some(0), ..Self::new(name, "") }
    }

    /// The field's value.
    ///
    /// # Errors
    ///
    /// The first fault.
    pub fn write(&self) -> Result<String, CookieFault> {
        self.check()?;
        let mut out = format!("{}={}", self.name, self.value);
        let mut add = |text: &str| {
            out += "; ";
            out += text;
        };
        if let Some(domain) = self.domain {
            add(&format!("Domain={domain}"));
        }
        if let Some(path) = self.path {
            add(&format!("Path={path}"));
        }
        if let Some(expires) = self.expires {
            add(&format!("Expires={}", date(expires)));
        }
        if let Some(seconds) = self.max_age {
            add(&format!("Max-Age={}", seconds.min(LONGEST_LIFE)));
        }
        if self.secure {
            add("Secure");
        }
        if self.http_only {
            add("HttpOnly");
        }
        if let Some(same_site) = self.same_site {
            add(&format!("SameSite={same_site:?}"));
        }
        if self.partitioned {
            add("Partitioned");
        }
        if let Some(priority) = self.priority {
            add(&format!("Priority={priority:?}"));
        }
        Ok(out)
    }

    fn check(&self) -> Result<(), CookieFault> {
        let is_path = |path: &str| {
            let is_plain = path.bytes().all(|byte| (0x20..0x7f).contains(&byte) && byte != b';');
            path.starts_with('/') && is_plain && path.len() <= LONGEST_ATTRIBUTE
        };
        let rules = [
            (is_token(self.name), CookieFault::Name),
            (self.value.bytes().all(is_cookie_octet), CookieFault::Value),
            (self.name.len() + self.value.len() <= LONGEST_COOKIE, CookieFault::TooLong),
            (self.path.is_none_or(is_path), CookieFault::Path),
            (self.domain.is_none_or(is_domain), CookieFault::Domain),
            (self.secure || self.same_site != Some(SameSite::None), CookieFault::SameSiteNone),
            (self.secure || !self.partitioned, CookieFault::Partitioned),
        ];
        if let Some((_, fault)) = rules.into_iter().find(|(holds, _)| !holds) {
            return Err(fault);
        }
        let is_host_only = self.domain.is_none() && self.path == Some("/");
        prefix_rule(self.name, self.secure, self.http_only, is_host_only)
    }
}

/// `cookie-octet` (§4.1.1).
fn is_cookie_octet(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\",;\\".contains(&byte)
}

fn is_domain(domain: &str) -> bool {
    // RFC 1123 §2.1.
    let is_label = |label: &str| {
        let is_plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        !label.is_empty() && label.len() <= 63 && is_plain && !label.starts_with('-') && !label.ends_with('-')
    };
    domain.len() <= 253 && domain.strip_prefix('.').unwrap_or(domain).split('.').all(is_label)
}

/// What a name with a prefix promises (§4.1.3). Browsers compare prefixes without case, because servers do (§5.7).
fn prefix_rule(name: &str, secure: bool, http_only: bool, is_host_only: bool) -> Result<(), CookieFault> {
    let has = |prefix: &str| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    let rules = [
        ("__Secure-", secure, CookieFault::SecurePrefix),
        ("__Http-", secure && http_only, CookieFault::HttpPrefix),
        ("__Host-Http-", secure && http_only, CookieFault::HttpPrefix),
        ("__Host-", secure && is_host_only, CookieFault::HostPrefix),
    ];
    rules.into_iter().find(|(prefix, holds, _)| has(prefix) && !holds).map_or(Ok(()), |(.., fault)| Err(fault))
}

/// Why a browser does not keep a cookie (RFC 6265bis §5.7, as far as it can be said from the field).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A control character (§5.6, step 1).
    Control,
    /// Neither name nor value (step 4).
    Empty,
    /// More than [`LONGEST_COOKIE`] bytes (step 5).
    TooLong,
    /// `Secure`, and the answer came in clear (§5.7, step 9).
    NotSecure,
    /// A rule that we check before we send, too.
    Rule(CookieFault),
}

/// A Set-Cookie as a browser reads it (§5.6).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // Each is the attribute of its name.
pub struct Received {
    pub name: String,
    pub value: String,
    pub domain: Option<String>,
    /// A path that does not begin with `/` is as if it were not there.
    pub path: Option<String>,
    /// When it is gone, in seconds since 1970, by Max-Age and else by Expires, at most 400 days away.
    pub expires: Option<u64>,
    pub secure: bool,
    pub http_only: bool,
    pub same_site: Option<SameSite>,
    pub partitioned: bool,
}

impl Received {
    /// Reads a field as a browser does at the time `now`, in seconds since 1970; the last of two attributes of one name counts.
    ///
    /// # Errors
    ///
    /// Why it is no cookie.
    pub fn parse(field: &str, now: u64) -> Result<Received, Refusal> {
        if field.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
            return Err(Refusal::Control);
        }
        let mut pieces = field.split(';').map(|piece| piece.trim_matches([' ', '\t']));
        let pair = pieces.next().unwrap_or_default();
        let (name, value) =
            pair.split_once('=').map_or(("", pair), |(name, value)| (name.trim_end(), value.trim_start()));
        if name.is_empty() && value.is_empty() {
            return Err(Refusal::Empty);
        }
        if name.len() + value.len() > LONGEST_COOKIE {
            return Err(Refusal::TooLong);
        }
        let mut cookie = Received { name: name.into(), value: value.into(), ..Received::default() };
        let mut max_age = None;
        for piece in pieces {
            let (name, value) =
                piece.split_once('=').map_or((piece, ""), |(name, value)| (name.trim_end(), value.trim_start()));
            if value.len() <= LONGEST_ATTRIBUTE {
                cookie.take(&name.to_ascii_lowercase(), value, &mut max_age);
            }
        }
        let latest = now.saturating_add(LONGEST_LIFE);
        cookie.expires = match max_age {
            // §5.6.2: nothing or less is the earliest time there is.
            Some(seconds) if seconds <= 0 => Some(0),
            Some(seconds) => Some(now.saturating_add(seconds.unsigned_abs()).min(latest)),
            None => cookie.expires.map(|expires| expires.min(latest)),
        };
        Ok(cookie)
    }

    fn take(&mut self, attribute: &str, value: &str, max_age: &mut Option<i64>) {
        match attribute {
            "expires" => self.expires = seconds(value).or(self.expires),
            "max-age" => *max_age = delta(value).or(*max_age),
            "domain" if !value.is_empty() => {
                self.domain = Some(value.strip_prefix('.').unwrap_or(value).to_ascii_lowercase());
            }
            "path" => self.path = value.starts_with('/').then(|| value.to_owned()),
            "secure" => self.secure = true,
            "httponly" => self.http_only = true,
            "partitioned" => self.partitioned = true,
            "samesite" => {
                self.same_site = match value.to_ascii_lowercase().as_str() {
                    "strict" => Some(SameSite::Strict),
                    "lax" => Some(SameSite::Lax),
                    "none" => Some(SameSite::None),
                    _ => None,
                }
            }
            _ => {}
        }
    }

    /// Whether a browser keeps it that got it over TLS, or in clear (§5.7).
    ///
    /// # Errors
    ///
    /// Why not.
    pub fn kept(&self, over_tls: bool) -> Result<(), Refusal> {
        if self.secure && !over_tls {
            return Err(Refusal::NotSecure);
        }
        if self.same_site == Some(SameSite::None) && !self.secure {
            return Err(Refusal::Rule(CookieFault::SameSiteNone));
        }
        if self.partitioned && !self.secure {
            return Err(Refusal::Rule(CookieFault::Partitioned));
        }
        // A cookie without a name whose value looks like a prefix would be sent as if it had one (§5.7, step 20).
        let name = if self.name.is_empty() { &self.value } else { &self.name };
        let is_host_only = self.domain.is_none() && self.path.as_deref() == Some("/");
        let holds = !self.name.is_empty();
        prefix_rule(name, holds && self.secure, holds && self.http_only, holds && is_host_only).map_err(Refusal::Rule)
    }
}

/// §5.6.2: an optional `-` and digits; a number that is too large is the largest.
fn delta(value: &str) -> Option<i64> {
    let digits = value.strip_prefix('-').unwrap_or(value);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(value.parse().unwrap_or(if value.starts_with('-') { i64::MIN } else { i64::MAX }))
}
