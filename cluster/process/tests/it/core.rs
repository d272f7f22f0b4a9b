//! The channel's core: its table, its bounds, and arbitrary bytes.

use proptest::prelude::*;
use std::collections::BTreeSet;
use wirebook_process::ipc::{
    Channel, Event, Framing, Handle, Kind, Limits, MAX_BATCH, SendError, State, Violation,
    state::{Input, TABLE},
};

#[derive(Debug, PartialEq)]
struct Descriptor(Kind);

impl Handle for Descriptor {
    fn is(&self, kind: Kind) -> bool {
        self.0 == kind
    }
}

fn channel(limits: Limits) -> Channel<Descriptor> {
    Channel::new(Framing::Lines, limits)
}

fn socket() -> Option<(Kind, Descriptor)> {
    Some((Kind::Socket, Descriptor(Kind::Socket)))
}

/// Sends all that can be sent, and gives it.
fn flush(channel: &mut Channel<Descriptor>) -> Vec<(String, usize)> {
    let mut out = Vec::new();
    while let Some(next) = channel.transmit() {
        let (text, handles) = (String::from_utf8_lossy(next.bytes).into_owned(), next.handles.len());
        channel.sent(text.len());
        out.push((text, handles));
    }
    out
}

const ACK: &[u8] = b"{\"cmd\":\"NODE_HANDLE_ACK\"}\n";

/// Every row of the table is a move that a channel makes, and it makes no other.
#[test]
fn the_table_is_what_channels_do() {
    type Step = (Input, fn(&mut Channel<Descriptor>));
    let steps: [Step; 6] = [
        (Input::Send, |channel| drop(channel.send("1", None))),
        (Input::Receive, |channel| drop(channel.receive(b"1\n"))),
        (Input::Disconnect, Channel::disconnect),
        (Input::Drain, |channel| drop(flush(channel))),
        (Input::End, |channel| channel.receive_eof(b"").unwrap_or_default()),
        (Input::Fail, |channel| drop(channel.receive(b"\n"))),
    ];
    let mut seen = BTreeSet::new();
    // Every sequence of four, with a message that waits and without.
    for number in 0..6usize.pow(4) * 2 {
        let mut channel = channel(Limits::default());
        if number % 2 == 1 {
            channel.send("1", None).unwrap();
        }
        let mut rest = number / 2;
        for _ in 0..4 {
            let (input, step) = steps[rest % 6];
            rest /= 6;
            let before = channel.state();
            step(&mut channel);
            let after = channel.state();
            // To disconnect where nothing waits is two moves.
            let two = before.after(input).and_then(|between| between.after(Input::Drain));
            match before.after(input) {
                Some(to) if to == after => drop(seen.insert(format!("{before:?} {input:?} {after:?}"))),
                Some(between) if two == Some(after) => {
                    seen.insert(format!("{before:?} {input:?} {between:?}"));
                    seen.insert(format!("{between:?} {:?} {after:?}", Input::Drain));
                }
                // What is sent when nothing is to be drained changes nothing; nor does what has no row.
                _ => assert_eq!(before, after, "{before:?} {input:?}"),
            }
        }
    }
    for (from, on, to) in TABLE {
        assert!(seen.contains(&format!("{from:?} {on:?} {to:?}")), "no channel moves by ({from:?}, {on:?}, {to:?})");
    }
    let rows: BTreeSet<(String, String)> =
        TABLE.iter().map(|row| (format!("{:?}", row.0), format!("{:?}", row.1))).collect();
    assert_eq!(rows.len(), TABLE.len(), "a row stands twice");
}

#[test]
fn the_window_at_0_1_n_and_its_most() {
    for window in [0, 1, 2, MAX_BATCH, MAX_BATCH + 1, usize::MAX] {
        let limits = Limits { window, ..Limits::default() };
        let (mut one, mut other) = (channel(limits), channel(limits));
        for number in 0..40 {
            let sent = one.send(&number.to_string(), socket());
            if window == 0 {
                assert_eq!(sent.unwrap_err().error, SendError::NoHandles);
            } else {
                sent.unwrap();
            }
        }
        let (mut messages, mut taken) = (0, 0);
        loop {
            let sent = {
                let Some(next) = one.transmit() else { break };
                assert!(next.handles.len() <= window.min(MAX_BATCH));
                let (bytes, handles) = (next.bytes.to_vec(), next.handles.len());
                one.sent(bytes.len());
                (bytes, handles)
            };
            assert!(one.unanswered() <= window);
            other.carried((0..sent.1).map(|_| Descriptor(Kind::Socket)), false, 0).unwrap();
            let mut rest = &sent.0[..];
            while let (used, Some(event)) = other.receive(rest).unwrap() {
                assert!(matches!(event, Event::Message { handle: Some(_), .. }));
                rest = &rest[used..];
                messages += 1;
            }
            for (text, _) in flush(&mut other) {
                let mut rest = text.as_bytes();
                while let (used, Some(Event::Taken(..))) = one.receive(rest).unwrap() {
                    rest = &rest[used..];
                    taken += 1;
                }
            }
        }
        assert_eq!((messages, taken), if window == 0 { (0, 0) } else { (40, 40) });
    }
}

