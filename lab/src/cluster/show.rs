//! What a person sees of clusters, within the terminal; or JSON.

use serde::Serialize;
use serde_json::json;
use std::{
    fmt::Display,
    io::{self, IsTerminal},
};
use wirebook_cluster::host::{Line, Listed, Listing, is_command, visible};
use wirebook_terminal::{Complaint, fit, width};

/// A cluster has gone to the background.
pub(super) fn started(name: &str, pid: i32, addresses: &str, json: bool) {
    if json {
        let addresses: Vec<&str> = addresses.split_whitespace().collect();
        return println!("{}", to_json(&json!({ "name": name, "pid": pid, "addresses": addresses })));
    }
    let at = if addresses.is_empty() { String::new() } else { format!(" on {}", addresses.replace(' ', ", ")) };
    println!("{name} serves{at}, as process {pid}");
    println!("try: wirebook cluster describe {name}");
    println!("try: wirebook cluster logs {name} --follow");
    println!("try: wirebook cluster stop {name}");
}

pub(super) fn done(name: &str, said: &str, json: bool) {
    let text =
        if json { to_json(&json!({ "name": name, "said": said })) } else { format!("{name}: {}", visible(said)) };
    println!("{text}");
}

/// A line that a worker wrote. A terminal is told nothing by it; a pipe is given what was written, as by `journalctl -o cat`.
pub(super) fn line(line: &Line, json: bool) {
    let text = if json { to_json(line) } else { line.to_string() };
    println!("{}", if io::stdout().is_terminal() { visible(&text) } else { text.as_str().into() });
}

/// JSON, whose strings hold no sign that a terminal would obey: it escapes the first 32 by itself, and here the others are.
fn to_json(value: &impl Serialize) -> String {
    let text = json!(value).to_string();
    let escaped = text.chars().map(|letter| match letter {
        // All of them lie in the first of Unicode's planes.
        _ if is_command(letter) => format!("\\u{:04x}", u32::from(letter)),
        _ => letter.to_string(),
    });
    if text.contains(is_command) { escaped.collect() } else { text }
}

pub(super) fn list(listings: &[Listing], json: bool) {
    if json {
        return println!("{}", to_json(&listings));
    }
    if listings.is_empty() {
        return println!("no cluster of this user runs\ntry: wirebook cluster start --help");
    }
    println!("{:<18} {:<8} {:>7} {:>8} {:>5}  PORTS", "NAME", "STATE", "WORKERS", "PROCESS", "UP");
    for listing in listings {
        let ready = listing.workers.iter().filter(|worker| serves(worker)).count();
        let workers = format!("{ready}/{}", listing.wanted);
        let line = format!(
            "{:<18} {:<8} {workers:>7} {:>8} {:>5}  {}",
            fit(&listing.name, 18),
            listing.state,
            listing.pid,
            time(listing.up),
            addresses(listing)
        );
        println!("{}", fit(&visible(&line), width()));
    }
}

fn addresses(listing: &Listing) -> String {
    listing.addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn serves(worker: &Listed) -> bool {
    matches!(&*worker.state, "ready" | "bowing")
}

pub(super) fn describe(listing: &Listing, json: bool) {
    if json {
        return println!("{}", to_json(listing));
    }
    let log = listing.log.as_ref().map_or("its standard output".into(), |log| log.display().to_string());
    let rows = [
        ("name", listing.name.clone()),
        ("state", listing.state.clone()),
        ("program", listing.program.join(" ")),
        ("ports", addresses(listing)),
        ("policy", listing.policy.clone()),
        ("master", format!("process {}, up for {}", listing.pid, time(listing.up))),
        ("log", log),
    ];
    for (name, value) in rows {
        println!("{}", fit(&visible(&format!("{name:<8} {value}")), width()));
    }
    println!(
        "\n{:>6} {:>4} {:>10} {:<10} {:>8} {:>6} {:>5}",
        "WORKER", "SLOT", "GENERATION", "STATE", "PROCESS", "OPEN", "UP"
    );
    for worker in &listing.workers {
        let (process, open) = (known(worker.pid), known(worker.open));
        let Listed { worker, slot, generation, state, up, .. } = worker;
        let state = visible(state);
        println!("{worker:>6} {slot:>4} {generation:>10} {state:<10} {process:>8} {open:>6} {:>5}", time(*up));
    }
}

fn known(value: Option<impl ToString>) -> String {
    value.map_or("-".into(), |value| value.to_string())
}

/// An error of the system as a sentence, with what to do.
pub(super) fn complain(hint: impl Display) -> impl FnOnce(io::Error) -> Complaint {
    move |error| {
        let said = error.to_string();
        let said = said.split_once(" (os error ").map_or(said.as_str(), |(words, _)| words);
        Complaint::new(format!("{}.", visible(said.trim_end_matches('.'))), hint.to_string())
    }
}

/// A time in the largest unit of which there is one.
fn time(seconds: f64) -> String {
    let units = [(86_400.0, "d"), (3600.0, "h"), (60.0, "m")];
    let unit = units.into_iter().find(|(length, _)| seconds >= *length);
    let (length, name) = unit.unwrap_or((1.0, "s"));
    format!("{:.0}{name}", (seconds / length).floor())
}

#[cfg(test)]
mod tests {
    #[test]
    fn json_tells_a_terminal_nothing() {
        let text = "tea\t\x1b[2J\x7f\u{9b}2J\u{202e}\n茶\\u001b";
        let json = super::to_json(&text);
        assert_eq!(json, r#""tea\t\u001b[2J\u007f\u009b2J\u202e\n茶\\u001b""#);
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }

    #[test]
    fn times_are_short() {
        let said = [0.0, 59.9, 60.0, 7199.0, 90_000.0, 1e9].map(super::time);
        assert_eq!(said, ["0s", "59s", "1m", "1h", "1d", "11574d"]);
    }
}
