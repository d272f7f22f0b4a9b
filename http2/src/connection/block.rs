//! Field blocks: RFC 9113 §4.3 and §6.2.
//!
//! A block is used only when it is whole. Nothing may come between its frames, so they lie side by side in the input: one frame,
//! as nearly always, is decoded where it lies; the fragments of several are joined. So there is no half of a block to remember,
//! and how many frames a block has does not depend on where the input was cut.

use super::found::{Found, Step};
use super::owed::Answer;
use super::{Connection, Rare, Role};
use crate::message::Fields;
use crate::stream::Priority;
use crate::stream::state::{Input, Part, Piece, Verdict};
use crate::wire::{Dependency, Flags, Frame, Header, Kind, StreamId, Violation};

/// Bytes that a block may have HPACK's table copy for as much as a reset costs. A block of 128 fields has no names of that length.
const COPIED: usize = 64 * 1024;

impl Connection {
    /// HEADERS, and the CONTINUATIONs behind it.
    pub(super) fn headers(&mut self, header: Header, input: &[u8], room: &mut Fields) -> Step {
        let payload = input.get(Header::SIZE..Header::SIZE + header.length as usize);
        // What is wrong with the first frame is wrong whether or not the others have come.
        let frame = match payload {
            Some(payload) if payload.len() <= self.config.max_block => Some(Frame::read(header, payload)?),
            _ => None,
        };
        let whole = self.whole(header, input)?;
        let (Some(whole), Some(payload), Some(frame)) = (whole, payload, frame) else { return Ok(None) };
        let Frame::Headers { end_stream, end_headers, dependency, fragment, .. } = frame else { return Ok(None) };
        // Every block goes through the decoder, whatever becomes of its stream: the tables of both ends stay the same (§4.3).
        let Fields { block, joined, .. } = &mut *room;
        let decoded = if end_headers {
            self.decoder.decode(fragment, block)
        } else {
            joined.clear();
            joined.extend_from_slice(fragment);
            join(&input[Header::SIZE + payload.len()..whole], joined);
            self.decoder.decode(joined, block)
        };
        decoded.map_err(|error| Violation::Compression(error.violation))?;
        // What it cost is counted, whatever becomes of it: such a block is as much work as that many resets.
        if !(0..room.block.copied() / COPIED).all(|_| self.resets.spend()) {
            return Err(Violation::TooManyResets);
        }
        let found = self.block(header.stream, end_stream, dependency, room)?;
        Ok(Some((whole, found)))
    }

    /// Where the block ends in the input, if it is all there. Each bound is looked at as soon as the nine bytes are there that
    /// pass it.
    // ANCHOR: whole
    fn whole(&self, first: Header, input: &[u8]) -> Result<Option<usize>, Violation> {
        let (mut header, mut end, mut size, mut continuations) = (first, 0, 0, 0);
        loop {
            end += Header::SIZE + header.length as usize;
            size += header.length as usize;
            if size > self.config.max_block {
                return Err(Violation::BlockTooLarge);
            }
            if header.flags.has(Flags::END_HEADERS) {
                return Ok((input.len() >= end).then_some(end));
            }
            let Some(bytes) = input.get(end..).and_then(|rest| rest.first_chunk()) else { return Ok(None) };
            header = Header::read(bytes);
            if header.kind != Kind::Continuation || header.stream != first.stream {
                return Err(Violation::BlockInterrupted);
            }
            header.check(self.config.frame_size())?;
            if continuations == self.config.max_continuations {
                return Err(Violation::TooManyContinuations);
            }
            continuations += 1;
        }
    }
    // ANCHOR_END: whole

    /// A decoded block: the table says what may become of it.
    fn block(
        &mut self,
        id: StreamId,
        end: bool,
        dependency: Option<Dependency>,
        room: &mut Fields,
    ) -> Result<Option<Found>, Violation> {
        let input = Input::ReceiveHeaders.ending(end);
        match self.state(id).ok_or(Violation::StreamOrder)?.verdict(input) {
            Verdict::To(_) => {}
            Verdict::Connection(violation) => return Err(violation),
            Verdict::Stream(violation) => return self.stream_error(id, violation).map(Some),
            Verdict::Drop | Verdict::Ignore | Verdict::Misuse => return self.idle_frame().map(|()| None),
        }
        let known = self.streams.get(id).map(|stream| stream.incoming.part());
        let released = self.streams.get(id).is_some_and(|stream| stream.released);
        if known.is_none() {
            self.memory.opened(id);
        }
        // A stream that was about to open cannot go back.
        let result = match (dependency, known) {
            (Some(dependency), _) if dependency.on == id => Err(Violation::SelfDependency),
            (_, None) => self.request(id, end, room),
            (_, Some(Part::Head)) => self.response(id, end, room),
            (_, Some(_)) => self.trailers(id, end, room),
        };
        match result {
            Ok(found) => {
                self.finish(id);
                Ok((!released).then_some(found))
            }
            Err(Violation::FieldsTooLarge) if known.is_none() => self.too_large(id, end).map(Some),
            Err(violation) => self.stream_error(id, violation).map(Some),
        }
    }

