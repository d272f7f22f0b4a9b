//! What a cluster does when all goes well.

use crate::kit::{
    Cluster, Load, ask, block_on, full_form, once, options, signal, stop, under_load, until, until_refused,
};
use rustix::process::{Resource, Signal, getrlimit};
use std::{cell::Cell, collections::BTreeMap, rc::Rc, time::Duration};
use wirebook_cluster::{Farewell, MAX_PORTS, News, Options, Policy, policy::Sticky};
use wirebook_net::{self as net, Stream, tcp::TcpStream};

#[test]
fn connections_go_round() {
    block_on(async {
        let cluster = Cluster::start("", options(3, Policy::RoundRobin)).await;
        let mut counts = BTreeMap::<u64, usize>::new();
        for _ in 0..30 {
            *counts.entry(once(cluster.address, "/").await.unwrap().worker()).or_default() += 1;
        }
        assert_eq!(counts, BTreeMap::from([(1, 10), (2, 10), (3, 10)]));
        cluster.end().await;
    });
}

#[test]
fn every_policy_serves_from_every_worker() {
    block_on(async {
        for policy in [Policy::Fewest, Policy::Shared, Policy::ReusePort] {
            let cluster = Cluster::start("", options(2, policy.clone())).await;
            let load = Load::begin(cluster.address, 8, 1, Duration::ZERO);
            let tally = load.tally.clone();
            until(|| tally.answers.borrow().len() == 2 && tally.count() > 100).await;
            let tally = load.end().await;
            assert_eq!((&*tally.broke.borrow(), tally.hung.get()), (&vec![], 0), "{policy:?}");
            cluster.end().await;
        }
    });
}

/// A worker that takes nothing is given as many connections as `untaken` says, and the next ones are another's; when it is killed they
/// are all answered.
#[test]
fn connections_that_are_not_taken_are_bounded() {
    const CLIENTS: usize = 20;
    block_on(async {
        // 0 is 1. Of twenty, every other one would be its own.
        for (untaken, given) in [(0, 1), (1, 1), (3, 3), (4, 4), (usize::MAX, CLIENTS / 2)] {
            let mut never_missed = options(2, Policy::RoundRobin);
            never_missed.supervisor.beat = Duration::MAX;
            let cluster = Cluster::start("", Options { untaken, ..never_missed }).await;
            let stopped = cluster.pids()[0];
            stop(stopped).await;
            let answered = Rc::new(Cell::new(0));
            let mut clients = Vec::new();
            for number in 0..CLIENTS {
                let (address, count) = (cluster.address, answered.clone());
                clients.push(net::spawn(async move {
                    once(address, "/").await.unwrap();
                    count.set(count.get() + 1);
                }));
                // One by one, so that whose turn it is does not depend on who is quick.
                until(|| cluster.master.workers().len() == 2).await;
                let least = (number + 1).saturating_sub(given.min(number / 2 + 1));
                until(|| answered.get() >= least).await;
            }
            assert_eq!(answered.get(), CLIENTS - given, "{untaken}");
            signal(stopped, Signal::KILL);
            for client in clients {
                client.await.unwrap();
            }
            cluster.end().await;
        }
    });
}

