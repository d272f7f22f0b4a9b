//! The widget of flow control: two streams of one connection, a reader who may stand still, and the totals of their windows.
//! Both ends are our own [`Connection`]s; between them is a line that delays, in virtual time.

use crate::live::picture::{table, text};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wirebook_http1::FieldBlock;
use wirebook_http1::parser::{RequestHead, ResponseHead};
use wirebook_http2::{Config, Connection, Event, Fields, StreamId};
use wirebook_net as net;

/// Bytes of each of the two answers.
const BODY: usize = 400_000;

/// Bytes of one turn of a stream.
const TURN: usize = 16_384;

/// Milliseconds after which it is over in any case. Windows that stay shut end their streams after 30 seconds.
const LAST: u64 = 40_000;

/// Moments that are shown.
const ROWS: usize = 60;

/// What the reader of stream 1 does. The reader of stream 3 always reads at once.
const READERS: [&str; 4] = ["reads at once", "reads 1 MB a second", "waits for stream 3", "never reads"];
const STREAM_WINDOWS: [&str; 3] = ["65535", "16384", "262144"];
const CONNECTION_WINDOWS: [&str; 3] = ["262144", "65535", "1048576"];
const TRIPS: [&str; 3] = ["100 ms", "20 ms", "0 ms"];
const SHOWN: [&str; 3] = ["stream 1", "stream 3", "the connection"];

/// The lists to choose from.
pub(crate) fn choices() -> Vec<(&'static str, &'static str, Vec<String>)> {
    let all = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect();
    vec![
        ("shown", "whose window is drawn", all(&SHOWN)),
        ("reader", "who reads stream 1", all(&READERS)),
        ("stream", "the window of a stream", all(&STREAM_WINDOWS)),
        ("connection", "the window of the connection", all(&CONNECTION_WINDOWS)),
        ("trip", "a round trip", all(&TRIPS)),
    ]
}

/// What the widget offers; the first is its picture in the book.
pub(crate) fn examples() -> Vec<(&'static str, Value)> {
    let state = |reader: usize, stream: &str, connection: &str, trip: &str, shown: usize| json!({ "reader": READERS[reader], "stream": stream, "connection": connection, "trip": trip, "shown": SHOWN[shown] });
    vec![
        ("a window and a round trip", state(0, "65535", "262144", "100 ms", 0)),
        ("a larger window", state(0, "262144", "1048576", "100 ms", 0)),
        ("a slow reader", state(1, "65535", "262144", "20 ms", 0)),
        ("a deadlock", state(2, "65535", "65535", "20 ms", 2)),
        ("broken by room", state(2, "65535", "262144", "20 ms", 2)),
        ("broken by time", state(3, "65535", "65535", "20 ms", 2)),
    ]
}

/// The body of a widget's request: names of the lists above.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ask {
    shown: String,
    reader: String,
    stream: String,
    connection: String,
    trip: String,
}

/// The totals of a window, whenever they changed.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Film {
    pub(crate) moments: Vec<Moment>,
    /// Milliseconds for which nothing could move although somebody waited, at its longest.
    pub(crate) stood: u64,
}

/// Totals of the receiving end: bytes that were ever allowed, that came, that somebody read.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Moment {
    pub(crate) ms: u64,
    pub(crate) granted: u64,
    pub(crate) received: u64,
    pub(crate) read: u64,
    pub(crate) news: Vec<String>,
}

/// Answers a request of the widget.
pub(crate) fn answer(ask: Ask) -> Result<Film, String> {
    let place = |list: &[&str], name: &str| {
        list.iter().position(|known| *known == name).ok_or_else(|| format!("There is no choice called {name:?}."))
    };
    let window = |list: &[&str], name: &str| place(list, name).map(|at| list[at].parse().unwrap_or(0));
    let trip = TRIPS[place(&TRIPS, &ask.trip)?].trim_end_matches(" ms").parse().unwrap_or(0);
    let shown = [1, 3, 0][place(&SHOWN, &ask.shown)?];
    let config = Config {
        stream_window: window(&STREAM_WINDOWS, &ask.stream)?,
        connection_window: window(&CONNECTION_WINDOWS, &ask.connection)?,
        ..Config::default()
    };
    Ok(play(config, place(&READERS, &ask.reader)?, trip, StreamId::new(shown)))
}

/// An end of the connection, and what is on its way to it.
struct End {
    connection: Connection,
    room: Fields,
    input: Vec<u8>,
    out: Vec<u8>,
    coming: VecDeque<(u64, Vec<u8>)>,
}

/// What an end has heard.
enum Told {
    Request(StreamId),
    Data(StreamId, u32, bool),
    Ended(String),
}

impl End {
    fn new(connection: Connection) -> End {
        let (room, input, out, coming) = (Fields::default(), Vec::new(), Vec::new(), VecDeque::new());
        End { connection, room, input, out, coming }
    }

