//! The receiving half: heads, bodies and their ends, as the other side's state and its framing allow them.

use super::{Connection, Exchange, Incoming};
use crate::error::{Error, Violation};
use crate::event::Event;
use crate::framing::{self, Framing, Meaning};
use crate::parser::chunked::{Chunk, Chunked};
use crate::parser::{self, FieldLines, Fields, Limits, RequestHead, Version};
use crate::state::{State, Trigger};

impl Connection {
    pub(super) fn receive_request<'a>(
        &mut self,
        input: &'a [u8],
        fields: &'a mut Fields,
    ) -> Result<(usize, Option<Event<'a>>), Error> {
        let mut head = RequestHead::new(b"", b"", FieldLines::default());
        Ok(match self.read_request(input, fields, &mut head)? {
            true => (head.len(), Some(Event::Request(head))),
            false => (0, None),
        })
    }

    /// Reads a request head to where it stays; says whether it is whole.
    fn read_request<'a>(
        &mut self,
        input: &'a [u8],
        fields: &'a mut Fields,
        head: &mut RequestHead<'a>,
    ) -> Result<bool, Error> {
        let Some(read) = parser::request(input, fields, &mut self.progress, &self.limits)? else {
            self.in_head = !input.is_empty();
            return Ok(false);
        };
        *head = read;
        let meaning = framing::request(head, input)?;
        self.exchange = Exchange {
            to_head: head.method == b"HEAD",
            to_connect: head.method == b"CONNECT",
            expects_continue: meaning.expects_continue && meaning.framing != Framing::Empty,
            upgrades: meaning.upgrades,
            ..self.exchange
        };
        self.note_head(head.version, &meaning);
        self.step_theirs(Trigger::RequestHead);
        self.ours = self.ours.next(self.side, Trigger::RequestHead).unwrap_or(self.ours);
        Ok(true)
    }

    pub(super) fn receive_response<'a>(
        &mut self,
        input: &'a [u8],
        fields: &'a mut Fields,
    ) -> Result<(usize, Option<Event<'a>>), Error> {
        if self.theirs == State::Idle {
            // No request is out: whatever comes was not asked for (RFC 9112 §9.2).
            return if input.is_empty() { Ok((0, None)) } else { Err(Error::new(Violation::Unasked, 0)) };
        }
        let Some(head) = parser::response(input, fields, &mut self.progress, &self.limits)? else {
            self.in_head = !input.is_empty();
            return Ok((0, None));
        };
        let meaning = framing::response(&head, self.exchange.to_head, self.exchange.to_connect)?;
        let len = head.len();
        match head.status {
            101 if self.exchange.upgrades && meaning.upgrades => {
                self.in_head = false;
                self.step_theirs(Trigger::Switch);
                self.ours = self.ours.next(self.side, Trigger::Switch).unwrap_or(State::Failed);
            }
            101 => return Err(Error::new(Violation::Unasked, 0)),
            100..=199 => {
                self.in_head = false;
                self.exchange.expects_continue = false;
                self.step_theirs(Trigger::InformationalHead);
            }
            200..=299 if self.exchange.to_connect => {
                self.in_head = false;
                self.step_theirs(Trigger::Switch);
                self.ours = self.ours.next(self.side, Trigger::Switch).unwrap_or(State::Failed);
            }
            _ => {
                self.exchange.expects_continue = false;
                self.note_head(head.version, &meaning);
                self.step_theirs(Trigger::FinalHead);
            }
        }
        Ok((len, Some(Event::Response(head))))
    }

    fn note_head(&mut self, version: Version, meaning: &Meaning) {
        self.in_head = false;
        self.exchange.version = version;
        self.exchange.they_persist &= meaning.persists;
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
            Incoming::Length(0) => Ok((0, Some(self.end(FieldLines::default())))),
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
                    Some(trailers) => (used + trailers.len(), Some(self.end(trailers.fields))),
                })
            }
            Incoming::Chunked(_) => Ok((used, None)),
        }
    }

    fn data<'a>(&mut self, used: usize, data: &'a [u8]) -> (usize, Option<Event<'a>>) {
        self.exchange.expects_continue = false;
        (used, Some(Event::Data(data)))
    }

    pub(super) fn end<'a>(&mut self, trailers: FieldLines<'a>) -> Event<'a> {
        let trigger = if self.exchange.they_persist { Trigger::End } else { Trigger::LastEnd };
        self.step_theirs(trigger);
        Event::End(trailers)
    }

    /// [`receive`](Self::receive) for a server that waits for a request: the head goes to where it stays, because moving it
    /// about, with an event around it, costs more than finding its fields.
    #[cfg(feature = "net")]
    pub(crate) fn receive_head<'a>(
        &mut self,
        input: &'a [u8],
        fields: &'a mut Fields,
        head: &mut RequestHead<'a>,
    ) -> Result<bool, Error> {
        self.next_cycle();
        match self.theirs {
            State::Idle => self.read_request(input, fields, head).inspect_err(|_| self.theirs = State::Failed),
            _ => Ok(false),
        }
    }

    /// Takes the end of a message that has no body, of which no byte is to come; says whether it is such a message.
    #[cfg(feature = "net")]
    #[inline]
    pub(crate) fn receive_empty(&mut self) -> bool {
        let empty = self.theirs == State::Body && matches!(self.incoming, Incoming::Length(0));
        if empty {
            self.end(FieldLines::default());
        }
        empty
    }
}
