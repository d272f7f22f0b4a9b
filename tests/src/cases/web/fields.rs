//! Fields of a message, and forms.

use wirebook_cases::Settings;
use wirebook_web::input::{FORM, Limits, form, pairs};
use wirebook_web::message::cache_control::{Answer, NotStored, lifetime, reuse, store};
use wirebook_web::message::{
    CacheControl, Conditions, Disposition, ETag, Media, Ranges, Validators, Verdict, accept, content_range, decide,
    disposition, ranges,
};

pub(super) fn answer(kind: &str, settings: &Settings, line: &str) -> Option<String> {
    Some(match kind {
        "accept" => liked(settings, line, accept::types),
        "accept-language" => liked(settings, line, accept::languages),
        "accept-charset" => liked(settings, line, accept::charsets),
        "accept-encoding" => liked(settings, line, accept::encodings),
        "media" => media(settings, line),
        "disposition" => read(line),
        "filename" => disposition::attachment(Some(line)),
        "conditional" => conditional(settings, line),
        "range" => range(settings, line),
        "cache-control" => CacheControl::parse(line).to_string(),
        "cache" => cache(line),
        "form" => nested(settings, line),
        "pairs" => pairs(line).map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" | "),
        _ => return None,
    })
}

/// A line is the field's value, `absent` is none.
fn liked(
    settings: &Settings,
    line: &str,
    order: impl Fn(Option<&'static str>, &[&'static str]) -> Vec<&'static str>,
) -> String {
    let keep = |text: &str| -> &'static str { text.to_owned().leak() };
    let offers: Vec<&'static str> = settings.get("offers").expect("offers").split(',').map(keep).collect();
    let found = order((line != "absent").then(|| keep(line)), &offers);
    if found.is_empty() { "none".to_owned() } else { found.join(", ") }
}

fn media(settings: &Settings, line: &str) -> String {
    let Some(media) = Media::parse(line) else { return "none".to_owned() };
    match settings.get("is") {
        Some(patterns) => patterns.split(',').find(|pattern| media.is(pattern)).unwrap_or("no").to_owned(),
        None => media.to_string(),
    }
}

fn read(line: &str) -> String {
    let Some(found) = Disposition::parse(line) else { return "none".to_owned() };
    format!("{} {}", found.kind, found.filename.unwrap_or_default()).trim_end().to_owned()
}

/// `METHOD Field: value | Field: value`; `etag`, `modified` and `missing` are settings.
fn conditional(settings: &Settings, line: &str) -> String {
    let ours = Validators {
        etag: settings.get("etag").map(|tag| ETag::parse(tag).expect("a tag")),
        modified: settings.get("modified").map(|number| number.parse().expect("seconds")),
        is_missing: settings.has("missing"),
    };
    let (method, fields) = line.split_once(' ').unwrap_or((line, ""));
    let mut asked = Conditions::default();
    for (name, value) in fields.split(" | ").filter_map(|field| field.split_once(": ")) {
        match name {
            "If-Match" => asked.if_match = Some(value),
            "If-None-Match" => asked.if_none_match = Some(value),
            "If-Modified-Since" => asked.if_modified_since = Some(value),
            "If-Unmodified-Since" => asked.if_unmodified_since = Some(value),
            "If-Range" => asked.if_range = Some(value),
            "Range" => asked.has_range = true,
            other => panic!("{other}"),
        }
    }
    let decision = decide(method, &ours, &asked);
    let verdict = match decision.verdict {
        Verdict::Perform(false) => "perform",
        Verdict::Perform(true) => "perform, range",
        Verdict::NotModified => "304",
        Verdict::PreconditionFailed => "412",
    };
    let reasons: String = decision.reasons.iter().map(|reason| format!("; {reason}")).collect();
    verdict.to_owned() + &reasons
}

fn range(settings: &Settings, line: &str) -> String {
    let number = |name: &str| settings.get(name).map(|number| number.parse().expect("a number"));
    let length = number("length").expect("a length");
    match ranges(line, length, number("most").unwrap_or(1) as usize) {
        Ranges::Whole => "200".to_owned(),
        Ranges::Unsatisfiable => format!("416 {}", content_range(None, length)),
        Ranges::Parts(parts) => {
            let parts: Vec<String> = parts.iter().map(|part| content_range(Some(part), length)).collect();
            format!("206 {}", parts.join(", "))
        }
    }
}

/// `STATUS AGE Field: value | …` of an answer to a GET, with `Request: …` for the request's Cache-Control.
fn cache(line: &str) -> String {
    let mut words = line.splitn(3, ' ');
    let mut next = || words.next().unwrap_or_default();
    let (status, age) = (next().parse().expect("a status"), next().parse().expect("an age"));
    let mut answer = Answer { status, date: 1_000_000_000, ..Answer::default() };
    let (mut request, mut is_authorized) = (CacheControl::default(), false);
    for (name, value) in next().split(" | ").filter_map(|field| field.split_once(": ")) {
        match name {
            "Cache-Control" => answer.cache_control = Some(value),
            "Expires" => answer.expires = Some(value),
            "Last-Modified" => answer.last_modified = Some(value),
            "Set-Cookie" => answer.sets_cookie = true,
            "Vary" => answer.varies_by_all = value == "*",
            "Request" => request = CacheControl::parse(value),
            "Authorization" => is_authorized = true,
            other => panic!("{other}"),
        }
    }
    let kept: Result<(), NotStored> = store("GET", &request, is_authorized, &answer);
    match kept {
        Err(why) => format!("{why:?}"),
        Ok(()) => {
            let (lifetime, says) = lifetime(&answer);
            format!("{lifetime} by {says}: {:?}", reuse(&request, &answer, age))
        }
    }
}

fn nested(settings: &Settings, line: &str) -> String {
    let number =
        |name: &str, default: usize| settings.get(name).map_or(default, |number| number.parse().expect("a number"));
    let limits = Limits {
        bytes: number("bytes", FORM.bytes),
        pairs: number("pairs", FORM.pairs),
        depth: number("depth", FORM.depth),
        list: number("list", FORM.list),
    };
    match form(line, &limits) {
        Ok(value) => value.to_json().to_string(),
        Err(fault) => format!("{} {fault:?}", fault.status()),
    }
}
