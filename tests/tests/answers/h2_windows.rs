//! The window that one would write first, a deadlock that is built and broken, and the answers of "Flow control: two staircases".

use std::sync::Arc;
use std::time::Instant;
use wirebook_http1::FieldBlock;
use wirebook_http1::parser::{RequestHead, ResponseHead};
use wirebook_http2::wire::Frame;
use wirebook_http2::{Code, Config, Connection, Event, Fields, StreamId};

// ANCHOR: naive
/// A window as it is described: a number that falls by what comes, and rises by what is read.
struct Naive(u32);

impl Naive {
    fn receive(&mut self, bytes: u32) -> Result<(), &'static str> {
        self.0 = self.0.checked_sub(bytes).ok_or("more than there was room for")?;
        Ok(())
    }

    fn update(&mut self, bytes: u32) {
        self.0 += bytes;
    }
}
// ANCHOR_END: naive

// ANCHOR: breaks
#[test]
fn a_number_does_not_say_what_was_forgotten() {
    let mut naive = Naive(65_535);
    naive.receive(40_000).expect("room");
    naive.update(30_000);
    // Ten thousand bytes are missing. Does somebody still hold them, or did somebody forget them?
    assert_eq!(naive.0, 55_535);
    // Totals say what is unread. If nobody holds so much, it was forgotten.
    let mut ledger = Ledger::new(65_535);
    ledger.receive(40_000).expect("room");
    ledger.read(30_000);
    assert_eq!(ledger.received - ledger.read, 10_000);
}
// ANCHOR_END: breaks

// ANCHOR: ends
/// A client that reads nothing, and a server that sends all it may.
struct Ends {
    client: Connection,
    server: Connection,
    /// How much of each stream has come to the client.
    came: Vec<(StreamId, usize)>,
}

impl Ends {
    fn new(connection_window: u32) -> Ends {
        let config = Config { stream_window: 65_535, connection_window, ..Config::default() };
        let now = Instant::now();
        let client = Connection::client(Arc::new(config), now);
        let server = Connection::server(Arc::new(Config { max_out: usize::MAX, ..Config::default() }), now);
        Ends { client, server, came: Vec::new() }
    }

    /// A request, and as much of a large answer as the windows take.
    fn ask(&mut self) -> StreamId {
        let (mut up, mut fields) = (Vec::new(), FieldBlock::default());
        fields.push("host", "a").expect("a field");
        let stream = self.client.next_stream().expect("a stream");
        let head = RequestHead::new(b"GET", b"/", fields.lines());
        let request = Event::Request { stream, head, scheme: b"http", protocol: None, end: true };
        self.client.send(request, &mut up).expect("a request");
        hear(&mut self.server, &up, |_| {});
        let mut down = Vec::new();
        let head = ResponseHead::new(200, Default::default());
        self.server.send(Event::Response { stream, head, end: false }, &mut down).expect("an answer");
        self.came.push((stream, 0));
        self.down(down);
        self.push(stream);
        stream
    }

    fn push(&mut self, stream: StreamId) {
        let mut down = Vec::new();
        self.server.send_data(stream, &[0; 65_535], false, &mut down).expect("an open stream");
        self.down(down);
    }

    fn down(&mut self, bytes: Vec<u8>) {
        let came = &mut self.came;
        hear(&mut self.client, &bytes, |event| {
            if let Event::Data { stream, bytes, .. } = event {
                let (_, count) = came.iter_mut().find(|(id, _)| id == stream).expect("a stream");
                *count += bytes.len();
            }
        });
    }
}

