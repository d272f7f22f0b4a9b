//! What the reader has done so far: the file `learn.json` in the reader's crate. It is plain, so that it can be committed.

use super::stage::{STAGES, Stage};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use wirebook_terminal::{Complaint, said};

/// Its name. Where it lies is the reader's crate.
pub(super) const FILE: &str = "learn.json";

/// Done stages, opened hints, answers that were looked at; by the stages' names.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Progress {
    pub(super) done: Vec<String>,
    /// How many hints of a stage are open.
    pub(super) hints: BTreeMap<String, usize>,
    pub(super) answers: Vec<String>,
}

impl Progress {
    pub(super) fn read(root: &Path) -> Result<Progress, Complaint> {
        let path = root.join(FILE);
        let text = fs::read_to_string(&path).map_err(|error| {
            Complaint::new(format!("{} cannot be read: {}.", path.display(), said(&error)), MAKE_ONE)
        })?;
        serde_json::from_str(&text).map_err(|error| {
            Complaint::new(
                format!("{} is not what `wirebook learn` wrote: {error}.", path.display()),
                "Mend it, or put {\"done\":[],\"hints\":{},\"answers\":[]} there: your code is not touched.",
            )
        })
    }

    /// Written beside and then put in place, so that nothing is lost whenever the power fails.
    pub(super) fn write(&self, root: &Path) -> Result<(), Complaint> {
        let (path, beside) = (root.join(FILE), root.join(".learn.json.new"));
        let text = serde_json::to_string_pretty(self).unwrap_or_default() + "\n";
        let written = fs::write(&beside, text).and_then(|()| fs::rename(&beside, &path));
        written.map_err(|error| {
            Complaint::new(format!("{} cannot be written: {}.", path.display(), said(&error)), "Is the folder yours?")
        })
    }

    pub(super) fn is_done(&self, stage: &Stage) -> bool {
        self.done.iter().any(|name| name == stage.name)
    }

    pub(super) fn set_done(&mut self, stage: &Stage) {
        if !self.is_done(stage) {
            self.done.push(stage.name.into());
        }
    }

    /// The first stage that is not done.
    pub(super) fn next(&self) -> Option<&'static Stage> {
        STAGES.iter().find(|stage| !self.is_done(stage))
    }
}

const MAKE_ONE: &str = "`wirebook learn new` makes a crate; then run this inside it, or name it with --crate DIR.";

/// The reader's crate: the folder given, or the nearest one from here upward that has a progress file.
pub(super) fn find(given: Option<&Path>) -> Result<PathBuf, Complaint> {
    let here = std::env::current_dir().unwrap_or_default();
    let absolute = given.map(|folder| here.join(folder));
    let found = match &absolute {
        Some(folder) => folder.join(FILE).is_file().then(|| folder.clone()),
        None => here.ancestors().find(|folder| folder.join(FILE).is_file()).map(Path::to_path_buf),
    };
    found.ok_or_else(|| {
        let folder = given.map_or("this folder and those above it".into(), |folder| folder.display().to_string());
        Complaint::new(format!("There is no crate of `wirebook learn` in {folder}."), MAKE_ONE)
    })
}
