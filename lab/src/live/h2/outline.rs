//! Where frames lie in some bytes, allowed or not, and the pieces of their payloads: the connection gives no header of what
//! it refuses.

use crate::live::answer::{Part, escape};
use crate::live::explain::HTTP2;
use std::ops::Range;
use wirebook_hpack::{Block, Decoder, Error, Kind as Representation, Limits, representations};
use wirebook_http2::wire::{Flags, Frame, Header, Kind, PREFACE, settings};

/// A frame as far as it has come.
pub(super) struct Place {
    pub(super) start: usize,
    /// Bytes of its header that are there.
    pub(super) header: usize,
    /// The byte behind its payload, or behind the input.
    pub(super) end: usize,
    /// What has not come yet counts as zero.
    pub(super) read: Header,
}

/// A field of a block: its bytes in the input, in more than one piece where frames cut it, and what it says.
pub(super) struct Line {
    pub(super) pieces: Vec<Range<usize>>,
    /// Name and value; `None` for a change of the table's size.
    pub(super) field: Option<(Vec<u8>, Vec<u8>)>,
    said: String,
}

/// All frames of an input, and the fields in them.
pub(super) struct Outline {
    /// Bytes of the preface that are there.
    pub(super) preface: usize,
    pub(super) frames: Vec<Place>,
    /// The fields, each with the frame in which its block begins.
    pub(super) lines: Vec<(usize, Line)>,
    /// The first error of HPACK: the byte.
    pub(super) compression: Option<usize>,
}

impl Outline {
    /// What a client sends begins with the preface; what does not is no frame.
    pub(super) fn of(input: &[u8], from_server: bool) -> Outline {
        let preface =
            if from_server { 0 } else { input.iter().zip(PREFACE).take_while(|(one, other)| one == other).count() };
        let mut outline = Outline { preface, frames: Vec::new(), lines: Vec::new(), compression: None };
        let mut at = if from_server || preface == PREFACE.len() { preface } else { input.len() };
        while at < input.len() {
            let place = Place::at(input, at);
            at = place.end;
            outline.frames.push(place);
        }
        outline.read_blocks(input);
        outline
    }

    /// The frame in which this byte lies; of a byte behind all of them, the last.
    pub(super) fn at(&self, byte: usize) -> Option<&Place> {
        self.frames.iter().rfind(|frame| frame.start <= byte)
    }

    fn read_blocks(&mut self, input: &[u8]) {
        let (mut decoder, mut room) = (Decoder::new(Limits::default()), Block::default());
        let mut at = 0;
        while at < self.frames.len() && self.compression.is_none() {
            let first = at;
            at += 1;
            if self.frames[first].read.kind != Kind::Headers {
                continue;
            }
            let stream = self.frames[first].read.stream;
            let goes_on = |frame: &Place| frame.read.kind == Kind::Continuation && frame.read.stream == stream;
            let mut whole = self.frames[first].ends_block();
            while !whole && self.frames.get(at).is_some_and(goes_on) {
                whole = self.frames[at].ends_block();
                at += 1;
            }
            let pieces: Vec<Range<usize>> = self.frames[first..at].iter().map(|frame| frame.fragment(input)).collect();
            if whole {
                self.read_block(input, first, &pieces, &mut decoder, &mut room);
            }
        }
    }

    fn read_block(
        &mut self,
        input: &[u8],
        first: usize,
        pieces: &[Range<usize>],
        decoder: &mut Decoder,
        room: &mut Block,
    ) {
        let block = pieces.iter().flat_map(|piece| &input[piece.clone()]).copied().collect::<Vec<u8>>();
        let result = decoder.decode(&block, room);
        let mut fields = room.fields();
        for one in representations(&block).map_while(Result::ok) {
            let pieces = cut(one.start..one.end, pieces);
            if result.is_err_and(|Error { offset, .. }| offset < one.end) {
                break;
            }
            let (field, said) = match one.kind {
                Representation::Size => (None, format!("a table of {} bytes", one.number)),
                _ => match fields.next() {
                    Some(field) => (Some((field.name.to_vec(), field.value.to_vec())), format!("{field:?}")),
                    None => (None, "over the limit of the list: not kept".into()),
                },
            };
            self.lines.push((first, Line { pieces, field, said }));
        }
        // An error at the very end of the block lies behind its last byte.
        let place = |offset: usize| cut(offset..offset + 1, pieces).first().map(|piece| piece.start);
        let end = pieces.last().map_or(0, |piece| piece.end);
        self.compression = result.err().map(|error| place(error.offset).unwrap_or(end));
    }