/// A worker whose server accepts nothing takes 256 connections, and those that came in one message with the last; it is given as many as it
/// may leave untaken, and then passed over. When it dies, what it had taken dies with it, and nothing else.
#[test]
#[cfg(target_os = "linux")]
fn a_worker_that_accepts_nothing_takes_so_many() {
    const CLIENTS: usize = 450;
    const TAKEN: std::ops::RangeInclusive<usize> = 256..=256 + 16;
    block_on(async {
        let cluster = Cluster::start("accepts nothing", options(1, Policy::RoundRobin)).await;
        let idler = cluster.pids()[0];
        let descriptors = || std::fs::read_dir(format!("/proc/{idler}/fd")).unwrap().count();
        let before = descriptors();
        let ended = Rc::new(Cell::new((0, 0)));
        let client = |_| {
            let (address, ended) = (cluster.address, ended.clone());
            net::spawn(async move {
                let answered = once(address, "/").await.is_ok();
                let (answers, breaks) = ended.get();
                ended.set((answers + usize::from(answered), breaks + usize::from(!answered)));
            })
        };
        let clients: Vec<_> = (0..CLIENTS).map(client).collect();
        until(|| descriptors() - before >= *TAKEN.start()).await;
        assert_eq!(ended.get(), (0, 0));
        // Another one answers all that this one was not given.
        cluster.master.scale(2);
        until(|| ended.get().0 >= CLIENTS - TAKEN.end() - Options::default().untaken).await;
        assert!(
            TAKEN.contains(&(descriptors() - before)) && ended.get().1 == 0,
            "{} {ended:?}",
            descriptors() - before
        );
        signal(idler, Signal::KILL);
        for client in clients {
            client.await.unwrap();
        }
        let (answers, breaks) = ended.get();
        assert!(answers + breaks == CLIENTS && TAKEN.contains(&breaks), "{answers} {breaks}");
        cluster.end().await;
    });
}

/// Who shares a queue with nobody asks nobody what others have, however many connections it has; who shares it asks, also where no
/// signs of life are wanted.
#[test]
fn one_that_is_alone_asks_nobody() {
    block_on(async {
        let mut silent = options(1, Policy::Shared);
        silent.supervisor.beat = Duration::MAX;
        let cluster = Cluster::start("", silent).await;
        let connect = async |count| {
            let mut kept = Vec::new();
            for _ in 0..count {
                let stream = TcpStream::connect(cluster.address).await.unwrap();
                ask(&stream, "/").await.unwrap();
                kept.push(stream);
            }
            kept
        };
        let known = || cluster.master.workers().iter().map(|seen| seen.open).sum::<usize>();
        let _kept = connect(40).await;
        // What it said before is heard before.
        once(cluster.address, "/say/workers").await.unwrap();
        until(|| cluster.news.borrow().iter().any(|told| matches!(told, News::Message { .. }))).await;
        assert_eq!(known(), 0);
        cluster.master.scale(2);
        cluster.serves().await;
        let _more = connect(40).await;
        until(|| known() > 0).await;
        cluster.end().await;
    });
}

/// The same client goes to the same slot, also when that has a new worker; the bytes that were looked at are all there.
#[test]
fn a_client_that_sticks() {
    block_on(async {
        let cluster = Cluster::start("", options(3, Policy::Sticky(Sticky::Query("sid".into())))).await;
        let mut slots = BTreeMap::new();
        for round in 0..3 {
            for client in 0..8 {
                let answer = once(cluster.address, &format!("/?sid={client}")).await.unwrap();
                let slot = answer.text.split(' ').nth(1).unwrap().to_owned();
                assert_eq!(slots.entry(client).or_insert_with(|| slot.clone()), &slot, "{client} in round {round}");
            }
            if round == 1 {
                cluster.pids().into_iter().for_each(|pid| signal(pid, Signal::KILL));
                until(|| cluster.ready() < 3).await;
                cluster.serves().await;
            }
        }
        // A client that says nothing for a second is known by its address.
        let silent = TcpStream::connect(cluster.address).await.unwrap();
        net::sleep(Duration::from_millis(1200)).await;
        ask(&silent, "/?sid=1").await.unwrap();
        cluster.end().await;
    });
}

