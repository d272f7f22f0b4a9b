//! A request and its answer, as its handler sees them: what carries them is a stream.

use super::line::{Call, Line, gone};
use crate::Event;
use crate::connection::Connection;
use crate::driver::Tunnel;
use crate::message::Misuse;
use crate::wire::Code;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wirebook_http1::parser::{FieldLines, RequestHead, ResponseHead};
use wirebook_http1::server::carrier::{Carrier, Content};
use wirebook_http1::server::host::{Hooks, Transport, call as tell, with_date};
use wirebook_http1::server::{Draft, Failure, Outcome, Trouble};
use wirebook_http1::{FieldBlock, Misuse as HeadMisuse, reason};
use wirebook_net::{Signal, Stream};

/// One request and its answer.
pub(super) struct Exchange<'c> {
    call: &'c Call,
    line: &'c Line,
    head: &'c RequestHead<'c>,
    protocol: Option<&'c [u8]>,
    /// Bytes of the request that the handler has in its hands, so that the client may not send others for them yet.
    held: Cell<u32>,
    max_body: Cell<u64>,
    /// What `content-length` says.
    announced: u64,
    /// The client waits for 100 (RFC 9110 §10.1.1).
    awaits_continue: Cell<bool>,
    /// Our message is complete.
    over: Cell<bool>,
    /// Why the request cannot be read to its end.
    trouble: Cell<Option<Trouble>>,
}

impl<'c> Exchange<'c> {
    pub(super) fn new(call: &'c Call, line: &'c Line, head: &'c RequestHead<'c>, protocol: Option<&'c [u8]>) -> Self {
        let ended = call.has_ended();
        let value = |name| if ended { None } else { head.fields.get(name) };
        let length = value("content-length").and_then(|value| str::from_utf8(value).ok()?.parse().ok());
        Exchange {
            call,
            line,
            head,
            protocol,
            held: Cell::new(0),
            max_body: Cell::new(line.common.options.http.max_body),
            announced: length.unwrap_or(0),
            awaits_continue: Cell::new(
                value("expect").is_some_and(|value| value.eq_ignore_ascii_case(b"100-continue")),
            ),
            over: Cell::new(false),
            trouble: Cell::new(None),
        }
    }

    fn say<T>(&self, something: impl FnOnce(&mut Connection, &mut Vec<u8>) -> Result<T, Misuse>) -> Result<T, Failure> {
        match self.line.link.say(something) {
            Err(Misuse::Closed) => Err(gone()),
            result => Ok(result?),
        }
    }

    /// The handler is done with the piece that it was given: the client may send as much again.
    fn credit(&self) {
        let held = self.held.take();
        if held > 0 {
            self.line.link.say(|core, out| core.consumed(self.call.id.get(), held, out));
        }
    }

    /// An answer to HEAD has no content, and neither has one whose status says so.
    fn is_bodyless(&self, status: u16) -> bool {
        self.head.method == b"HEAD" || matches!(status, 204 | 304)
    }

    /// The handler is done: whatever it left open is ended, as well as it can be.
    pub(super) async fn settle(&self, outcome: &Outcome) {
        if !self.call.is_gone() && !self.over.get() {
            let begun = self.call.draft.borrow().begun;
            match self.trouble.get() {
                _ if begun => self.abort(),
                Some(trouble) => self.refuse(trouble.status(), &trouble.to_string()).await,
                None if self.head.method == b"CONNECT" => self.refuse(501, "this server opens no tunnels").await,
                None => self.refuse(500, "the handler gave no answer").await,
            }
        }
        self.release();
        let Hooks { client_error, handler_error, .. } = self.line.common.hooks();
        match (self.trouble.get(), outcome) {
            (Some(trouble), _) => tell(client_error, &trouble),
            (None, Err(failure)) if !failure.source().is::<std::io::Error>() => tell(handler_error, failure),
            _ => {}
        }
    }

    /// Nobody reads the rest of the request.
    pub(super) fn release(&self) {
        if self.call.is_upgraded() {
            return;
        }
        self.held.set(0);
        self.line.link.say(|core, out| core.release(self.call.id.get(), out));
    }

    /// Answers with a status and a line that says why.
    async fn refuse(&self, status: u16, why: &str) {
        let text = format!("{status} {}: {why}\n", reason(status));
        {
            let draft = &mut *self.call.draft.borrow_mut();
            draft.clear();
            draft.status = status;
            draft.lines.push("content-type", "text/plain; charset=utf-8").unwrap_or_default();
        }
        let text = text.as_bytes();
        let carrier: &dyn Carrier = self;
        if self.begin(Some(text.len() as u64)).is_err() || carrier.send(text, true).await.is_err() {
            self.abort();
        }
    }
}

