//! The figures of the benches as tables, read from the files that the benches wrote: a chapter cannot disagree with the run
//! that it speaks of.
//!
//! Figures of one processor say little about another, so results lie in a folder for each, `benches/results/PROCESSOR/`. The
//! file `benches/results/shown` names the folders whose figures the book shows, a line each: a file is read from the first
//! that has it, and every table says below which machine it speaks of, which day, and which versions of the peers.
//!
//! `{{#figures FILE PATH}}` looks into `FILE.json`, along the keys of `PATH`, with dots between them; in a list a key is what
//! one of its members is called, with `_` for blanks. What is there becomes
//! - its text, where it is a number or a string;
//! - a table with a row for each member, where it is a list of objects;
//! - a table with a column for each member, where it is an object of objects;
//! - a table of names and figures, where it is an object of these.
//!
//! `{{#figures FILE PATH VALUE:ROW:COLUMN}}` makes of a list of objects a table of its `VALUE`s, with a row for each `ROW`
//! and a column for each `COLUMN`.
//!
//! The best of the first column stands first, with a bar for each; but names that are quantities, as 64 B and 1 KiB, or that
//! are numbered, have an order of their own.

use serde_json::Value;
use std::{fmt::Write, fs, path::Path};

/// The table (or the text), in Markdown, for what follows `{{#figures`.
///
/// # Errors
/// Why there is none.
pub(crate) fn table(results: &Path, directive: &str) -> Result<String, String> {
    let words: Vec<&str> = directive.split_whitespace().collect();
    let (file, path, pivot) = match words[..] {
        [file, path] => (file, path, None),
        [file, path, pivot] => (file, path, Some(pivot)),
        _ => return Err(format!("figures are asked for with a file and a path, not with {directive:?}")),
    };
    let all = parse(&shown(results, &format!("{file}.json"))?)?;
    let mut found = &all;
    for key in path.split('.') {
        let named = |one: &&Value| {
            let mut texts = one.as_object().into_iter().flatten().filter_map(|(_, member)| member.as_str());
            texts.any(|text| text.replace(' ', "_") == key)
        };
        let member = found.as_array().map_or_else(|| found.get(key), |list| list.iter().find(named));
        found = member.ok_or_else(|| format!("{file}.json has no {key:?} on the path {path:?}"))?;
    }
    let last = path.rsplit('.').next().unwrap_or(path);
    let table = match (pivot, found) {
        (Some(pivot), Value::Array(list)) => pivoted(list, pivot)?,
        (None, Value::Array(list)) => listed(list),
        (None, Value::Object(columns)) => crossed(last, columns),
        (None, scalar) => return Ok(cell(Some(scalar))),
        (Some(_), _) => return Err(format!("{file}.json has no list at {path:?}")),
    };
    Ok(format!("{}\n*{}*\n", table.markdown(), caption(&all)?))
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

/// What a figure means nothing without: the machine, the day, and the versions of the peers where there are any.
///
/// # Errors
/// Which of them the results do not say.
pub(crate) fn caption(all: &Value) -> Result<String, String> {
    let told = |key: &str| all.get(key).and_then(Value::as_str).ok_or_else(|| format!("results without their {key}"));
    let peers = all.get("peers").and_then(Value::as_object).into_iter().flatten();
    let peers: Vec<String> = peers.map(|(name, version)| format!("{name} {}", cell(Some(version)))).collect();
    let peers = if peers.is_empty() { String::new() } else { format!("; peers: {}", peers.join(", ")) };
    Ok(format!("{}; {}{peers}", told("hardware")?, told("date")?))
}

/// The names of a row, and its figures.
type Row = (Vec<String>, Vec<Option<f64>>);

/// Names and figures, of which the best come first.
struct Table {
    head: Vec<String>,
    rows: Vec<Row>,
    more_is_better: bool,
}

impl Table {
    fn markdown(mut self) -> String {
        let first = |row: &Row| row.1.first().copied().flatten();
        fn name(row: &Row) -> &str {
            row.0.first().map_or("", String::as_str)
        }
        let names: Vec<&str> = self.rows.iter().map(name).collect();
        let (order, sign) = (magnitudes(&names), if self.more_is_better { -1.0 } else { 1.0 });
        let place = |row: &Row| {
            let by_figure = || first(row).map_or(f64::INFINITY, |figure| figure * sign);
            order.map_or_else(by_figure, |order| order(name(row)))
        };
        self.rows.sort_by(|one, other| place(one).total_cmp(&place(other)));
        let names = self.rows.first().map_or(0, |row| row.0.len());
        let rule: String = (0..self.head.len()).map(|at| if at < names { "---|" } else { "---:|" }).collect();
        let mut out = format!("| {} |\n|{rule}\n", self.head.join(" | "));
        let longest = self.rows.iter().filter_map(first).fold(0.0, f64::max);
        // Two figures are compared at a glance, nothing is a length of nothing, and beside many columns there is no room.
        let bars = self.rows.len() > 2 && longest > 0.0 && self.head.len() - names < MANY;
        for row in &self.rows {
            let mut figures: Vec<String> = row.1.iter().map(|one| one.map_or_else(|| NOTHING.into(), figure)).collect();
            if let Some(value) = first(row).filter(|_| bars) {
                figures[0] += &bar((value / longest).max(0.0));
            }
            let _ = writeln!(out, "| {} |", [row.0.clone(), figures].concat().join(" | "));
        }
        out
    }
}

/// How names are ordered that begin with numbers which tell them all apart: 64 B before 1 KiB, 1 before 2.
fn magnitudes(names: &[&str]) -> Option<fn(&str) -> f64> {
    let all: Vec<f64> = names.iter().map(|name| magnitude(name)).collect();
    let apart = all.iter().enumerate().all(|(at, one)| !all[..at].contains(one));
    (apart && all.iter().all(|one| one.is_finite())).then_some(magnitude)
}

/// The number with which a name begins, in bytes where it is one of bytes; no number where it begins with none.
fn magnitude(name: &str) -> f64 {
    let (number, rest) = name.split_at(name.find(|c: char| !c.is_ascii_digit()).unwrap_or(name.len()));
    let unit = match rest.split_whitespace().next() {
        Some("KiB") => 1024.0,
        Some("MiB") => 1024.0 * 1024.0,
        _ => 1.0,
    };
    number.parse().map_or(f64::NAN, |number: f64| number * unit)
}

/// A bar beneath a figure. The figure says it all, so nobody needs to hear of the bar.
fn bar(length: f64) -> String {
    format!(" <span class=\"wb-measure\" aria-hidden=\"true\" style=\"--of:{length:.3}\"></span>")
}

/// So many columns of figures have no bars beside them.
const MANY: usize = 5;

/// What stands where there is no figure.
const NOTHING: &str = "–";

fn cell(value: Option<&Value>) -> String {
    match value {
        None => NOTHING.into(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.as_f64().map_or_else(|| value.to_string(), figure),
    }
}

/// A figure as it is read: three digits that say something, all digits of a larger whole, a comma between thousands; never
/// "4.0".
pub(crate) fn figure(value: f64) -> String {
    let decimals = match value.abs() {
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        _ => 3,
    };
    let text = format!("{value:.decimals$}");
    let text = if decimals > 0 { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    let whole = text.split('.').next().unwrap_or_default().trim_start_matches('-').len();
    if whole < 4 {
        return text.to_string();
    }
    let (sign, digits) = text.split_at(text.len() - whole);
    let apart = |(at, digit): (usize, char)| {
        let comma = at > 0 && (whole - at).is_multiple_of(3);
        comma.then_some(',').into_iter().chain([digit])
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

/// Whether more of it is better: what is done in a time, and not the time that it takes.
fn is_rate(key: &str) -> bool {
    key.contains("_per_s") || key.contains("_per_cpu_second")
}

/// A list of objects: names first, then figures.
fn listed(list: &[Value]) -> Table {
    let mut keys: Vec<&String> = Vec::new();
    list.iter().filter_map(Value::as_object).flatten().for_each(|(key, _)| {
        if !keys.contains(&key) {
            keys.push(key);
        }
    });
    let is_name = |key: &&String| list.iter().any(|one| one.get(key.as_str()).is_some_and(Value::is_string));
    let (names, mut figures): (Vec<&String>, Vec<&String>) = keys.into_iter().partition(is_name);
    // What all have comes first: the table is ordered by it.
    figures.sort_by_key(|key| list.iter().any(|one| one.get(key.as_str()).is_none()));
    let row = |one: &Value| {
        let name = |key: &&String| cell(one.get(key.as_str()));
        let figure = |key: &&String| one.get(key.as_str()).and_then(Value::as_f64);
        (names.iter().map(name).collect(), figures.iter().map(figure).collect())
    };
    let more_is_better = figures.first().is_some_and(|key| is_rate(key));
    let rows = list.iter().map(row).collect();
    Table { head: names.iter().chain(&figures).map(|key| title(key)).collect(), rows, more_is_better }
}

/// An object: its members are the columns, or the rows where they have no members of their own.
fn crossed(what: &str, columns: &serde_json::Map<String, Value>) -> Table {
    let more_is_better = is_rate(what);
    if !columns.values().any(Value::is_object) {
        let rows = columns.iter().map(|(name, figure)| (vec![title(name)], vec![figure.as_f64()])).collect();
        return Table { head: vec![String::new(), title(what)], rows, more_is_better };
    }
    let mut columns: Vec<(&str, &Value)> = columns.iter().map(|(name, column)| (name.as_str(), column)).collect();
    if let Some(order) = magnitudes(&columns.iter().map(|(name, _)| *name).collect::<Vec<_>>()) {
        columns.sort_by(|one, other| order(one.0).total_cmp(&order(other.0)));
    }
    let names = distinct(columns.iter().filter_map(|(_, all)| all.as_object()).flat_map(|all| all.keys().cloned()));
    let row = |name: String| {
        let figures = columns.iter().map(|(_, column)| column.get(&name).and_then(Value::as_f64)).collect();
        (vec![name], figures)
    };
    let rows = names.into_iter().map(row).collect();
    let head = [vec![title(what)], columns.iter().map(|(name, _)| name.to_string()).collect()].concat();
    Table { head, rows, more_is_better }
}

/// A list of objects, of which `VALUE:ROW:COLUMN` names the member to show and those to order it by.
fn pivoted(list: &[Value], pivot: &str) -> Result<Table, String> {
    let [value, row, column] = pivot.split(':').collect::<Vec<_>>()[..] else {
        return Err(format!("a table is asked for as VALUE:ROW:COLUMN, not as {pivot:?}"));
    };
    let all = |key: &str| distinct(list.iter().map(|one| cell(one.get(key))));
    let columns = all(column);
    let figure = |name: &str, of: &str| {
        let mut of_both = list.iter().filter(|one| cell(one.get(row)) == name && cell(one.get(column)) == of);
        of_both.next()?.get(value)?.as_f64()
    };
    let line = |name: String| {
        let figures = columns.iter().map(|of| figure(&name, of)).collect();
        (vec![name], figures)
    };
    let rows = all(row).into_iter().map(line).collect();
    let head = [vec![title(value)], columns.clone()].concat();
    Ok(Table { head, rows, more_is_better: is_rate(value) })
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
        let figures = [17152.0, 4.0, 3.456, 0.98765, 31.26, 168_525.4, 1234.5, 0.0, -12_345.0, 1_000_000.0, 999.6];
        let read = ["17,152", "4", "3.46", "0.988", "31.3", "168,525", "1,234", "0", "-12,345", "1,000,000", "1,000"];
        assert_eq!(figures.map(figure), read);
        assert_eq!(title("unmask_gb_per_s"), "unmask GB/s");
    }

    fn bar_of(length: &str) -> String {
        format!(" <span class=\"wb-measure\" aria-hidden=\"true\" style=\"--of:{length}\"></span>")
    }

    #[test]
    fn lists_objects_and_laps_become_tables() {
        let folder = tempfile::tempdir().unwrap();
        let file = r#"{"hardware": "a machine", "date": "2026-11-26", "peers": {"mio": "1.2.4"},
            "echo": {"servers": [{"cpu_us": 4.0, "server": "epoll"}, {"cpu_us": 3.5, "server": "by mio"}]},
            "pages_ns": {"big": {"theirs": 3, "ours": 1}, "small": {"ours": 2}},
            "laps": [{"parser": "b", "input": "x", "ns": 2}, {"parser": "a", "input": "x", "ns": 1.5},
                     {"parser": "a", "input": "y", "ns": 3}], "micro_ns": {"wake": 31.3},
            "three": [{"on": "a", "ns": 2}, {"on": "b", "ns": 4}, {"on": "c", "ns": 2}],
            "unmask_gb_per_s": {"1 KiB": {"ours": 8, "a": 4, "b": 1}, "125 B": {"ours": 2, "a": 1, "b": 4}},
            "steps": [{"step": "1 as it was", "ns": 20}, {"step": "10 now", "ns": 2, "gain": 5}, {"step": "2 then", "ns": 10, "gain": 2}],
            "part": [{"on": "a", "ms": 1, "last": 7}, {"on": "b", "ms": 2}]}"#;
        let machine = folder.path().join("a-machine");
        fs::create_dir(&machine).unwrap();
        fs::write(folder.path().join("shown"), "newest\na-machine\n").unwrap();
        fs::write(machine.join("run.json"), file).unwrap();
        let get = |directive| table(folder.path(), directive);
        let told = "\n*a machine; 2026-11-26; peers: mio 1.2.4*\n";
        let is = |directive, table: &str| assert_eq!(get(directive).unwrap(), format!("{table}{told}"), "{directive}");
        is("run echo.servers", "| server | CPU µs |\n|---|---:|\n| by mio | 3.5 |\n| epoll | 4 |\n");
        is("run pages_ns", "| pages ns | big | small |\n|---|---:|---:|\n| ours | 1 | 2 |\n| theirs | 3 | – |\n");
        is("run laps ns:parser:input", "| ns | x | y |\n|---|---:|---:|\n| a | 1.5 | 3 |\n| b | 2 | – |\n");
        is("run micro_ns", "|  | micro ns |\n|---|---:|\n| wake | 31.3 |\n");
        let (tenth, quarter) = (bar_of("0.100"), bar_of("0.250"));
        let (half, whole) = (bar_of("0.500"), bar_of("1.000"));
        is("run three", &format!("| on | ns |\n|---|---:|\n| a | 2{half} |\n| c | 2{half} |\n| b | 4{whole} |\n"));
        // The most first, where more is better; sizes in their order, and steps in theirs.
        is(
            "run unmask_gb_per_s",
            &format!(
                "| unmask GB/s | 125 B | 1 KiB |\n|---|---:|---:|\n| b | 4{whole} | 1 |\n| ours | 2{half} | 8 |\n| a | 1{quarter} | 4 |\n"
            ),
        );
        is(
            "run steps",
            &format!(
                "| step | ns | gain |\n|---|---:|---:|\n| 1 as it was | 20{whole} | – |\n| 2 then | 10{half} | 2 |\n| 10 now | 2{tenth} | 5 |\n"
            ),
        );
        // Beside many columns there is no room for bars.
        for (columns, bars) in [(4, 3), (5, 0)] {
            let rows = r#"{"a": 1, "b": 2, "c": 3}"#;
            let members: Vec<String> = (0..columns).map(|at| format!("\"on {at}\": {rows}")).collect();
            let file = format!(r#"{{"hardware": "m", "date": "2026-11-26", "ns": {{{}}}}}"#, members.join(", "));
            fs::write(machine.join("wide.json"), file).unwrap();
            assert_eq!(get("wide ns").unwrap().matches("wb-measure").count(), bars, "{columns} columns");
        }
        // What only some have is no order.
        is("run part", "| on | ms | last |\n|---|---:|---:|\n| a | 1 | 7 |\n| b | 2 | – |\n");
        assert_eq!(get("run micro_ns.wake").unwrap(), "31.3");
        assert_eq!(get("run echo.servers.by_mio.cpu_us").unwrap(), "3.5");
        for wrong in [
            "run",
            "none echo",
            "run echo.clients",
            "run echo.servers.1.cpu_us",
            "run pages_ns a:b:c",
            "run laps ns:parser",
            "a b c d",
        ] {
            assert!(get(wrong).is_err(), "{wrong}");
        }
        // A table that does not say when it was measured, or on what, is none.
        for untold in [r#"{"hardware": "a machine", "a": [{"b": 1}]}"#, r#"{"date": "2026-11-26", "a": [{"b": 1}]}"#] {
            fs::write(machine.join("untold.json"), untold).unwrap();
            assert!(get("untold a").is_err(), "{untold}");
        }
    }
}
