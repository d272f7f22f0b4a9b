//! The agent, as the master keeps it: a cluster of one, whose worker has no port. So it is started again by the same rules, and a
//! new one is ready before the old one leaves.
//!
//! The agent is ready before the first worker is started, and leaves behind the last. A reload begins with it: if the new agent
//! does not start, the workers stay as they are.

use super::{
    master::Master,
    news::News,
    options::{Options, Workers},
    port::Begin,
};
use crate::supervisor::Event;
use std::{io, rc::Rc};

impl Master {
    /// Starts the agent.
    pub(super) fn start_agent(&self) -> io::Result<Master> {
        let workers = self.clone();
        let news = move |news: &News| match news {
            News::Reloaded(_) => workers.happened(Event::Reload),
            News::NotReloaded(generation) => {
                workers.0.last_reload.set(Some((*generation, false)));
                workers.news(News::NotReloaded(*generation));
                workers.wake();
            }
            news => {
                workers.news(News::OfAgent(Box::new(news.clone())));
                workers.0.agent_moved.raise();
            }
        };
        let of_one = Options {
            workers: Workers::Count(1),
            listen: Vec::new(),
            news: Some(Rc::new(news)),
            agent: false,
            guests: None,
            place: None,
            log: None,
            ..self.options().clone()
        };
        Master::begin(of_one, Begin { of_agent: Some(self.0.post.clone()), ..Begin::default() })
    }

    // ANCHOR: keep
    /// Keeps the agent, if there is one, and the workers, until all have ended.
    pub(super) async fn keep(self) {
        let Some(agent) = self.helper().cloned() else {
            let code = self.drive().await;
            return self.end(code);
        };
        // The agent gives up for all: without it nobody runs what is to be run.
        let watch = {
            let (workers, agent) = (self.clone(), agent.clone());
            wirebook_net::spawn(async move {
                agent.ended().await;
                workers.leave();
                workers.0.agent_moved.raise();
            })
        };
        let serves = || agent.all_ready().then_some(true).or(agent.0.ended.get().map(|_| false));
        let code = if self.0.agent_moved.until(serves).await { self.drive().await } else { 0 };
        watch.abort();
        agent.leave();
        let code = code.max(agent.ended().await);
        self.end(code);
    }
    // ANCHOR_END: keep

    /// All have ended.
    fn end(&self, code: u8) {
        self.0.ended.set(Some(code));
        self.0.over.raise();
    }
}
