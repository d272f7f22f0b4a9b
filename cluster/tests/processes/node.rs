//! Node's cluster and ours, row by row. What Node does is asked of Node (`tests/interop/cluster/table.mjs`); where ours differs on
//! purpose stands in `deviations.json` beside it, with the reason. A row that differs and is not there, or is there and does not
//! differ, is a failure.

use crate::kit::{Cluster, HANGS, block_on, options, signal, stop, until};
use rustix::process::Signal;
use std::{collections::BTreeMap, fs, io, net::SocketAddr, path::PathBuf, process::Command, time::Duration};
use wirebook_cluster::{News, Policy};
use wirebook_net::{self as net, Stream, tcp::TcpStream};

#[derive(serde::Deserialize)]
struct Deviation {
    ours: String,
    reason: String,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/interop/cluster")
}

/// Node's rows; `None` where there is no Node.
fn nodes() -> Option<BTreeMap<String, String>> {
    let Ok(output) = Command::new("node").arg(folder().join("table.mjs")).output() else {
        eprintln!("SKIPPED: Node's cluster beside ours: there is no node");
        assert!(std::env::var_os("CI").is_none(), "in CI there must be one");
        return None;
    };
    let said = String::from_utf8_lossy(&output.stdout);
    Some(serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said} {}", String::from_utf8_lossy(&output.stderr))))
}

