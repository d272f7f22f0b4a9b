//! The receiving half: one frame at a time, and DATA as it comes.

use super::found::{Found, Payload, Step};
use super::owed::Answer;
use super::{Connection, HELD_PRIORITIES, Role, SHUTDOWN_PING};
use crate::message::Fields;
use crate::stream::Priority;
use crate::stream::state::{Input, Part, Piece, State, Verdict};
use crate::wire::{Code, Flags, Frame, Header, Kind, PREFACE, StreamId, Violation, settings};

impl Connection {
    /// The next thing in `input`.
    // ANCHOR: step
    pub(super) fn step(&mut self, input: &[u8], room: &mut Fields) -> Step {
        if let Some(error) = self.rare.as_mut().and_then(|rare| rare.late.pop_front()) {
            return Ok(Some((0, Some(Found::StreamError(error)))));
        }
        if self.preface > 0 {
            return self.preface(input);
        }
        match self.payload {
            Payload::Data { stream, left, padding, end } => return self.content(input, stream, left, padding, end),
            Payload::Skip(left) => return self.skip(input, left),
            Payload::None => {}
        }
        let Some(bytes) = input.first_chunk() else { return Ok(None) };
        let header = Header::read(bytes);
        if !self.introduced && (header.kind != Kind::Settings || header.flags.has(Flags::ACK)) {
            return Err(Violation::FirstFrame);
        }
        match header.check(self.config.frame_size()) {
            // §6.3: the one length that is an error of the stream alone.
            Err(Violation::FrameLength) if header.kind == Kind::Priority => return self.bad_priority(header),
            result => result?,
        }
        match header.kind {
            Kind::Data => self.data(header, input),
            Kind::Headers => self.headers(header, input, room),
            Kind::Continuation => Err(Violation::BlockMissing),
            Kind::PushPromise => Err(Violation::Push),
            Kind::Settings if header.length / 6 > self.config.max_settings => Err(Violation::TooManySettings),
            Kind::Unknown(_) => {
                self.idle_frame()?;
                self.payload = Payload::Skip(header.length);
                Ok(Some((Header::SIZE, None)))
            }
            _ => {
                let end = Header::SIZE + header.length as usize;
                let Some(payload) = input.get(Header::SIZE..end) else { return Ok(None) };
                let found = self.control(Frame::read(header, payload)?, end)?;
                Ok(Some((end, found)))
            }
        }
    }
    // ANCHOR_END: step

    /// §3.4. The first byte that differs ends it, so that HTTP/1 is not waited on.
    fn preface(&mut self, input: &[u8]) -> Step {
        let expected = &PREFACE[PREFACE.len() - usize::from(self.preface)..];
        let length = input.len().min(expected.len());
        if input[..length] != expected[..length] {
            return Err(Violation::Preface);
        }
        self.preface -= length as u8;
        Ok((length > 0).then_some((length, None)))
    }

    /// A piece of DATA.
    fn content(&mut self, input: &[u8], stream: StreamId, left: u32, padding: u32, end: bool) -> Step {
        let length = input.len().min(left as usize);
        if length == 0 {
            return Ok(None);
        }
        let left = left - length as u32;
        self.payload = match left {
            0 => Payload::Skip(padding),
            _ => Payload::Data { stream, left, padding, end },
        };
        let bytes = 0..length;
        let reads = self.streams.get(stream).map(|stream| stream.released);
        let found = match reads {
            Some(false) => Some(Found::Data { stream, bytes, end: end && left == 0 }),
            Some(true) => {
                self.swallow(stream, length as u64)?;
                None
            }
            // It was reset in the middle of the frame.
            None => None,
        };
        Ok(Some((length, found)))
    }

    fn skip(&mut self, input: &[u8], left: u32) -> Step {
        let length = input.len().min(left as usize);
        self.payload = match left - length as u32 {
            0 => Payload::None,
            left => Payload::Skip(left),
        };
        Ok((length > 0 || left == 0).then_some((length, None)))
    }

