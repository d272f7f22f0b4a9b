//! The widget of the channel between processes: bytes, and the descriptors between them. What each read brings, what the channel's own
//! core makes of it, and what that answers.

use super::answer::{Answer, Fault, Happening, Mark, Part, bytes, escape, latin1, range_in};
use super::explain::CHANNEL;
use super::picture;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use wirebook_process::ipc::{
    Channel, Event, Framing, Handle, Kind, Limits, Violation, frame::Frames, message::Message,
};

/// What the widget offers; the first is its picture in the book.
pub(crate) const EXAMPLES: &[(&str, &[u8])] = &[
    (
        "a line, and two sockets",
        b"{\"hello\":\"child\"}\n{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Server\",\"msg\":\"listen\"}\n\
          {\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":{\"id\":7}}\n\"bye\"\n",
    ),
    (
        "a connection of Node's cluster",
        b"{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Native\",\"msg\":{\"cmd\":\"NODE_CLUSTER\",\"act\":\"newconn\",\"key\":\"1\"}}\n",
    ),
    (
        "each of the five types",
        b"{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Server\",\"msg\":1}\n{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":2}\n\
          {\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Native\",\"msg\":3}\n\
          {\"cmd\":\"NODE_HANDLE\",\"type\":\"dgram.Socket\",\"msg\":4,\"dgramType\":\"udp6\"}\n\
          {\"cmd\":\"NODE_HANDLE\",\"type\":\"dgram.Native\",\"msg\":5}\n",
    ),
    ("whatever is JSON", b"{\"a\":1}\n[1,2]\n\"text\"\nnull\n7\n"),
    ("a line without its end", b"1\n{\"hello\":"),
    ("no JSON", b"{\"a\":1}\n{\"a\":tea}\n{\"b\":2}\n"),
    ("bytes that are no text", b"\"caf\xe9\"\n"),
    ("a file as a handle", b"{\"cmd\":\"NODE_HANDLE\",\"type\":\"fs.File\",\"msg\":1}\n"),
    ("a handle without a message", b"{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\"}\n"),
    (
        "two readings of one line",
        b"{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":1,\"type\":\"net.Server\"}\n",
    ),
    ("an answer that nobody asked for", b"1\n{\"cmd\":\"NODE_HANDLE_ACK\"}\n"),
];

/// Frames: lines, or lengths before them.
pub(crate) const FRAMINGS: [&str; 2] = ["lines", "lengths"];

/// What became of the descriptors: the bytes alone do not say.
pub(crate) const DESCRIPTORS: [&str; 4] = ["came", "were cut off", "are of another kind", "are one too many"];

/// How many connections this side has sent before, each of which may be answered.
pub(crate) const SENT: [&str; 4] = ["0", "1", "2", "3"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    input: String,
    cut: Option<usize>,
    framing: Option<String>,
    descriptors: Option<String>,
    sent: Option<String>,
}

/// What is known beside the bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    pub(crate) framing: Framing,
    pub(crate) descriptors: Descriptors,
    /// Connections of this side's that wait for their answers.
    pub(crate) sent: usize,
}

/// See [`DESCRIPTORS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Descriptors {
    /// each beside the message that speaks of it
    #[default]
    Came,
    /// the system had no room for them
    #[value(name = "were-cut-off")]
    CutOff,
    /// they are not what their messages call them
    #[value(name = "are-of-another-kind")]
    OfAnotherKind,
    /// one more comes, beside a message that speaks of none
    #[value(name = "are-one-too-many")]
    OneTooMany,
}

/// What the widget shows.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Shown {
    #[serde(flatten)]
    pub(crate) answer: Answer,
    /// What each read brings.
    pub(crate) reads: Vec<Read>,
}

/// What one `recvmsg` brings.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Read {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) descriptors: Vec<Token>,
}

/// A descriptor: beside which byte it rides, and what its message calls it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Token {
    pub(crate) at: usize,
    pub(crate) kind: &'static str,
}

