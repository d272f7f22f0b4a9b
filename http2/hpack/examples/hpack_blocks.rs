//! Three requests of one connection as HPACK blocks: what each octet means, and the table after it.
//!
//! Run: cargo run --example hpack_blocks

use wirebook_hpack::{Block, Decoder, Encoder, Field, Indexing, Kind, Limits, Representation, representations};
use wirebook_terminal as terminal;

// ANCHOR: requests
pub(crate) const PATHS: [&str; 3] = ["/", "/tea", "/tea/green"];

/// What a small client sends each time. One field in ten differs.
pub(crate) fn request(path: &str) -> [(&str, &str); 10] {
    [
        (":method", "GET"),
        (":scheme", "https"),
        (":authority", "tea.example"),
        (":path", path),
        ("user-agent", "wirebook/0.1 (a small client)"),
        ("accept", "text/html,application/xhtml+xml,*/*;q=0.8"),
        ("accept-language", "en-GB,en;q=0.5"),
        ("accept-encoding", "gzip, deflate"),
        ("cookie", "session=5e1f0c77a9b34d28"),
        ("authorization", "Bearer 81dc9bdb52d04dc2"),
    ]
}
// ANCHOR_END: requests

/// Octets in a line, and the columns that they take.
const OCTETS: usize = 8;
const WIDTH: usize = 3 * OCTETS - 1;

fn main() -> terminal::Result {
    terminal::no_arguments(include_str!("hpack_blocks.rs"));
    // ANCHOR: main
    let (mut encoder, mut decoder) = (Encoder::new(4096), Decoder::new(Limits::default()));
    let mut room = Block::default();
    for path in PATHS {
        let fields = request(path);
        let mut block = Vec::new();
        let mut writer = encoder.block(&mut block);
        for (name, value) in fields {
            writer.field(name.as_bytes(), value.as_bytes(), Indexing::Allowed);
        }
        decoder.decode(&block, &mut room)?;
        let text: usize = fields.iter().map(|(name, value)| name.len() + value.len() + ": \r\n".len()).sum();
        println!("GET {path}: {text} bytes as text, {} as a block", block.len());
        show(&block, &room)?;
        show_table(&decoder);
    }
    // ANCHOR_END: main
    Ok(())
}

// ANCHOR: show
/// A line for each representation: its octets, and the field that it gave. This encoder writes no sizes here, so there
/// are as many of the one as of the other.
fn show(block: &[u8], room: &Block) -> Result<(), wirebook_hpack::Error> {
    for (one, field) in representations(block).zip(room.fields()) {
        let one = one?;
        let mut lines = block[one.start..one.end].chunks(OCTETS).map(hex);
        let mut line = || lines.next().unwrap_or_default();
        println!("  {:WIDTH$}  {field:?}", line());
        println!("  {:WIDTH$}    {}", line(), meaning(&one, &field));
        lines.for_each(|line| println!("  {line}"));
    }
    Ok(())
}

/// What the octets say.
fn meaning(one: &Representation<'_>, field: &Field<'_>) -> String {
    let place = match one.number {
        0 => String::from("name spelled out"),
        row @ 1..=61 => format!("static row {row}"),
        index => format!("dynamic entry {}", index - 61),
    };
    let value = one.value.map_or(String::new(), |text| {
        let length = text.octets.len();
        if text.coded {
            format!("{length} octets of Huffman for {}", field.value.len())
        } else {
            format!("{length} octets")
        }
    });
    match one.kind {
        Kind::Indexed => place,
        Kind::Inserted => format!("{place}, {value}; into the table"),
        Kind::Literal => format!("{place}, {value}"),
        Kind::NeverIndexed => format!("{place}, {value}; never indexed"),
        Kind::Size => String::from("the table's new size"),
    }
}
// ANCHOR_END: show

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect::<Vec<_>>().join(" ")
}

/// The dynamic table, the newest entry first.
fn show_table(decoder: &Decoder) {
    let (size, count) = decoder.table();
    println!("  the table: {size} of 4096 bytes");
    for index in 62..62 + count {
        let (name, value) = decoder.entry(index).expect("an entry that was counted");
        let size = name.len() + value.len() + wirebook_hpack::OVERHEAD;
        println!("    {index}  {}: {} ({size} bytes)", name.escape_ascii(), value.escape_ascii());
    }
    println!();
}
