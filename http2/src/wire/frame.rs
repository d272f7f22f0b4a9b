//! Whole frames: RFC 9113 §6. What is read here is written here, byte for byte.
//!
//! The connection reads DATA as it comes, and needs no whole frame for it; everybody else does.

use super::code::Code;
use super::error::Violation;
use super::header::{Flags, Header, Kind};
use super::settings;
use super::stream_id::StreamId;

/// A priority as RFC 7540 had it: PRIORITY frames, and five bytes in HEADERS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// The stream that comes first.
    pub on: StreamId,
    /// Whether no other stream may depend on it beside this one.
    pub exclusive: bool,
    /// The weight less one.
    pub weight: u8,
}

/// A frame; its payload borrows the bytes that it was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // The fields have the names of the RFC's figures.
pub enum Frame<'a> {
    /// DATA (§6.1). `padding` counts the byte that says how much there is: 0 is a frame without the flag.
    Data { stream: StreamId, end_stream: bool, padding: u32, data: &'a [u8] },
    /// HEADERS (§6.2).
    Headers {
        stream: StreamId,
        end_stream: bool,
        end_headers: bool,
        dependency: Option<Dependency>,
        fragment: &'a [u8],
    },
    /// PRIORITY (§6.3).
    Priority { stream: StreamId, dependency: Dependency },
    /// RST_STREAM (§6.4).
    RstStream { stream: StreamId, code: Code },
    /// SETTINGS (§6.5), its entries six bytes each.
    Settings { payload: &'a [u8] },
    /// SETTINGS with ACK.
    SettingsAck,
    /// PUSH_PROMISE (§6.6), not looked into.
    PushPromise { stream: StreamId, payload: &'a [u8] },
    /// PING (§6.7).
    Ping { ack: bool, data: [u8; 8] },
    /// GOAWAY (§6.8).
    Goaway { last: StreamId, code: Code, debug: &'a [u8] },
    /// WINDOW_UPDATE (§6.9).
    WindowUpdate { stream: StreamId, increment: u32 },
    /// CONTINUATION (§6.10).
    Continuation { stream: StreamId, end_headers: bool, fragment: &'a [u8] },
    /// PRIORITY_UPDATE (RFC 9218 §7.1): `value` is that of a `priority` field.
    PriorityUpdate { stream: StreamId, value: &'a [u8] },
    /// A kind that nobody knows (§5.5).
    Unknown { header: Header, payload: &'a [u8] },
}

impl<'a> Frame<'a> {
    /// Reads the payload of a frame whose header has been [checked](Header::check).
    ///
    /// # Errors
    ///
    /// [`Violation::Padding`], and [`Violation::FrameLength`] of HEADERS without room for what their flags promise.
    pub fn read(header: Header, payload: &'a [u8]) -> Result<Frame<'a>, Violation> {
        let (flags, stream) = (header.flags, header.stream);
        Ok(match header.kind {
            Kind::Data => {
                let data = unpadded(flags, payload)?;
                let padding = (payload.len() - data.len()) as u32;
                Frame::Data { stream, end_stream: flags.has(Flags::END_STREAM), padding, data }
            }
            Kind::Headers => {
                let mut fragment = unpadded(flags, payload)?;
                let has_room = payload.len() > Dependency::SIZE;
                let dependency = match dependency_of(flags, &mut fragment) {
                    // §6.2: padding that reaches into what stands before the block is too much of it.
                    Err(_) if flags.has(Flags::PADDED) && has_room => return Err(Violation::Padding),
                    dependency => dependency?,
                };
                let (end_stream, end_headers) = (flags.has(Flags::END_STREAM), flags.has(Flags::END_HEADERS));
                Frame::Headers { stream, end_stream, end_headers, dependency, fragment }
            }
            Kind::Priority => Frame::Priority { stream, dependency: dependency(&mut &payload[..])? },
            Kind::RstStream => Frame::RstStream { stream, code: Code(number(payload)?.0) },
            Kind::Settings if flags.has(Flags::ACK) => Frame::SettingsAck,
            Kind::Settings => Frame::Settings { payload },
            Kind::PushPromise => Frame::PushPromise { stream, payload },
            Kind::Ping => {
                let data = *payload.first_chunk().ok_or(Violation::FrameLength)?;
                Frame::Ping { ack: flags.has(Flags::ACK), data }
            }
            Kind::Goaway => {
                let (last, rest) = number(payload)?;
                let (code, debug) = number(rest)?;
                Frame::Goaway { last: StreamId::new(last), code: Code(code), debug }
            }
            Kind::WindowUpdate => Frame::WindowUpdate { stream, increment: number(payload)?.0 & settings::MAX_WINDOW },
            Kind::Continuation => {
                Frame::Continuation { stream, end_headers: flags.has(Flags::END_HEADERS), fragment: payload }
            }
            Kind::PriorityUpdate => {
                let (stream, value) = number(payload)?;
                Frame::PriorityUpdate { stream: StreamId::new(stream), value }
            }
            Kind::Unknown(_) => Frame::Unknown { header, payload },
        })
    }

    /// Appends the frame. Lengths are the caller's business: what is longer than the peer's SETTINGS_MAX_FRAME_SIZE must be
    /// cut before.
    pub fn write(&self, out: &mut Vec<u8>) {
        let start = out.len();
        // The length is filled in at the end.
        out.extend_from_slice(&self.header().bytes());
        match *self {
            Frame::Data { padding, data, .. } => {
                let pad = padding.checked_sub(1);
                out.extend(pad.map(|pad| pad as u8));
                out.extend_from_slice(data);
                out.resize(out.len() + pad.unwrap_or(0) as usize, 0);
            }
            Frame::Headers { dependency, fragment, .. } => {
                dependency.iter().for_each(|dependency| dependency.write(out));
                out.extend_from_slice(fragment);
            }
            Frame::Priority { dependency, .. } => dependency.write(out),
            Frame::RstStream { code, .. } => out.extend_from_slice(&code.0.to_be_bytes()),
            Frame::SettingsAck => {}
            Frame::Ping { data, .. } => out.extend_from_slice(&data),
            Frame::Goaway { last, code, debug } => {
                out.extend_from_slice(&last.number().to_be_bytes());
                out.extend_from_slice(&code.0.to_be_bytes());
                out.extend_from_slice(debug);
            }
            Frame::WindowUpdate { increment, .. } => out.extend_from_slice(&increment.to_be_bytes()),
            Frame::PriorityUpdate { stream, value } => {
                out.extend_from_slice(&stream.number().to_be_bytes());
                out.extend_from_slice(value);
            }
            Frame::Settings { payload } | Frame::PushPromise { payload, .. } | Frame::Unknown { payload, .. } => {
                out.extend_from_slice(payload);
            }
            Frame::Continuation { fragment, .. } => out.extend_from_slice(fragment),
        }
        let length = (out.len() - start - Header::SIZE) as u32;
        out[start..start + 3].copy_from_slice(&length.to_be_bytes()[1..]);
    }

    /// Its header, with a length of 0.
    fn header(&self) -> Header {
        let end = |set: bool| Flags::END_STREAM.when(set);
        let (kind, flags, stream) = match *self {
            Frame::Data { stream, end_stream, padding, .. } => {
                (Kind::Data, end(end_stream).and(Flags::PADDED.when(padding > 0)), stream)
            }
            Frame::Headers { stream, end_stream, end_headers, dependency, .. } => {
                let flags = end(end_stream).and(Flags::END_HEADERS.when(end_headers));
                (Kind::Headers, flags.and(Flags::PRIORITY.when(dependency.is_some())), stream)
            }
            Frame::Priority { stream, .. } => (Kind::Priority, Flags(0), stream),
            Frame::RstStream { stream, .. } => (Kind::RstStream, Flags(0), stream),
            Frame::Settings { .. } => (Kind::Settings, Flags(0), StreamId::CONNECTION),
            Frame::SettingsAck => (Kind::Settings, Flags::ACK, StreamId::CONNECTION),
            Frame::PushPromise { stream, .. } => (Kind::PushPromise, Flags::END_HEADERS, stream),
            Frame::Ping { ack, .. } => (Kind::Ping, Flags::ACK.when(ack), StreamId::CONNECTION),
            Frame::Goaway { .. } => (Kind::Goaway, Flags(0), StreamId::CONNECTION),
            Frame::WindowUpdate { stream, .. } => (Kind::WindowUpdate, Flags(0), stream),
            Frame::Continuation { stream, end_headers, .. } => {
                (Kind::Continuation, Flags::END_HEADERS.when(end_headers), stream)
            }
            Frame::PriorityUpdate { .. } => (Kind::PriorityUpdate, Flags(0), StreamId::CONNECTION),
            Frame::Unknown { header, .. } => (header.kind, header.flags, header.stream),
        };
        Header { length: 0, kind, flags, stream }
    }
}

impl Dependency {
    /// Octets of it.
    const SIZE: usize = 5;

    fn write(&self, out: &mut Vec<u8>) {
        let exclusive = u32::from(self.exclusive) << 31;
        out.extend_from_slice(&(self.on.number() | exclusive).to_be_bytes());
        out.push(self.weight);
    }
}

// ANCHOR: unpadded
/// The payload without its padding (§6.1). Padding that is as long as the payload leaves no room for its own length.
pub(crate) fn unpadded(flags: Flags, payload: &[u8]) -> Result<&[u8], Violation> {
    if !flags.has(Flags::PADDED) {
        return Ok(payload);
    }
    let (length, rest) = payload.split_first().ok_or(Violation::FrameLength)?;
    let end = rest.len().checked_sub(usize::from(*length)).ok_or(Violation::Padding)?;
    Ok(&rest[..end])
}
// ANCHOR_END: unpadded

fn dependency_of(flags: Flags, payload: &mut &[u8]) -> Result<Option<Dependency>, Violation> {
    if flags.has(Flags::PRIORITY) { dependency(payload).map(Some) } else { Ok(None) }
}

fn dependency(payload: &mut &[u8]) -> Result<Dependency, Violation> {
    let (on, rest) = number(payload)?;
    let (weight, rest) = rest.split_first().ok_or(Violation::FrameLength)?;
    *payload = rest;
    Ok(Dependency { on: StreamId::new(on), exclusive: on >> 31 == 1, weight: *weight })
}

fn number(payload: &[u8]) -> Result<(u32, &[u8]), Violation> {
    let (bytes, rest) = payload.split_first_chunk().ok_or(Violation::FrameLength)?;
    Ok((u32::from_be_bytes(*bytes), rest))
}
