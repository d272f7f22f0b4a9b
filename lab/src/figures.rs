//! The figures of the benches as tables, read from the files that the benches wrote: a chapter cannot disagree with the run
//! that it speaks of.
//!
//! Figures of one processor say little about another, so results lie in a folder for each, `benches/results/PROCESSOR/`. The
//! file `benches/results/shown` names the folders whose figures the book shows, a line each: a file is read from the first
//! that has it, and every table says below which machine it speaks of.
//!
//! `{{#figures FILE PATH}}` looks into `FILE.json`, along the keys (or the numbers, from 0) of `PATH`, with dots between
//! them. What is there becomes
//! - its text, where it is a number or a string;
//! - a table with a row for each member, where it is a list of objects: the least first, with a bar for its first figure;
//! - a table with a column for each member, where it is an object of objects;
//! - a table of names and figures, where it is an object of these.
//!
//! `{{#figures FILE PATH VALUE:ROW:COLUMN}}` makes of a list of objects a table of its `VALUE`s, with a row for each `ROW`
//! and a column for each `COLUMN`. `{{#figures FILE.md}}` and `{{#figures FILE.md ANCHOR}}` take a table that a bench wrote.

use serde_json::Value;
use std::{fmt::Write, fs, path::Path};

/// The table (or the text), in Markdown, for what follows `{{#figures`.
///
/// # Errors
/// Why there is none.
pub(crate) fn table(results: &Path, directive: &str) -> Result<String, String> {
    let mut words = directive.split_whitespace();
    let (Some(file), path) = (words.next(), words.next()) else {
        return Err(format!("figures are asked for with a file and a path, not with {directive:?}"));
    };
    if let Some(name) = file.strip_suffix(".md") {
        let text = shown(results, file)?;
        let machine = parse(&shown(results, &format!("{name}.json")).unwrap_or_default()).map(|all| caption(&all));
        return Ok(anchored(&text, path)? + &machine.unwrap_or_default());
    }
    let path = path.ok_or_else(|| format!("figures are asked for with a path, not with {directive:?}"))?;
    let all = parse(&shown(results, &format!("{file}.json"))?)?;
    let mut found = &all;
    for key in path.split('.') {
        let member = key.parse::<usize>().map_or_else(|_| found.get(key), |index| found.get(index));
        found = member.ok_or_else(|| format!("{file}.json has no {key:?} on the path {path:?}"))?;
    }
    match (words.next(), found) {
        (Some(pivot), Value::Array(list)) => pivoted(list, pivot).map(|table| table.markdown() + &caption(&all)),
        (None, Value::Array(list)) => Ok(listed(list).markdown() + &caption(&all)),
        (None, Value::Object(columns)) => Ok(crossed(columns).markdown() + &caption(&all)),
        (None, scalar) => Ok(cell(Some(scalar))),
        (Some(_), _) => Err(format!("{file}.json has no list at {path:?}")),
    }
}

/// The text of a file of results, from the first of the shown processors that has it.
fn shown(results: &Path, file: &str) -> Result<String, String> {
    let list = results.join("shown");
    let folders = fs::read_to_string(&list).map_err(|error| format!("{}: {error}", list.display()))?;
    let mut texts = folders.lines().map(|folder| fs::read_to_string(results.join(folder.trim()).join(file)));
    texts.find_map(Result::ok).ok_or_else(|| format!("no processor that {} names has {file}", list.display()))
}

fn parse(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("results that are no JSON: {error}"))
}

/// What stands below a table: the machine, and the day when it is known.
fn caption(all: &Value) -> String {
    let Some(machine) = all.get("hardware").and_then(Value::as_str) else { return String::new() };
    let day = all.get("date").and_then(Value::as_str).map(|day| format!("; {day}")).unwrap_or_default();
    let peers = all.get("peers").and_then(Value::as_object).into_iter().flatten();
    let peers: Vec<String> = peers.map(|(name, version)| format!("{name} {}", cell(Some(version)))).collect();
    let peers = if peers.is_empty() { String::new() } else { format!("; peers: {}", peers.join(", ")) };
    format!("\n*{machine}{day}{peers}*\n")
}

/// What stands between the marks of an anchor; all of it where no anchor is named.
fn anchored(text: &str, anchor: Option<&str>) -> Result<String, String> {
    let Some(anchor) = anchor else { return Ok(text.to_owned()) };
    let (begin, end) = (format!("<!-- ANCHOR: {anchor} -->"), format!("<!-- ANCHOR_END: {anchor} -->"));
    let inside = text.split_once(&begin).and_then(|(_, rest)| rest.split_once(&end));
    inside.map(|(inside, _)| inside.to_owned()).ok_or_else(|| format!("the results have no anchor {anchor:?}"))
}

#[derive(Default)]
struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
    /// The column whose figures have bars, and how long each is, of a whole of 1.
    bars: Option<(usize, Vec<f64>)>,
}