    /// Bytes of a stream that nobody will read: law 1.
    fn swallow(&mut self, id: StreamId, bytes: u64) -> Result<(), Violation> {
        if let Some(stream) = self.streams.get_mut(id) {
            let bytes = stream.receiver.consume(bytes);
            self.receiver.consume(bytes);
            match (stream.is_unwanted(), stream.is_half_used()) {
                (true, true) => return self.stop(id),
                (true, false) => {}
                (false, _) => self.owe_window(id)?,
            }
            self.finish(id);
        }
        Ok(())
    }

    /// Tells a client that nobody reads what it still says: its answer counts (§8.1).
    pub(super) fn stop(&mut self, id: StreamId) -> Result<(), Violation> {
        self.forget(id);
        let code = if self.role == Role::Server { Code::NO_ERROR } else { Code::CANCEL };
        self.owe(Answer::Reset(id, code))
    }

    fn owe_window(&mut self, id: StreamId) -> Result<(), Violation> {
        let owes = self.owed.contains(&Answer::Window(id));
        if owes { Ok(()) } else { self.owe(Answer::Window(id)) }
    }

    /// DATA (§6.1): its header, and how much of it is padding.
    // ANCHOR: data
    fn data(&mut self, header: Header, input: &[u8]) -> Step {
        let (id, length) = (header.stream, header.length);
        let (used, padding) = match (header.flags.has(Flags::PADDED), length, input.get(Header::SIZE)) {
            (false, ..) => (Header::SIZE, 0),
            (true, 0, _) => return Err(Violation::FrameLength),
            (true, _, None) => return Ok(None),
            (true, _, Some(pad)) if u32::from(*pad) >= length => return Err(Violation::Padding),
            (true, _, Some(pad)) => (Header::SIZE + 1, u32::from(*pad)),
        };
        let overhead = padding + (used - Header::SIZE) as u32;
        let (content, end) = (length - overhead, header.flags.has(Flags::END_STREAM));
        let verdict = self.state(id).ok_or(Violation::StreamOrder)?.verdict(Input::ReceiveData.ending(end));
        if let Verdict::Connection(violation) = verdict {
            return Err(violation);
        }
        self.receiver.receive(length, 0)?;
        let outcome = match verdict {
            Verdict::To(_) => self.admit(id, length, content, end),
            Verdict::Stream(violation) => Err(Some(violation)),
            _ => Err(None),
        };
        let found = match outcome {
            Ok(()) => {
                let released = self.streams.get(id).is_some_and(|stream| stream.released);
                self.swallow(id, overhead.into())?;
                self.moved(content);
                if content == 0 && !end {
                    self.idle_frame()?;
                }
                self.payload = match content {
                    0 => Payload::Skip(padding),
                    left => Payload::Data { stream: id, left, padding, end },
                };
                (content == 0 && end && !released).then_some(Found::Data { stream: id, bytes: used..used, end })
            }
            Err(violation) => {
                // Nobody will read it, and the window is the connection's: law 1.
                self.receiver.consume(length.into());
                self.payload = Payload::Skip(length - (used - Header::SIZE) as u32);
                match violation {
                    Some(violation) => Some(self.stream_error(id, violation)?),
                    None => {
                        self.idle_frame()?;
                        None
                    }
                }
            }
        };
        Ok(Some((used, found)))
    }
    // ANCHOR_END: data

