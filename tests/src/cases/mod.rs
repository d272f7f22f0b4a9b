//! Conformance cases as documents.
//!
//! A document is Markdown. Each heading of the second level names a case by the section of the RFC that it is about; below
//! it stand prose, a block of bytes and a block of the events that they mean, with byte ranges:
//!
//! ````text
//! ## rfc9112_2_2_leading_empty_line
//!
//! A server SHOULD ignore at least one empty line before the request-line.
//!
//! ```bytes
//! \r\n
//! GET / HTTP/1.1\r\n
//! Host: a\r\n
//! \r\n
//! ```
//!
//! ```events
//! 0-29 request GET / HTTP/1.1
//! 18-25 field Host: a
//! 29 end
//! ```
//! ````
//!
//! In a block of bytes the line breaks are layout; `\r`, `\n`, `\t`, `\\` and `\x00` are bytes, and `<<a*300>>` is 300 of
//! them. What runs a protocol's cases is a function from pieces of input to such lines: [`http1::events`] for one.

pub mod http1;

use std::fs;
use std::path::Path;

/// One case of a document.
#[derive(Clone, Debug)]
pub struct Case {
    /// The file's name, for messages.
    pub document: String,
    /// The heading: the section of the RFC and what it is about.
    pub name: String,
    /// The input.
    pub bytes: Vec<u8>,
    /// The events expected, a line each.
    pub events: Vec<String>,
}

/// Reads all cases below `tests/cases/<protocol>`, by document.
///
/// # Panics
///
/// On a document that is not of this form: a case that is not run would be worse.
pub fn load(protocol: &str) -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases").join(protocol);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut documents: Vec<_> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    documents.sort();
    let cases = documents.iter().flat_map(|path| {
        let document = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        parse(&document, &fs::read_to_string(path).expect("a readable document"))
    });
    cases.collect()
}

fn parse(document: &str, text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut block: Option<(&str, String)> = None;
    for line in text.lines() {
        match (&mut block, line) {
            (None, line) if line.starts_with("## ") => cases.push(Case {
                document: document.into(),
                name: line[3..].trim().into(),
                bytes: Vec::new(),
                events: Vec::new(),
            }),
            (None, "```bytes" | "```events") => block = Some((&line[3..], String::new())),
            (Some((kind, content)), "```") => {
                let case = cases.last_mut().unwrap_or_else(|| panic!("{document}: a block before the first heading"));
                match *kind {
                    "bytes" => case.bytes = unescape(content),
                    _ => case.events = content.lines().map(String::from).collect(),
                }
                block = None;
            }
            (Some((_, content)), line) => *content += &format!("{line}\n"),
            (None, _) => {}
        }
    }
    for case in &cases {
        assert!(
            !case.bytes.is_empty() && !case.events.is_empty(),
            "{document}: {} has no bytes or no events",
            case.name
        );
    }
    cases
}

/// The bytes of a block.
fn unescape(block: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = block;
    while let Some(char) = rest.chars().next() {
        let (byte, used) = match char {
            '\n' => {
                rest = &rest[1..];
                continue;
            }
            '<' if rest.starts_with("<<") => {
                let (inside, tail) = rest[2..].split_once(">>").expect("<<byte*count>> ends in >>");
                let (piece, count) = inside.rsplit_once('*').expect("<<byte*count>> has a star");
                bytes.extend(unescape(piece).repeat(count.parse().expect("<<byte*count>> has a count")));
                rest = tail;
                continue;
            }
            '\\' => match rest.as_bytes().get(1) {
                Some(b'r') => (b'\r', 2),
                Some(b'n') => (b'\n', 2),
                Some(b't') => (b'\t', 2),
                Some(b'\\') => (b'\\', 2),
                Some(b'x') => (u8::from_str_radix(&rest[2..4], 16).expect("\\x has two hexadecimal digits"), 4),
                other => panic!("an unknown escape: {other:?}"),
            },
            char => {
                assert!(char.is_ascii(), "{char:?} is no byte: write \\xNN");
                (char as u8, 1)
            }
        };
        bytes.push(byte);
        rest = &rest[used..];
    }
    bytes
}

/// Runs every case whole, byte by byte, at every single cut, and with other bytes behind it; all must give the events of
/// the document.
///
/// `run` takes the input and the offsets at which it arrives in pieces, the last of which is its length.
///
/// # Panics
///
/// With all failures, where there are any.
pub fn check(cases: &[Case], trailing: &[u8], run: impl Fn(&[u8], &[usize]) -> Vec<String>) {
    let mut failures = Vec::new();
    for case in cases {
        let len = case.bytes.len();
        let mut expect = |how: &str, got: Vec<String>| {
            if got != case.events && failures.len() < 20 {
                let (got, want) = (got.join("\n  "), case.events.join("\n  "));
                failures.push(format!("{} {} ({how})\n expected\n  {want}\n got\n  {got}", case.document, case.name));
            }
        };
        expect("whole", run(&case.bytes, &[len]));
        expect("byte by byte", run(&case.bytes, &(1..=len).collect::<Vec<_>>()));
        for cut in 1..len {
            expect(&format!("cut at {cut}"), run(&case.bytes, &[cut, len]));
        }
        // An unfinished message would take what follows for its own.
        if !case.events.last().is_some_and(|last| last.ends_with("more")) {
            let longer = [&case.bytes, trailing].concat();
            let mut got = run(&longer, &[longer.len()]);
            got.truncate(case.events.len());
            expect("with trailing bytes", got);
        }
    }
    assert!(failures.is_empty(), "{} failures\n\n{}", failures.len(), failures.join("\n\n"));
}
