//! The widget of HTTP/2's frames: bits and meaning of some bytes, by the other end's own connection.

use super::blame;
use super::outline::{Outline, Place, flag_name};
use super::reading::{Reading, read};
use crate::live::answer::{Answer, Fault, Mark, bytes, latin1};
use crate::live::frame::Field;
use crate::live::picture;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wirebook_hpack::{Encoder, Indexing};
use wirebook_http2::state::State;
use wirebook_http2::wire::{Dependency, Flags, Frame, Header, Kind, PREFACE};
use wirebook_http2::{Code, Error, StreamId, Violation};

/// What the widget offers; the first is its picture in the book.
pub(crate) fn examples() -> Vec<(&'static str, Value)> {
    let shown = examples_of().into_iter();
    shown
        .map(|(label, input, client)| (label, json!({ "input": latin1(&input), "client": u8::from(client) })))
        .collect()
}

/// The same as bytes, and whether a client reads them.
fn examples_of() -> Vec<(&'static str, Vec<u8>, bool)> {
    let id = StreamId::new;
    let settings = Frame::Settings { payload: &[0, 4, 0, 1, 0, 0] };
    let client = |frames: &[&[u8]]| [&PREFACE[..], &written(&[settings]), &frames.concat()].concat();
    let get = |stream, end| {
        head(stream, end, &[(":method", "GET"), (":scheme", "https"), (":path", "/tea"), (":authority", "tea.example")])
    };
    let post =
        head(1, false, &[(":method", "POST"), (":scheme", "https"), (":path", "/tea"), (":authority", "tea.example")]);
    let data = |stream, text: &'static str, end| {
        written(&[Frame::Data { stream: id(stream), end_stream: end, padding: 0, data: text.as_bytes() }])
    };
    let padded = written(&[Frame::Data { stream: id(1), end_stream: true, padding: 4, data: b"green" }]);
    let block = &get(1, true)[Header::SIZE..];
    let cut = |from: usize, to: usize, last: bool| {
        written(&[Frame::Continuation { stream: id(1), end_headers: last, fragment: &block[from..to] }])
    };
    let begun = |to: usize| {
        written(&[Frame::Headers {
            stream: id(1),
            end_stream: true,
            end_headers: false,
            dependency: None,
            fragment: &block[..to],
        }])
    };
    let ping = Frame::Ping { ack: false, data: *b"teatime?" };
    let large = Header { length: (1 << 24) - 1, kind: Kind::Data, flags: Flags(0), stream: id(1) }.bytes();
    let capital = head(
        1,
        true,
        &[(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "a"), ("X-Tea", "green")],
    );
    let unknown = written(&[Frame::Headers {
        stream: id(1),
        end_stream: true,
        end_headers: true,
        dependency: None,
        fragment: &[0x82, 0x87, 0x84, 0xbe],
    }]);
    let answer = [
        written(&[Frame::Settings { payload: &[0, 3, 0, 0, 0, 100] }, Frame::SettingsAck]),
        head(1, false, &[(":status", "200"), ("content-type", "text/plain"), ("content-length", "9")]),
        data(1, "green tea", true),
    ];
    vec![
        ("a request", client(&[&get(1, true)]), false),
        ("an upload, the second piece padded", client(&[&post, &data(1, "tea: ", false), &padded]), false),
        (
            "two uploads take turns",
            client(&[
                &post,
                &head(
                    3,
                    false,
                    &[(":method", "PUT"), (":scheme", "https"), (":path", "/cup"), (":authority", "tea.example")],
                ),
                &data(3, "a cup", false),
                &data(1, "tea: green", true),
                &data(3, ", a pot", true),
            ]),
            false,
        ),
        ("a field block in three frames", client(&[&begun(3), &cut(3, 9, false), &cut(9, block.len(), true)]), false),
        ("what a server answers", answer.concat(), true),
        (
            "PING, priorities, GOAWAY",
            client(&[&written(&[
                ping,
                Frame::PriorityUpdate { stream: id(1), value: b"u=1" },
                Frame::Priority { stream: id(1), dependency: Dependency { on: id(3), exclusive: false, weight: 15 } },
                Frame::Goaway { last: id(0), code: Code::NO_ERROR, debug: b"bye" },
            ])]),
            false,
        ),
        ("16 megabytes are promised", client(&[&post, &large]), false),
        ("PING between HEADERS and CONTINUATION", client(&[&begun(3), &written(&[ping])]), false),
        (
            "a window that opens by nothing",
            client(&[&post, &written(&[Frame::WindowUpdate { stream: id(1), increment: 0 }]), &get(3, true)]),
            false,
        ),
        ("DATA behind the end", client(&[&get(1, true), &data(1, "more", true), &get(3, true)]), false),
        ("a capital letter in a name", client(&[&capital]), false),
        ("an index that nobody has filled", client(&[&unknown]), false),
        ("HTTP/1.1", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), false),
    ]
}

