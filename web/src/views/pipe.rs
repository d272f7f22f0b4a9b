//! BigPipe: the page at once, and each of its slow parts when it is ready.

use crate::context::{Answer, Context, Failure, OnError, Piece, Source};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context as Task, Poll};
use wirebook_template::{Pipe, Value};

/// The HTML of a part.
type Part = Pin<Box<dyn Future<Output = Result<String, Failure>>>>;

/// The parts of a page that are made beside each other.
#[derive(Default)]
pub struct PageParts(Vec<(String, Part)>);

impl PageParts {
    /// What fills the placeholder of this name. It gives HTML, made by a template: it is not escaped.
    pub fn part(&mut self, name: &str, html: impl Future<Output = Result<String, Failure>> + 'static) -> &mut Self {
        self.0.push((name.to_owned(), Box::pin(html)));
        self
    }

    /// The part that is ready first; nothing when all were.
    fn poll_next(&mut self, task: &mut Task<'_>) -> Poll<Option<(String, Result<String, Failure>)>> {
        for at in 0..self.0.len() {
            if let Poll::Ready(html) = self.0[at].1.as_mut().poll(task) {
                return Poll::Ready(Some((self.0.swap_remove(at).0, html)));
            }
        }
        if self.0.is_empty() { Poll::Ready(None) } else { Poll::Pending }
    }
}

impl Context<'_> {
    /// Answers with a page whose slow parts come when they are ready, in any order; the page itself goes out at once. Its template says where
    /// they go: `<%- placeholder('news', 'Loading') %>`, and `<%- pagelets() %>` before the end.
    ///
    /// A part that fails leaves its placeholder as it was, and is told to [`Options::on_error`](crate::Options::on_error): the others come.
    ///
    /// ```no_run
    /// use wirebook_template::data;
    /// use wirebook_web::{Answer, Context};
    ///
    /// async fn home(ctx: &mut Context<'_>) -> Answer {
    ///     ctx.pipe("home", &data!({ "title": "Today" }), |parts| {
    ///         parts.part("news", async { Ok("<p>Ducks have been seen.".to_owned()) });
    ///     })
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`render`](Context::render).
    pub fn pipe(&mut self, name: &str, data: &Value, fill: impl FnOnce(&mut PageParts)) -> Answer {
        let (views, data) = self.page(data)?;
        let page = views.engine.template(name).map_err(|error| views.failure(name, error))?;
        let pipe = page.render_pipe(&data)?;
        let mut parts = PageParts::default();
        fill(&mut parts);
        let on_error = self.options().on_error.clone();
        let (method, path) = (self.method().to_owned(), self.original_path().to_owned());
        self.content_type("html")?;
        self.stream(Page { pipe, parts, stage: Stage::Head, on_error, method, path })
    }
}

/// What comes next of a page.
enum Stage {
    Head,
    Parts,
    Over,
}

struct Page {
    pipe: Pipe,
    parts: PageParts,
    stage: Stage,
    on_error: Option<OnError>,
    method: String,
    path: String,
}

impl Page {
    /// The piece that a part makes.
    fn piece(&mut self, name: &str, html: Result<String, Failure>) -> Option<String> {
        let filled = html.and_then(|html| Ok(self.pipe.fill(name, &html)?));
        match filled {
            Ok(piece) => Some(piece),
            Err(failure) => {
                if let Some(hear) = &self.on_error {
                    hear(&failure, &self.method, &self.path);
                }
                None
            }
        }
    }
}

impl Source for Page {
    fn next(&mut self) -> Pin<Box<dyn Future<Output = Piece> + '_>> {
        Box::pin(async {
            match self.stage {
                Stage::Head => {
                    self.stage = Stage::Parts;
                    return Ok(Some(self.pipe.head().as_bytes().to_vec()));
                }
                Stage::Over => return Ok(None),
                Stage::Parts => {}
            }
            while let Some((name, html)) = poll_fn(|task| self.parts.poll_next(task)).await {
                if let Some(piece) = self.piece(&name, html) {
                    return Ok(Some(piece.into_bytes()));
                }
            }
            self.stage = Stage::Over;
            Ok(Some(self.pipe.tail().as_bytes().to_vec()))
        })
    }
}
