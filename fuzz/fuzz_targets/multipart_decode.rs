//! Any body at any cut: what the naive decoder says, the same in pieces and under limits; and what is read can be written and read
//! again. The first bytes of the input say the limits and where the body is cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wirebook_multipart::{Boundary, Decoder, Encoder, Error, Event, Limits, Part, Pieces, naive};

fn decode(body: &[u8], limits: Limits, size: usize) -> Result<Vec<naive::Part>, Error> {
    let boundary = Boundary::new(b"B").expect("a boundary");
    let mut form = Pieces::new(Decoder::new(&boundary, limits));
    let mut parts: Vec<naive::Part> = Vec::new();
    for mut piece in body.chunks(size.max(1)) {
        while !piece.is_empty() {
            let (used, event) = form.receive(piece)?;
            piece = &piece[used..];
            match event {
                Some(Event::Part(part)) => parts.push(naive::Part {
                    name: part.name.decode().into_owned(),
                    filename: part.filename.map(|filename| filename.decode().into_owned()),
                    content_type: part.content_type.map(<[u8]>::to_vec),
                    content: Vec::new(),
                }),
                Some(Event::Data(data)) => parts.last_mut().expect("a part").content.extend_from_slice(data),
                _ => {}
            }
        }
        assert!(form.held() <= 2 * limits.head.saturating_add(512).min(body.len() + 512));
    }
    form.receive_eof()?;
    Ok(parts)
}

fuzz_target!(|input: &[u8]| {
    let Some((&[bound, cut], body)) = input.split_first_chunk::<2>() else { return };
    let most = u64::MAX;
    let off = Limits { field: most, file: most, preamble: most, epilogue: most, ..Limits::default() };
    let off = Limits { parts: usize::MAX, fields: usize::MAX, files: usize::MAX, head: usize::MAX, ..off };
    let off = Limits { head_fields: usize::MAX, name: usize::MAX, ..off };
    let whole = decode(body, off, usize::MAX);
    assert_eq!(whole.clone().ok(), naive::decode(body, b"B"));
    assert_eq!(decode(body, off, usize::from(cut)), whole);

    let bound = u64::from(bound);
    let limits = Limits { field: bound, file: bound, preamble: bound, epilogue: bound, ..Limits::default() };
    let limits = Limits { head: 16 + bound as usize, total: 4 * bound, ..limits };
    assert_eq!(decode(body, limits, usize::from(cut)), decode(body, limits, usize::MAX));

    let Ok(parts) = whole else { return };
    let contents: Vec<&[u8]> = parts.iter().map(|part| &part.content[..]).collect();
    let (mut encoder, mut out) = (Encoder::new(&Boundary::absent_from(&contents)), Vec::new());
    for part in &parts {
        let head = Part::field(&part.name);
        let head = part.filename.as_ref().map_or(head, |filename| Part::file(&part.name, filename, b"text/plain"));
        // A tab apart, the decoder has refused what the encoder would.
        encoder.file(head, &part.content, &mut out).expect("what was read");
    }
    encoder.end(&mut out).expect("the end");
});
