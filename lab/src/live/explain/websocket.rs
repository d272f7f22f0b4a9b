//! WebSocket: RFC 6455.

use super::table::{Row, Table};

const FRAME: &str = "websocket/src/frame.rs";
const RECEIVE: &str = "websocket/src/connection/receive.rs";
const ERRORS: &str = "websocket/src/error.rs";
const MASK: &str = "websocket/src/mask/mod.rs";

/// The sentences.
#[rustfmt::skip]
pub(crate) const WEBSOCKET: Table = Table(&[
    Row("flags", "whether the message ends here, three bits for extensions, and what the payload is", "RFC 6455 §5.2", FRAME, "let fin ="),
    Row("length", "whether a key follows, and how many bytes of payload: 126 and 127 say that the number stands in the next 2 or 8 bytes", "RFC 6455 §5.2", FRAME, "let short ="),
    Row("mask", "four bytes that the client drew at random; they go over the payload again and again, so that no proxy sees bytes that a page has chosen", "RFC 6455 §5.3", FRAME, "first_chunk::<4>"),
    Row("payload", "the message, or a piece of it; from a client each byte is XORed with one of the key's four", "RFC 6455 §5.3", MASK, "pub fn apply("),
    Row("byte", "a byte that belongs to no whole frame: bring more of them", "RFC 6455 §5.2", FRAME, "pub fn decode("),
    // Bits.
    Row("bit FIN", "set: this frame ends its message; not set: more fragments follow", "RFC 6455 §5.2", FRAME, "let fin ="),
    Row("bit RSV1", "for extensions: with permessage-deflate it says that the message is compressed, without it 1 is refused", "RFC 7692 §6", RECEIVE, "Error::ReservedBits"),
    Row("bit RSV2", "for an extension that nobody has agreed on, so 1 is refused", "RFC 6455 §5.2", RECEIVE, "Error::ReservedBits"),
    Row("bit RSV3", "for an extension that nobody has agreed on, so 1 is refused", "RFC 6455 §5.2", RECEIVE, "Error::ReservedBits"),
    Row("bit opcode", "what the payload is; this value means nothing, and is refused", "RFC 6455 §5.2", FRAME, "pub fn from_bits("),
    Row("bit opcode Continuation", "a further fragment of the message that is under way", "RFC 6455 §5.4", FRAME, "    Continuation ="),
    Row("bit opcode Text", "the payload is text in UTF-8, or its first fragment", "RFC 6455 §5.6", FRAME, "    Text ="),
    Row("bit opcode Binary", "the payload is bytes, or their first fragment", "RFC 6455 §5.6", FRAME, "    Binary ="),
    Row("bit opcode Close", "the beginning of the end: a code and a reason; the other side answers with the same, and the connection ends", "RFC 6455 §5.5.1", FRAME, "    Close ="),
    Row("bit opcode Ping", "a question for a sign of life, allowed even between the fragments of a message", "RFC 6455 §5.5.2", FRAME, "    Ping ="),
    Row("bit opcode Pong", "the answer to a ping, with the ping's payload", "RFC 6455 §5.5.3", FRAME, "    Pong ="),
    Row("bit MASK", "set: a masking key follows; a client always sets it, a server never", "RFC 6455 §5.1", RECEIVE, "Error::Unmasked"),
    Row("bit payload length", "up to 125 it is the length itself; 126 and 127 say where the length stands", "RFC 6455 §5.2", FRAME, "let short ="),
    Row("bit extended length", "the length, high byte first, in the fewest bytes that hold it", "RFC 6455 §5.2", FRAME, "split_first_chunk::<2>"),
    Row("bit masking key", "one of four random bytes: byte i of the payload is XORed with byte i mod 4 of the key", "RFC 6455 §5.3", FRAME, "first_chunk::<4>"),
    // Events and states.
    Row("event text", "a whole text message, checked to be UTF-8", "RFC 6455 §5.6", RECEIVE, "Opcode::Text =>"),
    Row("event binary", "a whole message of bytes", "RFC 6455 §5.6", RECEIVE, "pub fn receive<"),
    Row("event chunk", "a piece of a message, as it came", "RFC 6455 §5.4", RECEIVE, "fn gather("),
    Row("event ping", "a ping: the connection has its pong ready", "RFC 6455 §5.5.2", RECEIVE, "pub fn receive<"),
    Row("event pong", "a sign of life, asked for by a ping or not", "RFC 6455 §5.5.3", RECEIVE, "pub fn receive<"),
    Row("event close", "the peer ends the conversation, and says why", "RFC 6455 §5.5.1", RECEIVE, "fn receive_close"),
    Row("state header", "the reader waits for all of a frame's header: 2 to 14 bytes", "RFC 6455 §5.2", FRAME, "pub fn decode("),
    Row("state payload", "the reader counts the payload down, and takes the mask off as it comes", "RFC 6455 §5.3", RECEIVE, "fn read_in_place"),
    // Errors.
    Row("error ReservedBits", "a reserved bit may change what the payload means, and nobody has agreed how", "RFC 6455 §5.2", RECEIVE, "Error::ReservedBits"),
    Row("error ReservedOpcode", "this opcode has no meaning yet: passing it over would mean to guess one", "RFC 6455 §5.2", FRAME, "Error::ReservedOpcode"),
    Row("error LengthNotMinimal", "a length has one spelling, the shortest: two spellings are a place to hide something from a filter", "RFC 6455 §5.2", FRAME, "Error::LengthNotMinimal"),
    Row("error LengthTooLarge", "the highest bit of the length is set: some programs would read a negative number", "RFC 6455 §5.2", FRAME, "Error::LengthTooLarge"),
    Row("error ControlTooLong", "a control frame has at most 125 bytes, so that it can always be taken at once", "RFC 6455 §5.5", FRAME, "Error::ControlTooLong"),
    Row("error ControlFragmented", "a control frame comes whole: it may stand between the fragments of a message, and fragments of fragments would not end", "RFC 6455 §5.5", FRAME, "Error::ControlFragmented"),
    Row("error Unmasked", "a client masks every frame, so that no page can make it send bytes that a proxy takes for HTTP", "RFC 6455 §5.1", RECEIVE, "Error::Unmasked"),
    Row("error Masked", "a server masks nothing: a masked frame from it is not from a server", "RFC 6455 §5.1", RECEIVE, "Error::Masked"),
    Row("error NothingToContinue", "a continuation needs a message that has begun, and none has", "RFC 6455 §5.4", RECEIVE, "Error::NothingToContinue"),
    Row("error MessageInsideMessage", "a message begins while another is not finished: only control frames may stand there", "RFC 6455 §5.4", RECEIVE, "Error::MessageInsideMessage"),
    Row("error InvalidUtf8", "text is UTF-8 in its one right spelling: this byte cannot stand here", "RFC 6455 §8.1", RECEIVE, "Error::InvalidUtf8"),
    Row("error CloseTooShort", "a Close has no payload, or a code of two bytes: one byte is half a code", "RFC 6455 §5.5.1", RECEIVE, "Error::CloseTooShort"),
    Row("error CloseCode", "this code is only for a program's own use, or for nobody: it never stands on the wire", "RFC 6455 §7.4", RECEIVE, "Error::CloseCode"),
    Row("error CloseReason", "the reason behind the code is text in UTF-8", "RFC 6455 §5.5.1", RECEIVE, "Error::CloseReason"),
    Row("error Deflate", "the compressed bytes do not inflate", "RFC 7692 §7.2.2", ERRORS, "    Deflate,"),
    Row("error FrameTooLarge", "the frame is longer than the server's limit: it is refused before a byte of it is kept", "RFC 6455 §10.4", RECEIVE, "Error::FrameTooLarge"),
    Row("error MessageTooLarge", "the fragments together are longer than the server's limit", "RFC 6455 §10.4", ERRORS, "    MessageTooLarge,"),
    Row("error DeflateRatio", "a few bytes that inflate to very many are an attack on the memory", "RFC 6455 §10.4", ERRORS, "    DeflateRatio,"),
    Row("error TooManyFragments", "so many fragments only cost: no message needs them", "RFC 6455 §10.4", ERRORS, "    TooManyFragments,"),
    Row("error TooManyEmptyFragments", "empty fragments bring nothing and cost the reader work", "RFC 6455 §10.4", ERRORS, "    TooManyEmptyFragments,"),
    Row("error InputLost", "the caller has not presented the bytes of an unfinished frame again", "RFC 6455 §7.4.1", RECEIVE, "Error::InputLost"),
    Row("error AbruptEnd", "the transport ended without a Close: what was under way is lost", "RFC 6455 §7.1.5", RECEIVE, "Error::AbruptEnd"),
    Row("error HeartbeatTimeout", "no answer came to a ping: the peer is taken to be gone", "RFC 6455 §5.5.2", ERRORS, "    HeartbeatTimeout,"),
    Row("error CloseTimeout", "the peer did not answer our Close in time", "RFC 6455 §7.1.1", ERRORS, "    CloseTimeout,"),
]);
