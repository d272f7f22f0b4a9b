//! The widget of floods: frames without a purpose, at a rate that the reader chooses, and what our own [`Connection`] says to
//! them, in virtual time.

use crate::live::picture::{table, text};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::{Duration, Instant};
use wirebook_hpack::integer;
use wirebook_http1::parser::ResponseHead;
use wirebook_http2::wire::{Dependency, Flags, Frame, Header, Kind, PREFACE};
use wirebook_http2::{Code, Config, Connection, Event, Fields, StreamId};
use wirebook_net as net;

/// A flood: its name, what it sends before all else on stream 1, and its frames: on a stream that is new, and by their number
/// from 0.
struct Flood {
    name: &'static str,
    before: fn() -> Vec<u8>,
    frames: fn(StreamId, u32) -> Vec<u8>,
}

/// How often it comes: units a second; none is all at once.
const RATES: [(&str, Option<u32>); 5] = [
    ("all at once", None),
    ("10,000 a second", Some(10_000)),
    ("500 a second", Some(500)),
    ("100 a second", Some(100)),
    ("20 a second", Some(20)),
];

/// Requests a second that the same client makes for good, and that are answered.
const GOOD: [(&str, Option<u32>); 3] = [("none", None), ("10 a second", Some(10)), ("400 a second", Some(400))];

/// Where a flood is given up that the connection lives with.
const MOST: u32 = 20_000;

/// Rows that are shown of it.
const ROWS: usize = 24;

/// The fields of a request: `:method: GET`, `:scheme: https`, `:path: /`, `:authority: a`.
const GET: &[u8] = b"\x82\x87\x84\x01\x01a";

/// The stream that a flood has opened before it begins.
const FIRST: StreamId = StreamId::new(1);

/// From 2016 on.
const FLOODS: [Flood; 13] = [
    Flood {
        name: "rapid reset (2023)",
        before: Vec::new,
        frames: |stream, _| [get(stream), written(Frame::RstStream { stream, code: Code::CANCEL })].concat(),
    },
    Flood {
        name: "MadeYouReset: windows by nothing (2025)",
        before: Vec::new,
        frames: |stream, _| [get(stream), written(Frame::WindowUpdate { stream, increment: 0 })].concat(),
    },
    Flood {
        name: "MadeYouReset: DATA behind the end (2025)",
        before: Vec::new,
        frames: |stream, _| {
            let data = Frame::Data { stream, end_stream: false, padding: 0, data: b"x" };
            [get(stream), written(data)].concat()
        },
    },
    Flood {
        name: "CONTINUATION (2024)",
        before: || headers(FIRST, true, false, GET),
        frames: |_, _| written(Frame::Continuation { stream: FIRST, end_headers: false, fragment: b"\0\x01x\x01y" }),
    },
    Flood {
        name: "PING (2019)",
        before: Vec::new,
        frames: |_, _| written(Frame::Ping { ack: false, data: *b"teatime?" }),
    },
    Flood { name: "SETTINGS (2019)", before: Vec::new, frames: |_, _| written(Frame::Settings { payload: &[] }) },
    Flood {
        name: "empty DATA (2019)",
        before: || headers(FIRST, false, true, b"\x83\x87\x84\x01\x01a"),
        frames: |_, _| written(Frame::Data { stream: FIRST, end_stream: false, padding: 0, data: b"" }),
    },
    Flood {
        name: "windows that open by one byte (2019)",
        before: Vec::new,
        frames: |_, _| written(Frame::WindowUpdate { stream: StreamId::CONNECTION, increment: 1 }),
    },
    Flood {
        name: "windows that open by a lot, for nothing",
        before: Vec::new,
        frames: |_, _| written(Frame::WindowUpdate { stream: StreamId::CONNECTION, increment: 64 << 10 }),
    },
    Flood {
        name: "PRIORITY (2019)",
        before: Vec::new,
        frames: |_, number| {
            let dependency = Dependency { on: StreamId::CONNECTION, exclusive: false, weight: 15 };
            written(Frame::Priority { stream: StreamId::new(2 * (number % 100) + 1), dependency })
        },
    },
    Flood {
        name: "frames of no known kind",
        before: Vec::new,
        frames: |_, _| {
            Header { length: 0, kind: Kind::Unknown(0xfa), flags: Flags(0), stream: StreamId::CONNECTION }
                .bytes()
                .to_vec()
        },
    },
    Flood {
        name: "the HPACK bomb (2016)",
        before: || {
            let mut fragment = [GET, b"\x40\x06x-bomb"].concat();
            integer::write(3_900, 7, 0, &mut fragment);
            fragment.resize(fragment.len() + 3_900, b'b');
            headers(FIRST, true, true, &fragment)
        },
        frames: |stream, _| headers(stream, true, true, &[GET, &[0xbe; 200]].concat()),
    },
    Flood {
        name: "HPACK names that are copied",
        before: || {
            let mut fragment = [GET, b"\x40"].concat();
            integer::write(3_900, 7, 0, &mut fragment);
            fragment.resize(fragment.len() + 3_900, b'n');
            headers(FIRST, true, true, &[&fragment, &b"\0"[..]].concat())
        },
        frames: |stream, _| headers(stream, true, true, &[GET, &b"\x7e\0".repeat(200)].concat()),
    },
];

