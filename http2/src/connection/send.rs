//! The sending half: what may be said now is written, and what may not is refused before a byte of it is.

use super::owed::Answer;
use super::{Connection, Role};
use crate::event::Event;
use crate::message::{Misuse, Outgoing};
use crate::stream::Priority;
use crate::stream::state::{Input, Leave, Leaving, Piece, Verdict};
use crate::stream::table::Stream;
use crate::wire::{Code, Flags, Frame, Header, Kind, PREFACE, StreamId, Violation};
use wirebook_hpack::Indexing;
use wirebook_http1::parser::{FieldLines, RequestHead, ResponseHead};

impl Connection {
    /// Appends to `out` what the protocol owes: acknowledgements, resets, credit.
    pub fn answers(&mut self, out: &mut Vec<u8>) {
        let mut owed = std::mem::take(&mut self.owed);
        for answer in owed.drain(..) {
            match answer {
                Answer::Opening => self.opening(out),
                Answer::TooLarge { stream, open } => self.too_large_answer(stream, open, out),
                Answer::Window(id) => {
                    let stream = self.streams.get_mut(id).filter(|stream| stream.lifecycle.state().hears());
                    if let Some(increment) = stream.and_then(|stream| stream.receiver.due()) {
                        Frame::WindowUpdate { stream: id, increment }.write(out);
                    }
                }
                answer => {
                    if let Some(frame) = answer.frame() {
                        frame.write(out);
                    }
                }
            }
        }
        // It keeps its room.
        self.owed = owed;
        if self.departure.leaving() != Leaving::Closed
            && let Some(increment) = self.receiver.due()
        {
            Frame::WindowUpdate { stream: StreamId::CONNECTION, increment }.write(out);
        }
    }

    /// Our first bytes (§3.4).
    fn opening(&mut self, out: &mut Vec<u8>) {
        if self.role == Role::Client {
            out.extend_from_slice(PREFACE);
        }
        let settings = self.config.settings(self.role == Role::Server);
        let entries = settings.changed().flat_map(|(name, value)| {
            let ([a, b], [c, d, e, f]) = (name.to_be_bytes(), value.to_be_bytes());
            [a, b, c, d, e, f]
        });
        Frame::Settings { payload: &entries.collect::<Vec<u8>>() }.write(out);
    }

    /// 431 for a request whose fields nobody has kept.
    fn too_large_answer(&mut self, stream: StreamId, open: bool, out: &mut Vec<u8>) {
        let start = begin_frame(out);
        let mut block = self.encoder.block(out);
        block.field(b":status", b"431", Indexing::Without);
        block.field(b"content-length", b"0", Indexing::Without);
        self.end_block(stream, true, start, out);
        if open {
            Frame::RstStream { stream, code: Code::NO_ERROR }.write(out);
        }
    }

    /// Appends an event of ours to `out`, behind what is owed.
    ///
    /// # Errors
    ///
    /// What may not be said is not written, and changes nothing. Content is [`send_data`](Self::send_data)'s.
    pub fn send(&mut self, event: Event<'_>, out: &mut Vec<u8>) -> Result<(), Misuse> {
        self.answers(out);
        if self.departure.leaving() == Leaving::Closed {
            return Err(Misuse::Closed);
        }
        match event {
            Event::Request { stream, head, scheme, protocol, end } => {
                self.send_request(stream, head, scheme, protocol, end, out)
            }
            Event::Response { stream, head, end } => self.send_response(stream, head, end, out),
            Event::Trailers { stream, fields } => self.send_trailers(stream, fields, out),
            Event::Reset { stream, code } => {
                self.may(stream, Input::SendReset)?;
                self.forget(stream);
                Frame::RstStream { stream, code }.write(out);
                // A request that is turned away was work for nothing, whoever does it.
                if code == Code::REFUSED_STREAM && self.role == Role::Server && !self.resets.spend() {
                    self.fail(Violation::TooManyResets);
                    self.answers(out);
                }
                Ok(())
            }
            Event::Goaway { code, debug, .. } => {
                self.departure.step(Leave::Settle).map_err(|_| Misuse::OutOfTurn)?;
                (self.answered, self.settle_due) = (self.memory.last_theirs, None);
                Frame::Goaway { last: self.answered, code, debug }.write(out);
                Ok(())
            }
            Event::Ping(data) => {
                self.pinged = Some((data, self.now.checked_add(self.config.ping_timeout)));
                Frame::Ping { ack: false, data }.write(out);
                Ok(())
            }
            Event::Priority { stream, priority } if self.role == Role::Client => {
                self.may(stream, Input::ReceivePriority)?;
                let Priority { urgency, incremental } = priority;
                let value = [b'u', b'=', b'0' + urgency.min(7), b',', b' ', b'i'];
                let value = if incremental { &value[..] } else { &value[..3] };
                Frame::PriorityUpdate { stream, value }.write(out);
                Ok(())
            }
            _ => Err(Misuse::OutOfTurn),
        }
    }

