//! An agent beside two workers: it tells all, asks one, and keeps the clock; then it has the cluster ended.
//!
//! Run: cargo run --example agent_schedule

use std::{rc::Rc, time::Duration};
use wirebook_cluster::{
    self as cluster, Agent, News, Options, Worker, Workers,
    messenger::To,
    schedule::{Job, When, Whom},
};
use wirebook_net as net;
use wirebook_terminal as terminal;

fn main() -> terminal::Result {
    terminal::no_arguments(include_str!("agent_schedule.rs"));
    let options = Options {
        workers: Workers::Count(2),
        news: Some(Rc::new(|news: &News| terminal::tell(format_args!("{news}\n")))),
        ..Options::default()
    };
    // ANCHOR: both
    cluster::run_with_agent(options, assist, work)?;
    // ANCHOR_END: both
    Ok(())
}

// ANCHOR: agent
async fn assist(agent: Agent) -> std::io::Result<()> {
    let bad = std::io::Error::other::<cluster::schedule::BadTime>;
    let refresh = When::every(Duration::from_millis(400)).map_err(bad)?;
    let report = When::cron("* * * * * *").map_err(bad)?;
    for (name, when, whom) in [("refresh", refresh, Whom::All), ("report", report, Whom::One)] {
        agent.schedule(Job { name: name.into(), when, whom, at_once: false }).map_err(std::io::Error::other)?;
    }
    net::spawn(talk(agent.clone()));
    // Only now are workers started.
    agent.serve().await
}

async fn talk(agent: Agent) {
    let messenger = agent.messenger();
    messenger.all_ready().await;
    // That the master is gone is heard elsewhere.
    let _ = messenger.send(To::Workers, "greet", "good morning").await;
    let _ = messenger.send(To::Random, "ask", "who are you?").await;
    if let Some(answer) = messenger.next().await {
        let name: String = answer.data().unwrap_or_default();
        terminal::tell(format_args!("the agent hears: {name}\n"));
    }
    net::sleep(Duration::from_millis(2500)).await;
    for (job, started, skipped) in agent.counts() {
        terminal::tell(format_args!("{job} was started {started} times, and left out {skipped} times\n"));
    }
    // The master lets the workers leave, and then this one.
    if let Some(master) = rustix::process::getppid() {
        let _ = rustix::process::kill_process(master, rustix::process::Signal::TERM);
    }
}
// ANCHOR_END: agent

// ANCHOR: worker
async fn work(worker: Worker) -> std::io::Result<()> {
    let me = worker.identity().worker;
    worker
        .jobs()
        .on("refresh", async move || terminal::tell(format_args!("worker {me} refreshes\n")))
        .on("report", async move || terminal::tell(format_args!("worker {me} reports\n")));
    net::spawn(listen(worker.clone()));
    worker.serve().await
}

async fn listen(worker: Worker) {
    let (me, messenger) = (worker.identity().worker, worker.messenger());
    while let Some(letter) = messenger.next().await {
        terminal::tell(format_args!("worker {me} hears {} {}\n", letter.action, letter.json));
        if letter.action == "ask" {
            // Who asked is gone with the master, or hears it.
            let _ = messenger.send(To::One(letter.from), "answer", &format!("worker {me}")).await;
        }
    }
}
// ANCHOR_END: worker
