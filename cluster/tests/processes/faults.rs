//! What goes wrong, on purpose. What is short here runs by hand for longer: `WIREBOOK_SECONDS=60 cargo test -p wirebook-cluster
//! --test processes net_29 -- --nocapture`.

use crate::kit::{
    Cluster, HANGS, Load, Tally, ask, block_on, full_form, is_alone, once, options, signal, stop, until, until_refused,
};
use rustix::process::Signal;
use std::{
    collections::BTreeSet,
    fs, io,
    net::SocketAddr,
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use wirebook_cluster::{News, Options, Policy, Seen, policy::Sticky, supervisor};
use wirebook_net::{self as net, Stream, tcp::TcpStream};

/// Connections that broke although nobody had killed who owned them. One that broke before anybody had answered on it had been
/// taken by a worker in the very moment in which that was killed: few, for each kill.
fn judge(tally: &Tally, killed: &BTreeSet<u64>, news: &[News], what: &str) {
    let broke = tally.broke.borrow();
    let others: Vec<_> =
        broke.iter().filter(|(owner, _)| owner.is_some_and(|owner| !killed.contains(&owner))).collect();
    // What the master did to workers that nobody had killed.
    let trouble = |told: &&News| match told {
        News::Ended { worker, .. } => !killed.contains(worker),
        told => told.is_trouble(),
    };
    let trouble: Vec<_> = news.iter().filter(trouble).collect();
    assert!(others.is_empty(), "{what}: {others:?}, {trouble:?}");
    assert_eq!(tally.hung.get(), 0, "{what}: they hung, {trouble:?}");
    let unknown = broke.iter().filter(|(owner, _)| owner.is_none()).count();
    println!("{what}: {} answers, {} broke, {unknown} of them new", tally.count(), broke.len());
    assert!(unknown <= killed.len() * 16, "{what}: {unknown} of {} were nobody's", broke.len());
}

/// Row net-29: kill -9 a random worker again and again under load; nobody notices but who was talking to it, whoever accepts.
#[test]
fn net_29_kill_workers_under_load() {
    let full = full_form();
    let sticky = Policy::Sticky(Sticky::Query("sid".into()));
    for policy in [Policy::RoundRobin, Policy::Fewest, Policy::Shared, Policy::ReusePort, sticky] {
        let (workers, clients, kills, every) = full.map_or((4, 60, 4, 120), |seconds| (8, 1000, seconds, 1000));
        let play = async move {
            let cluster = Cluster::start("", options(workers, policy.clone())).await;
            let load = Load::begin(cluster.address, clients, 5, Duration::from_millis(2));
            let (mut killed, mut dice) = (BTreeSet::new(), 0x9e37_79b9_u64);
            for _ in 0..kills {
                net::sleep(Duration::from_millis(every)).await;
                let workers = cluster.master.workers();
                // One that was killed may still seem to serve where a machine has so much to do that its death is not told for a second.
                let lives =
                    |seen: &&Seen| seen.view.state == supervisor::State::Ready && !killed.contains(&seen.view.worker);
                let ready: Vec<_> = workers.iter().filter(lives).collect();
                dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                if let Some(victim) = ready.get((dice >> 33) as usize % ready.len().max(1)) {
                    killed.insert(victim.view.worker);
                    signal(victim.pid.expect("a process"), Signal::KILL);
                }
            }
            cluster.serves().await;
            let tally = load.end().await;
            judge(&tally, &killed, &cluster.news.borrow(), &policy.to_string());
            assert_eq!(killed.len() as u64, kills, "{policy}: kills");
            assert!(tally.answers.borrow().len() > killed.len(), "{policy}: successors that answered");
            cluster.end().await;
            net::stop();
        };
        net::block_on(play).expect("a loop");
    }
}

/// Workers that are missed after a second and a half, and not after three.
fn soon_missed(workers: usize, policy: Policy) -> Options {
    let mut soon = options(workers, policy);
    soon.supervisor.beat = Duration::from_millis(500);
    soon
}

/// A stopped worker is missed, killed and replaced; what it was given and had not taken is answered by another. (Node: one of
/// eight hangs.)
#[test]
fn a_stopped_worker_keeps_nobody_waiting() {
    let play = |policy: Policy| async move {
        let cluster = Cluster::start("", soon_missed(2, policy.clone())).await;
        let stopped = cluster.pids()[0];
        stop(stopped).await;
        let asked: Vec<_> = (0..8).map(|_| net::spawn(once(cluster.address, "/"))).collect();
        for asked in asked {
            let answer = net::timeout(HANGS, asked).await.expect("it hangs").unwrap();
            answer.unwrap_or_else(|error| panic!("{policy:?}: {error}"));
        }
        // Where the others took all of them nobody has missed it yet.
        until(|| !cluster.pids().contains(&stopped)).await;
        cluster.serves().await;
        cluster.end().await;
    };
    block_on(async move {
        let policies = [Policy::RoundRobin, Policy::ReusePort, Policy::Shared];
        let plays: Vec<_> = policies.into_iter().map(|policy| net::spawn(play(policy))).collect();
        for play in plays {
            play.await.unwrap();
        }
    });
}

/// One that is told to leave while it stands, or computes without an end, is missed as well: though it may take as long as it
/// wants for what it has, nobody waits for it.
#[test]
fn a_worker_that_stands_does_not_keep_the_others_from_leaving() {
    let play = |policy: Policy, busy: bool| async move {
        let mut patient = options(2, policy);
        patient.supervisor =
            supervisor::Options { beat: Duration::from_millis(200), drain: Duration::MAX, ..patient.supervisor };
        let cluster = Cluster::start("", patient).await;
        let asked = busy.then(|| net::spawn(once(cluster.address, "/busy/soon")));
        if busy {
            let told = |told: &News| matches!(told, News::Message { json, .. } if json.contains("busy"));
            until(|| cluster.news.borrow().iter().any(told)).await;
        } else {
            stop(cluster.pids()[0]).await;
        }
        let news = cluster.news.clone();
        cluster.end().await;
        let killed = |told: &&News| matches!(told, News::Ended { exit, .. } if exit.signal == Some(9));
        assert_eq!(news.borrow().iter().filter(killed).count(), 1, "{:?}", news.borrow());
        if let Some(asked) = asked {
            assert!(asked.await.unwrap().is_err(), "nobody has answered it");
        }
    };
    block_on(async move {
        let plays = [(Policy::RoundRobin, false), (Policy::Shared, false), (Policy::RoundRobin, true)];
        let plays = plays.map(|(policy, busy)| net::spawn(play(policy, busy)));
        for play in plays {
            play.await.unwrap();
        }
    });
}

/// Row net-43's kind: a worker that computes without an end gives no sign of life. It is killed, its client sees that, and nobody else
/// waits for it.
#[test]
fn a_busy_worker_is_missed() {
    block_on(async {
        let cluster = Cluster::start("", soon_missed(2, Policy::RoundRobin)).await;
        let before = cluster.pids();
        // A hundredth of a second each.
        let ticks = |pid: &i32| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(11)?.parse::<u64>().ok()).unwrap_or(0)
        };
        let spent: Vec<u64> = before.iter().map(ticks).collect();
        let busy = net::spawn(once(cluster.address, "/busy"));
        until(|| before.iter().zip(&spent).any(|(pid, spent)| ticks(pid) >= spent + 10)).await;
        for _ in 0..6 {
            net::timeout(HANGS, once(cluster.address, "/")).await.expect("it hangs").unwrap();
        }
        assert!(net::timeout(HANGS, busy).await.expect("it hangs").unwrap().is_err());
        cluster.serves().await;
        assert_eq!(cluster.pids().iter().filter(|pid| before.contains(pid)).count(), 1);
        cluster.end().await;
    });
}

