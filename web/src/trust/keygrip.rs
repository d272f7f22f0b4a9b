//! Signatures as Koa and Express have them (the packages `keygrip` and `cookies`), so that a program of theirs and one of ours can
//! share cookies while one replaces the other. A cookie `name=value` has a second one beside it, `name.sig`, with the code of
//! the text `name=value`.
//!
//! It covers neither a time nor an owner, and its hash is SHA-1: for new cookies take [`Keys`](super::Keys).

use super::keys::WeakKey;
use crate::text::{from_base64, to_base64};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// Keygrip's keys: the first signs, all of them verify.
#[derive(Clone)]
pub struct Keygrip(Vec<Vec<u8>>);

impl std::fmt::Debug for Keygrip {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Keygrip({} secrets)", self.0.len())
    }
}

impl Keygrip {
    /// Keys from secrets, the newest first. The other program's secrets may be short; none may be empty.
    ///
    /// # Errors
    ///
    /// No secret, or an empty one.
    pub fn new(secrets: &[&[u8]]) -> Result<Keygrip, WeakKey> {
        if secrets.is_empty() || secrets.iter().any(|secret| secret.is_empty()) {
            return Err(WeakKey);
        }
        Ok(Keygrip(secrets.iter().map(|secret| secret.to_vec()).collect()))
    }

    /// The value of `name.sig` for a cookie.
    pub fn sign(&self, name: &str, value: &str) -> String {
        to_base64(&code(&self.0[0], name, value).finalize().into_bytes())
    }

    /// Which key signed it: 0 is the newest, any other wants a new signature.
    pub fn verify(&self, name: &str, value: &str, signature: &str) -> Option<usize> {
        let given = from_base64(signature)?;
        self.0.iter().position(|key| code(key, name, value).verify_slice(&given).is_ok())
    }
}

fn code(key: &[u8], name: &str, value: &str) -> Hmac<Sha1> {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).expect("HMAC takes a key of any length (RFC 2104 §2)");
    [name, "=", value].iter().for_each(|part| mac.update(part.as_bytes()));
    mac
}
