//! The naive reader of "Forms with files", where it breaks, and the answers.

use wirebook_multipart::{Boundary, Decoder, Event, Limits, Violation};

// ANCHOR: naive
pub(crate) fn parts(body: &str, boundary: &str) -> Vec<(String, String)> {
    let mut parts = Vec::new();
    for piece in body.split(&format!("--{boundary}")) {
        if let Some((head, content)) = piece.split_once("\r\n\r\n") {
            let quoted = head.split("name=\"").nth(1).unwrap_or("");
            let name = quoted.split('"').next().unwrap_or("");
            parts.push((name.into(), content.trim_end().into()));
        }
    }
    parts
}
// ANCHOR_END: naive

/// What our decoder says of the same body.
fn ours(body: &str, boundary: &str) -> Result<Vec<(String, String)>, Violation> {
    let boundary = Boundary::new(boundary.as_bytes()).expect("a boundary");
    let mut decoder = Decoder::new(&boundary, Limits::default());
    let (mut parts, mut at) = (Vec::new(), 0);
    while let (used, Some(event)) = decoder.receive(&body.as_bytes()[at..]).map_err(|error| error.violation)? {
        at += used;
        match event {
            Event::Part(part) => parts.push((part.name.decode().into_owned(), String::new())),
            Event::Data(data) => parts.last_mut().expect("a part").1 += &String::from_utf8_lossy(data),
            Event::PartEnd | Event::End => {}
        }
    }
    decoder.receive_eof().map_err(|error| error.violation)?;
    Ok(parts)
}

fn form(head: &str, content: &str) -> String {
    format!("--B\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n--B--\r\n")
}

fn one(name: &str, content: &str) -> Vec<(String, String)> {
    vec![(name.to_owned(), content.to_owned())]
}

#[test]
fn the_naive_reader_reads_what_is_simple() {
    let simple = form("name=\"tea\"", "green");
    assert_eq!(parts(&simple, "B"), one("tea", "green"));
    assert_eq!(ours(&simple, "B"), Ok(one("tea", "green")));
}

// ANCHOR: breaks
#[test]
fn the_naive_reader_breaks() {
    let in_a_line = form("name=\"a\"", "vitamin --B is good");
    assert_eq!(parts(&in_a_line, "B"), one("a", "vitamin"));
    let two_line_ends = form("name=\"a\"", "a poem\r\n\r\n");
    assert_eq!(parts(&two_line_ends, "B"), one("a", "a poem"));
    let the_other_order = form("filename=\"x.txt\"; name=\"a\"", "1");
    assert_eq!(parts(&the_other_order, "B"), one("x.txt", "1"));
    let without_an_end = "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nhalf a f";
    assert_eq!(parts(without_an_end, "B"), one("a", "half a f"));
}
// ANCHOR_END: breaks

#[test]
fn ours_does_not() {
    for content in ["vitamin --B is good", "a poem\r\n\r\n"] {
        assert_eq!(ours(&form("name=\"a\"", content), "B"), Ok(one("a", content)));
    }
    assert_eq!(ours(&form("filename=\"x.txt\"; name=\"a\"", "1"), "B"), Ok(one("a", "1")));
    let half = "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nhalf a f";
    assert_eq!(ours(half, "B"), Err(Violation::Truncated));
}

// ANCHOR: write
/// A form of fields, with a boundary that stands in none of them.
fn write(fields: &[(&str, &str)]) -> (String, String) {
    let is_free = |boundary: &String| !fields.iter().any(|(_, value)| value.contains(boundary));
    let boundary = (0..).map(|number| format!("tea{number}")).find(is_free).expect("a number");
    let mut body = String::new();
    for (name, value) in fields {
        let name = name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
        body += &format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        body += &format!("{value}\r\n");
    }
    (body + &format!("--{boundary}--\r\n"), boundary)
}

#[test]
fn what_is_written_by_hand_is_read() {
    let fields = [("a", "1"), ("say \"hi\"\r\n", "tea0 and\r\n--tea1"), ("", "")];
    let (body, boundary) = write(&fields);
    assert_eq!(boundary, "tea2");
    let read = ours(&body, &boundary).unwrap();
    assert!(read.iter().map(|(name, value)| (&**name, &**value)).eq(fields));
    assert_eq!(ours(&write(&[]).0, "tea0"), Ok(vec![]));
}
// ANCHOR_END: write

// ANCHOR: search
/// Finds where content ends that arrives in pieces.
struct Search {
    delimiter: Vec<u8>,
    /// The end of what came, if a delimiter may have begun in it.
    held: Vec<u8>,
}

impl Search {
    fn new(boundary: &str) -> Self {
        Search { delimiter: format!("\r\n--{boundary}").into_bytes(), held: Vec::new() }
    }

    /// Appends what is content for sure; says whether it was the last.
    fn push(&mut self, piece: &[u8], content: &mut Vec<u8>) -> bool {
        self.held.extend_from_slice(piece);
        let length = self.delimiter.len();
        while !self.held.is_empty() {
            let seen = &self.held[..self.held.len().min(length)];
            if !self.delimiter.starts_with(seen) {
                // This byte begins no delimiter. The next one may.
                content.push(self.held.remove(0));
                continue;
            }
            match self.held.get(length..length + 2) {
                Some(b"\r\n" | b"--") => return true,
                Some([b' ' | b'\t', _]) => return true,
                Some(_) => content.push(self.held.remove(0)),
                // It is not known yet.
                None => return false,
            }
        }
        false
    }
}

#[test]
fn content_ends_where_ours_ends_at_every_cut() {
    for text in ["green", "\r\n--BX\r\n\r\n--", "\r\r\n-\r\n--B\rx", "--A", "\r\n--B-\r\n--"] {
        let body = form("name=\"a\"", text);
        let start = body.find("\r\n\r\n").expect("a head") + 4;
        for cut in start..body.len() {
            let (mut search, mut content) = (Search::new("B"), Vec::new());
            let ended = search.push(&body.as_bytes()[start..cut], &mut content)
                || search.push(&body.as_bytes()[cut..], &mut content);
            assert!(ended);
            assert_eq!(ours(&body, "B"), Ok(one("a", std::str::from_utf8(&content).unwrap())));
        }
    }
}
// ANCHOR_END: search
