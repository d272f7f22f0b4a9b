//! The agent, the messenger and the clock: Egg's three.
//!
//! Beside the workers one more process may run, the **agent**. It does what has to be done once and not by each worker: it watches a
//! file, holds the one connection to somebody, keeps the clock. Its **messenger** and that of each worker reach the others by
//! way of the master, which reads nothing of what they say. The **clock** is the agent's: it knows which job is due, and tells
//! workers to run it, one or all.
//!
//! **Reading order.** `messenger.rs`, then `clock.rs` (the agent's side of a schedule) and `jobs.rs` (a worker's).

mod clock;
mod jobs;
mod messenger;

pub use jobs::Jobs;
pub use messenger::Messenger;

use crate::{
    driver::{Options, Worker},
    schedule::{Job, NotAdded},
    service::{Outcome, run},
};
use clock::Clock;
use std::{fmt, io, rc::Rc};
use wirebook_process::Channel;

/// This process, as the agent of its master. Clones are the same.
#[derive(Clone)]
pub struct Agent {
    process: Worker,
    clock: Rc<Clock>,
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agent").finish_non_exhaustive()
    }
}

// ANCHOR: run
/// Runs a cluster with an agent: as [`run`], and beside the workers one process that runs `agent`. It is ready before the first
/// worker is started.
///
/// # Errors
/// As [`run`]; the agent's, those of `agent`.
pub fn run_with_agent<A, F>(options: Options, agent: A, serve: F) -> Outcome
where
    A: AsyncFnOnce(Agent) -> io::Result<()> + 'static,
    F: AsyncFnOnce(Worker) -> io::Result<()> + 'static,
{
    run(Options { agent: true, ..options }, async move |process: Worker| {
        if process.is_agent() {
            return agent(Agent { clock: Clock::begin(process.clone()), process }).await;
        }
        serve(process).await
    })
}
// ANCHOR_END: run

impl Agent {
    /// Its messenger.
    pub fn messenger(&self) -> Messenger {
        Messenger(self.process.clone())
    }

    /// Its channel to the master, for messages of the program's own.
    pub fn channel(&self) -> &Channel {
        self.process.channel()
    }

    /// Has a job run by workers. Its clock begins when all processes of the cluster serve.
    ///
    /// # Errors
    /// Why it is not taken.
    pub fn schedule(&self, job: Job) -> Result<(), NotAdded> {
        self.clock.add(job)
    }

    /// How often each job was started, and how often left out because it still ran or nobody was there.
    pub fn counts(&self) -> Vec<(String, u64, u64)> {
        self.clock.counts()
    }

    /// Says that it is ready: only now are workers started.
    ///
    /// # Errors
    /// When the master is gone.
    pub async fn ready(&self) -> io::Result<()> {
        self.process.ready().await
    }

    /// Waits until it is to leave.
    pub async fn told_to_leave(&self) {
        self.process.told_to_leave().await;
    }

    /// All that comes behind its preparations: ready, told to leave.
    ///
    /// # Errors
    /// As [`Agent::ready`].
    pub async fn serve(&self) -> io::Result<()> {
        self.ready().await?;
        self.told_to_leave().await;
        Ok(())
    }
}