    /// The number of the next stream that a client may open; `None` while the server takes no more, and for ever once either
    /// end has said GOAWAY.
    pub fn next_stream(&self) -> Option<StreamId> {
        let most = if self.introduced { self.peer.max_concurrent_streams } else { self.config.assumed_streams };
        let open = self.streams.iter().filter(|stream| !stream.lifecycle.state().is_closed()).count();
        let leaves = self.accepted.is_some() || self.departure.leaving() != Leaving::No;
        if self.role != Role::Client || leaves || open >= most as usize {
            return None;
        }
        let next = match self.memory.last_ours.number() {
            0 => 1,
            last => last + 2,
        };
        (next <= StreamId::MAX.number()).then_some(StreamId::new(next))
    }

    fn send_request(
        &mut self,
        id: StreamId,
        head: RequestHead<'_>,
        scheme: &[u8],
        protocol: Option<&[u8]>,
        end: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), Misuse> {
        if self.next_stream() != Some(id) {
            return Err(Misuse::NoStream);
        }
        if protocol.is_some() && !self.peer.enable_connect_protocol {
            return Err(Misuse::Protocol);
        }
        let (block, noted) = Outgoing::request(head, scheme, protocol)?;
        let promised = if noted.connect { None } else { noted.length };
        if end && promised.is_some_and(|length| length > 0) {
            return Err(Misuse::TooFewBytes);
        }
        let mut stream = self.begin(id);
        stream.lifecycle.step(Input::SendHeaders.ending(end));
        stream.outgoing.step(Piece::Final).map_err(|_| Misuse::OutOfTurn)?;
        if end {
            stream.outgoing.step(Piece::End).map_err(|_| Misuse::OutOfTurn)?;
        }
        (stream.promised, stream.bodyless, stream.connect) = (promised, noted.head, noted.connect);
        stream.priority = head.fields.get("priority").map(Priority::parse).unwrap_or_default();
        self.memory.last_ours = id;
        self.streams.insert(stream);
        self.write_block(id, end, block, out);
        // §5.1.1: numbers are not used twice, so who has none left makes another connection.
        if id == StreamId::MAX {
            self.shutdown();
        }
        Ok(())
    }

    fn send_response(
        &mut self,
        id: StreamId,
        head: ResponseHead<'_>,
        end: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), Misuse> {
        if self.role == Role::Client {
            return Err(Misuse::OutOfTurn);
        }
        let (block, noted) = Outgoing::response(head)?;
        let input = Input::SendHeaders.ending(end);
        let stream = self.may(id, input)?;
        let interim = head.status < 200;
        let piece = if interim { Piece::Interim } else { Piece::Final };
        stream.outgoing.allows(piece).map_err(|_| Misuse::OutOfTurn)?;
        if interim && end {
            return Err(Misuse::OutOfTurn);
        }
        if !interim {
            let tunnel = stream.connect && head.status < 300;
            let bodyless = stream.bodyless || matches!(head.status, 204 | 304);
            if end && !bodyless && !tunnel && noted.length.is_some_and(|length| length > 0) {
                return Err(Misuse::TooFewBytes);
            }
            stream.bodyless = bodyless;
            if tunnel {
                (stream.tunnel, stream.body_due) = (true, None);
            }
            stream.promised = noted.length.filter(|_| !bodyless && !tunnel);
            if let Some(value) = head.fields.get("priority") {
                stream.priority = stream.priority.overridden(value);
            }
        }
        step(stream, input, piece, end);
        self.write_block(id, end, block, out);
        if end {
            self.said_all(id, out);
        }
        Ok(())
    }

    fn send_trailers(&mut self, id: StreamId, fields: FieldLines<'_>, out: &mut Vec<u8>) -> Result<(), Misuse> {
        let stream = self.may(id, Input::SendHeadersEnd)?;
        stream.outgoing.allows(Piece::Trailers).map_err(|_| Misuse::OutOfTurn)?;
        if stream.promised.is_some_and(|left| left > 0) {
            return Err(Misuse::TooFewBytes);
        }
        step(stream, Input::SendHeadersEnd, Piece::Trailers, false);
        self.write_block(id, true, Outgoing::Trailers(fields), out);
        self.said_all(id, out);
        Ok(())
    }

