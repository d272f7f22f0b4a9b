//! Field blocks of one connection, as the decoder reads them, and as the naive one does.
//!
//! A block of input is a whole field block: it has no meaning in pieces. Its settings are what happens before it: `table=N`, a
//! SETTINGS_HEADER_TABLE_SIZE that the peer has acknowledged; `list=N` and `fields=N`, our limits, of the first block alone.
//!
//! `START-END NAME: VALUE` for each representation that is a field, with `(never indexed)` where it says so; `START-END size N`;
//! `AT error VIOLATION SECTION`; then `table SIZE` and, the newest first, `62 NAME: VALUE`.

use wirebook_cases::Input;
use wirebook_hpack::{Block, Decoder, Kind, Limits, naive, representations};

/// The lines of all blocks.
pub fn events(input: &Input<'_>) -> Vec<String> {
    let number = |name: &str| input.settings().get(name).map(|value| value.parse().expect("a number"));
    let defaults = Limits::default();
    let limits = Limits {
        list: number("list").unwrap_or(defaults.list),
        fields: number("fields").unwrap_or(defaults.fields),
        ..defaults
    };
    let (mut decoder, mut judge, mut room) =
        (Decoder::new(limits), naive::Decoder::new(limits.table), Block::default());
    let mut lines = Vec::new();
    for arrival in &input.blocks {
        if let Some(size) = arrival.settings.get("table") {
            let size = size.parse().expect("a number");
            decoder.allow(size);
            judge.allow(size);
        }
        let start = arrival.start;
        let block = &input.bytes[start..*arrival.stops.last().expect("an end")];
        let result = decoder.decode(block, &mut room);
        let judged = judge.decode(block);
        assert_eq!(judged.as_ref().err(), result.as_ref().err().map(|error| &error.violation), "the naive decoder");
        if let (Ok(judged), false) = (judged, room.over()) {
            let fields = room.fields().map(|field| (field.name.to_vec(), field.value.to_vec(), field.never_indexed));
            assert!(fields.eq(judged), "the naive decoder");
        }
        let mut fields = room.fields();
        // What an error keeps from being understood is not shown.
        let before = |offset: usize| result.is_err_and(|error| error.offset <= offset);
        for one in representations(block).map_while(Result::ok).take_while(|one| !before(one.start)) {
            let (from, to) = (start + one.start, start + one.end);
            if one.kind == Kind::Size {
                lines.push(format!("{from}-{to} size {}", one.number));
            } else if let Some(field) = fields.next() {
                let never = if field.never_indexed { " (never indexed)" } else { "" };
                lines.push(format!("{from}-{to} {field:?}{never}"));
            }
        }
        if room.over() {
            lines.push("over".to_owned());
        }
        if let Err(error) = result {
            let (section, _) = error.violation.rule();
            lines.push(format!("{} error {:?} {section}", start + error.offset, error.violation));
            return lines;
        }
        let (size, entries) = decoder.table();
        lines.push(format!("table {size}"));
        for index in 62..62 + entries {
            let (name, value) = decoder.entry(index).expect("an entry");
            lines.push(format!("{index} {}: {}", name.escape_ascii(), value.escape_ascii()));
        }
    }
    lines
}
