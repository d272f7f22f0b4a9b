//! The sending half: what may be said now, and in what framing; whatever breaks a rule is refused and nothing is written.

use super::{Connection, Exchange, Outgoing, Own};
use crate::encode;
use crate::error::Misuse;
use crate::parser::{FieldLines, RequestHead, ResponseHead, Version};
use crate::state::{Side, State, Trigger};

impl Connection {
    pub(super) fn send_request(&mut self, head: &RequestHead<'_>, out: &mut Vec<u8>) -> Result<(), Misuse> {
        let next = self.ours.next(self.side, Trigger::RequestHead).ok_or(Misuse::OutOfTurn)?;
        if self.side != Side::Requester || self.theirs != State::Idle {
            return Err(Misuse::OutOfTurn);
        }
        let fields = encode::inspect(&head.fields)?;
        if fields.hosts > 1 || fields.hosts == 0 && head.version == Version::Http11 {
            return Err(Misuse::Host);
        }
        let outgoing = match (fields.content_length, fields.chunked) {
            (Some(_), true) => return Err(Misuse::Framing),
            (None, true) if head.version == Version::Http10 => return Err(Misuse::Framing),
            (None, true) => Outgoing::Chunked,
            (Some(length), false) => Outgoing::Length(length),
            (None, false) => Outgoing::Forbidden,
        };
        let close = !self.exchange.we_persist && !fields.close;
        encode::request(head, close, out)?;
        self.exchange = Exchange {
            to_head: head.method == b"HEAD",
            to_connect: head.method == b"CONNECT",
            we_persist: self.exchange.we_persist && !fields.close && head.version == Version::Http11,
            expects_continue: fields.expects_continue && outgoing != Outgoing::Forbidden,
            upgrades: fields.upgrade,
            ..self.exchange
        };
        self.outgoing = outgoing;
        self.ours = next;
        self.theirs = self.theirs.next(self.side.other(), Trigger::RequestHead).unwrap_or(self.theirs);
        Ok(())
    }

    /// A response head together with what a driver knows of it.
    pub(crate) fn send_response(
        &mut self,
        head: &ResponseHead<'_>,
        fields: &encode::Inspected,
        own: Own<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Misuse> {
        if self.side != Side::Responder {
            return Err(Misuse::OutOfTurn);
        }
        let unframed = fields.content_length.is_none() && !fields.chunked;
        let length = own.length.filter(|_| unframed && !matches!(head.status, 100..=199 | 204 | 304));
        match head.status {
            101 => return self.send_switch(head, out),
            100..=199 if fields.content_length.is_some() || fields.chunked => return Err(Misuse::Framing),
            100..=199 if self.exchange.version == Version::Http10 => return Err(Misuse::OutOfTurn),
            100..=199 => {
                let next = self.ours.next(self.side, Trigger::InformationalHead).ok_or(Misuse::OutOfTurn)?;
                encode::response(head, encode::Added::default(), out)?;
                self.exchange.expects_continue = false;
                self.ours = next;
                return Ok(());
            }
            200..=299 if self.exchange.to_connect => return self.send_switch(head, out),
            _ => {}
        }
        let next = self.ours.next(self.side, Trigger::FinalHead).ok_or(Misuse::OutOfTurn)?;
        let outgoing = self.response_framing(head.status, fields, length)?;
        let http11 = self.exchange.version == Version::Http11;
        // A client that still waits for 100 may or may not send its body now: only closing is unambiguous.
        let we_persist = self.exchange.we_persist
            && !fields.close
            && outgoing != Outgoing::UntilClose
            && !self.exchange.expects_continue
            && self.theirs != State::Failed
            && self.theirs != State::Idle;
        let added = encode::Added {
            length,
            date: own.date.filter(|_| !fields.date),
            chunked: outgoing == Outgoing::Chunked && !fields.chunked,
            close: !(we_persist && self.exchange.they_persist) && http11 && !fields.close,
            keep_alive: we_persist && self.exchange.they_persist && !http11,
        };
        encode::response(head, added, out)?;
        self.exchange.we_persist = we_persist;
        self.outgoing = outgoing;
        self.ours = next;
        Ok(())
    }

    /// RFC 9112 §6.3 items 1 and 2, RFC 9110 §8.6, §15.3.5, §15.4.5.
    fn response_framing(
        &self,
        status: u16,
        fields: &encode::Inspected,
        length: Option<u64>,
    ) -> Result<Outgoing, Misuse> {
        let http11 = self.exchange.version == Version::Http11;
        match (fields.content_length.or(length), fields.chunked) {
            (Some(_), true) => Err(Misuse::Framing),
            (_, true) if !http11 => Err(Misuse::Framing),
            (Some(_), _) | (_, true) if status == 204 => Err(Misuse::Framing),
            _ if self.exchange.to_head || matches!(status, 204 | 304) => Ok(Outgoing::Forbidden),
            (Some(length), false) => Ok(Outgoing::Length(length)),
            (None, _) if http11 => Ok(Outgoing::Chunked),
            (None, _) => Ok(Outgoing::UntilClose),
        }
    }

    /// 101, or 2xx to CONNECT: the last head on this connection. The request must have ended (RFC 9110 §7.8).
    fn send_switch(&mut self, head: &ResponseHead<'_>, out: &mut Vec<u8>) -> Result<(), Misuse> {
        if head.status == 101 && !self.exchange.upgrades || !matches!(self.theirs, State::Done | State::MustClose) {
            return Err(Misuse::OutOfTurn);
        }
        let next = self.ours.next(self.side, Trigger::Switch).ok_or(Misuse::OutOfTurn)?;
        encode::response(head, encode::Added::default(), out)?;
        (self.ours, self.theirs) = (next, State::Switched);
        Ok(())
    }

    // ANCHOR: send_data
    #[inline]
    pub(crate) fn send_data(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), Misuse> {
        match &mut self.outgoing {
            _ if self.ours != State::Body => return Err(Misuse::OutOfTurn),
            // An empty chunk would be the last one.
            _ if data.is_empty() => {}
            Outgoing::Forbidden => return Err(Misuse::NoBodyAllowed),
            Outgoing::Length(left) => {
                *left = left.checked_sub(data.len() as u64).ok_or(Misuse::TooManyBytes)?;
                out.extend_from_slice(data);
            }
            Outgoing::Chunked => encode::chunk(data, out),
            Outgoing::UntilClose => out.extend_from_slice(data),
        }
        Ok(())
    }
    // ANCHOR_END: send_data

    #[inline]
    pub(crate) fn send_end(&mut self, trailers: &FieldLines<'_>, out: &mut Vec<u8>) -> Result<(), Misuse> {
        let last = match self.side {
            Side::Responder => !self.persists(),
            Side::Requester => !self.exchange.we_persist,
        };
        let trigger = if last { Trigger::LastEnd } else { Trigger::End };
        let next = self.ours.next(self.side, trigger).ok_or(Misuse::OutOfTurn)?;
        match self.outgoing {
            Outgoing::Length(1..) => return Err(Misuse::TooFewBytes),
            Outgoing::Chunked => encode::last_chunk(trailers, out)?,
            _ if !trailers.is_empty() => return Err(Misuse::Framing),
            _ => {}
        }
        self.ours = next;
        Ok(())
    }
}