    /// DATA on a stream that takes it; what is wrong with it is an error of the stream.
    fn admit(&mut self, id: StreamId, length: u32, content: u32, end: bool) -> Result<(), Option<Violation>> {
        let assumed = if self.acknowledged { 0 } else { settings::FIRST_WINDOW };
        let due = self.streams.get(id).and_then(|stream| match stream.is_unwanted() {
            _ if stream.tunnel => None,
            true => stream.body_due,
            false => self.body_due(stream.body_due, length),
        });
        let stream = self.streams.get_mut(id).ok_or(None)?;
        stream.incoming.step(Piece::Data).map_err(|_| Violation::DataEarly)?;
        stream.receiver.receive(length, assumed)?;
        if let Some(expected) = &mut stream.expected {
            *expected = expected.checked_sub(content.into()).ok_or(Violation::LengthMismatch)?;
            if end && *expected > 0 {
                return Err(Some(Violation::LengthMismatch));
            }
        }
        stream.lifecycle.step(Input::ReceiveData.ending(end));
        stream.body_due = due.filter(|_| !end);
        if end {
            // DATA has a row in the same place.
            stream.incoming.step(Piece::End).map_err(|_| Violation::DataEarly)?;
        }
        Ok(())
    }

    /// A PRIORITY of the wrong length. A stream that is not open, or no longer, cannot be reset: then it ends the connection.
    fn bad_priority(&mut self, header: Header) -> Step {
        if self.streams.get(header.stream).is_none() {
            return Err(Violation::FrameLength);
        }
        self.payload = Payload::Skip(header.length);
        let found = self.stream_error(header.stream, Violation::FrameLength)?;
        self.idle_frame()?;
        Ok(Some((Header::SIZE, Some(found))))
    }

    /// A whole frame that is neither DATA nor a part of a field block; `end` is where it ends in the input.
    fn control(&mut self, frame: Frame<'_>, end: usize) -> Result<Option<Found>, Violation> {
        match frame {
            Frame::Priority { stream, dependency } => {
                self.idle_frame()?;
                if dependency.on != stream {
                    return Ok(None);
                }
                match self.state(stream) {
                    Some(State::Idle | State::Unopened) => Err(Violation::SelfDependency),
                    Some(state) if !state.is_closed() => self.stream_error(stream, Violation::SelfDependency).map(Some),
                    _ => Ok(None),
                }
            }
            Frame::RstStream { stream, code } => self.reset(stream, code),
            Frame::Settings { payload } => self.settings(payload).map(Some),
            Frame::SettingsAck => {
                if self.acknowledged {
                    self.idle_frame()?;
                    return Ok(None);
                }
                (self.acknowledged, self.settings_due) = (true, None);
                self.decoder.allow(self.config.decoder_table);
                Ok(Some(Found::SettingsAck))
            }
            Frame::Ping { ack: false, data } => {
                self.idle_frame()?;
                self.owe(Answer::Pong(data))?;
                Ok(Some(Found::Ping(data)))
            }
            Frame::Ping { ack: true, data } => {
                if data == SHUTDOWN_PING && self.settle_due.is_some() {
                    self.settle();
                } else if self.pinged.is_some_and(|(expected, _)| expected == data) {
                    self.pinged = None;
                    return Ok(Some(Found::Pong(data)));
                } else {
                    self.idle_frame()?;
                }
                Ok(None)
            }
            Frame::Goaway { last, code, debug } => {
                self.idle_frame()?;
                self.goaway(last);
                Ok(Some(Found::Goaway { last, code, debug: end - debug.len()..end }))
            }
            Frame::WindowUpdate { stream, increment } => self.window(stream, increment),
            Frame::PriorityUpdate { stream, value } => self.prioritize(stream, Priority::parse(value)),
            // The others have been taken care of before.
            _ => Ok(None),
        }
    }

    /// RST_STREAM (§6.4).
    fn reset(&mut self, id: StreamId, code: Code) -> Result<Option<Found>, Violation> {
        match self.state(id).ok_or(Violation::StreamOrder)?.verdict(Input::ReceiveReset) {
            Verdict::Connection(violation) => return Err(violation),
            Verdict::To(_) => {}
            _ => return self.idle_frame().map(|()| None),
        }
        let Some(stream) = self.streams.get_mut(id) else { return Ok(None) };
        stream.lifecycle.step(Input::ReceiveReset);
        let (whole, answered) = (stream.incoming.part() == Part::Done, Self::is_answered(stream));
        // A request that is taken back before it is answered was work for nothing (CVE-2023-44487).
        if self.role == Role::Server && !answered && !self.resets.spend() {
            return Err(Violation::TooManyResets);
        }
        // Who has said all may well reset the rest of what we say (§8.1): its message stays to be read.
        if whole {
            self.finish(id);
        } else {
            self.remove(id);
        }
        Ok(Some(Found::Reset(id, code)))
    }