fn written(frame: Frame<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    frame.write(&mut out);
    out
}

fn headers(stream: StreamId, end_stream: bool, end_headers: bool, fragment: &[u8]) -> Vec<u8> {
    written(Frame::Headers { stream, end_stream, end_headers, dependency: None, fragment })
}

/// A request without content.
fn get(stream: StreamId) -> Vec<u8> {
    headers(stream, true, true, GET)
}

/// The names to choose from.
pub(crate) fn choices() -> Vec<(&'static str, &'static str, Vec<String>)> {
    vec![
        ("flood", "the flood", FLOODS.iter().map(|flood| flood.name.into()).collect()),
        ("rate", "how fast it comes", RATES.iter().map(|(name, _)| (*name).into()).collect()),
        ("good", "good requests between", GOOD.iter().map(|(name, _)| (*name).into()).collect()),
    ]
}

/// The body of a widget's request: names of the lists above.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ask {
    flood: String,
    rate: String,
    good: String,
}

/// What became of a flood.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Film {
    /// How much the budgets hold at most: resets, frames that move nothing.
    full: [u32; 2],
    pub(crate) moments: Vec<Moment>,
    pub(crate) end: Option<End>,
    /// The most bytes that the reader had to keep because nothing could be done with them yet.
    held: usize,
}

/// The budgets behind so many frames.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Moment {
    pub(crate) sent: u32,
    ms: f64,
    pub(crate) resets: u32,
    pub(crate) idle: u32,
    /// What happened for the first time since the moment before.
    news: Vec<String>,
}

/// What ended it.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct End {
    pub(crate) name: String,
    rule: String,
    section: &'static str,
    pub(crate) code: String,
}

/// Answers a request of the widget.
pub(crate) fn answer(ask: Ask) -> Result<Film, String> {
    let flood = FLOODS.iter().find(|flood| flood.name == ask.flood);
    let flood = flood.ok_or_else(|| format!("There is no flood called {:?}.", ask.flood))?;
    let named =
        |list: &[(&str, Option<u32>)], name: &str| list.iter().find(|(known, _)| *known == name).map(|(_, rate)| *rate);
    let rate = named(&RATES, &ask.rate).ok_or_else(|| format!("There is no rate called {:?}.", ask.rate))?;
    let good = named(&GOOD, &ask.good).ok_or_else(|| format!("There is no rate called {:?}.", ask.good))?;
    Ok(play(flood, rate, good))
}

/// A server under a flood.
struct World {
    connection: Connection,
    start: Instant,
    room: Fields,
    /// What has come and could not be used yet.
    input: Vec<u8>,
    held: usize,
    /// Streams that have been opened, and the one whose request is for good.
    streams: u32,
    good: Option<StreamId>,
    /// News that have been told, and those that have not.
    known: Vec<String>,
    news: Vec<String>,
}

