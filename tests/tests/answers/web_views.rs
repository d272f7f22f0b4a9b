//! Pages as one writes them first, pages in parts, and the answers of "Views and BigPipe over HTTP".

use super::asked::{answer, get, pieces, quiet};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;
use wirebook_net as net;
use wirebook_template::{Engine, data};
use wirebook_web::views::{Parts, Views};
use wirebook_web::{Failure, OnError, Options, Router, get as route};

// ANCHOR: naive
fn page(user: &str, tea: &str) -> String {
    format!("<title>{tea}</title><p>Hello, {user}: <a href=\"/teas/{tea}\">{tea}</a>")
}
// ANCHOR_END: naive

// ANCHOR: breaks
#[test]
fn a_page_of_pieces_of_text_breaks() {
    assert!(page("<script>steal()</script>", "green").contains("<script>")); // It runs.
    assert!(page("Ada", "half/half").contains("href=\"/teas/half/half\"")); // It leads nowhere.
}
// ANCHOR_END: breaks

// ANCHOR: views
fn shop() -> Router {
    let mut engine = Engine::in_memory();
    engine.add(
        "tea",
        "<title><%= shop %></title><p>Hello, <%= user %>: \
         <a href=\"<%= url_for('tea', { name: name }) %>\"><%= name %></a>",
    );
    Router::new()
        .views(Views::new(engine).say("shop", "Two leaves").say("user", "stranger"))
        .layer(async |ctx, next| {
            ctx.local("user", "Ada <3"); // What a login knows.
            next.run(ctx).await
        })
        .route(
            route("/teas/{name}", async |ctx| {
                let name = ctx.param("name").unwrap_or_default().into_owned();
                ctx.render("tea", &data!({ "name": name }))
            })
            .name("tea"),
        )
}

#[test]
fn a_view_is_told_by_three() {
    let said = answer(shop(), quiet(), &get("/teas/half%2Fhalf", &[]));
    assert!(said.contains("<title>Two leaves</title>"), "{said}"); // The application.
    assert!(said.contains("Hello, Ada &lt;3:"), "{said}"); // A ring, and it is escaped.
    assert!(said.contains("<a href=\"/teas/half%2Fhalf\">half/half</a>"), "{said}"); // The handler.
}
// ANCHOR_END: views

// ANCHOR: missing
#[test]
fn a_view_that_is_not_there_is_our_fault() {
    let heard: Rc<RefCell<String>> = Rc::default();
    let told = heard.clone();
    let on_error: OnError = Rc::new(move |failure, _, _| told.borrow_mut().push_str(failure.message()));
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("tea.ejs"), "<p>tea").expect("a view");
    let views = Views::beneath(folder.path()).expect("a folder");
    let router = Router::new().views(views).get("/", async |ctx| ctx.render("tee", &data!({})));
    let said = answer(router, Options { on_error: Some(on_error), ..Options::default() }, &get("/", &[]));
    // The visitor is told nothing of our folders, and the log all of it.
    assert!(said.starts_with("HTTP/1.1 500 ") && !said.contains("tee"), "{said}");
    assert!(heard.borrow().starts_with("there is no view \"tee\" in ") && heard.borrow().ends_with("near it lies tea"));
}
// ANCHOR_END: missing

async fn after(milliseconds: u64, html: &'static str) -> Result<String, Failure> {
    net::sleep(Duration::from_millis(milliseconds)).await;
    if html.is_empty() { Err(Failure::new(500, "the weather is away")) } else { Ok(html.to_owned()) }
}

// ANCHOR: piped
fn news() -> Router {
    let mut engine = Engine::in_memory();
    engine.add(
        "news",
        "<h1>Today</h1><%- placeholder('news', '…') %>\
         <%- placeholder('weather', '…') %>\
         <%- pagelets() %></html>",
    );
    Router::new().views(Views::new(engine)).get("/", async |ctx| {
        let parts = Parts::default().part("news", after(900, "<p>Ducks!")).part("weather", after(300, ""));
        ctx.pipe("news", &data!({}), parts)
    })
}