/// So many clients are looked at, at a time, that have not said yet who they are. One more waits until the first of them has had its second;
/// nobody is lost.
#[test]
fn clients_that_say_nothing_are_looked_at_within_a_bound() {
    const MAX_LOOKS: usize = 1024;
    const LOOK: Duration = Duration::from_secs(1);
    /// The client's ends, the master's, and what else a program has open.
    const FILES: u64 = 2 * MAX_LOOKS as u64 + 200;
    let files = getrlimit(Resource::Nofile);
    if files.current.is_some_and(|current| current < FILES) {
        eprintln!("SKIPPED: clients that say nothing: `ulimit -n` is below {FILES}");
        return;
    }
    block_on(async {
        let cluster = Cluster::start("", options(2, Policy::Sticky(Sticky::Query("sid".into())))).await;
        let served_after = async |silent: usize| {
            let begun = net::now();
            let mut clients = Vec::new();
            for _ in 0..silent {
                clients.push(TcpStream::connect(cluster.address).await.unwrap());
            }
            once(cluster.address, "/?sid=1").await.unwrap();
            let lasted = net::now() - begun;
            for client in [&clients[0], &clients[silent - 1]] {
                ask(client, "/?sid=1").await.unwrap();
            }
            lasted
        };
        let waits = served_after(MAX_LOOKS).await;
        assert!(waits >= LOOK, "{waits:?}");
        // On a machine that is slow the second of the first may be over all the same.
        let mut tries = 0;
        while served_after(MAX_LOOKS - 1).await >= LOOK {
            tries += 1;
            assert!(tries < 10);
        }
        cluster.end().await;
    });
}

/// Node's row: `listen(0)` twice in two workers gives the same two ports in both.
#[test]
fn a_free_port_is_the_same_one_for_all() {
    block_on(async {
        let cluster = Cluster::start("two ports", options(2, Policy::RoundRobin)).await;
        let addresses = cluster.master.addresses();
        assert_eq!(addresses.len(), 2);
        for address in addresses {
            let workers = [once(address, "/").await.unwrap().worker(), once(address, "/").await.unwrap().worker()];
            assert_ne!(workers[0], workers[1], "each has both");
        }
        cluster.end().await;
    });
}

/// A worker may ask for as many ports as there may be, and is told when it asks for one more.
#[test]
fn ports_are_bounded() {
    block_on(async {
        let cluster = Cluster::start("many ports", options(1, Policy::RoundRobin)).await;
        let addresses = cluster.master.addresses();
        assert_eq!(addresses.len(), MAX_PORTS);
        let told = |told: &News| matches!(told, News::Message { json, .. } if json.contains("256 ports at most"));
        assert!(cluster.news.borrow().iter().any(told), "{:?}", cluster.news.borrow().last());
        once(addresses[MAX_PORTS - 1], "/").await.unwrap();
        cluster.end().await;
    });
}