impl World {
    fn new() -> World {
        let start = net::now();
        let connection = Connection::server(Arc::new(Config::default()), start);
        let (known, news) = (Vec::new(), Vec::new());
        let (room, input) = (Fields::default(), Vec::new());
        let mut world = World { connection, start, room, input, held: 0, streams: 1, good: None, known, news };
        let ack = Frame::SettingsAck;
        world.take(Duration::ZERO, &[&PREFACE[..], &written(Frame::Settings { payload: &[] }), &written(ack)].concat());
        world
    }

    fn next_stream(&mut self) -> StreamId {
        self.streams += 1;
        StreamId::new(2 * self.streams - 1)
    }

    /// Bytes come at this time. Good requests are answered at once.
    fn take(&mut self, at: Duration, bytes: &[u8]) {
        let mut out = Vec::new();
        self.connection.tick(self.start + at, &mut out);
        self.input.extend_from_slice(bytes);
        let mut used = 0;
        while let Ok((count, event)) = self.connection.receive(&self.input[used..], &mut self.room) {
            used += count;
            let Some(event) = event else { break };
            let (good, said) = match event {
                Event::Request { stream, .. } if self.good == Some(stream) => (self.good.take(), None),
                Event::Request { .. } => (None, Some("a handler begins".into())),
                Event::Reset { .. } => (None, Some("a stream is taken back".into())),
                Event::StreamError(error) => (None, Some(format!("RST_STREAM {}", error.code()))),
                _ => (None, None),
            };
            if let Some(stream) = good {
                let head = ResponseHead::new(204, Default::default());
                self.connection.send(Event::Response { stream, head, end: true }, &mut out).ok();
            }
            if let Some(said) = said.filter(|said| !self.known.contains(said)) {
                self.known.push(said.clone());
                self.news.push(said);
            }
        }
        self.input.drain(..used);
        self.held = self.held.max(self.input.len());
        self.connection.answers(&mut out);
    }

    fn moment(&mut self, sent: u32, at: Duration) -> Moment {
        let (resets, idle) = self.connection.budgets();
        Moment { sent, ms: at.as_secs_f64() * 1000.0, resets, idle, news: std::mem::take(&mut self.news) }
    }

    fn end(&self) -> Option<End> {
        let name = |code: Code| code.to_string();
        if let Some(error) = self.connection.fault() {
            let (section, code, rule) = error.violation.row();
            return Some(End { name: format!("{:?}", error.violation), rule: rule.into(), section, code: name(code) });
        }
        self.connection.is_over().then(|| End {
            name: "idle".into(),
            rule: "a connection without a stream ends in peace after a minute".into(),
            section: "RFC 9113 §9.1",
            code: name(Code::NO_ERROR),
        })
    }
}

fn play(flood: &Flood, rate: Option<u32>, good: Option<u32>) -> Film {
    let mut world = World::new();
    let full = world.connection.budgets();
    world.take(Duration::ZERO, &(flood.before)());
    world.news.clear();
    let each = |rate: u32, number: u32| Duration::from_secs(1) / rate * number;
    let (mut moments, mut sent, mut asked) = (vec![world.moment(0, Duration::ZERO)], 0, 0);
    while sent < MOST && world.end().is_none() {
        let at = rate.map_or(Duration::ZERO, |rate| each(rate, sent));
        while let Some(due) = good.map(|good| each(good, asked)).filter(|due| *due < at) {
            // Behind a block that does not end, a good request would be another mistake.
            if world.input.is_empty() {
                let stream = world.next_stream();
                world.good = Some(stream);
                world.take(due, &get(stream));
            }
            asked += 1;
        }
        let stream = world.next_stream();
        world.take(at, &(flood.frames)(stream, sent));
        sent += 1;
        moments.push(world.moment(sent, at));
    }
    Film { full: [full.0, full.1], moments: thin(moments), end: world.end(), held: world.held }
}

