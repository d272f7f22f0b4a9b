//! Any bytes, cut anywhere, under any bounds: the fast decoder does what the obvious one does, and holds no more than
//! it may. The first four bytes choose the cuts and the bounds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wirebook_sse::decoder::{Limits, by_line, fast};
use wirebook_sse::line::Lines;

type Seen = (Vec<(usize, String, String, Option<String>)>, Option<wirebook_sse::DecodeError>, String, Option<u64>);

macro_rules! run {
    ($decoder:ty, $limits:expr, $pieces:expr) => {{
        let mut decoder = <$decoder>::new($limits, "");
        let mut seen: Seen = Default::default();
        let mut at = 0;
        'stream: for mut piece in $pieces {
            loop {
                match decoder.receive(piece) {
                    Ok((used, Some(event))) => {
                        at += used;
                        piece = &piece[used..];
                        seen.0.push((at, event.event_type.into(), event.data.into(), event.id.map(Into::into)));
                    }
                    Ok((used, None)) => {
                        assert_eq!(used, piece.len());
                        at += used;
                        break;
                    }
                    Err(error) => {
                        seen.1 = Some(error);
                        break 'stream;
                    }
                }
            }
        }
        (seen.2, seen.3) = (decoder.last_event_id().into(), decoder.retry());
        seen
    }};
}

fuzz_target!(|input: &[u8]| {
    let [step, skew, max_line, max_event, stream @ ..] = input else { return };
    let limits = match (*max_line, *max_event) {
        (255, 255) => Limits::default(),
        (line, event) => Limits { max_line: line.into(), max_event: event.into() },
    };
    let whole = run!(by_line::Decoder, limits, [stream]);
    assert_eq!(run!(fast::Decoder, limits, [stream]), whole);

    let (head, tail) = stream.split_at(usize::from(*skew).min(stream.len()));
    let pieces = || [head].into_iter().chain(tail.chunks(usize::from(*step).max(1)));
    assert_eq!(run!(by_line::Decoder, limits, pieces()), whole);
    assert_eq!(run!(fast::Decoder, limits, pieces()), whole);

    // The lines that tools show cover the stream.
    let covered: usize = Lines::new(stream).map(|(line, end, _)| line.len() + end.len()).sum();
    assert!(covered == stream.len() || covered + 3 == stream.len());
});
