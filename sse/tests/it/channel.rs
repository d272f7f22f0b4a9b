//! The channel: who receives what, and what happens at its bounds.

use proptest::prelude::*;
use wirebook_sse::channel::{Channel, Key, Overtaken, Resume, Settings, Slow, Start};
use wirebook_sse::{Decoder, Event};

fn channel(settings: Settings, events: u64) -> Channel {
    let mut channel = Channel::new(settings);
    for n in 1..=events {
        assert_eq!(channel.publish("message", &format!("event {n}")), Ok(n));
    }
    channel
}

/// Everything that a subscriber is sent, as `(type, data, id)`, with its place at the end.
fn drain(channel: &mut Channel, key: Key) -> (Vec<(String, String, String)>, String) {
    let mut pieces = Vec::new();
    while channel.take(key, 100, &mut pieces).unwrap() > 0 {}
    let wire = pieces.concat();
    let mut decoder = Decoder::default();
    let (mut at, mut events) = (0, Vec::new());
    while let (used, Some(Event { event_type, data, id })) = decoder.receive(&wire[at..]).unwrap() {
        at += used;
        events.push((event_type.to_string(), data.to_string(), id.unwrap_or_default().to_string()));
    }
    (events, decoder.last_event_id().to_string())
}

fn numbers(range: std::ops::RangeInclusive<u64>) -> Vec<(String, String, String)> {
    range.map(|n| ("message".to_string(), format!("event {n}"), n.to_string())).collect()
}

#[test]
fn a_fresh_subscriber_is_given_its_place_and_what_comes() {
    let mut channel = channel(Settings::default(), 3);
    let (key, resume) = channel.subscribe(None);
    assert_eq!(resume, Resume::Fresh);
    assert_eq!(drain(&mut channel, key), (vec![], "3".to_string()));
    channel.publish("message", "event 4").unwrap();
    assert_eq!(channel.lag(key), 1);
    assert_eq!(drain(&mut channel, key), (numbers(4..=4), "4".to_string()));
    assert_eq!(channel.lag(key), 0);
}

#[test]
fn a_fresh_subscriber_may_begin_with_the_oldest() {
    let mut channel = channel(Settings { start: Start::Oldest, ring_events: 2, ..Settings::default() }, 5);
    let (key, _) = channel.subscribe(None);
    assert_eq!(drain(&mut channel, key), (numbers(4..=5), "5".to_string()));
}

#[test]
fn a_known_id_resumes_without_loss_or_repeats() {
    let mut channel = channel(Settings::default(), 10);
    for seen in 0..=10 {
        let (key, resume) = channel.subscribe(Some(&seen.to_string()));
        assert_eq!(resume, Resume::Resumed(10 - seen));
        assert_eq!(drain(&mut channel, key).0, numbers(seen + 1..=10));
    }
}

#[test]
fn an_id_before_the_ring_is_a_loss_of_known_size() {
    // Events 7 to 10 are kept. Whoever saw 6 resumes; whoever saw 5 lost one.
    let mut channel = channel(Settings { ring_events: 4, ..Settings::default() }, 10);
    assert_eq!(channel.oldest(), 7);
    let (key, resume) = channel.subscribe(Some("6"));
    assert_eq!(resume, Resume::Resumed(4));
    assert_eq!(drain(&mut channel, key).0, numbers(7..=10));

    let (key, resume) = channel.subscribe(Some("5"));
    assert_eq!(resume, Resume::Lost(Some(1)));
    let (events, _) = drain(&mut channel, key);
    assert_eq!(events[0], ("lost".to_string(), "1".to_string(), "6".to_string()));
    assert_eq!(events[1..], numbers(7..=10));
}

#[test]
fn an_id_that_is_not_ours_is_a_loss_of_unknown_size() {
    let mut channel = channel(Settings::default(), 3);
    for id in ["4", "99", "x", "-1", "+1", "01", " 1", "1 ", "18446744073709551616", "é"] {
        let (key, resume) = channel.subscribe(Some(id));
        assert_eq!(resume, Resume::Lost(None), "{id}");
        let (events, place) = drain(&mut channel, key);
        assert_eq!(events[0], ("lost".to_string(), "unknown".to_string(), "0".to_string()));
        assert_eq!((&events[1..], &place[..]), (&numbers(1..=3)[..], "3"));
    }
}