    /// It is that time; what has arrived by now is read.
    fn hear(&mut self, ms: u64, now: Instant) -> Vec<Told> {
        self.connection.tick(now, &mut self.out);
        while self.coming.front().is_some_and(|(due, _)| *due <= ms) {
            self.input.extend(self.coming.pop_front().map(|(_, bytes)| bytes).unwrap_or_default());
        }
        let (mut used, mut told) = (0, Vec::new());
        while let Ok((count, event)) = self.connection.receive(&self.input[used..], &mut self.room) {
            used += count;
            match event {
                None => break,
                Some(Event::Request { stream, .. }) => told.push(Told::Request(stream)),
                Some(Event::Data { stream, bytes, end }) => told.push(Told::Data(stream, bytes.len() as u32, end)),
                Some(Event::StreamError(error)) => told.push(Told::Ended(error.to_string())),
                Some(Event::Reset { stream, code }) => {
                    told.push(Told::Ended(format!("stream {stream} is reset: {code}")))
                }
                Some(_) => {}
            }
        }
        self.input.drain(..used);
        self.connection.answers(&mut self.out);
        told
    }

    /// What is to go, on its way to the other.
    fn flush(&mut self, other: &mut End, due: u64) -> bool {
        let moves = !self.out.is_empty();
        if moves {
            other.coming.push_back((due, std::mem::take(&mut self.out)));
        }
        moves
    }
}

/// A stream, from the two ends: what the server still has to send, and what the client has not read.
struct Stream {
    id: StreamId,
    left: usize,
    unread: u32,
    whole: bool,
}

impl Stream {
    fn is_done(&self) -> bool {
        self.whole && self.unread == 0
    }
}

fn play(config: Config, reader: usize, trip: u64, shown: StreamId) -> Film {
    let start = net::now();
    let at = |ms: u64| start + Duration::from_millis(ms);
    let mut client = End::new(Connection::client(Arc::new(config), start));
    let mut server = End::new(Connection::server(Arc::new(Config::default()), start));
    let mut streams = [1, 3].map(|number| Stream { id: StreamId::new(number), left: 0, unread: 0, whole: false });
    let (mut moments, mut totals): (Vec<Moment>, _) = (Vec::new(), (0, 0, 0));
    let (mut ms, mut moved, mut stood, mut news) = (0, 0, 0, Vec::new());
    while ms < LAST {
        if let Some(number) = [1, 3].get(ms as usize) {
            ask(&mut client, StreamId::new(*number));
        }
        for told in server.hear(ms, at(ms)) {
            match told {
                Told::Request(stream) => begin(&mut server, stream, &mut streams),
                Told::Ended(why) => news.push(format!("the server: {why}")),
                Told::Data(..) => {}
            }
        }
        send(&mut server, &mut streams);
        for told in client.hear(ms, at(ms)) {
            match told {
                Told::Data(id, bytes, end) => {
                    if let Some(stream) = streams.iter_mut().find(|stream| stream.id == id) {
                        stream.unread += bytes;
                        stream.whole |= end;
                    }
                }
                Told::Ended(why) => news.push(format!("the client: {why}")),
                Told::Request(_) => {}
            }
        }
        let done = streams.each_ref().map(Stream::is_done);
        read(&mut client, &mut streams, reader);
        let finished = streams.iter().zip(done).filter(|(stream, before)| stream.is_done() && !before);
        news.extend(finished.map(|(stream, _)| format!("stream {} is read to its end", stream.id)));
        let mut moves = client.flush(&mut server, ms + trip / 2);
        moves |= server.flush(&mut client, ms + trip.div_ceil(2));
        let now = client.connection.windows(shown).map_or(totals, |(_, receiver)| receiver.totals());
        if now != totals || !news.is_empty() || moments.is_empty() {
            totals = now;
            let (granted, received, read) = now;
            moments.push(Moment { ms, granted, received, read, news: std::mem::take(&mut news) });
        }
        let open = client.connection.streams() + server.connection.streams();
        if ms > 1 && open == 0 {
            break;
        }
        let waits = client.coming.is_empty() && server.coming.is_empty();
        let reads = streams[0].unread > 0 && reader == 1;
        if moves || reads || !waits || ms < 2 {
            (moved, ms) = (ms, ms + 1);
        } else {
            // Nothing moves until somebody's patience is over.
            let due = [&client, &server].into_iter().filter_map(|end| end.connection.deadline()).min();
            let due = due.map_or(LAST, |due| due.saturating_duration_since(start).as_millis() as u64 + 1);
            ms = due.max(ms + 1);
            stood = stood.max(ms - moved);
        }
    }
    Film { moments: thin(moments), stood }
}

fn ask(client: &mut End, stream: StreamId) {
    let mut fields = FieldBlock::default();
    fields.push("host", "tea.example").ok();
    let head = RequestHead::new(b"GET", b"/", fields.lines());
    client
        .connection
        .send(Event::Request { stream, head, scheme: b"https", protocol: None, end: true }, &mut client.out)
        .ok();
}

