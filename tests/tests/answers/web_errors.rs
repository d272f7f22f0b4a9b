//! Errors and lines of a log as one writes them first, a server that ends, and the answers of "Errors, logs and a clean end".

use super::asked::{answer, get, quiet};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use wirebook_net as net;
use wirebook_net::Stream;
use wirebook_net::sim::{self, SimListener, SimStream};
use wirebook_web::layers::{catch_panic, errors, request_id};
use wirebook_web::log::{Layout, Level, clean, redact_target};
use wirebook_web::{Answer, Context, Failure, Next, OnError, Options, Router};

// ANCHOR: naive
/// What a visitor gets when something has failed, and the line that is written.
fn failed(path: &str, error: &str) -> (String, String) {
    (format!("<h1>Error</h1>{path}: {error}"), format!("[ERROR] {path}: {error}"))
}
// ANCHOR_END: naive

// ANCHOR: breaks
#[test]
fn an_error_says_too_much() {
    let (page, _) = failed("/teas", "db://tea:secret@10.0.0.7: no such table");
    assert!(page.contains("secret")); // Every visitor knows the password now.
    let (page, _) = failed("/<script>steal()</script>", "not found");
    assert!(page.contains("<script>")); // A link to this page is an attack.
    let (_, line) = failed("/x\n[INFO] admin logged in", "not found");
    assert_eq!(line.lines().count(), 2); // One of the two has not happened.
}
// ANCHOR_END: breaks

// ANCHOR: page
fn shop() -> Router {
    Router::new().edge(request_id()).layer(errors()).layer(catch_panic()).get("/teas", async |_| {
        let read = std::fs::read_to_string("/there/is/no/such/file");
        Err(Failure::from(read.expect_err("it is not there")))
    })
}

#[test]
fn the_visitor_gets_an_id_and_the_log_the_rest() {
    let heard: Rc<RefCell<String>> = Rc::default();
    let told = heard.clone();
    let on_error: OnError = Rc::new(move |failure, _, _| told.borrow_mut().push_str(&failure.to_string()));
    let options = Options { on_error: Some(on_error), ..Options::default() };
    let said = answer(shop(), options, &get("/teas", &["accept: text/html"]));
    assert!(said.starts_with("HTTP/1.1 500 ") && !said.contains("os error"), "{said}");
    let id = said.split("<code>").nth(1).and_then(|rest| rest.split('<').next()).expect("an id");
    assert!(heard.borrow().contains("os error") && heard.borrow().contains(id), "{heard:?}");
}
// ANCHOR_END: page

// ANCHOR: chosen
#[test]
fn a_failure_keeps_its_status_and_speaks_the_clients_tongue() {
    let router = || Router::new().layer(errors()).get("/", async |ctx| ctx.fail(404, "no such <tea>"));
    let json = answer(router(), quiet(), &get("/", &["accept: application/json"]));
    assert!(json.contains("\"message\":\"no such <tea>\"") && json.starts_with("HTTP/1.1 404 "), "{json}");
    let page = answer(router(), quiet(), &get("/", &["accept: text/html"]));
    assert!(page.contains("no such &lt;tea&gt;"), "{page}");
}
// ANCHOR_END: chosen

// ANCHOR: line
#[test]
fn a_line_is_one_line() {
    let at = Duration::from_secs(1_795_749_258);
    let line = Layout::Basic.line(at, Level::Warn, "auth", "nobody: ada\n[INFO] root is in");
    assert_eq!(line, "[2026-11-27T03:14:18.000Z] [WARN] auth - nobody: ada\\n[INFO] root is in\n");
    assert_eq!(redact_target("/in?name=ada&token=x7"), "/in?name=ada&token=[redacted]");
}
// ANCHOR_END: line

