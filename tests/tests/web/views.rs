//! Views: what a template sees, what it does not, and pages that come in parts.

use super::world::*;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use wirebook_net as net;
use wirebook_net::Stream;
use wirebook_net::sim::{self, SimListener, SimStream};
use wirebook_template::{Engine, data};
use wirebook_web::views::{Parts, Views};
use wirebook_web::{Failure, OnError, Options, Router, get as route};

fn views() -> Views {
    let mut engine = Engine::in_memory();
    engine
        .add("hello", "<p>Hello, <%= name %> of <%= shop %><%= typeof extra == 'undefined' ? '' : ' and ' + extra %>");
    engine.add("links", "<a href=\"<%= url_for('tea', { id: 7 }) %>\"><%= url_for('all') %></a>");
    engine.add("wrong-link", "<%= url_for('nowhere') %>");
    engine.add("broken", "<p>\n<%= name.first.second %>");
    engine.add(
        "home",
        "<title><%= title %></title><%- placeholder('hot', 'wait') %><%- placeholder('news', 'wait') %><%- placeholder('gone', 'wait') %><%- pagelets() %></html>",
    );
    Views::new(engine).say("shop", "the shop").say("name", "nobody")
}

#[test]
fn a_template_sees_what_the_application_the_rings_and_the_handler_say() {
    let router = || {
        let router = Router::new().views(views()).layer(async |ctx, next| {
            ctx.local("extra", "a ring").local("shop", "a ring's shop");
            next.run(ctx).await
        });
        app(router.get("/", async |ctx| ctx.render("hello", &data!({}))).get("/{name}", async |ctx| {
            let name = ctx.param("name").unwrap_or_default().into_owned();
            ctx.status(201).render("hello", &data!({ "name": name, "shop": "my shop" }))
        }))
    };
    assert_eq!(get(router(), "/").body, "<p>Hello, nobody of a ring&#39;s shop and a ring");
    let reply = get(router(), "/%3Cb%3E");
    assert_eq!(reply.body, "<p>Hello, &lt;b&gt; of my shop and a ring");
    assert_eq!((reply.status, reply.field("content-type")), (201, Some("text/html; charset=utf-8")));
}

#[test]
fn a_path_is_written_once() {
    let router = Router::new().views(views()).get("/", async |ctx| ctx.render("links", &data!({})));
    let router = router.route(route("/teas/{id:int}", async |ctx| ctx.text("")).name("tea"));
    let router = router.route(route("/teas", async |ctx| ctx.text("")).name("all"));
    assert_eq!(get(app(router), "/").body, "<a href=\"/teas/7\">/teas</a>");
}

#[test]
fn a_template_names_assets_and_its_form_has_a_token() {
    use wirebook_web::files::Assets;
    use wirebook_web::layers::csrf;
    use wirebook_web::trust::Keys;
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("app.css"), "p {}").expect("a file");
    let site = || {
        let mut engine = Engine::in_memory();
        engine
            .add("form", "<link href=\"<%= asset('app.css') %>\"><link href=\"<%= asset('no.css') %>\"><%= csrf() %>");
        engine.add("plain", "<p>no form");
        let router = Router::new().views(Views::new(engine)).layer(csrf::by_token());
        let router = router.assets("/static", Assets::read(folder.path()).expect("a folder"));
        let router = router
            .get("/form", async |ctx| ctx.render("form", &data!({})))
            .get("/plain", async |ctx| ctx.render("plain", &data!({})))
            .post("/form", async |ctx| ctx.text("changed"));
        router.into_app(Options { keys: Some(Keys::new(&[&[9; 32]]).unwrap()), ..quiet() }).unwrap()
    };
    let page = get(site(), "/form");
    let style = page.body.split('"').nth(1).expect("a link");
    assert_eq!(get(site(), style).body, "p {}", "{style}");
    assert!(page.body.contains("href=\"/static/no.css\""), "{}", page.body);
    let token = page.body.rsplit('>').next().expect("a token");
    let cookie = format!("cookie: {}", page.field("set-cookie").expect("a secret").split(';').next().unwrap());
    let sent = |token: &str| ask(site(), request("POST", "/form", &[&cookie, &format!("x-csrf-token: {token}")]));
    assert_eq!((sent(token).body.as_str(), sent("x").status), ("changed", 403));
    // Who sees no form is not remembered.
    assert_eq!(get(site(), "/plain").field("set-cookie"), None);
    // Without a ring there is no token, and the log says why.
    let mut engine = Engine::in_memory();
    engine.add("form", "<%= csrf() %>");
    let bare = Router::new().views(Views::new(engine)).get("/", async |ctx| ctx.render("form", &data!({})));
    assert_eq!(get(app(bare), "/").status, 500);
}

