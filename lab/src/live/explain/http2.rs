//! HTTP/2: RFC 9113, with the header compression of RFC 7541 above it and the records of RFC 8446 beneath.

use super::table::{Row, Table};

const HEADER: &str = "http2/src/wire/header.rs";
const FRAME: &str = "http2/src/wire/frame.rs";
const SETTINGS: &str = "http2/src/wire/settings.rs";
const ERROR: &str = "http2/src/wire/error.rs";
const STATE: &str = "http2/src/stream/state.rs";
const RECEIVE: &str = "http2/src/connection/receive.rs";
const BLOCK: &str = "http2/src/connection/block.rs";
const EVENT: &str = "http2/src/event.rs";
const HPACK: &str = "http2/hpack/src/error.rs";
const WINDOW: &str = "http2/src/stream/window.rs";
const CLOCK: &str = "http2/src/connection/clock.rs";
const RECORD: &str = "net/tls/src/record.rs";
const BUDGET: &str = "http2/src/connection/budget.rs";
const REPRESENTATION: &str = "http2/hpack/src/representation.rs";
const PRIORITY: &str = "http2/src/stream/priority.rs";

/// Frames, streams and field blocks.
#[rustfmt::skip]
pub(crate) const HTTP2: Table = Table(&[
    // Parts.
    Row("preface", "what a client sends first, so that a server of HTTP/1.1 refuses it and one of HTTP/2 knows it", "RFC 9113 §3.4", RECEIVE, "fn preface("),
    Row("length", "how many bytes of payload follow: 24 bits, and no more than our SETTINGS allow", "RFC 9113 §4.1", HEADER, "pub length: u32"),
    Row("kind DATA", "a piece of a message's content", "RFC 9113 §6.1", HEADER, "    Data,"),
    Row("kind HEADERS", "opens a stream with the fields of a message, or ends one with trailers", "RFC 9113 §6.2", HEADER, "    Headers,"),
    Row("kind PRIORITY", "says as RFC 7540 did which stream comes first, and nobody listens any more", "RFC 9113 §6.3", HEADER, "    Priority,"),
    Row("kind RST_STREAM", "ends a stream at once, and says why", "RFC 9113 §6.4", HEADER, "    RstStream,"),
    Row("kind SETTINGS", "says what its sender allows", "RFC 9113 §6.5", HEADER, "    Settings,"),
    Row("kind PUSH_PROMISE", "announces an answer to a question that nobody has asked, and browsers have given it up", "RFC 9113 §6.6", HEADER, "    PushPromise,"),
    Row("kind PING", "asks for the same eight bytes back", "RFC 9113 §6.7", HEADER, "    Ping,"),
    Row("kind GOAWAY", "says which streams still count, and that no more are taken", "RFC 9113 §6.8", HEADER, "    Goaway,"),
    Row("kind WINDOW_UPDATE", "lets the other end send so many bytes of DATA more", "RFC 9113 §6.9", HEADER, "    WindowUpdate,"),
    Row("kind CONTINUATION", "goes on with the field block of the HEADERS before it", "RFC 9113 §6.10", HEADER, "    Continuation,"),
    Row("kind PRIORITY_UPDATE", "says how urgent a stream is", "RFC 9218 §7.1", HEADER, "    PriorityUpdate,"),
    Row("kind UNKNOWN", "a kind that we do not know is passed over, with all its payload", "RFC 9113 §5.5", HEADER, "    Unknown(u8),"),
    Row("flags", "eight bits, each with a meaning of its own in each kind of frame", "RFC 9113 §4.1", HEADER, "pub struct Flags"),
    Row("stream", "which message the frame belongs to: a client's streams have odd numbers, and 0 is the connection itself", "RFC 9113 §5.1.1", HEADER, "pub stream: StreamId"),
    Row("last stream", "of the streams that the receiver has opened, those above this one have not been looked at", "RFC 9113 §6.8", FRAME, "Frame::Goaway { last:"),
    Row("padding", "bytes that mean nothing, so that nobody sees how long the content is; the first says how many there are at the end", "RFC 9113 §6.1", FRAME, "fn unpadded"),
    Row("dependency", "the stream that this one waits for, and its weight; nobody listens to it any more", "RFC 9113 §5.3.2", FRAME, "pub struct Dependency"),
    Row("code", "why a stream or the connection ends", "RFC 9113 §7", FRAME, "RstStream { stream, code:"),
    Row("setting", "two bytes for the name and four for the value", "RFC 9113 §6.5.1", SETTINGS, "pub fn entries"),
    Row("increment", "so many more bytes of DATA may come, on this stream or on the connection", "RFC 9113 §6.9", RECEIVE, "fn window("),
    Row("data", "bytes of a message, or words for people behind a GOAWAY", "RFC 9113 §6.1", RECEIVE, "fn content("),
    Row("payload", "what the kind of frame says that it is; of a kind that nobody knows, nothing", "RFC 9113 §4.1", FRAME, "pub fn read("),
    Row("field", "a field of the head, as HPACK writes it: an index of a table, or spelled out", "RFC 7541 §6", REPRESENTATION, "pub enum Kind"),
    Row("table size", "the encoder makes its dynamic table as large as this", "RFC 7541 §6.3", REPRESENTATION, "    Size,"),
    Row("fragment", "a piece of a field block, which is read when all of it is here", "RFC 9113 §4.3", BLOCK, "fn whole("),
    Row("byte", "a byte that belongs to no frame: it is not what a client begins with", "RFC 9113 §3.4", RECEIVE, "fn preface("),
    // Bits.
    Row("bit length", "the length of the payload, its high byte first", "RFC 9113 §4.1", HEADER, "pub length: u32"),
    Row("bit END_STREAM", "set: its sender has said all on this stream", "RFC 9113 §6.1", HEADER, "pub const END_STREAM"),
    Row("bit END_HEADERS", "set: the field block ends here; not set: CONTINUATION follows", "RFC 9113 §6.2", HEADER, "pub const END_HEADERS"),
    Row("bit PADDED", "set: the first byte of the payload says how many bytes of padding stand at its end", "RFC 9113 §6.1", HEADER, "pub const PADDED"),
    Row("bit PRIORITY", "set: five bytes of an old priority stand before the fields", "RFC 9113 §6.2", HEADER, "pub const PRIORITY"),
    Row("bit ACK", "set: this is the answer to a frame of the same kind", "RFC 9113 §6.5", HEADER, "pub const ACK"),
    Row("bit unused flag", "a flag that means nothing in this kind of frame is passed over", "RFC 9113 §4.1", HEADER, "pub const fn has("),
    Row("bit R", "a reserved bit that means nothing, whether it is set or not", "RFC 9113 §4.1", HEADER, "StreamId::read(stream)"),
    // Where the reader stands, and where streams do.
    Row("state preface", "the reader compares byte by byte, and gives up at the first that differs", "RFC 9113 §3.4", RECEIVE, "fn preface("),
    Row("state header", "the reader waits for the nine bytes, and judges the frame by them", "RFC 9113 §4.1", HEADER, "pub fn check("),
    Row("state payload", "the reader takes DATA as it comes, and waits for all of anything else", "RFC 9113 §4.1", RECEIVE, "pub(super) fn step("),
    Row("stream Idle", "the other end may open this stream, and has not yet", "RFC 9113 §5.1", STATE, "    Idle,"),
    Row("stream Unopened", "this end may open this stream, and has not yet", "RFC 9113 §5.1", STATE, "    Unopened,"),
    Row("stream Open", "both ends may speak on this stream", "RFC 9113 §5.1", STATE, "    Open,"),
    Row("stream HalfClosedLocal", "the reader has said all on this stream, and may still be spoken to", "RFC 9113 §5.1", STATE, "    HalfClosedLocal,"),
    Row("stream HalfClosedRemote", "the sender of these bytes has said all on this stream, and waits for the answer", "RFC 9113 §5.1", STATE, "    HalfClosedRemote,"),
    Row("stream Ended", "both ends have said all on this stream", "RFC 9113 §5.1", STATE, "    Ended,"),
    Row("stream ResetByPeer", "the sender of these bytes has ended the stream at once", "RFC 9113 §5.1", STATE, "    ResetByPeer,"),
    Row("stream ResetByUs", "the reader has ended the stream at once, and drops what is still on its way", "RFC 9113 §5.1", STATE, "    ResetByUs,"),
    // Events.
    Row("event request", "a request's head is whole: a stream is open", "RFC 9113 §8.3.1", EVENT, "    Request {"),
    Row("event response", "the head of an answer is whole; behind one of 100 to 199 another follows", "RFC 9113 §8.3.2", EVENT, "    Response {"),
    Row("event data", "a piece of the content, as it came, without its padding", "RFC 9113 §6.1", EVENT, "    Data {"),
    Row("event trailers", "fields behind the content, which end the message", "RFC 9113 §8.1", EVENT, "    Trailers {"),
    Row("event reset", "the other end wants no more of this stream", "RFC 9113 §6.4", EVENT, "    Reset {"),
    Row("event stream error", "a mistake that ends its own stream and leaves all others alone", "RFC 9113 §5.4.2", EVENT, "    StreamError("),
    Row("event goaway", "the other end takes no more streams", "RFC 9113 §6.8", EVENT, "    Goaway {"),
    Row("event room", "a window that was shut has opened", "RFC 9113 §6.9", EVENT, "    Room("),
    Row("event priority", "a stream has become more urgent, or less", "RFC 9218 §7", EVENT, "    Priority {"),
    Row("event settings", "what the other end allows; our acknowledgement is owed", "RFC 9113 §6.5", EVENT, "    Settings("),
    Row("event settings ack", "the other end has read what we allow", "RFC 9113 §6.5.3", EVENT, "    SettingsAck,"),
    Row("event ping", "a question for a sign of life: the answer is owed", "RFC 9113 §6.7", EVENT, "    Ping("),
    Row("event pong", "the answer to a PING of ours", "RFC 9113 §6.7", EVENT, "    Pong("),
    // Errors.
    Row("error Preface", "what comes first is not what a client of HTTP/2 begins with", "RFC 9113 §3.4", ERROR, "    Preface,"),
    Row("error FirstFrame", "each end begins with SETTINGS, so that the other knows at once what is allowed", "RFC 9113 §3.4", ERROR, "    FirstFrame,"),
    Row("error BlockInterrupted", "a field block comes in one piece: a reader that took other frames between would have to remember half of it", "RFC 9113 §6.10", ERROR, "    BlockInterrupted,"),
    Row("error BlockMissing", "there is no field block that this could go on with", "RFC 9113 §6.10", ERROR, "    BlockMissing,"),
    Row("error Push", "our SETTINGS forbid pushes, and a client never may send one", "RFC 9113 §8.4", ERROR, "    Push,"),
    Row("error PriorityUpdate", "only a client says how urgent a stream is, and never of the connection", "RFC 9218 §7.1", ERROR, "    PriorityUpdate,"),
    Row("error FrameTooLarge", "the length is above our SETTINGS: it is refused before a byte of the payload has come", "RFC 9113 §4.2", ERROR, "    FrameTooLarge,"),
    Row("error FrameLength", "this kind of frame has another length", "RFC 9113 §4.2", ERROR, "    FrameLength,"),
    Row("error Padding", "there is as much padding as payload, or more", "RFC 9113 §6.1", ERROR, "    Padding,"),
    Row("error NeedsStream", "this kind of frame is about a stream, and this one is about the connection", "RFC 9113 §6", ERROR, "    NeedsStream,"),
    Row("error NeedsConnection", "this kind of frame is about the connection, and this one is about a stream", "RFC 9113 §6", ERROR, "    NeedsConnection,"),
    Row("error SettingValue", "the setting cannot have this value", "RFC 9113 §6.5.2", ERROR, "    SettingValue,"),
    Row("error SettingWindow", "a window has 31 bits, and this one needs more", "RFC 9113 §6.5.2", ERROR, "    SettingWindow,"),
    Row("error SettingPush", "only a client can allow pushes", "RFC 9113 §6.5.2", ERROR, "    SettingPush,"),
    Row("error StreamIdle", "nobody has opened this stream, so there is nothing to say on it", "RFC 9113 §5.1", ERROR, "    StreamIdle,"),
    Row("error StreamOrder", "the numbers of streams only rise, and each end has its own", "RFC 9113 §5.1.1", ERROR, "    StreamOrder,"),
    Row("error StreamClosed", "the sender had said all on this stream, and now says more", "RFC 9113 §5.1", ERROR, "    StreamClosed,"),
    Row("error SelfDependency", "a stream that waits for itself would wait for ever", "RFC 7540 §5.3.1", ERROR, "    SelfDependency,"),
    Row("error StreamRefused", "more streams are open than we take; nothing was done, so it may be tried again", "RFC 9113 §5.1.2", ERROR, "    StreamRefused,"),
    Row("error WindowZero", "a window that opens by nothing is a mistake, and as a flood an attack", "RFC 9113 §6.9", ERROR, "    WindowZero,"),
    Row("error WindowOverflow", "a window has 31 bits, and with this update it would need more", "RFC 9113 §6.9.1", ERROR, "    WindowOverflow,"),
    Row("error WindowExceeded", "more DATA came than there was room for", "RFC 9113 §6.9", ERROR, "    WindowExceeded,"),
    Row("error FieldName", "a name is in lower case, and a token: two spellings would be two fields to one reader and one to another", "RFC 9113 §8.2.1", ERROR, "    FieldName,"),
    Row("error FieldValue", "a line end in a value would be the end of the field, once somebody passes it on as HTTP/1.1", "RFC 9113 §8.2.1", ERROR, "    FieldValue,"),
    Row("error ConnectionField", "what HTTP/1.1 says of its connection means nothing here, and would mean something behind a proxy", "RFC 9113 §8.2.2", ERROR, "    ConnectionField,"),
    Row("error PseudoLate", "pseudo-fields stand before all others", "RFC 9113 §8.3", ERROR, "    PseudoLate,"),
    Row("error PseudoUnknown", "no such pseudo-field exists in this kind of message", "RFC 9113 §8.3", ERROR, "    PseudoUnknown,"),
    Row("error PseudoRepeated", "a pseudo-field twice is two messages to two readers", "RFC 9113 §8.3", ERROR, "    PseudoRepeated,"),
    Row("error PseudoMissing", "a pseudo-field that every message of this kind has is not there", "RFC 9113 §8.3", ERROR, "    PseudoMissing,"),
    Row("error Method", "the method is no token", "RFC 9110 §9.1", ERROR, "    Method,"),
    Row("error Scheme", "the scheme is none, such as http or https would be", "RFC 3986 §3.1", ERROR, "    Scheme,"),
    Row("error Path", "the path does not begin with a slash, or holds a byte that no target has", "RFC 9113 §8.3.1", ERROR, "    Path,"),
    Row("error Authority", "the authority is no host with an optional port", "RFC 9113 §8.3.1", ERROR, "    Authority,"),
    Row("error HostMismatch", "the field host names another host than :authority, and two readers would serve two sites", "RFC 9113 §8.3.1", ERROR, "    HostMismatch,"),
    Row("error Connect", "a tunnel has an authority, and neither a scheme nor a path", "RFC 9113 §8.5", ERROR, "    Connect,"),
    Row("error Protocol", "nobody has allowed a tunnel for another protocol", "RFC 8441 §4", ERROR, "    Protocol,"),
    Row("error Status", "a status has three digits, and 101 does not exist here", "RFC 9113 §8.3.2", ERROR, "    Status,"),
    Row("error ContentLength", "the length is no number, or there are two different ones", "RFC 9113 §8.1.1", ERROR, "    ContentLength,"),
    Row("error LengthMismatch", "there is more content than the length said, or less", "RFC 9113 §8.1.1", ERROR, "    LengthMismatch,"),
    Row("error TrailersOpen", "fields behind the head are trailers, and end the stream", "RFC 9113 §8.1", ERROR, "    TrailersOpen,"),
    Row("error DataEarly", "content came before the head that it belongs to", "RFC 9113 §8.1", ERROR, "    DataEarly,"),
    Row("error InterimEnd", "an answer of 100 to 199 is followed by another, so it cannot be the end", "RFC 9113 §8.1", ERROR, "    InterimEnd,"),
    Row("error TooManyInterim", "a hundred promises of an answer are no answer", "RFC 9110 §15.2", ERROR, "    TooManyInterim,"),
    Row("error FieldsTooLarge", "the fields take more room than we give them; the table is kept in step all the same", "RFC 9113 §10.5.1", ERROR, "    FieldsTooLarge,"),
    Row("error BlockTooLarge", "so large a field block is refused before it is read", "RFC 9113 §10.5.1", ERROR, "    BlockTooLarge,"),
    Row("error TooManyContinuations", "so many pieces of a field block only cost: this was the flood of 2024", "RFC 9113 §10.5.1", ERROR, "    TooManyContinuations,"),
    Row("error TooManySettings", "nobody has so much to allow", "RFC 9113 §10.5", ERROR, "    TooManySettings,"),
    Row("error TooManyOwed", "who asks and does not read the answers fills the memory of others", "RFC 9113 §10.5", ERROR, "    TooManyOwed,"),
    Row("error TooManyResets", "requests that are taken back before their answer were work for nothing: rapid reset, and MadeYouReset", "RFC 9113 §10.5", ERROR, "    TooManyResets,"),
    Row("error TooManyIdle", "frames that move nothing cost all the same, and have come too fast", "RFC 9113 §10.5", ERROR, "    TooManyIdle,"),
    Row("error PrefaceTimeout", "a client that connects and says nothing holds a place", "RFC 9113 §9.1", ERROR, "    PrefaceTimeout,"),
    Row("error HeadTimeout", "a field block that was begun and does not end keeps its place here", "RFC 9113 §10.5", ERROR, "    HeadTimeout,"),
    Row("error SettingsTimeout", "our SETTINGS were not acknowledged in time", "RFC 9113 §6.5.3", ERROR, "    SettingsTimeout,"),
    Row("error PingTimeout", "no answer came to a PING: the other end is taken to be gone", "RFC 9113 §6.7", ERROR, "    PingTimeout,"),
    Row("error BodyTimeout", "the content of a message came too slowly, or not at all", "RFC 9113 §9.1", ERROR, "    BodyTimeout,"),
    Row("error WriteTimeout", "a window that somebody waits for stayed shut", "RFC 9113 §9.1", ERROR, "    WriteTimeout,"),
    Row("error Incomplete", "the transport ended in the middle of a message", "RFC 9113 §8.1", ERROR, "    Incomplete,"),
    // Of HPACK; each ends the connection, because the two tables are no longer one.
    Row("error IntegerTooLarge", "a number of so many octets is longer than any block, or made of endless zeros", "RFC 7541 §5.1", HPACK, "    IntegerTooLarge,"),
    Row("error Truncated", "the block ends within a number or a string", "RFC 7541 §5.2", HPACK, "    Truncated,"),
    Row("error HuffmanEos", "the symbol for the end of a text never stands in one", "RFC 7541 §5.2", HPACK, "    HuffmanEos,"),
    Row("error HuffmanPadding", "the last octet of a Huffman code is filled up with at most seven ones: anything else would be a second spelling", "RFC 7541 §5.2", HPACK, "    HuffmanPadding,"),
    Row("error IndexZero", "the index 0 names nothing", "RFC 7541 §6.1", HPACK, "    IndexZero,"),
    Row("error IndexUnknown", "the index lies behind the end of both tables: the two ends no longer hold the same", "RFC 7541 §2.3.3", HPACK, "    IndexUnknown,"),
    Row("error SizeTooLarge", "the table is never larger than our SETTINGS allow", "RFC 7541 §6.3", HPACK, "    SizeTooLarge,"),
    Row("error SizeTooLate", "the table changes its size at the start of a block, and nowhere else", "RFC 7541 §4.2", HPACK, "    SizeTooLate,"),
    Row("error SizeMissing", "a smaller table was asked for, and the next block must say that it is smaller", "RFC 7541 §4.2", HPACK, "    SizeMissing,"),
]);

