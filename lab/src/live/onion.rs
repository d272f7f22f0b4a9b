//! The widget of the onion: production rings in an order of the reader's, around a handler that does what the reader wants; who ran, in
//! which order, and what went over the wire. A production application is asked in a simulated network of its own.

use super::answer::escape;
use super::picture::{table, text};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::panic::resume_unwind;
use std::rc::Rc;
use std::time::Duration;
use wirebook_http1::reason;
use wirebook_net::sim::{self, SimListener, SimStream};
use wirebook_net::{self as net, Stream};
use wirebook_web::layers::{catch_panic, conditional, csrf::by_origin, errors, timeout};
use wirebook_web::{Answer, Context, Edge, Failure, Next, Options, Router};

/// A ring that the reader may take: its letter, its name, and what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Kind {
    letter: char,
    name: &'static str,
    say: &'static str,
}

const KINDS: [Kind; 6] = [
    Kind { letter: 'l', name: "log", say: "writes a line about what comes out of it" },
    Kind { letter: 'e', name: "errors", say: "makes a page of a failure" },
    Kind { letter: 'p', name: "catch_panic", say: "makes a failure of a panic" },
    Kind { letter: 't', name: "timeout", say: "gives up after a second: 503" },
    Kind { letter: 'o', name: "by_origin", say: "refuses what another page asks for: 403" },
    Kind { letter: 'c', name: "conditional", say: "sends nothing that the client has: 304" },
];

/// What the handler may do, and what the client may ask.
const HANDLERS: [&str; 5] = ["answers", "fails", "panics", "waits 5 s", "passes"];
const ASKED: [(&str, &str); 4] = [
    ("GET /tea", "GET /tea HTTP/1.1\r\nHost: shop\r\n\r\n"),
    ("GET /tea, kept already", "GET /tea HTTP/1.1\r\nHost: shop\r\nIf-None-Match: *\r\n\r\n"),
    (
        "POST from another page",
        "POST /tea HTTP/1.1\r\nHost: shop\r\nOrigin: https://evil.example\r\nContent-Length: 0\r\n\r\n",
    ),
    ("GET /nowhere", "GET /nowhere HTTP/1.1\r\nHost: shop\r\n\r\n"),
];

/// What the widget offers: a label, the rings from the outside, what the handler does, what is asked. The first is its picture.
const EXAMPLES: [(&str, &str, usize, usize); 8] = [
    ("in and out again", "loc", 0, 0),
    ("a failure becomes a page", "lep", 1, 0),
    ("a log that sees no page", "elp", 1, 0),
    ("a panic is caught", "lep", 2, 0),
    ("a panic that nobody catches", "le", 2, 0),
    ("too late, and dropped", "let", 3, 0),
    ("turned away", "leoc", 0, 2),
    ("nobody is there", "le", 0, 3),
];

const ADDRESS: &str = "10.0.0.1:80";

/// What the widget can be given.
pub(super) fn examples() -> Vec<(&'static str, Value)> {
    let state = |(label, rings, handler, asked): &(&'static str, _, usize, usize)| {
        (*label, json!({ "rings": rings, "handler": HANDLERS[*handler], "asks": ASKED[*asked].0 }))
    };
    EXAMPLES.iter().map(state).collect()
}

pub(super) fn choices() -> Vec<(&'static str, &'static str, Vec<String>)> {
    let handlers = HANDLERS.map(String::from).to_vec();
    let asked = ASKED.map(|(label, _)| label.to_owned()).to_vec();
    vec![("handler", "what the handler does", handlers), ("asks", "what the client asks", asked)]
}

/// The body of a widget's request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    /// One letter a ring, the outermost first.
    rings: String,
    handler: String,
    asks: String,
}

/// Who ran, and what the client got.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Walk {
    pub(crate) kinds: [Kind; 6],
    pub(crate) moments: Vec<Moment>,
    /// The answer as it went over the wire, without its date.
    pub(crate) wire: String,
}

/// One moment of the walk.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Moment {
    pub(crate) who: &'static str,
    /// How far inside.
    pub(crate) depth: usize,
    /// `in`, `out`, `does`, or `gone`: it was entered, and what waited in it was dropped.
    pub(crate) way: &'static str,
    pub(crate) what: String,
    /// Virtual time since the request came.
    pub(crate) ms: u64,
}

/// Answers a request of the widget.
///
/// # Errors
///
/// One sentence where there is no such ring, handler or request.
pub(super) fn answer(ask: Ask) -> Result<Walk, String> {
    let mut rings: Vec<Kind> = Vec::new();
    for letter in ask.rings.chars() {
        let kind = KINDS.iter().find(|kind| kind.letter == letter);
        rings.push(*kind.ok_or_else(|| format!("There is no ring {letter:?}."))?);
        if rings.len() > KINDS.len() {
            return Err(format!("The widget takes {} rings.", KINDS.len()));
        }
    }
    let handler = HANDLERS.into_iter().find(|handler| *handler == ask.handler);
    let asked = ASKED.into_iter().find(|(label, _)| *label == ask.asks);
    walk(rings, handler.ok_or("There is no such handler.")?, asked.ok_or("Nobody asks that.")?.1)
}