    /// A request opens its stream; what it gives is an error of the stream.
    fn request(&mut self, id: StreamId, end: bool, room: &mut Fields) -> Result<Found, Violation> {
        if self.streams.len() >= self.config.max_concurrent_streams as usize {
            return Err(Violation::StreamRefused);
        }
        if room.block.over() {
            return Err(Violation::FieldsTooLarge);
        }
        let noted = room.read_request(self.config.extended_connect)?;
        // §8.5: CONNECT has no content, and what follows it is the tunnel's.
        let expected = if noted.connect { None } else { noted.length };
        if end && expected.is_some_and(|length| length > 0) {
            return Err(Violation::LengthMismatch);
        }
        let mut stream = self.begin(id);
        stream.lifecycle.step(Input::ReceiveHeaders.ending(end));
        message(&mut stream.incoming, Piece::Final, end)?;
        (stream.expected, stream.bodyless, stream.connect) = (expected, noted.head, noted.connect);
        stream.body_due = self.body_due(None, 0).filter(|_| !end);
        let told = room.lines().get("priority").map(Priority::parse);
        let held = self.rare.as_deref_mut().and_then(|Rare { held, .. }| {
            let at = held.iter().position(|(held, _)| *held == id)?;
            Some(held.swap_remove(at).1)
        });
        // PRIORITY_UPDATE is the newer word (RFC 9218 §7).
        stream.priority = held.or(told).unwrap_or_default();
        self.streams.insert(stream);
        self.requests = self.requests.saturating_add(1);
        if self.requests >= self.config.max_requests && self.config.max_requests != u32::MAX {
            self.shutdown();
        }
        Ok(Found::Request { stream: id, end })
    }

    /// A response, interim or final.
    fn response(&mut self, id: StreamId, end: bool, room: &mut Fields) -> Result<Found, Violation> {
        if room.block.over() {
            return Err(Violation::FieldsTooLarge);
        }
        let noted = room.read_response()?;
        let due = self.body_due(None, 0);
        let Some(stream) = self.streams.get_mut(id) else { return Err(Violation::StreamClosed) };
        let status = room.status();
        if status < 200 {
            if end {
                return Err(Violation::InterimEnd);
            }
            if stream.interim == self.config.max_interim {
                return Err(Violation::TooManyInterim);
            }
            stream.interim += 1;
            stream.lifecycle.step(Input::ReceiveHeaders);
            message(&mut stream.incoming, Piece::Interim, false)?;
            return Ok(Found::Response { stream: id, end: false });
        }
        // ANCHOR: expected
        stream.bodyless |= matches!(status, 204 | 304);
        stream.expected = match noted.length {
            // RFC 9110 §9.3.6: a tunnel has no length.
            _ if stream.connect && status < 300 => None,
            // §8.1.1: what it says is the length of another answer.
            _ if stream.bodyless => Some(0),
            Some(length) if end && length > 0 => return Err(Violation::LengthMismatch),
            length => length,
        };
        // ANCHOR_END: expected
        stream.tunnel = stream.connect && status < 300;
        stream.body_due = due.filter(|_| !end && !stream.tunnel);
        stream.lifecycle.step(Input::ReceiveHeaders.ending(end));
        message(&mut stream.incoming, Piece::Final, end)?;
        Ok(Found::Response { stream: id, end })
    }

    /// Fields behind the content (§8.1).
    fn trailers(&mut self, id: StreamId, end: bool, room: &mut Fields) -> Result<Found, Violation> {
        if !end {
            return Err(Violation::TrailersOpen);
        }
        if room.block.over() {
            return Err(Violation::FieldsTooLarge);
        }
        room.read_trailers()?;
        let Some(stream) = self.streams.get_mut(id) else { return Err(Violation::StreamClosed) };
        if stream.expected.is_some_and(|left| left > 0) {
            return Err(Violation::LengthMismatch);
        }
        stream.lifecycle.step(Input::ReceiveHeadersEnd);
        stream.incoming.step(Piece::Trailers).map_err(|_| Violation::TrailersOpen)?;
        stream.body_due = None;
        Ok(Found::Trailers(id))
    }

    /// A request with more fields than we take: 431, and no handler hears of it.
    fn too_large(&mut self, id: StreamId, end: bool) -> Result<Found, Violation> {
        if self.role == Role::Client {
            return self.stream_error(id, Violation::FieldsTooLarge);
        }
        let open = !end;
        let error = self.end_stream(id, Violation::FieldsTooLarge)?;
        // The answer takes the place of the reset.
        self.owed.pop();
        self.owe(Answer::TooLarge { stream: id, open })?;
        Ok(Found::StreamError(error))
    }
}

/// The next piece of a message, and its end.
fn message(message: &mut crate::stream::state::Message, piece: Piece, end: bool) -> Result<(), Violation> {
    message.step(piece).map_err(|_| Violation::TrailersOpen)?;
    if end {
        message.step(Piece::End).map_err(|_| Violation::InterimEnd)?;
    }
    Ok(())
}

/// The fragments of CONTINUATION frames that lie side by side.
fn join(mut frames: &[u8], out: &mut Vec<u8>) {
    while let Some((bytes, rest)) = frames.split_first_chunk() {
        let (fragment, behind) = rest.split_at((Header::read(bytes).length as usize).min(rest.len()));
        out.extend_from_slice(fragment);
        frames = behind;
    }
}
