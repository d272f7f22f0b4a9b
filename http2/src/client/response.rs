//! An answer: its head is there, its content comes as it is read.

use super::error::Error;
use super::line::{Line, Talk, block};
use crate::Event;
use crate::driver::{Pipe, Tunnel};
use crate::wire::Code;
use std::fmt;
use std::rc::Rc;
use wirebook_http1::parser::{FieldLines, Version};
use wirebook_http1::{FieldBlock, client as http1};
use wirebook_net::Stream;

/// A tunnel that the server has opened ([`Request::upgrade`](super::Request::upgrade)).
pub struct Opened {
    /// The tunnel. Dropping it ends it.
    pub stream: Rc<dyn Stream>,
    /// The fields of the answer.
    pub headers: FieldBlock,
}

/// An answer. Dropping it before its end tells the server that nobody wants the rest: on its stream in HTTP/2, by the end of the connection in
/// HTTP/1.1.
pub struct Response(Kind);

enum Kind {
    Http2(Streamed),
    Http1(Box<http1::Response>),
}

impl Response {
    /// The status.
    pub fn status(&self) -> u16 {
        match &self.0 {
            Kind::Http2(streamed) => streamed.status(),
            Kind::Http1(response) => response.status(),
        }
    }

    /// Which protocol it came by.
    pub fn version(&self) -> Version {
        match &self.0 {
            Kind::Http2(_) => Version::Http2,
            Kind::Http1(response) => response.version(),
        }
    }

    /// All fields.
    pub fn headers(&self) -> FieldLines<'_> {
        match &self.0 {
            Kind::Http2(streamed) => streamed.head.as_ref().map(|(_, fields)| fields.lines()).unwrap_or_default(),
            Kind::Http1(response) => response.headers(),
        }
    }

    /// The first field of that name.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers().get(name)
    }

    /// The next piece of the content; `None` at its end. As long as it is not asked for, the server must not send more than a window.
    ///
    /// # Errors
    ///
    /// Why there is no more.
    pub async fn chunk(&mut self) -> Result<Option<&[u8]>, Error> {
        match &mut self.0 {
            Kind::Http2(streamed) => streamed.chunk().await,
            Kind::Http1(response) => Ok(response.chunk().await?),
        }
    }

    /// All of the content, if it has at most `limit` bytes. With 0 it must be empty; `usize::MAX` is no bound.
    ///
    /// # Errors
    ///
    /// Those of [`chunk`](Self::chunk), and [`Error::TooLarge`].
    pub async fn bytes(&mut self, limit: usize) -> Result<Vec<u8>, Error> {
        let mut all = Vec::new();
        while let Some(piece) = self.chunk().await? {
            if piece.len() > limit - all.len() {
                return Err(Error::TooLarge);
            }
            all.extend_from_slice(piece);
        }
        Ok(all)
    }

    /// The fields behind the content, once [`chunk`](Self::chunk) has given `None`.
    pub fn trailers(&self) -> FieldBlock {
        match &self.0 {
            Kind::Http2(streamed) => streamed.talk.trailers.borrow().clone(),
            Kind::Http1(response) => block(response.trailers()),
        }
    }
}

impl From<Streamed> for Response {
    fn from(streamed: Streamed) -> Self {
        Response(Kind::Http2(streamed))
    }
}

impl From<http1::Response> for Response {
    fn from(response: http1::Response) -> Self {
        Response(Kind::Http1(Box::new(response)))
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status())
            .field("version", &self.version())
            .finish_non_exhaustive()
    }
}

/// An answer on a stream of its own.
pub(super) struct Streamed {
    line: Rc<Line>,
    talk: Rc<Talk>,
    head: Option<(u16, FieldBlock)>,
    piece: Vec<u8>,
    /// The stream is a tunnel's.
    given: bool,
}

impl Streamed {
    pub(super) fn new(line: Rc<Line>, talk: Rc<Talk>) -> Self {
        Streamed { line, talk, head: None, piece: Vec::new(), given: false }
    }

    pub(super) fn status(&self) -> u16 {
        self.head.as_ref().map_or(0, |(status, _)| *status)
    }

    /// The head has come.
    pub(super) fn arrived(mut self) -> Self {
        self.head = self.talk.head.take();
        self
    }

    /// The stream becomes a tunnel.
    pub(super) fn into_tunnel(mut self) -> Result<Opened, Error> {
        let (line, talk) = (self.line.clone(), &self.talk);
        let pipe = Pipe::new(talk.id, talk.inbox.take(), talk.ended.get())?;
        // It may have broken off since its head has come.
        if let Some(error) = talk.failure.take() {
            pipe.fail(error);
        }
        let headers = self.head.take().map(|(_, fields)| fields).unwrap_or_default();
        let stream = Rc::new(Tunnel::new(line, pipe));
        self.given = true;
        Ok(Opened { stream, headers })
    }

    async fn chunk(&mut self) -> Result<Option<&[u8]>, Error> {
        self.credit();
        let Streamed { talk, piece, .. } = self;
        let next = || {
            let inbox = &mut *talk.inbox.borrow_mut();
            if !inbox.is_empty() {
                std::mem::swap(piece, inbox);
                return Some(Ok(true));
            }
            if talk.ended.get() {
                return Some(Ok(false));
            }
            talk.failure.borrow().clone().map(Err)
        };
        let more = talk.changed.until(next).await?;
        Ok(more.then_some(&self.piece))
    }

    /// The piece has been read: the server may send as much again.
    fn credit(&mut self) {
        let held = self.piece.len() as u32;
        self.piece.clear();
        if held > 0 {
            self.line.link.say(|core, out| core.consumed(self.talk.id, held, out));
        }
    }
}

impl Drop for Streamed {
    fn drop(&mut self) {
        let (line, talk) = (&self.line, &self.talk);
        if self.given {
            return line.leave(talk.id);
        }
        if !talk.ended.get() {
            // One that is over already needs no reset.
            let reset = Event::Reset { stream: talk.id, code: Code::CANCEL };
            line.link.say(|core, out| core.send(reset, out)).ok();
        }
        line.link.say(|core, out| core.release(talk.id, out));
        line.leave(talk.id);
        talk.changed.raise();
    }
}
