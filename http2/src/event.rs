//! One vocabulary for both directions: what [`receive`](crate::Connection::receive) reports and what
//! [`send`](crate::Connection::send) takes.

use crate::stream::Priority;
use crate::wire::{Code, Error, Settings, StreamId};
use wirebook_http1::parser::{FieldLines, RequestHead, ResponseHead};

/// Something that passes between the two ends.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A request (RFC 9113 §8.3.1). Its head is one of HTTP/1's, with `:path` as target (`:authority` for CONNECT), version
    /// HTTP/2, and `:authority` as the first field, `host`.
    Request {
        /// The stream that it opens.
        stream: StreamId,
        /// Method, target and fields.
        head: RequestHead<'a>,
        /// `:scheme`; empty for CONNECT.
        scheme: &'a [u8],
        /// `:protocol` of an extended CONNECT (RFC 8441).
        protocol: Option<&'a [u8]>,
        /// Nothing follows.
        end: bool,
    },
    /// A response (§8.3.2). With status 1xx a further one follows.
    Response {
        /// The stream of its request.
        stream: StreamId,
        /// Status and fields.
        head: ResponseHead<'a>,
        /// Nothing follows.
        end: bool,
    },
    /// A piece of a message's content, as it comes: less than a frame, and without its padding. Whoever has read it says so
    /// with [`consumed`](crate::Connection::consumed). Sent with [`send_data`](crate::Connection::send_data).
    Data {
        /// The stream.
        stream: StreamId,
        /// The bytes; none only where `end` is set.
        bytes: &'a [u8],
        /// The message ends here.
        end: bool,
    },
    /// The fields behind the content, which end the message (§8.1).
    Trailers {
        /// The stream.
        stream: StreamId,
        /// The fields.
        fields: FieldLines<'a>,
    },
    /// The stream ends at once (§6.4). Where the peer's message was whole by then, its content stays to be read; whoever does
    /// not want it says so with [`release`](crate::Connection::release).
    Reset {
        /// The stream.
        stream: StreamId,
        /// Why.
        code: Code,
    },
    /// The peer broke a rule, or was too slow, and we have reset the stream for it (§5.4.2). Received only; the stream may be
    /// one that no event has told of.
    StreamError(Error),
    /// The connection comes to its end (§6.8). Of the streams that the receiver has opened, those above `last` have not been
    /// and will not be looked at, and there will be nothing more on them: they may be tried elsewhere.
    Goaway {
        /// The last stream that counts.
        last: StreamId,
        /// Why.
        code: Code,
        /// For people.
        debug: &'a [u8],
    },
    /// A window that was shut has opened: the stream's, or the connection's (`None`). Received only.
    Room(Option<StreamId>),
    /// A stream has another priority now (RFC 9218 §7).
    Priority {
        /// The stream.
        stream: StreamId,
        /// How urgent it is.
        priority: Priority,
    },
    /// The peer's settings, all of them. Windows of all streams may have changed. Received only.
    Settings(Settings),
    /// The peer has read ours. Received only.
    SettingsAck,
    /// A question (§6.7). The connection answers it by itself.
    Ping([u8; 8]),
    /// The answer. Received only.
    Pong([u8; 8]),
}