#[test]
fn an_epoch_tells_one_life_of_the_server_from_the_next() {
    let epoch = |name: &str| Settings { epoch: name.to_string(), ..Settings::default() };
    let mut second = channel(epoch("b"), 3);
    assert_eq!(second.id(2), "b-2");
    assert_eq!(second.subscribe(Some("b-2")).1, Resume::Resumed(1));
    assert_eq!(second.subscribe(Some("a-2")).1, Resume::Lost(None));
    assert_eq!(second.subscribe(Some("2")).1, Resume::Lost(None));
    let mut continued = Channel::new(epoch("a")).starting_at(8);
    assert_eq!(continued.subscribe(Some("a-7")).1, Resume::Resumed(0));
    assert_eq!(continued.subscribe(Some("a-6")).1, Resume::Lost(Some(1)));
    assert_eq!(continued.publish("message", "event 8"), Ok(8));
}

#[test]
fn the_ring_keeps_its_bounds_at_n_and_at_n_plus_one() {
    let four = channel(Settings { ring_events: 4, ..Settings::default() }, 4);
    assert_eq!(four.oldest(), 1);
    let five = channel(Settings { ring_events: 4, ..Settings::default() }, 5);
    assert_eq!(five.oldest(), 2);

    // "id: 1\ndata: event 1\n\n" is 21 bytes.
    let fits = channel(Settings { ring_bytes: 42, ..Settings::default() }, 2);
    assert_eq!(fits.oldest(), 1);
    let over = channel(Settings { ring_bytes: 41, ..Settings::default() }, 2);
    assert_eq!(over.oldest(), 2);
    // The newest is kept whatever its size.
    let tiny = channel(Settings { ring_bytes: 1, ring_events: 0, ..Settings::default() }, 3);
    assert_eq!(tiny.oldest(), 3);
}

#[test]
fn a_slow_reader_is_disconnected() {
    let mut channel = channel(Settings { ring_events: 3, ..Settings::default() }, 0);
    let (slow, _) = channel.subscribe(None);
    let (quick, _) = channel.subscribe(None);
    let mut pieces = Vec::new();
    for n in 1..=3 {
        channel.publish("message", "x").unwrap();
        assert!(channel.take(quick, 100, &mut pieces).unwrap() > 0);
        assert_eq!(channel.lag(slow), n);
    }
    // Three behind is what the ring holds; the fourth overtakes it.
    channel.publish("message", "x").unwrap();
    assert_eq!(channel.take(slow, 100, &mut pieces), Err(Overtaken));
    assert_eq!(channel.take(quick, 100, &mut pieces), Ok(1));
}

#[test]
fn a_slow_reader_is_told_what_it_missed() {
    let mut channel = channel(Settings { ring_events: 3, slow: Slow::Skip, ..Settings::default() }, 0);
    let (key, _) = channel.subscribe(None);
    for n in 1..=5 {
        channel.publish("message", &format!("event {n}")).unwrap();
    }
    let (events, place) = drain(&mut channel, key);
    assert_eq!(events[0], ("lost".to_string(), "2".to_string(), "2".to_string()));
    assert_eq!((&events[1..], &place[..]), (&numbers(3..=5)[..], "5"));
}

#[test]
fn a_publisher_can_wait_for_a_slow_reader() {
    let mut channel = channel(Settings { ring_events: 3, slow: Slow::Wait, ..Settings::default() }, 0);
    let (key, _) = channel.subscribe(None);
    for _ in 0..3 {
        assert!(channel.has_room(10));
        channel.publish("message", "x").unwrap();
    }
    assert!(!channel.has_room(10), "a fourth would push out the first, which is still needed");
    let mut pieces = Vec::new();
    channel.take(key, 30, &mut pieces).unwrap();
    assert!(channel.has_room(10));
    channel.publish("message", "x").unwrap();
    assert!(!channel.has_room(10));
    channel.unsubscribe(key);
    assert!(channel.has_room(10), "nobody is left to wait for");
}

#[test]
fn a_large_event_waits_for_all_whom_it_would_overtake() {
    // Two small events; the large one would push out both, and one subscriber still needs the second.
    let mut channel = channel(Settings { ring_bytes: 100, slow: Slow::Wait, ..Settings::default() }, 0);
    let (key, _) = channel.subscribe(Some("0"));
    let small = |channel: &mut Channel| channel.publish_if_room("message", "small").unwrap();
    assert_eq!((small(&mut channel), small(&mut channel)), (Some(1), Some(2)));
    let mut pieces = Vec::new();
    assert_eq!(channel.take(key, 0, &mut pieces), Ok(1));
    let large = "x".repeat(80);
    assert_eq!(channel.publish_if_room("message", &large), Ok(None));
    assert_eq!(channel.take(key, 0, &mut pieces), Ok(1));
    assert_eq!(channel.publish_if_room("message", &large), Ok(Some(3)));
    assert_eq!(channel.take(key, 0, &mut pieces), Ok(1));
    assert_eq!(
        pieces.concat(),
        format!("id: 1\ndata: small\n\nid: 2\ndata: small\n\nid: 3\ndata: {large}\n\n").as_bytes()
    );
}

