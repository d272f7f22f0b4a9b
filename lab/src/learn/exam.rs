//! A stage's cases, run on the reader's program: whole, byte by byte and at every cut.

use super::reader::{ANSWER_TIME, Reader, Trouble};
use super::stage::{Exercise, Stage};
use serde::Serialize;

/// Inputs up to this length are cut everywhere; longer ones, which are about their length, in sixteen places.
const SHORT: usize = 1_024;

/// How an input arrives.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Way {
    Whole,
    ByteByByte,
    CutAt(usize),
}

impl Way {
    /// The pieces in which it arrives.
    fn pieces(self, input: &[u8]) -> Vec<&[u8]> {
        match self {
            Way::Whole => vec![input],
            Way::ByteByByte => input.chunks(input.len().div_ceil(SHORT)).collect(),
            Way::CutAt(cut) => vec![&input[..cut], &input[cut..]],
        }
    }

    fn all_but_whole(input: &[u8]) -> impl Iterator<Item = Way> {
        let step = if input.len() <= SHORT { 1 } else { input.len() / 16 };
        [Way::ByteByByte].into_iter().chain((1..input.len()).step_by(step).map(Way::CutAt))
    }
}

/// What came of a stage.
pub(super) enum Verdict {
    /// All cases, and how many ways they came in.
    Passed {
        cases: usize,
        ways: usize,
        printed: String,
    },
    Failed(Box<Failure>),
}

/// The first case that is not as it should be.
pub(super) struct Failure {
    pub(super) exercise: Exercise,
    pub(super) way: Way,
    pub(super) step: &'static str,
    /// How many cases of this step passed before, of how many.
    pub(super) passed: usize,
    pub(super) of: usize,
    pub(super) got: Result<Vec<String>, Trouble>,
    /// What the code printed.
    pub(super) printed: String,
}

/// The steps of a stage, in their order: what they are called, whether they take refusals, whether they cut.
const STEPS: [(&str, bool, bool); 4] = [
    ("whole", false, false),
    ("in pieces", false, true),
    ("refusals", true, false),
    ("refusals in pieces", true, true),
];

/// Runs a stage until its first failure.
///
/// # Errors
///
/// Where the program does not start, or a document of ours is broken.
pub(super) fn examine(stage: &Stage, program: &std::path::Path) -> Result<Verdict, Trouble> {
    let exercises = stage.exercises().map_err(|sentence| Trouble { sentence, said: String::new() })?;
    let mut reader = Reader::start(program)?;
    let (mut ways, mut printed) = (0, String::new());
    for (step, refusals, cut) in STEPS {
        if cut && !stage.cut {
            continue;
        }
        let of_step: Vec<&Exercise> = exercises.iter().filter(|exercise| exercise.is_refusal() == refusals).collect();
        for (passed, exercise) in of_step.iter().enumerate() {
            let whole = [Way::Whole].into_iter().filter(|_| !cut);
            for way in whole.chain(Way::all_but_whole(&exercise.input).filter(|_| cut)) {
                ways += 1;
                let answer = reader.ask(stage.name, &way.pieces(&exercise.input), ANSWER_TIME);
                let said = answer.as_ref().map_or_else(|trouble| &trouble.said, |answer| &answer.printed);
                let got = answer.as_ref().map(|answer| answer.lines.clone()).map_err(Clone::clone);
                if got.as_ref() != Ok(&exercise.wanted) {
                    return Ok(Verdict::Failed(Box::new(Failure {
                        exercise: (*exercise).clone(),
                        way,
                        step,
                        passed,
                        of: of_step.len(),
                        printed: said.clone(),
                        got,
                    })));
                }
                if printed.is_empty() {
                    printed.clone_from(said);
                }
            }
        }
    }
    Ok(Verdict::Passed { cases: exercises.len(), ways, printed })
}
