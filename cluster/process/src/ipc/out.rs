//! Frames on their way out, and where among them handles ride.

use super::frame::Framing;
use std::collections::VecDeque;

/// Octets that were sent are given up when they are so many, and more than what is left.
const COMPACT: usize = 64 * 1024;

/// Positions count from the first octet that the channel ever sent.
#[derive(Debug, Default)]
pub(super) struct Out {
    bytes: Vec<u8>,
    /// The position of `bytes[0]`.
    base: u64,
    /// The position of the first octet that is not sent.
    sent: u64,
    /// Where frames end that are not wholly sent, the channel's own ones included.
    ends: VecDeque<u64>,
    /// Where frames lie with which a handle goes, from their first octet to their last.
    marks: VecDeque<(u64, u64)>,
    /// Where answers to handles end that are not wholly sent.
    answers: VecDeque<u64>,
}

/// What a frame is to the channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Plain,
    /// A handle goes with it.
    Carries,
    /// It answers a handle of the peer's.
    Answers,
}

impl Out {
    /// Appends a frame.
    pub(super) fn push(&mut self, framing: Framing, json: &[u8], role: Role) {
        let start = self.end();
        framing.write(json, &mut self.bytes);
        let end = self.end();
        self.ends.push_back(end);
        match role {
            Role::Plain => {}
            Role::Carries => self.marks.push_back((start, end)),
            Role::Answers => self.answers.push_back(end),
        }
    }

    fn end(&self) -> u64 {
        self.base + self.bytes.len() as u64
    }

    /// Octets and frames that are not sent.
    pub(super) fn waiting(&self) -> (usize, usize) {
        ((self.end() - self.sent) as usize, self.ends.len())
    }

    /// Frames with handles that are not begun.
    pub(super) fn marked(&self) -> usize {
        self.marks.len()
    }

    /// Answers that are not wholly sent.
    pub(super) fn answers(&self) -> usize {
        self.answers.len()
    }

    /// The octets that go next, in one message, and how many handles with them: some frames up to one that has a handle; or
    /// such frames, one behind the other, of which `most` fit in a message.
    pub(super) fn next(&self, most: usize) -> (&[u8], usize) {
        let batch = self.batch(most);
        let end = match batch {
            0 => self.marks.front().map_or(self.end(), |(start, _)| *start),
            _ => self.marks[batch - 1].1,
        };
        (&self.bytes[(self.sent - self.base) as usize..(end - self.base) as usize], batch)
    }

    fn batch(&self, most: usize) -> usize {
        let mut next = self.sent;
        let follows = |(start, end): &&(u64, u64)| std::mem::replace(&mut next, *end) == *start;
        self.marks.iter().take(most).take_while(follows).count()
    }

    /// So many octets of what [`Out::next`] gave are sent.
    pub(super) fn advance(&mut self, count: usize, most: usize) {
        if count > 0 {
            self.marks.drain(..self.batch(most));
        }
        self.sent += count as u64;
        for ends in [&mut self.ends, &mut self.answers] {
            while ends.front().is_some_and(|end| *end <= self.sent) {
                ends.pop_front();
            }
        }
        let sent = (self.sent - self.base) as usize;
        if sent == self.bytes.len() || (sent >= COMPACT && sent >= self.bytes.len() / 2) {
            self.bytes.drain(..sent);
            self.base = self.sent;
            // A channel at rest holds no room for what it once sent.
            if self.bytes.is_empty() && self.bytes.capacity() > COMPACT {
                self.bytes = Vec::new();
            }
        }
    }
}
