//! Stage 7: the queue of an agent, which keeps connections to one server.
//!
//! A request takes an idle connection: the one that became idle last, because the server has had the least time to close it.
//! Where there is none it opens a new one, as long as there are fewer than `max`. Otherwise it waits, and whoever has
//! waited longest goes first. Connections and requests are numbered from 1, in the order in which they begin.

use std::collections::VecDeque;

/// The connections to one server, and the requests that wait for one.
pub struct Queue {
    max: usize,
    /// How many connections there have been.
    opened: usize,
    busy: Vec<(usize, usize)>,
    /// The one that became idle last stands last.
    idle: Vec<usize>,
    waiting: VecDeque<usize>,
}

impl Queue {
    /// No connections yet, and never more than `max`.
    pub fn new(max: usize) -> Queue {
        Queue { max, opened: 0, busy: Vec::new(), idle: Vec::new(), waiting: VecDeque::new() }
    }

    /// The program makes a request.
    pub fn send(&mut self, request: usize) {
        self.waiting.push_back(request);
        self.fill();
    }

    /// The server has answered the request of this connection, which can carry another one.
    pub fn answered(&mut self, connection: usize) {
        self.busy.retain(|(busy, _)| *busy != connection);
        self.idle.push(connection);
        self.fill();
    }

    /// The server has closed this connection, which was idle.
    pub fn closed(&mut self, connection: usize) {
        self.idle.retain(|idle| *idle != connection);
        self.fill();
    }

    /// The program gives up its youngest request that is not answered. If it waits, it waits no more. If it is on its way,
    /// its connection is of no use to anybody (an answer would come that nobody wants) and is closed.
    pub fn give_up(&mut self) {
        if self.waiting.pop_back().is_none() {
            let youngest = self.busy.iter().map(|(_, request)| *request).max();
            self.busy.retain(|(_, request)| Some(*request) != youngest);
            self.fill();
        }
    }

    /// The connections, each with the request that it carries.
    pub fn connections(&self) -> Vec<(usize, Option<usize>)> {
        let busy = self.busy.iter().map(|&(connection, request)| (connection, Some(request)));
        busy.chain(self.idle.iter().map(|&connection| (connection, None))).collect()
    }

    /// How many requests wait.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Gives requests that wait their connections, as long as there are any.
    fn fill(&mut self) {
        while !self.waiting.is_empty() && (!self.idle.is_empty() || self.busy.len() < self.max) {
            let connection = self.idle.pop().unwrap_or_else(|| {
                self.opened += 1;
                self.opened
            });
            let request = self.waiting.pop_front();
            self.busy.extend(request.map(|request| (connection, request)));
        }
    }
}
