//! Stage 7: the queue of an agent, which keeps connections to one server.
//!
//! A request takes an idle connection: the one that became idle last, because the server has had the least time to close it.
//! Where there is none it opens a new one, as long as there are fewer than `max`. Otherwise it waits, and whoever has
//! waited longest goes first. Connections and requests are numbered from 1, in the order in which they begin.

/// The connections to one server, and the requests that wait for one.
pub struct Queue {}

impl Queue {
    /// No connections yet, and never more than `max`.
    pub fn new(max: usize) -> Queue {
        Queue {}
    }

    /// The program makes a request.
    pub fn send(&mut self, request: usize) {}

    /// The server has answered the request of this connection, which can carry another one.
    pub fn answered(&mut self, connection: usize) {}

    /// The server has closed this connection, which was idle.
    pub fn closed(&mut self, connection: usize) {}

    /// The program gives up its youngest request that is not answered. If it waits, it waits no more. If it is on its way,
    /// its connection is of no use to anybody (an answer would come that nobody wants) and is closed.
    pub fn give_up(&mut self) {}

    /// The connections, each with the request that it carries.
    pub fn connections(&self) -> Vec<(usize, Option<usize>)> {
        Vec::new()
    }

    /// How many requests wait.
    pub fn waiting(&self) -> usize {
        0
    }
}
