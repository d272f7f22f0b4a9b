//! The channel between processes.

use super::table::{Row, Table};

const CHANNEL_FILE: &str = "cluster/process/src/ipc/channel.rs";
const FRAME: &str = "cluster/process/src/ipc/frame.rs";
const MESSAGE: &str = "cluster/process/src/ipc/message.rs";
const ERROR: &str = "cluster/process/src/ipc/error.rs";

/// Lines, descriptors and answers.
#[rustfmt::skip]
pub(crate) const CHANNEL: Table = Table(&[
    Row("message", "what the peer's program says: any JSON", "RFC 8259 §2", MESSAGE, "Ok(Message::User(json))"),
    Row("wrapper", "what the channel puts around a message that speaks of a descriptor: the descriptor's kind stands in it", "Node.js", MESSAGE, "\"NODE_HANDLE\" =>"),
    Row("internal", "a message of the peer's runtime, which its program does not see: its cmd begins with NODE_", "Node.js", MESSAGE, "fn is_internal"),
    Row("command", "what the message of the runtime is for", "Node.js", MESSAGE, "_ => Ok(Message::Internal(command))"),
    Row("reply", "the peer has a descriptor of ours, or asks for it again", "Node.js", MESSAGE, "\"NODE_HANDLE_ACK\" =>"),
    Row("refused", "a message that breaks a rule: the channel ends with it", "ours", MESSAGE, "pub fn read("),
    Row("length", "how many bytes the message has: four bytes, the largest first", "Node.js", FRAME, "Framing::Lengths =>"),
    Row("descriptor", "an open socket, which the system gives to the reader together with the byte beneath it", "unix(7)", CHANNEL_FILE, "pub fn carried("),
    Row("read", "what one read brings: it ends behind a message that has a descriptor, and bytes that came before may share it", "unix(7)", CHANNEL_FILE, "pub fn carried("),
    Row("byte", "a byte of a message that has no end yet: it means nothing so far", "Node.js", FRAME, "pub fn next<"),
    Row("byte LF", "ends a message; a line feed within a string is written as \\n, so that none of them stands in a message", "Node.js", FRAME, "Framing::Lines =>"),
    Row("event message", "the peer's program has said something, with a socket or without one", "Node.js", CHANNEL_FILE, "Message::User(json) =>"),
    Row("event internal", "the peer's runtime has said something, with a socket or without one", "Node.js", CHANNEL_FILE, "Message::Internal(command) =>"),
    Row("event wrong handle", "a descriptor came that is not what its message calls it: it is closed, and the sender hears that it came", "ours", CHANNEL_FILE, "if !handle.is(kind)"),
    Row("event reply", "what goes back: the descriptor has come, or it has not and is to be sent again", "Node.js", CHANNEL_FILE, "fn take_handle"),
    Row("event send", "a connection of ours goes out: the next one, or the same one again", "Node.js", CHANNEL_FILE, "fn put("),
    Row("event taken", "the peer has the connection, and this side's copy may be closed", "Node.js", CHANNEL_FILE, "Message::Taken =>"),
    Row("event not taken", "the connection did not reach the peer, however often it was sent: it is given back", "Node.js", CHANNEL_FILE, "Message::NotTaken =>"),
    Row("state between messages", "nothing of the next message has come", "Node.js", FRAME, "pub fn next<"),
    Row("state within a message", "a message has begun, and its end has not come", "Node.js", FRAME, "self.scanned ="),
    Row("state a descriptor waits", "it came with the first byte of a message whose end has not come", "unix(7)", CHANNEL_FILE, "self.unclaimed.extend"),
    Row("error MessageTooLong", "the message is longer than the limit, or its length says that it will be", "a limit of ours", ERROR, "    MessageTooLong,"),
    Row("error NotUtf8", "the message is not UTF-8, and so it is no JSON", "RFC 8259 §8.1", ERROR, "    NotUtf8,"),
    Row("error NotJson", "the message is not JSON; an empty line is not either", "RFC 8259 §2", ERROR, "    NotJson,"),
    Row("error TooDeep", "the message nests deeper than the limit: whoever reads it would follow it down", "a limit of ours", ERROR, "    TooDeep,"),
    Row("error TooManyFields", "a message of the runtime's has more fields than the limit", "a limit of ours", ERROR, "    TooManyFields,"),
    Row("error NamedTwice", "the message names a field twice that decides what it is, and two readers would read two things", "RFC 8259 §4", ERROR, "    NamedTwice,"),
    Row("error UnknownType", "the message speaks of a descriptor of a kind that nobody knows", "Node.js", ERROR, "    UnknownType,"),
    Row("error NoMessage", "the message speaks of a descriptor and wraps nothing", "Node.js", ERROR, "    NoMessage,"),
    Row("error TooManyHandles", "the peer does not wait for answers as it should", "a limit of ours", ERROR, "    TooManyHandles,"),
    Row("error TooManyDescriptors", "more descriptors came than messages that speak of them", "a limit of ours", ERROR, "    TooManyDescriptors,"),
    Row("error Unclaimed", "a descriptor came, and no message speaks of it", "ours", ERROR, "    Unclaimed,"),
    Row("error UnaskedAnswer", "the peer answers something that it was not sent", "ours", ERROR, "    UnaskedAnswer,"),
    Row("error CutShort", "the peer's end came within a message", "ours", ERROR, "    CutShort,"),
]);