#[test]
fn the_queue_at_0_1_n_and_its_most() {
    for (messages, fit) in [(0, 1), (1, 1), (2, 2), (3, 3), (usize::MAX, 50)] {
        let mut channel = channel(Limits { queue_messages: messages, ..Limits::default() });
        let taken = (0..50).take_while(|_| channel.send("[]", None).is_ok()).count();
        assert_eq!(taken, fit, "{messages} messages");
        assert_eq!(channel.waiting().1, fit);
        flush(&mut channel);
        assert_eq!(channel.waiting(), (0, 0));
        channel.send("1", None).unwrap();
    }
    // A frame that is queued for the stream counts with its line end, and the next one without.
    for (bytes, fit) in [(0, 1), (1, 1), (4, 1), (5, 2), (usize::MAX, 50)] {
        let mut channel = channel(Limits { queue_bytes: bytes, ..Limits::default() });
        let taken = (0..50).take_while(|_| channel.send("[]", None).is_ok()).count();
        assert_eq!(taken, fit, "{bytes} octets");
    }
}

#[test]
fn messages_depth_and_fields_at_their_most() {
    let most = Limits { message: usize::MAX, depth: usize::MAX, fields: usize::MAX, ..Limits::default() };
    let mut open = channel(most);
    let deep = format!("{}{}\n", "[".repeat(200_000), "]".repeat(200_000));
    assert!(matches!(open.receive(deep.as_bytes()), Ok((400_001, Some(Event::Message { .. })))));
    open.send(deep.trim_end(), None).unwrap();
    let fields: Vec<String> = (0..10_000).map(|number| format!("\"{number}\":1")).collect();
    let wide = format!("{{\"cmd\":\"NODE_x\",{}}}\n", fields.join(","));
    assert!(matches!(open.receive(wide.as_bytes()), Ok((_, Some(Event::Internal { .. })))));
    // What we would not take we do not send.
    let mut narrow = channel(Limits { depth: 1, fields: 2, message: 70, ..Limits::default() });
    assert_eq!(narrow.send("[]", socket()).unwrap_err().error, SendError::TooLarge);
    assert_eq!(narrow.send("1", socket()).unwrap_err().error, SendError::NoHandles);
    let mut flat = channel(Limits { depth: 0, ..Limits::default() });
    assert_eq!(flat.send("1", socket()).unwrap_err().error, SendError::TooLarge);
    let mut short = channel(Limits { message: 51, ..Limits::default() });
    short.send("12", socket()).unwrap();
    let (line, _) = flush(&mut short).remove(0);
    assert_eq!(line.len(), 50 + 1);
    assert_eq!(short.send("1234", socket()).unwrap_err().error, SendError::TooLarge);
}

#[test]
fn a_handle_is_given_back_by_whoever_does_not_take_it() {
    let mut one = channel(Limits::default());
    let rejected = one.send("no json", socket()).unwrap_err();
    assert_eq!((rejected.error, rejected.handle), (SendError::NotJson, socket()));
    let wrong = Some((Kind::Server, Descriptor(Kind::Socket)));
    assert_eq!(one.send("1", wrong).unwrap_err().error, SendError::WrongKind);
    one.send("1", socket()).unwrap();
    one.send("2", socket()).unwrap();
    flush(&mut one);
    one.receive_eof(b"").unwrap();
    assert_eq!(one.send("3", socket()).unwrap_err().handle, socket());
    assert_eq!(one.take_back().count(), 2);
    assert_eq!(one.take_back().count(), 0);
}

/// A peer that answers nothing, or asks without an end, costs no more than the bounds.
#[test]
fn answers_are_bounded() {
    let mut one = channel(Limits { window: 4, ..Limits::default() });
    let line = b"{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":1}\n";
    let lines = line.repeat(1000);
    let result = one.receive(&lines);
    assert_eq!(result.unwrap_err(), Violation::TooManyHandles);
    assert_eq!(one.state(), State::Failed);
    // Whose answers are sent is owed nothing.
    let mut one = channel(Limits::default());
    for _ in 0..1000 {
        one.receive(line).unwrap();
        flush(&mut one);
    }
    assert_eq!(one.waiting(), (0, 0));
}

