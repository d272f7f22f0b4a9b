//! A server of HTTP/1 leaves; an event stream is one of its answers, and a WebSocket was.

use crate::farewell::{Drain, Phase};
use std::{future::Future, pin::Pin};
use wirebook_http1::Server;

impl Drain for Server {
    fn enter(&self, phase: Phase) {
        match phase {
            Phase::LameDuck => self.retire(),
            Phase::CloseIdle => self.close(),
            // A handler that lasts waits for `Worker::told_to_end`, and ends by itself.
            Phase::LongOnes => {}
            // Who is told to hurry comes here without the phases between: those that idle are closed now.
            Phase::Deadline => {
                self.close();
                self.abort();
            }
        }
    }

    fn open(&self) -> usize {
        self.connections()
    }

    /// Also a connection that is taken and not accepted yet is served: the server accepts until it closes.
    fn gone(&self) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        Box::pin(self.closed())
    }
}