#[test]
fn what_is_late_does_not_hold_up_the_rest() {
    let heard: Rc<RefCell<Vec<String>>> = Rc::default();
    let told = heard.clone();
    let on_error: OnError = Rc::new(move |failure, _, path| told.borrow_mut().push(format!("{path}: {failure}")));
    let pieces = pieces(news(), Options { on_error: Some(on_error), ..Options::default() }, &get("/", &[]));
    let when = |what: &str| pieces.iter().find(|(_, text)| text.contains(what)).map(|(at, _)| *at);
    assert_eq!((when("<h1>Today"), when("Ducks!"), when("</html>")), (Some(0), Some(900), Some(900)));
    // The weather fails at 300. Its place keeps its dots, and the log has the reason.
    assert_eq!(*heard.borrow(), ["/: 500 the weather is away"]);
}
// ANCHOR_END: piped

// ANCHOR: in_time
/// A part that is there in time, or something else in its place.
async fn in_time(
    part: impl Future<Output = Result<String, Failure>>,
    limit: Duration,
    otherwise: &str,
) -> Result<String, Failure> {
    let (mut part, mut late) = (Box::pin(part), Box::pin(net::sleep(limit)));
    let first = poll_fn(|task| match part.as_mut().poll(task) {
        Poll::Ready(html) => Poll::Ready(Some(html)),
        Poll::Pending => late.as_mut().poll(task).map(|()| None),
    });
    first.await.unwrap_or_else(|| Ok(otherwise.to_owned()))
}
// ANCHOR_END: in_time

#[test]
fn a_part_is_given_up() {
    let parts = sim(async {
        let limit = Duration::from_millis(500);
        [in_time(after(300, "<p>soon"), limit, "…").await, in_time(after(900, "<p>late"), limit, "<p>later").await]
    });
    assert_eq!(parts.map(|part| part.expect("a part")), ["<p>soon".to_owned(), "<p>later".to_owned()]);
}

fn sim<T: 'static>(future: impl Future<Output = T> + 'static) -> T {
    net::sim::run(1, future).expect("the loop runs")
}

// ANCHOR: by_hand
type Late = (&'static str, Pin<Box<dyn Future<Output = String>>>);

/// A page in parts, without the crate's views: the head at once, then each part when it is
/// ready, with a line of script that puts it into its place.
fn by_hand() -> Router {
    Router::new().get("/", async |ctx| {
        let late = |milliseconds, html: &'static str| -> Pin<Box<dyn Future<Output = String>>> {
            Box::pin(async move {
                net::sleep(Duration::from_millis(milliseconds)).await;
                html.to_owned()
            })
        };
        let mut parts: Vec<Late> = vec![("news", late(900, "Ducks!")), ("weather", late(300, "Rain."))];
        let mut ready = VecDeque::from(["<p id=news>…<p id=weather>…".to_owned()]);
        ctx.content_type("html")?;
        ctx.stream(async move || {
            if let Some(piece) = ready.pop_front() {
                return Ok(Some(piece.into_bytes()));
            }
            if parts.is_empty() {
                return Ok(None);
            }
            let (at, html) = poll_fn(|task| {
                let polled = parts.iter_mut().enumerate().find_map(|(at, (_, part))| {
                    if let Poll::Ready(html) = part.as_mut().poll(task) { Some((at, html)) } else { None }
                });
                polled.map_or(Poll::Pending, Poll::Ready)
            })
            .await;
            let (name, _) = parts.remove(at);
            // `<` could end the script early.
            let text = format!("{html:?}").replace('<', "\\u{3c}");
            Ok(Some(format!("<script>document.getElementById('{name}').innerHTML={text}</script>").into_bytes()))
        })
    })
}
// ANCHOR_END: by_hand

#[test]
fn by_hand_parts_come_in_the_order_in_which_they_are_ready() {
    let pieces = pieces(by_hand(), quiet(), &get("/", &[]));
    let when = |what: &str| pieces.iter().find(|(_, text)| text.contains(what)).map(|(at, _)| *at);
    assert_eq!((when("id=news"), when("Rain."), when("Ducks!")), (Some(0), Some(300), Some(900)));
}
