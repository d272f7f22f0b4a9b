//! What moves connections about: an agent's pool, a cluster's policies, and the farewell of a worker.

use super::table::{Row, Table};

const POOL: &str = "http1/src/agent/pool.rs";
const CONNECTION: &str = "http1/src/agent/connection.rs";
const POLICY: &str = "cluster/src/policy/mod.rs";
const FAREWELL_FILE: &str = "cluster/src/farewell/mod.rs";
const CONNECTIONS: &str = "http1/src/server/connections.rs";

/// What a reader does to an agent.
#[rustfmt::skip]
pub(crate) const AGENT: Table = Table(&[
    Row("act send", "a request takes a connection that idles, or a new one, or waits in the queue for the one that comes free first", "RFC 9112 §9.4", POOL, "pub(crate) async fn check_out("),
    Row("act answer", "with the end of its answer a connection is free: whoever waits longest gets it, and else it idles", "RFC 9112 §9.3", POOL, "fn take_back(self: &Rc<Self>, group"),
    Row("act close", "an idle connection that the server closes is forgotten, and one that owed an answer takes its request along", "RFC 9112 §9.5", CONNECTION, "pub(crate) fn failed("),
    Row("act give up", "the answer to a request that was given up may still come, so nobody else may have the connection", "RFC 9112 §9.5", CONNECTION, "pub(crate) fn abort("),
    Row("act wait 1 s", "a connection that has idled too long is closed here, before the server does the same", "RFC 9112 §9.5", POOL, "fn sweep(self"),
]);

/// Who gets a connection.
#[rustfmt::skip]
pub(crate) const SHARES: Table = Table(&[
    Row("policy round_robin", "the master accepts, and gives connections out in turn: shares differ by one at most", "Node.js", POLICY, "    RoundRobin,"),
    Row("policy fewest", "the master accepts, and gives to whoever has the fewest open, so that long ones are levelled out", "ours", POLICY, "    Fewest,"),
    Row("policy sticky", "the same client meets the same worker, so shares are as uneven as clients are", "ours", POLICY, "    Sticky(Sticky),"),
    Row("policy shared", "all workers accept from one queue, and who has more than its share lets the others go first", "ours", POLICY, "    Shared,"),
    Row("policy reuse_port", "the system spreads connections over a queue for each slot: the master has a copy of each, so what waits there outlives the worker", "socket(7)", POLICY, "    ReusePort,"),
]);

/// How a worker leaves.
#[rustfmt::skip]
pub(crate) const FAREWELL: Table = Table(&[
    Row("moment SIGTERM", "nobody new is accepted, and each answer says `close`; idle connections are left alone, because a request may be on its way", "RFC 9112 §9.6", FAREWELL_FILE, "    LameDuck,"),
    Row("moment SIGTERM again", "whoever says it twice has no patience: the deadline is now", "ours", FAREWELL_FILE, "pub fn hurry("),
    Row("moment connections that still idle are closed", "their clients have had time to ask once more, and to hear that it was the last time", "RFC 9112 §9.6", FAREWELL_FILE, "    CloseIdle,"),
    Row("moment what lasts is told to end, one after the other", "a WebSocket ends with 1001 and a stream of events with its end; all at once would come back all at once", "RFC 6455 §7.4.1", FAREWELL_FILE, "    LongOnes,"),
    Row("moment nothing is left", "all have gone by themselves, and the worker ends before its deadline", "ours", FAREWELL_FILE, "let gone = async"),
    Row("moment what is left is broken off", "a worker that waited for the last client could wait for ever", "ours", FAREWELL_FILE, "    Deadline,"),
    Row("moment asks", "the connection was left open, so the request is answered as ever", "RFC 9112 §9.3", CONNECTIONS, "pub fn gives_last_answers("),
    Row("moment is answered", "the answer does not say that it is the last: the connection stays", "RFC 9112 §9.3", CONNECTIONS, "pub fn gives_last_answers("),
    Row("moment is answered, for the last time", "`connection: close` stands in the answer, so that the client knows before it asks again", "RFC 9112 §9.6", CONNECTIONS, "pub(super) fn retire("),
    Row("moment goes, and finds another worker", "its next request opens a connection, and a worker that stays takes it", "RFC 9112 §9.6", CONNECTIONS, "pub(super) fn retire("),
    Row("moment is closed while it idles", "nothing was asked on it, so nothing is lost", "RFC 9112 §9.5", CONNECTIONS, "pub(super) fn close("),
    Row("moment is broken off", "its answer had not come to an end at the deadline", "RFC 9112 §9.5", FAREWELL_FILE, "    Deadline,"),
]);
