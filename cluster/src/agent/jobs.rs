//! A worker's side of a schedule: it runs what the agent's clock tells it to.

use crate::{
    driver::{Said, Worker},
    farewell::{Drain, Phase},
    mail::Word,
};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    fmt,
    future::Future,
    pin::Pin,
    rc::Rc,
};
use wirebook_net as net;

type Task = Rc<dyn Fn() -> Pin<Box<dyn Future<Output = ()>>>>;

/// What a worker does for the agent's clock. Clones are the same.
#[derive(Clone, Default)]
pub struct Jobs(Rc<Inner>);

#[derive(Default)]
struct Inner {
    tasks: RefCell<BTreeMap<String, Task>>,
    running: RefCell<BTreeSet<String>>,
    tasks_running: RefCell<Vec<net::JoinHandle<()>>>,
    ended: net::Signal,
}

/// Whoever leaves finishes first what it runs.
impl Drain for Jobs {
    fn enter(&self, phase: Phase) {
        if phase == Phase::Deadline {
            self.0.tasks_running.take().iter().for_each(net::JoinHandle::abort);
            self.0.running.take();
            self.0.ended.raise();
        }
    }

    /// A job is no connection.
    fn open(&self) -> usize {
        0
    }

    fn gone(&self) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        Box::pin(self.0.ended.until(|| self.0.running.borrow().is_empty().then_some(())))
    }
}

impl fmt::Debug for Jobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.tasks.borrow().keys()).finish()
    }
}

impl Jobs {
    /// Says what is to be done for a job. What lasts is not started again meanwhile. A job that is not named here is none
    /// of this worker's, and over at once.
    pub fn on<F: AsyncFn() + 'static>(&self, name: impl Into<String>, task: F) -> &Self {
        let task = Rc::new(task);
        let start: Task = Rc::new(move || {
            let task = task.clone();
            Box::pin(async move { task().await })
        });
        self.0.tasks.borrow_mut().insert(name.into(), start);
        self
    }
}

impl Worker {
    /// Begins to obey the agent's clock; once for a worker.
    ///
    /// ```no_run
    /// # use wirebook_cluster::Worker;
    /// # fn of(worker: &Worker) {
    /// worker.jobs().on("clean", async || println!("cleaned"));
    /// # }
    /// ```
    pub fn jobs(&self) -> Jobs {
        let jobs = Jobs::default();
        self.leaves_behind(Rc::new(jobs.clone()));
        net::spawn(obey(self.clone(), jobs.0.clone()));
        jobs
    }
}

async fn obey(worker: Worker, jobs: Rc<Inner>) {
    let mail = worker.mail();
    loop {
        let next = || mail.next_word().map(Some).or(mail.is_over().then_some(None));
        let Some(word) = mail.came.until(next).await else { return };
        if let Word::Run(job) = word {
            let task = net::spawn(run(worker.clone(), jobs.clone(), job));
            jobs.tasks_running.borrow_mut().retain(|task| !task.is_finished());
            jobs.tasks_running.borrow_mut().push(task);
        }
    }
}

async fn run(worker: Worker, jobs: Rc<Inner>, job: String) {
    let task = jobs.tasks.borrow().get(&job).filter(|_| !worker.leaves()).cloned();
    if let Some(task) = task {
        jobs.running.borrow_mut().insert(job.clone());
        task().await;
        jobs.running.borrow_mut().remove(&job);
        jobs.ended.raise();
    }
    // The end of the channel is heard elsewhere.
    let _ = worker.say(&Said::Ran { job }).await;
}
