//! The widget of caching: a request, what lies there, and perhaps a cache between; what is decided at each step, by which field, and
//! what the client gets. Each decision is the production code's, with its reason.

use super::picture::{table, text};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wirebook_http1::reason;
use wirebook_web::files::reply;
use wirebook_web::message::cache_control::{self, Use, lifetime, reuse, store};
use wirebook_web::message::{CacheControl, Conditions, Decision, ETag, Ranges, Validators, Verdict, decide, ranges};
use wirebook_web::seconds;

const BETWEEN: [&str; 2] = ["nothing", "a shared cache"];

/// When what lies there was made, for caches: Friday evening.
const DATE: u64 = 1_795_809_600;

const OURS: &str =
    "ETag: \"v2\"\nLast-Modified: Fri, 27 Nov 2026 18:00:00 GMT\nCache-Control: max-age=60\nContent-Length: 1000";

/// A label, the request, what lies there, the age of the cache's copy, and whether there is a cache.
const EXAMPLES: [(&str, &str, &str, u32, usize); 13] = [
    ("the client has it", "GET /tea\nIf-None-Match: \"v2\"", OURS, 0, 0),
    ("the client has an older one", "GET /tea\nIf-None-Match: \"v1\"", OURS, 0, 0),
    ("a date alone", "GET /tea\nIf-Modified-Since: Fri, 27 Nov 2026 18:00:00 GMT", OURS, 0, 0),
    (
        "a tag goes before a date",
        "GET /tea\nIf-None-Match: \"v1\"\nIf-Modified-Since: Fri, 27 Nov 2026 18:00:00 GMT",
        OURS,
        0,
        0,
    ),
    ("two people write", "PUT /tea\nIf-Match: \"v1\"", OURS, 0, 0),
    ("only if there is none", "PUT /tea\nIf-None-Match: *", OURS, 0, 0),
    ("the rest of a download", "GET /tea\nRange: bytes=600-\nIf-Range: \"v2\"", OURS, 0, 0),
    ("the rest of another", "GET /tea\nRange: bytes=600-\nIf-Range: \"v1\"", OURS, 0, 0),
    ("behind the end", "GET /tea\nRange: bytes=1000-", OURS, 0, 0),
    ("fresh in a cache", "GET /tea", OURS, 59, 1),
    ("stale in a cache", "GET /tea", OURS, 60, 1),
    (
        "kept, and asked each time",
        "GET /tea",
        "ETag: \"v2\"\nCache-Control: public, no-cache\nContent-Length: 1000",
        5,
        1,
    ),
    ("for one person", "GET /tea", "ETag: \"v2\"\nCache-Control: private, max-age=60\nContent-Length: 1000", 5, 1),
];

/// What the widget can be given.
pub(super) fn examples() -> Vec<(&'static str, Value)> {
    let state = |(label, asks, ours, age, between): &(&'static str, _, _, _, usize)| {
        (*label, json!({ "asks": asks, "ours": ours, "age": age, "between": BETWEEN[*between] }))
    };
    EXAMPLES.iter().map(state).collect()
}

pub(super) fn choices() -> Vec<(&'static str, &'static str, Vec<String>)> {
    vec![("between", "what stands between", BETWEEN.map(String::from).to_vec())]
}

/// The body of a widget's request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    /// A method and a path, and fields, one a line.
    asks: String,
    /// The fields of what lies at the server.
    ours: String,
    /// How old the cache's copy is, in seconds.
    age: u32,
    between: String,
}

/// What the widget shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Shown {
    pub(crate) steps: Vec<Step>,
    pub(crate) verdict: String,
    /// The head of the answer.
    pub(crate) wire: String,
}

/// One decision.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Step {
    /// `the cache` or `the server`.
    pub(crate) who: &'static str,
    pub(crate) field: String,
    pub(crate) what: String,
    pub(crate) rule: String,
    /// The row of the table of sentences.
    pub(crate) key: String,
}

/// Lines of fields.
struct Fields<'t>(Vec<(&'t str, &'t str)>);

impl<'t> Fields<'t> {
    fn read(lines: impl Iterator<Item = &'t str>) -> Result<Fields<'t>, String> {
        let lines = lines.map(str::trim).filter(|line| !line.is_empty());
        let pair = |line: &'t str| line.split_once(':').map(|(name, value)| (name.trim(), value.trim()));
        let all = lines.map(|line| pair(line).ok_or_else(|| format!("A field is a name, a colon and a value: {line}")));
        Ok(Fields(all.collect::<Result<_, _>>()?))
    }

    fn get(&self, name: &str) -> Option<&'t str> {
        self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }
}

