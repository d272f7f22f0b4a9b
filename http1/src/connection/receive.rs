//! The receiving half: heads, bodies and their ends, as the other side's state and its framing allow them.

use super::error::{Error, Violation};
use super::event::Event;
use super::framing::{self, Framing, Meaning};
use super::state::{Asked, State, Trigger};
use super::{Connection, Incoming};
use crate::parser::chunked::{Chunk, Chunked};
use crate::parser::{self, FieldLines, Fields, Limits, Version};

impl Connection {
    #[cfg_attr(not(debug_assertions), inline)]
    pub(super) fn receive_request<'a>(
        &mut self,
        input: &'a [u8],
        fields: &'a mut Fields,
    ) -> Result<(usize, Option<Event<'a>>), Error> {
        if input.is_empty() {
            return Ok((0, None));
        }
        let Some(head) = parser::request(input, fields, &mut self.progress, &self.limits)? else {
            // Empty lines alone are nothing that anybody would have to answer.
            self.in_head = !input.iter().all(|byte| matches!(byte, b'\r' | b'\n'));
            return Ok((0, None));
        };
        let meaning = framing::request(&head, input)?;
        let len = head.len();
        let asked = Asked {
            head: head.method == b"HEAD",
            connect: head.method == b"CONNECT",
            to_continue: meaning.expects_continue && meaning.framing != Framing::Empty,
            keep_alive: meaning.keep_alive,
        };
        let upgrade = if meaning.upgrades { Some(framing::protocols(head.fields)) } else { None };
        self.conversation.ask(asked, upgrade);
        self.note_head(head.version, &meaning);
        self.step_theirs(Trigger::RequestHead)?;
        self.conversation.step(self.side, Trigger::RequestHead)?;
        Ok((len, Some(Event::Request(head))))
    }

    pub(super) fn receive_response<'a>(
        &mut self,
        input: &'a [u8],
        fields: &'a mut Fields,
    ) -> Result<(usize, Option<Event<'a>>), Error> {
        if self.their_state() == State::Idle {
            // No request is out: whatever comes was not asked for (RFC 9112 §9.2).
            return if input.is_empty() { Ok((0, None)) } else { Err(Error::new(Violation::Unasked, 0)) };
        }
        let Some(head) = parser::response(input, fields, &mut self.progress, &self.limits)? else {
            self.in_head = !input.is_empty();
            return Ok((0, None));
        };
        let asked = self.conversation.asked();
        let meaning = framing::response(&head, asked.head, asked.connect)?;
        match head.status {
            101 => {
                let named = |asked: &[u8]| framing::switches_to_asked(&head.fields, asked);
                if !(meaning.upgrades && self.conversation.upgrade().is_some_and(named)) {
                    return Err(Error::new(Violation::Unasked, 0));
                }
                self.receive_switch()?;
            }
            100..=199 => {
                self.in_head = false;
                if head.status == 100 {
                    self.conversation.stop_waiting_for_continue();
                }
                self.step_theirs(Trigger::InformationalHead)?;
            }
            200..=299 if asked.connect => self.receive_switch()?,
            _ => {
                self.conversation.stop_waiting_for_continue();
                self.note_head(head.version, &meaning);
                self.step_theirs(Trigger::FinalHead)?;
            }
        }
        Ok((head.len(), Some(Event::Response(head))))
    }

    /// 101, or 2xx to CONNECT. Before the request has ended our side has no such move: then the peer switches too early.
    fn receive_switch(&mut self) -> Result<(), Error> {
        self.conversation.step(self.side, Trigger::Switch)?;
        self.in_head = false;
        self.step_theirs(Trigger::Switch)
    }

    fn note_head(&mut self, version: Version, meaning: &Meaning) {
        self.in_head = false;
        self.version = version;
        self.conversation.note_persistence(self.side.other(), meaning.persists);
        self.incoming = match meaning.framing {
            Framing::Empty => Incoming::Length(0),
            Framing::Length(length) => Incoming::Length(length),
            Framing::Chunked => Incoming::Chunked(Chunked::default()),
            Framing::UntilClose => Incoming::UntilClose,
        };
    }

    pub(super) fn receive_body<'a>(
        &mut self,
        input: &'a [u8],
        fields: &'a mut Fields,
    ) -> Result<(usize, Option<Event<'a>>), Error> {
        let mut used = 0;
        if let Incoming::Chunked(chunked) = &mut self.incoming {
            let (taken, chunk) = chunked.decode(input)?;
            used = taken;
            match chunk {
                None => return Ok((used, None)),
                Some(Chunk::Data(data)) => return Ok(self.data(used, data)),
                Some(Chunk::Last) => self.incoming = Incoming::Trailers,
            }
        }
        let rest = &input[used..];
        match &mut self.incoming {
            Incoming::Length(0) => Ok((0, Some(self.end(FieldLines::default())?))),
            _ if rest.is_empty() => Ok((used, None)),
            Incoming::Length(left) => {
                let take = usize::try_from(*left).map_or(rest.len(), |left| left.min(rest.len()));
                *left -= take as u64;
                Ok(self.data(take, &rest[..take]))
            }
            Incoming::UntilClose => Ok(self.data(rest.len(), rest)),
            Incoming::Trailers => {
                let trailers = parser::trailers(rest, fields, &mut self.progress, &Limits::TRAILERS)
                    .map_err(|error| Error { offset: used + error.offset as usize, ..Error::from(error) })?;
                Ok(match trailers {
                    None => (used, None),
                    Some(trailers) => (used + trailers.len(), Some(self.end(trailers.fields)?)),
                })
            }
            Incoming::Chunked(_) => Ok((used, None)),
        }
    }

    fn data<'a>(&mut self, used: usize, data: &'a [u8]) -> (usize, Option<Event<'a>>) {
        self.conversation.stop_waiting_for_continue();
        (used, Some(Event::Data(data)))
    }

    fn end<'a>(&mut self, trailers: FieldLines<'a>) -> Result<Event<'a>, Error> {
        let persists = self.conversation.side_persists(self.side.other());
        self.step_theirs(if persists { Trigger::End } else { Trigger::LastEnd })?;
        Ok(Event::End(trailers))
    }

    /// Takes the end of a message of which no byte is to come; says whether there was one to take. What
    /// [`receive`](Self::receive) would give next is that end: this needs no input and no room for fields, so that it can be
    /// called while a head is held.
    ///
    /// ```
    /// use wirebook_http1::{Connection, parser::Fields};
    ///
    /// let (mut connection, mut fields) = (Connection::server(), Fields::new());
    /// let (_, head) = connection.receive(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", &mut fields)?;
    /// assert!(connection.receive_end() && head.is_some());
    /// # Ok::<(), wirebook_http1::Error>(())
    /// ```
    #[inline]
    pub fn receive_end(&mut self) -> bool {
        self.their_state() == State::Body
            && matches!(self.incoming, Incoming::Length(0))
            && self.end(FieldLines::default()).is_ok()
    }

    /// Whether the rest of the message that is being received lies in `input`, so that it can be taken without waiting.
    pub fn ends_within(&self, mut input: &[u8]) -> bool {
        let (mut ahead, mut fields) = (self.clone(), Fields::with_capacity(Limits::TRAILERS.fields));
        while ahead.their_state() == State::Body {
            match ahead.receive(input, &mut fields) {
                Ok((used, Some(_))) => input = &input[used..],
                _ => return false,
            }
        }
        ahead.their_state() != State::Failed
    }
}
