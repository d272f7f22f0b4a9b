//! Paths, tables of routes, and what a router says to requests. The tree's answers are held to those of the obvious router.

use wirebook_web::router::{Found, Method, RouteError, Router, Routes, Spans, file_names, wash};

/// The form of a path, or why it has none.
pub(super) fn washed(path: &str) -> String {
    wash(path).map_or_else(|unclean| format!("{unclean:?}"), |path| path.as_str().to_owned())
}

/// The names in a path of files.
pub(super) fn files(path: &str) -> String {
    file_names(path).map_or("none".to_owned(), |names| names.join(" "))
}

/// Reads lines of `METHOD PATTERN NAME`.
fn router<'a>(lines: impl Iterator<Item = &'a str>) -> Result<Router<()>, RouteError> {
    let mut routes = Routes::new();
    for line in lines {
        let (method, rest) = line.split_once(' ').expect("a method and a pattern");
        let at = rest.find('/').filter(|at| *at > 0);
        let (host, rest) = rest.split_at(at.unwrap_or(0));
        let mut words = rest.split(' ');
        let pattern = words.next().unwrap_or_default();
        let mut inner = Routes::new();
        let route = if method == "*" { inner.any(pattern, ())? } else { inner.add(method, pattern, ())? };
        if let Some(name) = words.next() {
            route.named(name);
        }
        match host {
            "" => routes.nest("", inner)?,
            _ => routes.host(host, inner)?,
        }
    }
    routes.build()
}

/// Whether a table can be built.
pub(super) fn table(line: &str) -> String {
    router(line.split(" + ")).map_or_else(|error| error.to_string(), |_| "ok".to_owned())
}

/// What a router says.
pub(super) fn answers(routes: &str, kind: &str, asked: &[String]) -> Vec<String> {
    let router = router(routes.lines()).unwrap_or_else(|error| panic!("{error}"));
    let answer = |line: &String| match kind {
        "urls" => url(&router, line),
        _ => request(&router, line, kind == "explain"),
    };
    asked.iter().map(answer).collect()
}

fn url(router: &Router<()>, line: &str) -> String {
    let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
    // A value may have spaces: a word without `=` belongs to the value before it.
    let mut values: Vec<(String, String)> = Vec::new();
    for word in rest.split(' ').filter(|word| !word.is_empty()) {
        match (word.split_once('='), values.last_mut()) {
            (Some((name, value)), _) => values.push((name.into(), value.into())),
            (None, Some(last)) => last.1 += &format!(" {word}"),
            (None, None) => panic!("{line}"),
        }
    }
    let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (&**name, &**value)).collect();
    router.url(name, &values).unwrap_or_else(|error| error.to_string())
}

fn request(router: &Router<()>, line: &str, explained: bool) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let (method, host) = (Method::named(words[0]), words.get(2).copied().unwrap_or("localhost"));
    let path = match wash(words[1]) {
        Ok(path) => path,
        Err(unclean) => return format!("400 {unclean:?}"),
    };
    if explained {
        return router.explain(host, method, &path, 3).to_string();
    }
    let mut spans = Spans::default();
    let found = router.find(host, method, &path, &mut spans);
    let judge = router.explain(host, method, &path, 1);
    let (status, told) = match &found {
        Found::Route(found) => {
            assert!(std::ptr::eq(found.route(), &router.routes()[judge.candidates[0].route]), "{line}");
            let params: String = found.params().map(|(name, value)| format!(" {name}={value}")).collect();
            (200, format!("{}{params}", found.route()))
        }
        Found::Options(allow) => (204, allow.to_string()),
        Found::MethodNotAllowed(allow) => (405, allow.to_string()),
        Found::NotImplemented => (501, String::new()),
        Found::NotFound => (404, String::new()),
    };
    assert_eq!(status, judge.status, "{line}");
    format!("{status} {told}").trim_end().to_owned()
}
