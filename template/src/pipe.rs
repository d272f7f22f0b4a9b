//! BigPipe: the page first, its slow parts when they are ready, in any order.
//!
//! A template marks each slow part with `<%- placeholder('news', 'Loading…') %>` and the place where late parts are to
//! be sent, usually just before `</body>`, with `<%- pagelets() %>`. Rendering gives a [`Pipe`]: [`Pipe::head`] is sent
//! at once, [`Pipe::fill`] makes the piece for one part, [`Pipe::tail`] ends the page. The pieces are strings; how they
//! travel is the caller's affair.
//!
//! A piece carries its HTML in a `<template>` element, which a browser parses and does not show, and a script of one
//! line that moves it into its place. Without JavaScript the reader keeps the waiting text.

use std::fmt::Write;
use wirebook_script::{Error, ErrorKind};

/// Stands where late pieces go. A NUL can not be in HTML, so no page has it by chance; data with it can at worst move
/// the place where late pieces are sent.
pub(crate) const MARK: &str = "\0wirebook-pagelets\0";

// ANCHOR: script
/// The script that moves a piece into its place; it is sent once, with the page.
const SCRIPT: &str = "<script>function wirebookPagelet(n){var t=document.getElementById('piece-'+n),\
p=document.getElementById('place-'+n);if(t&&p){p.replaceChildren(t.content);t.remove()}}</script>";
// ANCHOR_END: script

pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

pub(crate) fn placeholder(name: &str, waiting: &str) -> String {
    format!("<div id=\"place-{name}\">{waiting}</div>")
}

/// A rendered page whose late parts are still to come.
///
/// ```
/// use wirebook_template::{Template, Value};
/// let shell = Template::compile("<body><%- placeholder('news', 'Loading') %><%- pagelets() %></body>")?;
/// let mut pipe = shell.render_pipe(&Value::object())?;
/// assert!(pipe.head().starts_with("<body><div id=\"place-news\">Loading</div>"));
/// assert_eq!(pipe.waiting(), ["news"]);
/// let piece = pipe.fill("news", "<b>Ducks</b>")?;
/// assert!(piece.contains("<template id=\"piece-news\"><b>Ducks</b></template>"));
/// assert_eq!(pipe.tail(), "</body>");
/// # Ok::<(), wirebook_template::Error>(())
/// ```
#[derive(Debug)]
pub struct Pipe {
    head: String,
    tail: String,
    waiting: Vec<String>,
}

impl Pipe {
    pub(crate) fn new(page: String, waiting: Vec<String>) -> Pipe {
        let (mut head, tail) = match page.split_once(MARK) {
            Some((head, tail)) => (head.to_owned(), tail.replace(MARK, "")),
            // Without a mark the late parts go to the end.
            None => (page, String::new()),
        };
        if !waiting.is_empty() {
            head.push_str(SCRIPT);
        }
        Pipe { head, tail, waiting }
    }

    /// What to send at once: everything up to the place of the late parts.
    pub fn head(&self) -> &str {
        &self.head
    }

    /// The placeholders that are not filled yet, in the order of the page.
    pub fn waiting(&self) -> Vec<&str> {
        self.waiting.iter().map(String::as_str).collect()
    }

    /// The piece that fills a placeholder with this HTML, which is not escaped: render it with a template.
    ///
    /// # Errors
    /// When the page has no such placeholder, or it was filled before.
    pub fn fill(&mut self, name: &str, html: &str) -> Result<String, Error> {
        let Some(at) = self.waiting.iter().position(|waiting| waiting == name) else {
            return Err(Error::new(ErrorKind::Reference, format!("no placeholder '{name}' is waiting")));
        };
        self.waiting.remove(at);
        // ANCHOR: fill
        let mut piece = String::with_capacity(html.len() + 96);
        // The name is letters, digits, '-' and '_' only: it needs no escaping in the attribute or the script.
        let _ = write!(
            piece,
            "<template id=\"piece-{name}\">{html}</template>\
             <script>wirebookPagelet('{name}')</script>"
        );
        Ok(piece)
        // ANCHOR_END: fill
    }

    /// What to send last.
    pub fn tail(&self) -> &str {
        &self.tail
    }
}