fn written(frames: &[Frame<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    frames.iter().for_each(|frame| frame.write(&mut out));
    out
}

/// HEADERS with a whole block, by our encoder.
pub(super) fn head(stream: u32, end_stream: bool, fields: &[(&str, &str)]) -> Vec<u8> {
    let mut fragment = Vec::new();
    let mut encoder = Encoder::new(wirebook_hpack::MOST);
    let mut block = encoder.block(&mut fragment);
    fields.iter().for_each(|(name, value)| block.field(name.as_bytes(), value.as_bytes(), Indexing::Without));
    let stream = StreamId::new(stream);
    written(&[Frame::Headers { stream, end_stream, end_headers: true, dependency: None, fragment: &fragment }])
}

/// The body of a widget's request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ask {
    /// One character a byte, U+0000 to U+00FF.
    input: String,
    cut: Option<usize>,
    /// 1: the reader is a client, so there is no preface.
    #[serde(default)]
    client: u8,
}

/// What the widget shows.
#[derive(Serialize)]
pub(crate) struct Dissected {
    #[serde(flatten)]
    pub(crate) answer: Answer,
    pub(crate) frames: Vec<Row>,
    /// Whether the error ended the connection, and not one stream alone.
    ended: bool,
}

/// A frame: its header bit by bit, and what it led to.
#[derive(Serialize)]
pub(crate) struct Row {
    /// Its first byte in the input, how many the header has, and the byte behind the payload.
    pub(crate) start: usize,
    length: usize,
    end: usize,
    pub(crate) kind: &'static str,
    pub(crate) stream: u32,
    pub(crate) flags: String,
    /// Where its stream stands behind it; nothing where it has none, or where the connection had ended.
    pub(crate) state: Option<String>,
    /// The frames that the reader owes for it.
    pub(crate) answers: String,
    pub(crate) fields: Vec<Field>,
}

/// Answers a request of the widget.
pub(crate) fn answer(ask: Ask) -> Result<Dissected, String> {
    Ok(dissect(&bytes(&ask.input)?, ask.cut.unwrap_or(usize::MAX), ask.client > 0))
}

/// Takes frames apart.
pub(crate) fn dissect(input: &[u8], cut: usize, client: bool) -> Dissected {
    let cut = cut.min(input.len());
    let outline = Outline::of(input, client);
    let whole = read(input, &outline, &[input.len()], client);
    let pieces = read(input, &outline, &[cut, input.len()], client);
    let ends: Vec<usize> = outline.frames.iter().map(|frame| frame.end).collect();
    let slow = read(input, &outline, &ends, client);
    // Of a preface that came in pieces the first that is wrong is told, and else the same byte.
    let which = |reading: &Reading| reading.fault.map(|error| (error.violation, error.stream));
    let error = whole.fault.or(whole.errors.first().copied());
    let rows = outline.frames.iter().enumerate().map(|(at, frame)| row(frame, slow.behind.get(at)));
    let answer = Answer {
        input: latin1(input),
        len: input.len(),
        parts: outline.parts(input),
        states: states(&outline, client),
        cut,
        before_cut: whole.events.iter().filter(|event| event.end <= cut).count(),
        same: (&whole.events, which(&whole)) == (&pieces.events, which(&pieces)),
        fault: error.map(|error| fault(input, &outline, error, client)),
        events: whole.events,
        parser: "connection",
        nanoseconds: None,
        beside: None,
    };
    Dissected { answer, frames: rows.collect(), ended: whole.fault.is_some() }
}

