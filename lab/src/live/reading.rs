//! The widget of a request that is read: what the production context makes of a head that the reader writes: method, path, query, host,
//! client, and which answer is liked best. The head goes through a production server in a simulated network of its own.

use super::picture::{table, text};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::net::Shutdown;
use std::rc::Rc;
use wirebook_net::Stream;
use wirebook_net::sim::{self, SimListener, SimStream};
use wirebook_web::input::{QUERY, Value as Tree, form, pairs};
use wirebook_web::message::accept;
use wirebook_web::trust::Trust;
use wirebook_web::{Context, Options, Router};

const PROXIES: [(&str, &[&str]); 2] = [("none", &[]), ("the peer and 10.0.0.0/8", &["loopback", "10.0.0.0/8"])];

/// What the server could send.
const TYPES: [&str; 3] = ["text/html", "application/json", "text/plain"];
const LANGUAGES: [&str; 3] = ["en", "de", "zh"];
const CODINGS: [&str; 3] = ["br", "gzip", "identity"];

/// The host that the server is.
const HOST: &str = "tea.example";

const ADDRESS: &str = "10.0.0.9:80";

/// A label, the head, and which proxies are ours. The first is the picture.
const EXAMPLES: [(&str, &str, usize); 9] = [
    (
        "as a browser asks",
        "GET /teas/%6Eew?q=green+tea&page=2 HTTP/1.1\nHost: tea.example\nAccept: text/html, */*;q=0.5\nAccept-Language: de, en;q=0.7\n\
         Accept-Encoding: gzip, br",
        0,
    ),
    ("anything but JSON", "GET /teas HTTP/1.1\nHost: tea.example\nAccept: */*, application/json;q=0", 0),
    ("nothing that we have", "GET /teas HTTP/1.1\nHost: tea.example\nAccept: image/png", 0),
    ("a client that says who it is", "GET / HTTP/1.1\nHost: tea.example\nX-Forwarded-For: 127.0.0.1", 0),
    (
        "through two proxies of ours",
        "GET / HTTP/1.1\nHost: tea.example\nX-Forwarded-For: 127.0.0.1, 203.0.113.7, 10.0.0.2\nX-Forwarded-Proto: https",
        1,
    ),
    ("another site's host", "GET / HTTP/1.1\nHost: evil.example", 0),
    ("brackets that mean two things", "GET /teas?a=1&a[b]=2 HTTP/1.1\nHost: tea.example", 0),
    ("a path with dots", "DELETE /teas/%2e%2e/admin HTTP/1.1\nHost: tea.example", 0),
    ("two lengths", "POST /teas HTTP/1.1\nHost: tea.example\nContent-Length: 1\nContent-Length: 2", 0),
];

/// What the widget can be given.
pub(super) fn examples() -> Vec<(&'static str, Value)> {
    let state = |(label, head, proxies): &(&'static str, &str, usize)| {
        (*label, json!({ "head": head, "proxies": PROXIES[*proxies].0 }))
    };
    EXAMPLES.iter().map(state).collect()
}

pub(super) fn choices() -> Vec<(&'static str, &'static str, Vec<String>)> {
    vec![("proxies", "which proxies are ours", PROXIES.map(|(label, _)| label.to_owned()).to_vec())]
}

/// The body of a widget's request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    /// The lines of a head; the empty one behind them is added.
    head: String,
    proxies: String,
}

/// What the widget shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Shown {
    pub(crate) steps: Vec<Step>,
    /// What the server answers, where the request does not come so far as to be read.
    pub(crate) verdict: String,
}

/// One thing that was read.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Step {
    pub(crate) what: &'static str,
    pub(crate) says: String,
    pub(crate) because: String,
    pub(crate) rule: &'static str,
    /// The row of the table of sentences.
    pub(crate) key: String,
}

/// Answers a request of the widget.
///
/// # Errors
///
/// One sentence where there are no such proxies.
pub(super) fn answer(ask: Ask) -> Result<Shown, String> {
    let trusted = PROXIES.into_iter().find(|(label, _)| *label == ask.proxies).ok_or("There are no such proxies.")?.1;
    let lines: Vec<&str> = ask.head.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let head = lines.join("\r\n") + "\r\n\r\n";
    // This thread has a loop already.
    let read = std::thread::spawn(move || sim::run(1, read(head, trusted)));
    read.join().map_err(|_| "The simulation ended early.")?.map_err(|error| error.to_string())
}

