//! The workspace itself: where it stands, and which crates it has. Nothing else keeps a list of them, so a new crate is found by all.

use std::fs;
use std::path::{Path, PathBuf};

/// The folder of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The folders of its crates, in the order in which the book reads them, which is that of the root's `Cargo.toml`.
///
/// # Panics
/// Where that file cannot be read, or has no line of members.
pub fn members() -> Vec<String> {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("the workspace has a manifest");
    let list =
        manifest.lines().find_map(|line| line.strip_prefix("members = ")).expect("its members stand in one line");
    serde_json::from_str(list).expect("a list of strings")
}
