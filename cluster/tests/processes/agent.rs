//! The agent beside the workers, what they say to each other, and its clock.

use crate::{
    kit::{Cluster, block_on, once, options, signal, until},
    worker::AGAIN,
};
use rustix::process::Signal;
use std::{collections::BTreeMap, time::Duration};
use wirebook_cluster::{News, Options, Policy, supervisor};
use wirebook_net as net;

fn with_agent(workers: usize) -> Options {
    Options { agent: true, ..options(workers, Policy::RoundRobin) }
}

/// All that processes have told of themselves.
fn told(cluster: &Cluster) -> Vec<String> {
    let text = |news: &News| match news {
        News::Message { json, .. } => Some(json.trim_matches('"').replace("\\\"", "\"")),
        News::OfAgent(news) => match &**news {
            News::Message { json, .. } => Some(json.trim_matches('"').replace("\\\"", "\"")),
            _ => None,
        },
        _ => None,
    };
    cluster.news.borrow().iter().filter_map(text).collect()
}

fn count(cluster: &Cluster, has: &str) -> usize {
    told(cluster).iter().filter(|text| text.contains(has)).count()
}

fn agent(cluster: &Cluster) -> i32 {
    cluster.master.agent().and_then(|seen| seen.pid).expect("an agent")
}

fn is_agents(news: &News, check: impl Fn(&News) -> bool) -> bool {
    matches!(news, News::OfAgent(news) if check(news))
}

#[test]
fn the_agent_is_ready_before_the_workers_and_leaves_behind_them() {
    block_on(async {
        let cluster = Cluster::start("", with_agent(2)).await;
        let news = cluster.news.clone();
        cluster.end().await;
        let news = news.borrow();
        let at = |check: &dyn Fn(&News) -> bool| news.iter().position(check).expect("that news");
        let ready = at(&|news| is_agents(news, |news| matches!(news, News::Ready { .. })));
        let ended = at(&|news| is_agents(news, |news| matches!(news, News::Ended { expected: true, .. })));
        assert!(ready < at(&|news| matches!(news, News::Ready { .. })), "{news:?}");
        let last = news.iter().rposition(|news| matches!(news, News::Ended { .. })).expect("workers that left");
        assert!(ended > last, "{news:?}");
    });
}

#[test]
fn a_message_reaches_whom_it_is_for_and_nobody_else() {
    block_on(async {
        let cluster = Cluster::start("", with_agent(3)).await;
        until(|| count(&cluster, "heard all ready 3 of agent") == 4).await;
        let pids = cluster.pids();
        let to_process = format!("/say/process/{}", pids[1]);
        let cases = [
            ("/say/all", vec!["agent", "worker 1", "worker 2", "worker 3"]),
            ("/say/workers", vec!["worker 1", "worker 2", "worker 3"]),
            ("/say/agent", vec!["agent"]),
            ("/say/worker/3", vec!["worker 3"]),
            (&*to_process, vec!["worker 2"]),
            ("/say/worker/99", vec![]),
            ("/say/process/1", vec![]),
        ];
        let mut said_to_all = 0;
        for (path, hear) in cases {
            said_to_all += 4 * usize::from(path == "/say/all");
            let from = once(cluster.address, path).await.expect("an answer").worker();
            let heard = |who: &str| format!("{who} heard said \"{path}\" of worker {from}");
            until(|| hear.iter().all(|who| told(&cluster).contains(&heard(who)))).await;
            // One that is said to all behind it comes behind it; so nobody else has heard it.
            once(cluster.address, "/say/all").await.expect("an answer");
            said_to_all += 4;
            until(|| count(&cluster, "\"/say/all\"") == said_to_all).await;
            assert!(path == "/say/all" || count(&cluster, &format!("said \"{path}\"")) == hear.len(), "{path}");
        }
        cluster.end().await;
    });
}

#[test]
fn a_random_worker_hears_and_who_asks_is_answered() {
    block_on(async {
        let cluster = Cluster::start("", with_agent(2)).await;
        for _ in 0..40 {
            once(cluster.address, "/say/random").await.expect("an answer");
        }
        until(|| count(&cluster, "\"/say/random\"") == 40).await;
        let of = |worker: &str| count(&cluster, &format!("{worker} heard said \"/say/random\""));
        assert!(of("worker 1") > 0 && of("worker 2") > 0 && of("agent") == 0);
        let asked = once(cluster.address, "/answer").await.expect("an answer").worker();
        let answer = format!("worker {asked} heard answered {} of agent", agent(&cluster));
        until(|| told(&cluster).contains(&answer)).await;
        cluster.end().await;
    });
}

/// What is said while a worker starts waits for it.
#[test]
fn a_broadcast_while_somebody_starts() {
    block_on(async {
        let cluster = Cluster::start("slow start", with_agent(1)).await;
        cluster.master.scale(2);
        let begun = [supervisor::State::Resting, supervisor::State::Starting];
        let has_begun = |seen: &wirebook_cluster::Seen| seen.view.worker == 2 && !begun.contains(&seen.view.state);
        until(|| cluster.master.workers().iter().any(has_begun)).await;
        once(cluster.address, "/say/all").await.expect("an answer");
        until(|| count(&cluster, "heard said \"/say/all\"") == 3).await;
        cluster.serves().await;
        assert_eq!(count(&cluster, "heard said \"/say/all\""), 3, "and nobody twice");
        cluster.end().await;
    });
}

