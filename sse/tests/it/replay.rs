//! A feed and a client that are cut off from each other a thousand times, at random bytes, without a network: the client
//! must see every event once, in order.

use std::time::{Duration, Instant};

use wirebook_http1::FieldBlock;
use wirebook_sse::Cause;
use wirebook_sse::channel::{Channel, Resume, Settings, Start};
use wirebook_sse::connection::{Connection, Head};
use wirebook_sse::state::State;

/// A small seeded generator, so that a failure can be had again.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % n
    }
}

fn last_event_id(client: &Connection) -> Option<String> {
    let mut fields = FieldBlock::default();
    client.fields(&mut fields);
    fields.lines().get("last-event-id").map(|id| String::from_utf8_lossy(id).into_owned())
}

#[test]
fn nothing_is_lost_or_repeated_over_a_thousand_cuts() {
    for seed in 0..5 {
        cut_a_thousand_times(seed);
    }
}

fn cut_a_thousand_times(seed: u64) {
    let mut random = Random(seed);
    let mut now = Instant::now();
    let mut channel = Channel::new(Settings {
        start: Start::Oldest,
        ring_events: 100_000,
        ring_bytes: usize::MAX,
        ..Settings::default()
    });
    let settings = wirebook_sse::Settings { retry: Duration::from_millis(1), ..Default::default() };
    let mut client = Connection::new("http://feed.test/", settings, seed, now).unwrap();
    let (mut seen, mut cuts) = (Vec::new(), 0);

    while cuts < 1000 {
        assert_eq!(client.state(), State::Connecting);
        let (key, resume) = channel.subscribe(last_event_id(&client).as_deref());
        assert!(!matches!(resume, Resume::Lost(_)));
        client.receive_head(Head::event_stream(), now).unwrap();

        // The connection carries so many bytes and then breaks: perhaps none, perhaps in the middle of an id.
        let mut left = random.below(400) as usize;
        while left > 0 {
            for _ in 0..random.below(4) {
                let data = format!("event {}\nsecond line\n{}", channel.next(), "é".repeat(random.below(30) as usize));
                channel.publish("message", &data).unwrap();
            }
            let mut pieces = Vec::new();
            channel.take(key, 1 + random.below(300) as usize, &mut pieces).unwrap();
            for piece in pieces {
                let carried = &piece[..left.min(piece.len())];
                left -= carried.len();
                receive(&mut client, carried, now, &mut seen);
            }
        }
        channel.unsubscribe(key);
        cuts += 1;
        client.lost(Cause::Broken, now).unwrap();
        now = client.deadline().unwrap();
        client.expire(now).unwrap();
    }
    assert!(seen.len() > 1000, "the cuts let something through: {}", seen.len());
    let expected: Vec<u64> = (1..=seen.len() as u64).collect();
    assert_eq!(seen, expected, "seed {seed}");
}

fn receive(client: &mut Connection, mut bytes: &[u8], now: Instant, seen: &mut Vec<u64>) {
    loop {
        let (used, event) = client.receive(bytes, now).unwrap();
        let Some(event) = event else { return };
        let number: u64 = event.data.lines().next().unwrap().strip_prefix("event ").unwrap().parse().unwrap();
        assert_eq!(event.id, Some(&number.to_string()[..]));
        seen.push(number);
        bytes = &bytes[used..];
    }
}
