//! The widget of the router: the reader's own table of routes as the production tree, one look-up in it, and why it went where it went.

use super::picture::{table, text};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wirebook_http1::reason;
use wirebook_web::router::{Found, Method, Router, Routes, Spans, Twig, Why, wash};

const SHOP: &str = "GET /\nGET /teas/new\nGET /teas/{id:int}\nGET /teas/{name}\nPOST /teas\nGET /teas\nGET /teas/{name}/leaves\nGET /static/{*file}";

/// What the widget offers: a label, the routes and the request. The first is its picture.
const EXAMPLES: [(&str, &str, &str); 10] = [
    ("taken back", SHOP, "GET /teas/new/leaves"),
    ("the stricter first", SHOP, "GET /teas/7"),
    ("404: one segment too many", SHOP, "GET /teas/7/prices"),
    ("404: a capital letter", SHOP, "GET /Teas/new"),
    ("405: the path is there", SHOP, "DELETE /teas"),
    ("501: nobody knows the method", SHOP, "BREW /teas"),
    ("all that is left", SHOP, "GET /static/css/a.css"),
    ("an escaped letter", SHOP, "GET /te%61s/new"),
    ("400: dots", SHOP, "GET /static/../teas"),
    ("two for the same", "GET /teas/{id}\nGET /teas/{name}", "GET /teas/7"),
];

/// Routes and bytes that the reader may write.
const MOST_ROUTES: usize = 100;

/// Candidates that are told of.
const CLOSEST: usize = 6;

/// What the widget can be given.
pub(super) fn examples() -> Vec<(&'static str, Value)> {
    EXAMPLES.iter().map(|(label, routes, asks)| (*label, json!({ "routes": routes, "asks": asks }))).collect()
}

/// The body of a widget's request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    /// A route a line: a method, or `*`, and a pattern.
    routes: String,
    /// A method and a path.
    asks: String,
}

/// What the widget shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Shown {
    /// The path in its one form; without one, nobody looks for a route.
    pub(crate) washed: String,
    pub(crate) status: u16,
    /// The status and what it means here, in a sentence.
    pub(crate) verdict: String,
    pub(crate) params: Vec<(String, String)>,
    pub(crate) twigs: Vec<Row>,
    /// The routes that came closest: each, the byte at which it failed, and why.
    pub(crate) closest: Vec<(String, usize, String)>,
}

/// A place in the tree.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Row {
    pub(crate) depth: usize,
    pub(crate) text: String,
    pub(crate) routes: String,
    /// When the walk came here.
    pub(crate) came: Option<usize>,
    pub(crate) at: Option<usize>,
    /// The row of the table of sentences, and what it says here.
    pub(crate) key: &'static str,
    pub(crate) why: String,
}

/// Answers a request of the widget.
///
/// # Errors
///
/// One sentence where that is no request. A table that cannot be is shown with the error that a program with it would end with.
pub(super) fn answer(ask: Ask) -> Result<Shown, String> {
    let router = match read(&ask.routes) {
        Ok(router) => router,
        Err(verdict) => return Ok(Shown { verdict, ..Shown::default() }),
    };
    let (method, path) = ask.asks.trim().split_once(' ').ok_or("The request is a method, a space and a path.")?;
    let path = path.trim();
    let washed = match wash(path) {
        Ok(washed) => washed,
        Err(unclean) => {
            let verdict =
                format!("400 Bad Request: the path has no one form ({unclean:?}), and no ring and no route sees it");
            return Ok(Shown { status: 400, verdict, ..Shown::default() });
        }
    };
    let (method, mut spans) = (Method::named(method), Spans::default());
    let explained = router.explain("", method, &washed, CLOSEST);
    let (status, what, params) = match router.find("", method, &washed, &mut spans) {
        Found::Route(found) => {
            let params = found.params().map(|(name, value)| (name.to_owned(), value.into_owned())).collect();
            (200, found.route().to_string(), params)
        }
        Found::Options(allow) => (204, format!("the path allows {allow}"), Vec::new()),
        Found::MethodNotAllowed(allow) => (405, format!("the path is there, and allows {allow}"), Vec::new()),
        Found::NotImplemented => (501, "no route is for this method, and RFC 9110 does not know it".into(), Vec::new()),
        Found::NotFound => (404, "no route goes to the end of the path".into(), Vec::new()),
    };
    let twigs = router.outline("", method, &washed);
    let found = explained.candidates.first().filter(|_| status == 200).map(|best| best.route);
    Ok(Shown {
        status,
        verdict: format!("{status} {}: {what}", reason(status)),
        params,
        twigs: twigs.iter().map(|twig| row(&router, twig, found)).collect(),
        closest: explained
            .candidates
            .into_iter()
            .map(|candidate| (candidate.text, candidate.at, candidate.why.to_string()))
            .collect(),
        washed: washed.as_str().to_owned(),
    })
}