#[test]
fn who_does_not_listen_loses_messages_and_still_serves() {
    block_on(async {
        let cluster = Cluster::start("hears nothing", with_agent(2)).await;
        once(cluster.address, "/flood").await.expect("an answer");
        for _ in 0..2 {
            let mut missed = String::new();
            while missed.parse::<u64>().unwrap_or(0) == 0 {
                missed = once(cluster.address, "/missed").await.expect("an answer").text;
            }
        }
        cluster.end().await;
    });
}

#[test]
fn an_agent_that_is_killed_comes_back_and_the_workers_stay() {
    block_on(async {
        let cluster = Cluster::start("schedules", with_agent(2)).await;
        let (before, pids) = (agent(&cluster), cluster.pids());
        until(|| count(&cluster, "slow ends") >= 2).await;
        signal(before, Signal::KILL);
        until(|| {
            let seen = cluster.master.agent();
            seen.is_some_and(|seen| {
                seen.view.state == supervisor::State::Ready && seen.pid.is_some_and(|pid| pid != before)
            })
        })
        .await;
        let so_far = count(&cluster, "slow ends");
        until(|| count(&cluster, "slow ends") >= so_far + 3).await;
        assert_eq!(cluster.pids(), pids);
        assert_alternate(&cluster);
        cluster.end().await;
    });
}

/// A job for one never runs twice at a time, in whichever worker, and whichever agent gives it out.
fn assert_alternate(cluster: &Cluster) {
    let slow: Vec<String> = told(cluster).into_iter().filter(|text| text.starts_with("slow")).collect();
    for pair in slow.chunks(2) {
        assert!(pair[0].starts_with("slow begins"), "{slow:?}");
        assert!(pair.len() == 1 || pair[1] == pair[0].replace("begins", "ends"), "{slow:?}");
    }
}

#[test]
fn jobs_run_for_one_or_for_all_and_never_twice_at_a_time() {
    block_on(async {
        let cluster = Cluster::start("schedules", with_agent(2)).await;
        until(|| {
            let counts = ["slow ends in 1", "slow ends in 2", "quick ends in 1", "quick ends in 2"];
            counts.iter().all(|what| count(&cluster, what) >= 3)
        })
        .await;
        assert_alternate(&cluster);
        // A worker that dies while it runs one holds nobody up.
        let all: BTreeMap<u64, i32> =
            cluster.master.workers().iter().filter_map(|seen| Some((seen.view.worker, seen.pid?))).collect();
        until(|| {
            told(&cluster).iter().rfind(|text| text.starts_with("slow")).is_some_and(|last| last.contains("begins"))
        })
        .await;
        for pid in all.values() {
            signal(*pid, Signal::KILL);
        }
        cluster.serves().await;
        until(|| count(&cluster, "slow ends in 3") + count(&cluster, "slow ends in 4") >= 2).await;
        cluster.end().await;
    });
}

#[test]
fn a_worker_that_speaks_as_the_agent_is_killed() {
    block_on(async {
        let cluster = Cluster::begin("forges", with_agent(1));
        let killed = |news: &News| matches!(news, News::Broken { reason, .. } if reason.contains("another has to say"));
        until(|| cluster.news.borrow().iter().any(killed)).await;
        cluster.master.quit();
        cluster.master.ended().await;
    });
}

#[test]
fn without_an_agent_no_worker_is_started() {
    block_on(async {
        let Options { supervisor, .. } = options(2, Policy::RoundRobin);
        let limit = supervisor::RestartLimit { deaths: 2, ..Default::default() };
        let supervisor = supervisor::Options { limit, strict: true, ..supervisor };
        let cluster = Cluster::begin("agent dies", Options { supervisor, ..with_agent(2) });
        assert_eq!(cluster.master.ended().await, supervisor::GAVE_UP);
        assert!(!cluster.news.borrow().iter().any(|news| matches!(news, News::Ready { .. } | News::Ended { .. })));
        // Told to leave while its agent tries and tries, it ends all the same.
        let cluster = Cluster::begin("agent dies", with_agent(2));
        until(|| !cluster.news.borrow().is_empty()).await;
        cluster.end().await;
    });
}

#[test]
fn a_reload_begins_with_the_agent() {
    block_on(async {
        let cluster = Cluster::start("schedules", with_agent(2)).await;
        let (before, pids) = (agent(&cluster), cluster.pids());
        cluster.master.reload();
        cluster.serves().await;
        assert!(cluster.news.borrow().contains(&News::Reloaded(2)), "it reloads while its agent does");
        cluster.serves().await;
        assert_ne!(agent(&cluster), before);
        assert!(cluster.pids().iter().all(|pid| !pids.contains(pid)));
        let so_far = count(&cluster, "slow ends");
        until(|| count(&cluster, "slow ends") >= so_far + 2).await;
        assert_alternate(&cluster);
        cluster.end().await;
    });
}

#[test]
fn a_new_agent_that_does_not_start_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let again = folder.path().join("again");
    block_on(async move {
        let task = format!("new agent dies' {AGAIN}='{}", again.display());
        let cluster = Cluster::start(&task, with_agent(2)).await;
        let (before, pids) = (agent(&cluster), cluster.pids());
        cluster.master.reload();
        until(|| cluster.news.borrow().iter().any(|news| matches!(news, News::NotReloaded(2)))).await;
        net::sleep(Duration::ZERO).await;
        assert_eq!((agent(&cluster), cluster.pids()), (before, pids));
        cluster.end().await;
    });
}