async fn read(head: String, trusted: &'static [&'static str]) -> Shown {
    let steps: Rc<RefCell<Vec<Step>>> = Rc::default();
    let noted = steps.clone();
    let router = Router::new().layer(async move |ctx, next| {
        noted.replace(all(ctx));
        next.run(ctx).await
    });
    let router = router.any("/", async |ctx| ctx.empty(204)).any("/{*rest}", async |ctx| ctx.empty(204));
    let trust = Trust::cidrs(trusted).unwrap_or_default();
    let options = Options { trust, hosts: vec![HOST.into()], on_error: None, ..Options::default() };
    let (Ok(app), Ok(listener)) = (router.into_app(options), SimListener::bind(ADDRESS)) else {
        return Shown::default();
    };
    let server = app.serve_on(listener);
    let mut bytes = Vec::new();
    if let Ok(client) = SimStream::connect(ADDRESS).await {
        // A server that has refused the head may not take all of it.
        client.write_all(head.as_bytes()).await.ok();
        client.shutdown(Shutdown::Write).ok();
        let mut piece = [0; 1024];
        while let Ok(count @ 1..) = client.read(&mut piece).await {
            bytes.extend_from_slice(&piece[..count]);
        }
    }
    server.close();
    let line = String::from_utf8_lossy(&bytes);
    let status = line.lines().next().and_then(|line| line.split_once(' ')).map_or("", |(_, status)| status);
    let (is_read, is_taken) = (!steps.borrow().is_empty(), status.starts_with("204"));
    let verdict = match (is_read, is_taken) {
        (_, true) => "A handler would have it now.".to_owned(),
        (true, _) => format!("No handler gets it: {status}."),
        (false, _) if status.is_empty() => "This is no whole head.".to_owned(),
        (false, _) => format!("HTTP/1 itself refuses it, before any ring: {status}."),
    };
    Shown { steps: steps.take(), verdict }
}

/// All that the context knows, in the order in which a handler would ask.
fn all(ctx: &Context<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut step = |what: &'static str, says: String, because: String, rule: &'static str| {
        steps.push(Step { what, says, because, rule, key: format!("read {what}") });
    };
    let twice =
        if ctx.is_idempotent() { "to send it twice does the same as once" } else { "it must not be sent twice" };
    step("method", ctx.method().into(), twice.into(), "RFC 9110 §9.2");
    let because = match ctx.path() {
        "" => "it has no form that anybody may look at, or is not for us",
        path if path == ctx.original_path() => "it was in its one form",
        _ => "each escape is decoded, once",
    };
    step(
        "path",
        if ctx.path().is_empty() { "none".into() } else { ctx.path().into() },
        because.into(),
        "RFC 3986 §3.3",
    );
    if let Some(query) = ctx.query() {
        let read: Vec<String> =
            pairs(query).take(QUERY.pairs).map(|(name, value)| format!("{name} = {value}")).collect();
        step("query", read.join("; "), "cut at & and =, and decoded last".into(), "URL §5.1");
        let (says, because) = match form(query, &QUERY) {
            Ok(tree) => (drawn(&tree), "brackets make a tree".to_owned()),
            Err(fault) => (format!("{} {fault:?}", fault.status()), fault.to_string()),
        };
        step("tree", says, because, "ours");
    }
    let is_ours = ctx.hostname().eq_ignore_ascii_case(HOST);
    step(
        "host",
        ctx.hostname().into(),
        format!("we are {HOST}: {}", if is_ours { "it is ours" } else { "421" }),
        "RFC 9110 §7.2",
    );
    let because = match ctx.options().trust.is_empty() {
        true => "no proxy is ours: the other end of the connection",
        false => "the first from the right that is none of ours",
    };
    step("client", ctx.ip().map_or("nobody".into(), |ip| ip.to_string()), because.into(), "RFC 7239 §5.2");
    step(
        "protocol",
        ctx.protocol().into(),
        "of the connection, or what our outermost proxy says".into(),
        "RFC 7239 §5.4",
    );
    let chosen = |best: Vec<&str>, offers: &[&str], none: &str| {
        let refused: Vec<&str> = offers.iter().copied().filter(|offer| !best.contains(offer)).collect();
        let refused = if refused.is_empty() { String::new() } else { format!("; never {}", refused.join(", ")) };
        (best.first().map_or(none.to_owned(), |best| (*best).to_owned()), format!("{}{refused}", best.join(", ")))
    };
    let field = |name: &str| ctx.header_list(name);
    let (says, order) = chosen(accept::types(field("accept").as_deref(), &TYPES), &TYPES, "none: 406");
    step("type", says, format!("in this order: {order}"), "RFC 9110 §12.5.1");
    let (says, order) = chosen(accept::languages(field("accept-language").as_deref(), &LANGUAGES), &LANGUAGES, "none");
    step("language", says, format!("in this order: {order}"), "RFC 9110 §12.5.4");
    let (says, order) = chosen(accept::encodings(field("accept-encoding").as_deref(), &CODINGS), &CODINGS, "none");
    step("coding", says, format!("in this order: {order}"), "RFC 9110 §12.5.3");
    steps
}

