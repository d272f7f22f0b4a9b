//! Event streams, the event loop, templates.

use super::table::{Row, Table};

const LINE: &str = "sse/src/codec/line.rs";
const BY_LINE: &str = "sse/src/codec/decoder/by_line.rs";
const KERNEL: &str = "net/src/kernel/event_loop.rs";
const SCRIPT: &str = "template/script/src/base/error.rs";
const OUTPUT: &str = "template/script/src/compile/output.rs";
const STATEMENT: &str = "template/script/src/compile/stmt.rs";
const EXPRESSION: &str = "template/script/src/expression/expr.rs";
const ACCESS: &str = "template/script/src/expression/access.rs";
const LOOPS: &str = "template/script/src/compile/loops.rs";
const CALL: &str = "template/script/src/expression/call.rs";
const INTERPRETATION: &str = "HTML §9.2.6";

/// Event streams.
#[rustfmt::skip]
pub(crate) const SSE: Table = Table(&[
    Row("bom", "a byte order mark: one at the very start is passed over, a second one is text", "HTML §9.2.5", LINE, "pub const BOM"),
    Row("comment", "a line that begins with a colon says nothing; servers send one now and then to keep the connection open", INTERPRETATION, LINE, "Line::Comment(&line"),
    Row("field data", "a line of the event's data: several are joined with line feeds", INTERPRETATION, BY_LINE, "b\"data\""),
    Row("field event", "the event's type: which listener of the page is called", INTERPRETATION, BY_LINE, "b\"event\""),
    Row("field id", "the event's place in the stream: it is sent back as Last-Event-ID when the connection is made again", INTERPRETATION, BY_LINE, "b\"id\""),
    Row("field retry", "how many milliseconds the client waits before it connects again", INTERPRETATION, LINE, "pub fn retry("),
    Row("field", "a name that is none of the four: the line is passed over", INTERPRETATION, BY_LINE, "fn process("),
    Row("byte :", "the colon ends the name; one space behind it is not part of the value", INTERPRETATION, LINE, "strip_prefix(b\" \")"),
    Row("byte SP", "one space behind the colon is not part of the value; a second one is", INTERPRETATION, LINE, "strip_prefix(b\" \")"),
    Row("byte CR", "ends a line, by itself or together with the LF behind it", "HTML §9.2.5", BY_LINE, "fn end_line("),
    Row("byte LF", "ends a line; a line end right behind a line end dispatches the event", "HTML §9.2.5", BY_LINE, "fn end_line("),
    Row("byte", "a byte of a line that has not ended: it means nothing yet", "HTML §9.2.5", BY_LINE, "fn push("),
    Row("event dispatch", "an empty line has come: what the lines before it said becomes one event, unless it has no data", INTERPRETATION, BY_LINE, "fn dispatch("),
    Row("state start of a line", "nothing of the next line has come", INTERPRETATION, BY_LINE, "fn push("),
    Row("state comment", "the line began with a colon: nothing in it counts", INTERPRETATION, LINE, "Line::Comment(&line"),
    Row("state field name", "everything up to the first colon is the name", INTERPRETATION, LINE, "pub fn parse("),
    Row("state field value", "everything behind the colon is the value, but for one space", INTERPRETATION, LINE, "pub fn parse("),
    Row("state empty line: dispatch", "the event that the lines before have made is handed over", INTERPRETATION, BY_LINE, "fn dispatch("),
]);

/// The lanes of the event loop.
#[rustfmt::skip]
pub(crate) const LOOP: Table = Table(&[
    Row("lane timers", "callbacks of timers whose time has come, earliest first", "libuv", KERNEL, "fn run_timers("),
    Row("lane pending", "what the turn before put off", "libuv", KERNEL, "fn run_pending("),
    Row("lane prepare", "the last moment before the loop may sleep", "libuv", KERNEL, "fn prepare("),
    Row("lane poll", "the loop sleeps here until a socket is ready, another thread calls, or a timer is due", "libuv", KERNEL, "fn poll("),
    Row("lane check", "callbacks of set_immediate", "libuv", KERNEL, "fn run_check("),
    Row("lane closing", "callbacks of what was closed", "libuv", KERNEL, "fn run_closing("),
    Row("lane tick", "a callback of next_tick: all ticks run before any microtask, after every callback", "Node.js", KERNEL, "fn drain("),
    Row("lane microtask", "a microtask: all of them run before the loop goes on, and those that they bring as well", "Node.js", KERNEL, "fn drain("),
    Row("lane task", "a task is polled as a microtask: spawn and await are made of that", "Node.js", KERNEL, "fn drain("),
    Row("lane timer", "a timer's callback or a sleep that is over; ticks and microtasks follow it before the next timer", "libuv", KERNEL, "fn run_timers("),
    Row("lane immediate", "a callback of set_immediate, in the check phase right behind the poll phase", "libuv", KERNEL, "fn run_check("),
    Row("lane I/O", "a socket has become ready, and those who waited for it are woken", "libuv", KERNEL, "fn source_ready("),
    Row("lane close", "a close callback, at the end of the turn", "libuv", KERNEL, "fn run_closing("),
    Row("lane alive", "the loop ends when none of these is left", "Node.js", "net/src/kernel/alive.rs", "What keeps a loop alive"),
    Row("lane note", "the program itself says this, in the line that is marked", "Node.js", KERNEL, "fn run_one_microtask("),
]);