#[test]
fn an_event_larger_than_the_ring_waits_for_nobody_who_is_up_to_date() {
    let mut channel = channel(Settings { ring_bytes: 10, slow: Slow::Wait, ..Settings::default() }, 0);
    let (key, _) = channel.subscribe(None);
    let large = "x".repeat(1000);
    let mut pieces = Vec::new();
    for number in 1..=3 {
        assert_eq!(channel.publish_if_room("message", &large), Ok(Some(number)), "the ring has nothing that is needed");
        assert_eq!(channel.publish_if_room("message", "x"), Ok(None), "now it has");
        while channel.take(key, 0, &mut pieces).unwrap() > 0 {}
    }
}

/// The channel as one would write it first: all events for ever, and a queue of numbers for each subscriber.
#[derive(Default)]
struct Naive {
    sizes: Vec<usize>,
    queues: Vec<Option<(Key, Vec<u64>)>>,
}

impl Naive {
    /// The number of the oldest event that a ring has after all these.
    fn oldest(sizes: &[usize], settings: &Settings) -> u64 {
        let mut oldest = 0;
        for newest in 0..sizes.len() {
            let over = |oldest: usize| {
                newest + 1 - oldest > settings.ring_events
                    || sizes[oldest..=newest].iter().sum::<usize>() > settings.ring_bytes
            };
            while oldest < newest && over(oldest) {
                oldest += 1;
            }
        }
        oldest as u64 + 1
    }

    fn has_room(&self, bytes: usize, settings: &Settings) -> bool {
        let sizes = [&self.sizes[..], &[bytes]].concat();
        let oldest = Self::oldest(&sizes, settings);
        self.queues.iter().flatten().flat_map(|(_, queue)| queue).all(|&number| number >= oldest)
    }
}

#[derive(Debug, Clone)]
enum Act {
    Publish(usize),
    Subscribe(u64),
    Take(usize, usize),
    Unsubscribe(usize),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => prop_oneof![0usize..8, 0usize..200].prop_map(Act::Publish),
        2 => (0u64..4).prop_map(Act::Subscribe),
        6 => (any::<usize>(), 0usize..120).prop_map(|(who, bytes)| Act::Take(who, bytes)),
        1 => any::<usize>().prop_map(Act::Unsubscribe),
    ]
}

/// The numbers of the events in these pieces; the first piece of a fresh subscriber is no event.
fn taken(pieces: &[bytes::Bytes]) -> Vec<u64> {
    let text = |piece: &bytes::Bytes| String::from_utf8(piece.to_vec()).unwrap();
    let events = pieces.iter().map(text).filter(|piece| piece.contains("data: "));
    events
        .map(|piece| {
            assert!(!piece.contains("event: lost"), "overtaken: {piece}");
            piece.lines().next().unwrap().strip_prefix("id: ").unwrap().parse().unwrap()
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 8 } else { 1000 }))]

    #[test]
    fn with_wait_nobody_is_overtaken_and_nobody_waits_for_nothing(
        ring_events in 1usize..6, ring_bytes in 0usize..200, acts in prop::collection::vec(act(), 1..80),
    ) {
        let settings = Settings { ring_events, ring_bytes, slow: Slow::Wait, ..Settings::default() };
        let mut channel = Channel::new(settings.clone());
        let mut naive = Naive::default();
        for act in acts {
            match act {
                Act::Publish(length) => {
                    let data = "x".repeat(length);
                    let bytes = format!("id: {}\ndata: {data}\n\n", channel.next()).len();
                    let room = naive.has_room(bytes, &settings);
                    prop_assert_eq!(channel.has_room(bytes), room);
                    let published = channel.publish_if_room("message", &data).unwrap();
                    prop_assert_eq!(published.is_some(), room);
                    if let Some(number) = published {
                        naive.sizes.push(bytes);
                        prop_assert_eq!(number, naive.sizes.len() as u64);
                        naive.queues.iter_mut().flatten().for_each(|(_, queue)| queue.push(number));
                    }
                    prop_assert_eq!(channel.oldest(), Naive::oldest(&naive.sizes, &settings));
                }
                Act::Subscribe(missed) => {
                    // Fresh, or as many events behind as the ring still has.
                    let next = channel.next();
                    let seen = next.saturating_sub(1 + missed).max(channel.oldest() - 1);
                    let id = (missed > 0).then(|| seen.to_string());
                    let (key, _) = channel.subscribe(id.as_deref());
                    let queue = if id.is_some() { (seen + 1..next).collect() } else { Vec::new() };
                    naive.queues.push(Some((key, queue)));
                }
                Act::Take(who, bytes) if !naive.queues.is_empty() => {
                    let who = who % naive.queues.len();
                    let Some((key, queue)) = &mut naive.queues[who] else { continue };
                    let mut pieces = Vec::new();
                    prop_assert!(channel.take(*key, bytes, &mut pieces).is_ok());
                    let numbers = taken(&pieces);
                    prop_assert_eq!(&numbers[..], &queue[..numbers.len()]);
                    queue.drain(..numbers.len());
                    prop_assert!(queue.is_empty() || !pieces.is_empty(), "something is there and nothing was given");
                }
                Act::Unsubscribe(who) if !naive.queues.is_empty() => {
                    let who = who % naive.queues.len();
                    if let Some((key, _)) = naive.queues[who].take() {
                        channel.unsubscribe(key);
                    }
                }
                Act::Take(..) | Act::Unsubscribe(_) => {}
            }
        }
        // Once all have taken everything, any event has room.
        for (key, _) in naive.queues.iter().flatten() {
            while channel.take(*key, 0, &mut Vec::new()).unwrap() > 0 {}
        }
        prop_assert!(channel.has_room(0) && channel.has_room(usize::MAX));
    }
}

