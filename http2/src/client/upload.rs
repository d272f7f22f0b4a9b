//! A body on its way to the server, and the answer that is waited for meanwhile.

use super::error::Error;
use super::line::{Line, Talk};
use super::response::{Response, Streamed};
use crate::Event;
use crate::wire::{Code, StreamId};
use std::fmt;
use std::rc::Rc;
use wirebook_http1::FieldBlock;

/// A body, to be written piece by piece. Dropping it before [`end`](Self::end) breaks the request off.
pub struct Upload {
    line: Rc<Line>,
    talk: Rc<Talk>,
    said: bool,
}

impl Upload {
    pub(super) fn new(line: Rc<Line>, talk: Rc<Talk>) -> Upload {
        Upload { line, talk, said: false }
    }

    /// Sends a piece, as the server's windows have room for it: a server that does not read is waited for. `false`: the server has answered
    /// and wants no more, which is no fault (RFC 9113 §8.1); what is written from now on goes nowhere.
    ///
    /// # Errors
    ///
    /// Why no more can be sent.
    pub async fn write(&mut self, piece: impl AsRef<[u8]>) -> Result<bool, Error> {
        let Upload { line, talk, .. } = self;
        let mut rest = piece.as_ref();
        let all = || {
            if rest.is_empty() {
                return Some(Ok(true));
            }
            match offer(line, talk.id, rest, false) {
                Ok(taken) => {
                    rest = &rest[taken..];
                    rest.is_empty().then_some(Ok(true))
                }
                Err(error) if talk.ended.get() => Some(line.end().map_or(Ok(false), |_| Err(error))),
                Err(error) => Some(Err(talk.failure.borrow().clone().or_else(|| line.end()).unwrap_or(error))),
            }
        };
        line.changed.until(all).await
    }

    /// That was all.
    pub fn end(mut self) {
        self.said = true;
        // Where the server wants no more there is nothing to end.
        self.line.link.say(|core, out| core.send_data(self.talk.id, b"", true, out)).ok();
    }

    /// That was all but for the fields behind it.
    ///
    /// # Errors
    ///
    /// What may not be said.
    pub fn end_with_trailers(mut self, trailers: &FieldBlock) -> Result<(), Error> {
        let event = Event::Trailers { stream: self.talk.id, fields: trailers.lines() };
        self.line.link.say(|core, out| core.send(event, out))?;
        self.said = true;
        Ok(())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if !self.said {
            let reset = Event::Reset { stream: self.talk.id, code: Code::CANCEL };
            // One that is over already needs none.
            if self.line.link.say(|core, out| core.send(reset, out)).is_ok() {
                self.talk.fail(Error::BrokenOff);
            }
        }
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload").finish_non_exhaustive()
    }
}

/// An answer that has not come yet. Dropping it tells the server that nobody wants it.
pub struct Answer {
    pub(super) talk: Rc<Talk>,
    pub(super) response: Streamed,
}

impl Answer {
    /// Waits for its head. It waits as long as you do: put [`net::timeout`](wirebook_net::timeout) around it.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub async fn head(self) -> Result<Response, Error> {
        Ok(self.arrived().await?.into())
    }

    pub(super) async fn arrived(self) -> Result<Streamed, Error> {
        let talk = &self.talk;
        let arrived = talk.changed.until(|| {
            if talk.head.borrow().is_some() {
                return Some(Ok(()));
            }
            talk.failure.borrow().clone().map(Err)
        });
        arrived.await?;
        Ok(self.response.arrived())
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").finish_non_exhaustive()
    }
}

/// Sends as much of the rest of a body as there is room for.
pub(super) fn offer(line: &Line, id: StreamId, rest: &[u8], end: bool) -> Result<usize, Error> {
    let taken = line.link.add(|core, out| core.send_data(id, rest, end, out))?;
    if taken > 0 {
        line.link.wake();
    }
    Ok(taken)
}

/// Sends the rest of a body whose answer is there already, as long as the server wants it. The answer may be read and gone by then, so it is the
/// connection that is waited for.
pub(super) async fn finish(line: &Line, id: StreamId, mut rest: &[u8]) {
    let all = || match offer(line, id, rest, true) {
        Ok(taken) => {
            rest = &rest[taken..];
            rest.is_empty().then_some(())
        }
        Err(_) => Some(()),
    };
    line.changed.until(all).await;
}