#[test]
fn every_row_is_nodes_or_a_deviation_with_a_reason() {
    // Side by side: on both sides the most of it is to wait for who hangs.
    let nodes = std::thread::spawn(nodes);
    let ours: BTreeMap<String, String> =
        block_on(rows()).into_iter().map(|(row, said)| (row.to_owned(), said)).collect();
    let Some(nodes) = nodes.join().expect("Node's rows") else { return };
    let text = fs::read_to_string(folder().join("deviations.json")).expect("a file");
    let deviations: BTreeMap<String, Deviation> = serde_json::from_str(&text).expect("rows with ours and a reason");
    assert_eq!(nodes.keys().collect::<Vec<_>>(), ours.keys().collect::<Vec<_>>(), "the same rows");
    assert!(deviations.keys().all(|row| nodes.contains_key(row)), "deviations of rows that are there");
    let mut faults = Vec::new();
    for (row, node) in &nodes {
        let (our, deviation) = (&ours[row], deviations.get(row));
        println!("{row}: Node {node:?}, ours {our:?}");
        match deviation {
            None if our == node => {}
            Some(Deviation { ours, reason }) if our == ours && our != node && !reason.is_empty() => {}
            _ => faults.push(format!("{row}: Node {node:?}, ours {our:?}, and that is not told")),
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A request on a connection of its own: its status, or what became of it; and the text.
async fn ask(address: SocketAddr, path: &str) -> (String, String) {
    match TcpStream::connect(address).await {
        Ok(stream) => ask_on(&stream, path).await,
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => ("refused".into(), String::new()),
        Err(_) => ("broken".into(), String::new()),
    }
}

async fn ask_on(stream: &TcpStream, path: &str) -> (String, String) {
    let talk = async {
        stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").as_bytes()).await?;
        let (mut read, mut bytes) = (Vec::new(), [0; 1024]);
        loop {
            match stream.read(&mut bytes).await? {
                0 => return io::Result::Ok(String::from_utf8_lossy(&read).into_owned()),
                count => read.extend_from_slice(&bytes[..count]),
            }
        }
    };
    let answer = match net::timeout(HANGS, talk).await {
        Err(_) => return ("hangs".into(), String::new()),
        Ok(Err(_)) => return ("broken".into(), String::new()),
        Ok(Ok(answer)) => answer,
    };
    let status = answer.split(' ').nth(1).unwrap_or("broken").to_owned();
    (status, answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
}

fn counts(answers: &[(String, String)]) -> String {
    let count = |what: &str| answers.iter().filter(|(said, _)| said == what).count();
    let kinds = ["200", "broken", "hangs", "refused"].into_iter().filter(|kind| count(kind) > 0);
    kinds.map(|kind| format!("{} × {kind}", count(kind))).collect::<Vec<_>>().join(", ")
}

async fn all_at_once(address: SocketAddr, count: usize) -> net::JoinHandle<Vec<(String, String)>> {
    let asked: Vec<_> = (0..count).map(|_| net::spawn(async move { ask(address, "/").await })).collect();
    net::spawn(async move {
        let mut answers = Vec::new();
        for one in asked {
            answers.push(one.await.expect("a client"));
        }
        answers
    })
}

/// How the first worker that has ended did.
async fn ended(cluster: &Cluster) -> String {
    let found = || {
        cluster.news.borrow().iter().find_map(|news| match news {
            News::Ended { exit, expected, .. } => {
                let how = exit.code.map_or_else(|| format!("signal {:?}", exit.signal), |code| code.to_string());
                let how = if exit.signal == Some(9) { "SIGKILL".into() } else { how };
                Some(format!("{how}, {}", if *expected { "expected" } else { "not expected" }))
            }
            _ => None,
        })
    };
    until(|| found().is_some()).await;
    found().expect("it was there")
}

async fn of(workers: usize) -> Cluster {
    Cluster::start("", options(workers, Policy::RoundRobin)).await
}

/// All rows, side by side: the most of each is to wait.
async fn rows() -> Vec<(&'static str, String)> {
    let rows: [(&'static str, net::JoinHandle<String>); 10] = [
        ("events of a life", net::spawn(events_of_a_life())),
        ("numbers are never used twice", net::spawn(numbers())),
        ("port 0 twice in two workers", net::spawn(two_ports())),
        ("thirty connections to three workers", net::spawn(thirty_to_three())),
        ("told to leave with a request in flight", net::spawn(leaves_in_flight(false))),
        ("SIGTERM with a request in flight", net::spawn(leaves_in_flight(true))),
        ("a bug in a handler", net::spawn(bug())),
        ("SIGKILL while nothing is asked", net::spawn(killed_at_rest())),
        ("eight connections and one of two stopped", net::spawn(one_stopped(false))),
        ("the stopped one is killed then", net::spawn(one_stopped(true))),
    ];
    let mut said = Vec::new();
    for (row, what) in rows {
        said.push((row, what.await.expect("a row")));
    }
    said
}

async fn events_of_a_life() -> String {
    let cluster = of(1).await;
    let news = cluster.news.clone();
    cluster.end().await;
    let name = |news: &News| match news {
        News::Ready { .. } => Some("ready"),
        News::Ended { .. } => Some("ended"),
        _ => None,
    };
    let told: Vec<&str> = news.borrow().iter().filter_map(name).collect();
    told.join(" ")
}

async fn numbers() -> String {
    let cluster = of(2).await;
    let numbers =
        |cluster: &Cluster| -> Vec<u64> { cluster.master.workers().iter().map(|seen| seen.view.worker).collect() };
    let before = numbers(&cluster);
    signal(cluster.pids()[1], Signal::KILL);
    until(|| numbers(&cluster) != before && cluster.ready() == 2).await;
    let next = numbers(&cluster).into_iter().max().expect("workers");
    cluster.end().await;
    format!("{} {}, then {next}", before[0], before[1])
}

async fn two_ports() -> String {
    let cluster = Cluster::start("two ports", options(2, Policy::RoundRobin)).await;
    let ports = cluster.master.addresses();
    let mut both = true;
    for port in &ports {
        let mut who = Vec::new();
        for _ in 0..2 {
            who.push(ask(*port, "/").await.1);
        }
        both &= who[0] != who[1];
    }
    cluster.end().await;
    format!("{} ports, {} in both", ports.len(), if both { "the same" } else { "others" })
}

async fn thirty_to_three() -> String {
    let cluster = of(3).await;
    let mut shares = BTreeMap::<String, usize>::new();
    for _ in 0..30 {
        *shares.entry(ask(cluster.address, "/").await.1).or_default() += 1;
    }
    cluster.end().await;
    let shares: Vec<String> = shares.values().map(usize::to_string).collect();
    shares.join(" ")
}

async fn leaves_in_flight(sigterm: bool) -> String {
    let cluster = of(1).await;
    let pid = cluster.pids()[0];
    // Who is connected is served, whether or not the worker has it already.
    let stream = TcpStream::connect(cluster.address).await.expect("a port");
    let answer = net::spawn(async move { ask_on(&stream, "/slow").await });
    if sigterm {
        signal(pid, Signal::TERM)
    } else {
        cluster.master.leave()
    }
    let said = answer.await.expect("a client").0;
    let how = ended(&cluster).await;
    cluster.end().await;
    format!("{said}, then {how}")
}

async fn bug() -> String {
    let cluster = of(1).await;
    let pids = cluster.pids();
    let (said, _) = ask(cluster.address, "/panic").await;
    let lives = ask(cluster.address, "/").await.0 == "200" && cluster.pids() == pids;
    cluster.end().await;
    format!("{said}, then {}", if lives { "it lives" } else { "it is gone" })
}

async fn killed_at_rest() -> String {
    let cluster = of(1).await;
    signal(cluster.pids()[0], Signal::KILL);
    let how = ended(&cluster).await;
    let next = ask(cluster.address, "/").await.0;
    cluster.end().await;
    format!("{how}; the next client: {next}")
}

async fn one_stopped(killed: bool) -> String {
    let cluster = of(2).await;
    let pid = cluster.pids()[0];
    stop(pid).await;
    let answers = all_at_once(cluster.address, 8).await;
    if killed {
        net::sleep(Duration::from_millis(200)).await;
        signal(pid, Signal::KILL);
    }
    let counts = counts(&answers.await.expect("clients"));
    cluster.end().await;
    counts
}
