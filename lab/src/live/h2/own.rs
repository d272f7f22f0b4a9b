//! What a connection of the site itself carried: the frames of one request, and what they say.

use super::outline::Outline;
use crate::live::answer::{Answer, Part, Sides, latin1};
use serde::Serialize;
use wirebook_http2::state::{Input, State, Verdict};
use wirebook_http2::wire::{Flags, Header, Kind};

/// Bytes of field blocks that are kept of one direction; behind them the connection is no longer shown.
const MOST_BLOCKS: usize = 48 << 10;
/// Frames whose headers are kept.
const MOST_FRAMES: usize = 4_096;

/// What went over a connection in one direction: the field blocks, because what one of them says depends on all before it, and the
/// headers of all frames. Content is passed over.
#[derive(Default)]
pub(crate) struct Frames {
    /// HEADERS and CONTINUATION, one behind the other.
    blocks: Vec<u8>,
    headers: Vec<Header>,
    /// The begin of a header, and what is left of a payload.
    begun: Vec<u8>,
    left: usize,
    keeps: bool,
    /// There were more field blocks than are kept.
    lost: bool,
}

impl Frames {
    /// Bytes that were read, or written, behind a client's preface.
    pub(crate) fn take(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let wanted = if self.left > 0 { self.left } else { Header::SIZE - self.begun.len() };
            let (taken, rest) = bytes.split_at(wanted.min(bytes.len()));
            bytes = rest;
            if self.left > 0 {
                self.left -= taken.len();
                self.keep(taken);
                continue;
            }
            self.begun.extend_from_slice(taken);
            let Some(whole) = self.begun.first_chunk().copied() else { return };
            let header = Header::read(&whole);
            self.left = header.length as usize;
            self.keeps = matches!(header.kind, Kind::Headers | Kind::Continuation);
            self.keep(&whole);
            if self.headers.len() < MOST_FRAMES {
                self.headers.push(header);
            }
            self.begun.clear();
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.keeps && !self.lost {
            self.blocks.extend_from_slice(bytes);
            self.lost = self.blocks.len() > MOST_BLOCKS;
        }
    }

    /// The stream of the last request for this target; `None` where there is none, or too much has gone since the connection began.
    pub(crate) fn asked(&self, target: &str) -> Option<u32> {
        let outline = Outline::of(&self.blocks, true);
        let is_path = |field: &(Vec<u8>, Vec<u8>)| field.0 == b":path" && field.1 == target.as_bytes();
        let found = outline.lines.iter().rfind(|(_, line)| line.field.as_ref().is_some_and(is_path));
        found.map(|(block, _)| outline.frames[*block].read.stream.number()).filter(|_| !self.lost)
    }

    /// The first HEADERS of a stream, taken apart, and its fields as lines.
    fn head(&self, stream: u32) -> (Answer, String) {
        let outline = Outline::of(&self.blocks, true);
        let first = outline.frames.iter().position(|frame| frame.read.stream.number() == stream);
        let (start, end) = first.map_or((0, 0), |at| (outline.frames[at].start, outline.frames[at].end));
        let within = |part: &Part| start <= part.start && part.end <= end;
        let mut parts: Vec<_> = outline.parts(&self.blocks).into_iter().filter(within).collect();
        for part in &mut parts {
            (part.start, part.end) = (part.start - start, part.end - start);
        }
        let lines = outline.lines.iter().filter(|(block, _)| Some(*block) == first);
        let fields = lines.filter_map(|(_, line)| line.field.as_ref());
        let text = fields.map(|(name, value)| format!("{}: {}\n", latin1(name), latin1(value))).collect();
        (Answer::of_parts(&self.blocks[start..end], parts), text)
    }
}

/// A frame of the request's stream.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    from: &'static str,
    kind: &'static str,
    length: u32,
    flags: String,
}

/// A request over HTTP/2: its HEADERS, the fields of the answer, its frames, and where both ends then stand.
pub(crate) struct Own {
    pub(crate) request: Answer,
    pub(crate) answer: String,
    pub(crate) frames: Vec<Row>,
    pub(crate) states: Vec<Sides>,
}

