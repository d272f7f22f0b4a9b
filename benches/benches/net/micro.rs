//! Single operations of the loop, in nanoseconds.

use serde_json::{Value, json};
use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    rc::Rc,
    task::{Poll, Waker},
    time::{Duration, Instant},
};
use wirebook_benches::{median, round_to};
use wirebook_net as net;

const RUNS: usize = 15;
const WAKES: u32 = 100_000;
const TIMERS: u64 = 100_000;

pub(crate) fn run() -> Value {
    let result = json!({
        "wake_and_poll_ns": measure(wake_and_poll),
        "spawn_and_finish_ns": measure(spawn_and_finish),
        "next_tick_ns": measure(ticks),
        "timer_insert_ns_at_100000": measure(|| timers().0),
        "timer_cancel_ns_at_100000": measure(|| timers().1),
    });
    eprintln!("{result}");
    result
}

fn measure(run: impl Fn() -> f64) -> f64 {
    round_to(median((0..RUNS).map(|_| run()).collect()), 1)
}

fn each(started: Instant, count: u64) -> f64 {
    started.elapsed().as_nanos() as f64 / count as f64
}

/// Two tasks wake each other in turn: each hand-over is one wake and one poll.
fn wake_and_poll() -> f64 {
    let wakers: Rc<RefCell<[Option<Waker>; 2]>> = Rc::default();
    let left = Rc::new(Cell::new(WAKES));
    let result = net::block_on(async move {
        let started = Instant::now();
        let players = [0, 1].map(|me| {
            let (wakers, left) = (wakers.clone(), left.clone());
            net::spawn(poll_fn(move |context| {
                let wakers = &mut *wakers.borrow_mut();
                if wakers[me].is_none() {
                    wakers[me] = Some(context.waker().clone());
                }
                let Some(rest) = left.get().checked_sub(1) else {
                    wakers[1 - me].take().inspect(Waker::wake_by_ref);
                    return Poll::Ready(());
                };
                left.set(rest);
                if let Some(other) = &wakers[1 - me] {
                    other.wake_by_ref();
                }
                Poll::Pending
            }))
        });
        for player in players {
            player.await.expect("nobody panics");
        }
        each(started, WAKES.into())
    });
    result.expect("the loop runs")
}

fn spawn_and_finish() -> f64 {
    let result = net::block_on(async {
        let started = Instant::now();
        for _ in 1..WAKES {
            net::spawn(async {});
        }
        net::spawn(async {}).await.expect("nobody panics");
        each(started, WAKES.into())
    });
    result.expect("the loop runs")
}

fn ticks() -> f64 {
    let started = Instant::now();
    net::block_on(async {
        for _ in 0..WAKES {
            net::next_tick(|| {});
        }
    })
    .expect("the loop runs");
    each(started, WAKES.into())
}

/// Inserting and cancelling beside 100 000 others, with deadlines as scattered as they come.
fn timers() -> (f64, f64) {
    let result = net::block_on(async {
        let mut state = 1u64;
        let mut random = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            Duration::from_micros(1_000_000 + (state >> 40))
        };
        let mut others: Vec<_> = (0..TIMERS).map(|_| net::set_timeout(|| {}, random())).collect();
        let started = Instant::now();
        let handles: Vec<_> = (0..TIMERS).map(|_| net::set_timeout(|| {}, random())).collect();
        let insert = each(started, TIMERS);
        let started = Instant::now();
        handles.into_iter().for_each(net::clear);
        let cancel = each(started, TIMERS);
        others.drain(..).for_each(net::clear);
        (insert, cancel)
    });
    result.expect("the loop runs")
}
