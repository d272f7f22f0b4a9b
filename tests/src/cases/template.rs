//! Templates: a block `ejs` and a block `json` are a template and its data, the words behind `ejs` its options.

use wirebook_cases::Input;
use wirebook_template::{Delimiters, Options, Template, Value};

/// A template's output by line, or its error with the place and the marked excerpt that every error has.
pub fn events(input: &Input<'_>) -> Vec<String> {
    let data: Value = serde_json::from_str(input.text("json").unwrap_or("{}")).expect("JSON");
    let source = input.text("ejs").expect("a template");
    let rendered = Template::compile_with(source, "case", &options(input)).and_then(|it| it.render_to_string(&data));
    match rendered {
        Ok(output) => output.split('\n').map(|line| format!("output {line}")).collect(),
        Err(error) => {
            let place = error.position().expect("an error has a place");
            assert!(error.excerpt().contains('^'), "an excerpt marks its place");
            vec![format!("error {}:{} {}: {}", place.line, place.column, error.kind().name(), error.message())]
        }
    }
}

fn options(input: &Input<'_>) -> Options {
    let mut options = Options::default();
    let Delimiters { open, delimiter, close } = &mut options.delimiters;
    for (name, value) in input.settings().iter() {
        match name {
            "openDelimiter" => *open = value.into(),
            "delimiter" => *delimiter = value.into(),
            "closeDelimiter" => *close = value.into(),
            "rmWhitespace" => options.remove_white_space = true,
            other => panic!("{other} is no option"),
        }
    }
    options
}
