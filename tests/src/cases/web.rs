//! The web layer: a case has a question on each line, and its last block says of what kind. `\x00`, `\r`, `\n`, `\t` and `\\` are
//! bytes, as in blocks of bytes.

use wirebook_cases::Input;

mod fields;
mod routes;
mod trust;

/// The answers, line by line.
pub fn events(input: &Input<'_>) -> Vec<String> {
    let last = input.blocks.last().expect("a block");
    let asked: Vec<String> = input.text(last.kind).expect("text").split('\n').map(unescaped).collect();
    let answers: Vec<String> = match last.kind {
        "paths" => asked.iter().map(|path| routes::washed(path)).collect(),
        "files" => asked.iter().map(|path| routes::files(path)).collect(),
        "tables" => asked.iter().map(|table| routes::table(table)).collect(),
        "requests" | "urls" | "explain" => routes::answers(input.text("routes").expect("routes"), last.kind, &asked),
        kind => asked
            .iter()
            .map(|line| {
                let answer =
                    fields::answer(kind, last.settings, line).or_else(|| trust::answer(kind, last.settings, line));
                answer.unwrap_or_else(|| panic!("no block is of the kind {kind}"))
            })
            .collect(),
    };
    answers.iter().flat_map(|answer| answer.split('\n')).map(|line| format!("output {line}")).collect()
}

fn unescaped(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(at) = rest.find('\\') {
        out += &rest[..at];
        let used = match rest.as_bytes().get(at + 1) {
            Some(b'r') => (2, '\r'),
            Some(b'n') => (2, '\n'),
            Some(b't') => (2, '\t'),
            Some(b'\\') => (2, '\\'),
            Some(b'x') => (4, u8::from_str_radix(&rest[at + 2..at + 4], 16).expect("two digits").into()),
            _ => panic!("an unknown escape in {line}"),
        };
        out.push(used.1);
        rest = &rest[at + used.0..];
    }
    out + rest
}