/// What went over the connection for this stream.
pub(crate) fn shown(up: &Frames, down: &Frames, stream: u32) -> Own {
    let of = |frames: &Frames| -> Vec<Header> {
        frames.headers.iter().filter(|header| header.stream.number() == stream).copied().collect()
    };
    let (asked, answered) = (of(up), of(down));
    let sides = [("client", &asked), ("server", &answered)];
    let rows = sides.into_iter().flat_map(|(from, headers)| headers.iter().map(move |header| (from, *header)));
    let rows: Vec<(&'static str, Header)> = rows.collect();
    let (mut client, mut server) = (State::Unopened, State::Idle);
    let mut states = vec![Sides::new("before", format!("{client:?}"), format!("{server:?}"))];
    for (from, header) in &rows {
        let (says, hears) = if *from == "client" { (&mut client, &mut server) } else { (&mut server, &mut client) };
        *says = says.after(header, true);
        *hears = hears.after(header, false);
        let step = Sides::new(header.kind.name(), format!("{client:?}"), format!("{server:?}"));
        // A page is many frames of DATA, and all but the last change nothing.
        if states.last().is_none_or(|last| !last.is_same(&step)) {
            states.push(step);
        }
    }
    let flags = |header: &Header| super::outline::names_of_flags(header);
    let frames = rows.iter().map(|(from, header)| Row {
        from,
        kind: header.kind.name(),
        length: header.length,
        flags: flags(header),
    });
    Own { request: up.head(stream).0, answer: down.head(stream).1, frames: frames.collect(), states }
}

/// The production table, asked about a frame.
trait After {
    fn after(self, header: &Header, sent: bool) -> Self;
}

impl After for State {
    fn after(self, header: &Header, sent: bool) -> State {
        let end = header.flags.has(Flags::END_STREAM);
        let input = match (header.kind, sent, end) {
            (Kind::Headers, true, false) => Input::SendHeaders,
            (Kind::Headers, true, true) => Input::SendHeadersEnd,
            (Kind::Headers, false, false) => Input::ReceiveHeaders,
            (Kind::Headers, false, true) => Input::ReceiveHeadersEnd,
            (Kind::Data, true, false) => Input::SendData,
            (Kind::Data, true, true) => Input::SendDataEnd,
            (Kind::Data, false, false) => Input::ReceiveData,
            (Kind::Data, false, true) => Input::ReceiveDataEnd,
            (Kind::RstStream, true, _) => Input::SendReset,
            (Kind::RstStream, false, _) => Input::ReceiveReset,
            _ => return self,
        };
        match self.verdict(input) {
            Verdict::To(state) => state,
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::h2::frames::head;

    /// A request for `/tea`, in pieces of this size, behind one for another page.
    fn asked(size: usize) -> Frames {
        let fields = |path| [(":method", "GET"), (":scheme", "https"), (":path", path), (":authority", "a")];
        let bytes =
            [head(1, true, &fields("/")), vec![0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 1, 0], head(3, true, &fields("/tea"))]
                .concat();
        let mut frames = Frames::default();
        bytes.chunks(size).for_each(|piece| frames.take(piece));
        frames
    }

    #[test]
    fn a_request_is_found_however_its_connection_was_cut() {
        for size in 1..50 {
            let up = asked(size);
            assert_eq!((up.asked("/tea"), up.asked("/"), up.asked("/none")), (Some(3), Some(1), None), "{size}");
            assert_eq!(up.headers.len(), 3);
        }
    }

    #[test]
    fn its_frames_and_states_are_those_of_its_stream_alone() {
        let mut down = Frames::default();
        down.take(&head(3, false, &[(":status", "200"), ("content-type", "text/html")]));
        down.take(&[0, 0, 3, 0, 0, 0, 0, 0, 3, b't', b'e', b'a', 0, 0, 0, 0, 1, 0, 0, 0, 3]);
        let own = shown(&asked(7), &down, 3);
        assert_eq!(own.answer, ":status: 200\ncontent-type: text/html\n");
        assert!(own.request.parts.iter().any(|part| part.value == ":path: /tea"), "{:?}", own.request.parts);
        assert_eq!(own.request.parts.last().map(|part| part.end), Some(own.request.len));
        let kinds: Vec<_> = own.frames.iter().map(|row| (row.from, row.kind)).collect();
        assert_eq!(kinds, [("client", "HEADERS"), ("server", "HEADERS"), ("server", "DATA"), ("server", "DATA")]);
        assert!(
            own.states.last().is_some_and(|last| last.is_same(&Sides::new("", "Ended".into(), "Ended".into()))),
            "{:?}",
            own.states
        );
    }

    #[test]
    fn what_is_too_much_is_given_up() {
        let mut frames = Frames::default();
        let value = "x".repeat(4_000);
        for number in 0..20 {
            frames.take(&head(2 * number + 1, true, &[(":path", "/tea"), ("x-long", &value)]));
        }
        assert!(frames.lost && frames.asked("/tea").is_none() && frames.blocks.len() < 2 * MOST_BLOCKS);
    }
}