/// Closures of templates, and their errors.
#[rustfmt::skip]
pub(crate) const TEMPLATE: Table = Table(&[
    Row("closure", "this piece of code has become a closure: running it is calling it, and nothing of the source is looked at again", "ECMA-262", EXPRESSION, "fn expr("),
    Row("closure text", "a text between the tags goes out as it stands, and costs one copy", "EJS", OUTPUT, "StmtKind::Text(text)"),
    Row("closure escaped", "`<%=` puts its value out with the five characters escaped that HTML gives a meaning", "EJS", OUTPUT, "\"put out escaped\""),
    Row("closure raw", "`<%-` puts its value out as it is: whoever wrote the value has written a part of the page", "EJS", OUTPUT, "\"put out raw\""),
    Row("closure slot", "where a name lies was found out before the first run, so that no run looks for it", "ECMA-262", ACCESS, "format!(\"slot {slot} ({name})\")"),
    Row("closure member", "a member is looked up in its object, and nothing is found there but what the data has", "ECMA-262", ACCESS, "\"member .{}\""),
    Row("closure call", "only functions that the template was given, or has itself, can be called", "ECMA-262", CALL, "\"call of {}\""),
    Row("closure include", "the other file is compiled once, and called with its data from then on", "EJS", CALL, "\"include\""),
    Row("closure for", "each turn of a loop costs steps, and a loop without end runs out of them", "ECMA-262", LOOPS, "\"for {} into {}\""),
    Row("closure if", "one of two closures is called, and the other is not", "ECMA-262", STATEMENT, "\"if\""),
    Row("closure block", "closures one after the other, whose names end with them", "ECMA-262", STATEMENT, "\"block\""),
    Row("error SyntaxError", "the code between the tags is not JavaScript, or a part of it that templates do not have", "ECMA-262", SCRIPT, "ErrorKind::Syntax =>"),
    Row("error ReferenceError", "nobody has given the template something of this name", "ECMA-262", SCRIPT, "ErrorKind::Reference =>"),
    Row("error TypeError", "the value has no such member, or cannot be called", "ECMA-262", SCRIPT, "ErrorKind::Type =>"),
    Row("error RangeError", "a number is outside what the function takes", "ECMA-262", SCRIPT, "ErrorKind::Range =>"),
    Row("error URIError", "a percent sign stands where no escape is", "ECMA-262", SCRIPT, "ErrorKind::Uri =>"),
    Row("error Error", "the template has thrown this itself, or a file that it includes is not there", "ECMA-262", SCRIPT, "ErrorKind::Thrown |"),
    Row("error StepLimit", "the template has used up its steps: a loop without end stops here, and the server goes on", "a limit of ours", SCRIPT, "ErrorKind::StepLimit =>"),
    Row("error OutputLimit", "the page has become larger than the limit", "a limit of ours", SCRIPT, "ErrorKind::OutputLimit =>"),
    Row("error MemoryLimit", "the values of the template have become larger than the limit", "a limit of ours", SCRIPT, "ErrorKind::MemoryLimit =>"),
    Row("error NestingLimit", "the code is nested deeper than the limit, which is what keeps the stack whole", "a limit of ours", SCRIPT, "ErrorKind::NestingLimit =>"),
    Row("error WriteError", "the page could not be written to where it goes", "a limit of ours", SCRIPT, "ErrorKind::Write =>"),
    Row("error data", "the data beside the template is not JSON", "RFC 8259 §2", SCRIPT, "pub enum ErrorKind"),
    Row("error warning", "the value stands where escaping alone does not keep it from becoming code", "OWASP", SCRIPT, "pub enum ErrorKind"),
]);