fn hear(end: &mut Connection, bytes: &[u8], mut tell: impl FnMut(&Event<'_>)) {
    let (mut at, mut room) = (0, Fields::default());
    while let (used, Some(event)) = end.receive(&bytes[at..], &mut room).expect("no error") {
        at += used;
        tell(&event);
    }
}
// ANCHOR_END: ends

// ANCHOR: deadlock
#[test]
fn one_reader_that_stands_still_stops_all() {
    let mut ends = Ends::new(65_535);
    ends.ask();
    let second = ends.ask();
    // The first stream's bytes fill the connection's window, and nobody reads them.
    assert_eq!(ends.came, [(StreamId::new(1), 65_535), (second, 0)]);
}
// ANCHOR_END: deadlock

// ANCHOR: broken
#[test]
fn a_larger_connection_survives_some_of_them() {
    let mut ends = Ends::new(4 * 65_535);
    let streams: Vec<StreamId> = (0..5).map(|_| ends.ask()).collect();
    let came: Vec<usize> = ends.came.iter().map(|(_, count)| *count).collect();
    assert_eq!(came, [65_535, 65_535, 65_535, 65_535, 0], "three may stand still");
    // The first gives up. What it held is read, by nobody, and the fifth goes on.
    let (mut up, cancel) = (Vec::new(), Event::Reset { stream: streams[0], code: Code::CANCEL });
    ends.client.send(cancel, &mut up).expect("an open stream");
    ends.client.answers(&mut up);
    // Half of the window must be read before there is credit: a second one gives up.
    let cancel = Event::Reset { stream: streams[1], code: Code::CANCEL };
    ends.client.send(cancel, &mut up).expect("an open stream");
    ends.client.answers(&mut up);
    hear(&mut ends.server, &up, |_| {});
    ends.push(streams[4]);
    assert_eq!(ends.came[4].1, 65_535);
}
// ANCHOR_END: broken

#[test]
fn exercise_a_window_below_zero() {
    let mut ends = Ends::new(1 << 20);
    let stream = ends.ask();
    let settings = Frame::Settings { payload: &[0, 4, 0, 0, 0x27, 0x10] };
    let mut up = Vec::new();
    settings.write(&mut up);
    hear(&mut ends.server, &up, |_| {});
    let (sender, _) = ends.server.windows(stream).expect("an open stream");
    assert_eq!((sender.sent(), sender.room()), (65_535, 10_000 - 65_535));
}

// ANCHOR: exercise_ledgers
/// What may come, what came, what was read: totals that only grow.
struct Ledger {
    size: u64,
    granted: u64,
    received: u64,
    read: u64,
}

impl Ledger {
    fn new(size: u64) -> Ledger {
        Ledger { size, granted: size, received: 0, read: 0 }
    }

    fn receive(&mut self, bytes: u64) -> Result<(), &'static str> {
        if self.received + bytes > self.granted {
            return Err("more than there was room for");
        }
        self.received += bytes;
        Ok(())
    }

    /// Somebody has read so many. Gives the increment that is due.
    fn read(&mut self, bytes: u64) -> Option<u64> {
        self.read += bytes;
        let increment = self.read + self.size - self.granted;
        if increment == 0 || increment < self.size / 2 {
            return None;
        }
        self.granted += increment;
        Some(increment)
    }
}
// ANCHOR_END: exercise_ledgers

// ANCHOR: exercise_ledgers_test
#[test]
fn credit_comes_when_half_is_read() {
    let mut ledger = Ledger::new(100);
    assert_eq!(ledger.receive(100), Ok(()));
    assert!(ledger.receive(1).is_err());
    assert_eq!([ledger.read(49), ledger.read(1), ledger.read(50)], [None, Some(50), Some(50)]);
    assert_eq!(ledger.granted - ledger.received, 100);
}
// ANCHOR_END: exercise_ledgers_test

// ANCHOR: exercise_speed
/// How many milliseconds it takes until so many bytes are there. A line carries `rate` bytes in each, and a byte is `delay` of
/// them on its way. The reader reads at once, and credit goes back as soon as half of the window has been read.
fn transfer(bytes: u64, window: u64, rate: u64, delay: u64) -> u64 {
    let (mut ledger, mut limit, mut sent) = (Ledger::new(window), window, 0);
    let mut data = std::collections::VecDeque::from(vec![0; delay as usize]);
    let mut credit = data.clone();
    for millis in 1.. {
        let piece = rate.min(limit - sent).min(bytes - sent);
        sent += piece;
        data.push_back(piece);
        let here = data.pop_front().expect("the line is full of milliseconds");
        ledger.receive(here).expect("the sender keeps to the limit");
        credit.push_back(ledger.read(here).unwrap_or(0));
        limit += credit.pop_front().expect("the line is full of milliseconds");
        if ledger.read == bytes {
            return millis;
        }
    }
    unreachable!("it goes on until all bytes are there")
}
// ANCHOR_END: exercise_speed

// ANCHOR: exercise_speed_test
#[test]
fn a_window_must_hold_what_is_on_its_way() {
    // 10 MB over a line of 10 MB a second, 50 milliseconds each way.
    let windows = [64, 256, 1024, 4096].map(|kib| kib * 1024);
    let times = windows.map(|window| transfer(10_000_000, window, 10_000, 50));
    assert!(times[0] > 10_000, "the line stands still nearly always: {times:?}");
    assert!(times[2] < 2 * times[3] && times[3] == 1050, "{times:?}");
    assert!(times[0] > 2 * times[1] && times[1] > 2 * times[2], "{times:?}");
}
// ANCHOR_END: exercise_speed_test