    /// SETTINGS (§6.5). They hold at once, and in the order of their entries.
    fn settings(&mut self, payload: &[u8]) -> Result<Found, Violation> {
        if std::mem::replace(&mut self.introduced, true) {
            self.idle_frame()?;
        }
        self.opening_due = None;
        let before = self.peer.initial_window_size;
        for (name, value) in settings::entries(payload) {
            self.peer.set((name, value))?;
            match name {
                0x1 => self.encoder.allow(value.min(self.config.encoder_table)),
                0x2 if value == 1 && self.role == Role::Client => return Err(Violation::SettingPush),
                _ => {}
            }
        }
        let by = i64::from(self.peer.initial_window_size) - i64::from(before);
        self.streams.iter_mut().try_for_each(|stream| stream.sender.grow(by))?;
        self.owe(Answer::SettingsAck)?;
        Ok(Found::Settings(self.peer))
    }

    /// GOAWAY (§6.8): our streams above the last one are gone.
    fn goaway(&mut self, last: StreamId) {
        let accepted = self.accepted.map_or(last, |before| before.min(last));
        self.accepted = Some(accepted);
        let gone = self.streams.iter().map(|stream| stream.id).filter(|id| self.is_ours(*id) && *id > accepted);
        for id in gone.collect::<Vec<_>>() {
            self.memory.reset(id);
            self.remove(id);
        }
    }

    /// WINDOW_UPDATE (§6.9).
    fn window(&mut self, id: StreamId, increment: u32) -> Result<Option<Found>, Violation> {
        if id.is_connection() {
            if increment == 0 {
                return Err(Violation::WindowZero);
            }
            self.idle_frame()?;
            let was_shut = self.sender.room() <= 0;
            self.sender.grow(increment.into())?;
            return Ok((was_shut && self.sender.room() > 0).then_some(Found::Room(None)));
        }
        let verdict = self.state(id).ok_or(Violation::StreamOrder)?.verdict(Input::ReceiveWindow);
        if let Verdict::Connection(violation) = verdict {
            return Err(violation);
        }
        self.idle_frame()?;
        let Some(stream) = self.streams.get_mut(id).filter(|_| verdict != Verdict::Ignore) else { return Ok(None) };
        stream.lifecycle.step(Input::ReceiveWindow);
        let was_shut = stream.sender.room() <= 0;
        let result = if increment == 0 { Err(Violation::WindowZero) } else { stream.sender.grow(increment.into()) };
        match result {
            Err(violation) => self.stream_error(id, violation).map(Some),
            Ok(()) => Ok((was_shut && stream.sender.room() > 0).then_some(Found::Room(Some(id)))),
        }
    }

    /// PRIORITY_UPDATE (RFC 9218 §7.1).
    fn prioritize(&mut self, id: StreamId, priority: Priority) -> Result<Option<Found>, Violation> {
        if self.role == Role::Client || !id.is_clients() {
            return Err(Violation::PriorityUpdate);
        }
        self.idle_frame()?;
        match self.streams.get_mut(id) {
            Some(stream) => {
                stream.priority = priority;
                Ok(Some(Found::Priority(id, priority)))
            }
            None => {
                if self.state(id) == Some(State::Idle) {
                    let held = &mut self.rare.get_or_insert_default().held;
                    held.retain(|(held, _)| *held != id);
                    if held.len() < HELD_PRIORITIES {
                        held.push((id, priority));
                    }
                }
                Ok(None)
            }
        }
    }
}