impl Table {
    fn markdown(self) -> String {
        let is_figure = |text: &String| text == NOTHING || text.replace(THOUSANDS, "").parse::<f64>().is_ok();
        let rule = |at: usize| if self.rows.iter().all(|row| is_figure(&row[at])) { "---:|" } else { "---|" };
        let rule: String = (0..self.head.len()).map(rule).collect();
        let mut out = format!("| {} |\n|{rule}\n", self.head.join(" | "));
        for (at, mut row) in self.rows.into_iter().enumerate() {
            if let Some((column, lengths)) = &self.bars {
                row[*column] += &bar(lengths[at]);
            }
            let line = row.join(" | ");
            let _ = writeln!(out, "| {line} |");
        }
        out
    }
}

/// A bar beneath a figure. The figure says it all, so nobody needs to hear of the bar.
fn bar(length: f64) -> String {
    format!(" <span class=\"wb-measure\" aria-hidden=\"true\" style=\"--of:{length:.3}\"></span>")
}

/// What stands where there is no figure.
const NOTHING: &str = "–";

/// What stands between thousands: a narrow space that does not break.
const THOUSANDS: char = '\u{202f}';

fn cell(value: Option<&Value>) -> String {
    match value {
        None => NOTHING.into(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.as_f64().map_or_else(|| value.to_string(), figure),
    }
}

/// A figure as it is read: three digits that say something, all digits of a larger whole, thousands apart; never "4.0".
fn figure(value: f64) -> String {
    let decimals = match value.abs() {
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        _ => 3,
    };
    let text = format!("{value:.decimals$}");
    let text = if decimals > 0 { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    let whole = text.split('.').next().unwrap_or_default().trim_start_matches('-').len();
    if whole < 5 {
        return text.to_string();
    }
    let (sign, digits) = text.split_at(text.len() - whole);
    let apart = |(at, digit): (usize, char)| {
        let space = at > 0 && (whole - at).is_multiple_of(3);
        space.then_some(THOUSANDS).into_iter().chain([digit])
    };
    sign.chars().chain(digits.chars().enumerate().flat_map(apart)).collect()
}

/// A column's title, with the units as they are written.
fn title(key: &str) -> String {
    let words: Vec<&str> = key.split('_').collect();
    let words = words.iter().map(|word| match *word {
        "us" => "µs",
        "cpu" => "CPU",
        "gb" => "GB",
        word => word,
    });
    words.collect::<Vec<_>>().join(" ").replace("GB per s", "GB/s")
}

/// A list of objects: names first, then figures; the least of the first figure first, in which less is better.
fn listed(list: &[Value]) -> Table {
    let members = || list.first().and_then(Value::as_object).into_iter().flatten();
    let (names, figures) = (members().filter(|one| one.1.is_string()), members().filter(|one| !one.1.is_string()));
    let keys: Vec<&String> = names.chain(figures).map(|(key, _)| key).collect();
    let first = |one: &Value| keys.iter().find_map(|key| one.get(key.as_str())?.as_f64()).unwrap_or(f64::INFINITY);
    let mut list: Vec<&Value> = list.iter().collect();
    list.sort_by(|one, other| first(one).total_cmp(&first(other)));
    let rows = list.iter().map(|one| keys.iter().map(|key| cell(one.get(key.as_str()))).collect());
    let measured =
        keys.iter().position(|key| list.iter().all(|one| one.get(key.as_str()).is_some_and(Value::is_number)));
    let longest = list.iter().map(|one| first(one)).fold(0.0, f64::max);
    // Two figures are compared at a glance, and nothing is a length of nothing.
    let bars = measured.filter(|_| list.len() > 2 && longest > 0.0);
    let bars = bars.map(|column| (column, list.iter().map(|one| (first(one) / longest).max(0.0)).collect()));
    Table { rows: rows.collect(), head: keys.into_iter().map(|key| title(key)).collect(), bars }
}

/// An object: its members are the columns, or the rows where they have no members of their own.
fn crossed(columns: &serde_json::Map<String, Value>) -> Table {
    if !columns.values().any(Value::is_object) {
        let rows = columns.iter().map(|(name, figure)| vec![title(name), cell(Some(figure))]);
        return Table { head: vec![String::new(); 2], rows: rows.collect(), ..Table::default() };
    }
    let names = distinct(columns.values().filter_map(Value::as_object).flat_map(|column| column.keys().cloned()));
    let row = |name: String| {
        let figures: Vec<String> = columns.values().map(|column| cell(column.get(&name))).collect();
        [vec![name], figures].concat()
    };
    let head = [vec![String::new()], columns.keys().map(|key| title(key)).collect()].concat();
    Table { head, rows: names.into_iter().map(row).collect(), ..Table::default() }
}

/// A list of objects, of which `VALUE:ROW:COLUMN` names the member to show and those to order it by.
fn pivoted(list: &[Value], pivot: &str) -> Result<Table, String> {
    let [value, row, column] = pivot.split(':').collect::<Vec<_>>()[..] else {
        return Err(format!("a table is asked for as VALUE:ROW:COLUMN, not as {pivot:?}"));
    };
    let all = |key: &str| distinct(list.iter().map(|one| cell(one.get(key))));
    let columns = all(column);
    let figure = |name: &str, of: &str| {
        cell(
            list.iter()
                .find(|one| cell(one.get(row)) == name && cell(one.get(column)) == of)
                .and_then(|one| one.get(value)),
        )
    };
    let line = |name: String| {
        let figures: Vec<String> = columns.iter().map(|of| figure(&name, of)).collect();
        [vec![name], figures].concat()
    };
    let rows = all(row).into_iter().map(line).collect();
    Ok(Table { rows, head: [vec![title(row)], columns.clone()].concat(), ..Table::default() })
}

/// Each once, in the order of their first appearance.
fn distinct(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = Vec::new();
    names.for_each(|name| {
        if !seen.contains(&name) {
            seen.push(name);
        }
    });
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_the_digits_that_say_something() {
        let figures = [17152.0, 4.0, 3.456, 0.98765, 31.26, 168_525.4, 1234.5, 0.0, -12_345.0, 1_000_000.0];
        let read = ["17\u{202f}152", "4", "3.46", "0.988", "31.3", "168\u{202f}525", "1234", "0"];
        let read = read.iter().chain(&["-12\u{202f}345", "1\u{202f}000\u{202f}000"]);
        assert!(figures.into_iter().map(figure).eq(read.map(|text| text.to_string())), "{:?}", figures.map(figure));
        assert_eq!(title("unmask_gb_per_s"), "unmask GB/s");
    }

    #[test]
    fn lists_objects_and_laps_become_tables() {
        let folder = tempfile::tempdir().unwrap();
        let file = r#"{"echo": {"servers": [{"cpu_us": 4.0, "server": "epoll"}, {"cpu_us": 3.5, "server": "mio"}]},
            "pages": {"big": {"ours": 1, "theirs": 3}, "small": {"ours": 2}},
            "laps": [{"parser": "a", "input": "x", "ns": 1.5}, {"parser": "b", "input": "x", "ns": 2},
                     {"parser": "a", "input": "y", "ns": 3}], "micro": {"wake_ns": 31.3},
            "three": [{"on": "a", "ns": 1}, {"on": "b", "ns": 2}, {"on": "c", "ns": 1}]}"#;
        let machine = folder.path().join("a-machine");
        fs::create_dir(&machine).unwrap();
        fs::write(folder.path().join("shown"), "newest\na-machine\n").unwrap();
        fs::write(machine.join("run.json"), file).unwrap();
        fs::write(
            machine.join("told.json"),
            r#"{"hardware": "a machine", "date": "2026-11-26", "peers": {"mio": "1.2.4"}, "a": [{"b": 1}]}"#,
        )
        .unwrap();
        fs::write(machine.join("told.md"), "<!-- ANCHOR: x -->one<!-- ANCHOR_END: x -->").unwrap();
        let get = |directive| table(folder.path(), directive);
        let told = "\n*a machine; 2026-11-26; peers: mio 1.2.4*\n";
        assert_eq!(get("told a").unwrap(), format!("| b |\n|---:|\n| 1 |\n{told}"));
        assert_eq!(get("told.md x").unwrap(), format!("one{told}"));
        assert!(get("told.md y").is_err());
        assert_eq!(get("run echo.servers").unwrap(), "| server | CPU µs |\n|---|---:|\n| mio | 3.5 |\n| epoll | 4 |\n");
        assert_eq!(
            get("run pages").unwrap(),
            "|  | big | small |\n|---|---:|---:|\n| ours | 1 | 2 |\n| theirs | 3 | – |\n"
        );
        assert_eq!(
            get("run laps ns:parser:input").unwrap(),
            "| parser | x | y |\n|---|---:|---:|\n| a | 1.5 | 3 |\n| b | 2 | – |\n"
        );
        let bar = |length| format!(" <span class=\"wb-measure\" aria-hidden=\"true\" style=\"--of:{length}\"></span>");
        let (half, whole) = (bar("0.500"), bar("1.000"));
        assert_eq!(
            get("run three").unwrap(),
            format!("| on | ns |\n|---|---:|\n| a | 1{half} |\n| c | 1{half} |\n| b | 2{whole} |\n")
        );
        assert_eq!(get("run micro.wake_ns").unwrap(), "31.3");
        assert_eq!(get("run echo.servers.1.cpu_us").unwrap(), "3.5");
        assert_eq!(get("run micro").unwrap(), "|  |  |\n|---|---:|\n| wake ns | 31.3 |\n");
        for wrong in ["run", "none echo", "run echo.clients", "run pages a:b:c", "run laps ns:parser"] {
            assert!(get(wrong).is_err(), "{wrong}");
        }
    }
}