/// The walk is on a thread of its own: this one has a loop already.
fn walk(rings: Vec<Kind>, handler: &'static str, asked: &'static str) -> Result<Walk, String> {
    let walked = std::thread::spawn(move || {
        let trace = Trace::default();
        let told = trace.clone();
        let wire = sim::run(1, async move { ask(app(&rings, handler, &told), asked, told).await });
        (trace.moments.take(), wire)
    });
    let (moments, wire) = walked.join().map_err(|_| "The simulation ended early.")?;
    let wire = wire.map_err(|error| error.to_string())?;
    Ok(Walk { kinds: KINDS, moments: dropped(moments), wire: dateless(&wire) })
}

/// What has happened so far.
#[derive(Clone, Default)]
struct Trace {
    moments: Rc<RefCell<Vec<Moment>>>,
    began: Rc<RefCell<Option<std::time::Instant>>>,
}

impl Trace {
    fn note(&self, who: &'static str, depth: usize, way: &'static str, what: impl Into<String>) {
        let began = *self.began.borrow_mut().get_or_insert_with(net::now);
        let ms = (net::now() - began).as_millis() as u64;
        self.moments.borrow_mut().push(Moment { who, depth, way, what: what.into(), ms });
    }
}

/// Stands right outside of a ring, and sees what goes in and what comes out.
struct Watch {
    kind: Kind,
    depth: usize,
    trace: Trace,
}

impl Edge for Watch {
    fn enter(&self, _: &mut Context<'_>) -> Option<Answer> {
        self.trace.note(self.kind.name, self.depth, "in", self.kind.say);
        None
    }

    fn leave(&self, ctx: &mut Context<'_>, answer: Answer) -> Answer {
        self.trace.note(self.kind.name, self.depth, "out", said(ctx, &answer));
        answer
    }
}

fn said(ctx: &Context<'_>, answer: &Answer) -> String {
    match answer {
        Ok(_) => format!("an answer, {} {}", ctx.status_now(), reason(ctx.status_now())),
        Err(failure) => format!("a failure, {failure}"),
    }
}

fn app(rings: &[Kind], handler: &'static str, trace: &Trace) -> Router {
    let mut router = Router::new();
    for (depth, kind) in rings.iter().enumerate() {
        router = router.edge(Watch { kind: *kind, depth, trace: trace.clone() });
        router = match kind.letter {
            'l' => router.layer(log(trace.clone(), depth)),
            'e' => router.layer(errors()),
            'p' => router.layer(catch_panic()),
            't' => router.layer(timeout(Duration::from_secs(1))),
            'o' => router.edge(by_origin(&[])),
            _ => router.layer(conditional()),
        };
    }
    let (trace, depth) = (trace.clone(), rings.len());
    router.any("/tea", async move |ctx| {
        let done = match handler {
            "fails" => Err(Failure::new(500, "the kettle leaks")),
            "panics" => {
                trace.note("handler", depth, "does", "it panics");
                // As `panic!`, without a line on standard error.
                resume_unwind(Box::new("the kettle bursts"))
            }
            "passes" => Ok(ctx.pass()),
            "waits 5 s" => {
                trace.note("handler", depth, "does", "it begins to wait");
                net::sleep(Duration::from_secs(5)).await;
                ctx.text("late tea\n")
            }
            _ => ctx.text("tea\n"),
        };
        let does = if handler == "passes" { "it passes: the request is not for it".into() } else { said(ctx, &done) };
        trace.note("handler", depth, "does", does);
        done
    })
}

/// An access log in five lines.
fn log(trace: Trace, depth: usize) -> impl AsyncFn(&mut Context<'_>, Next<'_>) -> Answer + 'static {
    async move |ctx, next| {
        let answer = next.run(ctx).await;
        let status = answer.as_ref().map_or_else(Failure::status, |_| ctx.status_now());
        trace.note("log", depth, "does", format!("it writes: {} {} {status}", ctx.method(), ctx.path()));
        answer
    }
}

async fn ask(router: Router, asked: &'static str, trace: Trace) -> Vec<u8> {
    let hears = trace.clone();
    let on_error = Rc::new(move |failure: &Failure, _: &str, _: &str| {
        hears.note("on_error", 0, "does", format!("it hears of the failure, {failure}"));
    });
    let options = Options { on_error: Some(on_error), ..Options::default() };
    let mut all = Vec::new();
    // Routes and address are ours, and so is the network: what cannot be bound has no answer to show.
    let (Ok(app), Ok(listener)) = (router.into_app(options), SimListener::bind(ADDRESS)) else { return all };
    let server = app.serve_on(listener);
    if let Ok(client) = SimStream::connect(ADDRESS).await {
        // What was not sent is not answered either.
        client.write_all(asked.as_bytes()).await.ok();
        client.shutdown(std::net::Shutdown::Write).ok();
        let mut piece = [0; 4096];
        while let Ok(count @ 1..) = client.read(&mut piece).await {
            all.extend_from_slice(&piece[..count]);
        }
    }
    server.close();
    let what = if all.is_empty() { "nothing: the connection breaks off" } else { "the answer goes out" };
    trace.note("writer", 0, "does", what);
    all
}