/// A few moments, evenly spaced, with the last and the news of those between.
fn thin(moments: Vec<Moment>) -> Vec<Moment> {
    let last = moments.len() - 1;
    let step = moments.len().div_ceil(ROWS);
    let mut news = Vec::new();
    let mut kept = Vec::new();
    for (at, mut moment) in moments.into_iter().enumerate() {
        news.append(&mut moment.news);
        if at % step == 0 || at == last {
            moment.news = std::mem::take(&mut news);
            kept.push(moment);
        }
    }
    kept
}

/// What ends each flood, if it comes at once; for the book.
pub(crate) fn drawing() -> String {
    let rows = FLOODS.iter().map(|flood| {
        let film = play(flood, None, None);
        let last = film.moments.last().expect("the first moment");
        let end = film.end.as_ref().map_or(["–".into(), "–".into()], |end| [text(&end.name), text(&end.code)]);
        let [name, code] = end;
        (String::new(), vec![flood.name.into(), last.sent.to_string(), name, code])
    });
    table(&["flood, all at once", "ends behind", "with", "and GOAWAY says"], rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::explain::FLOODS_TABLE;

    fn film(name: &str, rate: Option<u32>, good: Option<u32>) -> Film {
        play(FLOODS.iter().find(|flood| flood.name.starts_with(name)).expect(name), rate, good)
    }

    #[test]
    fn every_flood_ends_within_a_thousand_frames_and_makes_us_keep_little() {
        for flood in &FLOODS {
            let film = play(flood, None, None);
            let end = film.end.as_ref().unwrap_or_else(|| panic!("{} goes on", flood.name));
            assert_eq!(end.code, "ENHANCE_YOUR_CALM", "{}", flood.name);
            assert!(film.moments.last().unwrap().sent <= 1_000, "{}", flood.name);
            assert!(film.held < 64 << 10, "{}", flood.name);
            assert!(film.moments.len() <= ROWS + 1);
            assert!(FLOODS_TABLE.get(&format!("flood {}", flood.name)).is_some(), "{}", flood.name);
        }
    }

    #[test]
    fn the_budgets_say_which_of_them_is_empty() {
        let last = |film: &Film| film.moments.last().map(|moment| (moment.sent, moment.resets, moment.idle)).unwrap();
        let reset = film("rapid reset", None, None);
        assert_eq!((last(&reset), &*reset.end.as_ref().unwrap().name), ((201, 0, 800), "TooManyResets"));
        let ping = film("PING", None, None);
        assert_eq!((last(&ping), &*ping.end.as_ref().unwrap().name), ((801, 200, 0), "TooManyIdle"));
        assert_eq!(film("CONTINUATION", None, None).end.unwrap().name, "TooManyContinuations");
        assert_eq!(film("CONTINUATION", None, None).moments.last().unwrap().sent, 9);
        let windows = film("windows that open by a lot", None, None);
        assert_eq!((last(&windows), &*windows.end.as_ref().unwrap().name), ((801, 200, 0), "TooManyIdle"));
        // What a request has copied weighs twelve resets, and it has too many fields besides.
        let names = film("HPACK names", None, None);
        assert_eq!((last(&names), &*names.end.as_ref().unwrap().name), ((17, 0, 800), "TooManyResets"));
    }

    #[test]
    fn a_slow_flood_is_lived_with_and_good_requests_pay() {
        // 33 resets come back each second, a hundred frames that move nothing.
        assert_eq!(film("rapid reset", Some(20), None).end, None);
        assert_eq!(film("rapid reset", Some(100), None).end.unwrap().name, "TooManyResets");
        assert_eq!(film("PING", Some(500), None).end.unwrap().name, "TooManyIdle");
        assert_eq!(film("PING", Some(500), Some(400)).end, None);
        // No stream, and PING is no activity.
        assert_eq!(film("PING", Some(100), None).end.unwrap().name, "idle");
    }

    #[test]
    fn what_is_unknown_is_refused() {
        let ask = |flood: &str, rate: &str| answer(Ask { flood: flood.into(), rate: rate.into(), good: "none".into() });
        assert!(ask("none", "all at once").unwrap_err().contains("no flood"));
        assert!(ask(FLOODS[0].name, "never").unwrap_err().contains("no rate"));
    }
}
