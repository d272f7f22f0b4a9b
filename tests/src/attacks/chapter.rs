//! The tables of the book's chapter on attacks, made from the rows.

use super::row::{Keys, Row, Step, load};
use serde_json::Value;
use std::fmt::Write;
use std::path::Path;
use std::{env, fs};
use wirebook_cases::link_to;

/// Families of rows, by the first id that is not theirs any more.
const FAMILIES: [(&str, &str); 9] = [
    ("Content-Length, alone and beside Transfer-Encoding", "h1-021"),
    ("Transfer-Encoding", "h1-040"),
    ("Where a body ends", "h1-048"),
    ("Chunks and trailers", "h1-080"),
    ("Field lines", "h1-103"),
    ("Sizes", "h1-110"),
    ("Request lines and versions", "h1-137"),
    ("Host and request-target", "h1-162"),
    ("Expect, Upgrade, HEAD, time and load", "h1-999"),
];

/// Bytes that a link of the chapter carries at most, so that its source can still be read.
const WIDEST: usize = 512;

/// As the rows name them, and as the table does.
const PEERS: [(&str, &str); 4] = [("hyper", "hyper"), ("node", "Node"), ("nginx", "nginx"), ("haproxy", "HAProxy")];

/// What the chapter says by rows: compared with the chapter, or written into it with `WIREBOOK_UPDATE` set.
///
/// # Errors
///
/// Where the chapter is not what the rows make of it.
pub fn check() -> Result<(), String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../book/src/attacks.md");
    let mut page = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let rows = load("http1");
    for (name, table) in
        [("scores", scores(&rows)), ("rows", families(&rows)), ("own", own()), ("choices", choices(&rows))]
    {
        page = replaced(&page, name, &table, &path)?;
    }
    if env::var_os("WIREBOOK_UPDATE").is_some() {
        return fs::write(&path, page).map_err(|error| error.to_string());
    }
    match fs::read_to_string(&path) {
        Ok(text) if text == page => Ok(()),
        _ => {
            Err("the tables of book/src/attacks.md are not those of the rows: run this test with WIREBOOK_UPDATE=1"
                .into())
        }
    }
}

/// The page with that text between the marks of that name.
fn replaced(page: &str, name: &str, table: &str, path: &Path) -> Result<String, String> {
    let (begin, end) = (format!("<!-- {name}: made from the rows -->\n"), format!("<!-- end of {name} -->"));
    let missing = || format!("{}: no place for {name}", path.display());
    let (before, rest) = page.split_once(&begin).ok_or_else(missing)?;
    let (_, after) = rest.split_once(&end).ok_or_else(missing)?;
    Ok(format!("{before}{begin}\n{table}\n{end}{after}"))
}

fn family(row: &Row) -> usize {
    FAMILIES.iter().position(|(_, end)| *row.id < **end).expect("the last family takes all")
}

/// What was measured of a peer: its verdict, if the row could be put to it.
fn verdict<'r>(row: &'r Row, peer: &str) -> Option<&'r str> {
    let measured = row.all["peers_measured"].as_object()?;
    let (_, of_peer) = measured.iter().find(|(name, _)| name.starts_with(peer))?;
    of_peer["verdict"].as_str()
}

fn scores(rows: &[Row]) -> String {
    let mut table = String::from("| family | rows | Wirebook |");
    PEERS.iter().for_each(|(_, shown)| write!(table, " {shown} |").expect("text"));
    table += "\n|---|--:|--:|--:|--:|--:|--:|\n";
    let mut line = |name: &str, of: &[&Row]| {
        write!(table, "| {name} | {0} | {0} |", of.len()).expect("text");
        for (peer, _) in PEERS {
            let scored: Vec<&str> = of.iter().filter_map(|row| verdict(row, peer)).collect();
            let good = scored.iter().filter(|verdict| matches!(**verdict, "pass" | "permitted")).count();
            write!(table, " {good} of {} |", scored.len()).expect("text");
        }
        table += "\n";
    };
    for (at, (name, _)) in FAMILIES.iter().enumerate() {
        line(name, &rows.iter().filter(|row| family(row) == at).collect::<Vec<_>>());
    }
    line("**all**", &rows.iter().collect::<Vec<_>>());
    table
}