    /// The preface, and each frame's parts.
    pub(super) fn parts(&self, input: &[u8]) -> Vec<Part> {
        let mut parts = Vec::new();
        if self.preface > 0 {
            parts.push(part(0..self.preface, "preface", escape(&input[..self.preface]), "preface"));
        }
        for (at, frame) in self.frames.iter().enumerate() {
            parts.extend(frame.header_parts());
            let before = parts.len();
            parts.extend(frame.payload_parts(input));
            let lines = self.lines.iter().flat_map(|(_, line)| line.parts());
            let within = frame.fragment(input);
            let lines: Vec<Part> = lines.filter(|part| within.start <= part.start && part.end <= within.end).collect();
            let known = lines.last().map_or(within.start, |part| part.end);
            parts.extend(lines);
            // A block that is not whole, or that nobody could read.
            if known < within.end {
                let rest = known..within.end;
                parts.push(part(rest.clone(), "fragment", escape(&input[rest]), "fragment"));
            }
            parts[before..].sort_by_key(|part| part.start);
            debug_assert!(parts.iter().all(|part| part.end <= frame.end), "frame {at}");
        }
        parts
    }
}

impl Line {
    fn parts(&self) -> impl Iterator<Item = Part> {
        self.pieces.iter().enumerate().map(|(nth, piece)| {
            let said = if nth == 0 { self.said.clone() } else { "… and goes on".into() };
            let key = if self.field.is_some() { "field" } else { "table size" };
            part(piece.clone(), "field", said, key)
        })
    }
}

fn part(range: Range<usize>, kind: &'static str, value: String, key: &str) -> Part {
    Part { start: range.start, end: range.end, kind, value, rule: HTTP2.rule(key), key: key.into() }
}

/// Where a range of a block lies in the input, when its fragments lie there.
fn cut(range: Range<usize>, pieces: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut at = 0;
    let mut out = Vec::new();
    for piece in pieces {
        let (from, to) = (range.start.max(at), range.end.min(at + piece.len()));
        if from < to {
            out.push(piece.start + from - at..piece.start + to - at);
        }
        at += piece.len();
    }
    out
}

impl Place {
    fn at(input: &[u8], start: usize) -> Place {
        let rest = &input[start..];
        let header = rest.len().min(Header::SIZE);
        let mut bytes = [0; Header::SIZE];
        bytes[..header].copy_from_slice(&rest[..header]);
        let read = Header::read(&bytes);
        let payload = (read.length as usize).min(rest.len() - header);
        Place { start, header, end: start + header + payload, read }
    }

    pub(super) fn payload(&self) -> usize {
        self.start + self.header
    }

    pub(super) fn is_whole(&self) -> bool {
        self.header == Header::SIZE && self.end - self.payload() == self.read.length as usize
    }

    fn ends_block(&self) -> bool {
        self.is_whole() && self.read.flags.has(Flags::END_HEADERS)
    }

    fn has(&self, flag: Flags) -> bool {
        flags(self.read.kind).iter().any(|(known, _)| *known == flag) && self.read.flags.has(flag)
    }

    /// Bytes before the content of DATA and HEADERS, and bytes of padding behind it.
    fn around(&self, input: &[u8]) -> (usize, usize) {
        let padded = self.has(Flags::PADDED) && self.payload() < self.end;
        let dependency = if self.has(Flags::PRIORITY) { 5 } else { 0 };
        let before = (usize::from(padded) + dependency).min(self.end - self.payload());
        let padding = if padded && self.is_whole() { usize::from(input[self.payload()]) } else { 0 };
        (before, padding.min(self.end - self.payload() - before))
    }

    /// The piece of a field block that lies in it; nothing in other kinds.
    pub(super) fn fragment(&self, input: &[u8]) -> Range<usize> {
        match self.read.kind {
            Kind::Headers => {
                let (before, padding) = self.around(input);
                self.payload() + before..self.end - padding
            }
            Kind::Continuation => self.payload()..self.end,
            _ => self.end..self.end,
        }
    }

    pub(super) fn flags(&self) -> String {
        names_of_flags(&self.read)
    }

    /// The nine bytes, as far as they have come.
    fn header_parts(&self) -> impl Iterator<Item = Part> {
        let Header { length, kind, stream, .. } = self.read;
        let flags = if self.read.flags.0 == 0 { "none".into() } else { self.flags() };
        let pieces = [
            (0, 3, "length", format!("{length} bytes of payload"), "length".to_owned()),
            (3, 4, "kind", kind.name().into(), format!("kind {}", kind.name())),
            (4, 5, "flags", flags, "flags".into()),
            (5, 9, "stream", stream.to_string(), "stream".into()),
        ];
        let there = pieces.into_iter().filter(|(from, ..)| *from < self.header);
        there.map(|(from, to, name, value, key)| {
            part(self.start + from..self.start + to.min(self.header), name, value, &key)
        })
    }

