//! The naive bench of "How we measure", and the answers.

use std::cell::Cell;

// ANCHOR: naive
/// How much longer `ours` takes than `theirs`: first a hundred laps of one, and then a hundred of the other.
fn one_after_the_other(mut ours: impl FnMut() -> f64, mut theirs: impl FnMut() -> f64) -> f64 {
    let first: f64 = (0..100).map(|_| ours()).sum();
    let second: f64 = (0..100).map(|_| theirs()).sum();
    first / second
}
// ANCHOR_END: naive

// ANCHOR: median
/// The middle one of some numbers; of an even count, the upper one of the two.
fn median(numbers: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut numbers: Vec<f64> = numbers.into_iter().collect();
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied()
}

/// How much longer `ours` takes than `theirs`, by the median of what each round says.
fn in_turns(mut ours: impl FnMut() -> f64, mut theirs: impl FnMut() -> f64) -> Option<f64> {
    median((0..100).map(|_| ours() / theirs()))
}
// ANCHOR_END: median

/// A machine on which both take the same time, and all takes ever longer.
fn slowing() -> impl Fn() -> f64 {
    let laps = Cell::new(0.0);
    move || {
        laps.set(laps.get() + 1.0);
        1.0 + laps.get() / 200.0
    }
}

#[test]
fn a_machine_that_slows_down_deceives_the_naive_bench_alone() {
    let machine = slowing();
    let naive = one_after_the_other(&machine, &machine);
    assert!(naive < 0.75, "two equals, and one is said to be a quarter faster: {naive}");
    let machine = slowing();
    let ratio = in_turns(&machine, &machine).expect("rounds");
    assert!((0.99..1.01).contains(&ratio), "{ratio}");
}

#[test]
fn one_lap_that_was_disturbed_does_not_move_the_median() {
    let laps = Cell::new(0);
    let disturbed = || {
        laps.set(laps.get() + 1);
        if laps.get() == 50 { 1_000.0 } else { 1.0 }
    };
    assert_eq!(in_turns(disturbed, || 1.0), Some(1.0));
    assert_eq!(median([]), None);
}

// ANCHOR: race
/// The ratio of each contestant to the first. In each round another one begins, so that what the first place costs falls
/// to all of them.
fn race(contestants: &[&dyn Fn() -> f64], rounds: usize) -> Vec<f64> {
    let count = contestants.len();
    let mut ratios = vec![Vec::new(); count];
    for round in 0..rounds {
        let mut times = vec![0.0; count];
        for place in 0..count {
            let who = (place + round) % count;
            times[who] = contestants[who]();
        }
        for (ratios, time) in ratios.iter_mut().zip(&times) {
            ratios.push(time / times[0]);
        }
    }
    ratios.into_iter().filter_map(median).collect()
}
// ANCHOR_END: race

#[test]
fn a_race_is_fair_to_all_though_the_first_place_is_slow() {
    // Between two rounds something else runs, and leaves the caches cold.
    let laps = Cell::new(0);
    let run = || {
        laps.set(laps.get() + 1);
        if laps.get() % 3 == 1 { 1.5 } else { 1.0 }
    };
    assert_eq!(race(&[&run, &run, &run], 99), [1.0, 1.0, 1.0]);
    assert_eq!(median((0..99).map(|_| (run(), run(), run())).map(|(first, _, last)| last / first)), Some(1.0 / 1.5));
}
