//! `wirebook render` as its users meet it: output on standard output, errors on standard error with a status, every flag.

use std::path::PathBuf;
use std::process::{Command, Output};

/// Files in a folder that goes away.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Folder {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
            std::fs::write(path, text).expect("a file");
        }
        Folder(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn render(&self, file: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wirebook"));
        command.current_dir(self.0.path()).arg("render").arg(file).args(arguments).output().expect("the program starts")
    }

    /// What is on standard output, when all went well and nothing else was said.
    fn page(&self, file: &str, arguments: &[&str]) -> String {
        let output = self.render(file, arguments);
        assert!(output.status.success() && output.stderr.is_empty(), "{}", text(&output.stderr));
        text(&output.stdout)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn data_and_includes_give_a_page() {
    let folder = Folder::new(&[
        ("page.ejs", "<h1><%= title %></h1>\n<%- include('parts/list', { items: ducks }) %>"),
        ("parts/list.ejs", "<% for (const item of items) { -%>\n<li><%= item %></li>\n<% } -%>\n"),
        ("data.json", r#"{ "title": "Ducks & geese", "ducks": ["Huey", 2] }"#),
    ]);
    let page = "<h1>Ducks &amp; geese</h1>\n<li>Huey</li>\n<li>2</li>\n";
    assert_eq!(folder.page("page.ejs", &["--data", "data.json"]), page);
    let root = folder.path("");
    let elsewhere = Command::new(env!("CARGO_BIN_EXE_wirebook"))
        .arg("render")
        .arg(folder.path("page.ejs"))
        .arg("--data")
        .arg(folder.path("data.json"))
        .output()
        .expect("the program starts");
    assert_eq!(text(&elsewhere.stdout), page, "the root is the folder of the file: {root:?}");
}

#[test]
fn the_root_is_where_includes_begin_and_what_they_do_not_leave() {
    let folder = Folder::new(&[("pages/a.ejs", "<%- include('/shared') %>"), ("shared.ejs", "shared")]);
    assert_eq!(folder.page("pages/a.ejs", &["--root", "."]), "shared");
    let outside = folder.render("pages/a.ejs", &["--root", "pages"]);
    assert!(!outside.status.success());
    assert!(text(&outside.stderr).contains("Could not find the include file \"/shared\""));
}

#[test]
fn includes_lead_up_within_a_root_and_roots_may_lie_in_each_other() {
    let folder = Folder::new(&[
        ("v/pages/p.ejs", "<%- include('../partials/h') %>"),
        ("v/pages/none.ejs", "<%- include('../partials/none') %>"),
        ("v/partials/h.ejs", "h"),
        ("w/h.ejs", "w"),
    ]);
    for roots in [&["v"][..], &["w", "v"], &["v", "v/pages"], &["v/pages", "v"]] {
        let arguments: Vec<&str> = roots.iter().flat_map(|root| ["--root", *root]).collect();
        assert_eq!(folder.page("v/pages/p.ejs", &arguments), "h", "{roots:?}");
        let said = text(&folder.render("v/pages/none.ejs", &arguments).stderr);
        assert!(said.contains("Could not find the include file \"../partials/none\""), "{roots:?}: {said}");
    }
}

#[test]
fn delimiters_and_white_space() {
    let folder = Folder::new(&[
        ("q.ejs", "<?= 1 + 1 ?> <%= no %>"),
        ("all.ejs", "[$= 'a' $]"),
        ("lines.ejs", "  <b>\n\n  x  \n</b>  \n"),
    ]);
    assert_eq!(folder.page("q.ejs", &["--delimiter", "?"]), "2 <%= no %>");
    let all = ["--delimiter", "$", "--open-delimiter", "[", "--close-delimiter", "]"];
    assert_eq!(folder.page("all.ejs", &all), "a");
    assert_eq!(folder.page("lines.ejs", &["--rm-whitespace"]), "<b>\nx\n</b>");
}

#[test]
fn tokens_closures_and_times_instead_of_the_page() {
    let folder = Folder::new(&[("t.ejs", "<% for (const x of [1, 2]) { %><i><%= x %></i><% } %>")]);
    let tokens = folder.page("t.ejs", &["--tokens"]);
    assert!(
        tokens.lines().any(|line| line.split_whitespace().collect::<Vec<_>>() == ["1:4", "word", "for"]),
        "{tokens}"
    );
    let tree = folder.page("t.ejs", &["--tree"]);
    assert!(tree.starts_with("for of into slot") && tree.contains("\n  put out escaped\n"), "{tree}");
    let timing = folder.page("t.ejs", &["--timing"]);
    assert!(timing.contains("median of 100") && timing.ends_with("output  16 bytes\n"), "{timing}");
    assert!(!folder.render("t.ejs", &["--tree", "--tokens"]).status.success());
}

#[test]
fn errors_have_place_caret_and_status() {
    let folder = Folder::new(&[
        ("late.ejs", "<p>\n<%= user.name %>\n"),
        ("class.ejs", "<% class A {} %>"),
        ("data.json", r#"{ "user": null }"#),
        ("bad.json", "{"),
    ]);
    let late = folder.render("late.ejs", &["--data", "data.json"]);
    let said = text(&late.stderr);
    assert!(!late.status.success() && late.stdout.is_empty());
    for part in ["Cannot read properties of null (reading 'name')", "late.ejs:2:", "2 | <%= user.name %>", "^"] {
        assert!(said.contains(part), "{part} in {said}");
    }
    let class = folder.render("class.ejs", &[]);
    let said = text(&class.stderr);
    assert!(!class.status.success() && said.contains("class") && said.contains("class.ejs:1:4"), "{said}");
    for arguments in [["--data", "bad.json"], ["--data", "missing.json"], ["--root", "missing"]] {
        let output = folder.render("late.ejs", &arguments);
        assert!(!output.status.success() && !output.stderr.is_empty() && output.stdout.is_empty(), "{arguments:?}");
    }
    assert!(!folder.render("missing.ejs", &[]).status.success());
}

#[test]
fn warnings_go_to_standard_error_and_the_page_comes_all_the_same() {
    let folder = Folder::new(&[("link.ejs", "<a href=\"<%= x %>\">"), ("data.json", r#"{ "x": "/y" }"#)]);
    let output = folder.render("link.ejs", &["--data", "data.json"]);
    assert!(output.status.success());
    assert_eq!(text(&output.stdout), "<a href=\"/y\">");
    let said = text(&output.stderr);
    assert!(said.contains("link.ejs:1:10") && said.contains("url("), "{said}");
}