/// Answers a request of the widget.
pub(super) fn answer(ask: Ask) -> Result<Shown, String> {
    let place = |names: &[&str], name: &Option<String>, what: &str| {
        let name = name.as_deref().unwrap_or(names[0]);
        let found = names.iter().position(|known| *known == name);
        found.ok_or_else(|| format!("There is no {what} {name:?}: {}.", names.join(", ")))
    };
    let framing = [Framing::Lines, Framing::Lengths][place(&FRAMINGS, &ask.framing, "framing")?];
    let descriptors = [Descriptors::Came, Descriptors::CutOff, Descriptors::OfAnotherKind, Descriptors::OneTooMany]
        [place(&DESCRIPTORS, &ask.descriptors, "way of descriptors")?];
    let sent = place(&SENT, &ask.sent, "number of connections")?;
    Ok(dissect(&bytes(&ask.input)?, ask.cut.unwrap_or(usize::MAX), Setting { framing, descriptors, sent }))
}

/// Takes what a peer sends apart: once as it is read when there is always room, and once with a read that ends at `cut`.
pub(crate) fn dissect(input: &[u8], cut: usize, setting: Setting) -> Shown {
    let cut = cut.min(input.len());
    let frames = frames(input, setting.framing);
    let rides = rides(&frames, setting.descriptors);
    let whole = read(input, &frames, &rides, &[input.len()], setting);
    let pieces = read(input, &frames, &rides, &[cut, input.len()], setting);
    let fault = |reading: &Reading| reading.failed.map(|violation| fault(violation, input, &frames, &rides, setting));
    let mut events = [&whole.said[..], &whole.answered].concat();
    events.sort_by_key(|event| event.end);
    let reads = reads(&frames, &rides, &[cut, input.len()]);
    let answer = Answer {
        input: latin1(input),
        len: input.len(),
        parts: frames.iter().flat_map(|frame| frame.parts(input, setting.framing)).collect(),
        states: states(&frames, &rides, input.len()),
        cut,
        before_cut: events.iter().filter(|event| event.end <= cut).count(),
        same: whole.is_same(&pieces),
        fault: fault(&whole),
        events,
        parser: "channel",
        nanoseconds: None,
        beside: None,
    };
    Shown { answer, reads }
}

/// A message in the input.
struct Frame<'a> {
    start: usize,
    /// Where its text is, without its length or line end.
    text: &'a [u8],
    end: usize,
    message: Result<Message<'a>, Violation>,
}

fn frames(input: &[u8], framing: Framing) -> Vec<Frame<'_>> {
    let limits = Limits::default();
    let (mut frames, mut reader, mut start) = (Vec::new(), Frames::new(framing, limits.message), 0);
    while let Ok(Some((length, text))) = reader.next(&input[start..]) {
        frames.push(Frame { start, text, end: start + length, message: Message::read(text, &limits) });
        start += length;
    }
    frames
}

impl Frame<'_> {
    fn kind(&self) -> Option<Kind> {
        if let Ok(Message::Handle(kind, _)) = self.message { Some(kind) } else { None }
    }

    /// Its sender says nothing more until it has been answered, or it is an answer itself.
    fn waits(&self) -> bool {
        matches!(self.message, Ok(Message::Handle(..) | Message::Taken | Message::NotTaken))
    }

    /// Its length, and its text: what a wrapped message is around, and the name of a command, stand by themselves.
    fn parts(&self, input: &[u8], framing: Framing) -> Vec<Part> {
        let (start, end) = range_in(input, self.text);
        let inner = match &self.message {
            Ok(Message::User(json)) => vec![("message", range_in(input, json.as_bytes()))],
            Ok(Message::Handle(_, json)) => {
                let inner = range_in(input, json.as_bytes());
                vec![("wrapper", (start, inner.0)), ("message", inner), ("wrapper", (inner.1, end))]
            }
            Ok(Message::Internal(Cow::Borrowed(command))) => {
                let name = range_in(input, command.as_bytes());
                vec![("internal", (start, name.0)), ("command", name), ("internal", (name.1, end))]
            }
            Ok(Message::Internal(_)) => vec![("internal", (start, end))],
            Ok(Message::Taken | Message::NotTaken) => vec![("reply", (start, end))],
            Err(_) => vec![("refused", (start, end))],
        };
        let before = [("length", (self.start, start))].into_iter().filter(|_| framing == Framing::Lengths);
        let all = before.chain(inner).filter(|(_, (start, end))| start < end);
        all.map(|(kind, (start, end))| Part {
            start,
            end,
            kind,
            value: match kind {
                "length" => format!("{} bytes", self.text.len()),
                _ => escape(&input[start..end]),
            },
            rule: CHANNEL.rule(kind),
            key: kind.into(),
        })
        .collect()
    }
}

