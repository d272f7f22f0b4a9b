//! A message to a child and its answer, many messages in a row, and connections that are handed over: what both processes
//! together spend on it, ours and Node's.
//!
//! Run: cargo bench -p wirebook-benches --bench process        (writes benches/results/PROCESSOR/process.json)
//!
//! A contestant is a parent in a process of its own, which starts its child, does so many operations, and prints the
//! nanoseconds of CPU time that the scheduler counted for the two of them, for each operation.

use serde_json::{Value, json};
use std::{fs, io, path::Path, process::Command};
use wirebook_benches::{Results, Rounds, wanted};
use wirebook_net::{
    self as net, Listener,
    unix::{UnixListener, UnixStream},
};
use wirebook_process::{Channel, Limits, fork, parent};

/// Odd, so that there is a round in the middle.
const ROUNDS: usize = 5;

/// Name, what it is, operations.
const PARTS: [(&str, &str, u32); 3] = [
    ("round_trip", "a message of 64 bytes and its answer, one after the other", 20_000),
    ("burst", "a message of 64 bytes, many in a row", 100_000),
    ("hand_over", "a connection, made, accepted, handed over, answered and closed", 20_000),
];

const CONTESTANTS: [&str; 3] = ["wirebook", "wirebook, window 16", "node"];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match &arguments[1..] {
        [role, window, part, count] if role == "--parent" => {
            let (window, count) = (window.parse().expect("a number"), count.parse().expect("a number"));
            let part = part.clone();
            let spent = net::block_on(async move { run(&part, window, count).await });
            println!("{}", spent.expect("a loop").expect("a child that answers"));
        }
        [role] if role == "--child" => net::block_on(answer()).expect("a loop").expect("a channel"),
        _ if arguments.iter().any(|argument| argument == "--bench") => measure(),
        // `cargo test` builds and runs benches as well: nothing to do there.
        _ => {}
    }
}

fn measure() {
    let mut results = Results::open("process");
    for (part, what, count) in PARTS.iter().filter(|(part, ..)| wanted(part)) {
        eprintln!("{part}, ns of both processes: {what}");
        let rounds = Rounds::take(CONTESTANTS.to_vec(), ROUNDS, |at| spent(CONTESTANTS[at], part, *count));
        results.set(part, rounds.rows("contestant", "ns", &["node"]).into());
    }
    results.save();
}

/// Nanoseconds for each operation.
fn spent(contestant: &str, part: &str, count: u32) -> f64 {
    let mut command = match contestant {
        "node" => {
            let mut command = Command::new("node");
            command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/process/parent.mjs"));
            command
        }
        name => {
            let mut command = Command::new(std::env::current_exe().expect("the bench knows its own file"));
            command.args(["--parent", if name.ends_with("16") { "16" } else { "1" }]);
            command
        }
    };
    let output = command.args([part, &count.to_string()]).output().expect("the contestant starts");
    let said = String::from_utf8_lossy(&output.stdout);
    said.trim()
        .parse()
        .unwrap_or_else(|_| panic!("{contestant} says {said:?}: {}", String::from_utf8_lossy(&output.stderr)))
}

/// CPU time of all threads of a process.
fn cpu(pid: u32) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("a running process, on Linux");
    let texts = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("schedstat")).ok());
    texts.filter_map(|text| text.split(' ').next()?.parse::<u64>().ok()).sum()
}

/// A message of 64 bytes.
fn message() -> Value {
    json!({ "text": "x".repeat(64 - r#"{"text":""}"#.len()) })
}

async fn run(part: &str, window: usize, count: u32) -> io::Result<f64> {
    let (child, channel) = fork(["--child"])?.limits(Limits { window, ..Limits::default() }).start()?;
    let (message, pids) = (message(), [std::process::id(), child.id().unsigned_abs()]);
    // Node has no pair of sockets: a connection is made and accepted, here as there.
    let path = std::env::temp_dir().join(format!("wirebook-bench-{}.sock", std::process::id()));
    let listener = UnixListener::bind(&path)?;
    channel.send(part).await?;
    channel.next().await?;
    let before: u64 = pids.map(cpu).iter().sum();
    match part {
        "round_trip" => {
            for _ in 0..count {
                channel.send(&message).await?;
                channel.next().await?;
            }
        }
        part => {
            // Answers to handles are heard while the program waits for the child's last word.
            let hears = channel.clone();
            let last = net::spawn(async move { hears.next().await });
            for _ in 0..count {
                if part == "burst" {
                    channel.send(&message).await?;
                } else {
                    let _client = UnixStream::connect(&path).await?;
                    channel.send_with(&1, listener.accept().await?.0).await?;
                }
            }
            channel.send(&"last").await?;
            last.await.map_err(io::Error::other)??;
        }
    }
    let after: u64 = pids.map(cpu).iter().sum();
    channel.disconnect();
    Ok((after - before) as f64 / f64::from(count))
}

async fn answer() -> io::Result<()> {
    let channel: Channel = parent()?.expect("a channel");
    let part: String = channel.next().await?.expect("a part").parse()?;
    channel.send("ready").await?;
    while let Some(message) = channel.next().await? {
        if part == "round_trip" || message.json() == "\"last\"" {
            channel.send(&message.parse::<Value>()?).await?;
        }
    }
    Ok(())
}
