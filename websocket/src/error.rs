//! What can go wrong, the peer's faults apart from ours. All of it is `Copy` and carries no text.

use crate::config::Limits;
use crate::event::Code;

/// Why the connection cannot go on: a violation by the peer, a limit of ours, or the loss of the transport.
///
/// Every variant knows its section and the close code that it earns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
// As wide as a word: a message or an error is then handed over in whole words. With a byte, the compiler hands a message's
// first word over in pieces, and a load of the whole word waits for them.
#[repr(u64)]
pub enum Error {
    /// RSV1, RSV2 or RSV3 is set and no negotiated extension gives it a meaning here.
    ReservedBits,
    /// Opcode 3–7 or 11–15.
    ReservedOpcode,
    /// The length is not in its shortest form.
    LengthNotMinimal,
    /// The most significant bit of a 64-bit length is set.
    LengthTooLarge,
    /// A control frame of more than 125 bytes.
    ControlTooLong,
    /// A control frame without FIN.
    ControlFragmented,
    /// A client sent a frame without a mask.
    Unmasked,
    /// A server sent a masked frame.
    Masked,
    /// A continuation frame, and no message is under way.
    NothingToContinue,
    /// A new data frame inside a fragmented message.
    MessageInsideMessage,
    /// A text message that is not UTF-8.
    InvalidUtf8,
    /// A Close frame with a payload of one byte.
    CloseTooShort,
    /// A Close frame with a code that may not be sent.
    CloseCode,
    /// A Close frame whose reason is not UTF-8.
    CloseReason,
    /// A compressed message that does not inflate.
    Deflate,
    /// A frame longer than [`Limits::frame`](crate::Limits::frame).
    FrameTooLarge,
    /// A message longer than [`Limits::message`](crate::Limits::message), counted after inflating.
    MessageTooLarge,
    /// A message that grew by more than [`Limits::ratio`](crate::Limits::ratio) when inflated.
    DeflateRatio,
    /// More fragments in one message than [`Limits::fragments`](crate::Limits::fragments).
    TooManyFragments,
    /// More empty fragments in one message than [`Limits::empty_fragments`](crate::Limits::empty_fragments).
    TooManyEmptyFragments,
    /// The caller did not present the bytes of an unfinished frame again: a fault of this end's own, for which the peer is sent
    /// 1011.
    InputLost,
    /// The transport ended without a Close frame.
    AbruptEnd,
    /// No sign of life came in answer to a ping.
    HeartbeatTimeout,
    /// The peer did not answer our Close frame, or did not end the transport, in time.
    CloseTimeout,
}

impl Error {
    /// The code that the Close frame carries which answers it, its section, and what it is.
    fn facts(self) -> (Option<Code>, &'static str, &'static str) {
        use Error::*;
        const PROTOCOL: Option<Code> = Some(Code::PROTOCOL_ERROR);
        match self {
            ReservedBits => (PROTOCOL, "RFC 6455 §5.2", "a reserved bit is set"),
            ReservedOpcode => (PROTOCOL, "RFC 6455 §5.2", "a reserved opcode"),
            LengthNotMinimal => (PROTOCOL, "RFC 6455 §5.2", "a length that is not in its shortest form"),
            LengthTooLarge => (PROTOCOL, "RFC 6455 §5.2", "a length of 2^63 or more"),
            ControlTooLong => (PROTOCOL, "RFC 6455 §5.5", "a control frame of more than 125 bytes"),
            ControlFragmented => (PROTOCOL, "RFC 6455 §5.5", "a fragmented control frame"),
            Unmasked => (PROTOCOL, "RFC 6455 §5.1", "a frame without a mask from a client"),
            Masked => (PROTOCOL, "RFC 6455 §5.1", "a masked frame from a server"),
            NothingToContinue => (PROTOCOL, "RFC 6455 §5.4", "a continuation without a beginning"),
            MessageInsideMessage => (PROTOCOL, "RFC 6455 §5.4", "a new message inside a fragmented one"),
            InvalidUtf8 => (Some(Code::INVALID_PAYLOAD), "RFC 6455 §8.1", "text that is not UTF-8"),
            CloseTooShort => (PROTOCOL, "RFC 6455 §5.5.1", "a Close frame of one byte"),
            CloseCode => (PROTOCOL, "RFC 6455 §7.4", "a Close frame with a code that may not be sent"),
            CloseReason => (Some(Code::INVALID_PAYLOAD), "RFC 6455 §5.5.1", "a Close reason that is not UTF-8"),
            Deflate => (Some(Code::INVALID_PAYLOAD), "RFC 7692 §7.2.2", "compressed data that does not inflate"),
            FrameTooLarge => (Some(Code::TOO_BIG), "RFC 6455 §10.4", "a frame over the limit"),
            MessageTooLarge => (Some(Code::TOO_BIG), "RFC 6455 §10.4", "a message over the limit"),
            DeflateRatio => (Some(Code::TOO_BIG), "RFC 6455 §10.4", "a message that inflates beyond the allowed ratio"),
            TooManyFragments => (Some(Code::POLICY), "RFC 6455 §10.4", "a message of too many fragments"),
            TooManyEmptyFragments => (Some(Code::POLICY), "RFC 6455 §10.4", "a message of too many empty fragments"),
            InputLost => {
                (Some(Code::INTERNAL_ERROR), "RFC 6455 §7.4.1", "fewer bytes of a frame than were there before")
            }
            AbruptEnd => (None, "RFC 6455 §7.1.5", "the transport ended without a Close frame"),
            HeartbeatTimeout => (None, "RFC 6455 §5.5.2", "no answer to a ping"),
            CloseTimeout => (None, "RFC 6455 §7.1.1", "no answer to a Close frame"),
        }
    }

    /// The code that the Close frame carries which answers this; `None` where the peer cannot be told any more.
    pub fn close_code(self) -> Option<Code> {
        self.facts().0
    }

    /// The reason that goes with the code, where the code alone does not say which bound was passed.
    pub fn reason(self, limits: &Limits) -> String {
        match self {
            Error::DeflateRatio => format!("inflates by more than the allowed ratio of {} to 1", limits.ratio),
            Error::TooManyFragments => format!("more than {} fragments", limits.fragments.max(1)),
            Error::TooManyEmptyFragments => format!("more than {} empty fragments", limits.empty_fragments),
            _ => String::new(),
        }
    }

    /// What the application is told as the connection's close code: what was sent, or 1006 (RFC 6455 §7.1.5).
    pub fn local_code(self) -> Code {
        self.close_code().unwrap_or(Code::ABNORMAL)
    }

    /// The rule, by its section.
    pub fn section(self) -> &'static str {
        self.facts().1
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (_, section, what) = self.facts();
        write!(f, "{what} ({section})")
    }
}

impl std::error::Error for Error {}

/// Why something could not be sent: a fault of this end's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SendError {
    /// A Close frame was sent or received, or the connection failed; nothing but the answering Close may follow.
    Closed,
    /// A ping, pong or close reason over its 125 (123) bytes.
    ControlTooLong,
    /// A close code that may not be on the wire (RFC 6455 §7.4).
    CloseCode,
    /// A whole message, or a chunk of the other kind, while a message sent in chunks is unfinished (RFC 6455 §5.4).
    MessageUnfinished,
}

impl std::fmt::Display for SendError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            SendError::Closed => "the connection is closing",
            SendError::ControlTooLong => "a control payload of more than 125 bytes",
            SendError::CloseCode => "a close code that may not be sent",
            SendError::MessageUnfinished => "the message before is not finished",
        })
    }
}

impl std::error::Error for SendError {}
