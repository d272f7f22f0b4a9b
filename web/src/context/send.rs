//! The one place that writes an answer.

use super::{Answer, Body, Closing, Context, Failure, Source};
use std::{
    future::{Future, poll_fn},
    io,
    pin::pin,
};
use wirebook_http1::{Outcome, Response, reason};

/// Fields that describe a body. Where a failure takes the body's place they are of nothing.
const OF_A_BODY: [&str; 11] = [
    "content-type",
    "content-length",
    "content-encoding",
    "content-language",
    "content-disposition",
    "content-range",
    "content-location",
    "accept-ranges",
    "etag",
    "last-modified",
    "cache-control",
];

impl Context<'_> {
    /// Makes an answer of a failure: its status and fields, and its words as plain text. What described a body is gone; what guards the
    /// answer, and what a session or a proxy needs, stays.
    pub fn show(&mut self, failure: &Failure) -> Answer {
        for name in OF_A_BODY {
            self.remove(name);
        }
        for (name, value) in failure.fields() {
            self.set(name, value)?;
        }
        self.keep_private()?;
        let status = failure.status();
        let (words, shown) = (reason(status), failure.shown());
        let text = if shown == words { format!("{status} {words}\n") } else { format!("{status} {words}: {shown}\n") };
        // Words that a client sees are never guessed to be a page.
        self.set("x-content-type-options", "nosniff")?;
        self.status(status).text(text)
    }

    /// Tells whoever listens of a failure that is ours: 500 and above, but for 501. A connection that broke is nobody's fault.
    pub fn report(&self, failure: &Failure) {
        // Other errors of I/O are ours: a file that is not there, a disk that is full.
        let is_broken = failure.cause().and_then(|cause| cause.downcast_ref::<io::Error>()).is_some_and(|error| {
            use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof};
            matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected | UnexpectedEof)
        });
        if let Some(hear) = &self.site.options.on_error
            && failure.is_ours()
            && !is_broken
        {
            hear(failure, &self.method, self.original_path);
        }
    }

    /// Writes what the onion has said.
    pub(crate) async fn finish(&mut self, answer: Answer) -> Outcome {
        if let Some(outcome) = self.sent.take() {
            return outcome;
        }
        if let Err(failure) = answer {
            self.report(&failure);
            // What can go wrong with a failure's own answer are fields that are none: it goes without them.
            self.show(&failure).ok();
        }
        // A handler that spoke by itself was cut off. HTTP/1 sees how far it came, and breaks off what was begun.
        let Some(response) = self.response.take() else { return Ok(()) };
        match self.take_body() {
            Body::File(file, range) => response.end_opened(file, range).await,
            Body::Stream(source) => self.pour(source, response).await,
            body => response.end(body.bytes().unwrap_or_default()).await,
        }
    }

    async fn pour(&self, mut source: Box<dyn Source>, mut response: Response<'_>) -> Outcome {
        // The head goes out at once: whoever waits for a stream sees that it begins.
        response.write("").await?;
        if self.is_head {
            return response.end("").await;
        }
        let (hold, closing) = (response.hold(), self.get_state::<Closing>());
        let mut word = pin!(hold.closing());
        loop {
            let mut next = source.next();
            let piece = poll_fn(|context| {
                if let Some(closing) = closing.filter(|closing| !closing.is_said())
                    && word.as_mut().poll(context).is_ready()
                {
                    closing.say();
                }
                next.as_mut().poll(context)
            });
            let piece = piece.await;
            drop(next);
            match piece {
                Ok(Some(piece)) => response.write(piece).await?,
                Ok(None) => return response.end("").await,
                Err(failure) => {
                    self.report(&failure);
                    response.abort();
                    return Ok(());
                }
            }
        }
    }
}