/// A tree in one line.
fn drawn(tree: &Tree) -> String {
    let join = |all: Vec<String>, open, close| format!("{open}{}{close}", all.join(", "));
    match tree {
        Tree::Text(text) => format!("{text:?}"),
        Tree::List(list) => join(list.iter().map(|(_, value)| drawn(value)).collect(), '[', ']'),
        Tree::Map(map) => join(map.iter().map(|(key, value)| format!("{key}: {}", drawn(value))).collect(), '{', '}'),
    }
}

/// The first example, for the book.
pub(super) fn picture() -> Option<String> {
    let (_, head, proxies) = EXAMPLES[0];
    let shown = answer(Ask { head: head.into(), proxies: PROXIES[proxies].0.into() }).ok()?;
    let rows = shown.steps.into_iter();
    let rows = rows.map(|step| (String::new(), vec![step.what.into(), text(&step.says), text(&step.because)]));
    let lines = format!("<div class=\"wb-bytes\">{}</div>", text(head).replace('\n', "<br>"));
    Some(lines + &table(&["what", "says", "because"], rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(example: &str) -> Shown {
        let (_, head, proxies) = EXAMPLES.into_iter().find(|(label, ..)| *label == example).expect("an example");
        answer(Ask { head: head.into(), proxies: PROXIES[proxies].0.into() }).expect("an answer")
    }

    fn says(shown: &Shown, what: &str) -> String {
        shown.steps.iter().find(|step| step.what == what).map(|step| step.says.clone()).unwrap_or_default()
    }

    #[test]
    fn what_a_handler_would_be_told() {
        let read = shown("as a browser asks");
        assert_eq!(read.verdict, "A handler would have it now.");
        for (what, wanted) in [
            ("method", "GET"),
            ("path", "/teas/new"),
            ("query", "q = green tea; page = 2"),
            ("tree", "{q: \"green tea\", page: \"2\"}"),
            ("type", "text/html"),
            ("language", "de"),
            ("coding", "br"),
        ] {
            assert_eq!(says(&read, what), wanted, "{what}: {read:?}");
        }
    }

    #[test]
    fn what_nobody_believes_and_what_nobody_gets() {
        assert_eq!(says(&shown("anything but JSON"), "type"), "text/html");
        assert_eq!(says(&shown("nothing that we have"), "type"), "none: 406");
        assert_eq!(says(&shown("through two proxies of ours"), "client"), "203.0.113.7");
        assert_eq!(says(&shown("through two proxies of ours"), "protocol"), "https");
        let alone = shown("a client that says who it is");
        assert!(alone.steps.iter().any(|step| step.because.starts_with("no proxy is ours")), "{alone:?}");
        assert_eq!(says(&shown("brackets that mean two things"), "tree"), "400 Conflict");
        assert!(shown("another site's host").verdict.contains("421"), "{:?}", shown("another site's host"));
        assert!(shown("a path with dots").verdict.contains("400"), "{:?}", shown("a path with dots"));
        let refused = shown("two lengths");
        assert!(refused.steps.is_empty() && refused.verdict.starts_with("HTTP/1 itself refuses it"), "{refused:?}");
        let none = answer(Ask { head: String::new(), proxies: PROXIES[0].0.into() }).expect("an answer");
        assert!(none.steps.is_empty() && none.verdict.len() > 10, "{none:?}");
        assert!(answer(Ask { head: String::new(), proxies: "all".into() }).is_err());
    }
}
