//! Fragments and the end of a conversation, the obvious way and the exercises of their chapter.

use std::collections::HashMap;

use crate::frames::Frame;
use wirebook_websocket::state::{Input, State};

// ANCHOR: messages_naive
/// Joins the fragments of messages.
#[derive(Default)]
struct NaiveMessages {
    fragments: Vec<Vec<u8>>,
}

impl NaiveMessages {
    /// A frame has come. Gives the message, where it ends one.
    fn frame(&mut self, fin: bool, payload: &[u8]) -> Option<String> {
        self.fragments.push(payload.to_vec());
        let whole = fin.then(|| std::mem::take(&mut self.fragments).concat())?;
        Some(String::from_utf8_lossy(&whole).into_owned())
    }
}
// ANCHOR_END: messages_naive

// ANCHOR: messages_break
#[test]
fn the_naive_messages_are_wrong_three_times() {
    let mut messages = NaiveMessages::default();
    // A ping between two fragments: it ends the message, and is said to be part of it.
    assert_eq!(messages.frame(false, b"Hel"), None);
    assert_eq!(messages.frame(true, b"ping"), Some("Helping".into()));
    assert_eq!(messages.frame(true, b"lo"), Some("lo".into()));
    // Empty fragments: each costs the sender six bytes, and the list grows for ever.
    for _ in 0..10_000 {
        messages.frame(false, b"");
    }
    assert_eq!(messages.fragments.len(), 10_000);
    // A byte that is in no text is noticed at the end, if the end ever comes.
    assert_eq!(messages.frame(false, &[0xff]), None);
}
// ANCHOR_END: messages_break

// ANCHOR: exercise_messages
/// Joins fragments within bounds; the error is the code of the Close to send.
#[derive(Default)]
struct Messages {
    text: Vec<u8>,
    under_way: bool,
    empty: u32,
}

const MAX_MESSAGE: usize = 1 << 20;
const MAX_EMPTY: u32 = 999;

impl Messages {
    fn frame(&mut self, (fin, opcode, payload): Frame) -> Result<Option<String>, u16> {
        match (opcode, self.under_way) {
            // Pings and their kin belong to no message.
            (8.., _) => return Ok(None),
            (0, true) | (1, false) => {}
            // A continuation of nothing, a message within a message, and binary.
            (0 | 1, _) => return Err(1002),
            _ => return Err(1003),
        }
        if self.text.len() + payload.len() > MAX_MESSAGE {
            return Err(1009);
        }
        self.empty += u32::from(payload.is_empty() && !fin);
        if self.empty > MAX_EMPTY {
            return Err(1008);
        }
        self.text.extend_from_slice(&payload);
        self.under_way = !fin;
        match str::from_utf8(&self.text) {
            // Only the end of a character is missing, and more is to come.
            Err(error) if !fin && error.error_len().is_none() => Ok(None),
            Err(_) => Err(1007),
            Ok(_) if !fin => Ok(None),
            Ok(text) => {
                let text = text.to_string();
                *self = Messages::default();
                Ok(Some(text))
            }
        }
    }
}
// ANCHOR_END: exercise_messages

#[test]
fn exercise_messages_keep_their_bounds() {
    let frame = |fin: bool, opcode: u8, payload: &[u8]| (fin, opcode, payload.to_vec());
    let mut messages = Messages::default();
    assert_eq!(messages.frame(frame(false, 1, b"Hel")), Ok(None));
    assert_eq!(messages.frame(frame(true, 9, b"ping")), Ok(None));
    assert_eq!(messages.frame(frame(true, 0, b"lo")), Ok(Some("Hello".into())));
    // A character may be split: € is e2 82 ac.
    assert_eq!(messages.frame(frame(false, 1, &[0xe2, 0x82])), Ok(None));
    assert_eq!(messages.frame(frame(true, 0, &[0xac])), Ok(Some("€".into())));
    assert_eq!(messages.frame(frame(false, 1, &[0xff])), Err(1007));
    let refused = |frames: Vec<Frame>| {
        let mut messages = Messages::default();
        frames.into_iter().find_map(|frame| messages.frame(frame).err())
    };
    assert_eq!(refused(vec![frame(true, 0, b"x")]), Some(1002));
    assert_eq!(refused(vec![frame(false, 1, b"x"), frame(true, 1, b"y")]), Some(1002));
    assert_eq!(refused(vec![frame(true, 2, b"x")]), Some(1003));
    assert_eq!(refused(vec![frame(true, 1, &[0xe2, 0x82])]), Some(1007), "half a character at the end");
    assert_eq!(refused(vec![frame(false, 1, &[b'x'; MAX_MESSAGE])]), None);
    assert_eq!(refused(vec![frame(false, 1, &[b'x'; MAX_MESSAGE]), frame(true, 0, b"x")]), Some(1009));
    assert_eq!(refused(vec![frame(false, 1, b"")].into_iter().chain(vec![frame(false, 0, b""); 998]).collect()), None);
    assert_eq!(
        refused(vec![frame(false, 1, b"")].into_iter().chain(vec![frame(false, 0, b""); 999]).collect()),
        Some(1008)
    );
}

// ANCHOR: exercise_closing
/// One end of a connection, as two facts: has it said Close, and has it heard one?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct End {
    said: bool,
    heard: bool,
}

/// Lets two ends do all that they may, in every order; gives the states in which
/// nothing more can happen. A Close on its way is a fact as well.
fn endings() -> Vec<[End; 2]> {
    type World = ([End; 2], [bool; 2]);
    let (mut seen, mut last) = (HashMap::<World, ()>::new(), Vec::new());
    let mut open: Vec<World> = vec![Default::default()];
    while let Some((ends, on_its_way)) = open.pop() {
        if seen.insert((ends, on_its_way), ()).is_some() {
            continue;
        }
        let before = open.len();
        for me in [0, 1] {
            let (mut ends, mut on_its_way) = (ends, on_its_way);
            if on_its_way[me] {
                (ends[me].heard, on_its_way[me]) = (true, false);
            } else if !ends[me].said {
                (ends[me].said, on_its_way[1 - me]) = (true, true);
            } else {
                continue;
            }
            open.push((ends, on_its_way));
        }
        if open.len() == before {
            last.push(ends);
        }
    }
    last
}
// ANCHOR_END: exercise_closing

#[test]
fn exercise_every_order_ends_with_two_closed_ends() {
    let closed = End { said: true, heard: true };
    assert_eq!(endings(), [[closed; 2]]);
    // The crate's table says the same of one end.
    for inputs in [[Input::SendClose, Input::ReceiveClose], [Input::ReceiveClose, Input::SendClose]] {
        let end = inputs.into_iter().try_fold(State::Open, |state, input| state.after(input));
        assert_eq!(end, Some(State::Closed));
    }
}
