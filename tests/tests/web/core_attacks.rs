//! The rows of `tests/attacks/web.jsonl`, as far as the core of the web layer decides them. A request goes through a server that
//! is nothing but the core: it washes, routes, and asks preconditions, ranges, forms and origins for the status. What is about
//! files, bodies that arrive and the network waits for the drivers; those rows are named at the end, one by one.

use serde_json::Value;
use std::collections::BTreeSet;
use wirebook_web::input::{FORM, form};
use wirebook_web::message::cache_control::{Answer, NotStored, store};
use wirebook_web::message::{
    CacheControl, Conditions, ETag, Media, Ranges, Validators, Verdict, accept, content_range, decide, ranges,
};
use wirebook_web::router::{Found, Method, Routes, Spans, file_names, wash};
use wirebook_web::trust::csrf::{self, Provenance};
use wirebook_web::trust::{
    Cookies, Fields, Keys, Purpose, Received, Record, SessionId, SetCookie, Trust, location, safe_target,
};

const SIZE: u64 = 1000;

/// What the server says.
#[derive(Debug, Default)]
struct Reply {
    status: u16,
    fields: Vec<(&'static str, String)>,
    length: u64,
    /// What ran.
    called: Option<&'static str>,
}

fn read(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).expect("a row is JSON")).collect()
}

fn rows() -> Vec<Value> {
    read(include_str!("../../attacks/web.jsonl"))
}

/// The request of a row; `{etag}` is the resource's tag.
fn request(row: &Value) -> String {
    let sends = row["steps"].as_array().expect("steps").iter().filter_map(|step| step["data"].as_str());
    sends.collect::<String>().replace("{etag}", "v1")
}

fn serve(request: &str) -> Reply {
    let (head, body) = request.split_once("\r\n\r\n").expect("a head");
    let mut lines = head.split("\r\n");
    let mut line = lines.next().unwrap_or_default().split(' ');
    let (method, target) = (line.next().unwrap_or_default(), line.next().unwrap_or_default());
    let fields: Vec<(String, &str)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .collect();
    let field = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| *value);

    let mut routes = Routes::new();
    for (methods, pattern, name) in [
        ("GET PUT", "/doc", "document"),
        ("GET", "/static/{*file}", "static"),
        ("GET", "/admin", "admin"),
        ("GET", "/{page}", "page"),
        ("GET", "/", "page"),
        ("POST", "/t", "form"),
    ] {
        for method in methods.split(' ') {
            routes.add(method, pattern, name).expect("a route");
        }
    }
    let router = routes.build().expect("a router");
    let Ok(path) = wash(target.split('?').next().unwrap_or_default()) else {
        return Reply { status: 400, ..Reply::default() };
    };
    let mut spans = Spans::default();
    let found = match router.find(field("host").unwrap_or_default(), Method::named(method), &path, &mut spans) {
        Found::Route(found) => found,
        Found::Options(allow) => {
            return Reply { status: 204, fields: vec![("allow", allow.to_string())], ..Reply::default() };
        }
        Found::MethodNotAllowed(allow) => {
            return Reply { status: 405, fields: vec![("allow", allow.to_string())], ..Reply::default() };
        }
        Found::NotImplemented => return Reply { status: 501, ..Reply::default() },
        Found::NotFound => return Reply { status: 404, ..Reply::default() },
    };
    // The guard: it sees the path that the handler has been found by.
    let is_guarded = path.as_str().starts_with("/admin");
    if is_guarded && field("authorization").is_none() {
        return Reply { status: 401, ..Reply::default() };
    }
    let called = Some(*found.route().value());
    match called {
        Some("form") => Reply { called, ..submit(method, &field, body) },
        Some("static") if found.raw("file").and_then(file_names) != Some(vec!["1000bytes"]) => {
            Reply { status: 404, ..Reply::default() }
        }
        Some("static" | "document") => Reply { called, ..represent(method, &field) },
        _ => Reply { status: 200, called, ..Reply::default() },
    }
}

