//! `wirebook learn`: a crate of the reader's own, in which parsers, decoders, a queue and a loop are filled in stage by
//! stage, each judged by the case documents of this repository, at every cut.
//!
//! Reading order: `stage` (what there is to do), `ours` (what is wanted), `reader` (the process that is asked), `exam` (the
//! cases run on it), `show` (what a person sees of it), `progress`, `race`, `watch`. What the reader gets lies in
//! `lab/learn`: `given` is copied, `start` is to be filled in, `answers` and `hints` open when they are asked for.

mod exam;
mod files;
mod ours;
mod progress;
mod race;
mod reader;
mod show;
mod stage;
mod watch;

pub(crate) use reader::{ANSWER_TIME, Reader, Trouble, build};
pub(crate) use stage::named;

use crate::complaint::Complaint;
use clap::{Args, Subcommand};
use exam::Verdict;
use progress::Progress;
use serde_json::json;
use show::print;
use stage::{STAGES, Stage};
use std::path::{Path, PathBuf};

/// What to do in the crate.
#[derive(Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    what: Option<What>,
    /// The crate, if it is neither here nor in a folder above
    #[arg(long = "crate", value_name = "DIR", global = true)]
    folder: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum What {
    /// Make the crate, with the first stage to fill in
    New {
        /// A folder that is not there yet
        #[arg(default_value = "wirebook-learn")]
        path: PathBuf,
    },
    /// Build and test a stage: the next one, if none is named
    Check { stage: Option<String> },
    /// The same, with all stages before it; if all is well the stage is done
    Submit { stage: Option<String> },
    /// Open one more hint
    Hint { stage: Option<String> },
    /// Show the answer
    Answer {
        stage: Option<String>,
        /// Put it into the crate; your file is kept beside it
        #[arg(long)]
        take: bool,
    },
    /// Put the file as it was given into the crate; yours is kept beside it
    Reset { stage: Option<String> },
    /// Check again whenever a file changes, until Ctrl-C
    Watch {
        /// Submit what passes and go on with the next stage; ends behind the last one
        #[arg(long)]
        submit: bool,
    },
    /// Race a stage that passes against ours: head, chunks, unmask, events or escape
    Race { stage: String },
}

/// The crate in this folder.
pub(crate) fn find(folder: &Path) -> Result<PathBuf, Complaint> {
    progress::find(Some(folder))
}

/// Runs the subcommand; without one it says where the reader is.
pub(crate) fn run(options: &Options) -> Result<(), Complaint> {
    if let Some(What::New { path }) = &options.what {
        files::create(path)?;
        let value = json!({ "crate": path, "next": next_of(&Progress::default()) });
        return print(options.json, &value, || format!("{} is made.\n\n{}", path.display(), show::welcome(path)));
    }
    let root = progress::find(options.folder.as_deref())?;
    let mut progress = Progress::read(&root)?;
    let desk = Desk { root: &root, json: options.json };
    match &options.what {
        None | Some(What::New { .. }) => desk.status(&progress),
        Some(What::Check { stage }) => desk.check(stage_of(stage, &progress)?),
        Some(What::Submit { stage }) => desk.submit(stage_of(stage, &progress)?, &mut progress),
        Some(What::Hint { stage }) => desk.hint(stage_of(stage, &progress)?, &mut progress),
        Some(What::Answer { stage, take }) => desk.answer(stage_of(stage, &progress)?, *take, &mut progress),
        Some(What::Reset { stage }) => {
            let stage = stage_of(stage, &progress)?;
            let kept = files::put(&root, stage, stage.start)?;
            let value = json!({ "stage": stage.name, "file": stage.file, "kept": kept });
            print(options.json, &value, || show::put(stage, "as it was given", &kept))
        }
        Some(What::Watch { submit }) => watch::run(&desk, *submit),
        Some(What::Race { stage }) => race::run(&desk, stage_of(&Some(stage.clone()), &progress)?),
    }
}

/// The stage named, or the next one.
fn stage_of(name: &Option<String>, progress: &Progress) -> Result<&'static Stage, Complaint> {
    let names: Vec<&str> = STAGES.iter().map(|stage| stage.name).collect();
    let names = names.join(", ");
    match name {
        Some(name) => named(name).ok_or_else(|| {
            Complaint::new(format!("There is no stage named {name}."), format!("The stages are {names}."))
        }),
        None => progress.next().ok_or_else(|| {
            Complaint::new("All stages are done.", format!("Name one to go back to it: {names}; or race one."))
        }),
    }
}