/// Answers a request of the widget.
///
/// # Errors
///
/// One sentence where a line is no field.
pub(super) fn answer(ask: Ask) -> Result<Shown, String> {
    let mut lines = ask.asks.lines();
    let method = lines.next().and_then(|line| line.split_whitespace().next()).ok_or("The request has no method.")?;
    let (request, ours) = (Fields::read(lines)?, Fields::read(ask.ours.lines())?);
    let etag = match ours.get("etag") {
        Some(tag) => {
            Some(ETag::parse(tag).ok_or_else(|| format!("This is no tag, which has quotes around it: {tag}"))?)
        }
        None => None,
    };
    let length = ours.get("content-length").unwrap_or("0");
    let length: u64 = length.parse().map_err(|_| format!("This is no length: {length}"))?;
    let validators = Validators { etag, modified: ours.get("last-modified").and_then(seconds), is_missing: false };
    let mut shown = Shown::default();
    let is_cached = ask.between == BETWEEN[1] && shown.cached(method, &request, &ours, ask.age);
    let who = if is_cached { "the cache" } else { "the server" };
    shown.decided(who, method, &request, &validators, length);
    if is_cached {
        shown.verdict = format!("{}, from the cache: the server hears nothing of it", shown.verdict);
        shown.wire += &format!("age: {}\n", ask.age);
    }
    if let Some(control) = ours.get("cache-control").filter(|_| !shown.wire.starts_with("HTTP/1.1 4")) {
        shown.wire += &format!("cache-control: {control}\n");
    }
    Ok(shown)
}

impl Shown {
    fn step(&mut self, who: &'static str, field: &str, what: impl Into<String>, rule: &str) {
        let key = format!("cache {}", field.to_ascii_lowercase());
        self.steps.push(Step { who, field: field.into(), what: what.into(), rule: rule.into(), key });
    }

    /// Whether a cache answers with what it has.
    fn cached(&mut self, method: &str, request: &Fields<'_>, ours: &Fields<'_>, age: u32) -> bool {
        const WHO: &str = "the cache";
        let wants = CacheControl::parse(request.get("cache-control").unwrap_or_default());
        let has = cache_control::Answer {
            status: 200,
            cache_control: ours.get("cache-control"),
            expires: ours.get("expires"),
            date: DATE,
            last_modified: ours.get("last-modified"),
            sets_cookie: ours.get("set-cookie").is_some(),
            varies_by_all: ours.get("vary") == Some("*"),
        };
        if let Err(why) = store(method, &wants, request.get("authorization").is_some(), &has) {
            self.step(WHO, "kept?", format!("it has kept nothing: {why:?}"), "RFC 9111 §3");
            return false;
        }
        self.step(WHO, "kept?", format!("it has a copy, {age} s old"), "RFC 9111 §3");
        let (lasts, says) = lifetime(&has);
        self.step(WHO, "lifetime", format!("{lasts} s, because of {says}"), "RFC 9111 §4.2.1");
        let (what, serves) = match reuse(&wants, &has, age) {
            Use::Fresh => ("it is fresh, and serves".to_owned(), true),
            Use::Stale => ("it is stale, and serves all the same: the request allows it".to_owned(), true),
            Use::Revalidate(why) => (format!("the server is asked: {why}"), false),
        };
        self.step(WHO, "serves?", what, "RFC 9111 §4");
        serves
    }

