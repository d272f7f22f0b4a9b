//! Any bytes through our decoder and through one of the registry, `sse-parse`, which follows the same text. Where it
//! differs on purpose, the input is passed over.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wirebook_sse::Decoder;

fuzz_target!(|stream: &[u8]| {
    let mut ours = Vec::new();
    let mut decoder = Decoder::default();
    let mut rest = stream;
    while let Ok((used, Some(event))) = decoder.receive(rest) {
        ours.push((event.event_type.to_string(), event.data.to_string(), event.id.unwrap_or_default().to_string()));
        rest = &rest[used..];
    }
    let mut parser = sse_parse::SseParser::new();
    parser.feed(stream);
    let mut theirs = Vec::new();
    while let Some(event) = parser.next_event() {
        theirs.push((event.event, event.data, event.id));
    }
    assert_eq!(ours, theirs);
    assert_eq!(decoder.last_event_id(), parser.last_event_id());
});
