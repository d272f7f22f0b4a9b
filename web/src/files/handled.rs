//! Files that are not given away as they are: a handler makes the answer, by the end of the file's name.

use super::find::{Found, Opened};
use super::serve::Files;
use crate::context::{Answer, Context, Failure};
use crate::onion::Answering;
use rustix::io::Errno;
use std::{fmt, io, rc::Rc};

/// What makes an answer of an open file.
trait Handle {
    fn call<'a>(&'a self, ctx: &'a mut Context<'_>, opened: Opened) -> Answering<'a>;
}

impl<F: AsyncFn(&mut Context<'_>, Opened) -> Answer> Handle for F {
    fn call<'a>(&'a self, ctx: &'a mut Context<'_>, opened: Opened) -> Answering<'a> {
        Box::pin(self(ctx, opened))
    }
}

/// Files beneath a folder, and handlers for some of them.
#[derive(Clone)]
#[must_use = "a router has to be given it"]
pub struct Handled {
    files: Files,
    handlers: Vec<(String, Rc<dyn Handle>)>,
}

impl From<Files> for Handled {
    fn from(files: Files) -> Handled {
        Handled { files, handlers: Vec::new() }
    }
}

impl Files {
    /// Gives the files whose names end with a dot and `suffix` to a handler, open, and never away as they are: neither to whoever asks for
    /// them by another method than GET and HEAD, nor compressed beforehand. All that is said of the files is said before.
    ///
    /// ```no_run
    /// use std::io::Read;
    /// use wirebook_web::{Options, Router, files::Files};
    ///
    /// let pages = Files::beneath("pages")?.handle("txt", async |ctx, mut opened| {
    ///     let mut text = String::new();
    ///     opened.file.read_to_string(&mut text)?;
    ///     ctx.text(text.to_uppercase())
    /// });
    /// let app = Router::new().files("/pages", pages).into_app(Options::default())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn handle<H>(self, suffix: &str, handler: H) -> Handled
    where
        H: AsyncFn(&mut Context<'_>, Opened) -> Answer + 'static,
    {
        Handled::from(self).handle(suffix, handler)
    }
}

impl Handled {
    /// Another handler, for another suffix: see [`Files::handle`].
    pub fn handle<H>(mut self, suffix: &str, handler: H) -> Handled
    where
        H: AsyncFn(&mut Context<'_>, Opened) -> Answer + 'static,
    {
        self.handlers.push((suffix.trim_start_matches('.').to_owned(), Rc::new(handler)));
        self
    }

    /// Answers with what a piece of a washed path means beneath the folder, by its handler if it has one.
    ///
    /// # Errors
    ///
    /// Those of [`Files::serve`], and the handler's own.
    pub async fn serve(&self, ctx: &mut Context<'_>, piece: &str) -> Answer {
        if !self.handlers.is_empty()
            && matches!(ctx.method(), "GET" | "HEAD")
            && let Found::File(opened) = self.files.find(piece, None).await.map_err(trouble)?
            && let Some(handler) = self.handler(&opened.name)
        {
            return handler.call(ctx, opened).await;
        }
        self.files.serve(ctx, piece).await
    }

    fn handler(&self, name: &str) -> Option<&dyn Handle> {
        let (_, end) = name.rsplit_once('.')?;
        self.handlers.iter().find(|(suffix, _)| suffix == end).map(|(_, handler)| &**handler)
    }
}

impl fmt::Debug for Handled {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let suffixes: Vec<&str> = self.handlers.iter().map(|(suffix, _)| &**suffix).collect();
        out.debug_struct("Handled").field("files", &self.files).field("suffixes", &suffixes).finish()
    }
}

/// What is wrong with us: a 500. We may open no more files: that passes, so a 503.
pub(super) fn trouble(error: io::Error) -> Failure {
    let is_full = [Errno::MFILE, Errno::NFILE].map(|errno| errno.raw_os_error());
    let status = if error.raw_os_error().is_some_and(|raw| is_full.contains(&raw)) { 503 } else { 500 };
    Failure::new(status, error.to_string()).caused_by(error)
}
