//! Cookies, in both directions.

use super::{Context, Failure};
use crate::trust::{Cookies, Keys, Purpose, SetCookie};
use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970: the time that signatures and sessions end by.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

impl<'r> Context<'r> {
    /// The cookies that came.
    pub fn cookies(&self) -> Cookies<'r> {
        Cookies::of(self.headers.get_all("cookie"))
    }

    /// The first cookie of that name, as it came.
    pub fn cookie(&self, name: &str) -> Option<&'r str> {
        self.cookies().get(name)
    }

    /// The value of a cookie that we signed ourselves, under this name, and that has not expired.
    pub fn signed_cookie(&self, name: &str) -> Option<String> {
        let token = self.cookie(name)?;
        let verified = self.site.options.keys.as_ref()?.verify(Purpose::Cookie, name, token, now(), b"")?;
        String::from_utf8(verified.value).ok()
    }

    /// Sets a cookie. Over TLS it is `Secure`, whatever it says. Where nobody says how the answer may be cached it is `private`: a cache that
    /// several share would give one visitor's cookie to all of them (RFC 9111 §7.3).
    ///
    /// # Errors
    ///
    /// 500 for what no browser would keep: see [`CookieFault`](crate::trust::CookieFault).
    pub fn set_cookie(&mut self, cookie: &SetCookie<'_>) -> Result<&mut Self, Failure> {
        let cookie = SetCookie { secure: cookie.secure || self.is_secure(), ..cookie.clone() };
        let line = cookie.write().map_err(|fault| Failure::new(500, format!("cookie {:?}: {fault:?}", cookie.name)))?;
        self.append("set-cookie", line)?;
        self.keep_private()
    }

    /// An answer that sets a cookie is its visitor's own, unless somebody says otherwise.
    pub(super) fn keep_private(&mut self) -> Result<&mut Self, Failure> {
        if self.has("set-cookie") { self.make_private() } else { Ok(self) }
    }

    /// No cache that several share keeps it, unless somebody has said how it may be kept.
    pub(crate) fn make_private(&mut self) -> Result<&mut Self, Failure> {
        if self.is_open() || self.has("cache-control") { Ok(self) } else { self.set("cache-control", "private") }
    }

    /// Sets a cookie whose value nobody can change, move to another name, or keep longer than its time. Without `max_age` it has
    /// none.
    ///
    /// # Errors
    ///
    /// 500 without keys; as [`set_cookie`](Self::set_cookie).
    pub fn set_signed_cookie(&mut self, cookie: &SetCookie<'_>) -> Result<&mut Self, Failure> {
        let expires = cookie.max_age.map_or(u64::MAX, |age| now().saturating_add(age));
        let token = self.keys()?.sign(Purpose::Cookie, cookie.name, cookie.value.as_bytes(), expires, b"");
        self.set_cookie(&SetCookie { value: &token, ..cookie.clone() })
    }

    /// Has a browser forget a cookie that was set for `/` on this host.
    ///
    /// # Errors
    ///
    /// As [`set_cookie`](Self::set_cookie).
    pub fn remove_cookie(&mut self, name: &str) -> Result<&mut Self, Failure> {
        self.set_cookie(&SetCookie::removal(name))
    }

    /// The application's keys.
    ///
    /// # Errors
    ///
    /// 500 where it has none.
    pub fn keys(&self) -> Result<&Keys, Failure> {
        self.site.options.keys.as_ref().ok_or_else(|| Failure::new(500, "there are no keys to sign with"))
    }
}
