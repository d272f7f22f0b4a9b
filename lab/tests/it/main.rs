//! The program as people start it.

use std::process::Output;

/// What a command complains of: a sentence and a hint within 80 columns, each in one line again, and status 1.
fn complaint(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.lines().all(|line| line.chars().count() <= 80), "80 columns: {said}");
    let said = said.replace("\n       ", " ");
    assert!(said.starts_with("error: ") && said.contains("\n hint: ") && said.lines().count() == 2, "{said}");
    said
}

mod cluster;
mod learn;
mod render;
mod site;