#[test]
fn a_view_that_is_missing_or_broken_is_a_500_whose_reason_the_log_has() {
    let heard: Rc<RefCell<Vec<String>>> = Rc::default();
    for (view, reason) in [
        ("nowhere", "nowhere"),
        ("../secret", "secret"),
        ("broken", "broken.ejs:2:15"),
        ("wrong-link", "no route is named nowhere"),
    ] {
        let listener = heard.clone();
        let on_error: OnError = Rc::new(move |failure, _, _| listener.borrow_mut().push(failure.to_string()));
        let router = Router::new().views(views()).get("/", async move |ctx| ctx.render(view, &data!({ "name": {} })));
        let app = router.into_app(Options { on_error: Some(on_error), ..Options::default() }).unwrap();
        let reply = get(app, "/");
        assert_eq!((reply.status, reply.body.as_str()), (500, "500 Internal Server Error\n"), "{view}");
        let said = heard.take().concat();
        assert!(said.contains(reason), "{view}: {said}");
    }
    let none = Router::new().get("/", async |ctx| ctx.render("hello", &data!({})));
    assert_eq!(get(app(none), "/").status, 500);
}

/// A part that takes so many seconds.
async fn after(seconds: u64, html: &'static str) -> Result<String, Failure> {
    net::sleep(Duration::from_secs(seconds)).await;
    if html.is_empty() { Err(Failure::of(500)) } else { Ok(html.to_owned()) }
}

fn home(heard: Rc<RefCell<usize>>) -> wirebook_web::App {
    let on_error: OnError = Rc::new(move |_, _, _| *heard.borrow_mut() += 1);
    let router = Router::new().views(views()).get("/", async |ctx| {
        let parts = Parts::default()
            .part("hot", after(3, "<b>hot"))
            .part("news", after(1, "<b>news"))
            .part("gone", after(2, ""));
        ctx.pipe("home", &data!({ "title": "Teas" }), parts)
    });
    router.into_app(Options { on_error: Some(on_error), ..Options::default() }).unwrap()
}

#[test]
fn a_page_goes_out_at_once_and_its_parts_when_they_are_ready() {
    let heard = Rc::new(RefCell::new(0));
    let count = heard.clone();
    let pieces = sim::run(1, async move {
        let server = home(count).serve_on(SimListener::bind(ADDRESS).unwrap());
        let client = SimStream::connect(ADDRESS).await.unwrap();
        client.write_all(request("GET", "/", &[]).as_bytes()).await.unwrap();
        let began = net::now();
        let (mut pieces, mut bytes) = (Vec::new(), [0; 8192]);
        while !pieces.iter().any(|(_, text): &(u64, String)| text.ends_with("0\r\n\r\n")) {
            let count = client.read(&mut bytes).await.unwrap();
            assert!(count > 0);
            let text = String::from_utf8_lossy(&bytes[..count]).into_owned();
            pieces.push(((net::now() - began).as_secs(), text));
        }
        server.close();
        pieces
    });
    let all: Vec<(u64, String)> = pieces.unwrap();
    let when = |what: &str| all.iter().find(|(_, text)| text.contains(what)).map(|(second, _)| *second);
    assert_eq!(when("<title>Teas</title>"), Some(0));
    assert_eq!((when("piece-news"), when("piece-hot"), when("piece-gone\"")), (Some(1), Some(3), None));
    assert_eq!(when("</html>"), Some(3));
    assert_eq!(*heard.borrow(), 1, "the part that failed is told of");
}

#[test]
fn head_of_such_a_page_waits_for_no_part() {
    let reply = ask(home(Rc::default()), request("HEAD", "/", &[]));
    assert_eq!((reply.status, reply.field("content-type")), (200, Some("text/html; charset=utf-8")));
}

#[test]
fn a_view_that_is_missing_is_told_with_what_lies_near() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("shop")).expect("a folder");
    for (name, text) in [
        ("home.ejs", "<p>"),
        ("host.ejs", "<p>"),
        ("shop/list.ejs", "<p>"),
        ("other.txt", "<p>"),
        ("lost.ejs", "<%- include('hom') %>"),
    ] {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    assert!(Views::beneath(folder.path().join("nothing")).is_err(), "at the start");
    for (view, told) in [
        ("hom", Some("near it lies home, host")),
        ("shop/lst", Some("near it lies shop/list")),
        ("nothing/like/it", Some("there is no view \"nothing/like/it\" in ")),
        // A page that includes what is missing is there itself.
        ("lost", None),
    ] {
        let heard: Rc<RefCell<Vec<String>>> = Rc::default();
        let listener = heard.clone();
        let on_error: OnError = Rc::new(move |failure, _, _| listener.borrow_mut().push(failure.to_string()));
        let views = Views::beneath(folder.path()).expect("a folder");
        let router = Router::new().views(views).get("/", async move |ctx| ctx.render(view, &data!({})));
        let app = router.into_app(Options { on_error: Some(on_error), ..Options::default() }).unwrap();
        assert_eq!(get(app, "/").body, "500 Internal Server Error\n", "the visitor learns nothing");
        let said = heard.take().concat();
        assert_eq!(said.contains("there is no view"), told.is_some(), "{said}");
        assert!(said.contains(told.unwrap_or("hom")), "{said}");
        assert!(told.is_none() || said.contains(&folder.path().display().to_string()), "{said}");
    }
}
