//! What handlers write down.

use std::time::Instant;

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
