//! A guest book: a form with a token that only our own page has, and texts that stay texts.
//!
//! Run: cargo run --example web_form_csrf -- --addr 127.0.0.1:8000

use serde::Deserialize;
use std::cell::RefCell;
use wirebook_net as net;
use wirebook_terminal as terminal;
use wirebook_web::layers::{Headers, csrf, errors};
use wirebook_web::trust::Keys;
use wirebook_web::{Answer, App, Context, Options, Router, router::RouteError};

// ANCHOR: book
#[derive(Deserialize)]
struct Entry {
    name: String,
    text: String,
}

/// What guests wrote, as they wrote it. It is escaped where it becomes a page, and nowhere else.
#[derive(Default)]
struct Book(RefCell<Vec<Entry>>);

async fn page(ctx: &mut Context<'_>) -> Answer {
    let token = ctx.csrf_token()?;
    let book = ctx.service::<Book>().expect("the application lends one");
    let entries: String =
        book.0.borrow().iter().map(|Entry { name, text }| format!("<li>{}: {}", escape(name), escape(text))).collect();
    ctx.html(format!(
        "<!doctype html><title>Guests</title><ul>{entries}</ul><form method=post>\
         <input type=hidden name=_csrf value=\"{token}\">\
         <input name=name placeholder=Name required> \
         <input name=text placeholder=Text required> <button>Write</button></form>\n"
    ))
}

async fn write(ctx: &mut Context<'_>) -> Answer {
    let entry: Entry = ctx.read_form().await?;
    ctx.ensure(entry.text.chars().count() <= 200, 422, "a text has at most 200 letters")?;
    ctx.service::<Book>().expect("the application lends one").0.borrow_mut().push(entry);
    // A browser that loads the page again does not write again.
    ctx.status(303).redirect("/")
}
// ANCHOR_END: book

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&#34;")
}

pub(crate) fn app() -> Result<App, RouteError> {
    // A real one comes from where secrets are kept, so that it outlives the program.
    let keys = Keys::new(&[b"a secret of thirty-two bytes, or of more"]).expect("it is long enough");
    Router::new()
        .edge(Headers::default())
        .layer(errors())
        .layer(csrf::by_token())
        .service(Book::default())
        .get("/", page)
        .post("/", write)
        .into_app(Options { keys: Some(keys), ..Options::default() })
}

fn main() -> terminal::Result {
    let addr = terminal::address(include_str!("web_form_csrf.rs"), "127.0.0.1:8000");
    net::run(async move {
        let server = app()?.serve(addr)?;
        let here = server.local_addr().expect("TCP has an address");
        let stop = net::ctrl_c();
        terminal::listening(
            here,
            &[&format!("open http://{here}/"), &format!("curl -d name=a -d text=b http://{here}/")],
        );
        Ok(server.until(stop).await?)
    })
}
