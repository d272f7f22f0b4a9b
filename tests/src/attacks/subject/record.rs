//! What handlers write down.

use crate::allocations::unwatched;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use wirebook_net::{self as net, SharedSignal};

/// A record that handlers write on their server's thread, and that tests wait for on another.
#[derive(Debug, Default)]
pub struct Notes {
    record: Mutex<Record>,
    changed: SharedSignal,
}

impl Notes {
    /// Looks at the record.
    pub fn read<T>(&self, read: impl FnOnce(&Record) -> T) -> T {
        read(&self.record.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Writes something down, and tells whoever waits.
    pub fn write<T>(&self, write: impl FnOnce(&mut Record) -> T) -> T {
        let written = write(&mut self.record.lock().unwrap_or_else(PoisonError::into_inner));
        unwatched(|| self.changed.raise());
        written
    }

    /// Waits until the record is so, or the time is over; says whether it is.
    pub async fn wait(&self, time: Duration, holds: impl Fn(&Record) -> bool) -> bool {
        let so = self.changed.until(|| self.read(&holds).then_some(()));
        net::timeout(time, so).await.is_ok()
    }
}

/// What the handlers saw.
#[derive(Debug, Default)]
pub struct Record {
    /// Calls of HTTP, in order of dispatch.
    pub calls: Vec<Call>,
    /// Handlers that run now.
    pub running: usize,
    /// The most that ever did.
    pub most_running: usize,
    /// How each WebSocket connection ended, and when its handler knew.
    pub ends: Vec<(u16, Instant)>,
}

/// What one call of the handler got.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// As it was sent.
    pub method: String,
    /// As it was sent.
    pub target: String,
    /// Where the request goes, by the server's reading.
    pub authority: Option<String>,
    /// The path, by the server's reading.
    pub path: String,
    /// The field lines, looked at when the body was over.
    pub fields: Vec<(String, Vec<u8>)>,
    /// The body, if the handler read all of it.
    pub body: Option<Vec<u8>>,
    /// The error that it got in its place.
    pub body_error: Option<&'static str>,
    /// When it ended with an error, or was dropped, before its answer was out.
    pub cancelled: Option<Instant>,
}