    /// Appends as much of `data` as the windows and [`max_out`](crate::Config::max_out) have room for, and END_STREAM if `end`
    /// is set and that was all. Says how many bytes it took; the rest stays the caller's.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send): nothing is written.
    // ANCHOR: send_data
    pub fn send_data(&mut self, id: StreamId, data: &[u8], end: bool, out: &mut Vec<u8>) -> Result<usize, Misuse> {
        self.answers(out);
        let (now, config) = (self.now, self.config.clone());
        let (room, largest) = (self.sender.room(), self.peer.max_frame_size as usize);
        let stream = self.may(id, Input::SendData.ending(end))?;
        stream.outgoing.allows(Piece::Data).map_err(|_| Misuse::OutOfTurn)?;
        let length = data.len() as u64;
        match stream.promised {
            _ if stream.bodyless && length > 0 => return Err(Misuse::NoBodyAllowed),
            Some(left) if length > left => return Err(Misuse::TooManyBytes),
            Some(left) if end && length < left => return Err(Misuse::TooFewBytes),
            _ => {}
        }
        let windows = stream.sender.room().min(room).max(0) as usize;
        let taken = data.len().min(windows).min(content_in(config.max_out.saturating_sub(out.len()), largest));
        let last = end && taken == data.len();
        // Who waits for room waits for the peer, unless the transport is slower still.
        stream.room_due = if taken == windows && taken < data.len() {
            stream.room_due.filter(|_| taken == 0).or(now.checked_add(config.write_timeout))
        } else {
            None
        };
        if taken == 0 && !last {
            return Ok(0);
        }
        stream.promised = stream.promised.map(|left| left - taken as u64);
        step(stream, Input::SendData.ending(last), Piece::Data, last);
        stream.sender.take(taken as u32);
        self.sender.take(taken as u32);
        let mut rest = &data[..taken];
        loop {
            let (data, behind) = rest.split_at(rest.len().min(largest));
            rest = behind;
            Frame::Data { stream: id, end_stream: last && rest.is_empty(), padding: 0, data }.write(out);
            if rest.is_empty() {
                break;
            }
        }
        // Twice: the peer may say on the stream and on the connection that it has read this.
        self.moved((taken as u32).saturating_mul(2));
        if taken == data.len() {
            self.idle_frames.refund(2);
        }
        if last {
            self.said_all(id, out);
        }
        Ok(taken)
    }
    // ANCHOR_END: send_data

    /// Somebody has read so many bytes of a stream's content: the peer may send as many more. Credit that is due is appended to
    /// `out`.
    pub fn consumed(&mut self, id: StreamId, bytes: u32, out: &mut Vec<u8>) {
        let due = self.body_due(None, 0);
        if let Some(stream) = self.streams.get_mut(id) {
            // As long as its window was shut, the peer could not go on.
            if stream.receiver.open() == 0 {
                stream.body_due = stream.body_due.and(due);
            }
            let bytes = stream.receiver.consume(bytes.into());
            self.receiver.consume(bytes);
            let wants_more = stream.lifecycle.state().hears() && !stream.is_unwanted();
            let increment = if wants_more { stream.receiver.due() } else { None };
            self.answers(out);
            if let Some(increment) = increment {
                Frame::WindowUpdate { stream: id, increment }.write(out);
            }
            self.finish(id);
        }
    }

    /// Nobody will read the rest of what the peer says on this stream: what is here, and what may come. Where we have said all
    /// ourselves, and else once we have, the peer is told to stop (RFC 9113 §8.1): a server at once, a client if it does not end soon
    /// ([`Config::stop_timeout`](crate::Config::stop_timeout)).
    pub fn release(&mut self, id: StreamId, out: &mut Vec<u8>) {
        let unread = match self.streams.get_mut(id) {
            Some(stream) => {
                (stream.released, stream.body_due) = (true, None);
                stream.receiver.unread()
            }
            None => return,
        };
        self.consumed(id, u32::try_from(unread).unwrap_or(u32::MAX), out);
        self.stop_released(id, out);
    }

    /// Our message is complete.
    fn said_all(&mut self, id: StreamId, out: &mut Vec<u8>) {
        self.idle_frames.refund(1);
        self.finish(id);
        self.stop_released(id, out);
    }

