//! What is run or measured while the reader watches: parsers that race, the reader's own code, a feed, workers.

use super::table::{Row, Table};

const CONTESTANTS: &str = "lab/race/src/contestants.rs";
const SPLIT: &str = "http1/src/parser/split.rs";
const SIMD: &str = "http1/src/parser/simd/mod.rs";
const CHUNKED: &str = "http1/src/parser/chunked.rs";
const CHANNEL: &str = "sse/src/channel.rs";
const SOURCE: &str = "sse/src/source/connection.rs";
const STATE: &str = "cluster/src/supervisor/state.rs";
const REQUEST: &str = "RFC 9112 §3";
const RECONNECTION: &str = "HTML §9.2.3";

/// Who races.
#[rustfmt::skip]
pub(crate) const RACE: Table = Table(&[
    Row("parser httparse", "the parser that most Rust servers use: all others are measured by it", "crates.io", CONTESTANTS, "pub const REFERENCE"),
    Row("parser split", "what one would write first: it finds the end of the line, then splits the line, and so looks at every byte several times", REQUEST, SPLIT, "pub fn request<'a>("),
    Row("parser bytewise", "a state machine that looks at each byte once; a head that comes byte by byte costs it no more than one that comes whole", REQUEST, "http1/src/parser/bytewise.rs", "pub fn request<'a>("),
    Row("parser table", "one look-up in a table of 256 bytes says whether a byte may stand here, whatever the byte", REQUEST, "http1/src/parser/table.rs", "pub fn request<'a>("),
    Row("parser swar", "eight bytes in one word, asked together: no vectors, and no unsafe code", REQUEST, "http1/src/parser/swar.rs", "pub fn request<'a>("),
    Row("parser simd", "as many bytes at once as the vectors of this processor hold: what the server uses", REQUEST, SIMD, "pub fn request<'a>("),
    Row("parser simd, sse4.2", "the same with sixteen bytes at once, for processors without AVX2", REQUEST, SIMD, "    pub fn request<'a>("),
    Row("parser chunked", "our decoder of bodies in chunks, which checks the line end behind each chunk as well", "RFC 9112 §7.1", CHUNKED, "pub fn decode"),
]);

/// What the reader's own code is asked to do.
#[rustfmt::skip]
pub(crate) const READER: Table = Table(&[
    Row("stage head", "a request's first line and its fields: where each begins and ends, and what must be refused", REQUEST, SPLIT, "pub fn request<'a>("),
    Row("stage chunks", "a body in pieces, each behind its size in hexadecimal; a piece of size 0 is the last", "RFC 9112 §7.1", CHUNKED, "pub fn decode"),
    Row("stage unmask", "four bytes of key come first, and each byte behind them is the exclusive or of itself and a byte of the key", "RFC 6455 §5.3", "websocket/src/mask/mod.rs", "pub fn apply("),
    Row("stage frame", "two bytes to fourteen say what a frame is, how long it is, and by which key it is masked", "RFC 6455 §5.2", "websocket/src/frame.rs", "pub fn decode("),
    Row("stage events", "lines become fields, and an empty line hands the event over", "HTML §9.2.6", "sse/src/codec/decoder/by_line.rs", "fn dispatch("),
    Row("stage escape", "five characters of a text mean something to HTML, and are written as names", "HTML §13.3", "template/src/escape/mod.rs", "pub fn append("),
    Row("stage queue", "requests wait for a connection in turn, and a free one goes to whoever waits longest", "Node.js", "http1/src/agent/pool.rs", "pub(crate) async fn check_out("),
    Row("stage loop", "ticks before microtasks, both after every callback, and timers before what is immediate", "Node.js", "net/src/kernel/event_loop.rs", "fn drain("),
]);

/// What happens to a feed whose connection breaks.
#[rustfmt::skip]
pub(crate) const FEED: Table = Table(&[
    Row("moment connects", "the browser says which event it has seen last, and what came after that is sent again", RECONNECTION, CHANNEL, "pub fn subscribe("),
    Row("moment event", "an event that is whole is handed to the page, and its id is where the reader stands now", "HTML §9.2.6", SOURCE, "pub fn last_event_id("),
    Row("moment lost", "half of an event counts for nothing; the browser waits as long as `retry` says, and asks again by itself", RECONNECTION, SOURCE, "pub fn lost("),
    Row("moment cut", "the server breaks off in the middle of an event, as a network would", RECONNECTION, SOURCE, "pub fn lost("),
    Row("moment gap", "the server keeps its last events alone, and says how many the reader has missed for good", "a limit of ours", CHANNEL, "pub enum Resume"),
]);

/// Where a worker stands.
#[rustfmt::skip]
pub(crate) const WORKERS: Table = Table(&[
    Row("state resting", "the worker before it has died, and not for the first time: the next start waits, longer each time", "ours", STATE, "    Resting,"),
    Row("state starting", "its process is being started", "ours", STATE, "    Starting,"),
    Row("state online", "its process runs, and has said so through its channel", "Node.js", STATE, "    Online,"),
    Row("state listening", "it has asked the master for a port, and does not serve yet", "Node.js", STATE, "    Listening,"),
    Row("state ready", "it serves, and gives a sign of life from time to time", "ours", STATE, "    Ready,"),
    Row("state bowing", "it wants to leave, and serves on until its successor is ready", "ours", STATE, "    Bowing,"),
    Row("state draining", "it takes no more connections, and ends with the last that it has", "ours", STATE, "    Draining,"),
    Row("state hung", "it gives no sign of life any more: it is killed, and another takes its place", "ours", STATE, "    Hung,"),
    Row("state killed", "its time was up, or it broke a rule of the channel: it is killed", "ours", STATE, "    Killed,"),
    Row("state gone", "its process has ended, and somebody has taken its status: no zombie is left", "waitpid(2)", STATE, "    Gone,"),
]);
