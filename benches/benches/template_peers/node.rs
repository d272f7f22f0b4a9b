//! Node's `ejs` and `eta`, compiled functions called in Node itself.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

/// What `node.mjs` prints, each by implementation and page.
#[derive(Deserialize)]
pub(crate) struct Measured {
    pub(crate) microseconds: BTreeMap<String, BTreeMap<String, f64>>,
    pub(crate) output: BTreeMap<String, BTreeMap<String, String>>,
}

/// Measures; nothing where Node or the packages are missing.
pub(crate) fn measure() -> Option<Measured> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/template_peers");
    if !folder.join("node_modules/ejs").is_dir() {
        eprintln!("npm install --prefix benches/benches/template_peers, to measure Node's ejs and eta too");
        return None;
    }
    let output = Command::new("node").arg(folder.join("node.mjs")).output().ok()?;
    assert!(output.status.success(), "node.mjs: {}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).expect("what node.mjs prints"))
}
