//! The widget of the workers that serve this page: who they are, and what becomes of them when the reader kills one.
//!
//! With `wirebook site --workers N` a worker asks its master for all of them. A signal is sent only for a POST of our own pages, and
//! only to a process that the master has just named as one of its workers.

use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::time::{Duration, Instant};
use wirebook_cluster::supervisor::{Event, Order, State, Supervisor};
use wirebook_cluster::{Peer, Worker, supervisor};
use wirebook_net as net;

/// What a reader may send to a worker.
pub(super) const SIGNALS: [&str; 3] = ["SIGKILL", "SIGTERM", "SIGSTOP"];

/// A worker that is to die at its own hand says so first.
const LAST_WORD: Duration = Duration::from_millis(50);

thread_local! {
    /// This process, where it is a worker.
    static THIS: RefCell<Option<Worker>> = const { RefCell::new(None) };
}

/// Names the worker that serves from this thread.
pub(crate) fn set(worker: Worker) {
    THIS.set(Some(worker));
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    signal: String,
    /// Whom to send it; nobody, where it is only asked who is there.
    worker: Option<u64>,
}

/// What the widget shows.
#[derive(Debug, Serialize)]
struct Shown {
    /// The number of the worker that answers; `None` where one process is all.
    me: Option<u64>,
    pid: u32,
    workers: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    worker: u64,
    slot: usize,
    generation: u64,
    state: String,
    pid: Option<i32>,
    open: usize,
    /// Milliseconds since its start.
    age: u64,
}

impl From<Peer> for Row {
    fn from(peer: Peer) -> Row {
        let Peer { worker, slot, generation, state, pid, open, age } = peer;
        let age = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
        Row { worker, slot, generation, state: word(state), pid, open, age }
    }
}

/// A state as the widget and the book write it.
pub(super) fn word(state: State) -> String {
    format!("{state:?}").to_lowercase()
}

/// The answer of a site that is one process.
pub(super) fn alone(ask: &Ask) -> Result<Value, String> {
    match ask.worker {
        Some(_) => Err("This site is one process: there is no worker to send a signal to.".into()),
        None => Ok(json!(Shown { me: None, pid: std::process::id(), workers: Vec::new() })),
    }
}

/// Answers a request; a signal is sent only where `posts`.
///
/// # Errors
/// One sentence.
pub(super) async fn answer(body: Value, posts: bool) -> Result<String, String> {
    let ask: Ask = serde_json::from_value(body).map_err(|error| format!("The request is not understood: {error}."))?;
    let signal = match &*ask.signal {
        "SIGKILL" => Signal::KILL,
        "SIGTERM" => Signal::TERM,
        "SIGSTOP" => Signal::STOP,
        other => return Err(format!("{other} is no signal that is sent here: {}.", SIGNALS.join(", "))),
    };
    let Some(this) = THIS.with_borrow(Clone::clone) else { return Ok(alone(&ask)?.to_string()) };
    let peers = this.look().await.map_err(|_| "The master is gone.")?;
    if let Some(worker) = ask.worker {
        if !posts {
            return Err("A signal is sent for a POST.".into());
        }
        let peer = peers.iter().find(|peer| peer.worker == worker);
        let pid = peer.and_then(|peer| Pid::from_raw(peer.pid?)).ok_or("There is no such worker any more.")?;
        send(pid, signal);
    }
    let me = Some(this.identity().worker);
    let shown = Shown { me, pid: std::process::id(), workers: peers.into_iter().map(Row::from).collect() };
    Ok(json!(shown).to_string())
}

fn send(pid: Pid, signal: Signal) {
    let own = pid == rustix::process::getpid();
    net::spawn(async move {
        if own {
            net::sleep(LAST_WORD).await;
        }
        // That it has ended meanwhile is what is wanted.
        let _ = kill_process(pid, signal);
    });
}

/// What a supervisor does when a worker is killed, as a table for the book.
pub(super) fn picture() -> String {
    let now = Instant::now();
    let mut supervisor = Supervisor::new(supervisor::Options { workers: 3, ..Default::default() }, now);
    let mut rows = Vec::new();
    let mut note = |supervisor: &Supervisor, what: &str| {
        let states = (1..=4).map(|number| {
            let view = supervisor.workers().find(|view| view.worker == number);
            view.map_or("–".to_owned(), |view| word(view.state))
        });
        rows.push((String::new(), [what.to_owned()].into_iter().chain(states).collect()));
    };
    let starts = |supervisor: &mut Supervisor| {
        while let Some(order) = supervisor.order() {
            if let Order::Start { worker, .. } = order {
                // It was ordered just now.
                let _ = supervisor.on(Event::Online(worker), now);
            }
        }
    };
    starts(&mut supervisor);
    note(&supervisor, "three are started");
    for worker in 1..=3 {
        let _ = supervisor.on(Event::Ready(worker), now);
    }
    note(&supervisor, "they say that they serve");
    let _ = supervisor.on(Event::Ended(2), now);
    note(&supervisor, "worker 2 is killed");
    starts(&mut supervisor);
    let _ = supervisor.on(Event::Ready(4), now);
    note(&supervisor, "its successor serves");
    super::picture::table(&["what happens", "worker 1", "worker 2", "worker 3", "worker 4"], rows.into_iter())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_of_one_process_says_so_and_kills_nobody() {
        let ask = |body| net::block_on(answer(body, true)).expect("a loop");
        let shown: Value =
            serde_json::from_str(&ask(json!({ "signal": "SIGKILL" })).expect("an answer")).expect("JSON");
        assert_eq!((&shown["me"], shown["workers"].as_array().map(Vec::len)), (&Value::Null, Some(0)));
        assert!(ask(json!({ "signal": "SIGKILL", "worker": 1 })).unwrap_err().contains("one process"));
        for bad in [json!({ "signal": "SIGHUP" }), json!({}), json!({ "signal": "SIGKILL", "pid": 1 })] {
            assert!(ask(bad).is_err());
        }
    }

    #[test]
    fn the_picture_shows_a_death_and_its_successor() {
        let picture = picture();
        assert!(picture.contains("its successor serves") && picture.matches(">ready<").count() == 8, "{picture}");
    }
}