/// Row net-28: a worker that always dies: starts become rare, the cluster says that it is degraded, and the master rests.
#[test]
fn net_28_a_crash_loop() {
    block_on(async {
        let mut limited = options(1, Policy::RoundRobin);
        limited.supervisor.back_off = supervisor::BackOff { first: Duration::from_millis(2), ..Default::default() };
        limited.supervisor.limit.deaths = 5;
        let cluster = Cluster::begin("dies", limited.clone());
        until(|| cluster.master.is_degraded()).await;
        let deaths = || cluster.news.borrow().iter().filter(|told| matches!(told, News::Ended { .. })).count();
        let before = deaths();
        assert_eq!(before, 6);
        net::sleep(Duration::from_millis(500)).await;
        assert_eq!(deaths(), before, "a start is tried now and then");
        assert!(cluster.news.borrow().contains(&News::GaveUp));
        cluster.end().await;
        // A strict one ends, and says why.
        limited.supervisor.strict = true;
        let cluster = Cluster::begin("dies", limited);
        assert_eq!(cluster.master.ended().await, supervisor::GAVE_UP);
    });
}

/// Row net-41, of a whole cluster: a worker that breaks the rules of its channel is killed and replaced, and the master lives.
#[test]
fn net_41_garbage_on_the_channel() {
    block_on(async {
        let cluster = Cluster::begin("garbage", options(1, Policy::RoundRobin));
        let broken = || {
            let news = cluster.news.borrow();
            let broken = news.iter().filter_map(|told| match told {
                News::Broken { reason, .. } => Some(reason.clone()),
                _ => None,
            });
            broken.collect::<BTreeSet<String>>()
        };
        until(|| broken().len() >= 5).await;
        println!("{:?}", broken());
        cluster.master.quit();
        cluster.master.ended().await;
    });
}

