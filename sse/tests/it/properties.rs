//! Properties of the codec: it gives back what it was given, in pieces of any size, and never holds more than allowed.

use proptest::prelude::*;
use wirebook_sse::decoder::{by_line, fast};
use wirebook_sse::{DecodeError, Decoder, Event, Limits, encoder};

/// The contract that both variants keep.
trait Decode {
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
struct Seen {
    at: usize,
    event_type: String,
    data: String,
    last_event_id: String,
}

/// All that a decoder makes of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Outcome {
    events: Vec<Seen>,
    error: Option<DecodeError>,
    last_event_id: String,
    retry: Option<u64>,
}

/// Feeds the pieces one after the other and collects what comes out.
fn run<'a, D: Decode>(limits: Limits, pieces: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
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

/// The standard taken literally, on the whole stream at once: decode as UTF-8, split into lines, read each line.
/// A third judge, which shares no code and no shape with the two decoders.
fn letter_of_the_standard(stream: &[u8]) -> (Vec<(String, String, String)>, String, Option<u64>) {
    let text = String::from_utf8_lossy(stream.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(stream)).into_owned();
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut events = Vec::new();
    let (mut data, mut event_type, mut id_buffer) = (String::new(), String::new(), String::new());
    let (mut last_event_id, mut retry) = (String::new(), None);
    // The piece after the last line end is no line.
    let lines: Vec<&str> = text.split('\n').collect();
    for line in &lines[..lines.len() - 1] {
        if line.is_empty() {
            last_event_id = id_buffer.clone();
            if !data.is_empty() {
                data.pop();
                let event_type = if event_type.is_empty() { "message".into() } else { event_type.clone() };
                events.push((event_type, data.clone(), last_event_id.clone()));
            }
            data.clear();
            event_type.clear();
            continue;
        }
        let (name, value) = match line.find(':') {
            Some(0) => continue,
            Some(colon) => (&line[..colon], line[colon + 1..].strip_prefix(' ').unwrap_or(&line[colon + 1..])),
            None => (*line, ""),
        };
        match name {
            "event" => event_type = value.to_string(),
            "data" => data += &format!("{value}\n"),
            "id" if !value.contains('\0') => id_buffer = value.to_string(),
            "retry" if !value.is_empty() && value.chars().all(|c| c.is_ascii_digit()) => {
                retry = Some(value.parse().unwrap_or(u64::MAX));
            }
            _ => {}
        }
    }
    (events, last_event_id, retry)
}

/// Streams that have a chance to mean something: pieces of the grammar, and noise between them.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec!["data", "data:", "data: ", "event: ", "id: ", "id", "retry: ", ":", "foo: "])
            .prop_map(|s| s.as_bytes().to_vec()),
        6 => prop::sample::select(vec!["\n", "\r", "\r\n", "\n\n", "\r\r", "\r\n\r\n"]).prop_map(|s| s.as_bytes().to_vec()),
        4 => prop::sample::select(vec!["a", "7", "12", " ", "\0", "\u{feff}", "é€🦀"]).prop_map(|s| s.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..4),
        1 => "[a-z ]{0,80}".prop_map(String::into_bytes),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Cuts a stream at the given places (each modulo its length).
fn cut<'a>(stream: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut % (stream.len() + 1)).collect();
    places.extend([0, stream.len()]);
    places.sort_unstable();
    places.windows(2).map(|pair| &stream[pair[0]..pair[1]]).collect()
}