/// Representations of header compression.
#[rustfmt::skip]
pub(crate) const HPACK_TABLE: Table = Table(&[
    Row("representation Indexed", "name and value stand in a table: the index is all that is sent", "RFC 7541 §6.1", REPRESENTATION, "    Indexed,"),
    Row("representation Inserted", "the value is spelled out, and both ends put the field into their tables", "RFC 7541 §6.2.1", REPRESENTATION, "    Inserted,"),
    Row("representation Literal", "the value is spelled out, and no table changes", "RFC 7541 §6.2.2", REPRESENTATION, "    Literal,"),
    Row("representation NeverIndexed", "the value is spelled out, and nobody on the way may ever put it into a table", "RFC 7541 §6.2.3", REPRESENTATION, "    NeverIndexed,"),
    Row("representation Size", "the table has this size from now on, and what no longer fits leaves", "RFC 7541 §6.3", REPRESENTATION, "    Size,"),
]);

/// Floods, by their names in the widget.
#[rustfmt::skip]
pub(crate) const FLOODS_TABLE: Table = Table(&[
    Row("flood rapid reset (2023)", "each request is taken back at once: the stream is over, and the handler has begun", "RFC 9113 §10.5", RECEIVE, "CVE-2023-44487"),
    Row("flood MadeYouReset: windows by nothing (2025)", "each request is followed by a mistake, so that the server takes it back itself", "RFC 9113 §10.5", RECEIVE, "Violation::WindowZero"),
    Row("flood MadeYouReset: DATA behind the end (2025)", "another mistake on each stream: what costs is the request, whoever resets it", "RFC 9113 §10.5", STATE, "Stream(Closed)"),
    Row("flood CONTINUATION (2024)", "a field block that never ends, which a server may not use before its end", "RFC 9113 §10.5.1", BLOCK, "fn whole("),
    Row("flood PING (2019)", "each of them wants an answer, and nobody may read the answers", "RFC 9113 §10.5", RECEIVE, "Answer::Pong"),
    Row("flood SETTINGS (2019)", "each of them wants an acknowledgement, though nothing has changed", "RFC 9113 §10.5", RECEIVE, "Answer::SettingsAck"),
    Row("flood empty DATA (2019)", "frames of content without a byte of content", "RFC 9113 §10.5", RECEIVE, "content == 0"),
    Row("flood windows that open by one byte (2019)", "room for a single byte, for which a server would write a whole frame", "RFC 9113 §10.5", RECEIVE, "§6.9"),
    Row("flood windows that open by a lot, for nothing", "room for content that nobody sends: a frame costs the same however far it opens", "RFC 9113 §10.5", RECEIVE, "§6.9"),
    Row("flood PRIORITY (2019)", "an order of streams that is changed again and again; here nobody keeps one", "RFC 9113 §10.5", RECEIVE, "Frame::Priority"),
    Row("flood frames of no known kind", "they must be passed over, and each of them has to be looked at for that", "RFC 9113 §5.5", RECEIVE, "Kind::Unknown"),
    Row("flood the HPACK bomb (2016)", "a field of 4 KiB goes into the table, and then one octet names it, two hundred times a request", "RFC 9113 §10.5.1", BUDGET, "fn spend"),
    Row("flood HPACK names that are copied", "a name of 4 KiB lies in the table, and two octets have it copied into a new entry, two hundred times a request", "RFC 7541 §7.3", BLOCK, "COPIED"),
]);

