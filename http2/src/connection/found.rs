//! What a step of the receiving half leaves: the rest of a frame, and an event that borrows nothing yet.

use crate::event::Event;
use crate::message::Fields;
use crate::stream::Priority;
use crate::wire::{Code, Error, Settings, StreamId, Violation};
use std::ops::Range;

/// What is left of a frame whose header has been read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Payload {
    None,
    /// DATA, then its padding.
    Data {
        stream: StreamId,
        left: u32,
        padding: u32,
        end: bool,
    },
    /// What nobody reads.
    Skip(u32),
}

/// An event, before it borrows anything. Ranges are places in the input.
pub(super) enum Found {
    Request { stream: StreamId, end: bool },
    Response { stream: StreamId, end: bool },
    Data { stream: StreamId, bytes: Range<usize>, end: bool },
    Trailers(StreamId),
    Goaway { last: StreamId, code: Code, debug: Range<usize> },
    Reset(StreamId, Code),
    StreamError(Error),
    Room(Option<StreamId>),
    Priority(StreamId, Priority),
    Settings(Settings),
    SettingsAck,
    Ping([u8; 8]),
    Pong([u8; 8]),
}

impl Found {
    pub(super) fn event<'a>(self, input: &'a [u8], room: &'a Fields) -> Event<'a> {
        match self {
            Found::Request { stream, end } => {
                let (head, scheme, protocol) = room.request();
                Event::Request { stream, head, scheme, protocol, end }
            }
            Found::Response { stream, end } => Event::Response { stream, head: room.response(), end },
            Found::Data { stream, bytes, end } => Event::Data { stream, bytes: &input[bytes], end },
            Found::Trailers(stream) => Event::Trailers { stream, fields: room.lines() },
            Found::Goaway { last, code, debug } => Event::Goaway { last, code, debug: &input[debug] },
            Found::Reset(stream, code) => Event::Reset { stream, code },
            Found::StreamError(error) => Event::StreamError(error),
            Found::Room(stream) => Event::Room(stream),
            Found::Priority(stream, priority) => Event::Priority { stream, priority },
            Found::Settings(settings) => Event::Settings(settings),
            Found::SettingsAck => Event::SettingsAck,
            Found::Ping(data) => Event::Ping(data),
            Found::Pong(data) => Event::Pong(data),
        }
    }
}

/// Bytes that were used, and what they meant; `None` where more must come first.
pub(super) type Step = Result<Option<(usize, Option<Found>)>, Violation>;
