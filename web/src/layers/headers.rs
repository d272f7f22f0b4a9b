//! Fields that have browsers guard a page: helmet's set, with its reasons.

use crate::{
    context::{Answer, Context},
    onion::Edge,
};

/// What is set, unless somebody further inside says otherwise.
const DEFAULTS: [(&str, &str); 9] = [
    // Scripts, styles and frames of our own origin only, and no page of another around ours.
    (
        "content-security-policy",
        "default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'; object-src 'none'; script-src-attr 'none'",
    ),
    // No window of another origin keeps a hand on ours.
    ("cross-origin-opener-policy", "same-origin"),
    // Other origins embed nothing of ours.
    ("cross-origin-resource-policy", "same-origin"),
    ("origin-agent-cluster", "?1"),
    // Where somebody came from is not told.
    ("referrer-policy", "no-referrer"),
    // A type is what it says that it is.
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "SAMEORIGIN"),
    ("x-permitted-cross-domain-policies", "none"),
    // The filter of old browsers could be turned against a page.
    ("x-xss-protection", "0"),
];

/// Half a year, as in helmet, of nothing but TLS.
const ONLY_TLS: (&str, &str) = ("strict-transport-security", "max-age=15552000; includeSubDomains");

/// Fields for every answer.
///
/// ```
/// use wirebook_web::{Router, layers::Headers};
///
/// let router = Router::new().edge(
///     Headers::default().set("content-security-policy", "default-src 'self' https://cdn.example.com").without("x-frame-options"),
/// );
/// ```
#[derive(Clone, Debug)]
#[must_use = "a router has to be given it"]
pub struct Headers {
    fields: Vec<(String, String)>,
    only_tls: Option<String>,
}

impl Default for Headers {
    fn default() -> Self {
        let fields = DEFAULTS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Headers { fields, only_tls: Some(ONLY_TLS.1.to_owned()) }
    }
}

impl Headers {
    /// None at all, to begin with.
    pub fn none() -> Headers {
        Headers { fields: Vec::new(), only_tls: None }
    }

    /// Sets one, or sets it otherwise.
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self = self.without(name);
        match name.eq_ignore_ascii_case(ONLY_TLS.0) {
            true => self.only_tls = Some(value.to_owned()),
            false => self.fields.push((name.to_owned(), value.to_owned())),
        }
        self
    }

    /// Leaves one out.
    pub fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        if name.eq_ignore_ascii_case(ONLY_TLS.0) {
            self.only_tls = None;
        }
        self
    }
}

impl Edge for Headers {
    /// On the way in, so that whoever is further inside has the last word, and whoever speaks HTTP by itself has them, too.
    fn enter(&self, ctx: &mut Context<'_>) -> Option<Answer> {
        for (name, value) in &self.fields {
            if let Err(failure) = ctx.set(name, value) {
                return Some(Err(failure));
            }
        }
        // In clear the field means nothing (RFC 6797 §7.2).
        let only_tls = self.only_tls.as_ref().filter(|_| ctx.is_secure())?;
        ctx.set(ONLY_TLS.0, only_tls).err().map(Err)
    }
}
