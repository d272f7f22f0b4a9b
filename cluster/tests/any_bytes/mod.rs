//! What a fuzzer and its twin in `cargo test` play: bytes become what strangers send to a sticky port, lines of cron, what workers say
//! at any moment, and two clocks.

use chrono::{DateTime, TimeDelta, Utc};
use std::{
    collections::BTreeMap,
    hash::RandomState,
    net::IpAddr,
    time::{Duration, Instant},
};
use wirebook_cluster::{
    policy::{Sticky, Turn, Whose},
    schedule::{Job, Timetable, When, Whom},
    supervisor::{Event, Options, Order, Supervisor},
};

/// Plays `input`, and panics where something does not hold.
pub(crate) fn play(input: &[u8]) {
    let Some((kind, rest)) = input.split_first() else { return };
    match kind % 4 {
        0 => sticky(rest),
        1 => cron(rest),
        2 => supervise(rest),
        _ => timetable(rest),
    }
}

/// Whose a connection is does not depend on how its bytes are cut.
fn sticky(head: &[u8]) {
    let (keys, peer) = (RandomState::new(), IpAddr::from([127, 0, 0, 1]));
    for sticky in [Sticky::Query("sid".into()), Sticky::Cookie("id".into()), Sticky::Address] {
        let whole = sticky.whose(head, true, peer, &keys);
        assert!(matches!(whole, Whose::Client(_)), "who says no more is somebody");
        let first = (0..=head.len()).map(|cut| sticky.whose(&head[..cut], false, peer, &keys));
        let early = first.into_iter().find(|whose| *whose != Whose::More);
        assert!(early.is_none_or(|early| early == whole), "{sticky:?}: {early:?}, and then {whole:?}");
    }
}

/// A line is refused, or gives moments that only go on.
fn cron(line: &[u8]) {
    let Ok(line) = std::str::from_utf8(&line[..line.len().min(64)]) else { return };
    let Ok(when) = When::cron(line) else { return };
    let (now, mut wall) = (Instant::now(), noon());
    let mut table = Timetable::new(now, wall);
    table.workers(&[1], &[]);
    let job = Job { name: "job".into(), when, whom: Whom::All, at_once: false };
    if table.add(job, now, wall).is_err() {
        return;
    }
    for step in 1..=20 {
        wall += TimeDelta::minutes(7);
        table.expire(now + step * Duration::from_secs(420), wall);
        assert!(std::iter::from_fn(|| table.order()).count() <= 1);
        table.ended("job", 1);
        assert!(table.deadline().is_none_or(|due| due > now + step * Duration::from_secs(420)), "{line}");
    }
}

fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_780_800, 0).expect("a moment")
}

/// Workers say anything at any moment: what has no place is refused, and the numbers of processes stay within bounds.
fn supervise(bytes: &[u8]) {
    let mut now = Instant::now();
    let mut supervisor = Supervisor::new(Options { workers: 3, ..Options::default() }, now);
    let mut turn = Turn::default();
    for pair in bytes.chunks_exact(2) {
        let worker = u64::from(pair[1] % 16);
        let event = match pair[0] % 13 {
            0 => Event::Online(worker),
            1 => Event::Listening(worker),
            2 => Event::Ready(worker),
            3 => Event::Beat(worker),
            4 => Event::Bows(worker),
            5 => Event::Leaves(worker),
            6 => Event::Misbehaves(worker),
            7 => Event::Ended(worker),
            8 => Event::Reload,
            9 => Event::Scale(usize::from(pair[1])),
            10 if pair[1] > 250 => Event::Leave,
            11 if pair[1] > 250 => Event::Quit,
            _ => {
                now += Duration::from_millis(u64::from(pair[1]) * 100);
                supervisor.expire(now);
                continue;
            }
        };
        // That it has no place is what many of these are for.
        let _ = supervisor.on(event, now);
        for order in std::iter::from_fn(|| supervisor.order()) {
            match order {
                Order::Start { worker, .. } => turn.join(worker),
                Order::Leave(worker) | Order::Kill(worker) => turn.leave(worker),
                _ => {}
            }
        }
        let mut runs = BTreeMap::<usize, usize>::new();
        for view in supervisor.workers().filter(|view| view.state.runs()) {
            *runs.entry(view.slot).or_default() += 1;
        }
        assert!(runs.values().all(|count| *count <= 2), "processes of each slot: {runs:?}");
        let next = turn.next(|_| true);
        assert_eq!(next.is_some(), !turn.members().is_empty());
    }
}

/// Whatever clocks and workers do, no job for one runs twice.
fn timetable(bytes: &[u8]) {
    let (mut now, mut wall) = (Instant::now(), noon());
    let mut table = Timetable::new(now, wall);
    let when = [When::every(Duration::from_secs(1)), When::cron("* * * * *")];
    for (name, when) in ["one", "minutes"].into_iter().zip(when.into_iter().flatten()) {
        let job = Job { name: name.into(), when, whom: Whom::One, at_once: true };
        table.add(job, now, wall).expect("two jobs");
    }
    let mut running: Vec<(String, u64)> = Vec::new();
    for three in bytes.chunks_exact(3) {
        match three[0] % 4 {
            0 => {
                let there: Vec<u64> = (0..4).filter(|worker| three[1] >> worker & 1 == 1).collect();
                running.retain(|(_, worker)| there.contains(worker));
                table.workers(&there, &[]);
            }
            1 => {
                if let Some((job, worker)) = running.pop() {
                    table.ended(&job, worker);
                }
            }
            _ => {
                let passed = u64::from(three[1]) * 100;
                now += Duration::from_millis(passed);
                wall += TimeDelta::milliseconds(passed as i64) + TimeDelta::seconds(i64::from(three[2] as i8) * 60);
                table.expire(now, wall);
                assert!(table.deadline().is_none_or(|due| due > now), "it spins");
            }
        }
        for run in std::iter::from_fn(|| table.order()) {
            assert!(running.iter().all(|(job, _)| *job != run.job), "{} runs twice", run.job);
            running.push((run.job, run.worker));
        }
    }
}