    /// Nobody reads the rest of what the client says, and all is said to it. Most are nearly done themselves, and a reset would only hide
    /// from them what they do wrong meanwhile; so it is told to stop when it turns out to go on.
    fn stop_released(&mut self, id: StreamId, out: &mut Vec<u8>) {
        let due = self.now.checked_add(self.config.stop_timeout);
        let at_once = self.role == Role::Client || self.config.stop_timeout.is_zero();
        let Some(stream) = self.streams.get_mut(id).filter(|stream| stream.is_unwanted()) else { return };
        stream.body_due = due;
        if (at_once || stream.is_half_used()) && self.stop(id).is_ok() {
            self.answers(out);
        }
    }

    /// The stream, if the table allows this of us.
    fn may(&mut self, id: StreamId, input: Input) -> Result<&mut Stream, Misuse> {
        let state = self.state(id).ok_or(Misuse::Closed)?;
        let allowed = match state.verdict(input) {
            Verdict::Misuse if state.is_closed() => Err(Misuse::Closed),
            Verdict::Misuse => Err(Misuse::OutOfTurn),
            _ => Ok(()),
        };
        allowed?;
        self.streams.get_mut(id).ok_or(Misuse::Closed)
    }

    fn write_block(&mut self, id: StreamId, end: bool, block: Outgoing<'_>, out: &mut Vec<u8>) {
        let start = begin_frame(out);
        block.write(&mut self.encoder, &mut self.scratch, out);
        self.end_block(id, end, start, out);
    }

    /// Fills in the header of a block that begins at `start`, and cuts it into frames that the peer takes.
    fn end_block(&self, stream: StreamId, end: bool, start: usize, out: &mut Vec<u8>) {
        let largest = self.peer.max_frame_size as usize;
        let length = out.len() - start - Header::SIZE;
        let rest = if length > largest { out.split_off(start + Header::SIZE + largest) } else { Vec::new() };
        let flags = Flags::END_STREAM.when(end).and(Flags::END_HEADERS.when(rest.is_empty()));
        let header = Header { length: length.min(largest) as u32, kind: Kind::Headers, flags, stream };
        out[start..start + Header::SIZE].copy_from_slice(&header.bytes());
        let mut fragments = rest.chunks(largest).peekable();
        while let Some(fragment) = fragments.next() {
            Frame::Continuation { stream, end_headers: fragments.peek().is_none(), fragment }.write(out);
        }
    }
}

/// What [`Connection::may`] and the message have allowed.
fn step(stream: &mut Stream, input: Input, piece: Piece, end: bool) {
    let verdict = stream.lifecycle.step(input);
    debug_assert!(matches!(verdict, Verdict::To(_)));
    let moved = stream.outgoing.step(piece);
    let ended = if end { stream.outgoing.step(Piece::End) } else { Ok(()) };
    debug_assert!(moved.is_ok() && ended.is_ok());
}

/// Content that fits into so many bytes beside the headers of its frames; where there is any room at all, a byte does.
fn content_in(room: usize, largest: usize) -> usize {
    let headers = room.div_ceil(largest + Header::SIZE) * Header::SIZE;
    room.saturating_sub(headers).max(room.min(1))
}

/// Room for a header that is filled in later.
fn begin_frame(out: &mut Vec<u8>) -> usize {
    let start = out.len();
    out.extend_from_slice(&[0; Header::SIZE]);
    start
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;
    use std::sync::Arc;
    use std::time::Instant;

    /// Two billion requests by hand would take too long.
    #[test]
    fn rfc9113_5_1_1_who_has_no_number_left_leaves() {
        let (mut out, mut fields) = (Vec::new(), wirebook_http1::FieldBlock::default());
        fields.push("host", "a").expect("a field");
        let mut client = Connection::client(Arc::new(Config::default()), Instant::now());
        client.memory.last_ours = StreamId::new(StreamId::MAX.number() - 4);
        for (left, leaving) in [(2, Leaving::No), (0, Leaving::Final)] {
            let stream = client.next_stream().expect("a number");
            assert_eq!(stream.number(), StreamId::MAX.number() - left);
            let head = RequestHead::new(b"GET", b"/", fields.lines());
            client
                .send(Event::Request { stream, head, scheme: b"http", protocol: None, end: true }, &mut out)
                .expect("room");
            assert_eq!(client.leaving(), leaving);
        }
        assert_eq!(client.next_stream(), None);
        assert!(!client.is_over(), "the last of them is answered");
    }
}
