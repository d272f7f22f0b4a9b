//! The widget of a page in parts: parts that the reader makes slow, or lets fail, in a production application; what the server has when,
//! and what arrives when, in virtual time.

use super::picture::{table, text};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::net::Shutdown;
use std::rc::Rc;
use std::time::{Duration, Instant};
use wirebook_net::sim::{self, SimListener, SimStream};
use wirebook_net::{self as net, Stream};
use wirebook_template::{Engine, data};
use wirebook_web::compress::compress;
use wirebook_web::views::{Parts, Views};
use wirebook_web::{Failure, Options, Router};

const CODINGS: [&str; 2] = ["as it is", "gzip"];

/// A label, the parts, and the coding. The first is the picture.
const EXAMPLES: [(&str, &str, usize); 5] = [
    ("the weather before the news", "news 900\nweather 300", 0),
    ("a part that fails", "news 900\nweather 300 fails\noffers 600", 0),
    ("two at once", "news 500\nweather 500", 0),
    ("compressed, piece by piece", "news 900\nweather 300", 1),
    ("nothing is late", "news 0\nweather 0", 0),
];

/// Parts that the reader may have, and milliseconds that one may take.
const MOST_PARTS: usize = 6;
const LONGEST: u64 = 60_000;

const ADDRESS: &str = "10.0.0.1:80";

/// What the widget can be given.
pub(super) fn examples() -> Vec<(&'static str, Value)> {
    let state = |(label, parts, coding): &(&'static str, &str, usize)| {
        (*label, json!({ "parts": parts, "coding": CODINGS[*coding] }))
    };
    EXAMPLES.iter().map(state).collect()
}

pub(super) fn choices() -> Vec<(&'static str, &'static str, Vec<String>)> {
    vec![("coding", "how the page goes out", CODINGS.map(String::from).to_vec())]
}

/// The body of a widget's request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    /// A part a line: its name, its milliseconds, and perhaps `fails`.
    parts: String,
    coding: String,
}

/// What happened, and when.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Shown {
    pub(crate) moments: Vec<Moment>,
    pub(crate) verdict: String,
}

/// One moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Moment {
    pub(crate) ms: u64,
    /// `server` or `client`.
    pub(crate) who: &'static str,
    /// `ready`, `fails`, `heard` or `arrives`: the row of the table of sentences.
    pub(crate) kind: &'static str,
    pub(crate) what: String,
    /// What has arrived, as text; nothing of what is compressed.
    pub(crate) text: String,
    /// How many bytes have arrived.
    pub(crate) bytes: usize,
}

#[derive(Clone, Debug)]
struct Part {
    name: String,
    ms: u64,
    fails: bool,
}

fn parts(lines: &str) -> Result<Vec<Part>, String> {
    let mut parts: Vec<Part> = Vec::new();
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (name, ms, fails) = match words[..] {
            [name, ms] => (name, ms, false),
            [name, ms, "fails"] => (name, ms, true),
            _ => return Err(format!("A part is a name, milliseconds, and perhaps \"fails\": {line}")),
        };
        let is_name = name.len() <= 16 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        if !is_name || parts.iter().any(|part| part.name == name) {
            return Err(format!("A name is of small letters, 16 at most, and stands once: {name}"));
        }
        let ms: u64 = ms.parse().map_err(|_| format!("These are no milliseconds: {ms}"))?;
        if ms > LONGEST || parts.len() == MOST_PARTS {
            return Err(format!("The widget takes {MOST_PARTS} parts, and {LONGEST} ms of each."));
        }
        parts.push(Part { name: name.into(), ms, fails });
    }
    if parts.is_empty() { Err("There is no part.".into()) } else { Ok(parts) }
}

/// Answers a request of the widget.
///
/// # Errors
///
/// One sentence where a line is no part.
pub(super) fn answer(ask: Ask) -> Result<Shown, String> {
    let parts = parts(&ask.parts)?;
    let is_coded = ask.coding == CODINGS[1];
    let played = parts.clone();
    // This thread has a loop already.
    let moments = std::thread::spawn(move || sim::run(1, play(played, is_coded)));
    let moments = moments.join().map_err(|_| "The simulation ended early.")?.map_err(|error| error.to_string())?;
    let arrives = |moment: &&Moment| moment.kind == "arrives";
    let (first, last) = (moments.iter().find(arrives), moments.iter().rfind(arrives));
    let [first, last] = [first, last].map(|moment| moment.map_or(0, |moment| moment.ms));
    let (slowest, sum) =
        (parts.iter().map(|part| part.ms).max().unwrap_or(0), parts.iter().map(|part| part.ms).sum::<u64>());
    let verdict = format!(
        "The page begins at {first} ms and ends at {last}. Whole, it would have come at {slowest}; with its parts made one after \
         the other, at {sum}."
    );
    Ok(Shown { moments, verdict })
}

/// What has happened so far.
#[derive(Clone)]
struct Film {
    began: Instant,
    moments: Rc<RefCell<Vec<Moment>>>,
}

impl Film {
    fn note(&self, who: &'static str, kind: &'static str, what: String, text: String) {
        let ms = (net::now() - self.began).as_millis() as u64;
        self.moments.borrow_mut().push(Moment { ms, who, kind, what, text, bytes: 0 });
    }

    /// What arrives at one moment is one piece, in however many reads.
    fn arrives(&self, bytes: usize, text: &str) {
        let ms = (net::now() - self.began).as_millis() as u64;
        let moments = &mut *self.moments.borrow_mut();
        if moments.last().is_none_or(|last| last.kind != "arrives" || last.ms != ms) {
            let (what, text) = (String::new(), String::new());
            moments.push(Moment { ms, who: "client", kind: "arrives", what, text, bytes: 0 });
        }
        if let Some(last) = moments.last_mut() {
            last.bytes += bytes;
            last.text += text;
            last.what = super::answer::count(last.bytes, "byte");
        }
    }
}