/// The reader waits for the preface, for nine bytes, or for a payload.
fn states(outline: &Outline, client: bool) -> Vec<Mark> {
    let preface = (!client).then_some(Mark { at: 0, state: "preface" });
    let frames = outline.frames.iter().flat_map(|frame| {
        let payload = Mark { at: frame.payload(), state: "payload" };
        [Some(Mark { at: frame.start, state: "header" }), (frame.payload() < frame.end).then_some(payload)]
    });
    preface.into_iter().chain(frames.flatten()).collect()
}

/// The error at its byte.
fn fault(input: &[u8], outline: &Outline, error: Error, client: bool) -> Fault {
    let (section, code, rule) = error.violation.row();
    let (name, section) = match error.violation {
        Violation::Compression(violation) => (format!("{violation:?}"), hpack_section(violation)),
        violation => (format!("{violation:?}"), section),
    };
    let answer = match error.stream {
        None => format!("GOAWAY with {code}"),
        Some(_) if error.violation == Violation::FieldsTooLarge => "431 Request Header Fields Too Large".into(),
        Some(stream) => format!("RST_STREAM {stream} with {code}"),
    };
    Fault { offset: blame::byte(input, outline, error, client), name, message: rule.to_owned(), rule: section, answer }
}

/// As a rule of the table of sentences has it.
fn hpack_section(violation: wirebook_hpack::Violation) -> &'static str {
    crate::live::explain::HTTP2.rule(&format!("error {violation:?}"))
}

fn row(frame: &Place, behind: Option<&(Option<State>, String)>) -> Row {
    let Header { kind, stream, .. } = frame.read;
    Row {
        start: frame.start,
        length: frame.header,
        end: frame.end,
        kind: kind.name(),
        stream: stream.number(),
        flags: frame.flags(),
        state: behind.and_then(|(state, _)| *state).map(|state| format!("{state:?}")),
        answers: behind.map(|(_, answers)| answers.clone()).unwrap_or_default(),
        fields: fields(frame),
    }
}

/// §4.1, field by field, as far as the header has come.
fn fields(frame: &Place) -> Vec<Field> {
    let Header { length, kind, flags, stream } = frame.read;
    let mut rows = vec![
        ("length", 24, length.to_string(), "length", "bit length".to_owned()),
        ("kind", 8, format!("{:#04x} {}", kind.number(), kind.name()), "kind", format!("kind {}", kind.name())),
    ];
    rows.extend((0..8).rev().map(|bit| {
        let flag = Flags(1 << bit);
        let name = flag_name(kind, flag).unwrap_or("unused flag");
        (name, 1, u8::from(flags.has(flag)).to_string(), "flags", format!("bit {name}"))
    }));
    rows.push(("R", 1, "reserved".into(), "stream", "bit R".into()));
    rows.push(("stream", 31, stream.to_string(), "stream", "stream".into()));
    let mut at = 0;
    let fields = rows.into_iter().map(|(name, bits, value, part, key)| {
        let first = at;
        at += bits;
        Field { name, first, bits, value, kind: part, key }
    });
    fields.filter(|field| field.first < 8 * frame.header).collect()
}

