//! What the tests of the codec share: the two decoders behind one trait, and ways to cut a stream.
#![allow(dead_code)]

use wirebook_sse::decoder::{by_line, fast};
use wirebook_sse::{DecodeError, Event, Limits};

/// The contract that both variants keep.
pub(crate) trait Decode {
    const NAME: &'static str;
    fn new(limits: Limits, last_event_id: &str) -> Self;
    fn receive<'a>(&'a mut self, input: &'a [u8]) -> Result<(usize, Option<Event<'a>>), DecodeError>;
    fn last_event_id(&self) -> &str;
    fn retry(&self) -> Option<u64>;
}

macro_rules! decode {
    ($variant:ty, $name:literal) => {
        impl Decode for $variant {
            const NAME: &'static str = $name;
            fn new(limits: Limits, last_event_id: &str) -> Self {
                <$variant>::new(limits, last_event_id)
            }
            fn receive<'a>(&'a mut self, input: &'a [u8]) -> Result<(usize, Option<Event<'a>>), DecodeError> {
                <$variant>::receive(self, input)
            }
            fn last_event_id(&self) -> &str {
                <$variant>::last_event_id(self)
            }
            fn retry(&self) -> Option<u64> {
                <$variant>::retry(self)
            }
        }
    };
}
decode!(by_line::Decoder, "by_line");
decode!(fast::Decoder, "fast");

/// An event with its place: the number of bytes of the stream up to and with the byte that completed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) at: usize,
    pub(crate) event_type: String,
    pub(crate) data: String,
    pub(crate) last_event_id: String,
}

/// All that a decoder makes of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Outcome {
    pub(crate) events: Vec<Seen>,
    pub(crate) error: Option<DecodeError>,
    pub(crate) last_event_id: String,
    pub(crate) retry: Option<u64>,
}

/// Feeds the pieces one after the other and collects what comes out.
pub(crate) fn run<'a, D: Decode>(limits: Limits, pieces: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let mut decoder = D::new(limits, "");
    let mut outcome = Outcome::default();
    let mut at = 0;
    'stream: for mut piece in pieces {
        loop {
            match decoder.receive(piece) {
                Ok((used, event)) => {
                    at += used;
                    piece = &piece[used..];
                    let Some(event) = event else {
                        assert!(piece.is_empty(), "{}: bytes left without an event", D::NAME);
                        break;
                    };
                    outcome.events.push(Seen {
                        at,
                        event_type: event.event_type.to_string(),
                        data: event.data.to_string(),
                        last_event_id: event.id.unwrap_or_default().to_string(),
                    });
                }
                Err(error) => {
                    outcome.error = Some(error);
                    assert_eq!(decoder.receive(piece), Err(error), "{}: an error stays", D::NAME);
                    break 'stream;
                }
            }
        }
    }
    outcome.last_event_id = decoder.last_event_id().to_string();
    outcome.retry = decoder.retry();
    outcome
}

/// Whole, byte by byte, at every cut, and with an unfinished line behind it: all must give the same.
pub(crate) fn run_every_way<D: Decode>(limits: Limits, stream: &[u8]) -> Outcome {
    let whole = run::<D>(limits, [stream]);
    assert_eq!(run::<D>(limits, stream.chunks(1)), whole, "{} byte by byte", D::NAME);
    for cut in 0..=stream.len() {
        let (left, right) = stream.split_at(cut);
        assert_eq!(run::<D>(limits, [left, right]), whole, "{} cut at {cut}", D::NAME);
    }
    assert_eq!(run::<D>(limits, [stream, b"x"]), whole, "{} with trailing data", D::NAME);
    whole
}
