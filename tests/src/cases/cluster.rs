//! The supervisor of a cluster, as its core decides.
//!
//! A block `story` is what happens: on each line a time, and what happens then (`online 1`, `ready 1`, `beat 1`, `heard 1`,
//! `bows 1`, `leaves 1`, `misbehaves 1`, `ended 1`, `reload`, `scale 3`, `leave`, `quit`, or `wait`, when nothing does). Its settings are the
//! options, by their names. What is ordered meanwhile is told with its time; what has no place is told, too. Pauses have jitter:
//! their ends are told in whole multiples of 100 ms, and the options of most cases have none.

use std::time::{Duration, Instant};
use wirebook_cases::Input;
use wirebook_cluster::supervisor::{BackOff, Event, Options, Order, RestartLimit, Supervisor};

/// The orders, a line each.
pub fn events(input: &Input<'_>) -> Vec<String> {
    let start = Instant::now();
    let mut case = Case { start, supervisor: Supervisor::new(options(input), start), lines: Vec::new() };
    case.orders(start);
    for line in input.text("story").expect("a story").lines() {
        let (at, what) = line.split_once(' ').expect("a time and what happens");
        case.until(start + time(at));
        if let Some(worker) = what.strip_prefix("heard ") {
            case.supervisor.heard(worker.parse().expect("a number"), start + time(at));
        } else if what != "wait" {
            let result = case.supervisor.on(event(what), start + time(at));
            if let Err(error) = result {
                case.lines.push(format!("{at} refused {what}: {error}"));
            }
            case.orders(start + time(at));
        }
    }
    case.lines
}

/// `90ms`, `5s`, `2m`, `0`, `max`.
fn time(text: &str) -> Duration {
    let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let number = |scale| Duration::from_millis(digits.parse::<u64>().expect("a number") * scale);
    match unit {
        "ms" => number(1),
        "s" => number(1_000),
        "m" => number(60_000),
        "" => number(0),
        "max" => Duration::MAX,
        other => panic!("{other} is no unit of time"),
    }
}

fn options(input: &Input<'_>) -> Options {
    let mut options =
        Options { back_off: BackOff { first: Duration::ZERO, ..BackOff::default() }, ..Options::default() };
    let count = |value: &str| if value == "max" { usize::MAX } else { value.parse().expect("a number") };
    for (name, value) in input.settings().iter() {
        match name {
            "workers" => options.workers = count(value),
            "start_timeout" => options.start_timeout = time(value),
            "beat" => options.beat = time(value),
            "missed" => options.missed = u32::try_from(count(value)).unwrap_or(u32::MAX),
            "first" => options.back_off.first = time(value),
            "longest" => options.back_off.longest = time(value),
            "settled" => options.back_off.settled = time(value),
            "deaths" => options.limit = RestartLimit { deaths: count(value), ..options.limit },
            "within" => options.limit = RestartLimit { within: time(value), ..options.limit },
            "strict" => options.strict = true,
            "drain" => options.drain = time(value),
            "kill_after" => options.kill_after = time(value),
            other => panic!("{other} is not a setting"),
        }
    }
    options
}

fn event(what: &str) -> Event {
    let (verb, number) = what.split_once(' ').unwrap_or((what, "0"));
    let worker: u64 = number.parse().expect("a number");
    match verb {
        "online" => Event::Online(worker),
        "listening" => Event::Listening(worker),
        "ready" => Event::Ready(worker),
        "beat" => Event::Beat(worker),
        "bows" => Event::Bows(worker),
        "leaves" => Event::Leaves(worker),
        "misbehaves" => Event::Misbehaves(worker),
        "ended" => Event::Ended(worker),
        "scale" => Event::Scale(number.parse().expect("a number")),
        "reload" => Event::Reload,
        "leave" => Event::Leave,
        "quit" => Event::Quit,
        other => panic!("{other} is no event"),
    }
}

struct Case {
    start: Instant,
    supervisor: Supervisor,
    lines: Vec<String>,
}

impl Case {
    /// What is due up to then.
    fn until(&mut self, end: Instant) {
        while let Some(due) = self.supervisor.deadline().filter(|due| *due <= end) {
            self.supervisor.expire(due);
            self.orders(due);
        }
    }

    fn orders(&mut self, now: Instant) {
        let passed = now - self.start;
        let at = match passed.as_millis() {
            0 => "0".to_owned(),
            millis if millis % 1000 == 0 => format!("{}s", millis / 1000),
            millis if millis > 1000 && !passed.subsec_nanos().is_multiple_of(1_000_000) => {
                format!("~{}s", millis.div_ceil(1000))
            }
            millis => format!("{millis}ms"),
        };
        while let Some(order) = self.supervisor.order() {
            self.lines.push(match order {
                Order::Start { worker, slot, generation } => {
                    format!("{at} start {worker} slot {slot} generation {generation}")
                }
                Order::Leave(worker) => format!("{at} leave {worker}"),
                Order::Hurry(worker) => format!("{at} hurry {worker}"),
                Order::Kill(worker) => format!("{at} kill {worker}"),
                Order::Reloaded(generation) => format!("{at} reloaded {generation}"),
                Order::NotReloaded(generation) => format!("{at} not reloaded {generation}"),
                Order::GiveUp => format!("{at} give up"),
                Order::Recovered => format!("{at} recovered"),
                Order::End(code) => format!("{at} end {code}"),
            });
        }
    }
}
