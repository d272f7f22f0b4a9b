//! Names that lie near one that is missing: for who has mistyped it.

use std::path::Path;

/// How far two names may be from each other to be near: letters that were added, left out or mistaken.
const NEAR: usize = 2;

/// So many are said.
const MOST: usize = 3;

/// The templates below a folder whose names are near this one, the nearest first.
pub(super) fn near(folder: &Path, name: &str) -> Vec<String> {
    let mut found: Vec<(usize, String)> =
        names(folder, "").into_iter().map(|other| (distance(&other, name), other)).collect();
    found.retain(|(distance, _)| *distance <= NEAR);
    found.sort();
    found.into_iter().map(|(_, name)| name).take(MOST).collect()
}

/// The names of all templates below a folder. No link is followed.
fn names(folder: &Path, before: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let Some(name) = name.to_str() else { continue };
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.extend(names(&path, &format!("{before}{name}/")));
        } else if let Some(name) = name.strip_suffix(".ejs") {
            found.push(format!("{before}{name}"));
        }
    }
    found
}

/// Letters that have to be added, left out or changed to make one text the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (at, char) in one.chars().enumerate() {
        let mut above = row[0];
        row[0] = at + 1;
        for (column, mistaken) in other.chars().enumerate() {
            let kept = above + usize::from(char != mistaken);
            above = row[column + 1];
            row[column + 1] = kept.min(above + 1).min(row[column] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}
