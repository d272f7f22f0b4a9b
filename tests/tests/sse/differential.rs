//! Our decoder beside one of the registry that follows the same text: the same events of any stream. The fuzz target
//! `sse_differential` does the same with more patience.

use proptest::prelude::*;
use wirebook_sse::Decoder;

fn stream() -> impl Strategy<Value = Vec<u8>> {
    let words =
        ["data", "data: ", "event: ", "id: ", "retry: 1", ":", "x", "\n", "\r", "\r\n", "\n\n", "\0", "\u{feff}", "é"];
    let piece = prop_oneof![
        8 => prop::sample::select(words.to_vec()).prop_map(|word| word.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..3),
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn an_independent_decoder_sees_the_same_events(stream in stream()) {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        let mut decoder = Decoder::default();
        let mut rest = &stream[..];
        while let Ok((used, Some(event))) = decoder.receive(rest) {
            ours.push((event.event_type.to_string(), event.data.to_string(), event.id.unwrap_or_default().to_string()));
            rest = &rest[used..];
        }
        let mut parser = sse_parse::SseParser::new();
        parser.feed(&stream);
        while let Some(event) = parser.next_event() {
            theirs.push((event.event, event.data, event.id));
        }
        prop_assert_eq!(ours, theirs);
        prop_assert_eq!(decoder.last_event_id(), parser.last_event_id());
    }
}
