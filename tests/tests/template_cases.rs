//! The documents in `tests/cases/template`: each case is a template, its data, its options, and what comes of it.

use serde_json::Value as Json;
use std::path::Path;
use wirebook_template::{Error, Template, Value};
use wirebook_tests::template::options;

/// A case: title, and its blocks by the word after the fence.
struct Case {
    title: String,
    blocks: Vec<(String, String)>,
}

impl Case {
    fn block(&self, kind: &str) -> Option<&str> {
        self.blocks.iter().find(|(known, _)| known == kind).map(|(_, text)| text.as_str())
    }

    fn render(&self) -> Result<String, Error> {
        let json: Json = self.block("options").map_or(Json::Null, |text| serde_json::from_str(text).expect("JSON"));
        let data: Value = serde_json::from_str(self.block("json").unwrap_or("{}")).expect("JSON");
        let template = self.block("ejs").expect("a template");
        Template::compile_with(template, "case", &options(&json))?.render_to_string(&data)
    }
}

fn cases(document: &str) -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/template").join(document);
    let text = std::fs::read_to_string(path).expect("a document");
    let mut cases: Vec<Case> = Vec::new();
    let mut open: Option<(String, Vec<&str>)> = None;
    for line in text.split('\n') {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(kind)) => open = Some((kind.to_owned(), Vec::new())),
            (Some((kind, lines)), Some("")) => {
                let block = (kind.clone(), lines.join("\n"));
                cases.last_mut().expect("a title before the block").blocks.push(block);
                open = None;
            }
            (Some((_, lines)), _) => lines.push(line),
            (None, None) => {
                if let Some(title) = line.strip_prefix("## ") {
                    cases.push(Case { title: title.to_owned(), blocks: Vec::new() });
                }
            }
        }
    }
    cases
}

fn check(document: &str, least: usize) {
    let cases = cases(document);
    assert!(cases.len() >= least, "only {} cases", cases.len());
    for case in cases {
        match (case.block("output"), case.block("error"), case.render()) {
            (Some(expected), None, Ok(output)) => assert_eq!(output, expected, "{}", case.title),
            (None, Some(expected), Err(error)) => {
                let shown = format!("{}: {}", error.kind().name(), error.message());
                assert!(shown.starts_with(expected.trim_end()), "{}: {shown}", case.title);
                assert!(error.position().is_some(), "{}: no place", case.title);
                assert!(error.excerpt().contains('^'), "{}: no caret", case.title);
            }
            (_, _, result) => panic!("{}: {result:?}", case.title),
        }
    }
}

#[test]
fn tags_and_white_space() {
    check("tags.md", 25);
}

#[test]
fn what_is_left_out_is_named() {
    check("left_out.md", 10);
}