/// What a reader does with a stream, and what it means for the window.
#[rustfmt::skip]
pub(crate) const WINDOWS_TABLE: Table = Table(&[
    Row("reader reads at once", "what comes is read, and credit goes out when half of the window has been read", "RFC 9113 §6.9.1", WINDOW, "pub(crate) fn due("),
    Row("reader reads 1 MB a second", "credit goes out as fast as the reader reads, so the sender sends as fast as that", "RFC 9113 §5.2.1", WINDOW, "pub(crate) fn consume("),
    Row("reader waits for stream 3", "the bytes of stream 1 lie here unread, and take room of the connection that stream 3 needs", "RFC 9113 §5.2.2", WINDOW, "pub fn unread("),
    Row("reader never reads", "the window stays shut, and after half a minute the stream is given up", "RFC 9113 §5.2.2", CLOCK, "fn end_slow_streams"),
]);

/// Records of TLS.
#[rustfmt::skip]
pub(crate) const RECORDS_TABLE: Table = Table(&[
    Row("record ClientHello", "what the client speaks and whom it wants: no key is there yet, so everybody can read it", "RFC 8446 §4.1.2", RECORD, "pub fn client_hello("),
    Row("record ServerHello", "the server's half of the key exchange: from here on both have the key", "RFC 8446 §4.1.3", RECORD, "pub fn records("),
    Row("record ChangeCipherSpec", "means nothing any more: devices on the way that know TLS 1.2 alone want to see it", "RFC 8446 §5", RECORD, "    ChangeCipherSpec,"),
    Row("record application_data", "whatever is encrypted says that it is application data: a certificate, a request, an alert, the end", "RFC 8446 §5.2", RECORD, "    ApplicationData,"),
    Row("record alert", "an error, or the end; before there is a key it is in the clear", "RFC 8446 §6", RECORD, "    Alert,"),
    Row("record handshake", "a part of the handshake that is not encrypted", "RFC 8446 §4", RECORD, "    Handshake,"),
]);

/// Priorities, by what they say of turns.
#[rustfmt::skip]
pub(crate) const LANES_TABLE: Table = Table(&[
    Row("priority i", "a piece of it is of use: it takes turns with the others of its urgency, so each of them comes slowly", "RFC 9218 §4.2", PRIORITY, "pub incremental: bool"),
    Row("priority u", "it is of use only whole: it comes before what is less urgent, and behind what was asked for before it", "RFC 9218 §4.1", PRIORITY, "pub urgency: u8"),
    Row("priority none", "who says nothing has urgency 3, and is of use only whole", "RFC 9218 §4", PRIORITY, "urgency: 3"),
]);