/// A resource of a thousand bytes, with a tag and a date.
fn represent<'f>(method: &str, field: &impl Fn(&str) -> Option<&'f str>) -> Reply {
    let ours = Validators { etag: ETag::strong("v1"), modified: Some(1_000_000_000), is_missing: false };
    let asked = Conditions {
        if_match: field("if-match"),
        if_none_match: field("if-none-match"),
        if_modified_since: field("if-modified-since"),
        if_unmodified_since: field("if-unmodified-since"),
        if_range: field("if-range"),
        has_range: field("range").is_some(),
    };
    let fields = vec![
        ("etag", "\"v1\"".to_owned()),
        ("vary", "accept-encoding".to_owned()),
        ("content-length", SIZE.to_string()),
    ];
    let whole = Reply { status: 200, fields: fields.clone(), length: SIZE, called: None };
    match decide(method, &ours, &asked).verdict {
        Verdict::NotModified => Reply { status: 304, length: 0, ..whole },
        Verdict::PreconditionFailed => Reply { status: 412, ..Reply::default() },
        Verdict::Perform(true) => match ranges(field("range").unwrap_or_default(), SIZE, 1) {
            Ranges::Whole => whole,
            Ranges::Unsatisfiable => {
                Reply { status: 416, fields: vec![("content-range", content_range(None, SIZE))], ..Reply::default() }
            }
            Ranges::Parts(parts) => Reply {
                status: 206,
                fields: vec![("content-range", content_range(parts.first(), SIZE))],
                length: parts[0].end() - parts[0].start() + 1,
                called: None,
            },
        },
        Verdict::Perform(false) => whole,
    }
}

/// A form: the origin first, then its type, then what it says.
fn submit<'f>(method: &str, field: &impl Fn(&str) -> Option<&'f str>, body: &str) -> Reply {
    let asked = Provenance {
        method,
        sec_fetch_site: field("sec-fetch-site"),
        origin: field("origin"),
        host: field("host").unwrap_or_default(),
        has_credentials: field("cookie").is_some(),
    };
    let status = match field("content-type").and_then(Media::parse) {
        _ if !csrf::origin(&asked, &[]).passes() => 403,
        Some(media) if media.is("application/x-www-form-urlencoded") && media.is_utf8() => {
            form(body, &FORM).map_or_else(|fault| fault.status(), |_| 200)
        }
        Some(media) if media.is("application/json") && media.is_utf8() => 200,
        _ => 415,
    };
    Reply { status, ..Reply::default() }
}

/// Whether a reply is what a row wants, or one of the others that it permits.
fn judge(row: &Value, reply: &Reply) -> bool {
    let mut others = row["also_ok"].as_array().cloned().unwrap_or_default();
    let choices = read(include_str!("../../attacks/web.choices.jsonl"));
    others
        .extend(choices.into_iter().filter(|choice| choice["id"] == row["id"]).map(|choice| choice["also_ok"].clone()));
    let is_wanted = |wanted: &Value| {
        let has = |name: &str, value: &str| reply.fields.iter().any(|(known, own)| *known == name && own == value);
        let status = wanted["status"].as_array().is_none_or(|all| all.iter().any(|status| *status == reply.status));
        let header = wanted["header"]
            .as_object()
            .is_none_or(|all| all.iter().all(|(name, value)| has(name, value.as_str().unwrap_or_default())));
        let present = wanted["header_present"]
            .as_array()
            .is_none_or(|all| all.iter().all(|name| reply.fields.iter().any(|(known, _)| *name == *known)));
        let length = wanted["body_len"].as_u64().is_none_or(|length| length == reply.length);
        status && header && present && length
    };
    is_wanted(&row["expect"]) || others.iter().any(is_wanted)
}

/// Rows that one request decides.
const REQUESTS: &str = "001 002 005 006 007 008 011 017 022 023 024 026 027 030 031 033 034 035 036 039 040 041 043 044 065 076 079 080 143";

#[test]
fn requests() {
    let rows = rows();
    for number in REQUESTS.split(' ') {
        let id = format!("web-{number}");
        let row = rows.iter().find(|row| row["id"] == *id).unwrap_or_else(|| panic!("there is no {id}"));
        let reply = serve(&request(row));
        assert!(judge(row, &reply), "{id} {}: {reply:?}\nwanted {}", row["title"], row["expect"]);
        if row["expect"]["calls"] == 0 {
            assert_ne!(reply.status, 200, "{id}");
        }
    }
}

