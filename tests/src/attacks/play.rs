//! Every row in each way in which it can be played.

use super::client::{self, LEFT_OUT};
use super::harness::Trial;
use super::judge::{Seen, is_known, judge};
use super::row::{Row, Step};
use super::{clients, templates};
use wirebook_net::sim::Config;

/// Rough networks for each row.
const ROUGH: u64 = 10;

/// Sent in one step, more than this is about the limits of a server, and goes over a smooth network alone.
const BULK: usize = 200_000;

/// What a hostile server does.
const OF_SERVERS: [&str; 12] = [
    "recv_request",
    "recv_head",
    "recv_body",
    "recv_bytes",
    "send",
    "send_repeat",
    "send_gzip_bomb",
    "serve_redirect",
    "wait_ms",
    "fin",
    "rst",
    "accept",
];

/// Rows that a machine would play, but that mean more than it does; each has a test that is written out by hand.
const BY_HAND: [(&str, &str); 4] = [
    ("h1c-34", "the connection is in order and may be used again; it is the redirect that is refused"),
    ("h1c-35", "its first origin is https"),
    ("h1c-49", "the client sends a body of ten mebibytes"),
    ("tpl-19", "one template in which the first fault hides the others"),
];

/// The tests that play a row: one over sockets (of a template: in memory), and for servers `…-sim` on a simulated network
/// without faults, then on rough ones, and `…-tls` over TLS there. None for a row that no machine understands.
pub fn trials(row: &Row) -> Vec<Trial> {
    let (real, mut unreal) = (row.clone(), row.clone());
    let name = row.id.clone();
    match &*row.role {
        _ if !is_playable(row) => vec![],
        "template" => vec![Trial::new(name, move || held(&real, "in memory", |row| Ok(templates::run(row))))],
        "client" | "sse-client" => {
            vec![Trial::new(name, move || held(&real, "over a socket", |row| Ok(clients::run(row))))]
        }
        _ => {
            unreal.expect.retain(|key, _| !LEFT_OUT.contains(&key.as_str()));
            let secret = unreal.clone();
            vec![
                Trial::new(name, move || held(&real, "over a socket", |row| Ok(client::over_sockets(row)))),
                Trial::new(format!("{}-sim", row.id), move || simulate(&unreal)),
                Trial::new(format!("{}-tls", row.id), move || secure(&secret)),
            ]
        }
    }
}

/// Whether everything that a row says is understood: what it does, and what it expects.
pub fn is_playable(row: &Row) -> bool {
    let ops = || row.all["steps"].as_array().into_iter().flatten().map(|step| step["op"].as_str().unwrap_or_default());
    let does = match &*row.role {
        "server" => !row.steps.iter().any(|step| match step {
            Step::Other(_) => true,
            Step::Many(many) => many.each.is_none() && !many.reset,
            _ => false,
        }),
        "client" | "sse-client" => ops().all(|op| OF_SERVERS.contains(&op)),
        "template" => templates::is_whole(row),
        _ => false,
    };
    does && row.expect.iter().all(|(key, value)| is_known(key, value))
        && row.expect.keys().any(|key| !matches!(key.as_str(), "note" | "why"))
        && BY_HAND.iter().all(|(id, _)| *id != row.id)
}

fn simulate(row: &Row) -> Result<(), String> {
    let rough = row.steps.iter().map(|step| match step {
        Step::Send(data, count) if data.len() * count > BULK => 0,
        Step::Many(_) | Step::SendSlowly(..) | Step::NoRead(_) | Step::Close | Step::EverySplit(_) => 1,
        _ => ROUGH,
    });
    for config in std::iter::once(Config::from(0)).chain((1..=rough.min().unwrap_or(ROUGH)).map(Config::rough)) {
        held(row, &format!("simulated, seed {}", config.seed), |row| client::simulated(row, config.clone()))?;
    }
    Ok(())
}

/// Over TLS, on a network without faults and on a rough one.
fn secure(row: &Row) -> Result<(), String> {
    let bulk = row.steps.iter().any(|step| match step {
        Step::Send(data, count) => data.len() * count > BULK,
        Step::EverySplit(_) | Step::Many(_) => true,
        _ => false,
    });
    for config in std::iter::once(Config::from(0)).chain((!bulk).then(|| Config::rough(1))) {
        held(row, &format!("over TLS, seed {}", config.seed), |row| client::secured(row, config.clone()))?;
    }
    Ok(())
}

/// Plays a row, once for each cut if it asks for that, and holds what was seen against what it expects.
fn held(row: &Row, network: &str, play: impl Fn(&Row) -> Result<Seen, String>) -> Result<(), String> {
    let mut same: Option<(String, String)> = None;
    for (how, row) in variants(row) {
        let seen = play(&row)?;
        let mut complaints = judge(&row, &seen);
        let events = format!("{:?} {:?}", seen.answers, seen.frames);
        if let Some((first, known)) = &same
            && *known != events
        {
            complaints.push(format!("{first} gave {known}, and {how} {events}"));
        }
        if !complaints.is_empty() {
            return Err(format!("{} ({network}{how})\n{}", row.title, complaints.join("\n")));
        }
        same.get_or_insert((how, events));
    }
    Ok(())
}

/// The row itself; one that asks for every split, once byte by byte and once for each cut.
fn variants(row: &Row) -> Vec<(String, Row)> {
    let split = row.steps.iter().position(|step| matches!(step, Step::EverySplit(_)));
    let Some((at, data)) = split.and_then(|at| match &row.steps[at] {
        Step::EverySplit(data) => Some((at, data)),
        _ => None,
    }) else {
        return vec![(String::new(), row.clone())];
    };
    let with = |pieces: Vec<Step>| {
        let mut row = row.clone();
        row.steps.splice(at..=at, pieces);
        row
    };
    let bytewise = with(vec![Step::SendSlowly(data.clone(), 1, std::time::Duration::ZERO)]);
    let cut = |cut: usize| {
        let (left, right) = data.split_at(cut);
        let pieces = [left, right].into_iter().filter(|piece| !piece.is_empty());
        (format!(", cut at {cut}"), with(pieces.map(|piece| Step::Send(piece.to_vec(), 1)).collect()))
    };
    std::iter::once((", byte by byte".to_owned(), bytewise)).chain((0..data.len()).map(cut)).collect()
}
