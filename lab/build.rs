//! Collects the first documentation line of every example of the workspace, for `wirebook examples`; and finds the figures of
//! the parsers that the book shows.

use std::{env, fs, io, path::Path};

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let results = root.join("benches/results");
    println!("cargo::rerun-if-changed={}", results.display());
    let shown = fs::read_to_string(results.join("shown"))?;
    let mut files = shown.lines().map(|folder| results.join(folder.trim()).join("parsers.json"));
    let parsers = files.find(|file| file.exists()).ok_or(io::Error::other("no figures of the parsers are shown"))?;
    println!("cargo::rustc-env=WIREBOOK_PARSERS={}", parsers.canonicalize()?.display());
    let mut rows = Vec::new();
    for chapter in [
        "net",
        "net/tls",
        "http1",
        "websocket",
        "sse",
        "http2",
        "http2/hpack",
        "web",
        "web/multipart",
        "template",
        "cluster/process",
    ] {
        let folder = root.join(chapter).join("examples");
        println!("cargo::rerun-if-changed={}", root.join(chapter).display());
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        println!("cargo::rerun-if-changed={}", folder.display());
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path)?;
                let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                rows.push((chapter, name.clone(), summary(&text), command(&text, &name)));
            }
        }
    }
    // By chapter in the book's order, which the loop gave; by name within.
    rows.sort_by(|a, b| (order(a.0), &a.1).cmp(&(order(b.0), &b.1)));
    let table: String = rows.iter().map(|row| format!("    {row:?},\n")).collect();
    let out = Path::new(&env::var("OUT_DIR").unwrap_or_default()).join("examples.rs");
    fs::write(out, format!("&[\n{table}]\n"))
}

fn order(chapter: &str) -> usize {
    [
        "net",
        "net/tls",
        "http1",
        "websocket",
        "sse",
        "http2",
        "http2/hpack",
        "web",
        "web/multipart",
        "template",
        "cluster/process",
    ]
    .iter()
    .position(|name| *name == chapter)
    .unwrap_or(usize::MAX)
}

/// The first `//!` line.
fn summary(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim_start_matches("//!").trim().to_string()
}

/// What stands behind `Run:`, or the plain command.
fn command(text: &str, name: &str) -> String {
    let run = text.lines().find_map(|line| line.trim_start_matches("//!").trim().strip_prefix("Run:"));
    let run = run.map(|command| command.trim().trim_matches('`').to_string());
    run.unwrap_or_else(|| format!("cargo run --example {name}"))
}