/// The picture of the first example for the book: its parts, and where its streams stand.
pub(crate) fn drawing() -> String {
    let (_, input, client) = examples_of().swap_remove(0);
    let shown = dissect(&input, usize::MAX, client);
    let rows = shown.frames.iter().map(|frame| {
        let state = frame.state.clone().unwrap_or_default();
        let cells = [frame.kind.into(), frame.stream.to_string(), frame.flags.clone(), state, frame.answers.clone()];
        (String::new(), cells.map(|cell: String| picture::text(&cell)).into())
    });
    picture::answer(&shown.answer)
        + &picture::table(&["frame", "stream", "flags", "the stream is", "answered with"], rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_is_read_the_same_at_every_cut() {
        for (label, input, client) in examples_of() {
            for cut in 0..=input.len() {
                assert!(dissect(&input, cut, client).answer.same, "{label} at {cut}");
            }
        }
    }

    #[test]
    fn parts_lie_side_by_side_and_leave_nothing_of_a_frame_out() {
        for (label, input, client) in examples_of() {
            let shown = dissect(&input, usize::MAX, client);
            let parts = &shown.answer.parts;
            assert!(parts.windows(2).all(|pair| pair[0].end == pair[1].start), "{label}: {parts:?}");
            assert!(parts.iter().all(|part| part.start < part.end), "{label}: {parts:?}");
            if label != "HTTP/1.1" {
                assert_eq!(parts.last().map(|part| part.end), Some(input.len()), "{label}");
            }
        }
    }

    #[test]
    fn the_first_example_opens_a_stream_and_says_all_on_it() {
        let shown = dissect(&examples_of()[0].1, usize::MAX, false);
        let events: Vec<_> = shown.answer.events.iter().map(|event| (event.event, &*event.text)).collect();
        assert_eq!(events, [("settings", "a stream's window is 65536"), ("request", "1: GET /tea, 1 field, the end")]);
        assert_eq!((&*shown.frames[0].answers, shown.frames[0].state.as_deref()), ("SETTINGS ACK", None));
        assert_eq!(
            (&*shown.frames[1].flags, shown.frames[1].state.as_deref()),
            ("END_HEADERS, END_STREAM", Some("HalfClosedRemote"))
        );
        assert_eq!(shown.frames[1].fields.iter().map(|field| field.bits).sum::<usize>(), 72);
    }

    #[test]
    fn a_block_in_pieces_opens_its_stream_with_the_last() {
        let (_, input, _) = examples_of().swap_remove(3);
        let states: Vec<_> = dissect(&input, usize::MAX, false).frames.into_iter().map(|frame| frame.state).collect();
        assert_eq!(
            states[1..].iter().map(Option::as_deref).collect::<Vec<_>>(),
            [Some("Idle"), Some("Idle"), Some("HalfClosedRemote")]
        );
    }

    #[test]
    fn every_mistake_is_told_at_the_byte_where_it_lies() {
        for (label, name, kind, nth, ended) in [
            ("16 megabytes are promised", "FrameTooLarge", "length", 0, true),
            ("PING between HEADERS and CONTINUATION", "BlockInterrupted", "kind", 2, true),
            ("a window that opens by nothing", "WindowZero", "increment", 0, false),
            ("DATA behind the end", "StreamClosed", "stream", 2, false),
            ("a capital letter in a name", "FieldName", "field", 4, false),
            ("an index that nobody has filled", "IndexUnknown", "fragment", 0, true),
        ] {
            let (_, input, client) = examples_of().into_iter().find(|(other, ..)| *other == label).unwrap();
            let shown = dissect(&input, usize::MAX, client);
            let fault = shown.answer.fault.as_ref().expect(label);
            let part = shown.answer.parts.iter().filter(|part| part.kind == kind).nth(nth).expect(label);
            // Of a length the last of its parts is meant, of all else the one that is counted.
            let part = if kind == "length" {
                shown.answer.parts.iter().rfind(|part| part.kind == kind).unwrap()
            } else {
                part
            };
            assert_eq!((&*fault.name, fault.offset, shown.ended), (name, part.start, ended), "{label}");
        }
    }

    #[test]
    fn no_bytes_make_it_panic() {
        let (_, input, _) = examples_of().swap_remove(1);
        for at in 0..input.len() {
            for bit in 0..8 {
                let mut wrong = input.clone();
                wrong[at] ^= 1 << bit;
                let shown = dissect(&wrong, at, bit % 2 == 0);
                assert!(shown.answer.same, "byte {at}, bit {bit}");
                assert!(shown.answer.fault.is_none_or(|fault| fault.offset <= wrong.len()), "byte {at}, bit {bit}");
            }
        }
    }
}