/// Octets of memory that this process has.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/statm").unwrap();
    status.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * rustix::param::page_size()
}

/// Row net-47: a worker that floods its master with reports and its log with lines costs the master no memory.
#[test]
fn net_47_a_flood_of_reports() {
    if !is_alone("faults::net_47_a_flood_of_reports") {
        return;
    }
    block_on(async {
        let cluster = Cluster::begin("flood", options(1, Policy::RoundRobin));
        let before = resident();
        let flooded = |told: &News| matches!(told, News::Message { json, .. } if json.contains("flooded"));
        until(|| cluster.news.borrow().iter().any(flooded)).await;
        let grown = resident().saturating_sub(before);
        assert!(grown <= 16 << 20, "{grown} octets");
        cluster.end().await;
    });
}

/// Row net-42, of a whole cluster: a worker that is stopped while everybody is told a lot. What waits for it is bounded, and it is
/// killed and replaced; the one that says so much is not, though its signs of life wait behind that.
#[test]
fn net_42_a_worker_that_reads_nothing() {
    if !is_alone("faults::net_42_a_worker_that_reads_nothing") {
        return;
    }
    block_on(async {
        // Who hears something tells this process, and that keeps it.
        let cluster = Cluster::start("hears nothing", soon_missed(2, Policy::RoundRobin)).await;
        let stream = TcpStream::connect(cluster.address).await.unwrap();
        let text = ask(&stream, "/").await.unwrap().text;
        let speaker: i32 = text.split(' ').nth(2).and_then(|pid| pid.parse().ok()).expect("its process");
        let deaf = cluster.pids().into_iter().find(|pid| *pid != speaker).expect("another");
        stop(deaf).await;
        let before = resident();
        // Two mebibytes each.
        for _ in 0..6 {
            let flooded = ask(&stream, "/flood").await;
            assert!(flooded.is_ok(), "{flooded:?}: {:?}", cluster.news.borrow());
        }
        let grown = resident().saturating_sub(before);
        assert!(grown <= 8 << 20, "{grown} octets");
        until(|| !cluster.pids().contains(&deaf)).await;
        cluster.serves().await;
        drop(stream);
        cluster.end().await;
    });
}

/// Row net-38, of a whole cluster: a worker without a descriptor for what it is given lives on, and another gets it.
#[test]
fn a_worker_without_descriptors_loses_nothing() {
    block_on(async {
        let cluster = Cluster::start("full", options(2, Policy::RoundRobin)).await;
        let mut held = Vec::new();
        // Each has room for one or two.
        for _ in 0..2 {
            let stream = TcpStream::connect(cluster.address).await.unwrap();
            ask(&stream, "/").await.unwrap();
            held.push(stream);
        }
        let before = cluster.pids();
        let more: Vec<_> = (0..10).map(|_| net::spawn(once(cluster.address, "/"))).collect();
        net::sleep(Duration::from_millis(300)).await;
        drop(held);
        for more in more {
            net::timeout(HANGS, more).await.expect("it hangs").unwrap().unwrap();
        }
        assert_eq!(cluster.pids(), before, "nobody died of it");
        cluster.end().await;
    });
}

