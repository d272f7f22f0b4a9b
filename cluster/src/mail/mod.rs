//! What a process has been told by others, and has not looked at yet; and who else is there (`peer.rs`).

mod peer;

pub use peer::Peer;

use crate::messenger::{Inbox, Letter};
use serde::{Deserialize, Serialize};
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
};
use wirebook_net as net;

/// Jobs that a worker was told to run and has not begun, or words about jobs that an agent has not read, at most: who sends them is
/// the agent, and its timetable has one run of a job for each worker.
const MAX_JOBS: usize = 2 * crate::schedule::MAX_JOBS * crate::supervisor::MAX_WORKERS;

/// Who is there: those that serve, with their processes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Crew {
    pub(crate) agent: Option<i32>,
    pub(crate) workers: Vec<(u64, i32)>,
    /// Workers that do not serve, or not any more, and may still do something.
    pub(crate) others: Vec<u64>,
    /// To the agent, which may be a new one: who runs what.
    pub(crate) running: Vec<(u64, String)>,
    /// All have served at some time.
    pub(crate) whole: bool,
}

/// What is said of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// To a worker: run it.
    Run(String),
    /// To the agent: a worker runs it, whoever has told it to.
    Runs(u64, String),
    /// To the agent: a worker has run it, or will not.
    Ran(u64, String),
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Mail {
    inbox: RefCell<Inbox>,
    words: RefCell<VecDeque<Word>>,
    crew: RefCell<Crew>,
    over: Cell<bool>,
    /// Raised when anything has come, and at the end.
    pub(crate) came: net::Signal,
}

impl Mail {
    pub(crate) fn letter(&self, letter: Letter) {
        self.inbox.borrow_mut().push(letter);
        self.came.raise();
    }

    pub(crate) fn word(&self, word: Word) {
        if self.words.borrow().len() < MAX_JOBS {
            self.words.borrow_mut().push_back(word);
        }
        self.came.raise();
    }

    pub(crate) fn crew(&self, mut crew: Crew) {
        let running = std::mem::take(&mut crew.running);
        self.crew.replace(crew);
        running.into_iter().for_each(|(worker, job)| self.word(Word::Runs(worker, job)));
        self.came.raise();
    }

    /// Nobody says anything any more.
    pub(crate) fn end(&self) {
        self.over.set(true);
        self.came.raise();
    }

    pub(crate) fn next_letter(&self) -> Option<Letter> {
        self.inbox.borrow_mut().pop()
    }

    pub(crate) fn missed(&self) -> u64 {
        self.inbox.borrow().missed()
    }

    pub(crate) fn next_word(&self) -> Option<Word> {
        self.words.borrow_mut().pop_front()
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.get()
    }

    /// All have served at some time.
    pub(crate) fn is_whole(&self) -> bool {
        self.crew.borrow().whole
    }

    /// No other worker serves.
    pub(crate) fn is_alone(&self) -> bool {
        self.crew.borrow().workers.len() <= 1
    }

    /// The agent's process.
    pub(crate) fn agent(&self) -> Option<i32> {
        self.crew.borrow().agent
    }

    /// Workers that do not serve, or not any more.
    pub(crate) fn others(&self) -> Vec<u64> {
        self.crew.borrow().others.clone()
    }

    /// Workers that serve, with their processes.
    pub(crate) fn workers(&self) -> Vec<(u64, i32)> {
        self.crew.borrow().workers.clone()
    }
}