fn read(text: &str) -> Result<Router<()>, String> {
    let mut routes = Routes::new();
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    for (number, line) in lines.enumerate() {
        if number == MOST_ROUTES {
            return Err(format!("The widget takes {MOST_ROUTES} routes."));
        }
        let (method, pattern) =
            line.split_once(' ').ok_or_else(|| format!("A route is a method, a space and a pattern: {line}"))?;
        let added = match method {
            "*" => routes.any(pattern.trim(), ()),
            method => routes.add(method, pattern.trim(), ()),
        };
        added.map_err(|error| format!("This table does not start: {error}."))?;
    }
    routes.build().map_err(|error| format!("This table does not start: {error}."))
}

/// `found` is the number of the route that was found.
fn row(router: &Router<()>, twig: &Twig, found: Option<usize>) -> Row {
    let methods = twig.routes.iter().map(|number| router.routes()[*number].method().unwrap_or("*"));
    let (key, why) = match (twig.came, twig.why) {
        (Some(_), Some(Why::Fits)) if found.is_some_and(|found| twig.routes.contains(&found)) => {
            ("walk on", "found".into())
        }
        (Some(_), Some(Why::Fits)) => ("walk on", "on the way".into()),
        (Some(_), Some(why @ (Why::Method | Why::PathEnded | Why::PatternEnded))) => {
            ("walk back", format!("back: it {why}"))
        }
        (Some(_), _) => ("walk back", "back: nothing below it fits".into()),
        (None, Some(why)) => ("walk not", format!("not: it {why}")),
        (None, None) => ("walk unseen", "nobody looked".into()),
    };
    Row {
        depth: twig.depth,
        text: twig.text.clone(),
        routes: methods.collect::<Vec<_>>().join(", "),
        came: twig.came,
        at: twig.at,
        key,
        why,
    }
}

/// The first example's tree, for the book.
pub(super) fn picture() -> Option<String> {
    let (_, routes, asks) = EXAMPLES[0];
    let shown = answer(Ask { routes: routes.into(), asks: asks.into() }).ok()?;
    let rows = shown.twigs.into_iter().map(|Row { depth, text: shown, routes, at, why, .. }| {
        let at = at.map_or(String::new(), |at| at.to_string());
        let place = format!("{}<code>{}</code>", "&#160;&#160;".repeat(depth), text(&shown));
        (String::new(), vec![place, text(&routes), at, text(&why)])
    });
    let head = format!("<div class=\"wb-state\">{} is asked, and gets {}</div>", text(asks), text(&shown.verdict));
    Some(head + &table(&["place", "routes", "byte", "the walk"], rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(asks: &str) -> Shown {
        answer(Ask { routes: SHOP.into(), asks: asks.into() }).expect("a table that can be")
    }

    fn of<'s>(shown: &'s Shown, text: &str) -> &'s Row {
        shown.twigs.iter().find(|row| row.text == text).unwrap_or_else(|| panic!("{text}: {:?}", shown.twigs))
    }

    #[test]
    fn what_fails_is_taken_back() {
        let shown = asked("GET /teas/new/leaves");
        assert_eq!(shown.verdict, "200 OK: GET /teas/{name}/leaves");
        assert_eq!(shown.params, [("name".to_owned(), "new".to_owned())]);
        assert_eq!((of(&shown, "new").key, of(&shown, "new").at), ("walk back", Some(9)));
        assert_eq!(of(&shown, "{int}").why, "not: it wants int there");
        assert_eq!(of(&shown, "{*}").key, "walk unseen");
    }

    #[test]
    fn the_verdict_is_that_of_the_candidates() {
        for (_, routes, asks) in EXAMPLES {
            let shown = answer(Ask { routes: routes.into(), asks: asks.into() }).expect("a request");
            let found = shown.twigs.iter().any(|row| row.why == "found");
            assert_eq!(found, shown.status == 200, "{asks}: {:?}", shown.twigs);
            if shown.status == 200 {
                assert_eq!(shown.closest[0].2, "fits", "{asks}");
            }
        }
    }

    #[test]
    fn what_is_not_there_says_why() {
        let shown = asked("DELETE /teas");
        assert_eq!(shown.verdict, "405 Method Not Allowed: the path is there, and allows GET, HEAD, POST, OPTIONS");
        assert!(shown.twigs.iter().any(|row| row.why == "back: it is for another method"), "{:?}", shown.twigs);
        assert_eq!(asked("GET /Teas").twigs.iter().filter(|row| row.key == "walk on").count(), 0);
        assert_eq!(asked("BREW /").status, 501);
        assert_eq!((asked("GET /a/../b").status, asked("OPTIONS /teas").status), (400, 204));
        for table in ["GET teas", "GET", "GET /{a}\nGET /{b}"] {
            let shown = answer(Ask { routes: table.into(), asks: "GET /".into() }).expect("a request");
            assert!(shown.status == 0 && shown.verdict.len() > 20, "{table}: {}", shown.verdict);
        }
        assert!(answer(Ask { routes: SHOP.into(), asks: "GET".into() }).is_err());
    }
}
