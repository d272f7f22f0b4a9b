//! Routers as one writes them first, how they break, and the answers of "From `if` to a tree".

use std::collections::BTreeMap;
use wirebook_web::router::{Found, Method, Routes, Spans, Unclean, wash};

#[allow(dead_code, reason = "a program, of which the table is wanted")]
#[path = "../../../web/examples/web_routes.rs"]
mod web_routes;

// ANCHOR: ifs
fn by_ifs(method: &str, path: &str) -> &'static str {
    if method == "GET" && path == "/" {
        "home"
    } else if method == "GET" && path.starts_with("/teas/") {
        "page"
    } else if method == "GET" && path == "/teas/new" {
        "form"
    } else {
        "404"
    }
}
// ANCHOR_END: ifs

// ANCHOR: ifs_break
#[test]
fn the_first_that_fits_is_not_the_best() {
    assert_eq!(by_ifs("GET", "/teas/oolong"), "page");
    assert_eq!(by_ifs("GET", "/teas/new"), "page"); // The form is never reached.
    assert_eq!(by_ifs("GET", "/teas/oolong/leaves"), "page"); // Nobody meant that.
    assert_eq!(by_ifs("POST", "/"), "404"); // But there is such a page.
}
// ANCHOR_END: ifs_break

// ANCHOR: guard
/// The guard looks at the path as it came, the handler at what it means.
fn guarded(path: &str) -> &'static str {
    if path.starts_with("/admin") {
        return "401";
    }
    let meant = path.replace("%61", "a").replace("/x/..", "");
    if meant == "/admin" { "200 all secrets" } else { "404" }
}

#[test]
fn a_guard_that_sees_other_bytes_guards_nothing() {
    assert_eq!(guarded("/admin"), "401");
    assert_eq!(guarded("/%61dmin"), "200 all secrets");
    assert_eq!(guarded("/x/../admin"), "200 all secrets");
}
// ANCHOR_END: guard

// ANCHOR: washed
#[test]
fn one_form_for_all() {
    let washed = |path| wash(path).map(|path| path.as_str().to_owned());
    assert_eq!(washed("/%61dmin"), Ok("/admin".into()));
    assert_eq!(washed("/x/../admin"), Err(Unclean::DotSegment));
    assert_eq!(washed("/x/%2e%2e/admin"), Err(Unclean::DotSegment));
    assert_eq!(washed("/a%2Fb"), Ok("/a%2Fb".into()));
    assert_eq!(washed("/%252e"), Ok("/%252e".into())); // Decoded once.
}
// ANCHOR_END: washed

/// What the chapter shows of the example's output.
#[test]
fn the_example_says() {
    let router = web_routes::table().expect("a table");
    let said = web_routes::ASKED.map(|(method, path)| web_routes::say(&router, method, path));
    assert_eq!(said[1], "200 form");
    assert_eq!(said[2], "200 page, name = lapsang souchong");
    assert_eq!(
        said[3],
        "404\n  GET /teas/{name}: byte 12: ends where the path goes on\n  GET /teas/new: byte 6: has another letter there"
    );
    assert_eq!(said[4], "200 show, id = 7");
    assert_eq!(
        said[5],
        "404\n  GET /api/teas/{id:int}: byte 10: wants int there\n  DELETE /api/teas/{id:int}: byte 10: wants int there"
    );
    assert_eq!(said[6], "405 Allow: GET, HEAD, DELETE, OPTIONS");
    assert_eq!(said[7], "204 Allow: GET, HEAD, POST, OPTIONS");
    assert_eq!(said[8], "200 file, file = css/a/b.css");
    assert_eq!(said[9], "400 DotSegment");
    assert_eq!(router.url("tea", &[("id", "7")]).as_deref(), Ok("/api/teas/7"));
    // Two answers of ten minutes.
    assert_eq!(web_routes::say(&router, "POST", "/teas/new"), "405 Allow: GET, HEAD, OPTIONS");
    let mut files = Routes::new();
    files.add("GET", "/files/{name}.json", "json").expect("a pattern");
    files.add("GET", "/files/{name}", "any").expect("a pattern");
    let files = files.build().expect("a router");
    assert_eq!(web_routes::say(&files, "GET", "/files/.json"), "200 any, name = .json");
}

