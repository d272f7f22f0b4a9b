//! The retry that one would write first, and the answers of "A client, and what GOAWAY leaves out".

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use wirebook_net::{self as net, Signal, sim};

// ANCHOR: naive
/// Asks until there is an answer.
fn ask_until_answered(mut ask: impl FnMut() -> Result<u16, &'static str>) -> u16 {
    loop {
        if let Ok(status) = ask() {
            return status;
        }
    }
}
// ANCHOR_END: naive

// ANCHOR: breaks
#[test]
fn what_was_done_without_an_answer_is_done_twice() {
    let orders = Cell::new(0);
    let status = ask_until_answered(|| {
        orders.set(orders.get() + 1);
        // The first time the order is written down, and the connection ends before the answer.
        if orders.get() == 1 { Err("the connection has ended") } else { Ok(201) }
    });
    assert_eq!((status, orders.get()), (201, 2));
}
// ANCHOR_END: breaks

// ANCHOR: exercise_fate
#[derive(Debug, PartialEq)]
enum Fate {
    Answered,
    NobodyKnows,
    MadeAgain,
}

/// What becomes of a stream's request. `goaways` are the numbers that the server has named, if it has said anything.
fn fate(stream: u32, answered: bool, goaways: &[u32]) -> Fate {
    match goaways.iter().min() {
        _ if answered => Fate::Answered,
        Some(last) if stream > *last => Fate::MadeAgain,
        _ => Fate::NobodyKnows,
    }
}
// ANCHOR_END: exercise_fate

// ANCHOR: exercise_fate_test
#[test]
fn a_server_that_leaves_says_what_it_has_not_looked_at() {
    assert_eq!(fate(1, true, &[]), Fate::Answered);
    assert_eq!(fate(3, false, &[]), Fate::NobodyKnows);
    // The first step of two leaves nothing out.
    let first = (1 << 31) - 1;
    assert_eq!(fate(5, false, &[first]), Fate::NobodyKnows);
    assert_eq!(fate(3, false, &[first, 3]), Fate::NobodyKnows);
    assert_eq!(fate(5, false, &[first, 3]), Fate::MadeAgain);
}
// ANCHOR_END: exercise_fate_test

// ANCHOR: exercise_once
enum State<T> {
    Nothing,
    BeingMade,
    There(T),
}

struct Once<T> {
    state: RefCell<State<T>>,
    changed: Signal,
}

impl<T: Clone> Once<T> {
    /// The thing. Whoever comes first makes it; if that fails, the next one tries.
    async fn get<E>(&self, make: impl AsyncFnOnce() -> Result<T, E>) -> Result<T, E> {
        let there = self.changed.until(|| {
            let state = &mut *self.state.borrow_mut();
            match state {
                State::There(thing) => Some(Some(thing.clone())),
                State::BeingMade => None,
                State::Nothing => {
                    *state = State::BeingMade;
                    Some(None)
                }
            }
        });
        if let Some(thing) = there.await {
            return Ok(thing);
        }
        let made = make().await;
        self.state.replace(match &made {
            Ok(thing) => State::There(thing.clone()),
            Err(_) => State::Nothing,
        });
        self.changed.raise();
        made
    }
}
// ANCHOR_END: exercise_once

// ANCHOR: exercise_once_test
#[test]
fn ten_who_ask_make_it_once_and_after_a_failure_once_more() {
    sim::run(1, async {
        let once = Rc::new(Once { state: RefCell::new(State::Nothing), changed: Signal::new() });
        let made = Rc::new(Cell::new(0));
        let ask = || {
            let (once, made) = (once.clone(), made.clone());
            net::spawn(async move {
                let make = async || {
                    net::sleep(Duration::from_secs(1)).await;
                    made.set(made.get() + 1);
                    if made.get() == 1 { Err("the first one fails") } else { Ok(made.get()) }
                };
                once.get(make).await
            })
        };
        let mut results = Vec::new();
        for asked in (0..10).map(|_| ask()).collect::<Vec<_>>() {
            results.push(asked.await.expect("a task"));
        }
        assert_eq!(results[0], Err("the first one fails"));
        assert!(results[1..].iter().all(|result| *result == Ok(2)));
        assert_eq!(made.get(), 2);
    })
    .expect("the loop runs");
}
// ANCHOR_END: exercise_once_test