impl Carrier for Exchange<'_> {
    fn head(&self) -> &RequestHead<'_> {
        self.head
    }

    fn protocol(&self) -> Option<&[u8]> {
        self.protocol
    }

    fn transport(&self) -> &Rc<dyn Transport> {
        &self.line.stream
    }

    fn draft(&self) -> &RefCell<Draft> {
        &self.call.draft
    }

    fn changed(&self) -> &Signal {
        &self.call.changed
    }

    fn limit_body(&self, bytes: u64) {
        self.max_body.set(bytes);
    }

    fn try_chunk(&self, content: &mut Option<Box<Content>>) -> Option<Result<bool, Failure>> {
        self.credit();
        if let Some(trouble) = self.trouble.get() {
            return Some(Err(trouble.into()));
        }
        if self.announced.max(self.call.received()) > self.max_body.get() {
            return Some(Err(self.fail(Trouble::TooLarge)));
        }
        if let Some(length) = self.call.take(content) {
            self.held.set(length as u32);
            return Some(Ok(length > 0));
        }
        if self.call.is_gone() {
            return Some(Err(gone()));
        }
        if self.awaits_continue.take() && self.call.received() == 0 {
            let head = ResponseHead::new(100, FieldLines::default());
            let sent =
                self.say(|core, out| core.send(Event::Response { stream: self.call.id.get(), head, end: false }, out));
            if let Err(failure) = sent {
                return Some(Err(failure));
            }
        }
        None
    }

    fn take_back(&self, content: Option<Box<Content>>) {
        self.credit();
        self.call.take_back(content);
    }

    fn is_closed(&self) -> bool {
        self.call.watched.set(true);
        self.call.is_gone() || self.line.common.connections.is_closing()
    }

    fn fail(&self, trouble: Trouble) -> Failure {
        self.trouble.set(Some(trouble));
        trouble.into()
    }

    fn informational(&self, status: u16, fields: &FieldBlock) -> Outcome {
        let head = ResponseHead::new(status, fields.lines());
        self.say(|core, out| core.send(Event::Response { stream: self.call.id.get(), head, end: false }, out))
    }

    fn begin(&self, length: Option<u64>) -> Outcome {
        let draft = &mut *self.call.draft.borrow_mut();
        if let Some(misuse) = draft.misuse {
            return Err(misuse.into());
        }
        if draft.begun {
            return if self.call.is_gone() { Err(gone()) } else { Ok(()) };
        }
        if self.head.method == b"CONNECT" && (200..300).contains(&draft.status) {
            return Err(HeadMisuse::OutOfTurn.into());
        }
        if draft.lines.get("date").is_none() {
            with_date(|date| draft.lines.push("date", date))?;
        }
        if let Some(length) = length
            && !matches!(draft.status, 204 | 304)
            && draft.lines.get("content-length").is_none()
        {
            draft.lines.push("content-length", Decimal::of(length).digits())?;
        }
        let end = self.is_bodyless(draft.status) || length == Some(0);
        let head = ResponseHead::new(draft.status, draft.lines.lines());
        self.say(|core, out| core.send(Event::Response { stream: self.call.id.get(), head, end }, out))?;
        draft.begun = true;
        self.over.set(end);
        Ok(())
    }

    fn try_data(&self, data: &[u8], end: bool) -> Result<usize, Failure> {
        if self.call.is_gone() {
            return Err(gone());
        }
        if self.over.get() {
            // What a handler writes for HEAD is what GET would be given.
            let ignored = data.is_empty() || self.head.method == b"HEAD";
            return if ignored { Ok(data.len()) } else { Err(HeadMisuse::NoBodyAllowed.into()) };
        }
        if data.is_empty() && !end {
            return Ok(0);
        }
        let taken = match self.call.send(self.line, data, end) {
            Err(Misuse::Closed) => return Err(gone()),
            result => result?,
        };
        self.over.set(end && taken == data.len());
        Ok(taken)
    }

    fn end(&self, trailers: FieldLines<'_>) -> Outcome {
        if self.over.get() {
            return Ok(());
        }
        self.say(|core, out| core.send(Event::Trailers { stream: self.call.id.get(), fields: trailers }, out))?;
        self.over.set(true);
        Ok(())
    }

    fn abort(&self) {
        self.call.reset(self.line, Code::INTERNAL_ERROR);
        self.over.set(true);
    }

    fn upgrade(&self) -> Result<Rc<dyn Stream>, Failure> {
        let (draft, line) = (&mut *self.call.draft.borrow_mut(), self.call.line());
        if let Some(misuse) = draft.misuse {
            return Err(misuse.into());
        }
        let (Some(line), Some(_), false) = (line, self.protocol, draft.begun) else {
            return Err(HeadMisuse::OutOfTurn.into());
        };
        self.credit();
        if draft.lines.get("date").is_none() {
            with_date(|date| draft.lines.push("date", date))?;
        }
        let head = ResponseHead::new(200, draft.lines.lines());
        self.say(|core, out| core.send(Event::Response { stream: self.call.id.get(), head, end: false }, out))?;
        draft.begun = true;
        self.over.set(true);
        Ok(Rc::new(Tunnel::new(line, self.call.give_up()?)))
    }
}

/// A number in decimal, without an allocation.
struct Decimal {
    bytes: [u8; 20],
    start: usize,
}

impl Decimal {
    fn of(mut number: u64) -> Decimal {
        let (mut bytes, mut start) = ([0; 20], 20);
        loop {
            start -= 1;
            bytes[start] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                return Decimal { bytes, start };
            }
        }
    }

    fn digits(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}
