//! The agent, as the master keeps it: a cluster of one, whose worker has no port. So it is started again by the same rules, and a
//! new one is ready before the old one leaves.
//!
//! The agent is ready before the first worker is started, and leaves behind the last. A reload begins with it: if the new agent
//! does not start, the workers stay as they are.

use super::{
    master::Master,
    news::News,
    options::{Options, Workers},
};
use crate::supervisor::Event;
use std::{io, rc::Rc};

impl Master {
    /// Starts the agent.
    pub(super) fn start_agent(&self) -> io::Result<Master> {
        let workers = self.clone();
        let news = move |news: &News| match news {
            News::Reloaded(_) => workers.happened(Event::Reload),
            News::NotReloaded(generation) => workers.news(News::NotReloaded(*generation)),
            news => {
                workers.news(News::OfAgent(Box::new(news.clone())));
                workers.changed();
            }
        };
        let of_one = Options {
            workers: Workers::Count(1),
            listen: Vec::new(),
            news: Some(Rc::new(news)),
            agent: false,
            ..self.options().clone()
        };
        Master::start_as(of_one, true, self.post().clone())
    }

    // ANCHOR: begin
    /// Keeps the agent, if there is one, and the workers, until all have ended.
    pub(super) async fn begin(self) {
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
                workers.changed();
            })
        };
        let serves = || agent.serves().then_some(true).or(agent.has_ended().then_some(false));
        let code = if self.until(serves).await { self.drive().await } else { 0 };
        watch.abort();
        agent.leave();
        let code = code.max(agent.ended().await);
        self.end(code);
    }
    // ANCHOR_END: begin
}
