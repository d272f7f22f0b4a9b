//! The sending half: what may be said now, and in what framing; whatever breaks a rule is refused and nothing is written.

use super::encode::{self, Added};
use super::error::Misuse;
use super::fields::FieldBlock;
use super::framing::{self, Noted};
use super::state::{Asked, Side, State, Trigger};
use super::{Additions, Connection, Outgoing};
use crate::parser::{FieldLines, RequestHead, ResponseHead, Version};

impl Connection {
    pub(super) fn send_request(&mut self, head: &RequestHead<'_>, out: &mut Vec<u8>) -> Result<(), Misuse> {
        if self.side != Side::Requester {
            return Err(Misuse::OutOfTurn);
        }
        self.conversation.may(Side::Requester, Trigger::RequestHead)?;
        self.conversation.may(Side::Responder, Trigger::RequestHead)?;
        let noted = Noted::own(&head.fields)?;
        if noted.hosts > 1 || noted.hosts == 0 && head.version == Version::Http11 {
            return Err(Misuse::Host);
        }
        let outgoing = match (noted.length, noted.chunked()) {
            (Some(_), true) => return Err(Misuse::Framing),
            (None, true) if head.version == Version::Http10 => return Err(Misuse::Framing),
            (None, true) => Outgoing::Chunked,
            (Some(length), false) => Outgoing::Length(length),
            (None, false) => Outgoing::Forbidden,
        };
        let added = Added {
            close: !self.conversation.side_persists(Side::Requester) && !noted.close,
            upgrade: noted.upgrade && !noted.connection_upgrade && head.version == Version::Http11,
            ..Added::default()
        };
        encode::request(head, added, out)?;
        self.conversation.note_persistence(Side::Requester, !noted.close && head.version == Version::Http11);
        let asked = Asked {
            head: head.method == b"HEAD",
            connect: head.method == b"CONNECT",
            to_continue: noted.expects_continue && !matches!(outgoing, Outgoing::Forbidden),
            keep_alive: false,
        };
        self.conversation.ask(asked, noted.upgrade.then(|| framing::protocols(head.fields)));
        self.outgoing = outgoing;
        self.step_ours(Trigger::RequestHead)?;
        Ok(self.conversation.step(Side::Responder, Trigger::RequestHead)?)
    }