    /// What stands in the payload, without the fields of a block.
    fn payload_parts(&self, input: &[u8]) -> Vec<Part> {
        let (from, to) = (self.payload(), self.end);
        if from == to {
            return Vec::new();
        }
        let bytes = |range: Range<usize>, kind| part(range.clone(), kind, escape(&input[range]), kind);
        let number = |at: usize| input[at..at + 4].iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        let split = |at: usize| (from + at).min(to);
        // What is not whole, or has another length than its kind, is bytes.
        let Ok(Ok(frame)) = self.check_whole().map(|()| Frame::read(self.read, &input[from..to])) else {
            return if self.fragment(input).is_empty() { vec![bytes(from..to, "payload")] } else { Vec::new() };
        };
        match frame {
            Frame::Data { .. } | Frame::Headers { .. } => {
                let (before, padding) = self.around(input);
                let pad = usize::from(self.has(Flags::PADDED));
                let mut parts = Vec::new();
                if pad > 0 {
                    parts.push(part(from..split(pad), "padding", format!("{padding} bytes of padding"), "padding"));
                }
                if let Frame::Headers { dependency: Some(on), .. } = frame {
                    let said = format!("depends on stream {}, weight {}", on.on, u16::from(on.weight) + 1);
                    parts.push(part(split(pad)..split(pad + 5), "dependency", said, "dependency"));
                }
                if let Frame::Data { .. } = frame
                    && from + before < to - padding
                {
                    parts.push(bytes(from + before..to - padding, "data"));
                }
                if padding > 0 {
                    parts.push(bytes(to - padding..to, "padding"));
                }
                parts
            }
            Frame::Priority { dependency, .. } => {
                let said = format!("depends on stream {}, weight {}", dependency.on, u16::from(dependency.weight) + 1);
                vec![part(from..to, "dependency", said, "dependency")]
            }
            Frame::RstStream { code, .. } => vec![part(from..to, "code", code.to_string(), "code")],
            Frame::Settings { payload } => {
                let entries = settings::entries(payload).enumerate();
                entries
                    .map(|(nth, entry)| part(from + 6 * nth..from + 6 * nth + 6, "setting", setting(entry), "setting"))
                    .collect()
            }
            Frame::Goaway { code, last, .. } => {
                let mut parts = vec![
                    part(from..from + 4, "stream", format!("{last} is the last that counts"), "last stream"),
                    part(from + 4..from + 8, "code", code.to_string(), "code"),
                ];
                parts.extend((from + 8 < to).then(|| bytes(from + 8..to, "data")));
                parts
            }
            Frame::WindowUpdate { increment, .. } => {
                vec![part(from..to, "increment", format!("{increment} more bytes may come"), "increment")]
            }
            Frame::PriorityUpdate { .. } => {
                let mut parts = vec![part(from..from + 4, "stream", number(from).to_string(), "stream")];
                parts.extend((from + 4 < to).then(|| bytes(from + 4..to, "payload")));
                parts
            }
            Frame::Continuation { .. } | Frame::SettingsAck => Vec::new(),
            Frame::Ping { .. } | Frame::PushPromise { .. } | Frame::Unknown { .. } => vec![bytes(from..to, "payload")],
        }
    }

    fn check_whole(&self) -> Result<(), ()> {
        let fits = self.is_whole() && self.read.check(u32::MAX).is_ok();
        if fits { Ok(()) } else { Err(()) }
    }
}

/// `MAX_FRAME_SIZE = 16384`.
fn setting((name, value): (u16, u32)) -> String {
    let known = settings::NAMES.iter().find(|(number, _)| *number == name);
    format!("{} = {value}", known.map_or_else(|| format!("{name:#x}"), |(_, known)| (*known).to_owned()))
}

/// The flags of a kind (§6).
fn flags(kind: Kind) -> &'static [(Flags, &'static str)] {
    const END_STREAM: (Flags, &str) = (Flags::END_STREAM, "END_STREAM");
    const END_HEADERS: (Flags, &str) = (Flags::END_HEADERS, "END_HEADERS");
    const PADDED: (Flags, &str) = (Flags::PADDED, "PADDED");
    match kind {
        Kind::Data => &[END_STREAM, PADDED],
        Kind::Headers => &[END_STREAM, END_HEADERS, PADDED, (Flags::PRIORITY, "PRIORITY")],
        Kind::Continuation => &[END_HEADERS],
        Kind::Settings | Kind::Ping => &[(Flags::ACK, "ACK")],
        _ => &[],
    }
}

/// The names of the flags that are set; of one that means nothing, its bit.
pub(super) fn names_of_flags(header: &Header) -> String {
    let bits = (0..8).rev().map(|bit| Flags(1 << bit)).filter(|flag| header.flags.has(*flag));
    let names = bits.map(|flag| flag_name(header.kind, flag).map_or(format!("{:#04x}", flag.0), String::from));
    names.collect::<Vec<_>>().join(", ")
}

/// The name that a flag has in this kind of frame.
pub(super) fn flag_name(kind: Kind, flag: Flags) -> Option<&'static str> {
    flags(kind).iter().find(|(known, _)| *known == flag).map(|(_, name)| *name)
}
