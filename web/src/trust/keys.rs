//! What we signed and nobody else could have: HMAC (RFC 2104) with SHA-256, and keys that can be exchanged.
//!
//! ```text
//! v1 "." base64url(value) "." expiry "." base64url(HMAC-SHA256(key of the purpose, version, name, value, expiry, binding))
//! ```
//!
//! A code over the value alone would let a value be moved from one cookie to another, be kept beyond its time, and be used by
//! somebody else. So the code covers the name, the value, the time of expiry, and whatever binds it to its owner; each with its
//! length before it, because `("ab", "c")` is not `("a", "bc")`. From each secret comes a key for each purpose (HKDF, RFC 5869), so
//! that a cookie's code is no session's.

use crate::text::{from_base64, to_base64};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;

/// Bytes of a secret, at least: as many as the code has (RFC 2104 §3).
pub const LEAST_KEY: usize = 32;

/// What something is signed for. A code for one purpose is none for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A cookie's value.
    Cookie,
    /// A session, or its id.
    Session,
    /// A token of a form.
    Csrf,
}

const PURPOSES: [(Purpose, &[u8]); 3] =
    [(Purpose::Cookie, b"wirebook cookie"), (Purpose::Session, b"wirebook session"), (Purpose::Csrf, b"wirebook csrf")];

/// A secret has fewer than [`LEAST_KEY`] bytes, or there is none. The program should not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeakKey;

impl fmt::Display for WeakKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "a key has at least {LEAST_KEY} bytes, and there is at least one")
    }
}

impl std::error::Error for WeakKey {}

/// The keys of an application: the first signs, all of them verify.
#[derive(Clone)]
pub struct Keys {
    /// For each secret the key of each purpose.
    keys: Vec<[[u8; 32]; PURPOSES.len()]>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Keys({} secrets)", self.keys.len())
    }
}

/// A value that we signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The value.
    pub value: Vec<u8>,
    /// When it expires, in seconds since 1970.
    pub expires: u64,
    /// An older key signed it: sign it anew.
    pub is_old: bool,
}

impl Keys {
    /// Keys from secrets, the newest first. To exchange one, put a new one before it; when the last value that the old one signed
    /// has expired, leave it out.
    ///
    /// # Errors
    ///
    /// A secret that is too short, or none at all.
    ///
    /// ```
    /// use wirebook_web::trust::{Keys, Purpose};
    ///
    /// let (old, new) = ([1; 32], [2; 32]);
    /// let token = Keys::new(&[&old])?.sign(Purpose::Cookie, "cart", b"3 apples", 1_000, b"");
    /// let keys = Keys::new(&[&new, &old])?;
    /// let verified = keys.verify(Purpose::Cookie, "cart", &token, 999, b"").unwrap();
    /// assert!(verified.value == b"3 apples" && verified.is_old);
    /// assert_eq!(keys.verify(Purpose::Cookie, "price", &token, 999, b""), None); // another name
    /// assert_eq!(keys.verify(Purpose::Cookie, "cart", &token, 1_000, b""), None); // too late
    /// assert!(Keys::new(&[b""]).is_err());
    /// # Ok::<(), wirebook_web::trust::WeakKey>(())
    /// ```
    pub fn new(secrets: &[&[u8]]) -> Result<Keys, WeakKey> {
        if secrets.is_empty() || secrets.iter().any(|secret| secret.len() < LEAST_KEY) {
            return Err(WeakKey);
        }
        let derive = |secret: &&[u8]| {
            let source = Hkdf::<Sha256>::new(None, secret);
            PURPOSES.map(|(_, info)| {
                let mut key = [0; 32];
                source.expand(info, &mut key).expect("32 bytes are less than 255 times 32 (RFC 5869 §2.3)");
                key
            })
        };
        Ok(Keys { keys: secrets.iter().map(derive).collect() })
    }

    /// Signs a value for a name, until a time in seconds since 1970. `binding` is what else its owner must have: it is not sent. 0
    /// has expired already, `u64::MAX` never does.
    pub fn sign(&self, purpose: Purpose, name: &str, value: &[u8], expires: u64, binding: &[u8]) -> String {
        let code = code(&self.keys[0], purpose, name, value, expires, binding).finalize().into_bytes();
        format!("v1.{}.{expires}.{}", to_base64(value), to_base64(&code))
    }

    /// The value, if one of our keys signed it for this purpose, name and binding, and `now` is before its end. How long that takes
    /// tells nothing about how much of a code is right.
    pub fn verify(&self, purpose: Purpose, name: &str, token: &str, now: u64, binding: &[u8]) -> Option<Verified> {
        let mut pieces = token.split('.');
        let (version, value, time, given) = (pieces.next()?, pieces.next()?, pieces.next()?, pieces.next()?);
        let is_canonical = version == "v1" && pieces.next().is_none() && time.bytes().all(|byte| byte.is_ascii_digit());
        let expires: u64 = time.parse().ok().filter(|expires: &u64| is_canonical && expires.to_string() == time)?;
        let (value, given) = (from_base64(value)?, from_base64(given)?);
        let signs = |key: &[[u8; 32]; PURPOSES.len()]| {
            code(key, purpose, name, &value, expires, binding).verify_slice(&given).is_ok()
        };
        let by = self.keys.iter().position(signs)?;
        (now < expires || expires == u64::MAX).then_some(Verified { value, expires, is_old: by > 0 })
    }
}

fn code(
    keys: &[[u8; 32]; PURPOSES.len()],
    purpose: Purpose,
    name: &str,
    value: &[u8],
    expires: u64,
    binding: &[u8],
) -> Hmac<Sha256> {
    let key = &keys[purpose as usize];
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length (RFC 2104 §2)");
    let expires = expires.to_be_bytes();
    for part in [&b"v1"[..], name.as_bytes(), value, &expires, binding] {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac
}
