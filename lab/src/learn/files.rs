//! The files of the reader's crate.

use super::progress::Progress;
use super::stage::{STAGES, Stage};
use std::fs;
use std::io;
use std::path::Path;
use wirebook_terminal::{Complaint, said};

/// What is given and not to be touched.
const GIVEN: [(&str, &str); 7] = [
    ("Cargo.toml", include_str!("../../learn/given/Cargo.toml.txt")),
    (".gitignore", "/target\n"),
    ("README.md", include_str!("../../learn/given/README.md")),
    ("src/main.rs", include_str!("../../learn/given/main.rs")),
    ("src/stages.rs", include_str!("../../learn/given/stages.rs")),
    ("src/program.rs", include_str!("../../learn/given/program.rs")),
    ("src/race.rs", include_str!("../../learn/given/race.rs")),
];

/// Makes the crate in a folder that is not there, or is empty.
pub(super) fn create(root: &Path) -> Result<(), Complaint> {
    if fs::read_dir(root).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Complaint::new(
            format!("{} is there already, and not empty.", root.display()),
            "Take another folder, as in `wirebook learn new PATH`; to go on, run `wirebook learn` in it.",
        ));
    }
    let make = || -> io::Result<()> {
        fs::create_dir_all(root.join("src"))?;
        for (name, text) in GIVEN {
            fs::write(root.join(name), text)?;
        }
        for stage in &STAGES {
            fs::write(root.join(stage.file), stage.start)?;
        }
        Ok(())
    };
    make().map_err(|error| {
        Complaint::new(
            format!("{} cannot be made: {}.", root.display(), said(&error)),
            "Take a folder that you may write.",
        )
    })?;
    // Last: a crate is one as soon as it has its progress.
    Progress::default().write(root)
}

/// Puts a stage's file into the crate. What stood there is kept beside it, if it was the reader's own; its name, then.
pub(super) fn put(root: &Path, stage: &Stage, text: &str) -> Result<Option<String>, Complaint> {
    let path = root.join(stage.file);
    let put = || -> io::Result<Option<String>> {
        let there = fs::read_to_string(&path).unwrap_or_default();
        let is_theirs = !there.is_empty() && there != stage.start && there != stage.answer;
        let kept = is_theirs.then(|| free_name(root, stage));
        if let Some(kept) = &kept {
            fs::write(root.join(kept), there)?;
        }
        fs::write(&path, text)?;
        Ok(kept)
    };
    put().map_err(|error| {
        Complaint::new(format!("{} cannot be written: {}.", path.display(), said(&error)), "Is the folder yours?")
    })
}

/// A name beside the stage's file that nothing has yet: what was kept before is not written over.
fn free_name(root: &Path, stage: &Stage) -> String {
    let names = (1..).map(|number| format!("{}.mine-{number}", stage.file));
    names.into_iter().find(|name| !root.join(name).exists()).unwrap_or_default()
}