#[test]
fn a_partial_write_takes_the_handles_with_its_first_octet() {
    let mut one = channel(Limits { window: 3, ..Limits::default() });
    one.send("0", None).unwrap();
    for number in 1..=3 {
        one.send(&number.to_string(), socket()).unwrap();
    }
    one.send("4", None).unwrap();
    let mut out = Vec::new();
    while let Some(next) = one.transmit() {
        out.push((next.bytes[0], next.handles.len()));
        one.sent(1);
    }
    assert_eq!(out.iter().filter(|(_, handles)| *handles > 0).collect::<Vec<_>>(), [&(b'{', 3)]);
    let text: String = out.iter().map(|(octet, _)| *octet as char).collect();
    assert_eq!(text.lines().count(), 4, "the last waits for the window: {text}");
    one.receive(ACK).unwrap();
    assert_eq!(flush(&mut one), [("4\n".into(), 0)]);
}

/// Row net-40: a thousand messages in one write, and in writes of a byte, are the same messages.
#[test]
fn net_40_a_thousand_messages_in_a_write() {
    let wire: String = (0..1000).map(|number| format!("{{\"n\":{number}}}\n")).collect();
    for step in [wire.len(), 1] {
        let (mut one, mut at, mut count) = (channel(Limits::default()), 0, 0);
        for stop in (step..=wire.len()).step_by(step) {
            while let (used, Some(Event::Message { json, .. })) = one.receive(&wire.as_bytes()[at..stop]).unwrap() {
                assert_eq!(json, format!("{{\"n\":{count}}}"));
                (at, count) = (at + used, count + 1);
            }
        }
        assert_eq!((at, count), (wire.len(), 1000));
    }
}

fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![Just("null".into()), any::<i32>().prop_map(|n| n.to_string()), "\"[a-zA-Z ]{0,8}\""];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|all| format!("[{}]", all.join(","))),
            inner.prop_map(|value| format!("{{\"a\":{value}}}")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    /// What one end sends the other receives, in either framing, cut anywhere.
    #[test]
    fn what_is_sent_is_received(all in prop::collection::vec(json(), 1..8), lengths: bool, cuts: Vec<prop::sample::Index>) {
        let framing = if lengths { Framing::Lengths } else { Framing::Lines };
        let (mut one, mut other) = (Channel::<Descriptor>::new(framing, Limits::default()), Channel::<Descriptor>::new(framing, Limits::default()));
        let mut wire = Vec::new();
        for json in &all {
            one.send(json, None).unwrap();
        }
        while let Some(next) = one.transmit() {
            wire.extend_from_slice(next.bytes);
            let count = next.bytes.len();
            one.sent(count);
        }
        let mut stops: Vec<usize> = cuts.iter().map(|cut| cut.index(wire.len() + 1)).chain([wire.len()]).collect();
        stops.sort_unstable();
        let (mut at, mut came) = (0, Vec::new());
        for stop in stops {
            while at < stop {
                let (used, event) = other.receive(&wire[at..stop]).unwrap();
                at += used;
                match event {
                    Some(Event::Message { json, .. }) => came.push(json.to_owned()),
                    Some(event) => panic!("{event:?}"),
                    None => break,
                }
            }
        }
        prop_assert_eq!(came, all);
    }

    /// Any bytes, with any handles: no panic, what is kept stays within the bounds, and it is the same at every cut.
    #[test]
    fn any_bytes(
        pieces in prop::collection::vec((prop_oneof![
            Just(ACK.to_vec()),
            Just(b"{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":1}\n".to_vec()),
            prop::collection::vec(any::<u8>(), 0..30),
            json().prop_map(|json| (json + "\n").into_bytes()),
        ], 0..3usize), 0..12),
        window in 0..4usize,
    ) {
        let mut one = channel(Limits { window, message: 200, queue_messages: 5, ..Limits::default() });
        let mut left: Vec<u8> = Vec::new();
        for (piece, handles) in pieces {
            let _ = one.send("1", socket());
            let handles = if piece.is_empty() { 0 } else { handles };
            let came = (0..handles).map(|_| Descriptor(Kind::Socket));
            let Ok(()) = one.carried(came, false, left.len()) else { break };
            left.extend(piece);
            let mut at = 0;
            let result = loop {
                match one.receive(&left[at..]) {
                    Ok((used, event)) => {
                        at += used;
                        if event.is_none() {
                            break Ok(());
                        }
                    }
                    Err(violation) => break Err(violation),
                }
            };
            if let Err(violation) = result {
                prop_assert_eq!(one.state(), State::Failed);
                prop_assert_eq!(one.receive(b"1\n").unwrap_err(), violation);
                prop_assert!(one.transmit().is_none());
                break;
            }
            left.drain(..at);
            prop_assert!(left.len() <= 201 && one.waiting().1 <= 5 + window + 1 && one.unanswered() <= window);
        }
    }
}
