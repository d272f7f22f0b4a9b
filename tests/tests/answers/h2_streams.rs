//! The bookkeeping that one would write first, what it gets wrong, and the answers of "Streams: a verdict for each pair".

use std::collections::{BTreeSet, HashSet};
use wirebook_http2::Violation;
use wirebook_http2::state::{Input, State, Verdict};

// ANCHOR: naive
/// The streams that are open.
#[derive(Default)]
struct Naive(HashSet<u32>);

impl Naive {
    fn headers(&mut self, stream: u32) -> Result<(), &'static str> {
        if self.0.insert(stream) { Ok(()) } else { Err("it is open already") }
    }

    fn data(&mut self, stream: u32) -> Result<(), &'static str> {
        if self.0.contains(&stream) { Ok(()) } else { Err("it is not open") }
    }

    /// It ends, in whatever way.
    fn close(&mut self, stream: u32) {
        self.0.remove(&stream);
    }
}
// ANCHOR_END: naive

// ANCHOR: breaks
#[test]
fn what_was_on_its_way_is_no_mistake() {
    let mut naive = Naive::default();
    naive.headers(1).expect("a new stream");
    // We reset it. The client does not know yet, and goes on.
    naive.close(1);
    assert_eq!(naive.data(1), Err("it is not open"));
    // The table has a state for that, in which DATA is dropped.
    assert_eq!(State::ResetByUs.verdict(Input::ReceiveData), Verdict::Drop);
}

#[test]
fn a_number_is_used_once() {
    let mut naive = Naive::default();
    naive.headers(1).expect("a new stream");
    naive.close(1);
    // Two requests, and an answer that could be for either.
    assert_eq!(naive.headers(1), Ok(()));
    let verdict = State::Ended.verdict(Input::ReceiveHeaders);
    assert_eq!(verdict, Verdict::Connection(Violation::StreamClosed));
}
// ANCHOR_END: breaks

// ANCHOR: exercise_list
/// What may come in each state, a line for each.
fn welcome() -> String {
    let mut lines = String::new();
    for state in State::ALL {
        let inputs = Input::ALL.into_iter().filter(|input| format!("{input:?}").starts_with("Receive"));
        let welcome = inputs.filter(|input| matches!(state.verdict(*input), Verdict::To(_)));
        let names: Vec<String> = welcome.map(|input| format!("{input:?}")).collect();
        lines += &format!("{state:?}: {}\n", names.join(", "));
    }
    lines
}
// ANCHOR_END: exercise_list

#[test]
fn exercise_only_two_states_hear_data() {
    let list = welcome();
    let data: Vec<&str> = list.lines().filter(|line| line.contains("ReceiveData")).collect();
    assert_eq!(data.len(), 2, "{list}");
    assert!(data[0].starts_with("Open:") && data[1].starts_with("HalfClosedLocal:"));
    assert!(list.contains("Idle: ReceiveHeaders, ReceiveHeadersEnd\n") && list.contains("Ended: \n"));
}

// ANCHOR: exercise_model
/// A stream at both ends, and the frames on their way.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct World {
    ends: [u8; 2],
    wires: [Vec<u8>; 2],
}

const SENDS: [(Input, Input); 5] = [
    (Input::SendHeaders, Input::ReceiveHeaders),
    (Input::SendHeadersEnd, Input::ReceiveHeadersEnd),
    (Input::SendData, Input::ReceiveData),
    (Input::SendDataEnd, Input::ReceiveDataEnd),
    (Input::SendReset, Input::ReceiveReset),
];

fn state(number: u8) -> State {
    State::ALL[usize::from(number)]
}

fn number(state: State) -> u8 {
    State::ALL.iter().position(|other| *other == state).expect("a state") as u8
}

/// All that can happen next, and whether any of it is an error.
fn next(world: &World, most: usize) -> Vec<World> {
    let mut worlds = Vec::new();
    for (end, other) in [(0, 1), (1, 0)] {
        // It says something that its table allows.
        for (at, (send, _)) in SENDS.iter().enumerate() {
            if let Verdict::To(to) = state(world.ends[end]).verdict(*send)
                && world.wires[end].len() < most
            {
                let mut said = world.clone();
                said.ends[end] = number(to);
                said.wires[end].push(at as u8);
                worlds.push(said);
            }
        }
        // It hears what was said first.
        if let Some((first, rest)) = world.wires[other].split_first() {
            let mut heard = world.clone();
            heard.wires[other] = rest.to_vec();
            match state(world.ends[end]).verdict(SENDS[usize::from(*first)].1) {
                Verdict::To(to) => heard.ends[end] = number(to),
                Verdict::Drop | Verdict::Ignore => {}
                error => panic!("two ends that keep to the table, and {error:?}"),
            }
            worlds.push(heard);
        }
    }
    worlds
}

/// All worlds that can be reached with at most so many frames on their way in each direction.
fn explore(most: usize) -> usize {
    let ends = [number(State::Unopened), number(State::Idle)];
    let first = World { ends, wires: [Vec::new(), Vec::new()] };
    let (mut seen, mut open) = (BTreeSet::from([first.clone()]), vec![first]);
    while let Some(world) = open.pop() {
        for world in next(&world, most) {
            if seen.insert(world.clone()) {
                open.push(world);
            }
        }
    }
    seen.len()
}
// ANCHOR_END: exercise_model

// ANCHOR: exercise_model_test
#[test]
fn two_ends_that_keep_to_the_table_never_meet_an_error() {
    let worlds = explore(3);
    assert!((1500..3000).contains(&worlds), "{worlds}");
}
// ANCHOR_END: exercise_model_test