fn triples(events: &[Seen]) -> Vec<(String, String, String)> {
    events.iter().map(|e| (e.event_type.clone(), e.data.clone(), e.last_event_id.clone())).collect()
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~\r\n:]{0,40}", "\\PC{0,20}", any::<String>()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 8 } else { 2000 }))]

    #[test]
    fn all_three_agree_however_the_stream_is_cut(stream in stream(), cuts in prop::collection::vec(any::<usize>(), 0..6)) {
        let (events, last_event_id, retry) = letter_of_the_standard(&stream);
        let whole = run::<by_line::Decoder>(Limits::default(), [&stream[..]]);
        prop_assert_eq!(triples(&whole.events), events);
        prop_assert_eq!((&whole.last_event_id, whole.retry), (&last_event_id, retry));
        let pieces = cut(&stream, &cuts);
        prop_assert_eq!(&run::<by_line::Decoder>(Limits::default(), pieces.iter().copied()), &whole);
        prop_assert_eq!(&run::<fast::Decoder>(Limits::default(), [&stream[..]]), &whole);
        prop_assert_eq!(&run::<fast::Decoder>(Limits::default(), pieces.iter().copied()), &whole);
        prop_assert_eq!(&run::<fast::Decoder>(Limits::default(), stream.chunks(1)), &whole);
    }

    #[test]
    fn both_decoders_meet_the_bounds_at_the_same_byte(
        stream in stream(), cuts in prop::collection::vec(any::<usize>(), 0..6), max_line in 0usize..20, max_event in 0usize..20,
    ) {
        let limits = Limits { max_line, max_event };
        let whole = run::<by_line::Decoder>(limits, [&stream[..]]);
        let pieces = cut(&stream, &cuts);
        prop_assert_eq!(&run::<by_line::Decoder>(limits, pieces.iter().copied()), &whole);
        prop_assert_eq!(&run::<fast::Decoder>(limits, [&stream[..]]), &whole);
        prop_assert_eq!(&run::<fast::Decoder>(limits, pieces), &whole);
    }

    #[test]
    fn any_event_comes_back(event_type in text(), data in text(), id in prop::option::of(text()), comment in text()) {
        let event = Event { event_type: &event_type, data: &data, id: id.as_deref() };
        let mut out = b"before".to_vec();
        let result = encoder::encode(event, &mut out);
        prop_assert_eq!(result.map(|()| out[6..].to_vec()), encoder::encode_naive(event).map(String::into_bytes));
        if result.is_err() {
            prop_assert_eq!(out, b"before");
            let forbidden = |text: &str| text.contains(['\r', '\n', '\0']);
            prop_assert!(forbidden(&event_type) || forbidden(id.as_deref().unwrap_or_default()));
            return Ok(());
        }
        // Comments before and after it, whatever is in them, change nothing.
        let mut stream = Vec::new();
        encoder::encode_comment(&comment, &mut stream);
        stream.extend_from_slice(&out[6..]);
        encoder::encode_comment(&comment, &mut stream);
        let mut decoder = Decoder::default();
        let (used, received) = decoder.receive(&stream).unwrap();
        let event_type = if event_type.is_empty() { "message" } else { &event_type };
        let data = data.replace("\r\n", "\n").replace('\r', "\n");
        let id = id.as_deref().filter(|id| !id.is_empty());
        prop_assert_eq!(received, Some(Event { event_type, data: &data, id }));
        prop_assert_eq!(decoder.receive(&stream[used..]), Ok((stream.len() - used, None)));
    }
}

#[test]
fn an_endless_line_costs_no_more_than_the_bound() {
    // The decoder doubles its buffer but never past the bound, so 64 MiB of one line stop at 1 MiB.
    let piece = [b'a'; 65536];
    let mut decoder = Decoder::default();
    let mut accepted = decoder.receive(b"data: ").unwrap().0;
    while let Ok((used, None)) = decoder.receive(&piece) {
        accepted += used;
        assert!(accepted <= Limits::default().max_line);
    }
    assert_eq!(accepted, 6 + 15 * 65536);
}

#[test]
fn a_reconnection_goes_on_from_its_id() {
    fn check<D: Decode>() {
        let mut decoder = D::new(Limits::default(), "41");
        assert_eq!(decoder.last_event_id(), "41");
        assert_eq!(decoder.receive(b"data: x\n\n").unwrap().1, Some(Event::data("x").id("41")));
        assert_eq!(decoder.receive(b"id: 42\n\n").unwrap().1, None);
        assert_eq!(decoder.last_event_id(), "42");
    }
    check::<by_line::Decoder>();
    check::<fast::Decoder>();
}
