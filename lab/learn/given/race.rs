//! Given: how your code is timed. In here, so that no pipe takes part.

use crate::chunks::{self, Chunk};
use crate::{escape, events, head, unmask};
use std::hint::black_box;
use std::time::{Duration, Instant};

const HEATS: usize = 15;
const HEAT: Duration = Duration::from_millis(8);

/// Nanoseconds for one input in each of some heats, a line each; an input that is refused ends the race with a word on it.
pub fn heats(stage: &str, inputs: &[Vec<u8>]) -> Vec<String> {
    let run: fn(&[u8]) -> bool = match stage {
        "head" => |input| black_box(head::request(input)).is_ok_and(|head| head.is_some()),
        "chunks" => read_chunks,
        "unmask" => |input| {
            // The same buffer again and again: unmasking twice gives what there was before.
            BUFFER.with_borrow_mut(|buffer| {
                buffer.resize(input.len(), 0);
                unmask::unmask(buffer, [0x37, 0xfa, 0x21, 0x3d], 0);
                black_box(&buffer);
            });
            true
        },
        "events" => read_events,
        "escape" => |input| {
            BUFFER.with_borrow_mut(|out| {
                out.clear();
                escape::escape(input, out);
                black_box(&out);
            });
            true
        },
        _ => return vec![format!("refused: there is no race for {stage}")],
    };
    if let Some(at) = inputs.iter().position(|input| !run(input)) {
        return vec![format!("refused: input {at}")];
    }
    let round = |rounds: u32| {
        let start = Instant::now();
        for _ in 0..rounds {
            for input in inputs {
                black_box(run(black_box(input)));
            }
        }
        start.elapsed()
    };
    let mut rounds = 1;
    while round(rounds) < HEAT / 2 {
        rounds *= 2;
    }
    let each = f64::from(rounds) * inputs.len() as f64;
    (0..HEATS).map(|_| format!("{:.1}", round(rounds).as_secs_f64() * 1e9 / each)).collect()
}

thread_local! {
    static BUFFER: std::cell::RefCell<Vec<u8>> = const { std::cell::RefCell::new(Vec::new()) };
}

fn read_chunks(input: &[u8]) -> bool {
    let (mut decoder, mut at) = (chunks::Decoder::new(), 0);
    while let Ok((used, chunk)) = decoder.decode(&input[at..]) {
        at += used;
        match chunk {
            Some(Chunk::Data(data)) => {
                black_box(data);
            }
            Some(Chunk::Last) => return true,
            None => return false,
        }
    }
    false
}

fn read_events(input: &[u8]) -> bool {
    let (mut decoder, mut at, mut count) = (events::Decoder::new(), 0, 0);
    while let (used, Some(event)) = decoder.receive(&input[at..]) {
        black_box(event);
        at += used;
        count += 1;
    }
    count > 0
}
