//! Named tests from a list: what `cargo test` expects of a test binary, with more tests at a time than cores, because
//! most of these wait.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

/// One test: its name, and what runs it. An error says why it failed.
pub struct Trial {
    name: String,
    run: Box<dyn FnOnce() -> Result<(), String> + Send>,
}

impl Trial {
    /// A test with that name.
    pub fn new(name: impl Into<String>, run: impl FnOnce() -> Result<(), String> + Send + 'static) -> Self {
        Trial { name: name.into(), run: Box::new(run) }
    }
}

/// What the command line asks for, as of `cargo test -- --help`.
struct Asked {
    filters: Vec<String>,
    skipped: Vec<String>,
    exact: bool,
    list: bool,
    ignored: bool,
    threads: usize,
}

impl Asked {
    fn new(mut words: impl Iterator<Item = String>, threads: usize) -> Self {
        let mut asked =
            Asked { filters: Vec::new(), skipped: Vec::new(), exact: false, list: false, ignored: false, threads };
        while let Some(word) = words.next() {
            let (flag, mut value) = match word.split_once('=') {
                Some((flag, value)) => (flag.to_owned(), Some(value.to_owned())),
                None => (word, None),
            };
            match flag.as_str() {
                "--exact" => asked.exact = true,
                "--list" => asked.list = true,
                "--ignored" => asked.ignored = true,
                "--skip" => asked.skipped.extend(value.take().or_else(|| words.next())),
                "--test-threads" => {
                    let count = value.take().or_else(|| words.next()).and_then(|text| text.parse().ok());
                    asked.threads = count.unwrap_or(threads);
                }
                "--format" | "--color" | "--logfile" | "-Z" => drop(value.take().or_else(|| words.next())),
                flag if flag.starts_with('-') => {}
                name => asked.filters.push(name.to_owned()),
            }
        }
        asked
    }

    fn wants(&self, name: &str) -> bool {
        let matches = |filter: &String| if self.exact { name == filter } else { name.contains(filter.as_str()) };
        !self.ignored
            && (self.filters.is_empty() || self.filters.iter().any(matches))
            && !self.skipped.iter().any(matches)
    }
}

/// Runs the tests that the command line asks for, `threads` at a time unless it says otherwise; in the order given.
pub fn main(trials: Vec<Trial>, threads: usize) -> ExitCode {
    let asked = Asked::new(std::env::args().skip(1), threads);
    let all = trials.len();
    let wanted: VecDeque<Trial> = trials.into_iter().filter(|trial| asked.wants(&trial.name)).collect();
    if asked.list {
        wanted.iter().for_each(|trial| println!("{}: test", trial.name));
        return ExitCode::SUCCESS;
    }
    let (begin, count) = (Instant::now(), wanted.len());
    println!("\nrunning {count} tests");
    let failures = run(wanted, asked.threads);
    if !failures.is_empty() {
        println!("\nfailures:");
        failures.iter().for_each(|(name, why)| println!("---- {name} ----\n{why}"));
    }
    println!(
        "\ntest result: {}. {} passed; {} failed; 0 ignored; 0 measured; {} filtered out; finished in {:.2}s\n",
        if failures.is_empty() { "ok" } else { "FAILED" },
        count - failures.len(),
        failures.len(),
        all - count,
        begin.elapsed().as_secs_f64()
    );
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(101) }
}

fn run(trials: VecDeque<Trial>, threads: usize) -> Vec<(String, String)> {
    let (trials, failures) = (Mutex::new(trials), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                while let Some(trial) = { trials.lock().expect("no panic holds it").pop_front() } {
                    let start = Instant::now();
                    let result = catch_unwind(AssertUnwindSafe(trial.run));
                    let why = match result {
                        Ok(Ok(())) => None,
                        Ok(Err(why)) => Some(why),
                        Err(panic) => Some(message(&*panic)),
                    };
                    let verdict = if why.is_none() { "ok" } else { "FAILED" };
                    let took = start.elapsed();
                    let note = if took > Duration::from_secs(1) {
                        format!(" ({:.1}s)", took.as_secs_f64())
                    } else {
                        String::new()
                    };
                    println!("test {} ... {verdict}{note}", trial.name);
                    failures.lock().expect("no panic holds it").extend(why.map(|why| (trial.name, why)));
                }
            });
        }
    });
    failures.into_inner().expect("no panic held it")
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it panicked").to_owned()
}
