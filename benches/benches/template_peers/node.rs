//! Node's `ejs` and `eta`, compiled functions called in Node itself.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Microseconds by implementation and page, measured by `node.mjs`; nothing where Node or the packages are missing.
pub(crate) fn measure() -> Option<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/template_peers");
    if !folder.join("node_modules/ejs").is_dir() {
        eprintln!("npm install --prefix benches/benches/template_peers, to measure Node's ejs and eta too");
        return None;
    }
    let output = Command::new("node").arg(folder.join("node.mjs")).output().ok()?;
    serde_json::from_slice(&output.stdout).ok()
}
