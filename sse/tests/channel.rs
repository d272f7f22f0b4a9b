//! The channel: who receives what, and what happens at its bounds.

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
