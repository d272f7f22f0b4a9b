//! What the chapter on event streams shows in code: the obvious decoder and channel, the cases in which they break, and the
//! answers to the exercises. All of it is held to what the crate does.

use std::collections::VecDeque;
use std::time::Duration;

use wirebook_sse::channel::{Channel, Settings};
use wirebook_sse::{Decoder, Event, encoder};

// ANCHOR: decoder_naive
/// The data of the events in a stream.
fn naive_events(stream: &str) -> Vec<&str> {
    stream.split("\n\n").filter_map(|event| event.strip_prefix("data: ")).collect()
}
// ANCHOR_END: decoder_naive

/// Type, data and id of each event, by the crate's decoder.
type Owned = (String, String, String);

fn decode(stream: &[u8]) -> Vec<Owned> {
    let (mut decoder, mut rest, mut events) = (Decoder::default(), stream, Vec::new());
    while let Ok((used, Some(event))) = decoder.receive(rest) {
        events.push((event.event_type.into(), event.data.into(), event.id.unwrap_or_default().into()));
        rest = &rest[used..];
    }
    events
}

fn data(stream: &str) -> Vec<String> {
    decode(stream.as_bytes()).into_iter().map(|(_, data, _)| data).collect()
}

#[test]
fn the_naive_decoder_reads_the_simplest_stream() {
    assert_eq!(naive_events("data: tea\n\ndata: cup\n\n"), ["tea", "cup"]);
}

// ANCHOR: decoder_breaks
#[test]
fn the_naive_decoder_is_wrong_four_times() {
    // The right answer is on the right.
    let both = |stream| (naive_events(stream).join("|"), data(stream).join("|"));
    // A server that ends its lines with CR LF: nothing is ever found.
    assert_eq!(both("data: a\r\n\r\ndata: b\r\n\r\n"), ("a\r\n\r\ndata: b\r\n\r\n".into(), "a|b".into()));
    // Two lines of data: the second line is taken with its name.
    assert_eq!(both("data: a\ndata: b\n\n"), ("a\ndata: b".into(), "a\nb".into()));
    // No space behind the colon, and an id first: both events are lost.
    assert_eq!(both("data:a\n\nid: 7\ndata: b\n\n"), ("".into(), "a|b".into()));
    // The connection breaks in the middle of an event: half of it is delivered.
    assert_eq!(both("data: 1000 eu"), ("1000 eu".into(), "".into()));
}
// ANCHOR_END: decoder_breaks

// ANCHOR: channel_naive
/// Hands every event to every subscriber.
#[derive(Default)]
struct NaiveChannel {
    queues: Vec<VecDeque<String>>,
}

impl NaiveChannel {
    fn publish(&mut self, data: &str) {
        for queue in &mut self.queues {
            queue.push_back(format!("data: {data}\n\n"));
        }
    }
}
// ANCHOR_END: channel_naive

#[test]
fn the_naive_channel_keeps_everything_for_a_reader_that_stalls() {
    let mut channel = NaiveChannel { queues: vec![VecDeque::new(); 2] };
    for number in 0..5000 {
        channel.publish(&number.to_string());
        // The second reader reads; the first does not.
        assert_eq!(channel.queues[1].pop_front(), Some(format!("data: {number}\n\n")));
    }
    assert_eq!(channel.queues[0].len(), 5000);
    let mut ring = Channel::new(Settings::default());
    let (stalled, _) = ring.subscribe(None);
    for number in 0..5000 {
        ring.publish("message", &number.to_string()).unwrap();
    }
    assert!(ring.take(stalled, 1 << 20, &mut Vec::new()).is_err(), "the ring of 1 024 has overtaken it");
}

// ANCHOR: injection
/// What a server writes that does not look at its user's text.
fn naive_encode(text: &str) -> String {
    format!("data: {text}\n\n")
}
// ANCHOR_END: injection

#[test]
fn a_text_of_a_user_can_be_an_event_of_its_own() {
    let evil = "hi\r\revent: admin\rdata: grant";
    let seen = decode(naive_encode(evil).as_bytes());
    assert_eq!(seen.iter().map(|event| &*event.0).collect::<Vec<_>>(), ["message", "admin"]);
    let mut out = Vec::new();
    encoder::encode(Event::data(evil), &mut out).unwrap();
    assert_eq!(decode(&out), [("message".into(), "hi\n\nevent: admin\ndata: grant".into(), String::new())]);
}

#[test]
fn exercise_the_line_feed_behind_a_return_may_come_later() {
    let mut decoder = Decoder::default();
    assert_eq!(decoder.receive(b"data: 1\r\r").unwrap().1, Some(Event::data("1")));
    assert_eq!(decoder.receive(b"\ndata: 2\n\n").unwrap(), (10, Some(Event::data("2"))));
}

#[test]
fn exercise_three_fields_and_what_is_seen() {
    // ANCHOR: exercise_stream
    let stream = b"id: 1\n\nid: 2\ndata\ndata:  x\n\ndata: y";
    // The first block has no data: its id counts, and no event is seen.
    assert_eq!(decode(stream), [("message".into(), "\n x".into(), "2".into())]);
    // ANCHOR_END: exercise_stream
}

