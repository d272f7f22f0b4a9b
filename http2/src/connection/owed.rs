//! Answers that the protocol owes: numbers, until somebody lends a buffer to write them to. So `receive` needs none, and its
//! events borrow nothing of the connection.

use crate::wire::{Code, Frame, StreamId};

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Our first bytes: the preface of a client, SETTINGS, the connection's window.
    Opening,
    SettingsAck,
    Pong([u8; 8]),
    Ping([u8; 8]),
    Reset(StreamId, Code),
    /// 431 (RFC 6585 §5), then a reset, if the request goes on.
    TooLarge {
        stream: StreamId,
        open: bool,
    },
    /// The stream's window, as far as it is due then.
    Window(StreamId),
    Goaway(StreamId, Code),
}

impl Answer {
    /// The frame, where it is always the same one.
    pub(crate) fn frame(&self) -> Option<Frame<'static>> {
        Some(match *self {
            Answer::SettingsAck => Frame::SettingsAck,
            Answer::Pong(data) => Frame::Ping { ack: true, data },
            Answer::Ping(data) => Frame::Ping { ack: false, data },
            Answer::Reset(stream, code) => Frame::RstStream { stream, code },
            Answer::Goaway(last, code) => Frame::Goaway { last, code, debug: b"" },
            Answer::Opening | Answer::TooLarge { .. } | Answer::Window(_) => return None,
        })
    }
}
