//! Runs the case documents of `tests/cases/sse`: every rule of WHATWG HTML §9.2.5 and §9.2.6, and our bounds.
//!
//! A document has a title (the name of the case), prose, a block `stream` whose escapes are `\n`, `\r`, `\t`, `\\` and
//! `\xHH` (the ends of its own lines do not count), and a block `events`: a JSON object for each event with the place
//! `at` at which it is dispatched, then `{"error"}` or `{"end"}` for the state in which the stream leaves its reader.

mod common;

use std::path::Path;

use common::{Decode, Outcome, run_every_way};
use serde_json::{Value, json};
use wirebook_sse::decoder::{by_line, fast};
use wirebook_sse::{DecodeError, Limits};

struct Case {
    name: String,
    limits: Limits,
    stream: Vec<u8>,
    expected: Vec<Value>,
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/sse");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .map(|path| read(path))
        .collect()
}

fn read(path: &Path) -> Case {
    let text = std::fs::read_to_string(path).unwrap();
    let name = text.lines().next().and_then(|line| line.strip_prefix("# ")).expect("a title").to_string();
    assert_eq!(path.file_stem().unwrap().to_str(), Some(&name[..]), "the file is named after its case");
    let (settings, stream) = block(&text, "stream");
    let mut limits = Limits::default();
    for setting in settings.split_whitespace() {
        match setting.split_once('=').expect("name=value") {
            ("max_line", value) => limits.max_line = value.parse().unwrap(),
            ("max_event", value) => limits.max_event = value.parse().unwrap(),
            other => panic!("{name}: unknown setting {other:?}"),
        }
    }
    let expected = block(&text, "events").1.lines().map(|line| serde_json::from_str(line).expect(&name)).collect();
    Case { stream: unescape(stream), name, limits, expected }
}

/// The rest of the fence line, and the text of the block.
fn block<'a>(text: &'a str, kind: &str) -> (&'a str, &'a str) {
    let start = text.find(&format!("```{kind}")).expect(kind) + 3 + kind.len();
    let (settings, rest) = text[start..].split_once('\n').unwrap();
    (settings, &rest[..rest.find("```").expect("the end of the block")])
}

fn unescape(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut bytes = text.bytes().filter(|&byte| byte != b'\n');
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'\\' => match bytes.next().unwrap() {
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'\\' => b'\\',
                b'x' => {
                    let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
                }
                other => panic!("unknown escape {}", other as char),
            },
            byte => byte,
        });
    }
    out
}

fn as_lines(outcome: &Outcome, expected: &[Value]) -> Vec<Value> {
    let mut lines: Vec<Value> = outcome
        .events
        .iter()
        .map(|e| json!({"at": e.at, "type": e.event_type, "data": e.data, "lastEventId": e.last_event_id}))
        .collect();
    if let Some(error) = outcome.error {
        let name = match error {
            DecodeError::LineTooLong => "LineTooLong",
            DecodeError::EventTooLarge => "EventTooLarge",
        };
        lines.push(json!({ "error": name }));
    }
    // A case names the parts of the end state that it is about.
    if let Some(end) = expected.last().and_then(|line| line.get("end")) {
        let mut state = serde_json::Map::new();
        for name in end.as_object().unwrap().keys() {
            let value = match &name[..] {
                "lastEventId" => json!(outcome.last_event_id),
                "retry" => json!(outcome.retry),
                other => panic!("unknown state {other}"),
            };
            state.insert(name.clone(), value);
        }
        lines.push(json!({ "end": state }));
    }
    lines
}

fn check<D: Decode>(case: &Case) -> Result<(), String> {
    let lines = as_lines(&run_every_way::<D>(case.limits, &case.stream), &case.expected);
    if lines == case.expected {
        return Ok(());
    }
    Err(format!("{} by {}:\n  expected {:?}\n  got      {lines:?}", case.name, D::NAME, case.expected))
}

#[test]
fn every_document_holds_for_both_decoders_at_every_cut() {
    let cases = cases();
    assert!(cases.len() >= 60, "only {} documents were found", cases.len());
    let failures: Vec<String> = cases
        .iter()
        .flat_map(|case| [check::<by_line::Decoder>(case), check::<fast::Decoder>(case)])
        .filter_map(Result::err)
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
