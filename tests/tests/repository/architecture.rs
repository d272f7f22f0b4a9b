//! The rules of the house that a test can read off the sources.

use std::fs;
use std::path::{Path, PathBuf};

use wirebook_tests::workspace::{members, root};

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All files below a folder with that extension.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("a readable folder").path());
    let mut found: Vec<PathBuf> = paths
        .flat_map(|path| if path.is_dir() { files(&path, extension) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    found.sort();
    found
}

/// What a sans-I/O core must not name.
const IO: [&str; 9] =
    ["std::io", "std::net::", "std::fs", "wirebook_net", "mio::", ".await", "async fn", "Instant::now(", "SystemTime"];

/// The modules that `lib.rs` has behind the feature `net`: the drivers.
fn drivers(lib: &str) -> Vec<String> {
    let lines: Vec<&str> = lib.lines().collect();
    let behind_net = lines.windows(2).filter(|pair| pair[0].trim() == "#[cfg(feature = \"net\")]");
    behind_net
        .filter_map(|pair| pair[1].trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';'))
        .map(String::from)
        .collect()
}

#[test]
fn cores_name_no_socket_no_clock_and_no_async() {
    let mut broken = Vec::new();
    let mut cores = 0;
    for name in ["http1", "websocket", "sse", "web", "web/multipart", "http2", "cluster", "cluster/process"] {
        let source = root().join(name).join("src");
        let drivers = drivers(&read(&source.join("lib.rs")));
        for path in files(&source, "rs") {
            let room = path.strip_prefix(&source).expect("a file of the crate").components().next().expect("a name");
            let room = room.as_os_str().to_string_lossy().trim_end_matches(".rs").to_string();
            if drivers.contains(&room) {
                continue;
            }
            cores += 1;
            let text = read(&path);
            // Tests are last, and begin when they like.
            let code = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            for (number, line) in code.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
                for word in IO.iter().filter(|word| line.contains(**word)) {
                    broken.push(format!("{name}/src/{}:{} names {word}", room, number + 1));
                }
            }
        }
    }
    assert!(cores > 10, "only {cores} files were read");
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// `{{#include path:anchor}}` and its kin, with the page that has it.
fn includes() -> Vec<(PathBuf, PathBuf, Option<String>)> {
    let mut found = Vec::new();
    for page in files(&root().join("book/src"), "md") {
        let text = read(&page);
        for piece in text.split("{{#").skip(1) {
            let Some((directive, _)) = piece.split_once("}}") else { panic!("{}: an unclosed {{{{#", page.display()) };
            let Some((kind, target)) = directive.split_once(' ') else { continue };
            if !matches!(kind, "include" | "rustdoc_include" | "playground") {
                continue;
            }
            let (path, anchor) = match target.trim().split_once(':') {
                Some((path, anchor)) => (path, Some(anchor.to_string())),
                None => (target.trim(), None),
            };
            found.push((page.clone(), page.parent().expect("a folder").join(path), anchor));
        }
    }
    found
}

#[test]
fn every_snippet_of_the_book_has_its_file_and_its_anchor() {
    let includes = includes();
    assert!(includes.len() >= 4, "only {} snippets", includes.len());
    for (page, path, anchor) in includes {
        let page = page.display();
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{page}: {}: {error}", path.display()));
        // Line numbers move with every edit; names do not.
        let Some(anchor) = anchor else { continue };
        assert!(anchor.parse::<usize>().is_err(), "{page}: {} by line number; give it an anchor", path.display());
        for mark in [format!("ANCHOR: {anchor}"), format!("ANCHOR_END: {anchor}")] {
            // As mdBook looks for it: anywhere in a line, to the end of the name.
            let names = |line: &&str| {
                line.split(&mark)
                    .skip(1)
                    .any(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-'))
            };
            let count = text.lines().filter(names).count();
            assert_eq!(count, 1, "{page}: {} has {count} times {mark:?}", path.display());
        }
    }
}

#[test]
fn every_written_chapter_is_in_the_summary() {
    let book = root().join("book/src");
    let summary = read(&book.join("SUMMARY.md"));
    for page in files(&book, "md") {
        let name = page.strip_prefix(&book).expect("a page of the book").to_string_lossy().into_owned();
        assert!(name == "SUMMARY.md" || summary.contains(&format!("({name})")), "{name} is not in SUMMARY.md");
    }
}

#[test]
fn unsafe_code_stands_in_leaf_files_that_say_so() {
    for name in members() {
        for path in files(&root().join(&name).join("src"), "rs") {
            let text = read(&path);
            let blocks = text.lines().filter(|line| line.contains("unsafe {")).count();
            if blocks > 0 {
                let place = path.display();
                assert!(text.contains("allow(unsafe_code)"), "{place} has unsafe code and does not say so at its head");
                assert!(text.matches("SAFETY:").count() > 0, "{place} gives no reason");
            }
        }
    }
}

/// Members that move no bytes for anybody: tools, what hands whole connections on, and what stands above those that move bytes. Where
/// nobody measures, they are only built quickly.
const ABOVE: [&str; 9] =
    ["lab", "lab/race", "lab/terminal", "tests", "tests/cases", "benches", "cluster", "cluster/process", "web"];

#[test]
fn every_crate_that_moves_bytes_is_optimised_in_every_profile() {
    let manifest = read(&root().join("Cargo.toml"));
    let names = members().into_iter().filter(|name| !ABOVE.contains(&name.as_str()));
    let mut missing = Vec::new();
    for member in names {
        let crate_manifest = read(&root().join(&member).join("Cargo.toml"));
        let name = crate_manifest.lines().find_map(|line| line.strip_prefix("name = \"")).expect("a name");
        let name = name.trim_end_matches('"');
        for (profile, level) in [("dev", "opt-level = "), ("release", "opt-level = 3")] {
            let part = manifest.split_once(&format!("[profile.{profile}.package]\n")).expect("a profile").1;
            let part = part.split("\n[").next().unwrap_or_default();
            let says = |line: &str| line.split(['.', ' ']).next() == Some(name) && line.contains(level);
            if !part.lines().any(says) {
                missing.push(format!("{name} in {profile}"));
            }
        }
    }
    assert_eq!(missing, [] as [String; 0]);
}

#[test]
fn a_line_of_a_script_has_at_most_120_characters() {
    let scripts = files(&root().join("book/theme"), "js");
    assert!(scripts.len() > 10, "the widgets are found");
    let long: Vec<String> = scripts
        .iter()
        .flat_map(|path| {
            let lines: Vec<usize> = read(path).lines().map(|line| line.chars().count()).collect();
            let wide = lines.into_iter().enumerate().filter(|(_, width)| *width > 120);
            wide.map(|(at, width)| format!("{}:{}: {width}", path.display(), at + 1)).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(long, [] as [String; 0]);
}

#[test]
fn every_example_says_what_it_shows_and_how_to_run_it() {
    let examples: Vec<PathBuf> =
        members().iter().flat_map(|name| files(&root().join(name).join("examples"), "rs")).collect();
    assert!(!examples.is_empty());
    for path in examples {
        let text = read(&path);
        let first = text.lines().next().unwrap_or_default();
        assert!(first.starts_with("//! ") && first.ends_with('.'), "{}: the first line is no sentence", path.display());
        assert!(text.contains("//! Run: "), "{} does not say how to run it", path.display());
    }
}
