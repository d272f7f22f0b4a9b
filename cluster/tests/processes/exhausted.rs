//! A machine that has nothing left for a master, and people who ask too much of it: it goes on, and is well again when they are.

use crate::{
    kit::{block_on, once, signal, until},
    master::{CHATTERS, Master, is_alive},
};
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, prlimit};
use serde_json::json;
use std::{fs, time::Duration};
use wirebook_cluster::host::{Reply, Request, ask};
use wirebook_net as net;

/// Lets a process have so much from now on; `None`: as much as this one may.
fn limit(pid: u32, resource: Resource, most: Option<u64>) {
    // Only who may do all may raise the hard limit again, so that one stays.
    let own = getrlimit(resource);
    let current = most.or(own.current);
    prlimit(Pid::from_raw(pid as i32), resource, Rlimit { current, maximum: own.maximum }).expect("a limit");
}

fn descriptors(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).expect("a process").count()
}

/// A master with one worker, which is a line of a shell.
fn with_guest(script: &str) -> Master {
    let wanted = json!({ "workers": 1, "listen": ["127.0.0.1:0"], "guests": 0, "program": ["/bin/sh", "-c", script] });
    Master::start(wanted, |_| {})
}

/// Row net-38 for the master: without a descriptor it accepts nothing and starts nobody, and who comes meanwhile waits.
#[test]
#[cfg(target_os = "linux")]
fn net_38_a_master_without_descriptors() {
    block_on(async {
        let master = Master::start(json!({ "workers": 2, "listen": ["127.0.0.1:0"] }), |_| {});
        let listing = master.serves().await;
        let (pid, address) = (listing.pid, listing.addresses[0]);
        limit(pid, Resource::Nofile, Some(4));
        signal(listing.workers[0].pid.unwrap(), Signal::KILL);
        until(|| master.log().contains("Too many open files")).await;
        let clients: Vec<_> = (0..20).map(|_| net::spawn(async move { once(address, "/").await })).collect();
        let operator = net::spawn({
            let path = master.place().socket();
            async move { ask(&path, &Request::List).await?.next().await }
        });
        net::sleep(Duration::from_millis(300)).await;
        assert!(clients.iter().all(|client| !client.is_finished()), "nobody is answered, and nobody is refused");
        limit(pid, Resource::Nofile, None);
        for client in clients {
            client.await.unwrap().unwrap();
        }
        assert!(operator.await.unwrap().unwrap().is_some(), "who asked meanwhile is answered");
        assert_eq!(master.serves().await.workers.len(), 2);
    });
}

/// A log that may not grow loses lines and says how many; its master is not ended by that (SIGXFSZ), as it is by default.
#[test]
#[cfg(target_os = "linux")]
fn a_log_that_may_not_grow() {
    block_on(async {
        let script = "while :; do echo a line; sleep 0.01; done";
        let master = with_guest(script);
        master.serves().await;
        let length = || fs::metadata(master.place().log()).unwrap().len();
        // In the middle of a line.
        let most = length() + 203;
        limit(master.child.id(), Resource::Fsize, Some(most));
        until(|| length() == most).await;
        net::sleep(Duration::from_millis(200)).await;
        assert_eq!((length(), master.listing().await.map(|listing| listing.workers.len())), (most, Some(1)));
        limit(master.child.id(), Resource::Fsize, None);
        until(|| master.log().contains("\nmaster | ")).await;
        until(|| master.log().contains(" lines are lost: they could not be written\n     1 | a line\n")).await;
    });
}

/// A storm of signals: none is one too many. Reloads that never come to an end hold no file of each generation.
#[test]
#[cfg(target_os = "linux")]
fn a_storm_of_signals() {
    block_on(async {
        let mut master = Master::start(json!({ "workers": 3, "listen": ["127.0.0.1:0"] }), |_| {});
        let listing = master.serves().await;
        let (pid, address) = (listing.pid, listing.addresses[0]);
        let (before, mut most, mut newest) = (descriptors(pid), 0, 0);
        // No reload comes to its end before the next one is asked for.
        while newest < 50 {
            for each in [Signal::HUP, Signal::USR1, Signal::CHILD, Signal::TTIN, Signal::TTOU] {
                signal(pid as i32, each);
            }
            net::sleep(Duration::from_millis(3)).await;
            most = most.max(descriptors(pid));
            if let Some(listing) = master.listing().await {
                newest = listing.workers.iter().map(|worker| worker.generation).max().unwrap_or(0);
            }
        }
        once(address, "/").await.unwrap();
        // A worker more, and its successor: a channel and a pipe or two for each.
        assert!(most < before + 30, "{most} descriptors, and {before} before");
        let listing = master.serves().await;
        let serving = || listing.workers.iter().filter(|worker| worker.state == "ready");
        let newest = serving().map(|worker| worker.generation).max();
        assert!(serving().all(|worker| Some(worker.generation) == newest), "{listing:?}");
        (0..5).for_each(|_| signal(pid as i32, Signal::TERM));
        assert_eq!(master.ended().await, 0);
    });
}

/// An operator who asks without an end and reads nothing costs its own connection.
#[test]
fn an_operator_who_reads_nothing() {
    block_on(async {
        let mut master = Master::start(json!({ "workers": 1, "listen": ["127.0.0.1:0"] }), |_| {});
        master.serves().await;
        let deaf = ask(&master.place().socket(), &Request::List).await.unwrap();
        let asks = net::spawn({
            let deaf = deaf.clone();
            async move { while deaf.send(&Request::List).await.is_ok() {} }
        });
        for _ in 0..20 {
            net::sleep(Duration::from_millis(10)).await;
            master.serves().await;
        }
        assert!(!asks.is_finished(), "it waits for room");
        // And one who says that all is over, and does not hear that it is.
        deaf.close();
        let stops = ask(&master.place().socket(), &Request::Stop { now: false }).await.unwrap();
        assert_eq!(master.ended().await, 0);
        assert!(matches!(stops.next().await.unwrap().unwrap().parse().unwrap(), Reply::Done { .. }));
    });
}

/// A guest that says again and again how it is, as services of systemd do, gives signs of life by that; it is not missed for want of
/// others.
#[test]
fn a_guest_that_chatters() {
    block_on(async {
        let this = std::env::current_exe().unwrap();
        let guest = [this.to_str().unwrap(), "--exact", "master::the_guest", "--nocapture"];
        let wanted =
            json!({ "workers": 1, "listen": ["127.0.0.1:0"], "guests": 1_000_000, "beat": 100, "program": guest });
        let master = Master::start(wanted, |command| {
            command.env(CHATTERS, "1");
        });
        let first = master.serves().await.workers[0].worker;
        net::sleep(Duration::from_millis(1500)).await;
        assert_eq!(master.serves().await.workers[0].worker, first, "{}", master.log());
        assert!(!master.log().contains("has died"));
    });
}

/// What a worker has started dies with it: it may have the worker's listener, and would accept what nobody answers.
#[test]
fn what_a_dead_worker_has_started() {
    block_on(async {
        let script = "sleep 30 & echo started $!; exit 3";
        let master = with_guest(script);
        let started = || {
            let log = master.log();
            let pid = log.split("     1 | started ").nth(1)?.lines().next()?.parse::<i32>().ok();
            pid.filter(|_| log.contains("worker 1 has died: it ended with 3"))
        };
        until(|| started().is_some()).await;
        until(|| !is_alive(started().unwrap())).await;
    });
}