/// A descriptor as the core sees it.
#[derive(Clone, Debug, PartialEq)]
struct Descriptor {
    says: Kind,
    /// It is what its message calls it.
    is_that: bool,
}

impl Handle for Descriptor {
    fn is(&self, kind: Kind) -> bool {
        self.is_that && self.says == kind
    }
}

/// Where descriptors ride, by the number of the message.
fn rides(frames: &[Frame<'_>], way: Descriptors) -> Vec<(usize, Kind)> {
    let named = frames.iter().enumerate().filter_map(|(at, frame)| Some((at, frame.kind()?)));
    match way {
        Descriptors::CutOff => Vec::new(),
        Descriptors::Came | Descriptors::OfAnotherKind => named.collect(),
        Descriptors::OneTooMany => {
            let alone = frames.iter().position(|frame| frame.kind().is_none()).map(|at| (at, Kind::Socket));
            let mut rides: Vec<_> = named.chain(alone).collect();
            rides.sort_by_key(|ride| ride.0);
            rides
        }
    }
}

/// What each read brings that has room up to the next of `stops`. It ends behind a message that has a descriptor (unix(7)); and behind
/// one that awaits an answer or is one, because the peer goes on when that has come.
fn reads(frames: &[Frame<'_>], rides: &[(usize, Kind)], stops: &[usize]) -> Vec<Read> {
    let (mut reads, mut start) = (Vec::new(), 0);
    for &stop in stops {
        while start < stop {
            let mut here = frames.iter().enumerate().skip_while(|(_, frame)| frame.end <= start);
            // Of a message that was cut the descriptor came with the first byte.
            let ride = |at: usize, frame: &Frame<'_>| rides.iter().find(|(nth, _)| *nth == at && frame.start >= start);
            let last = here.find(|(at, frame)| ride(*at, frame).is_some() || frame.waits());
            let last = last.filter(|(_, frame)| frame.start < stop);
            let token = last.and_then(|(at, frame)| Some(Token { at: frame.start, kind: ride(at, frame)?.1.name() }));
            let end = last.map_or(stop, |(_, frame)| frame.end.min(stop));
            reads.push(Read { start, end, descriptors: token.into_iter().collect() });
            start = end;
        }
    }
    reads
}

#[derive(Default)]
struct Reading {
    said: Vec<Happening>,
    answered: Vec<Happening>,
    failed: Option<Violation>,
}

impl Reading {
    /// What is answered right before a fault is nobody's business, and so it is not compared. A descriptor that nobody speaks of ends the
    /// channel with the read that brings it, or with the next that ends with a message: how much was said before depends on the reads.
    fn is_same(&self, other: &Reading) -> bool {
        let is_spare = |failed| matches!(failed, Some(Violation::Unclaimed | Violation::TooManyDescriptors));
        let [shorter, longer] = if self.said.len() < other.said.len() { [self, other] } else { [other, self] };
        let begins = longer.said.starts_with(&shorter.said);
        (&self.said, self.failed) == (&other.said, other.failed)
            || begins && (is_spare(self.failed) || is_spare(other.failed))
    }
}

/// What the production core says, when reads end at the latest at `stops`.
fn read(input: &[u8], frames: &[Frame<'_>], rides: &[(usize, Kind)], stops: &[usize], setting: Setting) -> Reading {
    let mut channel = Channel::new(setting.framing, Limits::default());
    for number in 1..=setting.sent {
        let handle = (Kind::Socket, Descriptor { says: Kind::Socket, is_that: true });
        // A few are never too many.
        let _ = channel.send(&number.to_string(), Some(handle));
    }
    while let Some(next) = channel.transmit() {
        let length = next.bytes.len();
        channel.sent(length);
    }
    let (mut reading, mut at) = (Reading::default(), 0);
    for Read { start, end, descriptors } in reads(frames, rides, stops) {
        let is_that = setting.descriptors != Descriptors::OfAnotherKind;
        let kinds = descriptors.iter().filter_map(|token| {
            let nth = frames.iter().position(|frame| frame.start == token.at)?;
            let (_, says) = rides.iter().find(|(at, _)| *at == nth)?;
            Some(Descriptor { says: *says, is_that })
        });
        let mut result = channel.carried(kinds.collect::<Vec<_>>(), false, start - at);
        while result.is_ok() {
            let from = at;
            result = match channel.receive(&input[at..end]) {
                Err(violation) => Err(violation),
                Ok((used, event)) => {
                    at += used;
                    let is_last = event.is_none();
                    // What has an event is the last message that was read.
                    let frame = frames.iter().rfind(|frame| frame.end <= at);
                    if let (Some(event), Some(frame)) = (event, frame) {
                        let (event, text) = describe(&event);
                        reading.said.push(Happening { start: frame.start, end: frame.end, event, text });
                    }
                    answers(&mut channel, setting.framing, &mut reading.answered, frames, from, at);
                    if is_last {
                        break;
                    }
                    Ok(())
                }
            };
        }
        if let Err(violation) = result {
            reading.failed = Some(violation);
            break;
        }
    }
    reading
}

/// What goes back for the messages that have come meanwhile.
fn answers(
    channel: &mut Channel<Descriptor>,
    framing: Framing,
    answered: &mut Vec<Happening>,
    frames: &[Frame<'_>],
    from: usize,
    to: usize,
) {
    let mut asking = frames.iter().filter(|frame| from <= frame.start && frame.end <= to && frame.waits());
    while let Some(next) = channel.transmit() {
        let length = next.bytes.len();
        let frame = asking.next();
        let text = if framing == Framing::Lengths { &next.bytes[4..] } else { next.bytes.trim_ascii_end() };
        let text = escape(text);
        let event = if next.handles.is_empty() { "reply" } else { "send" };
        channel.sent(length);
        if let Some(frame) = frame {
            answered.push(Happening { start: frame.start, end: frame.end, event, text });
        }
    }
}

fn describe(event: &Event<'_, Descriptor>) -> (&'static str, String) {
    let with = |handle: &Option<(Kind, Descriptor)>| {
        handle.as_ref().map_or(String::new(), |(kind, _)| format!(" with {}", kind.name()))
    };
    match event {
        Event::Message { json, handle } => ("message", format!("{}{}", escape(json.as_bytes()), with(handle))),
        Event::Internal { command, json, handle } => {
            ("internal", format!("{command}: {}{}", escape(json.as_bytes()), with(handle)))
        }
        Event::WrongHandle { json, kind } => {
            ("wrong handle", format!("{}, and it is no {}", escape(json.as_bytes()), kind.name()))
        }
        Event::Taken(..) => ("taken", "the peer has the connection".into()),
        Event::NotTaken(unsent) => ("not taken", format!("the peer does not get connection {}", unsent.json)),
    }
}

/// Where one message begins and another ends, and where a descriptor waits for its message to be whole.
fn states(frames: &[Frame<'_>], rides: &[(usize, Kind)], len: usize) -> Vec<Mark> {
    let within = frames.iter().enumerate().flat_map(|(at, frame)| {
        let has = rides.iter().any(|(nth, _)| *nth == at);
        let state = if has { "a descriptor waits" } else { "within a message" };
        [Mark { at: frame.start + 1, state }, Mark { at: frame.end, state: "between messages" }]
    });
    let last = frames.last().map_or(0, |frame| frame.end);
    let rest = (last < len).then_some(Mark { at: last + 1, state: "within a message" });
    [Mark { at: 0, state: "between messages" }].into_iter().chain(within).chain(rest).collect()
}

/// The error at the byte that is wrong, which is not the one with which it was noticed: that was the end of the message.
fn fault(violation: Violation, input: &[u8], frames: &[Frame<'_>], rides: &[(usize, Kind)], setting: Setting) -> Fault {
    let fails = |length: usize| read(&input[..length], frames, rides, &[length], setting).failed.is_some();
    let (mut good, mut bad) = (0, input.len());
    while bad - good > 1 {
        let middle = (good + bad) / 2;
        if fails(middle) { bad = middle } else { good = middle }
    }
    let noticed = bad.saturating_sub(1);
    let frame = frames.iter().find(|frame| (frame.start..frame.end).contains(&noticed));
    let within = frame.map_or(0, |frame| wrong_byte(violation, frame.text));
    let alone = |(at, _): &&(usize, Kind)| frames[*at].kind().is_none();
    let offset = match (violation, rides.iter().find(alone)) {
        (Violation::Unclaimed | Violation::TooManyDescriptors, Some((at, _))) => frames[*at].start,
        // A length that is too long has no message behind it.
        (Violation::MessageTooLong, _) => frames.last().map_or(0, |frame| frame.end),
        _ => frame.map_or(noticed, |frame| range_in(input, frame.text).0 + within),
    };
    let name = format!("{violation:?}");
    Fault {
        offset,
        message: violation.to_string(),
        rule: CHANNEL.rule(&format!("error {name}")),
        name,
        answer: "the end of the channel".into(),
    }
}

/// Which byte of a message is wrong; its first where all of it is.
fn wrong_byte(violation: Violation, text: &[u8]) -> usize {
    match violation {
        Violation::NotUtf8 => str::from_utf8(text).map_or_else(|error| error.valid_up_to(), str::len),
        Violation::NotJson => {
            let read = serde_json::from_slice::<serde::de::IgnoredAny>(text);
            read.map_or_else(|error| error.column().saturating_sub(1), |_| 0).min(text.len())
        }
        Violation::TooDeep => {
            let deep = |length: &usize| Message::read(&text[..*length], &Limits::default()) == Err(Violation::TooDeep);
            (1..=text.len()).find(deep).map_or(0, |length| length - 1)
        }
        _ => 0,
    }
}

/// The reads of the first example beside what is made of it, for the book.
pub(super) fn drawing() -> String {
    let setting = Setting { framing: Framing::Lines, descriptors: Descriptors::Came, sent: 0 };
    let shown = dissect(EXAMPLES[0].1, usize::MAX, setting);
    let rows = shown.reads.iter().enumerate().map(|(nth, read)| {
        (String::new(), vec![format!("{}", nth + 1), format!("{}–{}", read.start, read.end), read.carries()])
    });
    picture::answer(&shown.answer) + &picture::table(&["read", "bytes", "beside them"], rows)
}

impl Read {
    /// What rides on it.
    pub(crate) fn carries(&self) -> String {
        let named = |token: &Token| format!("{} beside byte {}", token.kind, token.at);
        let all: Vec<String> = self.descriptors.iter().map(named).collect();
        if all.is_empty() { "no descriptor".into() } else { all.join(", ") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAYS: [Descriptors; 4] =
        [Descriptors::Came, Descriptors::CutOff, Descriptors::OfAnotherKind, Descriptors::OneTooMany];

    fn setting(descriptors: Descriptors) -> Setting {
        Setting { framing: Framing::Lines, descriptors, sent: 0 }
    }

    fn happened(shown: &Shown) -> Vec<(&str, &str)> {
        shown.answer.events.iter().map(|event| (event.event, &*event.text)).collect()
    }

    #[test]
    fn a_read_ends_behind_what_has_a_descriptor() {
        let shown = dissect(EXAMPLES[0].1, usize::MAX, setting(Descriptors::Came));
        let reads: Vec<_> = shown.reads.iter().map(|read| (read.start, read.end, read.descriptors.len())).collect();
        // The line before shares the read of the first handle, and what comes behind never does.
        assert_eq!(reads, [(0, 75, 1), (75, 132, 1), (132, 138, 0)]);
        let said = happened(&shown);
        assert_eq!(said[0], ("message", "{\"hello\":\"child\"}"));
        assert_eq!(said[1], ("message", "\"listen\" with net.Server"));
        assert_eq!(said[2], ("reply", "{\"cmd\":\"NODE_HANDLE_ACK\"}"));
        assert_eq!(said.len(), 6);
    }

    #[test]
    fn no_cut_changes_what_is_read_whatever_becomes_of_the_descriptors() {
        for (label, input) in EXAMPLES {
            for (way, sent) in WAYS.map(|way| (way, 0)).into_iter().chain([(Descriptors::Came, 3)]) {
                for cut in 0..=input.len() {
                    let shown = dissect(input, cut, Setting { sent, ..setting(way) });
                    assert!(shown.answer.same, "{label}, {way:?}, cut at {cut}");
                    assert_eq!(shown.reads.last().map(|read| read.end), Some(input.len()));
                }
            }
        }
    }

    #[test]
    fn lengths_are_taken_apart_as_lines_are() {
        let mut input = Vec::new();
        for frame in frames(EXAMPLES[0].1, Framing::Lines) {
            Framing::Lengths.write(frame.text, &mut input);
        }
        let lines = dissect(EXAMPLES[0].1, 0, setting(Descriptors::Came));
        for cut in 0..=input.len() {
            let shown = dissect(&input, cut, Setting { framing: Framing::Lengths, ..setting(Descriptors::Came) });
            assert!(shown.answer.same);
            assert_eq!(happened(&shown), happened(&lines));
        }
        let huge = dissect(
            b"\0\0\0\x011\xff\xff\xff\xff",
            5,
            Setting { framing: Framing::Lengths, ..setting(Descriptors::Came) },
        );
        let fault = huge.answer.fault.expect("a fault");
        assert_eq!((&*fault.name, fault.offset), ("MessageTooLong", 5));
    }

    #[test]
    fn what_did_not_come_is_asked_for_again() {
        let shown = dissect(EXAMPLES[1].1, usize::MAX, setting(Descriptors::CutOff));
        assert_eq!(happened(&shown), [("reply", "{\"cmd\":\"NODE_HANDLE_NACK\"}")]);
        let shown = dissect(EXAMPLES[1].1, usize::MAX, setting(Descriptors::OfAnotherKind));
        assert_eq!(happened(&shown)[0].0, "wrong handle");
    }

    #[test]
    fn what_was_sent_before_is_answered() {
        let input = b"{\"cmd\":\"NODE_HANDLE_ACK\"}\n{\"cmd\":\"NODE_HANDLE_NACK\"}\n{\"cmd\":\"NODE_HANDLE_ACK\"}\n";
        let shown = dissect(input, usize::MAX, Setting { sent: 2, ..setting(Descriptors::Came) });
        let names: Vec<_> = happened(&shown).iter().map(|(event, _)| *event).collect();
        assert_eq!(names, ["taken", "send", "send", "taken"], "the second is sent, and sent again: {shown:?}");
        assert_eq!(shown.answer.fault, None);
    }

    #[test]
    fn every_mistake_is_told_at_the_byte_where_it_lies() {
        let deep = [&[b'['; 65][..], &[b']'; 65], b"\n"].concat();
        for (input, way, name, offset) in [
            (&b"{\"a\":1}\n{\"a\":tea}\n{\"b\":2}\n"[..], Descriptors::Came, "NotJson", 14),
            (b"1\n\n2\n", Descriptors::Came, "NotJson", 2),
            (b"1\n\"caf\xe9\"\n", Descriptors::Came, "NotUtf8", 6),
            (&deep, Descriptors::Came, "TooDeep", 64),
            (b"{\"cmd\":\"NODE_HANDLE\",\"type\":\"fs.File\",\"msg\":1}\n", Descriptors::Came, "UnknownType", 0),
            (b"1\n{\"cmd\":\"NODE_HANDLE_ACK\"}\n", Descriptors::Came, "UnaskedAnswer", 2),
            (b"1\n2\n", Descriptors::OneTooMany, "Unclaimed", 0),
        ] {
            for cut in 0..=input.len() {
                let fault = dissect(input, cut, setting(way)).answer.fault.expect("a fault");
                assert_eq!((&*fault.name, fault.offset), (name, offset), "cut at {cut}");
            }
        }
    }

    #[test]
    fn parts_lie_where_they_say_and_cover_each_line() {
        for (label, input) in EXAMPLES {
            let shown = dissect(input, usize::MAX, setting(Descriptors::Came));
            let covered: Vec<u8> =
                shown.answer.parts.iter().flat_map(|part| &input[part.start..part.end]).copied().collect();
            let whole = input.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
            assert!(covered.iter().eq(input[..whole].iter().filter(|&&byte| byte != b'\n')), "{label}");
            assert!(
                shown.answer.parts.iter().all(|part| part.value == escape(&input[part.start..part.end])),
                "{label}"
            );
        }
    }

    #[test]
    fn what_is_not_offered_is_refused() {
        let ask = |framing: &str, descriptors: &str, sent: &str| {
            let [framing, descriptors, sent] = [framing, descriptors, sent].map(|name| Some(name.to_owned()));
            answer(Ask { input: "1\n".into(), cut: None, framing, descriptors, sent })
        };
        assert!(ask("lines", "came", "0").is_ok());
        assert!(ask("letters", "came", "0").is_err() && ask("lines", "went", "0").is_err());
        assert!(ask("lines", "came", "4").is_err() && ask("lines", "came", "-1").is_err());
    }
}
