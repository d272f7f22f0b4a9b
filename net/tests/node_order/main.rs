//! The order of callbacks is Node's: small programs, each with its Node twin.
//!
//! A test runs the Rust program and compares its words with the recorded order; where `node` is on the path it also runs
//! the twin, so that the recording itself is judged. Nothing is asserted that is racy in Node (a zero timeout against an
//! immediate from the main script, for one).

mod programs;

use programs::{PROGRAMS, Program};
use std::{cell::RefCell, process::Command, rc::Rc};

/// What a program says, word by word. Clones write to the same list.
#[derive(Clone, Default)]
pub(crate) struct Log(Rc<RefCell<Vec<String>>>);

impl Log {
    /// Says a word now.
    pub(crate) fn say(&self, word: &str) {
        self.0.borrow_mut().push(word.to_owned());
    }

    /// A callback that says a word.
    pub(crate) fn word(&self, word: &'static str) -> impl Fn() + 'static {
        let log = self.clone();
        move || log.say(word)
    }
}

fn run(program: &Program) -> String {
    let log = Log::default();
    let (run, inner) = (program.rust, log.clone());
    wirebook_net::block_on(async move { run(inner) }).expect("the loop runs");
    log.0.take().join(" ")
}

/// What Node says, if there is a Node.
fn run_node(program: &Program) -> Option<String> {
    let prelude = "const say = (word) => process.stdout.write(word + ' ');\n\
                   const word = (text) => () => say(text);\n";
    let output = Command::new("node").arg("-e").arg(format!("{prelude}{}", program.node)).output().ok()?;
    assert!(output.status.success(), "{}: {}", program.name, String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[test]
fn the_loop_runs_callbacks_in_the_recorded_order() {
    for program in PROGRAMS {
        // More than once: an order that holds by luck does not hold long.
        for _ in 0..5 {
            assert_eq!(run(program), program.order, "{}", program.name);
        }
    }
}

#[test]
fn node_runs_the_twins_in_the_recorded_order() {
    std::thread::scope(|scope| {
        let runs: Vec<_> = PROGRAMS.iter().map(|program| (program, scope.spawn(|| run_node(program)))).collect();
        for (program, run) in runs {
            match run.join().expect("the twin ran") {
                Some(order) => assert_eq!(order, program.order, "{} in Node", program.name),
                None => eprintln!("{}: no node on the path, the recorded order stands", program.name),
            }
        }
    });
}