/// Rings that were entered and never left: what waited in them was dropped when a ring further out went on without them.
fn dropped(moments: Vec<Moment>) -> Vec<Moment> {
    let (mut all, mut open) = (Vec::new(), Vec::<Moment>::new());
    for moment in moments {
        let inside = match moment.way {
            "out" => moment.depth + 1,
            _ if moment.who == "writer" => 0,
            "does" if moment.who == "log" => moment.depth + 1,
            _ => usize::MAX,
        };
        while let Some(last) = open.pop_if(|last| last.depth >= inside) {
            all.push(Moment { way: "gone", what: "dropped where it waited".into(), ms: moment.ms, ..last });
        }
        match moment.way {
            "in" => open.push(moment.clone()),
            "out" => open.retain(|other| other.depth != moment.depth),
            _ => {}
        }
        all.push(moment);
    }
    all
}

fn dateless(wire: &[u8]) -> String {
    let text = String::from_utf8_lossy(wire);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let lines = head.split("\r\n").filter(|line| !line.to_ascii_lowercase().starts_with("date:"));
    let head: Vec<String> = lines.map(|line| escape(line.as_bytes())).collect();
    if wire.is_empty() { "nothing".into() } else { format!("{}\n\n{body}", head.join("\n")) }
}

/// The first example's walk, for the book.
pub(super) fn picture() -> Option<String> {
    let (_, rings, handler, asked) = EXAMPLES[0];
    let ask = Ask { rings: rings.into(), handler: HANDLERS[handler].into(), asks: ASKED[asked].0.into() };
    let rows = answer(ask).ok()?.moments;
    let rows = rows.into_iter().map(|Moment { who, way, what, ms, .. }| {
        (String::new(), vec![text(who), way.to_string(), text(&what), ms.to_string()])
    });
    Some(table(&["who", "way", "what", "ms"], rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn played(rings: &str, handler: usize, asked: usize) -> Walk {
        let ask = Ask { rings: rings.into(), handler: HANDLERS[handler].into(), asks: ASKED[asked].0.into() };
        answer(ask).expect("a walk")
    }

    fn ways(walk: &Walk) -> Vec<String> {
        walk.moments.iter().map(|moment| format!("{} {}", moment.who, moment.way)).collect()
    }

    #[test]
    fn what_is_outside_goes_in_first_and_out_last() {
        let walk = played("oc", 0, 0);
        let wanted =
            ["by_origin in", "conditional in", "handler does", "conditional out", "by_origin out", "writer does"];
        assert_eq!(ways(&walk), wanted);
        assert!(walk.wire.starts_with("HTTP/1.1 200 OK\n") && walk.wire.ends_with("\n\ntea\n"), "{}", walk.wire);
    }

    #[test]
    fn the_order_decides_what_a_log_sees() {
        let line = |rings| {
            let walk = played(rings, 1, 0);
            let log = walk.moments.iter().find(|moment| moment.who == "log" && moment.way == "out");
            log.expect("the log").what.clone()
        };
        assert!(line("le").starts_with("an answer, 500"), "{}", line("le"));
        assert!(line("el").starts_with("a failure, 500"), "{}", line("el"));
    }

    #[test]
    fn a_panic_is_caught_or_breaks_the_connection_off() {
        assert!(played("lep", 2, 0).wire.starts_with("HTTP/1.1 500 "));
        let walk = played("le", 2, 0);
        assert_eq!(walk.wire, "nothing");
        assert!(ways(&walk).ends_with(&["errors gone".into(), "log gone".into(), "writer does".into()]), "{walk:?}");
    }

    #[test]
    fn what_is_late_is_dropped_and_what_is_kept_is_not_sent() {
        let walk = played("etc", 3, 0);
        assert!(walk.wire.starts_with("HTTP/1.1 503 "), "{}", walk.wire);
        assert_eq!(
            walk.moments.iter().find(|moment| moment.way == "gone").map(|gone| (gone.who, gone.ms)),
            Some(("conditional", 1000))
        );
        assert!(played("c", 0, 1).wire.starts_with("HTTP/1.1 304 "));
        assert!(played("oe", 0, 2).wire.starts_with("HTTP/1.1 403 "));
        assert!(
            played("e", 0, 3).wire.starts_with("HTTP/1.1 404 ") && played("e", 4, 0).wire.starts_with("HTTP/1.1 404 ")
        );
    }

    #[test]
    fn what_the_widget_does_not_take() {
        let ask = |rings: &str, handler: &str| {
            answer(Ask { rings: rings.into(), handler: handler.into(), asks: "GET /tea".into() })
        };
        assert!(ask("z", "answers").is_err() && ask("l", "sleeps").is_err() && ask("lllllll", "answers").is_err());
        assert!(ask("llllll", "answers").is_ok() && ask("", "answers").is_ok());
    }
}