/// Node's row: suicide with a request in flight. The successor is ready before the first leaves.
#[test]
fn who_bows_is_succeeded() {
    block_on(async {
        let cluster = Cluster::start("", options(1, Policy::RoundRobin)).await;
        let slow = TcpStream::connect(cluster.address).await.unwrap();
        slow.write_all(b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        once(cluster.address, "/bow").await.unwrap();
        until(|| cluster.master.workers().iter().any(|seen| seen.view.worker == 2)).await;
        cluster.serves().await;
        let mut bytes = [0; 512];
        let count = slow.read(&mut bytes).await.unwrap();
        assert!(
            bytes[..count].ends_with(b"\r\n\r\n1 0 ")
                || String::from_utf8_lossy(&bytes[..count]).contains("\r\n\r\n1 0")
        );
        assert_eq!(once(cluster.address, "/").await.unwrap().worker(), 2);
        let news = cluster.news.borrow().clone();
        let left = |told: &News| matches!(told, News::Ended { worker: 1, expected: true, exit } if exit.success());
        assert!(news.iter().any(left), "{news:?}");
        cluster.end().await;
    });
}

/// Row net-31: SIGTERM with connections that idle and requests in flight: all are answered, and all is over in time. A request
/// on a connection that idled is answered, too, and says that it is the last.
#[test]
fn net_31_a_farewell_answers_all() {
    block_on(async {
        let mut brief = options(2, Policy::RoundRobin);
        brief.farewell.lame_duck = Duration::from_secs(1);
        let cluster = Cluster::start("", brief).await;
        let mut idle = Vec::new();
        for _ in 0..100 {
            let stream = TcpStream::connect(cluster.address).await.unwrap();
            assert!(ask(&stream, "/").await.unwrap().goes_on);
            idle.push(stream);
        }
        let mut slow = Vec::new();
        for _ in 0..20 {
            slow.push(net::spawn(once(cluster.address, "/slow")));
        }
        let long = net::spawn(once(cluster.address, "/long"));
        net::sleep(Duration::from_millis(300)).await;
        let began = net::now();
        cluster.master.leave();
        // Who comes now need not wait for that.
        until_refused(cluster.address).await;
        // As soon as the workers have heard it, each answer says that it is the last.
        let mut goes_on = true;
        for stream in &idle {
            goes_on &= ask(stream, "/").await.unwrap().goes_on;
            if !goes_on {
                break;
            }
            net::sleep(Duration::from_millis(5)).await;
        }
        assert!(!goes_on, "none says that it is the last");
        for slow in slow {
            slow.await.unwrap().unwrap();
        }
        assert_eq!(long.await.unwrap().unwrap().text, "the end");
        assert_eq!(cluster.master.ended().await, 0);
        assert!(net::now() - began < Duration::from_secs(10));
    });
}

/// Row net-34: a rolling reload under load loses nothing, whoever accepts. In full: twenty of them, eight workers, and a thousand
/// clients that keep their connections, with pauses of up to four seconds (the lame duck has five).
#[test]
fn net_34_a_reload_under_load() {
    let full = full_form().is_some();
    for policy in [Policy::RoundRobin, Policy::Shared, Policy::ReusePort] {
        let (workers, reloads, clients, pause) = if full { (8, 20, 1000, 2000) } else { (3, 2, 20, 5) };
        let mut chosen = under_load(options(workers, policy.clone()));
        if full {
            chosen.farewell = Farewell::default();
        }
        let play = async move {
            let cluster = Cluster::start("", chosen).await;
            let load = Load::begin(cluster.address, clients, 10, Duration::from_millis(pause));
            for _ in 0..reloads {
                net::sleep(Duration::from_millis(100)).await;
                cluster.master.reload();
                cluster.serves().await;
            }
            assert!(cluster.master.workers().iter().all(|seen| seen.view.generation == reloads + 1));
            let tally = load.end().await;
            println!(
                "{policy}: {reloads} reloads, {} answers of {} workers",
                tally.count(),
                tally.answers.borrow().len()
            );
            assert_eq!((&*tally.broke.borrow(), tally.hung.get()), (&vec![], 0), "{policy}");
            assert!(tally.answers.borrow().len() > workers && tally.count() > clients);
            cluster.end().await;
            net::stop();
        };
        net::block_on(play).expect("a loop");
    }
}

#[test]
fn a_broken_new_program_changes_nothing() {
    block_on(async {
        let cluster = Cluster::start("dies in generation 2", options(2, Policy::RoundRobin)).await;
        let before = cluster.pids();
        let load = Load::begin(cluster.address, 8, 3, Duration::ZERO);
        cluster.master.reload();
        until(|| cluster.news.borrow().contains(&News::NotReloaded(2))).await;
        let tally = load.end().await;
        assert_eq!((&*tally.broke.borrow(), tally.hung.get()), (&vec![], 0));
        assert_eq!(cluster.pids(), before);
        cluster.end().await;
    });
}

#[test]
fn more_and_fewer() {
    block_on(async {
        for policy in [Policy::RoundRobin, Policy::ReusePort] {
            let cluster = Cluster::start("", under_load(options(1, policy.clone()))).await;
            let load = Load::begin(cluster.address, 10, 2, Duration::ZERO);
            for workers in [3, 1, 2] {
                cluster.master.scale(workers);
                cluster.serves().await;
                net::sleep(Duration::from_millis(100)).await;
            }
            let tally = load.end().await;
            assert_eq!((&*tally.broke.borrow(), tally.hung.get()), (&vec![], 0), "{policy:?}");
            cluster.end().await;
        }
    });
}
