//! What goes wrong: the peer's faults and ours, apart.

use super::handle::Kind;
use std::{error::Error, fmt};

/// What the peer did wrong. The channel is closed, and what rode on it with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Violation {
    /// A message is longer than [`Limits::message`](super::Limits::message).
    MessageTooLong,
    /// A message is not UTF-8.
    NotUtf8,
    /// A message is not JSON; an empty one is not either.
    NotJson,
    /// A message nests deeper than [`Limits::depth`](super::Limits::depth).
    TooDeep,
    /// A message of the channel's own has more fields than [`Limits::fields`](super::Limits::fields).
    TooManyFields,
    /// A message names `cmd`, `type`, `msg` or `dgramType` twice, so that it can be read in two ways.
    NamedTwice,
    /// A `NODE_HANDLE` of a type that nobody knows.
    UnknownType,
    /// A `NODE_HANDLE` that wraps no message.
    NoMessage,
    /// More handles than [`Limits::window`](super::Limits::window) wait for our answer.
    TooManyHandles,
    /// More descriptors than [`Limits::window`](super::Limits::window) came without a message.
    TooManyDescriptors,
    /// A descriptor came beside messages of which none is a `NODE_HANDLE`.
    Unclaimed,
    /// An answer to a handle that nobody has sent.
    UnaskedAnswer,
    /// The stream ended within a message.
    CutShort,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Violation::MessageTooLong => "the peer's message is too long",
            Violation::NotUtf8 => "the peer's message is not UTF-8",
            Violation::NotJson => "the peer's message is not JSON",
            Violation::TooDeep => "the peer's message nests too deep",
            Violation::TooManyFields => "an internal message of the peer's has too many fields",
            Violation::NamedTwice => "the peer's message names a field of the channel's twice",
            Violation::UnknownType => "the peer sent a handle of an unknown type",
            Violation::NoMessage => "the peer sent a handle without a message",
            Violation::TooManyHandles => "the peer sent more handles than may wait for an answer",
            Violation::TooManyDescriptors => "the peer sent more descriptors than messages for them",
            Violation::Unclaimed => "the peer sent a descriptor without a message for it",
            Violation::UnaskedAnswer => "the peer answered a handle that it was not sent",
            Violation::CutShort => "the peer's stream ended within a message",
        })
    }
}

impl Error for Violation {}

/// Why a message was not taken. Nothing of it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SendError {
    /// The channel is closed, or closing.
    Closed,
    /// As much waits as [`Limits::queue_bytes`](super::Limits::queue_bytes) or
    /// [`Limits::queue_messages`](super::Limits::queue_messages) allow.
    Full,
    /// It is longer than [`Limits::message`](super::Limits::message), or nests deeper than
    /// [`Limits::depth`](super::Limits::depth).
    TooLarge,
    /// It is not JSON on one line.
    NotJson,
    /// Its `cmd` begins with `NODE_`, and such messages are the channel's own.
    Reserved,
    /// [`Limits::window`](super::Limits::window) is 0, or [`Limits::fields`](super::Limits::fields) less than a handle's.
    NoHandles,
    /// The handle is not what it is sent as.
    WrongKind,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SendError::Closed => "the channel is closed",
            SendError::Full => "the channel's queue is full",
            SendError::TooLarge => "the message is too large for the channel",
            SendError::NotJson => "the message is not JSON on one line",
            SendError::Reserved => "messages whose cmd begins with NODE_ are the channel's own",
            SendError::NoHandles => "this channel carries no handles",
            SendError::WrongKind => "the handle is not what it is sent as",
        })
    }
}

impl Error for SendError {}

/// A message that was not taken, with the handle that was to ride on it.
#[derive(Debug)]
pub struct Rejected<H> {
    /// Why.
    pub error: SendError,
    /// The handle, given back.
    pub handle: Option<(Kind, H)>,
}