/// The master is killed: the workers finish what they have, and go. Nobody holds the port after that.
#[test]
fn a_master_that_is_killed_leaves_nobody_behind() {
    const MASTER: &str = "CLUSTER_TEST_MASTER";
    if std::env::var_os(MASTER).is_some() {
        return block_on(async {
            let cluster = Cluster::start("", options(2, Policy::RoundRobin)).await;
            let pids: Vec<String> = cluster.pids().iter().map(ToString::to_string).collect();
            println!("it serves {} {}", cluster.address, pids.join(" "));
            net::sleep(Duration::from_secs(50)).await;
        });
    }
    let name = "faults::a_master_that_is_killed_leaves_nobody_behind";
    let mut master = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(MASTER, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = io::BufRead::lines(io::BufReader::new(master.stdout.take().unwrap()));
    let line = lines.map_while(Result::ok).find(|line| line.contains("it serves ")).expect("it serves");
    let mut words = line.split("it serves ").nth(1).unwrap().split(' ');
    let address: SocketAddr = words.next().unwrap().parse().unwrap();
    let pids: Vec<String> = words.map(String::from).collect();
    block_on(async move {
        let slow = TcpStream::connect(address).await.unwrap();
        // So it is a worker's, and not the master's any more.
        ask(&slow, "/").await.unwrap();
        slow.write_all(b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        master.kill().unwrap();
        master.wait().unwrap();
        let mut bytes = [0; 512];
        assert!(slow.read(&mut bytes).await.unwrap() > 0, "what was asked is answered");
        let is_alive = |pid: &String| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            !stat.is_empty() && !stat.contains(") Z")
        };
        until(|| !pids.iter().any(is_alive)).await;
        until_refused(address).await;
    });
}

/// Ten thousand hand-overs leave no descriptor behind, neither here nor there.
#[test]
fn ten_thousand_hand_overs_leak_nothing() {
    if !is_alone("faults::ten_thousand_hand_overs_leak_nothing") {
        return;
    }
    block_on(async {
        let cluster = Cluster::start("", Options { ..options(2, Policy::RoundRobin) }).await;
        let here = || fs::read_dir("/proc/self/fd").unwrap().count();
        let there = async || {
            let mut counts = Vec::new();
            for _ in 0..2 {
                counts.push(once(cluster.address, "/descriptors").await.unwrap().text.parse::<usize>().unwrap());
            }
            counts.iter().sum::<usize>()
        };
        let settled = async || {
            net::sleep(Duration::from_millis(200)).await;
            there().await
        };
        let load = Load::begin(cluster.address, 16, 1, Duration::ZERO);
        let tally = load.tally.clone();
        until(|| tally.count() >= 200).await;
        load.end().await;
        let before = (settled().await, here());
        let load = Load::begin(cluster.address, 16, 1, Duration::ZERO);
        let tally = load.tally.clone();
        until(|| tally.count() >= 10_000).await;
        let tally = load.end().await;
        assert!(tally.broke.borrow().is_empty());
        let after = (settled().await, here());
        assert!(after.0 <= before.0 + 2 && after.1 <= before.1 + 2, "{before:?} became {after:?}");
        cluster.end().await;
    });
}

/// A worker that is killed has a successor soon, and a death in a row of them is not told twice.
#[test]
fn a_successor_is_there_soon() {
    block_on(async {
        let cluster = Cluster::start("", options(1, Policy::RoundRobin)).await;
        let mut times = Vec::new();
        for _ in 0..10 {
            let (before, began) = (cluster.pids(), Instant::now());
            signal(before[0], Signal::KILL);
            until(|| cluster.ready() == 1 && cluster.pids() != before).await;
            times.push(began.elapsed());
        }
        times.sort_unstable();
        println!("from kill to ready: median {:?}, longest {:?}", times[5], times[9]);
        assert_eq!(cluster.news.borrow().iter().filter(|told| matches!(told, News::Ended { .. })).count(), 10);
        cluster.end().await;
    });
}
