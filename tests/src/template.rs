//! The pairs of templates and data, and what real `ejs` made of them.

use serde_json::Value as Json;
use std::path::{Path, PathBuf};
use wirebook_template::{Delimiters, Engine, ErrorKind, Options, Value};

/// A pair and its recorded result.
#[derive(Clone, Debug)]
pub struct Pair {
    /// File and title.
    pub name: String,
    /// The template's source.
    pub template: String,
    /// Its data as JSON text, whose order of keys counts.
    pub data: String,
    /// EJS's options.
    pub options: Json,
    /// What `ejs` gave.
    pub expected: Expected,
}

/// What a render comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Its output.
    Output(String),
    /// The name of JavaScript's error class.
    Error(String),
}

/// Where the differential's files lie.
pub fn interop() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("interop/template")
}

/// Every recorded pair.
///
/// # Panics
/// When the files can not be read or do not belong together.
pub fn pairs() -> Vec<Pair> {
    let mut files: Vec<_> =
        std::fs::read_dir(interop().join("pairs")).expect("the pairs").map(|e| e.expect("an entry").path()).collect();
    files.sort();
    files.iter().flat_map(|file| read(file)).collect()
}

fn read(file: &Path) -> Vec<Pair> {
    let text = std::fs::read_to_string(file).expect("a file of pairs");
    let stem = file.file_stem().expect("a name").to_string_lossy().into_owned();
    let expected = interop().join("expected").join(format!("{stem}.json"));
    let expected: Vec<Json> =
        serde_json::from_str(&std::fs::read_to_string(expected).expect("recorded results")).expect("JSON");
    let mut lines = text.split('\n');
    let shared = lines.next().expect("a first line").trim_start_matches("@data ");
    let mut cases: Vec<(Pair, Vec<&str>)> = Vec::new();
    for line in lines {
        match (line.strip_prefix("=== "), cases.last_mut()) {
            (Some(head), _) => {
                let mut parts = head.split(" | ").map(str::trim);
                let name = parts.next().unwrap_or_default();
                let data = parts.next().filter(|&data| data != "-");
                let json = |text: &str| serde_json::from_str(text).expect("JSON in a head line");
                let pair = Pair {
                    name: format!("{stem}: {name}"),
                    template: String::new(),
                    data: data.unwrap_or(shared).to_owned(),
                    options: parts.next().map_or(Json::Null, json),
                    expected: Expected::Output(String::new()),
                };
                cases.push((pair, Vec::new()));
            }
            (None, Some((_, body))) => body.push(line),
            (None, None) => {}
        }
    }
    if let Some((_, body)) = cases.last_mut()
        && body.last() == Some(&"")
    {
        body.pop();
    }
    assert_eq!(cases.len(), expected.len(), "{stem}: run record.mjs --write");
    let joined = cases.into_iter().zip(expected).map(|((mut pair, body), result)| {
        pair.template = body.join("\n");
        assert!(pair.name.ends_with(result["name"].as_str().unwrap_or_default()), "{}", pair.name);
        pair.expected = expectation(&result);
        pair
    });
    joined.collect()
}

/// A recorded result.
pub fn expectation(result: &Json) -> Expected {
    match result["output"].as_str() {
        Some(output) => Expected::Output(output.to_owned()),
        None => Expected::Error(result["error"].as_str().unwrap_or_default().to_owned()),
    }
}

/// EJS's options as ours.
pub fn options(json: &Json) -> Options {
    let text = |key: &str, default: String| json[key].as_str().map_or(default, str::to_owned);
    let Delimiters { open, delimiter, close } = Delimiters::default();
    Options {
        delimiters: Delimiters {
            open: text("openDelimiter", open),
            delimiter: text("delimiter", delimiter),
            close: text("closeDelimiter", close),
        },
        remove_white_space: json["rmWhitespace"].as_bool().unwrap_or(false),
        ..Options::default()
    }
}

/// Renders a pair.
///
/// # Panics
/// When the data is no JSON.
pub fn render(template: &str, data: &str, json: &Json) -> Expected {
    match rendered(template, data, json) {
        Ok(output) => Expected::Output(output),
        Err(error) => Expected::Error(class_of(&error)),
    }
}

/// The same with the error itself.
///
/// # Errors
/// Those of compiling and rendering.
///
/// # Panics
/// When the data is no JSON.
pub fn rendered(template: &str, data: &str, json: &Json) -> Result<String, wirebook_template::Error> {
    let data: Value = serde_json::from_str(data).expect("JSON");
    let mut engine = Engine::new(interop().join("views")).expect("the views");
    engine.set_options(options(json));
    engine.compile(template, "main.ejs").and_then(|template| template.render_to_string(&data))
}

/// The JavaScript class of an error, as Node has it for the same fault.
fn class_of(error: &wirebook_template::Error) -> String {
    // An unclosed tag is a plain Error in EJS, which finds it with its own code and not with JavaScript's parser.
    if error.kind() == ErrorKind::Syntax
        && error.message().contains("is never closed")
        && error.message().starts_with("tag")
    {
        return "Error".into();
    }
    error.kind().name().to_owned()
}

/// The template of a row that is too large to be spelt out.
///
/// # Panics
/// When the row is none of these.
pub fn generated(row: &Json) -> String {
    const DEEP: usize = 100_000;
    match row["id"].as_str() {
        Some("tpl-33") => format!("<%= {}1{} %>", "(".repeat(DEEP), ")".repeat(DEEP)),
        Some("tpl-34") => format!("{}{}", "<% if (1) { %>".repeat(DEEP), "<% } %>".repeat(DEEP)),
        other => panic!("{other:?} is not generated"),
    }
}
