//! What races, and how: our variants and a peer on the same inputs.
//!
//! The contestants of one input take turns in short heats, so that a slow moment of the machine hits all of them, and the
//! median heat counts. Where the heats of one contestant differ much, the machine was busy, and [`Lap::is_noisy`] says so.
//!
//! A crate of its own, because what is measured is optimised as in the benches, and the site and its tools are built quickly.
//!
//! 1. `inputs`: the heads and bodies, from a health check to 512 heads of which no two are the same
//! 2. `contestants`: who reads them
//! 3. `lap`: what a race brings
//! 4. `lessons`: what the stages of `wirebook learn` race on

mod contestants;
pub mod inputs;
mod lap;
mod lessons;

pub use contestants::{Contestant, Course, Kind, REFERENCE, Run, all, courses};
pub use lap::Lap;
pub use lessons::{Lesson, lesson};
use std::time::{Duration, Instant};

/// All contestants on one input: so many heats of this length.
pub fn race(course: &Course, count: usize, heat: Duration) -> Vec<Lap> {
    let mut racers: Vec<_> = all().into_iter().filter(|racer| racer.kind == course.kind).collect();
    let rounds: Vec<u32> =
        racers.iter_mut().map(|racer| rounds_of_a_heat(&mut racer.run, &course.inputs, heat)).collect();
    let mut heats = vec![Vec::with_capacity(count); racers.len()];
    for _ in 0..count {
        for (nth, racer) in racers.iter_mut().enumerate() {
            let start = Instant::now();
            (racer.run)(&course.inputs, rounds[nth]);
            let inputs = f64::from(rounds[nth]) * course.inputs.len() as f64;
            heats[nth].push(start.elapsed().as_secs_f64() * 1e9 / inputs);
        }
    }
    heats.iter_mut().for_each(|heats| heats.sort_by(f64::total_cmp));
    let median = |nth: usize| heats[nth][count / 2];
    let reference = racers.iter().position(|racer| racer.name == REFERENCE).map_or(f64::NAN, median);
    let lap = |nth: usize| {
        let ns = median(nth);
        let spread = heats[nth][count * 3 / 4] / heats[nth][count / 4] - 1.0;
        let (gbps, ratio) = (course.bytes() / ns, reference / ns);
        Lap {
            parser: racers[nth].name.into(),
            input: course.name.into(),
            ns: round(ns, 1),
            gbps: round(gbps, 3),
            ratio: round(ratio, 2),
            spread,
        }
    };
    (0..racers.len()).map(lap).collect()
}

fn round(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}

/// How often to read all inputs to fill one heat; this is the warm-up too.
fn rounds_of_a_heat(run: &mut dyn FnMut(&[Vec<u8>], u32), inputs: &[Vec<u8>], heat: Duration) -> u32 {
    let mut rounds = 1;
    loop {
        let start = Instant::now();
        run(inputs, rounds);
        let took = start.elapsed();
        if took >= heat / 4 {
            return (f64::from(rounds) * heat.as_secs_f64() / took.as_secs_f64()).ceil().max(1.0) as u32;
        }
        rounds *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_reads_every_input() {
        for course in courses() {
            for mut racer in all().into_iter().filter(|racer| racer.kind == course.kind) {
                (racer.run)(&course.inputs, 1);
            }
        }
    }

    #[test]
    fn inputs_are_what_they_say() {
        assert_eq!([inputs::tiny().len(), inputs::cookie().len(), inputs::chrome().len()], [37, 703, 1_300]);
        assert!((4_000..4_200).contains(&inputs::token().len()));
        assert_eq!(inputs::varied().len(), 512);
        let lines = |head: &[u8]| head.windows(2).filter(|pair| pair == b"\r\n").count() - 2;
        let heads = [inputs::cookie(), inputs::chrome(), inputs::token(), inputs::response()];
        assert_eq!(heads.map(|head| lines(&head)), [9, 21, 8, 10]);
    }
}