#[test]
fn every_bound_at_zero_one_and_max() {
    for ring_events in [0, 1, usize::MAX] {
        for ring_bytes in [0, 1, usize::MAX] {
            for slow in [Slow::Disconnect, Slow::Skip, Slow::Wait] {
                for next in [0, 1, u64::MAX] {
                    let settings = Settings { ring_events, ring_bytes, slow, ..Settings::default() };
                    let mut channel = Channel::new(settings).starting_at(next);
                    let first = channel.next();
                    let (key, _) = channel.subscribe(None);
                    for number in first..first + 3 {
                        assert_eq!(channel.publish_if_room("message", "x"), Ok(Some(number)));
                        let mut pieces = Vec::new();
                        while channel.take(key, usize::MAX, &mut pieces).unwrap() > 0 {}
                        assert!(pieces.concat().ends_with(b"data: x\n\n"));
                    }
                    assert!(channel.next() - channel.oldest() >= 1, "the newest is kept");
                    assert_eq!(channel.subscribe(Some(&u64::MAX.to_string())).1, Resume::Lost(None));
                }
            }
        }
    }
}

#[test]
fn take_keeps_to_its_bound_but_always_gives_something() {
    let mut channel = channel(Settings::default(), 5);
    let (key, _) = channel.subscribe(Some("0"));
    let mut pieces = Vec::new();
    assert_eq!(channel.take(key, 42, &mut pieces), Ok(2));
    assert_eq!(channel.take(key, 41, &mut pieces), Ok(1));
    assert_eq!(channel.take(key, 0, &mut pieces), Ok(1));
    assert_eq!(channel.take(key, 1000, &mut pieces), Ok(1));
    assert_eq!(channel.take(key, 1000, &mut pieces), Ok(0));
}

#[test]
fn an_event_is_encoded_once_for_all() {
    let mut channel = channel(Settings::default(), 0);
    let keys: Vec<Key> = (0..3).map(|_| channel.subscribe(Some("0")).0).collect();
    channel.publish("message", "shared").unwrap();
    let mut pieces = Vec::new();
    keys.iter().for_each(|&key| assert_eq!(channel.take(key, 100, &mut pieces), Ok(1)));
    assert!(pieces.iter().all(|piece| piece.as_ptr() == pieces[0].as_ptr()));
    assert_eq!(channel.subscribers(), 3);
    channel.unsubscribe(keys[1]);
    channel.unsubscribe(keys[1]);
    assert_eq!(channel.subscribers(), 2);
    assert_eq!(channel.subscribe(None).0, keys[1], "a place is used again");
}

#[test]
fn what_cannot_be_encoded_leaves_no_trace() {
    let mut channel = channel(Settings::default(), 1);
    assert!(channel.publish("a\nb", "x").is_err());
    assert_eq!((channel.next(), channel.oldest()), (2, 1));
    let mut bad = Channel::new(Settings { epoch: "a\n".to_string(), ..Settings::default() });
    assert!(bad.publish("message", "x").is_err());
}
