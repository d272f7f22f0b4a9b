//! Any form at any cut: what the encoder writes is what the decoder reads; any bytes are what the naive decoder says; and what is
//! held stays small.

use proptest::prelude::*;
use std::collections::HashSet;
use std::path::Path;
use wirebook_multipart::state::{State, TABLE};
use wirebook_multipart::{
    Boundary, Decoder, EncodeError, Encoder, Error, Event, Limits, Part, Pieces, Violation, naive,
};

const OFF: Limits = Limits {
    parts: usize::MAX,
    fields: usize::MAX,
    files: usize::MAX,
    head: usize::MAX,
    head_fields: usize::MAX,
    name: usize::MAX,
    field: u64::MAX,
    file: u64::MAX,
    total: u64::MAX,
    preamble: u64::MAX,
    epilogue: u64::MAX,
};

fn boundary(text: &str) -> Boundary {
    Boundary::new(text.as_bytes()).expect("a boundary")
}

/// The parts of a body that arrives in these pieces, in the form of the naive decoder.
fn decode(body: &[u8], boundary: &Boundary, limits: Limits, stops: &[usize]) -> Result<Vec<naive::Part>, Error> {
    let mut decoder = Decoder::new(boundary, limits);
    let (mut parts, mut at) = (Vec::new(), 0);
    for stop in stops.iter().copied().chain([body.len()]) {
        while let (used, Some(event)) = decoder.receive(&body[at..stop.max(at)])? {
            at += used;
            take(&event, &mut parts);
        }
        at = usize::try_from(decoder.offset()).expect("a small body");
    }
    decoder.receive_eof()?;
    Ok(parts)
}

fn lent(body: &[u8], boundary: &Boundary, limits: Limits, stops: &[usize]) -> Result<Vec<naive::Part>, Error> {
    let mut form = Pieces::new(Decoder::new(boundary, limits));
    let (mut parts, mut from) = (Vec::new(), 0);
    for stop in stops.iter().copied().chain([body.len()]) {
        let piece = body[from..stop.max(from)].to_vec();
        from = stop.max(from);
        let mut rest = &piece[..];
        while !rest.is_empty() {
            let (used, event) = form.receive(rest)?;
            rest = &rest[used..];
            if let Some(event) = event {
                take(&event, &mut parts);
            }
        }
    }
    form.receive_eof()?;
    Ok(parts)
}

fn take(event: &Event<'_>, parts: &mut Vec<naive::Part>) {
    match event {
        Event::Part(part) => parts.push(naive::Part {
            name: part.name.decode().into_owned(),
            filename: part.filename.map(|filename| filename.decode().into_owned()),
            content_type: part.content_type.map(<[u8]>::to_vec),
            content: Vec::new(),
        }),
        Event::Data(data) => parts.last_mut().expect("a part").content.extend_from_slice(data),
        Event::PartEnd | Event::End => {}
    }
}

/// Words of which bodies are made that are nearly right.
const WORDS: &[&[u8]] = &[
    b"--B",
    b"\r\n--B",
    b"\r\n--B\r\n",
    b"\r\n--B--",
    b"\r\n",
    b"\r",
    b"\n",
    b"--",
    b"-",
    b"B",
    b" ",
    b"\t",
    b"x",
    b"Content-Disposition: form-data; name=\"a\"",
    b"Content-Disposition: form-data; name=a; filename=\"\\\"b\\\\%22%0D%0A\"",
    b"content-type:text/plain",
    b"Content-Type: text/plain; charset=utf-8",
    b"Content-Type: multipart/mixed",
    b"\r\n\r\n",
    b"; ",
    b"\"",
    b"\\",
    b"%22",
    b"\x00",
    b"\xc3\xa9",
    b"\xff",
    b"name",
    b"=",
    b":",
];

/// A body that is mostly a form, of words and now and then of other bytes.
fn nearly() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        20 => prop::sample::select(WORDS).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..4),
    ];
    let words = prop::collection::vec(word, 0..12);
    let part = (any::<bool>(), words.clone()).prop_map(|(is_right, words)| {
        let head: &[u8] = if is_right { b"\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n" } else { b"" };
        [head, &words.concat(), b"\r\n--B"].concat()
    });
    (words, prop::collection::vec(part, 0..4), any::<bool>()).prop_map(|(before, parts, is_whole)| {
        let (before, after): (Vec<u8>, &[u8]) =
            if is_whole { (b"--B".to_vec(), b"--\r\n") } else { (before.concat(), b"") };
        [before, parts.concat(), after.to_vec()].concat()
    })
}

