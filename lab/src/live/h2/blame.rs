//! Which byte is wrong. The connection says in which frame a rule was broken; some rules are about one field of it.

use super::outline::{Outline, Place};
use super::reading::{read, reader};
use wirebook_hpack::{Encoder, Indexing};
use wirebook_http2::wire::{Flags, Frame, Kind, PREFACE, settings};
use wirebook_http2::{Config, Error, Event, Fields, Settings, StreamId, Violation};

/// Where the parts of a header begin.
const LENGTH: usize = 0;
const KIND: usize = 3;
const FLAGS: usize = 4;
const STREAM: usize = 5;

/// The byte at which the mistake lies.
pub(super) fn byte(input: &[u8], outline: &Outline, error: Error, client: bool) -> usize {
    use Violation::*;
    // The connection has an error of its own with the last byte of the shortest input that fails.
    let seen =
        if error.stream.is_none() { shortest(input, outline, client).saturating_sub(1) } else { error.offset as usize };
    let Some(frame) = outline.at(seen) else { return outline.preface.min(seen) };
    let header = |at: usize| frame.start + at.min(frame.header.saturating_sub(1));
    match error.violation {
        Preface => outline.preface,
        FirstFrame | BlockInterrupted | BlockMissing | Push | PriorityUpdate | DataEarly | TooManyContinuations => {
            header(KIND)
        }
        TooManyOwed | TooManyResets | TooManyIdle | SettingPush if frame.read.kind != Kind::Settings => header(KIND),
        FrameTooLarge | FrameLength | BlockTooLarge | TooManySettings | WindowExceeded => header(LENGTH),
        NeedsStream | NeedsConnection | StreamIdle | StreamOrder | StreamClosed | StreamRefused => header(STREAM),
        TrailersOpen | InterimEnd => header(FLAGS),
        LengthMismatch if frame.read.flags.has(Flags::END_STREAM) => header(FLAGS),
        LengthMismatch => header(LENGTH),
        Padding | WindowZero | WindowOverflow | SelfDependency => frame.payload(),
        SettingValue | SettingWindow | SettingPush => {
            frame.payload() + entry(&input[frame.payload()..frame.end], client)
        }
        Compression(_) => outline.compression.unwrap_or(seen),
        _ => field(outline, frame, error.violation, client).unwrap_or(frame.start),
    }
}

/// The length of the shortest beginning that ends the connection.
fn shortest(input: &[u8], outline: &Outline, client: bool) -> usize {
    let fails = |length: usize| read(&input[..length], outline, &[length], client).fault.is_some();
    let (mut good, mut bad) = (0, input.len());
    while bad - good > 1 {
        let middle = (good + bad) / 2;
        if fails(middle) { bad = middle } else { good = middle }
    }
    bad
}

/// The first entry that SETTINGS may not have.
fn entry(payload: &[u8], client: bool) -> usize {
    let mut all = Settings::default();
    let wrong = settings::entries(payload).position(|entry| all.set(entry).is_err() || client && entry == (2, 1));
    wrong.unwrap_or(0) * 6
}

/// The field without which the message would not break this rule: the last of the shortest list that breaks it. What is missing
/// should have stood where the pseudo-fields end.
fn field(outline: &Outline, frame: &Place, violation: Violation, client: bool) -> Option<usize> {
    let nth = outline.frames.iter().position(|other| other.start == frame.start)?;
    let lines: Vec<_> = outline.lines.iter().filter(|(block, _)| *block == nth).map(|(_, line)| line).collect();
    let fields: Vec<_> = lines.iter().filter_map(|line| line.field.as_ref()).collect();
    let place = |at: usize| {
        let line = lines.iter().filter(|line| line.field.is_some()).nth(at)?;
        line.pieces.first().map(|piece| piece.start)
    };
    if violation == Violation::PseudoMissing {
        let regular = fields.iter().position(|(name, _)| name.first() != Some(&b':'));
        return regular.and_then(place).or(Some(frame.end.saturating_sub(1)));
    }
    let first = |other: &&Place| other.read.stream == frame.read.stream && other.read.kind == Kind::Headers;
    let is_head = outline.frames.iter().find(first).is_some_and(|other| other.start == frame.start);
    let broken = |count: usize| breaks(&fields[..count], is_head, client) == Some(violation);
    (1..=fields.len()).find(|count| broken(*count)).and_then(|count| place(count - 1))
}

/// What is wrong with these fields as the head of a request or a response, or as trailers.
fn breaks(fields: &[&(Vec<u8>, Vec<u8>)], is_head: bool, client: bool) -> Option<Violation> {
    let config = Config { max_frame_size: (1 << 24) - 1, max_block: usize::MAX, ..Config::default() };
    let mut connection = reader(config, client.then_some(1));
    let (mut bytes, mut room) = (if client { Vec::new() } else { PREFACE.to_vec() }, Fields::default());
    let stream = StreamId::new(1);
    Frame::Settings { payload: &[] }.write(&mut bytes);
    if !is_head {
        let good: &[u8] = if client { &[0x88] } else { &[0x83, 0x86, 0x84, 0x01, 0x01, b'a'] };
        Frame::Headers { stream, end_stream: false, end_headers: true, dependency: None, fragment: good }
            .write(&mut bytes);
    }
    let mut fragment = Vec::new();
    let mut encoder = Encoder::new(0);
    let mut block = encoder.block(&mut fragment);
    fields.iter().for_each(|(name, value)| block.field(name, value, Indexing::Without));
    Frame::Headers { stream, end_stream: !is_head, end_headers: true, dependency: None, fragment: &fragment }
        .write(&mut bytes);
    let mut at = 0;
    loop {
        match connection.receive(&bytes[at..], &mut room) {
            Ok((_, Some(Event::StreamError(error)))) | Err(error) => return Some(error.violation),
            Ok((_, None)) => return None,
            Ok((used, Some(_))) => at += used,
        }
    }
}
