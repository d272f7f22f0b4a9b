//! Preconditions (RFC 9110 §13), in the order of §13.2.2, each with its reason: whoever debugs a 304 reads why.

use super::etag::{ETag, list};
use crate::text::seconds;
use std::fmt;

/// What is known of the representation that would be sent.
#[derive(Clone, Debug, Default)]
pub struct Validators {
    /// Its tag.
    pub etag: Option<ETag>,
    /// When it was last changed, in seconds since 1970.
    pub modified: Option<u64>,
    /// Whether there is none: the target of a PUT that would make it.
    pub is_missing: bool,
}

/// The fields of a request that make it conditional.
#[derive(Clone, Copy, Debug, Default)]
pub struct Conditions<'f> {
    /// If-Match (§13.1.1).
    pub if_match: Option<&'f str>,
    /// If-None-Match (§13.1.2).
    pub if_none_match: Option<&'f str>,
    /// If-Modified-Since (§13.1.3).
    pub if_modified_since: Option<&'f str>,
    /// If-Unmodified-Since (§13.1.4).
    pub if_unmodified_since: Option<&'f str>,
    /// If-Range (§13.1.5).
    pub if_range: Option<&'f str>,
    /// Whether there is a Range.
    pub has_range: bool,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Perform the method; `true`: a Range counts.
    Perform(bool),
    /// 304.
    NotModified,
    /// 412.
    PreconditionFailed,
}

/// One step of the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The field, or `method`.
    pub field: &'static str,
    /// The section of RFC 9110.
    pub section: &'static str,
    /// What was found.
    pub what: &'static str,
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {} (§{})", self.field, self.what, self.section)
    }
}

/// A verdict and the steps that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What to do.
    pub verdict: Verdict,
    /// Why.
    pub reasons: Vec<Reason>,
}

impl Decision {
    /// The status, if it is decided: 304 or 412. Else the method's own.
    pub fn status(&self) -> Option<u16> {
        match self.verdict {
            Verdict::Perform(_) => None,
            Verdict::NotModified => Some(304),
            Verdict::PreconditionFailed => Some(412),
        }
    }
}

/// Decides (§13.2.2). A server does so only when it would else answer 2xx or 412 (§13.2.1).
///
/// ```
/// use wirebook_web::message::{Conditions, ETag, Validators, Verdict, decide};
///
/// let ours = Validators { etag: ETag::strong("v1"), ..Validators::default() };
/// let asked = Conditions { if_none_match: Some("W/\"v1\""), ..Conditions::default() };
/// let decision = decide("GET", &ours, &asked);
/// assert_eq!(decision.verdict, Verdict::NotModified);
/// assert_eq!(decision.reasons[0].to_string(), "If-None-Match: a tag is ours (§13.1.2)");
/// ```
pub fn decide(method: &str, ours: &Validators, asked: &Conditions<'_>) -> Decision {
    let mut reasons = Vec::new();
    let verdict = verdict(method, ours, asked, &mut reasons);
    Decision { verdict, reasons }
}

fn verdict(method: &str, ours: &Validators, asked: &Conditions<'_>, reasons: &mut Vec<Reason>) -> Verdict {
    let mut say = |field, section, what| reasons.push(Reason { field, section, what });
    // §13.2.1: CONNECT, OPTIONS and TRACE select no representation.
    if matches!(method, "CONNECT" | "OPTIONS" | "TRACE") {
        say("method", "13.2.1", "selects no representation");
        return Verdict::Perform(false);
    }
    let is_read = matches!(method, "GET" | "HEAD");
    // Step 1, or step 2 where there is no If-Match.
    if let Some(value) = asked.if_match {
        let what = any_match(value, ours, ETag::is_strongly);
        say("If-Match", "13.1.1", what.told());
        if !what.holds() {
            return Verdict::PreconditionFailed;
        }
    } else if let Some(date) = asked.if_unmodified_since {
        match (seconds(date), ours.modified) {
            (None, _) => say("If-Unmodified-Since", "13.1.4", "no date, so not there"),
            (_, None) => say("If-Unmodified-Since", "13.1.4", "ours has no date, so not there"),
            (Some(since), Some(modified)) if modified > since => {
                say("If-Unmodified-Since", "13.1.4", "ours is newer");
                return Verdict::PreconditionFailed;
            }
            _ => say("If-Unmodified-Since", "13.1.4", "ours is not newer"),
        }
    }
    // ANCHOR: none_match
    // Step 3, or step 4 where there is no If-None-Match.
    if let Some(value) = asked.if_none_match {
        let what = any_match(value, ours, ETag::is_weakly);
        say("If-None-Match", "13.1.2", what.told());
        if what.holds() {
            return if is_read { Verdict::NotModified } else { Verdict::PreconditionFailed };
        }
    } else if let Some(date) = asked.if_modified_since {
        match (seconds(date), ours.modified) {
            _ if !is_read => say("If-Modified-Since", "13.1.3", "not for this method"),
            (None, _) => say("If-Modified-Since", "13.1.3", "no date, so not there"),
            (_, None) => say("If-Modified-Since", "13.1.3", "ours has no date, so not there"),
            (Some(since), Some(modified)) if modified <= since => {
                say("If-Modified-Since", "13.1.3", "ours is not newer");
                return Verdict::NotModified;
            }
            _ => say("If-Modified-Since", "13.1.3", "ours is newer"),
        }
    }
    // ANCHOR_END: none_match
    // Step 5: a Range is defined for GET alone (§14.2).
    let mut is_ranged = asked.has_range && method == "GET";
    if let (true, Some(value)) = (is_ranged, asked.if_range) {
        is_ranged = match (ETag::parse(value), seconds(value)) {
            (Some(tag), _) => ours.etag.as_ref().is_some_and(|own| own.is_strongly(&tag)),
            // A date is compared exactly, and has to be a strong validator (§8.8.2.2). It is no stronger than our tag: a file whose tag is weak
            // because it has just been changed may have had two contents in that second.
            (None, Some(date)) => ours.modified == Some(date) && !ours.etag.as_ref().is_some_and(ETag::is_weak),
            (None, None) => false,
        };
        say("If-Range", "13.1.5", if is_ranged { "it is ours" } else { "it is not ours: the whole" });
    }
    Verdict::Perform(is_ranged)
}

/// What a list of tags, or `*`, comes to.
enum Match {
    Star,
    StarMissing,
    Tag,
    None,
}

impl Match {
    fn holds(&self) -> bool {
        matches!(self, Match::Star | Match::Tag)
    }

    fn told(&self) -> &'static str {
        match self {
            Match::Star => "there is one",
            Match::StarMissing => "there is none",
            Match::Tag => "a tag is ours",
            Match::None => "no tag is ours",
        }
    }
}

fn any_match(value: &str, ours: &Validators, same: impl Fn(&ETag, &ETag) -> bool) -> Match {
    if crate::text::trim(value) == "*" {
        return if ours.is_missing { Match::StarMissing } else { Match::Star };
    }
    let own = ours.etag.as_ref().filter(|_| !ours.is_missing);
    match own.is_some_and(|own| list(value).iter().any(|tag| same(own, tag))) {
        true => Match::Tag,
        false => Match::None,
    }
}
