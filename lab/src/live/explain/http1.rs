//! HTTP/1: RFC 9110 (what it means) and RFC 9112 (how it is written).

use super::table::{Row, Table};

const SPLIT: &str = "http1/src/parser/split.rs";
const CHUNKED: &str = "http1/src/parser/chunked.rs";
const FRAMING: &str = "http1/src/connection/framing.rs";
const TARGET: &str = "http1/src/connection/target.rs";
const RECEIVE: &str = "http1/src/connection/receive.rs";
const STATE: &str = "http1/src/connection/state.rs";
const ERRORS: &str = "http1/src/connection/error.rs";

const REQUEST_LINE: &str = "fn request_line(";
const FIELD_LINE: &str = "fn field_line(";

/// The sentences.
#[rustfmt::skip]
pub(crate) const HTTP1: Table = Table(&[
    // The request line.
    Row("method", "what the client wants done with the target; this name is not one of HTTP's own, and a server may know it", "RFC 9110 §9.1", SPLIT, REQUEST_LINE),
    Row("method GET", "send what the target stands for; the server changes nothing, so it may be asked again", "RFC 9110 §9.3.1", SPLIT, REQUEST_LINE),
    Row("method HEAD", "as GET, and the answer is the head alone, whatever lengths it names", "RFC 9110 §9.3.2", SPLIT, REQUEST_LINE),
    Row("method POST", "let the target work with the body; asking twice may do it twice", "RFC 9110 §9.3.3", SPLIT, REQUEST_LINE),
    Row("method PUT", "from now on the body is what the target stands for; asking twice changes nothing more", "RFC 9110 §9.3.4", SPLIT, REQUEST_LINE),
    Row("method DELETE", "let the target stand for nothing any more", "RFC 9110 §9.3.5", SPLIT, REQUEST_LINE),
    Row("method CONNECT", "open a tunnel to this host and port: after a 2xx the bytes are no HTTP any more", "RFC 9110 §9.3.6", SPLIT, REQUEST_LINE),
    Row("method OPTIONS", "tell what may be asked of the target", "RFC 9110 §9.3.7", SPLIT, REQUEST_LINE),
    Row("target", "what the request is about: usually a path and, behind `?`, a query", "RFC 9112 §3.2", TARGET, "pub fn parse("),
    Row("version", "the grammar that the client speaks; 1.1 keeps the connection open unless somebody says close", "RFC 9112 §2.3", SPLIT, "fn version("),
    // Fields. A value is explained by its name.
    Row("field", "a name that HTTP itself gives no meaning to here: it is handed to the application as it is", "RFC 9110 §5.1", SPLIT, FIELD_LINE),
    Row("field accept", "which media types the client understands, and which it likes better", "RFC 9110 §12.5.1", SPLIT, FIELD_LINE),
    Row("field accept-encoding", "which compressions of the answer the client can undo", "RFC 9110 §12.5.3", SPLIT, FIELD_LINE),
    Row("field accept-language", "which languages the person at the client reads", "RFC 9110 §12.5.4", SPLIT, FIELD_LINE),
    Row("field authorization", "who is asking, with the proof that the server has asked for", "RFC 9110 §11.6.2", SPLIT, FIELD_LINE),
    Row("field cache-control", "what caches between the two may keep, and for how long", "RFC 9111 §5.2", SPLIT, FIELD_LINE),
    Row("field connection", "what holds for this one connection alone: `close` ends it, a name in it is not passed on by a proxy", "RFC 9110 §7.6.1", FRAMING, "b\"connection\""),
    Row("field content-encoding", "how the body was compressed before it was framed", "RFC 9110 §8.4", SPLIT, FIELD_LINE),
    Row("field content-length", "how many bytes the body has: the next message begins right behind them", "RFC 9110 §8.6", FRAMING, "fn content_length("),
    Row("field content-type", "what kind of thing the body is", "RFC 9110 §8.3", SPLIT, FIELD_LINE),
    Row("field cookie", "what the server gave this client to remember, sent back with every request", "RFC 6265 §5.4", SPLIT, FIELD_LINE),
    Row("field date", "when the message was made", "RFC 9110 §6.6.1", FRAMING, "b\"date\""),
    Row("field expect", "`100-continue`: the client waits for a word before it sends the body", "RFC 9110 §10.1.1", FRAMING, "b\"expect\""),
    Row("field host", "which of the sites at this address is meant", "RFC 9110 §7.2", FRAMING, "b\"host\""),
    Row("field if-modified-since", "send it only if it has changed since then", "RFC 9110 §13.1.3", SPLIT, FIELD_LINE),
    Row("field if-none-match", "send it only if its entity tag is none of these: the client has those", "RFC 9110 §13.1.2", SPLIT, FIELD_LINE),
    Row("field last-event-id", "the last event that the client has seen: the stream goes on behind it", "HTML §9.2.4", SPLIT, FIELD_LINE),
    Row("field origin", "the site whose page asks: the browser writes it, and no script can change it", "RFC 6454 §7", SPLIT, FIELD_LINE),
    Row("field range", "which part of it is wanted", "RFC 9110 §14.2", SPLIT, FIELD_LINE),
    Row("field referer", "the page from which the client came here (misspelt in 1996, and for ever)", "RFC 9110 §10.1.3", SPLIT, FIELD_LINE),
    Row("field te", "which transfer codings the client takes, and whether it reads trailers", "RFC 9110 §10.1.4", SPLIT, FIELD_LINE),
    Row("field trailer", "which fields will follow the body", "RFC 9110 §6.6.2", SPLIT, FIELD_LINE),
    Row("field transfer-encoding", "how the body is framed: `chunked` says the length of each piece as it comes", "RFC 9112 §6.1", FRAMING, "fn transfer_coding("),
    Row("field upgrade", "to which protocol the client would like to change on this connection", "RFC 9110 §7.8", FRAMING, "b\"upgrade\""),
    Row("field user-agent", "the program that is asking, in its own words", "RFC 9110 §10.1.5", SPLIT, FIELD_LINE),
    Row("field via", "the proxies that the message came through", "RFC 9110 §7.6.3", SPLIT, FIELD_LINE),
    Row("field x-forwarded-for", "for whom a proxy asks, as it says itself: anybody can write it", "RFC 7239 §1", SPLIT, FIELD_LINE),
    // Bodies.
    Row("data", "bytes of the body: they mean what the application makes of them, and are never looked at for line ends", "RFC 9112 §6", RECEIVE, "fn receive_body"),
    Row("size", "how many bytes of the body follow, in hexadecimal; behind `;` an extension that nobody needs; 0 ends the body", "RFC 9112 §7.1", CHUNKED, "fn digit("),
    // Bytes that belong to no part.
    Row("byte SP", "one space between two parts of the line; a second one would be refused", "RFC 9112 §3", SPLIT, "fn split_at_space("),
    Row("byte :", "the colon ends the name; nothing may stand before it, and spaces behind it count for nothing", "RFC 9112 §5.1", SPLIT, "Rule::MissingColon"),
    Row("byte CR", "the first half of a line end: by itself it is refused, because some programs would take it for a whole one", "RFC 9112 §2.2", SPLIT, "fn line("),
    Row("byte LF", "the second half of a line end: by itself it is refused, because two programs could disagree about it", "RFC 9112 §2.2", SPLIT, "fn line("),
    Row("byte", "no part of it was understood: it stands behind the mistake, or its line has not all come", "RFC 9112 §2.2", RECEIVE, "fn receive_request"),
    // Events and states of the reader.
    Row("event request", "the empty line has come: the head is whole, and the handler may start before the body is there", "RFC 9112 §2.1", RECEIVE, "fn receive_request"),
    Row("event response", "the server's head is out: from here on its status cannot be changed", "RFC 9112 §4", "http1/src/connection/state.rs", "FinalHead"),
    Row("event data", "a piece of the body, lent from the buffer that it was read into", "RFC 9112 §6", RECEIVE, "fn data<"),
    Row("event end", "the message is over, trailers included: the next byte begins another", "RFC 9112 §6.3", RECEIVE, "fn end<"),
    Row("event error", "the server has understood enough to refuse: it answers, and reads nothing that comes behind", "RFC 9112 §2.2", ERRORS, "pub struct Error"),
    Row("state request line", "the reader waits for a whole first line: method, target, version", "RFC 9112 §3", SPLIT, REQUEST_LINE),
    Row("state field name", "the reader is at the start of a line: a name, or the empty line that ends the head", "RFC 9112 §5", SPLIT, FIELD_LINE),
    Row("state field value", "the reader is behind the colon and waits for the end of the line", "RFC 9112 §5", SPLIT, FIELD_LINE),
    Row("state empty line", "the line end that ends the head: now the framing of the body is decided", "RFC 9112 §6.3", SPLIT, "fn field_section("),
    Row("state message body", "bytes are counted now and no longer read", "RFC 9112 §6", RECEIVE, "fn receive_body"),
    // States of the two sides.
    Row("state Idle", "it is between two messages: nothing is owed", "RFC 9112 §9", STATE, "    Idle,"),
    Row("state Respond", "it owes an answer to what has come", "RFC 9112 §9.2", STATE, "    Respond,"),
    Row("state Body", "its head is out, its body is not", "RFC 9112 §6", STATE, "    Body,"),
    Row("state Done", "its message is out; it waits for the other side", "RFC 9112 §9.3", STATE, "    Done,"),
    Row("state MustClose", "that was its last message: the connection ends when the other side is done", "RFC 9112 §9.6", STATE, "    MustClose,"),
    Row("state Closed", "it sends no more, and what comes is not read", "RFC 9112 §9.6", STATE, "    Closed,"),
    Row("state Switched", "the bytes are another protocol's from here on", "RFC 9110 §7.8", STATE, "    Switched,"),
    Row("state Failed", "it broke a rule: nothing that it sends has a meaning any more", "RFC 9112 §2.2", STATE, "    Failed,"),
    // Spelling.
    Row("error BareCr", "a CR alone could be a line end to one program and a letter to the next, so an attacker could hide a line in it", "RFC 9112 §2.2", SPLIT, "Rule::BareCr"),
    Row("error BareLf", "a LF alone could be a line end to one program and a letter to the next, so an attacker could hide a line in it", "RFC 9112 §2.2", SPLIT, "Rule::BareLf"),
    Row("error Method", "a method is letters, digits and !#$%&'*+-.^_`|~, and exactly one space ends it", "RFC 9112 §3.1", SPLIT, REQUEST_LINE),
    Row("error MethodTooLong", "no method is this long: the server stops reading before somebody makes it remember a megabyte", "RFC 9112 §3", SPLIT, "Rule::MethodTooLong"),
    Row("error Target", "a target is visible ASCII without spaces, in one of four forms, and its method says which", "RFC 9112 §3.2", TARGET, "Violation::Target"),
    Row("error LineTooLong", "the first line is longer than the server's limit, which is what keeps its memory its own", "RFC 9112 §3", SPLIT, "Rule::LineTooLong"),
    Row("error Version", "behind the target stands HTTP/, a digit, a point and a digit, and then at once the end of the line", "RFC 9112 §2.3", SPLIT, "fn version("),
    Row("error UnsupportedVersion", "the line is well formed, but only 1.0 and 1.1 are written like this", "RFC 9110 §15.6.6", SPLIT, "Rule::UnsupportedVersion"),
    Row("error StatusCode", "a status is three digits, the first of them not 0", "RFC 9112 §4", SPLIT, "fn status_line("),
    Row("error Reason", "the words behind a status hold no control characters", "RFC 9112 §4", SPLIT, "Rule::Reason"),
    Row("error StatusLineTooLong", "the status line is longer than the reader's limit", "RFC 9112 §4", SPLIT, "Rule::StatusLineTooLong"),
    Row("error LeadingSpace", "white space behind the first line once let a field pass one program and hide from the next", "RFC 9112 §2.2", SPLIT, "Rule::LeadingSpace"),
    Row("error ObsoleteFold", "a line that begins with a space used to continue the one before; programs that do not know that read another message", "RFC 9112 §5.2", SPLIT, "Rule::ObsoleteFold"),
    Row("error EmptyName", "a field line begins with at least one letter of a name", "RFC 9112 §5", SPLIT, "Rule::EmptyName"),
    Row("error FieldName", "a field's name is letters, digits and !#$%&'*+-.^_`|~, so that nobody can read two names in it", "RFC 9110 §5.1", SPLIT, "Rule::FieldName"),
    Row("error RequestLine", "a request line is a method, a target and a version, with one space between them", "RFC 9112 §3", SPLIT, REQUEST_LINE),
    Row("error SpaceBeforeColon", "a space before the colon made some proxies overlook a Transfer-Encoding, and smuggling began there", "RFC 9112 §5.1", SPLIT, "Rule::SpaceBeforeColon"),
    Row("error MissingColon", "a line without a colon is neither a field nor the end of the head", "RFC 9112 §5", SPLIT, "Rule::MissingColon"),
    Row("error FieldValue", "a control character in a value would end it early in some programs; NUL is the worst of them", "RFC 9110 §5.5", SPLIT, "Rule::FieldValue"),
    Row("error TooManyFields", "there are more field lines than the server has room for", "RFC 6585 §5", SPLIT, "Rule::TooManyFields"),
    Row("error HeadTooLarge", "the head is longer than the server's limit, which is what keeps its memory its own", "RFC 6585 §5", SPLIT, "Rule::HeadTooLarge"),
    Row("error ChunkSize", "a chunk begins with its length in hexadecimal digits: no sign, no 0x, no space", "RFC 9112 §7.1", CHUNKED, "fn digit("),
    Row("error ChunkSizeTooLong", "more than 16 hexadecimal digits do not fit 64 bits: programs that wrap round read another length", "RFC 9112 §7.1", CHUNKED, "Rule::ChunkSizeTooLong"),
    Row("error ChunkExtension", "behind the length stands ; and a name, or the line end", "RFC 9112 §7.1.1", CHUNKED, "fn extension("),
    Row("error ChunkExtensionTooLong", "nobody needs extensions this long: they only keep a server reading", "RFC 9112 §7.1.1", CHUNKED, "Rule::ChunkExtensionTooLong"),
    Row("error ChunkEnd", "behind the bytes of a chunk stands a line end: where it is missing, the length was not true", "RFC 9112 §7.1", CHUNKED, "Rule::ChunkEnd"),
    // Meaning.
    Row("error ContentLength", "a length is one decimal number: where two stand, two programs may each believe another", "RFC 9112 §6.3", FRAMING, "fn content_length("),
    Row("error ContentLengthTooLarge", "no body has so many bytes: the number would wrap round", "RFC 9110 §8.6", FRAMING, "Violation::ContentLengthTooLarge"),
    Row("error LengthAndCoding", "one program would count bytes and the next read chunks: what one takes for the body, the other takes for a request", "RFC 9112 §6.1", FRAMING, "Violation::LengthAndCoding"),
    Row("error CodingInHttp10", "HTTP/1.0 knows no chunks: a program of that age would take the rest for something else", "RFC 9112 §6.1", FRAMING, "Violation::CodingInHttp10"),
    Row("error CodingUnknown", "nobody here can undo this coding, so where the body ends is unknown", "RFC 9112 §6.1", FRAMING, "Violation::CodingUnknown"),
    Row("error CodingInvalid", "chunked comes once, and last: only then does the body say where it ends", "RFC 9112 §6.3", FRAMING, "Violation::CodingInvalid"),
    Row("error HostMissing", "without Host nobody knows which of the sites at this address is meant", "RFC 9112 §3.2", FRAMING, "Violation::HostMissing"),
    Row("error HostRepeated", "with two Hosts a proxy may check one and the server use the other", "RFC 9112 §3.2", FRAMING, "Violation::HostRepeated"),
    Row("error HostInvalid", "a Host is a name or an address, and perhaps a port: no path, no user, no space", "RFC 9110 §7.2", FRAMING, "Violation::HostInvalid"),
    Row("error Misdirected", "the target names a scheme that this connection does not speak", "RFC 9110 §7.4", TARGET, "Violation::Misdirected"),
    Row("error Incomplete", "the connection ended before the message did: what has come is not all of it", "RFC 9112 §8", "http1/src/connection/error.rs", "    Incomplete,"),
    Row("error Unasked", "an answer without a question could be taken for that of the next one", "RFC 9112 §9.2", RECEIVE, "Violation::Unasked"),
]);
