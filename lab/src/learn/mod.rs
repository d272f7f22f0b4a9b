//! `wirebook learn`: a crate of the reader's own, in which parsers, decoders, a queue and a loop are filled in stage by
//! stage, each judged by the case documents of this repository, at every cut.
//!
//! Reading order: `stage` (what there is to do), `ours` (what is wanted), `reader` (the process that is asked), `exam` (the
//! cases run on it), `desk` (the subcommands), `show` (what a person sees of it), `progress`, `race`, `watch`. What the reader gets lies in
//! `lab/learn`: `given` is copied, `start` is to be filled in, `answers` and `hints` open when they are asked for.

mod desk;
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

use clap::{Args, Subcommand};
use desk::{Desk, next_of};
use progress::Progress;
use serde_json::json;
use show::print;
use stage::{STAGES, Stage};
use std::path::{Path, PathBuf};
use wirebook_terminal::Complaint;

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