    /// The preconditions and the range, by whoever answers.
    fn decided(&mut self, who: &'static str, method: &str, request: &Fields<'_>, ours: &Validators, length: u64) {
        let range = request.get("range");
        let asked = Conditions {
            if_match: request.get("if-match"),
            if_none_match: request.get("if-none-match"),
            if_modified_since: request.get("if-modified-since"),
            if_unmodified_since: request.get("if-unmodified-since"),
            if_range: request.get("if-range"),
            has_range: range.is_some(),
        };
        let Decision { verdict, reasons } = decide(method, ours, &asked);
        for reason in reasons {
            self.step(who, reason.field, reason.what, &format!("RFC 9110 §{}", reason.section));
        }
        if let (Verdict::Perform(is_ranged), Some(range)) = (verdict, range) {
            let what = match ranges(range, length, 1) {
                _ if !is_ranged => "it does not count".into(),
                Ranges::Whole => "it is ignored: the whole is sent".into(),
                Ranges::Unsatisfiable => format!("nothing of {length} bytes lies there"),
                Ranges::Parts(parts) => format!("bytes {} to {}", parts[0].start(), parts[0].end()),
            };
            self.step(who, "Range", what, "RFC 9110 §14.2");
        }
        if matches!(method, "GET" | "HEAD") {
            let made = reply(method, ours, length, &asked, range);
            let fields = made.fields.iter().map(|(name, value)| format!("{name}: {value}\n"));
            let body = made.bytes.map(|bytes| format!("content-length: {}\n", bytes.end - bytes.start));
            let fields: String = fields.chain(body).collect();
            self.head(made.status, &fields);
        } else {
            match verdict {
                Verdict::PreconditionFailed => self.head(412, ""),
                _ => self.head(204, ""),
            }
        }
    }

    fn head(&mut self, status: u16, fields: &str) {
        self.verdict = format!("{status} {}", reason(status));
        self.wire = format!("HTTP/1.1 {}\n{fields}", self.verdict);
    }
}

/// The first example, for the book.
pub(super) fn picture() -> Option<String> {
    let (_, asks, ours, age, between) = EXAMPLES[0];
    let ask = Ask { asks: asks.into(), ours: ours.into(), age, between: BETWEEN[between].into() };
    let shown = answer(ask).ok()?;
    let rows = shown
        .steps
        .into_iter()
        .map(|step| (String::new(), vec![step.who.into(), text(&step.field), text(&step.what), step.rule]));
    let lines = |all: &str| text(all).replace('\n', "<br>");
    let head = format!(
        "<div class=\"wb-grid\"><div class=\"wb-bytes\">{}</div><div class=\"wb-bytes\">{}</div></div>",
        lines(asks),
        lines(ours)
    );
    Some(
        head + &table(&["who", "field", "finds", "rule"], rows)
            + &format!("<div class=\"wb-state\">{}</div>", text(&shown.verdict)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(example: &str) -> Shown {
        let (_, asks, ours, age, between) =
            EXAMPLES.into_iter().find(|(label, ..)| *label == example).expect("an example");
        answer(Ask { asks: asks.into(), ours: ours.into(), age, between: BETWEEN[between].into() }).expect("fields")
    }

    #[test]
    fn every_status_has_its_reason() {
        for (example, status, reasons) in [
            ("the client has it", 304, 1),
            ("the client has an older one", 200, 1),
            ("a date alone", 304, 1),
            ("a tag goes before a date", 200, 1),
            ("two people write", 412, 1),
            ("only if there is none", 412, 1),
            ("the rest of a download", 206, 2),
            ("the rest of another", 200, 2),
            ("behind the end", 416, 1),
            ("fresh in a cache", 200, 3),
            ("stale in a cache", 200, 3),
            ("kept, and asked each time", 200, 3),
            ("for one person", 200, 1),
        ] {
            let shown = shown(example);
            assert!(shown.verdict.starts_with(&status.to_string()), "{example}: {shown:?}");
            assert_eq!(shown.steps.len(), reasons, "{example}: {shown:?}");
        }
    }

    #[test]
    fn a_cache_answers_while_its_copy_is_fresh() {
        assert!(shown("fresh in a cache").verdict.contains("from the cache"));
        assert!(shown("fresh in a cache").wire.contains("age: 59"));
        for example in ["stale in a cache", "kept, and asked each time", "for one person"] {
            assert!(!shown(example).verdict.contains("cache"), "{example}");
        }
        let asks = "GET /tea\nCache-Control: max-stale=10".into();
        let stale = Ask { asks, ours: OURS.into(), age: 70, between: BETWEEN[1].into() };
        assert!(answer(stale).expect("fields").verdict.contains("from the cache"));
    }

    #[test]
    fn what_is_no_field_is_refused_in_a_sentence() {
        let ask = |asks: &str, ours: &str| {
            answer(Ask { asks: asks.into(), ours: ours.into(), age: 0, between: BETWEEN[0].into() })
        };
        assert!(ask("", "").is_err() && ask("GET /\nnothing", "").is_err() && ask("GET /", "ETag: v1").is_err());
        assert!(ask("GET /", "Content-Length: much").is_err() && ask("GET /", "").is_ok());
    }
}