/// 135 to 137: whatever stands before `admin`, the guard and the handler see the same path.
#[test]
fn web_135_136_137_guards() {
    for row in rows().iter().filter(|row| ["web-135", "web-136", "web-137"].iter().any(|id| row["id"] == **id)) {
        let reply = serve(&request(row));
        assert_ne!(reply.called, Some("admin"), "{row}");
    }
    // More spellings of the same.
    for path in [
        "/admin",
        "/%61dmin",
        "/admin%2f",
        "/./admin",
        "/x/%2e%2e/admin",
        "/admin;x",
        "/admin%00",
        "/ADMIN",
        "/\\admin",
        "/admin%5c",
    ] {
        assert_ne!(serve(&format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")).called, Some("admin"), "{path}");
    }
    assert_eq!(serve("GET /admin HTTP/1.1\r\nHost: a\r\nAuthorization: x\r\n\r\n").called, Some("admin"));
}

#[test]
fn web_142_a_pattern_that_explodes_elsewhere_is_none_here() {
    assert!(Routes::new().add("GET", "/{a}-{b}", ()).is_err());
    let mut routes = Routes::new();
    routes.add("GET", "/{a}-x", ()).expect("a pattern");
    let (router, mut spans) = (routes.build().expect("a router"), Spans::default());
    let path = format!("/a{}", "-a".repeat(30_000));
    let path = wash(&path).expect("a clean path");
    assert!(matches!(router.find("", Method::Get, &path, &mut spans), Found::NotFound));
}

#[test]
fn web_046_047_051_cookies_that_cannot_be() {
    assert!(SetCookie::new("a=b; x", "1").write().is_err());
    assert!(SetCookie { path: Some("/; Secure"), ..SetCookie::new("a", "b") }.write().is_err());
    assert!(SetCookie { domain: Some("x\r\n"), ..SetCookie::new("a", "b") }.write().is_err());
    assert!(SetCookie { max_age: Some(u64::MAX), expires: Some(u64::MAX), ..SetCookie::new("a", "b") }.write().is_ok());
    let read = Received::parse("a=b; Max-Age=18446744073709551615", u64::MAX).expect("a cookie");
    assert_eq!(read.expires, Some(u64::MAX));
    let none = SetCookie { same_site: Some(wirebook_web::trust::SameSite::None), ..SetCookie::new("a", "b") };
    assert!(none.write().is_err());
}

#[test]
fn web_052_defaults() {
    assert_eq!(SetCookie::new("sid", "x").write().unwrap(), "sid=x; Path=/; HttpOnly; SameSite=Lax");
}

#[test]
fn web_057_059_060_keys() {
    let (old, new) = ([1; 32], [2; 32]);
    let signed = Keys::new(&[&old]).unwrap().sign(Purpose::Session, "sid", b"x", 100, b"");
    assert!(Keys::new(&[&new, &old]).unwrap().verify(Purpose::Session, "sid", &signed, 0, b"").unwrap().is_old);
    assert!(Keys::new(&[&new]).unwrap().verify(Purpose::Session, "sid", &signed, 0, b"").is_none());
    assert!(Keys::new(&[b""]).is_err() && Keys::new(&[&[0; 31]]).is_err());
    // The client may forge any Max-Age: the end is in the code.
    assert!(Keys::new(&[&old]).unwrap().verify(Purpose::Session, "sid", &signed, 100, b"").is_none());
}

#[test]
fn web_063_064_sessions() {
    assert_eq!(SessionId::parse(Cookies::new("sid=chosen-by-attacker").get("sid").unwrap()), None);
    for payload in [&b"{"[..], b"\xff", b"[]", &[b' '; 1 << 20]] {
        assert_eq!(Record::decode(payload), None);
    }
}

#[test]
fn web_066_068_069_070_csrf() {
    let (one, two) = ([1; csrf::TOKEN], [2; csrf::TOKEN]);
    assert!(!csrf::is_token(&csrf::token(&two, &[3; csrf::TOKEN]), &one));
    let with = |field: &str, value: &str| {
        serve(&format!("POST /t HTTP/1.1\r\nHost: a\r\nCookie: s=1\r\nContent-Type: application/x-www-form-urlencoded\r\n{field}: {value}\r\n\r\na=b")).status
    };
    assert_eq!(with("Origin", "https://evil.example"), 403);
    assert_eq!(with("Origin", "null"), 403);
    assert_eq!(with("Sec-Fetch-Site", "cross-site"), 403);
    assert_eq!(with("Sec-Fetch-Site", "same-origin"), 200);
    assert_eq!(
        serve("POST /t HTTP/1.1\r\nHost: a\r\nCookie: s=1\r\nContent-Type: text/plain\r\n\r\n{\"a\":1}").status,
        403
    );
    // Also from our own page, such a body is none.
    assert_eq!(
        serve("POST /t HTTP/1.1\r\nHost: a\r\nOrigin: https://a\r\nContent-Type: text/plain\r\n\r\n{\"a\":1}").status,
        415
    );
}

#[test]
fn web_077_081_types_and_keys() {
    let media = Media::parse("application/json\t;charset=utf-8").expect("a type");
    assert!(media.is("application/json") && media.is_utf8());
    let plain = form("__proto__[x]=1&constructor[prototype][y]=2", &FORM).expect("a form");
    assert_eq!(plain.get("__proto__").and_then(|map| map.get("x")).and_then(|text| text.text()), Some("1"));
}

#[test]
fn web_117_121_122_125_redirects() {
    for row in rows().iter().filter(|row| ["web-117", "web-121", "web-122"].iter().any(|id| row["id"] == **id)) {
        let call = row["steps"][0]["call"].as_str().expect("a call");
        let target = call.split('"').nth(1).expect("a target").replace("\\t", "\t");
        assert_eq!(safe_target(&target), None, "{call}");
    }
    assert!(!location("http://a/\"><script>alert(1)</script>").contains(['<', '>', '"']));
}

#[test]
fn web_127_129_proxies() {
    let fields = Fields {
        x_forwarded_for: Some("1.2.3.4"),
        x_forwarded_proto: Some("https"),
        forwarded: Some("for=1.2.3.4"),
        ..Fields::default()
    };
    let client = Trust::default().client("127.0.0.1".parse().unwrap(), &fields);
    assert_eq!((client.ip.to_string().as_str(), client.secure), ("127.0.0.1", None));
    let long = "http ,".repeat(11_000);
    let fields = Fields { x_forwarded_proto: Some(&long), x_forwarded_for: Some(&long), ..Fields::default() };
    let client = Trust::cidrs(&["127.0.0.1"]).unwrap().client("127.0.0.1".parse().unwrap(), &fields);
    assert_eq!((client.hops, client.secure), (0, Some(false)));
}

#[test]
fn web_148_151_152_155_caches_and_codings() {
    let answer = |status, control| Answer { status, cache_control: Some(control), ..Answer::default() };
    let kept = |method, status, control| store(method, &CacheControl::default(), false, &answer(status, control));
    assert_eq!(kept("GET", 200, "no-store"), Err(NotStored::NoStore));
    assert_eq!(kept("GET", 200, "private, max-age=60"), Err(NotStored::Private));
    assert_eq!(kept("GET", 206, "max-age=60"), Err(NotStored::Status));
    assert_eq!(kept("HEAD", 200, "max-age=60"), Err(NotStored::Method));
    assert_eq!(CacheControl::parse("max-age=99999999999999999999").max_age, Some(1 << 31));
    assert!(accept::encodings(Some("gzip;q=0, identity;q=0, *;q=0"), &["gzip", "identity"]).is_empty());
    let strong = ETag::strong("v1").expect("a tag");
    assert!(strong.clone().weak().is_weak() && !strong.clone().weak().is_strongly(&strong));
}

/// What the core alone cannot show, and what it waits for. Multipart's rows are in `multipart.jsonl`.
const LATER: &[(&str, &str)] = &[("the response cache", "145 146 150")];

/// Played over the wire, by `attacks.rs` and, for files, sessions, uploads and compression, beside the tests of those.
const DRIVERS: &str = "072 073 074 082 084 085 087 131 132 159 014 016 018 019 020 061 062 098 099 116 154";

#[test]
fn every_row_is_played_or_named() {
    let played = REQUESTS.split(' ').chain(
        "135 136 137 142 046 047 051 052 057 059 060 063 064 066 068 069 070 077 081 117 121 122 125 127 129 148 151 152 155".split(' '),
    );
    let named: BTreeSet<&str> =
        played.chain(DRIVERS.split(' ')).chain(LATER.iter().flat_map(|(_, numbers)| numbers.split(' '))).collect();
    let all: Vec<Value> = rows();
    let missing: Vec<String> = all
        .iter()
        .map(|row| row["id"].as_str().expect("an id").trim_start_matches("web-").to_owned())
        .filter(|number| !named.contains(&**number))
        .collect();
    assert!(missing.is_empty(), "neither played nor named: {missing:?}");
    assert!(all.len() >= 70);
}
