//! The documents of `cases/http1` on every head parser: what the connection gets from any of them is the same.
//!
//! The connection's own test runs the whole cases. Here the first head of each input is read by each variant, at every
//! cut, and compared with what the document expects of it.

use wirebook_http1::parser::{Limits, Version};
use wirebook_tests::parser::{Head, Kind, agree};

/// The request and field events of a head, as the documents write them.
fn events(head: &Head) -> Vec<String> {
    let version = if head.version == Some(Version::Http10) { "HTTP/1.0" } else { "HTTP/1.1" };
    let mut lines = vec![format!(
        "0-{} request {} {} {version}",
        head.len,
        head.words[0].escape_ascii(),
        head.words[1].escape_ascii()
    )];
    for (span, (name, value)) in head.spans.iter().zip(&head.fields) {
        let line = format!("{}: {}", name.escape_ascii(), value.escape_ascii());
        lines.push(format!("{}-{} field {}", span.name_start, span.value_end, line.trim_end()));
    }
    lines
}

#[test]
fn the_first_head_of_every_case_on_every_variant_at_every_cut() {
    let cases = wirebook_cases::load("http1").expect("documents of the notation");
    let (mut heads, mut broken) = (0, 0);
    for case in &cases {
        let wanted = &case.events;
        match agree(Kind::Request, Limits::default(), &case.input[0].bytes) {
            Ok(Some(head)) => {
                // What the parser takes, the connection may refuse: for its Host, say.
                let first = wanted.first().expect("a case has an event");
                if first.contains(" request ") {
                    let got = events(&head);
                    assert_eq!(got[..], wanted[..got.len()], "{}: {}", case.place, case.name);
                    heads += 1;
                }
            }
            Ok(None) => assert!(wanted[0].ends_with(" more"), "{}: {}", case.place, case.name),
            Err((rule, offset)) => {
                let error = format!("{offset} error {rule:?} {}", rule.status());
                assert_eq!(wanted[..], [error], "{}: {}", case.place, case.name);
                broken += 1;
            }
        }
    }
    assert!(heads >= 40 && broken >= 20, "only {heads} heads and {broken} errors in {} cases", cases.len());
}
