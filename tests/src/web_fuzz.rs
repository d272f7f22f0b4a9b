//! What holds of the web layer whatever bytes come. The fuzz targets call these functions, and so does a test, with inputs that
//! come from a seed: the targets' twin on machines without a nightly toolchain.
//!
//! This file stands by itself: `fuzz/` compiles it as a module of its own.

use wirebook_web::input::{Element, FORM, Limits, Value, form, pairs, write, xml};
use wirebook_web::message::{Disposition, Media, Ranges, disposition, ranges};
use wirebook_web::router::{Found, Method, Routes, Spans, Why, file_names, meaning, wash};
use wirebook_web::trust::{Cookies, Fields, Received, SetCookie, Source, Trust, safe_target};

/// A target: its name, what it checks, and words that inputs are made of.
pub type Target = (&'static str, fn(&[u8]), &'static [&'static str]);

/// All targets.
pub const TARGETS: [Target; 8] = [
    (
        "web_router",
        router,
        &["/", "{a}", "{b:int}", "{*r}", "{c:[a-z]}", "a", "ab", "7", "\n", ".json", "{{", "}", "%2F", "GET /a"],
    ),
    (
        "web_cookies",
        cookies,
        &[
            "a=b",
            "; ",
            "Path=/",
            "Max-Age=",
            "99999999999999999999",
            "\"",
            "__Host-",
            "Secure",
            "=",
            "Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        ],
    ),
    ("web_forms", forms, &["a", "[", "]", "[]", "[0]", "[b]", "=", "&", "%5B", "%", "+", "1", "99999999999999999999"]),
    (
        "web_media",
        media,
        &[
            "text/html",
            ";",
            "charset=",
            "\"",
            "\\",
            "utf-8",
            "filename*=UTF-8''",
            "%e2",
            "attachment",
            "filename=",
            " ",
            "+json",
        ],
    ),
    ("web_ranges", range, &["bytes=", "-", "0", "9", ",", "99999999999999999999", " ", "5-"]),
    ("web_paths", path, &["/", ".", "..", "%2e", "%2F", "%5c", "\\", "%00", "%", "a", "é", "%C3%A9", ";", "//"]),
    (
        "web_forwarded",
        forwarded,
        &["for=", "10.0.0.1", ", ", ";", "\"", "[::1]", ":80", "proto=https", "unknown", "host=a", "6.6.6.6"],
    ),
    (
        "web_xml",
        document,
        &[
            "<a>",
            "</a>",
            "<b c='1'>",
            "</b>",
            "<d/>",
            "&amp;",
            "&#65;",
            "&x;",
            "<![CDATA[",
            "]]>",
            "<!--",
            "-->",
            "<?x",
            "?>",
            "<!DOCTYPE a",
            "tea",
        ],
    ),
];

fn text(input: &[u8]) -> String {
    String::from_utf8_lossy(input).into_owned()
}

/// Lines of patterns, and a path behind them: the tree and the obvious router agree.
pub fn router(input: &[u8]) {
    let input = text(input);
    let mut lines: Vec<&str> = input.split('\n').collect();
    let asked = lines.pop().unwrap_or_default();
    let mut routes = Routes::new();
    for (number, pattern) in lines.iter().take(32).enumerate() {
        let _ = routes.add(["GET", "POST"][number % 2], pattern, number).is_ok();
    }
    let (Ok(router), Ok(path)) = (routes.build(), wash(asked)) else { return };
    let mut spans = Spans::default();
    let judge = router.explain("a", Method::Get, &path, 1);
    let first = judge.candidates.first().filter(|candidate| candidate.why == Why::Fits);
    match (router.find("a", Method::Get, &path, &mut spans), first) {
        (Found::Route(found), Some(judge)) => {
            assert!(std::ptr::eq(found.route(), &router.routes()[judge.route]));
            assert!(found.params().all(|(_, value)| !value.is_empty()));
        }
        (Found::Route(found), None) => panic!("{} was found for {asked}", found.route()),
        (_, Some(judge)) => panic!("{} was not found for {asked}", judge.text),
        (Found::MethodNotAllowed(allow), None) => assert_eq!((judge.status, &allow), (405, &judge.allow)),
        (_, None) => assert_eq!(judge.status, 404),
    }
}

/// What may be set is read again as it was set; nothing that is read is larger than what came.
pub fn cookies(input: &[u8]) {
    let input = text(input);
    let pairs: Vec<(&str, &str)> = Cookies::new(&input).iter().collect();
    assert!(
        pairs.len() <= 180 && pairs.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() <= input.len()
    );
    if let Ok(received) = Received::parse(&input, 1_000) {
        assert!(received.expires.is_none_or(|expires| expires <= 1_000 + 400 * 86_400));
        let _ = received.kept(true);
    }
    for (name, value) in pairs {
        let cookie = SetCookie { path: Some(value), domain: None, secure: true, ..SetCookie::new(name, value) };
        for cookie in [SetCookie { path: Some("/"), ..cookie.clone() }, cookie] {
            let Ok(field) = cookie.write() else { continue };
            let read = Received::parse(&field, 0).expect("what we write is a cookie");
            assert_eq!((&*read.name, &*read.value, read.path.as_deref()), (name, value, cookie.path));
            assert!(read.secure && read.http_only && read.kept(true).is_ok());
            assert_eq!(Cookies::new(field.split(';').next().unwrap_or_default()).get(name), Some(value));
        }
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Text(_) => 0,
        Value::List(list) => 1 + list.iter().map(|(_, value)| depth(value)).max().unwrap_or(0),
        Value::Map(map) => 1 + map.iter().map(|(_, value)| depth(value)).max().unwrap_or(0),
    }
}

fn leaves(value: &Value) -> usize {
    match value {
        Value::Text(_) => 1,
        Value::List(list) => list.iter().map(|(_, value)| leaves(value)).sum(),
        Value::Map(map) => map.iter().map(|(_, value)| leaves(value)).sum(),
    }
}

/// Pairs are written as they are read; a form has as many texts as pairs and is no deeper than its limit.
pub fn forms(input: &[u8]) {
    let input = text(input);
    let read: Vec<(String, String)> = pairs(&input).collect();
    let written = write(read.iter().map(|(name, value)| (&**name, &**value)));
    assert!(pairs(&written).eq(read.iter().cloned()), "{written}");
    for limits in [
        FORM,
        Limits { depth: 1, list: 3, pairs: 4, bytes: 40 },
        Limits { depth: usize::MAX, list: usize::MAX, ..FORM },
    ] {
        let Ok(value) = form(&input, &limits) else { continue };
        assert_eq!(leaves(&value), read.len());
        // The map of all, its names' brackets, and the list of a name that comes twice.
        assert!(depth(&value) <= limits.depth.min(128) + 2);
        assert!(read.len() <= limits.pairs && input.len() <= limits.bytes);
    }
}

/// What is read is written so that it reads the same.
pub fn media(input: &[u8]) {
    let input = text(input);
    if let Some(media) = Media::parse(&input) {
        assert_eq!(Media::parse(&media.to_string()).as_ref(), Some(&media), "{media}");
    }
    let _ = Disposition::parse(&input);
    let field = disposition::attachment(Some(&input));
    assert!(field.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{field}");
    let read = Disposition::parse(&field).expect("what we write is read");
    assert_eq!((read.kind.as_str(), read.filename), ("attachment", disposition::basename(&input)), "{field}");
}

/// No range leaves the representation, and there are no more than may be.
pub fn range(input: &[u8]) {
    let input = text(input);
    for (length, most) in [(0, 1), (1, 1), (1000, 3), (u64::MAX, usize::MAX), (10, 0)] {
        if let Ranges::Parts(parts) = ranges(&input, length, most) {
            assert!(!parts.is_empty() && parts.len() <= most);
            assert!(parts.iter().all(|part| part.start() <= part.end() && *part.end() < length));
        }
    }
}

/// A washed path has one form, and no way up; names of files stay names.
pub fn path(input: &[u8]) {
    let input = text(input);
    if safe_target(&input).is_some() {
        assert!(
            input.starts_with('/') && !input[1..].starts_with(['/', '\\']) && !input.contains(['\t', '\n', '\r', '\\'])
        );
    }
    let Ok(washed) = wash(&input) else { return };
    let path = washed.as_str();
    assert!(path.starts_with('/') && !path.contains(['\0', '\\']));
    assert!(path.split('/').all(|segment| segment != "." && segment != ".."));
    // Washing again changes nothing, but for what was escaped because it ends a path.
    if !path.contains(['?', '#']) {
        assert_eq!(wash(path).as_ref().map(|path| path.as_str()), Ok(path));
    }
    if let Some(names) = file_names(&path[1..]) {
        assert!(names.iter().all(|name| !meaning(name).contains(['/', '\\']) && !matches!(*name, "" | "." | "..")));
    }
}

/// Nobody is believed who is not ours; and the client is the peer or an address that the field has.
pub fn forwarded(input: &[u8]) {
    let input = text(input);
    let field = Some(&*input);
    let fields = Fields { forwarded: field, x_forwarded_for: field, x_forwarded_proto: field, x_forwarded_host: field };
    let peer = "10.0.0.1".parse().expect("an address");
    for source in [Source::XForwarded, Source::Forwarded] {
        let nobody = Trust::default().source(source).client(peer, &fields);
        assert_eq!((nobody.ip, nobody.secure, nobody.host, nobody.hops), (peer, None, None, 0));
        let ours = Trust::cidrs(&["10.0.0.0/8"]).expect("a network").source(source);
        for hops in [0, 1, 16, usize::MAX] {
            let client = ours.clone().hops(hops).client(peer, &fields);
            assert!(client.hops <= hops);
            assert!(client.host.is_none_or(|host| !host.contains(['@', '/', ' ', '\\', '?', '#'])));
            assert!(client.hops > 0 || client.ip == peer);
        }
    }
}

fn tallness(element: &Element) -> usize {
    1 + element.children().map(tallness).max().unwrap_or(0)
}

/// No document is deeper than its limit, or says more than it has; what has a document type is none.
pub fn document(input: &[u8]) {
    let input = text(input);
    for depth in [0, 1, 3, usize::MAX] {
        let Ok(root) = xml(&input, depth) else { continue };
        assert!(tallness(&root) <= depth.min(128));
        assert!(root.text().len() <= input.len() && !root.name().is_empty());
        assert!(root.to_json().is_object());
        // A document type may stand before the element alone, and within it there is no markup of that form.
        assert!(
            !input.split('<').any(|tag| tag.starts_with("!DOCTYPE"))
                || input.contains("<![CDATA[")
                || input.contains("<!--")
                || input.contains("<?")
        );
    }
}