// ANCHOR: order
/// The same table in every order of adding finds the same.
#[test]
fn order_means_nothing() {
    let patterns = ["/teas/new", "/teas/{id:int}", "/teas/{name}", "/{*rest}"];
    for turn in 0..patterns.len() {
        let mut routes = Routes::new();
        for at in 0..patterns.len() {
            let pattern = patterns[(at + turn) % patterns.len()];
            routes.add("GET", pattern, pattern).expect("a pattern");
        }
        let router = routes.build().expect("a router");
        let asked = ["/teas/new", "/teas/7", "/teas/oolong", "/teas/a/b"];
        for (path, wanted) in asked.into_iter().zip(patterns) {
            let (path, mut spans) = (wash(path).expect("clean"), Spans::default());
            let found = router.find("", Method::Get, &path, &mut spans);
            assert!(matches!(found, Found::Route(found) if *found.route().value() == wanted));
        }
    }
}
// ANCHOR_END: order

// ANCHOR: wash
/// A path in its one form, without a look at NUL and backslashes; `None` where it has none.
fn my_wash(path: &str) -> Option<String> {
    let mut out = Vec::new();
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut digit = || char::from(bytes.next()?).to_digit(16);
        match (digit()? * 16 + digit()?) as u8 {
            b'/' => out.extend(b"%2F"),
            b'%' => out.extend(b"%25"),
            decoded => out.push(decoded),
        }
    }
    let out = String::from_utf8(out).ok()?;
    let has_dots = out.split('/').any(|segment| segment == "." || segment == "..");
    (out.starts_with('/') && !has_dots).then_some(out)
}
// ANCHOR_END: wash

// ANCHOR: trie
/// A tree of whole segments: a literal goes before a parameter, and what fails is taken back.
#[derive(Default)]
struct Trie {
    literals: BTreeMap<String, Trie>,
    parameter: Option<Box<Trie>>,
    route: Option<&'static str>,
}

impl Trie {
    fn add(&mut self, pattern: &'static str) {
        let mut at = self;
        for segment in pattern.split('/').skip(1) {
            at = match segment.starts_with('{') {
                true => at.parameter.get_or_insert_default(),
                false => at.literals.entry(segment.to_owned()).or_default(),
            };
        }
        at.route = Some(pattern);
    }

    fn find(&self, segments: &[&str]) -> Option<&'static str> {
        let Some((first, behind)) = segments.split_first() else { return self.route };
        let literal = self.literals.get(*first).and_then(|below| below.find(behind));
        let parameter = self.parameter.as_ref().filter(|_| !first.is_empty());
        literal.or_else(|| parameter?.find(behind))
    }
}
// ANCHOR_END: trie

/// Numbers that are the same in every run.
fn dice() -> impl FnMut(usize) -> usize {
    let mut state = 5u64;
    move |n| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % n
    }
}

#[test]
fn my_wash_is_theirs() {
    let mut below = dice();
    let pieces = ["/", "a", "..", ".", "%2e", "%2F", "%25", "%", "é", "%c3%a9", "%ff", "x"];
    let mut refused = 0;
    for _ in 0..5_000 {
        let path: String = (0..below(8)).map(|_| pieces[below(pieces.len())]).collect();
        let theirs = wash(&path).ok().map(|path| path.as_str().to_owned());
        refused += usize::from(theirs.is_none());
        assert_eq!(my_wash(&path), theirs, "{path}");
    }
    assert!((1_000..4_900).contains(&refused), "{refused}");
}

#[test]
fn my_trie_finds_what_theirs_finds() {
    let patterns = ["/a/b/c", "/a/{x}/d", "/{x}/b/e", "/{x}", "/{x}/{y}", "/a", "/a/b", "/{x}/{y}/{z}", "/"];
    let (mut trie, mut routes) = (Trie::default(), Routes::new());
    for pattern in patterns {
        trie.add(pattern);
        routes.add("GET", pattern, pattern).expect("a pattern");
    }
    let router = routes.build().expect("a router");
    let mut below = dice();
    for _ in 0..5_000 {
        let segments: Vec<&str> = (0..1 + below(4)).map(|_| ["a", "b", "c", "d", "e", ""][below(6)]).collect();
        let path = format!("/{}", segments.join("/"));
        let (washed, mut spans) = (wash(&path).expect("clean"), Spans::default());
        let theirs = match router.find("", Method::Get, &washed, &mut spans) {
            Found::Route(found) => Some(*found.route().value()),
            _ => None,
        };
        assert_eq!(trie.find(&segments), theirs, "{path}");
    }
}