fn begin(server: &mut End, stream: StreamId, streams: &mut [Stream]) {
    let head = ResponseHead::new(200, Default::default());
    server.connection.send(Event::Response { stream, head, end: false }, &mut server.out).ok();
    streams.iter_mut().filter(|one| one.id == stream).for_each(|one| one.left = BODY);
}

/// The streams take turns, as long as one of them may send.
fn send(server: &mut End, streams: &mut [Stream]) {
    let zeros = [0; TURN];
    loop {
        let mut sent = 0;
        for stream in streams.iter_mut().filter(|stream| stream.left > 0) {
            let turn = stream.left.min(TURN);
            let taken = server.connection.send_data(stream.id, &zeros[..turn], turn == stream.left, &mut server.out);
            let taken = taken.unwrap_or(0);
            stream.left -= taken;
            sent += taken;
        }
        if sent == 0 {
            return;
        }
    }
}

/// What the two readers take in a millisecond; that of stream 3 first, because the other may wait for it.
fn read(client: &mut End, streams: &mut [Stream; 2], reader: usize) {
    for at in [1, 0] {
        let limit = match (at, reader) {
            (0, 1) => 1_000,
            (0, 2) if !streams[1].is_done() => 0,
            (0, 3) => 0,
            _ => u32::MAX,
        };
        let stream = &mut streams[at];
        let bytes = stream.unread.min(limit);
        if bytes > 0 {
            stream.unread -= bytes;
            client.connection.consumed(stream.id, bytes, &mut client.out);
        }
    }
}

/// A few moments with the news of all.
fn thin(moments: Vec<Moment>) -> Vec<Moment> {
    let last = moments.len().saturating_sub(1);
    let step = moments.len().div_ceil(ROWS).max(1);
    let kept = moments.into_iter().enumerate();
    kept.filter(|(at, moment)| at % step == 0 || *at == last || !moment.news.is_empty())
        .map(|(_, moment)| moment)
        .collect()
}

/// The first example as a table, for the book.
pub(crate) fn drawing() -> String {
    let config = Config { stream_window: 65_535, connection_window: 262_144, ..Config::default() };
    let film = play(config, 0, 100, StreamId::new(1));
    let rows = film.moments.iter().map(|Moment { ms, granted, received, read, news }| {
        let room = granted.saturating_sub(*received);
        let numbers = [*ms, *granted, *received, *read, room].map(|number| number.to_string());
        (String::new(), numbers.into_iter().chain([text(&news.join(", "))]).collect())
    });
    table(&["ms", "granted", "received", "read", "room", "what is new"], rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn film(example: usize) -> Film {
        let (_, state) = examples().swap_remove(example);
        answer(serde_json::from_value(state).unwrap()).unwrap()
    }

    fn end(film: &Film) -> (u64, Vec<String>) {
        (film.moments.last().unwrap().ms, film.moments.iter().flat_map(|moment| moment.news.clone()).collect())
    }

    #[test]
    fn totals_only_grow_and_what_came_is_never_more_than_was_granted() {
        for (at, (label, _)) in examples().into_iter().enumerate() {
            let film = film(at);
            let totals: Vec<_> =
                film.moments.iter().map(|moment| (moment.granted, moment.received, moment.read)).collect();
            assert!(totals.iter().all(|(granted, received, read)| read <= received && received <= granted), "{label}");
            assert!(
                totals.windows(2).all(|two| two[0].0 <= two[1].0 && two[0].1 <= two[1].1 && two[0].2 <= two[1].2),
                "{label}"
            );
            assert!((2..=ROWS + 8).contains(&totals.len()), "{label}: {}", totals.len());
        }
    }

    #[test]
    fn a_window_costs_a_round_trip_and_a_larger_one_does_not() {
        let (slow, fast) = (end(&film(0)), end(&film(1)));
        assert!(slow.0 >= 400 && fast.0 <= 300, "{} and {} ms", slow.0, fast.0);
        assert_eq!(slow.1.len(), 2, "{:?}", slow.1);
    }

    #[test]
    fn the_deadlock_stands_until_time_ends_it_and_room_breaks_it() {
        let (stuck, room) = (film(3), film(4));
        assert!(stuck.stood >= 29_000, "{}", stuck.stood);
        assert!(!end(&stuck).1.iter().any(|news| news == "stream 3 is read to its end"), "{:?}", end(&stuck).1);
        assert!(room.stood < 1_000 && end(&room).0 < 2_000, "{room:?}");
        assert_eq!(end(&room).1, ["stream 3 is read to its end", "stream 1 is read to its end"]);
        // The exercise of the chapter.
        let change = |name: &str, value: &str| {
            let mut state = examples().swap_remove(3).1;
            state[name] = value.into();
            answer(serde_json::from_value(state).unwrap()).unwrap().stood
        };
        for (name, value) in
            [("connection", "262144"), ("stream", "16384"), ("reader", READERS[0]), ("reader", READERS[1])]
        {
            assert!(change(name, value) < 1_000, "{name} {value}");
        }
        assert!(change("trip", "0 ms") >= 29_000);
    }
}
