//! What a fuzzer and its twin in `cargo test` play: bytes become what a peer sends and what we do, in any order.

use std::rc::Rc;
use wirebook_process::ipc::{Channel, Framing, Handle, Kind, Limits, State};

/// A descriptor; all of one play are counted.
#[derive(Debug)]
struct Descriptor(Kind, #[allow(dead_code, reason = "it is counted")] Rc<()>);

impl Handle for Descriptor {
    fn is(&self, kind: Kind) -> bool {
        self.0 == kind
    }
}

/// What a peer of the right kind says.
const LINES: [&str; 8] = [
    "1",
    "{\"cmd\":\"NODE_HANDLE_ACK\"}",
    "{\"cmd\":\"NODE_HANDLE_NACK\"}",
    "{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":{\"a\":[1]}}",
    "{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Server\",\"msg\":null}",
    "{\"cmd\":\"NODE_HANDLE\",\"type\":\"dgram.Socket\",\"msg\":1,\"dgramType\":\"udp6\"}",
    "{\"cmd\":\"NODE_CLUSTER\",\"act\":\"online\"}",
    "[[[[[[[[[[]]]]]]]]]]",
];

/// Plays `input`, and panics where something does not hold.
pub(crate) fn play(input: &[u8]) {
    let Some((&[settings, limit], mut rest)) = input.split_first_chunk::<2>() else { return };
    let framing = if settings & 1 == 0 { Framing::Lines } else { Framing::Lengths };
    let limits = Limits {
        message: if limit == 255 { usize::MAX } else { usize::from(limit) * 2 },
        depth: usize::from(settings >> 5) * 4,
        window: [0, 1, 3, usize::MAX][usize::from(settings >> 1 & 3)],
        retries: usize::from(settings >> 3 & 3),
        queue_bytes: 500,
        queue_messages: 5,
        ..Limits::default()
    };
    let counted = Rc::new(());
    let handle = |number: u8| {
        let kind = Kind::ALL[usize::from(number) % Kind::ALL.len()];
        (kind, Descriptor(kind, counted.clone()))
    };
    let mut channel = Channel::new(framing, limits);
    let mut left = Vec::new();
    while let Some((&[action, argument], behind)) = rest.split_first_chunk::<2>() {
        rest = behind;
        match action % 8 {
            0 => channel.disconnect(),
            1 => drop(channel.send("{\"ours\":true}", Some(handle(argument)))),
            2 => drop(channel.send(&"7".repeat(usize::from(argument)), None)),
            3 => {
                if let Some(next) = channel.transmit() {
                    assert!(next.handles.len() <= limits.window.min(16) && !next.bytes.is_empty());
                    let count = next.bytes.len().min(usize::from(argument));
                    channel.sent(count);
                }
            }
            action => {
                let unread = left.len();
                if action & 1 == 1 {
                    framing.write(LINES[usize::from(argument) % LINES.len()].as_bytes(), &mut left);
                } else {
                    let (piece, behind) = rest.split_at(rest.len().min(usize::from(argument)));
                    left.extend_from_slice(piece);
                    rest = behind;
                }
                let came = (0..argument >> 6).map(|number| handle(number.wrapping_add(argument)).1);
                if channel.carried(came, argument & 32 != 0 && action == 5, unread).is_err() {
                    break;
                }
                let mut at = 0;
                let failed = loop {
                    match channel.receive(&left[at..]) {
                        Ok((used, Some(_))) => at += used,
                        Ok((used, None)) => {
                            at += used;
                            break None;
                        }
                        Err(violation) => break Some(violation),
                    }
                };
                if let Some(violation) = failed {
                    assert_eq!(channel.state(), State::Failed);
                    assert_eq!(channel.receive(b"1\n").unwrap_err(), violation);
                    assert_eq!(channel.receive_eof(b"").unwrap_err(), violation);
                    assert!(channel.transmit().is_none() && channel.send("1", None).is_err());
                    break;
                }
                left.drain(..at);
                if channel.state() == State::Closed {
                    left.clear();
                }
            }
        }
        assert!(left.len() <= limits.message.saturating_add(5));
        assert!(channel.unanswered() <= limits.window);
        // Those of the queue, and what of the channel's own is not sent: an answer each, and handles that are sent again.
        let most = limits.window.saturating_mul(2).saturating_add(limits.queue_messages + 1);
        assert!(channel.waiting().1 <= most, "{} wait", channel.waiting().1);
    }
    let (ours, state) = (channel.take_back().count(), channel.state());
    // What was neither taken nor given back has come, and waits for its line; no other handle is left anywhere.
    let left = Rc::strong_count(&counted) - 1;
    assert!(left <= limits.window, "{left} handles are left, and {ours} were ours, in {state:?}");
    assert!(state != State::Failed || left == 0);
}