// ANCHOR: exercise_encoder
/// An event whose data may be any text, with whichever line ends.
fn encode(event_type: &str, text: &str) -> Option<String> {
    if event_type.contains(['\r', '\n']) {
        return None;
    }
    let mut out = format!("event: {event_type}\n");
    // CR LF first: it is one line end, and not two.
    for line in text.replace("\r\n", "\n").split(['\r', '\n']) {
        out += &format!("data: {line}\n");
    }
    Some(out + "\n")
}
// ANCHOR_END: exercise_encoder

#[test]
fn exercise_any_text_comes_back() {
    for text in ["", "tea", " two  spaces", "a\nb", "a\rb", "a\r\nb", "\r\r\n\n", "x\n\nevent: admin", ": no comment"] {
        let plain = text.replace("\r\n", "\n").replace('\r', "\n");
        let expected = [("tea".to_string(), plain, String::new())];
        assert_eq!(decode(encode("tea", text).unwrap().as_bytes()), expected, "{text:?}");
    }
    assert_eq!(encode("tea\rid: 7", "x"), None);
}

// ANCHOR: exercise_decoder
/// Data and id of the events in a whole stream.
fn events(stream: &str) -> Vec<(String, String)> {
    let (mut events, mut data, mut id) = (Vec::new(), None::<String>, String::new());
    let stream = stream.strip_prefix('\u{feff}').unwrap_or(stream);
    let stream = stream.replace("\r\n", "\n").replace('\r', "\n");
    // What has no line end behind it is not a line.
    let whole = stream.rfind('\n').map_or(0, |end| end + 1);
    for line in stream[..whole].lines() {
        if line.is_empty() {
            events.extend(data.take().map(|data| (data, id.clone())));
            continue;
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "data" => match &mut data {
                Some(data) => *data += &format!("\n{value}"),
                None => data = Some(value.to_string()),
            },
            "id" if !value.contains('\0') => id = value.to_string(),
            _ => {}
        }
    }
    events
}
// ANCHOR_END: exercise_decoder

#[test]
fn exercise_a_decoder_for_whole_streams() {
    let streams = [
        "data: tea\n\ndata: cup\n\n",
        "data: 1\r\rdata: 2\n\ndata: 3\r\n\r\n",
        ": a comment\nevent: add\nid: 7\ndata: first line\ndata:  second line\n\nretry: 3000\ndata: unfinished\n",
        "id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n",
        "Data: 1\ndata : 2\n data: 3\ndata2: 4\n\ndata:5\n\n",
        "data\n\ndata:\n\ndata\ndata\n\n",
        "\u{feff}data: 1\n\n\u{feff}data: 2\n\n",
        "id: 1\ndata: a\n\nid: 2\u{0}3\ndata: b\n\n",
        "data: 1000 eu",
        "",
    ];
    for stream in streams {
        let ours: Vec<_> = decode(stream.as_bytes()).into_iter().map(|(_, data, id)| (data, id)).collect();
        assert_eq!(events(stream), ours, "{stream:?}");
    }
}

// ANCHOR: exercise_expiring
/// A ring whose events expire. Time is told, as everywhere in the cores.
struct Expiring {
    lasts: Duration,
    /// The number of the next event.
    next: u64,
    events: VecDeque<(Duration, String)>,
}

impl Expiring {
    fn publish(&mut self, now: Duration, data: &str) {
        self.forget(now);
        self.events.push_back((now, data.to_string()));
        self.next += 1;
    }

    fn forget(&mut self, now: Duration) {
        while self.events.front().is_some_and(|(at, _)| now - *at >= self.lasts) {
            self.events.pop_front();
        }
    }

    /// How many events a reader has lost that saw number `seen` last, and the
    /// events that it gets.
    fn resume(&mut self, now: Duration, seen: u64) -> (u64, Vec<&str>) {
        self.forget(now);
        let oldest = self.next - self.events.len() as u64;
        let lost = oldest.saturating_sub(seen + 1);
        let skip = (seen + 1).saturating_sub(oldest) as usize;
        (lost, self.events.iter().skip(skip).map(|(_, data)| &**data).collect())
    }
}
// ANCHOR_END: exercise_expiring

#[test]
fn exercise_events_expire_and_the_reader_is_told() {
    let second = Duration::from_secs;
    let mut ring = Expiring { lasts: second(10), next: 1, events: VecDeque::new() };
    for (at, data) in [(0, "one"), (4, "two"), (8, "three")] {
        ring.publish(second(at), data);
    }
    assert_eq!(ring.resume(second(9), 0), (0, vec!["one", "two", "three"]));
    assert_eq!(ring.resume(second(9), 2), (0, vec!["three"]));
    assert_eq!(ring.resume(second(10), 0), (1, vec!["two", "three"]));
    assert_eq!(ring.resume(second(10), 1), (0, vec!["two", "three"]));
    assert_eq!(ring.resume(second(60), 1), (2, vec![]));
    assert_eq!(ring.resume(second(60), 3), (0, vec![]));
}