fn families(rows: &[Row]) -> String {
    let mut text = String::new();
    for (at, (name, _)) in FAMILIES.iter().enumerate() {
        write!(text, "### {name}\n\n| row | what comes | Wirebook |").expect("text");
        PEERS.iter().for_each(|(_, shown)| write!(text, " {shown} |").expect("text"));
        text += "\n|---|---|---|:-:|:-:|:-:|:-:|\n";
        for row in rows.iter().filter(|row| family(row) == at) {
            let choice = if row.choice.is_some() { " [*](#choices)" } else { "" };
            write!(text, "| {} | {} | {}{choice} |", linked(row), cell(&row.title), outcome(&row.expect))
                .expect("text");
            for (peer, _) in PEERS {
                let mark = match verdict(row, peer) {
                    Some("pass") => "✓",
                    Some("permitted") => "(✓)",
                    Some("wrong-code") => "≠",
                    Some(_) => "✗",
                    None => "",
                };
                write!(text, " {mark} |").expect("text");
            }
            text += "\n";
        }
        text += "\n";
    }
    text
}

/// The row's id, which opens its bytes in the widget where they are few enough for a link.
fn linked(row: &Row) -> String {
    let mut bytes = Vec::new();
    for step in &row.steps {
        match step {
            Step::Send(data, 1) | Step::SendSlowly(data, ..) => bytes.extend_from_slice(data),
            Step::Send(..) | Step::Many(_) => return row.id.clone(),
            _ => {}
        }
    }
    let link = link_to(&row.layer, &bytes).filter(|_| (1..=WIDEST).contains(&bytes.len()));
    link.map_or(row.id.clone(), |link| format!("[{}]({})", row.id, link.trim_start_matches('/')))
}

fn own() -> String {
    let mut table = String::from("| row | what comes | Wirebook |\n|---|---|---|\n");
    for row in load("http1-own") {
        writeln!(table, "| {} | {} | {} |", linked(&row), cell(&row.title), outcome(&row.expect)).expect("text");
    }
    table
}

fn choices(rows: &[Row]) -> String {
    let mut list = String::new();
    for row in rows {
        let Some(why) = &row.choice else { continue };
        let first = outcome(row.all["expect"].as_object().expect("an expectation"));
        writeln!(list, "- **{}**, {}: {} in place of {first}. {why}", row.id, row.title, outcome(&row.expect))
            .expect("text");
    }
    list
}

/// An expectation in a few words.
fn outcome(expect: &Keys) -> String {
    let mut words = Vec::new();
    match expect.get("status").and_then(Value::as_array) {
        Some(list) if list.is_empty() => words.push("no answer".to_owned()),
        Some(list) => words.push(list.iter().map(Value::to_string).collect::<Vec<_>>().join(", ")),
        None => {}
    }
    let number = |key: &str| expect.get(key).and_then(Value::as_u64);
    if expect.get("close") == Some(&Value::Bool(true)) {
        words.push("closes".to_owned());
    }
    if let Some(error) = expect.get("body_error").and_then(Value::as_str) {
        words.push(format!("the handler sees: {}", error.replace('_', " ")));
    }
    words.extend(number("within_ms").map(|time| format!("within {time} ms")));
    words.extend(number("mem_max").map(|bytes| format!("≤ {} KiB", bytes / 1024)));
    words.extend(number("cpu_ms_max").map(|time| format!("≤ {time} ms of CPU")));
    words.extend(number("inflight_max").map(|count| format!("≤ {count} at a time")));
    for (key, said) in [
        ("handler_cancelled", "the handler ends"),
        ("alive", "others are served"),
        ("headers_unchanged", "fields stay as they were"),
    ] {
        words.extend(expect.contains_key(key).then(|| said.to_owned()));
    }
    if let Some(targets) = expect.get("never_dispatch").and_then(Value::as_array) {
        let never: Vec<&str> = targets.iter().filter_map(Value::as_str).collect();
        words.push(format!("never `{}`", never.join("`, `")));
    }
    if expect.get("leak") == Some(&Value::Bool(false)) {
        words.push("nothing leaks".to_owned());
    }
    words.join("; ")
}

/// Text in a table's cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;").replace('*', "\\*").replace("__", "\\_\\_").replace('`', "'")
}
