//! A table of routes asked for ten paths: what is found, with which parameters, and why nothing is.
//!
//! Run: cargo run --example web_routes

use wirebook_terminal as terminal;
use wirebook_web::router::{Found, Method, Router, Routes, Spans, wash};

// ANCHOR: table
/// A tea house: pages, an interface, and files.
pub(crate) fn table() -> Result<Router<&'static str>, wirebook_web::router::RouteError> {
    let mut api = Routes::new();
    api.add("GET", "/teas", "list")?.named("teas");
    api.add("POST", "/teas", "add")?;
    api.add("GET", "/teas/{id:int}", "show")?.named("tea");
    api.add("DELETE", "/teas/{id:int}", "remove")?;

    let mut routes = Routes::new();
    routes.add("GET", "/", "home")?;
    routes.add("GET", "/teas/{name}", "page")?;
    routes.add("GET", "/teas/new", "form")?;
    routes.add("GET", "/static/{*file}", "file")?;
    routes.nest("/api", api)?;
    routes.build()
}
// ANCHOR_END: table

pub(crate) const ASKED: [(&str, &str); 10] = [
    ("GET", "/"),
    ("GET", "/teas/new"),
    ("GET", "/teas/lapsang%20souchong"),
    ("GET", "/teas/oolong/leaves"),
    ("GET", "/api/teas/7"),
    ("GET", "/api/teas/green"),
    ("PUT", "/api/teas/7"),
    ("OPTIONS", "/api/teas"),
    ("GET", "/static/css/a%2Fb.css"),
    ("GET", "/static/../secret"),
];

fn main() -> terminal::Result {
    terminal::no_arguments(include_str!("web_routes.rs"));
    let router = table()?;
    for (method, path) in ASKED {
        println!("{method} {path}\n  {}", say(&router, method, path));
    }
    Ok(())
}

// ANCHOR: say
/// What the router says, and the nearest routes where it has none.
pub(crate) fn say(router: &Router<&str>, method: &str, path: &str) -> String {
    let path = match wash(path) {
        Ok(path) => path,
        Err(unclean) => return format!("400 {unclean:?}"),
    };
    let (method, mut spans) = (Method::named(method), Spans::default());
    match router.find("tea.example", method, &path, &mut spans) {
        Found::Route(found) => {
            let params = found.params().map(|(name, value)| format!(", {name} = {value}"));
            format!("200 {}{}", found.route().value(), params.collect::<String>())
        }
        Found::Options(allow) => format!("204 Allow: {allow}"),
        Found::MethodNotAllowed(allow) => format!("405 Allow: {allow}"),
        Found::NotImplemented => "501".to_owned(),
        Found::NotFound => router.explain("tea.example", method, &path, 2).to_string(),
    }
}
// ANCHOR_END: say
