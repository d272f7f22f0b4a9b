//! The agent's side of a schedule: a timetable, and the two clocks that it is held against.

use crate::{
    driver::{Said, Worker},
    mail::Word,
    schedule::{Job, NotAdded, Timetable},
};
use chrono::Local;
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};
use wirebook_net as net;

/// See the module.
pub(super) struct Clock {
    table: RefCell<Timetable<Local>>,
    /// Jobs that wait for the beginning.
    early: RefCell<Vec<Job>>,
    runs: Cell<bool>,
}

impl Clock {
    /// Starts it; it runs when all serve, until the agent is to leave.
    pub(super) fn begin(agent: Worker) -> Rc<Clock> {
        let table = Timetable::new(net::now(), Local::now());
        let clock = Rc::new(Clock { table: RefCell::new(table), early: RefCell::default(), runs: Cell::new(false) });
        net::spawn(clock.clone().run(agent));
        clock
    }

    /// Takes a job. Its interval begins with the clock.
    pub(super) fn add(&self, job: Job) -> Result<(), NotAdded> {
        // Against a table that is thrown away: why it is not taken is known at once.
        let early = &mut *self.early.borrow_mut();
        if self.runs.get() {
            return self.table.borrow_mut().add(job, net::now(), Local::now());
        }
        let mut table = Timetable::new(net::now(), Local::now());
        for known in early.iter().chain([&job]) {
            table.add(known.clone(), net::now(), Local::now())?;
        }
        early.push(job);
        Ok(())
    }

    pub(super) fn counts(&self) -> Vec<(String, u64, u64)> {
        self.table.borrow().jobs().map(|view| (view.job.name.clone(), view.started, view.skipped)).collect()
    }

    // ANCHOR: clock
    async fn run(self: Rc<Self>, agent: Worker) {
        let mail = agent.mail();
        mail.came.until(|| (mail.is_whole() || mail.is_over() || agent.leaves()).then_some(())).await;
        self.runs.set(true);
        for job in self.early.take() {
            // It was taken by a table like this one.
            let _ = self.table.borrow_mut().add(job, net::now(), Local::now());
        }
        while !agent.leaves() && !mail.is_over() {
            let orders = self.look(&agent);
            for run in orders {
                if agent.say(&Said::Run { worker: run.worker, job: run.job }).await.is_err() {
                    return;
                }
            }
            let deadline = self.table.borrow().deadline();
            let left = deadline.map_or(Duration::MAX, |due| due.saturating_duration_since(net::now()));
            let mut first = true;
            // Whatever comes is looked at above.
            let came = mail.came.until(|| (!std::mem::take(&mut first)).then_some(()));
            let _ = net::timeout(left, came).await;
        }
    }
    // ANCHOR_END: clock

    /// Tells the timetable what is new, and asks what is to be done.
    fn look(&self, agent: &Worker) -> Vec<crate::schedule::Run> {
        let table = &mut *self.table.borrow_mut();
        let workers: Vec<u64> = agent.mail().workers().into_iter().map(|(worker, _)| worker).collect();
        table.workers(&workers, &agent.mail().others());
        while let Some(word) = agent.mail().next_word() {
            match word {
                Word::Runs(worker, job) => table.runs(&job, worker),
                Word::Ran(worker, job) => table.ended(&job, worker),
                // Only workers run something.
                Word::Run(_) => {}
            }
        }
        table.expire(net::now(), Local::now());
        std::iter::from_fn(|| table.order()).collect()
    }
}
