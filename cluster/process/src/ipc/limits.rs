//! The bounds of a channel, each with what it means at 0 and at its most.

/// What one end of a channel bears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of a message, in either direction: 1 MiB. 0 lets none through; `usize::MAX` is no limit.
    pub message: usize,
    /// How deep a message nests, in either direction: 64. 0 lets numbers, strings and their like through alone; `usize::MAX` is
    /// no limit, and then what reads the message must bear it.
    pub depth: usize,
    /// Fields of a message of the channel's own: 16. 0 lets none through, and so no handle; `usize::MAX` is no limit.
    pub fields: usize,
    /// Handles that wait for an answer, in either direction: 1, as in Node, which takes no more. Two of ours may agree on more.
    /// 0 is a channel without handles, `usize::MAX` no limit.
    pub window: usize,
    /// How often a handle is sent again that did not reach the peer: 3, as in Node. 0 is never, `usize::MAX` for ever.
    pub retries: usize,
    /// Octets of messages that wait to be sent: 1 MiB. A message is always taken when none waits, so 0 is one at a time;
    /// `usize::MAX` is no limit.
    pub queue_bytes: usize,
    /// Messages that wait to be sent: 10,000. 0 and 1 are one at a time, `usize::MAX` no limit.
    pub queue_messages: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            message: 1 << 20,
            depth: 64,
            fields: 16,
            window: 1,
            retries: 3,
            queue_bytes: 1 << 20,
            queue_messages: 10_000,
        }
    }
}
