//! Pages from templates, and pages whose parts come later.

use super::world::*;
use std::cell::RefCell;
use std::fs;
use std::rc::Rc;
use std::time::Duration;
use wirebook_net as net;
use wirebook_template::data;
use wirebook_web::views::Views;
use wirebook_web::{App, Failure, Options, Router};

fn views() -> Views {
    let mut views = Views::in_memory();
    views.engine().add("frame", "<title><%= site %></title><%- body -%>");
    views.engine().add("home", "<% layout('frame') -%><p><%= name %> <%= user %> <%- include('part') -%>");
    views.engine().add("part", "<i><%= name %></i>");
    views.engine().add("lost", "<%- include('nowhere') %>");
    views.engine().add(
        "feed",
        "<h1><%= site %></h1><%- placeholder('a', '…') %><%- placeholder('b', '…') %><%- pagelets() %></html>",
    );
    views.local("site", "Tea & Co").local("user", "nobody").local("name", "nobody")
}

/// A site, and what was heard of its failures.
fn site(views: Views) -> (App, Rc<RefCell<Vec<String>>>) {
    let heard = Rc::new(RefCell::new(Vec::new()));
    let hear = heard.clone();
    let options = Options {
        on_error: Some(Rc::new(move |failure: &Failure, _: &str, _: &str| hear.borrow_mut().push(failure.to_string()))),
        ..Options::default()
    };
    let late = async |seconds: u64, html: Result<String, Failure>| {
        net::sleep(Duration::from_secs(seconds)).await;
        html
    };
    let router = Router::new()
        .views(views)
        .layer(async |ctx, next| {
            ctx.local("user", "<ada>");
            next.run(ctx).await
        })
        .get("/", async |ctx| ctx.render("home", &data!({ "name": "<b>" })))
        .get("/missing", async |ctx| ctx.render("hom", &data!({})))
        .get("/far", async |ctx| ctx.render("nothing/like/it", &data!({})))
        .get("/lost", async |ctx| ctx.render("lost", &data!({})))
        .get("/out", async |ctx| ctx.render("../secret", &data!({})))
        .get("/feed", async move |ctx| {
            ctx.pipe("feed", &data!({}), |parts| {
                parts.part("a", late(3, Ok("<p>slow".into()))).part("b", late(1, Ok("<p>quick".into())));
            })
        })
        .get("/half", async move |ctx| {
            ctx.pipe("feed", &data!({}), |parts| {
                parts.part("a", late(1, Err(Failure::new(502, "no news")))).part("b", late(2, Ok("<p>there".into())));
                parts.part("unknown", late(0, Ok("<p>nowhere".into())));
            })
        });
    (router.into_app(options).expect("routes"), heard)
}

#[test]
fn a_page_knows_the_application_the_request_and_the_handler() {
    let reply = get(site(views()).0, "/");
    assert_eq!(reply.field("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(reply.body, "<title>Tea &amp; Co</title><p>&lt;b&gt; &lt;ada&gt; <i>&lt;b&gt;</i>");
}

#[test]
fn a_view_that_is_missing_is_told_with_what_lies_near() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("shop")).expect("a folder");
    for name in ["home.ejs", "shop/list.ejs", "host.ejs", "other.txt"] {
        fs::write(folder.path().join(name), "<p>").expect("a file");
    }
    let on_disk = || Views::beneath(folder.path()).expect("a folder");
    let (app, heard) = site(on_disk());
    let reply = get(app, "/missing");
    assert_eq!((reply.status, reply.body.contains("hom")), (500, false), "the visitor learns nothing");
    let told = heard.borrow().join("\n");
    assert!(told.contains("no view \"hom\"") && told.contains(&folder.path().display().to_string()), "{told}");
    assert!(told.ends_with("near it lies home, host"), "{told}");
    let (app, heard) = site(on_disk());
    get(app, "/far");
    assert!(!heard.borrow()[0].contains("near"), "{heard:?}");
    let (app, heard) = site(on_disk());
    assert_eq!(get(app, "/out").status, 500);
    assert!(!heard.borrow().is_empty());
    assert!(Views::beneath(folder.path().join("nothing")).is_err(), "at the start");
    // A page that includes what is missing is there itself.
    let (app, heard) = site(views());
    assert_eq!(get(app, "/lost").status, 500);
    assert!(heard.borrow()[0].contains("nowhere") && !heard.borrow()[0].contains("no view"), "{heard:?}");
    // An application without views says so.
    let (app, heard) = {
        let heard = Rc::new(RefCell::new(String::new()));
        let hear = heard.clone();
        let options = Options {
            on_error: Some(Rc::new(move |failure: &Failure, _: &str, _: &str| {
                *hear.borrow_mut() = failure.to_string()
            })),
            ..Options::default()
        };
        let router = Router::new().get("/", async |ctx| ctx.render("home", &data!({})));
        (router.into_app(options).expect("routes"), heard)
    };
    assert_eq!(get(app, "/").status, 500);
    assert!(heard.borrow().contains("no views"), "{heard:?}");
}

#[test]
fn a_file_that_changes_is_read_anew_where_that_is_wanted() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("home.ejs");
    for (reload, second) in [(false, "<p>1"), (true, "<p>1 and more")] {
        fs::write(&path, "<p>1").expect("a file");
        let views = Views::beneath(folder.path()).expect("a folder");
        let views = if reload { views.reload() } else { views };
        assert_eq!(get(site(views.clone()).0, "/").body, "<p>1");
        fs::write(&path, "<p>1 and more").expect("a file");
        assert_eq!(get(site(views).0, "/").body, second);
    }
}

#[test]
fn parts_come_when_they_are_ready() {
    let reply = get(site(views()).0, "/feed");
    assert_eq!((reply.status, reply.is_broken), (200, false));
    let at = |text: &str| reply.body.find(text).unwrap_or_else(|| panic!("{text}: {}", reply.body));
    assert!(at("<h1>Tea &amp; Co</h1>") < at("<p>quick") && at("<p>quick") < at("<p>slow"));
    assert!(at("<p>slow") < at("</html>") && reply.body.ends_with("</html>"));
}

#[test]
fn a_part_that_fails_keeps_nobody_from_the_others() {
    let (app, heard) = site(views());
    let reply = get(app, "/half");
    assert!(reply.body.contains("<p>there") && !reply.body.contains("no news") && !reply.body.contains("nowhere"));
    assert!(reply.body.ends_with("</html>") && !reply.is_broken);
    let heard = heard.borrow();
    assert!(heard.len() == 2 && heard.iter().any(|told| told.contains("no news")), "{heard:?}");
}
