//! The events of sockets and servers are Node's: small programs, each with its twin in `twins/*.mjs`.
//!
//! A program says words: the events that it sees, and what it does between them. `recorded.txt` has the words of each.
//! One test runs the programs on TCP and one in the simulated network, and both must give the recorded list; a third runs
//! the twins, where there is a `node` on the path, so that the recording itself is judged. A program that means to differ
//! stands in [`DIFFERENCES`], with what Node says and the reason.

mod destroy;
mod ending;
mod errors;
mod flow;
mod kit;
mod servers;
mod silence;

use kit::{Log, NETWORK, Network};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::PathBuf,
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};
use wirebook_net::set_immediate;

type Program = (&'static str, fn(&Log));

const SUBJECTS: [(&str, &[Program]); 6] = [
    ("destroy", destroy::PROGRAMS),
    ("ending", ending::PROGRAMS),
    ("flow", flow::PROGRAMS),
    ("silence", silence::PROGRAMS),
    ("errors", errors::PROGRAMS),
    ("servers", servers::PROGRAMS),
];

/// Programs that differ from Node on purpose: what Node says, and why we do not.
const DIFFERENCES: [(&str, &str, &str); 4] = [
    (
        "errors / a port that cannot be",
        "thrown",
        "an address is checked where it is used, and no error of the network is a panic",
    ),
    ("servers / closed twice", "server:listening server:close server:close", "close comes exactly once"),
    ("servers / closed in close", "server:listening server:close server:close", "close comes exactly once, and last"),
    ("servers / the address is in use", "two:error(in-use)", "listen gives it as its result, which is not overlooked"),
];

/// Programs that run at a time; most of what they do is wait.
const THREADS: usize = 4;
/// How often a list on a real clock is asked for again.
const TRIES: usize = 3;
/// Longer than any program takes.
const A_MINUTE: Duration = Duration::from_secs(60);

fn twins() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/node_events")
}

fn programs() -> impl Iterator<Item = (String, fn(&Log))> {
    SUBJECTS
        .into_iter()
        .flat_map(|(subject, programs)| programs.iter().map(move |(name, run)| (format!("{subject} / {name}"), *run)))
}

fn recorded() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(twins().join("recorded.txt")).expect("it is committed");
    let rows = text.lines().map(|line| line.split_once(": ").unwrap_or((line.trim_end_matches(':'), "")));
    rows.map(|(name, words)| (name.to_owned(), words.to_owned())).collect()
}

/// What a program says; a loop that ends with an error says `uncaught`, as the twins do.
fn run(network: Network, program: fn(&Log)) -> String {
    NETWORK.set(network);
    let log = Log::default();
    let inner = log.clone();
    let result = match network {
        Network::Tcp => wirebook_net::block_on(async move {
            set_immediate(move || program(&inner));
        }),
        Network::Simulated => wirebook_net::sim::run(1, async move {
            set_immediate(move || program(&inner));
            wirebook_net::sleep(A_MINUTE).await;
        }),
    };
    if let Err(error) = result {
        assert!(error.to_string().contains("unheard error event"), "{error}");
        log.say("uncaught");
    }
    log.0.take().join(" ")
}

/// Runs all programs, some at a time, and fails with what differs from the expected. A busy machine may hold one timer back
/// behind another: what differs is asked again, alone, and must differ every time.
fn compare(tries: usize, said: impl Fn(&str, fn(&Log)) -> String + Sync, expected: impl Fn(&str) -> String + Sync) {
    let programs: Vec<_> = programs().collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let rows = std::iter::from_fn(|| programs.get(next.fetch_add(1, Ordering::Relaxed)));
        rows.filter(|(name, program)| said(name, *program) != expected(name)).collect::<Vec<_>>()
    };
    let differ: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("the programs ran")).collect()
    });
    let mut wrong = String::new();
    for (name, program) in differ {
        let expected = expected(name);
        let lists: Vec<_> = (0..tries).map(|_| said(name, *program)).take_while(|list| *list != expected).collect();
        if let (Some(list), true) = (lists.last(), lists.len() == tries) {
            writeln!(wrong, "{name}\n  recorded {expected}\n  said     {list}").expect("memory");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

fn check(network: Network, tries: usize) {
    let recorded = recorded();
    compare(tries, |_, program| run(network, program), |name| recorded.get(name).cloned().unwrap_or_default());
}

#[test]
fn sockets_and_servers_emit_the_recorded_events() {
    check(Network::Tcp, TRIES);
}

#[test]
fn simulated_sockets_and_servers_emit_the_recorded_events() {
    check(Network::Simulated, 1);
}

#[test]
fn the_table_is_complete() {
    let names: Vec<String> = programs().map(|(name, _)| name).collect();
    let recorded = recorded();
    assert_eq!(names.len(), recorded.len(), "every program is recorded, and nothing else");
    assert!(names.len() >= 40);
    for (name, _, reason) in DIFFERENCES {
        assert!(recorded.contains_key(name) && !reason.is_empty(), "{name}");
    }
}

/// What Node says, if there is a Node.
fn run_node(arguments: &[&str]) -> Option<String> {
    let output = Command::new("node").arg(twins().join("twins/run.mjs")).args(arguments).output().ok()?;
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[test]
fn node_runs_the_twins_to_the_recorded_events() {
    let Some(list) = run_node(&[]) else { return eprintln!("no node on the path: the recorded lists stand") };
    let names: Vec<String> = programs().map(|(name, _)| name).collect();
    assert_eq!(list.lines().collect::<Vec<_>>(), names, "every program has its twin");
    let recorded = recorded();
    let judge = |name: &str, _: fn(&Log)| {
        let (subject, twin) = name.split_once(" / ").expect("a subject and a name");
        run_node(&[subject, twin]).expect("there was a node just now")
    };
    compare(TRIES, judge, |name| {
        let difference = DIFFERENCES.iter().find(|(differs, ..)| *differs == name);
        difference.map_or_else(|| recorded[name].clone(), |(_, node, _)| (*node).to_owned())
    });
}