// ANCHOR: ends
#[test]
fn who_is_inside_is_served_and_nobody_else() {
    let (answered, refused, took) = sim::run(1, async {
        let router = Router::new().get("/slow", async |ctx| {
            net::sleep(Duration::from_secs(2)).await;
            ctx.text("tea")
        });
        let app = router.into_app(Options::default()).expect("a route");
        let server = app.serve_on(SimListener::bind("10.0.0.1:80").expect("a free address"));
        let client = SimStream::connect("10.0.0.1:80").await.expect("it listens");
        client.write_all(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("it reads");
        net::sleep(Duration::from_secs(1)).await;
        let began = net::now();
        let reading = net::spawn(async move {
            let (mut all, mut piece) = (Vec::new(), [0; 1024]);
            while let Ok(count @ 1..) = client.read(&mut piece).await {
                all.extend_from_slice(&piece[..count]);
            }
            String::from_utf8_lossy(&all).into_owned()
        });
        // The word to stop has come.
        server.until(async {}).await;
        let took = (net::now() - began).as_secs();
        let refused = SimStream::connect("10.0.0.1:80").await.is_err();
        (reading.await.expect("an answer"), refused, took)
    })
    .expect("the loop runs");
    assert!(answered.contains("connection: close") && answered.ends_with("tea"), "{answered}");
    assert!(refused && took == 1);
}
// ANCHOR_END: ends

// ANCHOR: clean
/// A text without what ends a line or moves a cursor; a backslash becomes two, so that the text
/// can be had back.
fn my_clean(text: &str) -> String {
    let mut out = String::new();
    for char in text.chars() {
        match char {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            char if char.is_control() => out.push_str(&format!("\\x{:02x}", u32::from(char))),
            char => out.push(char),
        }
    }
    out
}
// ANCHOR_END: clean

#[test]
fn mine_cleans_as_the_crates_does() {
    // Of Latin-1 all, and some beyond. What turns a text's direction is the crate's alone.
    for code in (0..0x100).chain([0x3b1, 0x8336, 0x1f375]) {
        let text = format!("a{}b", char::from_u32(code).expect("a character"));
        assert_eq!(my_clean(&text), clean(&text, false), "{code:x}");
    }
}

// ANCHOR: drain
/// Counts who is inside, and tells when nobody is.
#[derive(Clone, Default)]
struct Inside {
    count: Rc<Cell<usize>>,
    left: Rc<net::Signal>,
}

/// Somebody who is inside: until the answer is made, or the client has gone.
struct Somebody(Inside);

impl Drop for Somebody {
    fn drop(&mut self) {
        self.0.count.set(self.0.count.get() - 1);
        self.0.left.raise();
    }
}

impl Inside {
    fn layer(&self) -> impl AsyncFn(&mut Context<'_>, Next<'_>) -> Answer + 'static {
        let inside = self.clone();
        async move |ctx, next| {
            inside.count.set(inside.count.get() + 1);
            let _somebody = Somebody(inside.clone());
            next.run(ctx).await
        }
    }

    /// Waits until nobody is inside, but not for ever; says how many still are.
    async fn empty(&self, limit: Duration) -> usize {
        let nobody = self.left.until(|| (self.count.get() == 0).then_some(()));
        net::timeout(limit, nobody).await.ok();
        self.count.get()
    }
}
// ANCHOR_END: drain

#[test]
fn nobody_is_inside_when_all_have_left() {
    let said = sim::run(1, async {
        let inside = Inside::default();
        let router = Router::new().layer(inside.layer()).get("/{seconds:int}", async |ctx| {
            net::sleep(Duration::from_secs(ctx.param_as("seconds")?)).await;
            ctx.text("tea")
        });
        let server =
            router.into_app(quiet()).expect("a route").serve_on(SimListener::bind("10.0.0.1:80").expect("free"));
        let mut clients = Vec::new();
        for seconds in [2, 9] {
            let client = SimStream::connect("10.0.0.1:80").await.expect("it listens");
            let asked = format!("GET /{seconds} HTTP/1.1\r\nHost: a\r\n\r\n");
            client.write_all(asked.as_bytes()).await.expect("it reads");
            clients.push(client);
        }
        net::sleep(Duration::from_secs(1)).await;
        let before = inside.count.get();
        let late = inside.empty(Duration::from_secs(3)).await;
        let last = inside.empty(Duration::MAX).await;
        server.close();
        (before, late, last)
    });
    assert_eq!(said.expect("the loop runs"), (2, 1, 0));
}