fn next_of(progress: &Progress) -> serde_json::Value {
    progress.next().map_or(
        json!(null),
        |stage| json!({ "stage": stage.name, "title": stage.title, "file": stage.file, "chapter": stage.chapter }),
    )
}

/// The crate that is worked on, and how to speak.
struct Desk<'a> {
    root: &'a Path,
    json: bool,
}

impl Desk<'_> {
    fn status(&self, progress: &Progress) -> Result<(), Complaint> {
        let stages = STAGES.iter().map(|stage| {
            json!({
                "stage": stage.name, "title": stage.title, "file": stage.file, "done": progress.is_done(stage),
                "hints": progress.hints.get(stage.name), "answer": progress.answers.iter().any(|name| name == stage.name),
            })
        });
        let value = json!({ "stages": stages.collect::<Vec<_>>(), "next": next_of(progress) });
        print(self.json, &value, || show::status(progress))
    }

    /// Builds the crate and runs a stage, and shows what came of it. The complaint at the end says what helps.
    fn check(&self, stage: &Stage) -> Result<(), Complaint> {
        self.show(stage, build(self.root, false).and_then(|program| exam::examine(stage, &program)))
    }

    fn show(&self, stage: &Stage, verdict: Result<Verdict, Trouble>) -> Result<(), Complaint> {
        print(self.json, &show::as_json(stage, &verdict), || show::verdict(stage, &verdict))?;
        let wrong = match verdict {
            Ok(Verdict::Passed { .. }) => return Ok(()),
            Ok(Verdict::Failed(failure)) => format!("{} is not as it should be.", failure.exercise.name),
            Err(trouble) => trouble.sentence,
        };
        let hint = format!("`wirebook learn hint {}` opens a hint; the book's page is {}.", stage.name, stage.chapter);
        Err(Complaint::new(format!("Stage {}: {wrong}", stage.name), hint))
    }

    /// Tests this stage and those before it: a later stage may have broken an earlier one.
    fn submit(&self, stage: &'static Stage, progress: &mut Progress) -> Result<(), Complaint> {
        let earlier = &STAGES[..stage.number() - 1];
        if let Some(missing) = earlier.iter().find(|earlier| !progress.is_done(earlier)) {
            let hint = format!("`wirebook learn submit {}` first: stages build on each other.", missing.name);
            return Err(Complaint::new(format!("Stage {} is not done yet.", missing.name), hint));
        }
        let program = match build(self.root, false) {
            Ok(program) => program,
            Err(trouble) => return self.show(stage, Err(trouble)),
        };
        for earlier in earlier {
            let verdict = exam::examine(earlier, &program);
            if !matches!(verdict, Ok(Verdict::Passed { .. })) {
                return self.show(earlier, verdict);
            }
        }
        self.show(stage, exam::examine(stage, &program))?;
        progress.set_done(stage);
        progress.write(self.root)?;
        if self.json { Ok(()) } else { print(false, &json!(null), || show::next(progress)) }
    }

    fn hint(&self, stage: &Stage, progress: &mut Progress) -> Result<(), Complaint> {
        let hints = stage.hints();
        let open = progress.hints.entry(stage.name.into()).or_default();
        let is_new = *open < hints.len();
        *open = (*open + 1).min(hints.len());
        let open = *open;
        progress.write(self.root)?;
        let value = json!({ "stage": stage.name, "hints": &hints[..open], "of": hints.len() });
        print(self.json, &value, || show::hints(stage, &hints[..open], hints.len(), is_new))
    }

    fn answer(&self, stage: &Stage, take: bool, progress: &mut Progress) -> Result<(), Complaint> {
        if !progress.answers.iter().any(|name| name == stage.name) {
            progress.answers.push(stage.name.into());
            progress.write(self.root)?;
        }
        let kept = if take { files::put(self.root, stage, stage.answer)? } else { None };
        let value =
            json!({ "stage": stage.name, "file": stage.file, "answer": stage.answer, "taken": take, "kept": kept });
        print(self.json, &value, || match take {
            true => show::put(stage, "the answer", &kept),
            false => stage.answer.to_string(),
        })
    }
}