async fn make(part: Part, film: Film) -> Result<String, Failure> {
    net::sleep(Duration::from_millis(part.ms)).await;
    if part.fails {
        film.note("server", "fails", format!("{} fails: its place keeps its dots", part.name), String::new());
        return Err(Failure::new(500, format!("{} is away", part.name)));
    }
    film.note("server", "ready", format!("{} is ready", part.name), String::new());
    Ok(format!("<p>Here are the {}.", part.name))
}

async fn play(parts: Vec<Part>, is_coded: bool) -> Vec<Moment> {
    let film = Film { began: net::now(), moments: Rc::default() };
    let places: String = parts.iter().map(|part| format!("<%- placeholder('{}', '…') %>\n", part.name)).collect();
    let mut engine = Engine::in_memory();
    engine.add("home", &format!("<!doctype html>\n<h1>Today</h1>\n{places}<%- pagelets() %>\n<p>The end.\n"));
    let mut router = Router::new().views(Views::new(engine));
    if is_coded {
        router = router.layer(compress());
    }
    let making = film.clone();
    let router = router.get("/", async move |ctx| {
        let late = parts.iter().cloned().fold(Parts::default(), |all, part| {
            let name = part.name.clone();
            all.part(&name, make(part, making.clone()))
        });
        ctx.pipe("home", &data!({}), late)
    });
    let hears = film.clone();
    let on_error = Rc::new(move |failure: &Failure, _: &str, _: &str| {
        hears.note("server", "heard", format!("on_error hears: {failure}"), String::new());
    });
    let options = Options { on_error: Some(on_error), ..Options::default() };
    // Routes and address are ours, and so is the network.
    let (Ok(app), Ok(listener)) = (router.into_app(options), SimListener::bind(ADDRESS)) else { return Vec::new() };
    let server = app.serve_on(listener);
    if let Ok(client) = SimStream::connect(ADDRESS).await {
        client.write_all(b"GET / HTTP/1.1\r\nHost: shop\r\nAccept-Encoding: gzip\r\n\r\n").await.ok();
        client.shutdown(Shutdown::Write).ok();
        let mut bytes = [0; 16 * 1024];
        while let Ok(count @ 1..) = client.read(&mut bytes).await {
            let text = if is_coded { String::new() } else { content(&bytes[..count]) };
            film.arrives(count, &text);
        }
    }
    server.close();
    film.moments.take()
}

/// What is content in what has arrived: neither the head nor the sizes of chunks.
fn content(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let body = if text.starts_with("HTTP/") { text.split_once("\r\n\r\n").map_or("", |(_, body)| body) } else { &text };
    let is_size = |line: &&str| !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_hexdigit());
    body.split("\r\n").filter(|line| !is_size(line)).collect()
}

/// The first example, for the book.
pub(super) fn picture() -> Option<String> {
    let (_, parts, coding) = EXAMPLES[0];
    let shown = answer(Ask { parts: parts.into(), coding: CODINGS[coding].into() }).ok()?;
    let rows = shown.moments.into_iter();
    let rows = rows.map(|moment| (String::new(), vec![moment.ms.to_string(), moment.who.into(), text(&moment.what)]));
    let verdict = format!("<div class=\"wb-state\">{}</div>", text(&shown.verdict));
    Some(table(&["ms", "who", "what"], rows) + &verdict)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(parts: &str, coding: usize) -> Shown {
        answer(Ask { parts: parts.into(), coding: CODINGS[coding].into() }).expect("parts")
    }

    fn arrivals(shown: &Shown) -> Vec<u64> {
        shown.moments.iter().filter(|moment| moment.kind == "arrives").map(|moment| moment.ms).collect()
    }

    #[test]
    fn what_is_ready_arrives() {
        for coding in 0..CODINGS.len() {
            let shown = shown("news 900\nweather 300", coding);
            let at = arrivals(&shown);
            // A message travels for a while.
            assert!(at[0] < 100 && at.iter().any(|ms| (300..400).contains(ms)), "{shown:?}");
            assert!((900..1000).contains(at.last().expect("an end")), "{shown:?}");
            assert!(shown.verdict.contains("Whole, it would have come at 900;"), "{}", shown.verdict);
        }
    }

    #[test]
    fn a_part_that_fails_is_heard_of_and_the_page_goes_on() {
        let shown = shown("news 900\nweather 300 fails", 0);
        let kinds: Vec<&str> = shown.moments.iter().map(|moment| moment.kind).collect();
        assert_eq!(kinds.iter().filter(|kind| matches!(**kind, "fails" | "heard")).count(), 2, "{shown:?}");
        let page: String = shown.moments.iter().map(|moment| &*moment.text).collect();
        assert!(page.contains("Here are the news.") && !page.contains("Here are the weather."), "{page}");
        assert!(page.starts_with("<!doctype html>") && page.ends_with("<p>The end.\n"), "{page}");
    }

    #[test]
    fn what_the_widget_does_not_take() {
        let ask = |parts: &str| answer(Ask { parts: parts.into(), coding: CODINGS[0].into() });
        for parts in [
            "",
            "news",
            "news soon",
            "News 1",
            "news 60001",
            "a 1\na 2",
            "a 1\nb 1\nc 1\nd 1\ne 1\nf 1\ng 1",
            "a 1 2 3",
        ] {
            assert!(ask(parts).is_err(), "{parts:?}");
        }
    }
}
