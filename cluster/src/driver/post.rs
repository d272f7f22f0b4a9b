//! The master's part of the messenger: it knows who is there, and hands on what one says to others.

use super::{
    hand::{Hand, Hands},
    wire::{Said, Told},
};
use crate::{
    mail::Crew,
    messenger::{Member, To, Who, route},
    schedule, supervisor,
};
use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::BTreeSet,
    hash::{BuildHasher, RandomState},
    rc::Rc,
};

/// Runs of jobs that the master remembers at most: a timetable has one of each job for each worker.
const MAX_RUNNING: usize = schedule::MAX_JOBS * supervisor::MAX_WORKERS;
/// A rule that an agent has broken.
const TOO_MANY_RUNS: &str = "it has more jobs run, or of a longer name, than a timetable has";

/// A rule that whoever speaks has broken.
pub(super) const NOT_ITS_WORD: &str = "it says what another has to say";

/// See the module. One is shared by the master and by the one of its agent.
#[derive(Debug, Default)]
pub(crate) struct Post {
    agents: OnceCell<Hands>,
    workers: OnceCell<Hands>,
    /// How many workers make it whole.
    wanted: Cell<usize>,
    whole: Cell<bool>,
    said: Cell<u64>,
    /// Who runs which job: an agent that is new must know.
    running: RefCell<BTreeSet<(u64, String)>>,
    chance: RandomState,
}

impl Post {
    /// The hands of one master; each sets its own, once.
    pub(super) fn join(&self, hands: Hands, of_agent: bool) {
        let place = if of_agent { &self.agents } else { &self.workers };
        // There is one master for each.
        let _ = place.set(hands);
    }

    /// So many workers should serve.
    pub(super) fn wants(&self, workers: usize) {
        self.wanted.set(workers);
    }

    /// All processes, agents first.
    fn hands(&self) -> Vec<Rc<Hand>> {
        let of = |hands: Option<&Hands>| -> Vec<Rc<Hand>> {
            hands.map(|hands| hands.borrow().values().cloned().collect()).unwrap_or_default()
        };
        [of(self.agents.get()), of(self.workers.get())].concat()
    }

    // ANCHOR: say
    /// Hands on what one says to others.
    ///
    /// # Errors
    /// That it is not its word: jobs are given by the agent, and run by workers; that there are too many.
    pub(super) fn say(&self, from: &Hand, said: Said) -> Result<(), &'static str> {
        match (said, from.who) {
            (Said::Send { to, action, json }, _) => {
                self.tell(to, &Told::Letter { from: from.who, action, json });
            }
            // One that leaves has a successor, whose clock runs already.
            (Said::Run { .. }, Who::Agent) if from.leaves.get() => {}
            (Said::Run { worker, job }, Who::Agent) => self.give(worker, job)?,
            (Said::Ran { job }, Who::Worker(worker)) => self.ran(worker, job),
            _ => return Err(NOT_ITS_WORD),
        }
        Ok(())
    }
    // ANCHOR_END: say

    /// Gives a worker a job; one that is gone, or cannot be told, has run it, as far as the agent is concerned.
    fn give(&self, worker: u64, job: String) -> Result<(), &'static str> {
        if self.running.borrow().len() >= MAX_RUNNING || job.len() > schedule::MAX_NAME {
            return Err(TOO_MANY_RUNS);
        }
        let told = self.tell(To::One(Who::Worker(worker)), &Told::Run { job: job.clone() });
        self.running.borrow_mut().insert((worker, job.clone()));
        if told == 0 {
            self.ran(worker, job);
        }
        Ok(())
    }

    fn ran(&self, worker: u64, job: String) {
        let job = (worker, job);
        if self.running.borrow_mut().remove(&job) {
            self.tell(To::Agent, &Told::Ran { worker, job: job.1 });
        }
    }

    /// A process has ended, and runs nothing any more.
    pub(super) fn left(&self, hand: &Hand) {
        self.running.borrow_mut().retain(|(worker, _)| Who::Worker(*worker) != hand.who);
        self.tell_crew();
    }

    /// Says how many were told. Who cannot be told, because it does not read, has lost that; and so much is counted.
    fn tell(&self, to: To, told: &Told) -> usize {
        self.said.set(self.said.get().wrapping_add(1));
        let random = self.chance.hash_one(self.said.get());
        let hands = self.hands();
        let members: Vec<Member> = hands.iter().map(member).collect();
        let getters: Vec<Who> = route(to, &members, random).collect();
        let mut count = 0;
        // While one agent succeeds another there are two, and both hear.
        for hand in hands.iter().filter(|hand| getters.contains(&hand.who)) {
            if hand.tell(told, None).is_ok() {
                count += 1;
            } else if hand.channel.is_open() {
                hand.untold.set(hand.untold.get() + 1);
            }
        }
        count
    }

    /// Tells all who is there.
    pub(super) fn tell_crew(&self) {
        let hands = self.hands();
        let serving = || hands.iter().filter(|hand| member(hand).serves);
        let pids = |who: &Rc<Hand>| match who.who {
            Who::Worker(worker) => Some((worker, who.child.id())),
            Who::Agent => None,
        };
        let workers: Vec<(u64, i32)> = serving().filter_map(pids).collect();
        let others =
            hands.iter().filter(|hand| !member(hand).serves).filter_map(pids).map(|(worker, _)| worker).collect();
        let agent = serving().filter(|hand| hand.who == Who::Agent).map(|hand| hand.child.id()).next_back();
        let waits_for_agent = self.agents.get().is_some() && agent.is_none();
        let whole = self.whole.get() || (workers.len() >= self.wanted.get() && !waits_for_agent);
        self.whole.set(whole);
        let mut crew = Crew { agent, workers, others, running: Vec::new(), whole };
        for hand in hands.iter().filter(|hand| hand.is_ready.get() && hand.speaks.get()) {
            crew.running.clear();
            if hand.who == Who::Agent {
                crew.running.extend(self.running.borrow().iter().cloned());
            }
            // Who does not read is not told, and hears the next one.
            let _ = hand.tell(&Told::Crew(crew.clone()), None);
        }
    }
}

fn member(hand: &Rc<Hand>) -> Member {
    let serves = hand.is_ready.get() && !hand.leaves.get() && hand.channel.is_open();
    Member { who: hand.who, pid: hand.child.id(), serves }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_is_remembered_up_to_its_most() {
        let post = Post::default();
        let run = |name: String| post.give(1, name);
        assert_eq!(run("x".repeat(schedule::MAX_NAME)), Ok(()), "nobody has it, and so it has run");
        assert_eq!(run("x".repeat(schedule::MAX_NAME + 1)), Err(TOO_MANY_RUNS));
        post.running.borrow_mut().extend((1..MAX_RUNNING as u64).map(|worker| (worker, String::new())));
        assert_eq!((run("one more".into()), post.running.borrow().len()), (Ok(()), MAX_RUNNING - 1));
        post.running.borrow_mut().insert((0, String::new()));
        assert_eq!((run("one more".into()), post.running.borrow().len()), (Err(TOO_MANY_RUNS), MAX_RUNNING));
    }
}
