//! What a worker may say over its channel by hand: row net-41 and its relatives. Whatever it is, the master lives, and answers for
//! each in one of two ways: the worker is killed, or what it said changed nothing.

use crate::{
    kit::{Cluster, block_on, options, stop, until},
    worker::say_by_hand,
};
use serde_json::json;
use std::{collections::BTreeMap, io, time::Duration};
use wirebook_cluster::{News, Policy, Worker, host::is_command};
use wirebook_net as net;

/// What becomes of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It broke a rule, and is killed.
    Killed,
    /// What it said is nothing to the master, or is refused by an answer.
    Lives,
}

use Fate::{Killed, Lives};

/// What is said before a worker is ready, and what becomes of it.
const SAID: &[(Fate, &str)] = &[
    // What the master's words are made of.
    (Killed, r#"{"cmd":"NODE_CLUSTER"}"#),
    (Killed, r#"{"cmd":"NODE_CLUSTER","act":""}"#),
    (Killed, r#"{"cmd":"NODE_CLUSTER","act":null}"#),
    (Killed, r#"{"cmd":"NODE_CLUSTER","act":7}"#),
    (Killed, r#"{"cmd":"NODE_CLUSTER","act":["online"]}"#),
    (Killed, r#"{"cmd":"NODE_CLUSTER","act":{"online":{}}}"#),
    (Killed, r#"{"cmd":"NODE_CLUSTER","act":"Online"}"#),
    (Killed, r#"{"cmd":"NODE_CLUSTER","act":"online","act":"ready"}"#),
    (Killed, "{\"cmd\":\"NODE_CLUSTER\",\"act\":\"\\u001b[2J\\u009b1A\"}"),
    // The master's own words, and those that no worker has.
    (Killed, r#"{"cmd":"NODE_CLUSTER","act":"hello","worker":1}"#),
    (Killed, r#"{"cmd":"NODE_CLUSTER","act":"newconn","key":1}"#),
    (Killed, r#"{"cmd":"NODE_CLUSTER","act":"letter","from":"agent","action":"a","json":"1"}"#),
    (Killed, r#"{"cmd":"NODE_CLUSTER","act":"crew","workers":[]}"#),
    (Killed, r#"{"cmd":"NODE_CLUSTER","act":"run","worker":1,"job":"slow"}"#),
    (Killed, r#"{"cmd":"NODE_CLUSTER","act":"leave"}"#),
    // Words in the wrong place.
    (Killed, r#"{"cmd":"NODE_CLUSTER","act":"online"}"#),
    (Killed, r#"{"cmd":"NODE_CLUSTER","act":"on\u006cine"}"#),
    (Killed, r#"{"c\u006dd":"NODE_CLUSTER","act":"online"}"#),
    (Killed, r#"{"cmd":"NODE\u005fCLUSTER","act":"online"}"#),
    // A sign of life that nobody waits for yet.
    (Lives, r#"{"cmd":"NODE_CLUSTER","act":"beat","open":18446744073709551615}"#),
    (Lives, r#"{"cmd":"NODE_CLUSTER","act":"exitedAfterDisconnect"}"#),
    (Lives, r#"{"cmd":"NODE_CLUSTER","act":"leaves"}"#),
    // Numbers.
    (Killed, r#"{"cmd":"NODE_CLUSTER","act":"beat"}"#),
    (Killed, r#"{"cmd":"NODE_CLUSTER","act":"beat","open":-1}"#),
    (Killed, r#"{"cmd":"NODE_CLUSTER","act":"beat","open":1.5}"#),
    (Killed, r#"{"cmd":"NODE_CLUSTER","act":"beat","open":"1"}"#),
    (Killed, r#"{"cmd":"NODE_CLUSTER","act":"beat","open":18446744073709551616}"#),
    (Killed, r#"{"cmd":"NODE_CLUSTER","act":"beat","open":1e999}"#),
    (Killed, r#"{"cmd":"NODE_CLUSTER","act":"listening"}"#),
    (Killed, r#"{"cmd":"NODE_CLUSTER","act":"listening","key":-1}"#),
    (Lives, r#"{"cmd":"NODE_CLUSTER","act":"listening","key":18446744073709551615}"#),
    (Killed, r#"{"cmd":"NODE_CLUSTER","act":"look"}"#),
    (Lives, r#"{"cmd":"NODE_CLUSTER","act":"look","seq":18446744073709551615}"#),
    // Ports.
    (Killed, r#"{"cmd":"NODE_CLUSTER","act":"queryServer","seq":1,"address":"a host","index":0}"#),
    (Killed, r#"{"cmd":"NODE_CLUSTER","act":"queryServer","seq":1,"address":"127.0.0.1","index":0}"#),
    (Killed, r#"{"cmd":"NODE_CLUSTER","act":"queryServer","seq":1,"address":"127.0.0.1:65536","index":0}"#),
    (Killed, r#"{"cmd":"NODE_CLUSTER","act":"queryServer","seq":1,"address":"[::1","index":0}"#),
    (Killed, r#"{"cmd":"NODE_CLUSTER","act":"queryServer","seq":1,"address":"/tmp/socket","index":0}"#),
    (Killed, r#"{"cmd":"NODE_CLUSTER","act":"queryServer","seq":1,"address":null,"index":0}"#),
    (Killed, r#"{"cmd":"NODE_CLUSTER","act":"queryServer","seq":1,"address":"127.0.0.1:0","index":-1}"#),
    (Lives, r#"{"cmd":"NODE_CLUSTER","act":"queryServer","seq":1,"address":"203.0.113.1:0","index":0}"#),
    (Lives, r#"{"cmd":"NODE_CLUSTER","act":"queryServer","seq":1,"address":"255.255.255.255:9","index":0}"#),
    (Lives, r#"{"cmd":"NODE_CLUSTER","act":"queryServer","seq":1,"address":"127.0.0.1:0","index":4294967295}"#),
    // Messages to others.
    (Killed, r#"{"cmd":"NODE_CLUSTER","act":"send","to":"nobody","action":"a","json":"1"}"#),
    (Killed, r#"{"cmd":"NODE_CLUSTER","act":"send","to":{"one":"master"},"action":"a","json":"1"}"#),
    (Killed, r#"{"cmd":"NODE_CLUSTER","act":"send","to":{"process":4294967296},"action":"a","json":"1"}"#),
    (Killed, r#"{"cmd":"NODE_CLUSTER","act":"send","to":"all","action":7,"json":"1"}"#),
    (Killed, r#"{"cmd":"NODE_CLUSTER","act":"send","to":"all","action":"a"}"#),
    (Lives, r#"{"cmd":"NODE_CLUSTER","act":"send","to":"all","action":"","json":"{{{"}"#),
    (
        Lives,
        r#"{"cmd":"NODE_CLUSTER","act":"send","to":{"one":{"worker":18446744073709551615}},"action":"a","json":"1"}"#,
    ),
    (Lives, r#"{"cmd":"NODE_CLUSTER","act":"send","to":{"process":-1},"action":"a","json":"1"}"#),
    (Lives, r#"{"cmd":"NODE_CLUSTER","act":"ran","job":"that nobody gave it"}"#),
    // Other commands, which are some other program's.
    (Lives, r#"{"cmd":"NODE_OTHER","x":1}"#),
    (Lives, r#"{"cmd":"NODE_"}"#),
    (Lives, r#"{"cmd":"NODE_CLUSTER ","act":"fly"}"#),
    (Lives, r#"{"cmd":7,"act":"online"}"#),
    (Lives, r#"{"CMD":"NODE_CLUSTER","act":"fly"}"#),
    (Lives, r#"{"a":{"cmd":"NODE_CLUSTER","act":"fly"}}"#),
    (Lives, r#"{"__proto__":{"cmd":"NODE_CLUSTER","act":"fly"}}"#),
    // A handle whose descriptor is lost, as where there is no room for one: it is asked for again. And answers to nothing.
    (Lives, r#"{"cmd":"NODE_HANDLE","type":"net.Socket","msg":1}"#),
    (Killed, r#"{"cmd":"NODE_HANDLE","type":"net.Teapot","msg":1}"#),
    (Killed, r#"{"cmd":"NODE_HANDLE_ACK"}"#),
    (Killed, r#"{"cmd":"NODE_HANDLE_NACK"}"#),
    // What is no JSON, or hardly.
    (Killed, ""),
    (Killed, "{} {}"),
    (Killed, r#"{"a":1,}"#),
    (Killed, "{'a':1}"),
    (Killed, "NaN"),
    (Killed, "\u{feff}{}"),
    (Killed, "\0"),
    (Killed, r#"{"cmd":"NODE_CLUSTER","act":"ready""#),
    (Killed, "\"\t\""),
    (Lives, "{}\r"),
    (Lives, " \t7 "),
    (Lives, "null"),
    (Lives, "-1e400"),
];

/// Says the row that has this worker's number, and tells that it lives.
pub(crate) async fn say(worker: &Worker) -> io::Result<()> {
    let me = worker.identity().worker;
    let Some((_, said)) = SAID.get(me as usize - 1) else { return worker.serve().await };
    say_by_hand(format!("{said}\n").as_bytes()).await?;
    worker.channel().send(&format!("{me} lives")).await?;
    worker.channel().answered().await;
    net::sleep(Duration::from_secs(60)).await;
    Ok(())
}

#[test]
fn net_41_relatives() {
    block_on(async {
        let cluster = Cluster::begin("says", options(1, Policy::RoundRobin));
        let mut seen = BTreeMap::new();
        for (at, (_, said)) in SAID.iter().enumerate() {
            let me = at as u64 + 1;
            let lives = json!(format!("{me} lives")).to_string();
            let fate = || {
                cluster.news.borrow().iter().find_map(|told| match told {
                    News::Broken { worker, .. } if *worker == me => Some(Killed),
                    News::Message { worker, json } if *worker == me && *json == lives => Some(Lives),
                    _ => None,
                })
            };
            let told = net::timeout(Duration::from_secs(20), until(|| fate().is_some())).await;
            let fate = fate().unwrap_or_else(|| panic!("{said:?}: {told:?}, {:?}", cluster.news.borrow()));
            if fate == Lives {
                let pid = cluster.master.workers().iter().find(|seen| seen.view.worker == me).and_then(|seen| seen.pid);
                pid.into_iter().for_each(|pid| crate::kit::signal(pid, rustix::process::Signal::KILL));
            }
            seen.insert(*said, fate);
        }
        let wrong: Vec<_> = SAID.iter().filter(|(fate, said)| seen[said] != *fate).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
        // No reason is longer than a sentence, or moves a cursor.
        for told in cluster.news.borrow().iter() {
            assert!(!told.to_string().contains(is_command), "{told:?}");
        }
        until(|| cluster.ready() == 1).await;
        // Two of them got a port, if this machine lets them.
        assert!(cluster.master.addresses().len() <= 2, "{:?}", cluster.master.addresses());
        cluster.end().await;
    });
}

/// A worker that ends its channel cannot be told anything any more: if it does not end itself, it is ended.
#[test]
fn one_that_closes_its_channel_and_lives_on() {
    block_on(async {
        let cluster = Cluster::begin("closes", options(1, Policy::RoundRobin));
        let broken = |wanted: u64| {
            let is_that = |told: &News| matches!(told, News::Broken { worker, reason } if *worker == wanted && reason.contains("has ended, and it has not"));
            cluster.news.borrow().iter().any(is_that)
        };
        until(|| broken(1) && broken(2)).await;
        cluster.master.quit();
        cluster.master.ended().await;
    });
}

/// Whoever reads what a master tells hears why a worker was killed, whatever it was.
#[test]
fn why_a_worker_is_killed_is_told() {
    block_on(async {
        let is_told = |cluster: &Cluster, why: &str| {
            let is_that = |told: &News| matches!(told, News::Broken { reason, .. } if reason == why);
            cluster.news.borrow().iter().any(is_that)
        };
        let mut hasty = options(1, Policy::RoundRobin);
        hasty.supervisor.start_timeout = Duration::from_millis(50);
        let cluster = Cluster::begin("slow start", hasty);
        until(|| is_told(&cluster, "it was not ready in time")).await;
        cluster.master.quit();
        cluster.master.ended().await;
        let mut attentive = options(1, Policy::RoundRobin);
        attentive.supervisor.beat = Duration::from_millis(100);
        let cluster = Cluster::start("", attentive).await;
        stop(cluster.pids()[0]).await;
        until(|| is_told(&cluster, "it gives no sign of life any more")).await;
        cluster.master.quit();
        cluster.master.ended().await;
        let told = cluster.news.borrow().iter().filter(|told| matches!(told, News::Broken { .. })).count();
        assert_eq!(told, 1, "who is ended with all others has done nothing");
    });
}

/// A worker that says something as long as a message may be is answered for in a sentence.
#[test]
fn a_reason_is_no_longer_than_a_sentence() {
    block_on(async {
        let cluster = Cluster::begin("says much", options(1, Policy::RoundRobin));
        let broken = || {
            let news = cluster.news.borrow();
            news.iter().find(|told| matches!(told, News::Broken { .. })).map(|told| told.to_string().len())
        };
        until(|| broken().is_some()).await;
        assert!(broken().unwrap() < 5_000, "{:?}", broken());
        cluster.master.quit();
        cluster.master.ended().await;
    });
}
