//! Any peer at any time: whatever is said to an event source, it panics nowhere, does what its table says, and does not begin
//! two connections within its floor. Each step is a byte that chooses, a byte of time, and what the rest says.
#![no_main]

use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use wirebook_sse::connection::{Connection, Head};
use wirebook_sse::state::State;
use wirebook_sse::{Cause, Settings};

const FLOOR: Duration = Duration::from_millis(20);

fuzz_target!(|input: &[u8]| {
    let [options, input @ ..] = input else { return };
    let mut now = Instant::now();
    let settings = Settings {
        min_delay: FLOOR,
        retry: Duration::from_millis(u64::from(options & 15)),
        retry_refusals: options & 16 != 0,
        silence_timeout: (options & 32 != 0).then_some(Duration::from_millis(50)),
        head_timeout: (options & 64 != 0).then_some(Duration::from_millis(50)),
        ..Settings::default()
    };
    let mut source = Connection::new("http://a/b", settings, u64::from(*options), now).expect("a good URL");
    let mut began = now;
    for step in input.chunks(24) {
        let [choice, time, text @ ..] = step else { return };
        now += Duration::from_millis(u64::from(*time) / 8);
        let before = source.state();
        let said = match choice % 8 {
            0 => source.receive_head(Head::event_stream(), now),
            1 => source.receive_head(Head { status: 302, location: Some(text), ..Head::default() }, now),
            2 => source.receive_head(Head { content_encoding: Some(text), ..Head::event_stream() }, now),
            3 => source.receive_head(Head { content_type: Some(text), ..Head::event_stream() }, now),
            4 => source.receive_head(Head { status: 200 + u16::from(*time), ..Head::default() }, now),
            5 => receive_all(&mut source, text, now),
            6 => source.lost(Cause::Ended, now),
            _ => source.expire(now),
        };
        if said.is_err() {
            assert_eq!(source.state(), before, "an error changes nothing");
        }
        if source.state() == State::Connecting && before != State::Connecting {
            assert!(now - began >= FLOOR, "{:?} after the last one", now - began);
            began = now;
        }
        assert_eq!(source.state() == State::Closed, source.closed().is_some());
    }
});

fn receive_all(
    source: &mut Connection,
    mut text: &[u8],
    now: Instant,
) -> Result<(), wirebook_sse::state::OutOfTurn> {
    loop {
        let (used, event) = source.receive(text, now)?;
        if event.is_none() {
            return Ok(());
        }
        text = &text[used..];
    }
}
