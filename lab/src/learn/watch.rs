//! Watch mode: the next stage is checked again whenever a file of the crate changes.

use super::desk::Desk;
use super::progress::Progress;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime};
use wirebook_terminal::Complaint;

/// How often the files are looked at: their times alone, which costs nothing to speak of.
const EVERY: Duration = Duration::from_millis(200);

/// Runs until Ctrl-C; with `submit`, until the last stage is done.
pub(super) fn run(desk: &Desk<'_>, submit: bool) -> Result<(), Complaint> {
    loop {
        let seen = times(desk.root);
        let mut progress = Progress::read(desk.root)?;
        let Some(stage) = progress.next() else {
            return desk.status(&progress);
        };
        let outcome = match submit {
            true => desk.submit(stage, &mut progress),
            false => desk.check(stage),
        };
        match outcome {
            Ok(()) if submit => continue,
            Ok(()) if !desk.json => eprintln!("`wirebook learn submit` takes it. Waiting for a change …"),
            Err(complaint) if !desk.json => eprintln!("error: {complaint:?}\nWaiting for a change …"),
            _ => {}
        }
        while times(desk.root) == seen {
            thread::sleep(EVERY);
        }
    }
}

/// When each source, and the progress, was last changed.
fn times(root: &Path) -> Vec<(std::ffi::OsString, Option<SystemTime>, u64)> {
    let sources = fs::read_dir(root.join("src")).into_iter().flatten().chain(fs::read_dir(root).into_iter().flatten());
    let mut times: Vec<_> = sources
        .filter_map(Result::ok)
        .filter_map(|entry| Some((entry.file_name(), entry.metadata().ok()?)))
        .filter(|(_, metadata)| metadata.is_file())
        .map(|(name, metadata)| (name, metadata.modified().ok(), metadata.len()))
        .collect();
    times.sort();
    times
}