    /// Sends the head of a response. As [`send`](Self::send) of [`Event::Response`](super::Event::Response), for fields
    /// whose framing was read when they were added, and with what a server adds by itself.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    #[inline]
    pub fn send_head(
        &mut self,
        status: u16,
        fields: &FieldBlock,
        additions: Additions<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Misuse> {
        self.next_cycle();
        self.send_response(&ResponseHead::new(status, fields.lines()), fields.noted()?, additions, out)
    }

    /// Sends a whole answer: head, body and end. The length is the body's, unless the fields frame it otherwise. To HEAD
    /// goes the head alone.
    ///
    /// ```
    /// use wirebook_http1::connection::Additions;
    /// use wirebook_http1::{Connection, FieldBlock, parser::Fields};
    ///
    /// let (mut connection, mut fields, mut out) = (Connection::server(), Fields::new(), Vec::new());
    /// connection.receive(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", &mut fields)?;
    /// connection.receive_end();
    /// connection.answer(200, &FieldBlock::default(), Additions::default(), b"tea", &mut out)?;
    /// assert_eq!(out, b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\ntea");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send). Nothing was appended, and the state is as before.
    #[inline]
    pub fn answer(
        &mut self,
        status: u16,
        fields: &FieldBlock,
        additions: Additions<'_>,
        body: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Misuse> {
        self.next_cycle();
        // Neither an interim response nor a tunnel has a body and an end.
        if !(200..=599).contains(&status) {
            return Err(Misuse::StatusLine);
        }
        if self.answers_connect() && status < 300 {
            return Err(Misuse::OutOfTurn);
        }
        let (noted, length) = (fields.noted()?, body.len() as u64);
        match noted.length {
            None if length == 0 || !matches!(status, 204 | 304) => {}
            _ if self.answers_head() => {}
            _ if length > 0 && matches!(status, 204 | 304) => return Err(Misuse::NoBodyAllowed),
            Some(said) if length > said => return Err(Misuse::TooManyBytes),
            Some(said) if length < said && status != 304 => return Err(Misuse::TooFewBytes),
            _ => {}
        }
        let additions = Additions { length: Some(length), ..additions };
        self.send_response(&ResponseHead::new(status, fields.lines()), noted, additions, out)?;
        match self.outgoing {
            _ if body.is_empty() => {}
            Outgoing::Forbidden => {}
            Outgoing::Length(_) | Outgoing::UntilClose => out.extend_from_slice(body),
            Outgoing::Chunked => encode::chunk(body, out),
        }
        if matches!(self.outgoing, Outgoing::Chunked) {
            encode::last_chunk(&FieldLines::default(), out);
        }
        self.step_ours(if self.persists() { Trigger::End } else { Trigger::LastEnd })
    }

    /// A response head, whose framing fields have been read, together with what a driver adds. It is a part of each of its
    /// callers, because [`answer`](Self::answer) knows much of what is asked here.
    #[inline(always)]
    pub(super) fn send_response(
        &mut self,
        head: &ResponseHead<'_>,
        noted: &Noted,
        additions: Additions<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Misuse> {
        if self.side != Side::Responder {
            return Err(Misuse::OutOfTurn);
        }
        let http11 = self.version == Version::Http11;
        let upgrade = noted.upgrade && !noted.connection_upgrade;
        match head.status {
            101 => return self.send_switch(head, upgrade, out),
            100..=199 if !noted.unframed() => return Err(Misuse::Framing),
            100..=199 if !http11 => return Err(Misuse::OutOfTurn),
            100..=199 => {
                encode::check_status_line(head)?;
                self.step_ours(Trigger::InformationalHead)?;
                if head.status == 100 {
                    self.conversation.stop_waiting_for_continue();
                }
                encode::response(head, Added::default(), out);
                return Ok(());
            }
            200..=299 if self.answers_connect() => return self.send_switch(head, false, out),
            _ => {}
        }
        let length = additions.length.filter(|_| noted.unframed() && !matches!(head.status, 204 | 304));
        let outgoing = self.response_framing(head.status, noted, length)?;
        let asked = self.conversation.asked();
        // A client that still waits for 100 may or may not send its body now, and one that asked for a tunnel may have
        // sent bytes for it (RFC 9931 §8): only closing, unread, is unambiguous.
        let persists = self.conversation.side_persists(Side::Responder)
            && !noted.close
            && !matches!(outgoing, Outgoing::UntilClose)
            && !asked.to_continue
            && !asked.connect
            && !matches!(self.their_state(), State::Failed | State::Idle);
        let both_persist = persists && self.conversation.side_persists(Side::Requester);
        let added = Added {
            length,
            date: additions.date.filter(|_| !noted.date),
            chunked: matches!(outgoing, Outgoing::Chunked) && !noted.chunked(),
            close: !both_persist && http11 && !noted.close,
            keep_alive: both_persist && !http11,
            upgrade: upgrade && http11,
            idle_seconds: additions.idle_seconds.filter(|_| both_persist && asked.keep_alive),
            without_coding: noted.chunked() && !http11,
        };
        encode::check_status_line(head)?;
        self.step_ours(Trigger::FinalHead)?;
        self.conversation.note_persistence(Side::Responder, persists);
        self.outgoing = outgoing;
        encode::response(head, added, out);
        Ok(())
    }

    /// RFC 9112 §6.3 items 1 and 2, RFC 9110 §8.6, §15.3.5, §15.4.5. A coding that our fields name is not sent to HTTP/1.0:
    /// whoever wrote them need not know whom they answer.
    fn response_framing(&self, status: u16, noted: &Noted, length: Option<u64>) -> Result<Outgoing, Misuse> {
        let http11 = self.version == Version::Http11;
        match (noted.length.or(length), noted.chunked()) {
            (Some(_), true) => Err(Misuse::Framing),
            (Some(_), _) | (_, true) if status == 204 => Err(Misuse::Framing),
            _ if self.answers_head() || matches!(status, 204 | 304) => Ok(Outgoing::Forbidden),
            (Some(length), false) => Ok(Outgoing::Length(length)),
            (None, _) if http11 => Ok(Outgoing::Chunked),
            (None, _) => Ok(Outgoing::UntilClose),
        }
    }

    /// 101 to a protocol that was asked for, or 2xx to CONNECT: the last head on this connection. The request must have
    /// ended (RFC 9110 §7.8).
    fn send_switch(&mut self, head: &ResponseHead<'_>, upgrade: bool, out: &mut Vec<u8>) -> Result<(), Misuse> {
        if head.status == 101 {
            let asked = self.conversation.upgrade().ok_or(Misuse::OutOfTurn)?;
            if !framing::switches_to_asked(&head.fields, asked) {
                return Err(Misuse::Protocol);
            }
        }
        encode::check_status_line(head)?;
        self.conversation.may(Side::Requester, Trigger::Switch)?;
        self.step_ours(Trigger::Switch)?;
        self.conversation.step(Side::Requester, Trigger::Switch)?;
        encode::response(head, Added { upgrade, ..Added::default() }, out);
        Ok(())
    }

    // ANCHOR: send_data
    /// Sends a piece of the body. As [`send`](Self::send) of [`Event::Data`](super::Event::Data).
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    #[inline]
    pub fn send_data(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), Misuse> {
        if self.our_state() != State::Body {
            return Err(Misuse::OutOfTurn);
        }
        match &mut self.outgoing {
            // An empty chunk would say that the body ends here.
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

    /// Ends our message. As [`send`](Self::send) of [`Event::End`](super::Event::End).
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    #[inline]
    pub fn send_end(&mut self, trailers: &FieldLines<'_>, out: &mut Vec<u8>) -> Result<(), Misuse> {
        let persists = match self.side {
            Side::Responder => self.persists(),
            Side::Requester => self.conversation.side_persists(Side::Requester),
        };
        match self.outgoing {
            _ if self.our_state() != State::Body => return Err(Misuse::OutOfTurn),
            Outgoing::Length(1..) => return Err(Misuse::TooFewBytes),
            Outgoing::Chunked => encode::check_trailers(trailers)?,
            _ if !trailers.is_empty() => return Err(Misuse::Framing),
            _ => {}
        }
        self.step_ours(if persists { Trigger::End } else { Trigger::LastEnd })?;
        if matches!(self.outgoing, Outgoing::Chunked) {
            encode::last_chunk(trailers, out);
        }
        Ok(())
    }
}