fn stops() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0..300usize, 0..6).prop_map(|mut stops| {
        stops.sort_unstable();
        stops
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_at_any_cut_are_what_the_naive_decoder_says(body in nearly(), stops in stops()) {
        let stops: Vec<usize> = stops.into_iter().map(|stop| stop.min(body.len())).collect();
        let boundary = boundary("B");
        let whole = decode(&body, &boundary, OFF, &[]);
        prop_assert_eq!(whole.clone().ok(), naive::decode(&body, b"B"));
        prop_assert_eq!(decode(&body, &boundary, OFF, &stops), whole.clone());
        prop_assert_eq!(lent(&body, &boundary, OFF, &stops), whole);
    }

    #[test]
    fn under_limits_a_cut_changes_nothing(body in nearly(), stops in stops(), bound in 0..80usize) {
        let stops: Vec<usize> = stops.into_iter().map(|stop| stop.min(body.len())).collect();
        let most = bound as u64;
        let limits = Limits { field: most, file: most, head: bound, preamble: most, epilogue: most, total: 3 * most, ..OFF };
        let boundary = boundary("B");
        let whole = decode(&body, &boundary, limits, &[]);
        prop_assert_eq!(decode(&body, &boundary, limits, &stops), whole.clone());
        prop_assert_eq!(lent(&body, &boundary, limits, &stops), whole.clone());
        for part in whole.unwrap_or_default() {
            prop_assert!(part.content.len() <= bound);
        }
    }

    #[test]
    fn what_is_written_is_what_is_read(
        parts in prop::collection::vec(("[^\\p{Cc}\\\\%]*", prop::option::of("[^\\p{Cc}\\\\%]*"), prop::collection::vec(prop::sample::select(WORDS), 0..6)), 0..5),
        stops in stops(),
    ) {
        let contents: Vec<Vec<u8>> = parts.iter().map(|part| part.2.concat()).collect();
        let boundary = Boundary::absent_from(&contents.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let (mut encoder, mut body) = (Encoder::new(&boundary), Vec::new());
        for ((name, filename, _), content) in parts.iter().zip(&contents) {
            let part = match filename {
                Some(filename) => Part::file(name, filename, b"text/plain"),
                None => Part::field(name),
            };
            encoder.file(part, content, &mut body).unwrap();
        }
        encoder.end(&mut body).unwrap();
        let stops: Vec<usize> = stops.into_iter().map(|stop| stop.min(body.len())).collect();
        let read = decode(&body, &boundary, OFF, &stops).unwrap();
        prop_assert_eq!(read.len(), parts.len());
        for ((part, (name, filename, _)), content) in read.iter().zip(&parts).zip(&contents) {
            prop_assert_eq!(&part.name, name);
            prop_assert_eq!(&part.filename, filename);
            prop_assert_eq!(&part.content, content);
        }
    }

    #[test]
    fn the_boundary_is_never_written_into_content(words in prop::collection::vec(prop::sample::select(&WORDS[..13]), 0..9)) {
        let (mut encoder, mut body) = (Encoder::new(&boundary("B")), Vec::new());
        encoder.send(Event::Part(Part::field("a")), &mut body).unwrap();
        let mut content = Vec::new();
        for word in words {
            if encoder.send(Event::Data(word), &mut body).is_ok() {
                content.extend_from_slice(word);
            }
        }
        encoder.send(Event::PartEnd, &mut body).unwrap();
        encoder.end(&mut body).unwrap();
        let read = naive::decode(&body, b"B").unwrap();
        prop_assert_eq!(read.len(), 1);
        prop_assert_eq!(&read[0].content, &content);
    }

    #[test]
    fn any_content_type_is_a_boundary_or_an_error_in_it(value in prop::collection::vec(prop::sample::select(&[
        "multipart/form-data", ";", " ", "boundary", "=", "\"", "\\", "B", "*", "charset", "utf-8", ",", "\u{e9}", "\0",
    ][..]), 0..12)) {
        let value = ["multipart/form-data", &value.concat()].concat();
        match Boundary::from_content_type(value.as_bytes()) {
            Ok(found) => prop_assert_eq!(Boundary::from_content_type(found.content_type().as_bytes()), Ok(found)),
            Err(error) => prop_assert!(error.offset <= value.len() as u64),
        }
    }
}

/// Every violation is the end of some case, but for the one that is the caller's.
#[test]
fn every_violation_has_its_case() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases/multipart");
    let documents = std::fs::read_dir(folder).expect("the case documents");
    let text: String =
        documents.map(|entry| std::fs::read_to_string(entry.expect("an entry").path()).expect("a document")).collect();
    for violation in Violation::ALL {
        let line = format!("error {violation:?} {}", violation.status());
        assert_eq!(text.contains(&line), violation != Violation::OutOfTurn, "{line}");
    }
}

const HEAD: &[u8] = b"--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\n";

#[test]
fn every_row_of_the_table_is_used_and_no_other_move_is_made() {
    let bodies: [&[u8]; 6] = [
        b"--B\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--B--\r\n",
        b"--B--",
        b"",
        b"--B\r\nX",
        b"--B\r\nContent-Disposition: form-data; name=a\r\n\r\n",
        &[b'x'; 5000],
    ];
    let mut used = HashSet::new();
    let long_epilogue = [b"--B--".as_slice(), &[b'x'; 5000]].concat();
    for body in bodies.into_iter().chain([&long_epilogue[..]]) {
        let mut decoder = Decoder::new(&boundary("B"), Limits::default());
        let mut before = decoder.state();
        let mut note = |decoder: &Decoder| {
            match (before, decoder.state()) {
                (from, to) if from == to => {}
                // The hyphens of the end are what makes the first boundary one: both are consumed at once.
                (State::Preamble, State::Epilogue) => {
                    used.extend([(State::Preamble, State::Head), (State::Head, State::Epilogue)]);
                }
                moved => {
                    used.insert(moved);
                }
            }
            before = decoder.state();
        };
        let mut at = 0;
        // Byte by byte, so that no move hides behind another.
        for stop in 1..=body.len() {
            while let Ok((used, Some(_))) = decoder.receive(&body[at..stop]) {
                at += used;
                note(&decoder);
            }
            note(&decoder);
            at = decoder.offset() as usize;
        }
        let _ = decoder.receive_eof();
        note(&decoder);
    }
    let rows: HashSet<_> = TABLE.iter().map(|row| (row.0, row.2)).collect();
    assert_eq!(used, rows);
}

#[test]
fn what_comes_behind_the_end_is_the_callers_mistake() {
    let mut decoder = Decoder::new(&boundary("B"), Limits::default());
    assert_eq!(decoder.receive(b"--B--"), Ok((5, Some(Event::End))));
    assert_eq!(decoder.receive(b"\r\n"), Ok((2, None)));
    assert_eq!(decoder.receive_eof(), Ok(()));
    let error = decoder.receive(b"x").unwrap_err();
    assert_eq!((error.violation, error.status(), error.offset), (Violation::OutOfTurn, 500, 7));
    assert_eq!(decoder.receive_eof().unwrap_err().violation, Violation::OutOfTurn);
    assert_eq!(decoder.receive(b""), Ok((0, None)));
    assert_eq!(decoder.state(), State::Ended);
}

#[test]
fn limits_that_are_off_and_limits_of_one() {
    let body = [HEAD, &[b'x'; 100_000], b"\r\n--B--"].concat();
    let off = decode(&body, &boundary("B"), OFF, &[70_000]).unwrap();
    assert_eq!(off[0].content.len(), 100_000);
    let one = Limits { parts: 1, files: 1, file: 1, name: 1, ..Limits::default() };
    let body = [HEAD, b"x\r\n--B--"].concat();
    assert_eq!(decode(&body, &boundary("B"), one, &[]).unwrap()[0].content, b"x");
}

/// CR LF, then CR for ever: each may begin the delimiter. And lines that nearly are one. No more is held than a delimiter.
#[test]
fn floods_of_beginnings_are_content() {
    for flood in [&b"\r"[..], b"\r\n", b"\r\n--", b"\r\n--BX", b"\r\n--B\r", b"--BX"] {
        let content = flood.repeat((1 << 20) / flood.len());
        let body = [HEAD, &content, b"\r\n--B--"].concat();
        let mut form = Pieces::new(Decoder::new(&boundary("B"), Limits::default()));
        let mut read = Vec::new();
        for mut piece in body.chunks(61) {
            while !piece.is_empty() {
                let (used, event) = form.receive(piece).unwrap();
                piece = &piece[used..];
                if let Some(Event::Data(data)) = event {
                    read.extend_from_slice(data);
                }
            }
            assert!(form.held() <= 512, "{} bytes are held", form.held());
        }
        assert!(read == content, "{}", flood.escape_ascii());
    }
}

/// A head that never ends, a byte at a time: no more is held than its limit, twice as a vector grows.
#[test]
fn a_head_without_an_end_is_refused_at_its_limit() {
    let mut form = Pieces::new(Decoder::new(&boundary("B"), Limits::default()));
    let body = [b"--B\r\nX: ".as_slice(), &[b'a'; 24_000]].concat();
    let error = body.iter().find_map(|byte| form.receive(&[*byte]).err()).expect("an error");
    assert_eq!((error.violation, error.offset), (Violation::HeadTooLarge, 3 + 8192));
    assert!(form.held() <= 16 * 1024, "{} bytes are held", form.held());
}

#[test]
fn the_encoder_keeps_to_the_table() {
    let (mut encoder, mut out) = (Encoder::new(&boundary("B")), Vec::new());
    let part = Event::Part(Part::field("a"));
    let turns: [(Event<'_>, bool); 10] = [
        (Event::Data(b"x"), false),
        (Event::PartEnd, false),
        (part, true),
        (part, false),
        (Event::End, false),
        (Event::Data(b"x"), true),
        (Event::PartEnd, true),
        (Event::PartEnd, false),
        (Event::End, true),
        (part, false),
    ];
    for (event, is_right) in turns {
        let before = out.clone();
        let sent = encoder.send(event, &mut out);
        assert_eq!(sent, if is_right { Ok(()) } else { Err(EncodeError::OutOfTurn) }, "{event:?}");
        assert!(is_right || out == before, "{event:?} wrote something");
    }
    assert_eq!(out, b"--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--B--\r\n");
    let mut out = Vec::new();
    Encoder::new(&boundary("B")).end(&mut out).unwrap();
    assert_eq!(out, b"--B--\r\n");
}

#[test]
fn what_would_break_a_form_is_not_written() {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&boundary("B"));
    for name in ["a\0", "a\x1b", "a\x7f"] {
        assert_eq!(encoder.field(name, "1", &mut out), Err(EncodeError::Control));
        assert_eq!(encoder.file(Part::file("f", name, b"text/plain"), b"1", &mut out), Err(EncodeError::Control));
    }
    for content_type in ["text/plain\r\nX: y", "text/plain\0", "th\u{e9}"] {
        let part = Part::file("f", "x", content_type.as_bytes());
        assert_eq!(encoder.file(part, b"1", &mut out), Err(EncodeError::Control));
    }
    for content in ["--B", "--BX", "1\r\n--B", "1\r\n--B--\r\n2"] {
        assert_eq!(encoder.field("a", content, &mut out), Err(EncodeError::BoundaryInContent), "{content:?}");
    }
    assert!(out.is_empty(), "{}", out.escape_ascii());
    encoder.field("a", "1--B\r\n--A", &mut out).unwrap();
    assert!(out.ends_with(b"1--B\r\n--A\r\n--B"));
}

/// WHATWG HTML §4.10.21.8: line ends of names and values, and the three escapes.
#[test]
fn names_are_escaped_as_browsers_do() {
    let (mut encoder, mut out) = (Encoder::new(&boundary("B")), Vec::new());
    encoder.field("a\"\nb\rc\r\nd%22\\", "1\n2\r3\r\n4", &mut out).unwrap();
    encoder.file(Part::file("f", "x\ny\".txt", b"text/plain"), b"1\n2", &mut out).unwrap();
    encoder.end(&mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert_eq!(
        text,
        "--B\r\nContent-Disposition: form-data; name=\"a%22%0D%0Ab%0D%0Ac%0D%0Ad%22\\\"\r\n\r\n1\r\n2\r\n3\r\n4\r\n\
         --B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x%0Ay%22.txt\"\r\nContent-Type: text/plain\r\n\r\n1\n2\r\n--B--\r\n"
    );
}

#[test]
fn boundaries_that_are_made() {
    let first = Boundary::absent_from(&[b"tea"]);
    assert_eq!(first.as_bytes(), b"----WirebookFormBoundary00000000000000000000000000000000");
    let other = Boundary::absent_from(&[b"tea", &[b"x", first.as_bytes()].concat()]);
    assert_eq!(other.as_bytes(), b"----WirebookFormBoundary00000000000000000000000000000001");
    let random: HashSet<Vec<u8>> =
        (0..=255u8).map(|byte| Boundary::from_random([byte; 16]).as_bytes().to_vec()).collect();
    assert_eq!(random.len(), 256);
    for made in [first, other, Boundary::from_random([0xa5; 16])] {
        assert_eq!(Boundary::from_content_type(made.content_type().as_bytes()), Ok(made));
    }
}
