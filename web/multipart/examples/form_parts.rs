//! A form with a file, read seventeen bytes at a time: what each event says, where it lies, and how many bytes had to be kept.
//!
//! Run: cargo run --example form_parts

use wirebook_multipart::{Boundary, Decoder, Encoder, Event, Limits, Part};
use wirebook_terminal as terminal;

/// As many bytes as arrive at a time.
const PIECE: usize = 17;

/// The content of the file has the boundary in it, though not at the start of a line.
const POEM: &[u8] = b"one leaf\r\n--leaves--\r\nno --leaf\r\n";

fn main() -> terminal::Result {
    terminal::no_arguments(include_str!("form_parts.rs"));
    // ANCHOR: write
    let boundary = Boundary::new(b"leaf")?;
    let mut body = Vec::new();
    let mut form = Encoder::new(&boundary);
    form.field("tea", "green", &mut body)?;
    form.file(Part::file("poem", r"C:\poems\leaf.txt", b"text/plain"), POEM, &mut body)?;
    form.end(&mut body)?;
    // ANCHOR_END: write
    println!("content-type: {}\n\n{}", boundary.content_type(), String::from_utf8_lossy(&body));

    // ANCHOR: read
    let mut decoder = Decoder::new(&boundary, Limits::default());
    // What has come and was not consumed begins at `from`.
    let (mut from, mut held) = (0, 0);
    for came in (PIECE..body.len()).step_by(PIECE).chain([body.len()]) {
        loop {
            let (used, event) = decoder.receive(&body[from..came])?;
            from += used;
            let Some(event) = event else { break };
            println!("{:>4}  {}", from, said(&event));
        }
        held = held.max(came - from);
    }
    decoder.receive_eof()?;
    // ANCHOR_END: read
    println!("\n{} bytes came, {PIECE} at a time; at most {held} were kept for the next time", body.len());
    Ok(())
}

fn said(event: &Event<'_>) -> String {
    match event {
        Event::Part(part) => match part.basename() {
            Some(filename) => format!("part   file {:?} in {:?}", filename, part.name),
            None => format!("part   field {:?}", part.name),
        },
        Event::Data(data) => format!("data   \"{}\"", data.escape_ascii()),
        Event::PartEnd => "part end".to_owned(),
        Event::End => "end".to_owned(),
    }
}
