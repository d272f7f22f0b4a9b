//! The subcommands on a crate: what they do, and what they say as data.

use super::exam::{self, Verdict};
use super::files;
use super::progress::Progress;
use super::reader::{Trouble, build};
use super::show::{self, print};
use super::stage::{STAGES, Stage};
use serde_json::json;
use std::path::Path;
use wirebook_terminal::Complaint;

/// The next stage as data.
pub(super) fn next_of(progress: &Progress) -> serde_json::Value {
    progress.next().map_or(
        json!(null),
        |stage| json!({ "stage": stage.name, "title": stage.title, "file": stage.file, "chapter": stage.chapter }),
    )
}

/// The crate that is worked on, and how to speak.
pub(super) struct Desk<'a> {
    pub(super) root: &'a Path,
    pub(super) json: bool,
}

impl Desk<'_> {
    pub(super) fn status(&self, progress: &Progress) -> Result<(), Complaint> {
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
    pub(super) fn check(&self, stage: &Stage) -> Result<(), Complaint> {
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
    pub(super) fn submit(&self, stage: &'static Stage, progress: &mut Progress) -> Result<(), Complaint> {
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

    pub(super) fn hint(&self, stage: &Stage, progress: &mut Progress) -> Result<(), Complaint> {
        let hints = stage.hints();
        let open = progress.hints.entry(stage.name.into()).or_default();
        let is_new = *open < hints.len();
        *open = (*open + 1).min(hints.len());
        let open = *open;
        progress.write(self.root)?;
        let value = json!({ "stage": stage.name, "hints": &hints[..open], "of": hints.len() });
        print(self.json, &value, || show::hints(stage, &hints[..open], hints.len(), is_new))
    }

    pub(super) fn answer(&self, stage: &Stage, take: bool, progress: &mut Progress) -> Result<(), Complaint> {
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
