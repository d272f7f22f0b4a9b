//! Given: the small programs of the last stage, as in `say main; tick { say a }; timeout 10 { say t; immediate { say i } }`.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// One statement.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Statement {
    /// Says a word.
    Say(String),
    /// Puts a block off.
    Later(When, Vec<Statement>),
}

/// Until when a block is put off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum When {
    /// The next tick.
    Tick,
    /// The microtasks.
    Microtask,
    /// A timer.
    Timeout(Duration),
    /// The check phase.
    Immediate,
}

/// What has been said so far.
pub(crate) type Said = Rc<RefCell<Vec<String>>>;

/// A loop that takes jobs.
pub(crate) trait Scheduler: Sized {
    /// Puts a job off.
    fn later(&mut self, when: When, job: Box<dyn FnOnce(&mut Self)>);
}

/// Runs statements on a loop.
pub(crate) fn run<S: Scheduler + 'static>(statements: &[Statement], scheduler: &mut S, said: &Said) {
    for statement in statements {
        match statement {
            Statement::Say(word) => said.borrow_mut().push(format!("say {word}")),
            Statement::Later(when, block) => {
                let (block, said) = (block.clone(), said.clone());
                scheduler.later(*when, Box::new(move |scheduler| run(&block, scheduler, &said)));
            }
        }
    }
}

/// Reads a program.
///
/// # Errors
///
/// The word that is not understood.
pub(crate) fn parse(text: &str) -> Result<Vec<Statement>, String> {
    let text = text.replace('{', " { ").replace('}', " } ").replace(';', " ");
    let mut words = text.split_whitespace();
    let program = block(&mut words)?;
    words.next().map_or(Ok(program), |word| Err(word.to_string()))
}

fn block<'a>(words: &mut impl Iterator<Item = &'a str>) -> Result<Vec<Statement>, String> {
    let mut statements = Vec::new();
    while let Some(word) = words.next() {
        let when = match word {
            "}" => break,
            "say" => {
                statements.push(Statement::Say(words.next().unwrap_or_default().to_string()));
                continue;
            }
            "tick" => When::Tick,
            "microtask" => When::Microtask,
            "immediate" => When::Immediate,
            "timeout" => {
                let number = words.next().unwrap_or_default();
                When::Timeout(Duration::from_millis(number.parse().map_err(|_| number.to_string())?))
            }
            other => return Err(other.to_string()),
        };
        if words.next() != Some("{") {
            return Err(word.to_string());
        }
        statements.push(Statement::Later(when, block(words)?));
    }
    Ok(statements)
}
