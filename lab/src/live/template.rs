//! The widget of templates: tokens, closures and output of what a reader typed, from the production crate, in small bounds.

use super::answer::MAX_INPUT;
use super::picture::table;
use serde::{Deserialize, Serialize};
use std::time::Instant;
use wirebook_template::{Error, Limits, Options, Template, Value, tokens};

const DUCKS: &str =
    r#"{ "title": "Ducks & geese", "ducks": [{ "name": "Huey", "age": 10 }, { "name": "<Scrooge>", "age": 80 }] }"#;

/// What the widget offers: a label, a template, its data. The first is its picture in the book.
pub(crate) const EXAMPLES: &[(&str, &str, &str)] = &[
    (
        "a list",
        "<h1><%= title %></h1>\n<ul>\n<% for (const duck of ducks) { -%>\n  \
         <li><%= duck.name %><%= duck.age > 40 ? ' (old)' : '' %></li>\n<% } -%>\n</ul>\n",
        DUCKS,
    ),
    (
        "a table: fused closures",
        "<table>\n<% for (const row of table) { -%>\n<tr><% for (const cell of row) { %><td><%= cell %></td><% } %></tr>\n\
         <% } -%>\n</table>\n",
        r#"{ "table": [[1, 2, 3], [4, 5, 6]] }"#,
    ),
    (
        "a component",
        "<% const card = (title, body) => { %><section><h2><%= title %></h2><% body() %></section><% } -%>\n\
         <% card('One', () => { %><p><%= title %></p><% }) %>\n",
        DUCKS,
    ),
    ("constants are folded", "<p><%= 60 * 60 * 24 %> seconds, <%= '<b>' + '!' %></p>\n", "{}"),
    ("an error", "<p>\n<%= ducks.length.nope.deep %>\n</p>\n", DUCKS),
    ("a syntax error", "<% if (ducks { %>\n", DUCKS),
    (
        "unsafe contexts",
        "<a href=\"<%= title %>\" title=<%= title %>>x</a>\n<script>var t = '<%= title %>'</script>\n",
        DUCKS,
    ),
    ("code injection", "<%= ''.constructor.constructor('return process')() %>\n", "{}"),
    ("an endless loop", "<% while (true) { %>x<% } %>\n", "{}"),
];

/// The body of a widget's request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    template: String,
    data: String,
}

/// What the widget shows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Rendered {
    pub(crate) tokens: Vec<Token>,
    pub(crate) closures: Vec<Closure>,
    pub(crate) warnings: Vec<Fault>,
    pub(crate) output: Option<String>,
    pub(crate) fault: Option<Fault>,
    pub(crate) compile_us: Option<f64>,
    pub(crate) render_us: Option<f64>,
}

/// A token and its place.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Token {
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) kind: &'static str,
    pub(crate) text: String,
}

/// A closure, its depth, and the line it comes from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Closure {
    pub(crate) depth: usize,
    pub(crate) label: String,
    pub(crate) line: usize,
}

/// An error or a warning with its caret.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Fault {
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) name: String,
    pub(crate) message: String,
    pub(crate) excerpt: String,
}

/// A widget is no place for large pages.
const LIMITS: Limits = Limits {
    source: MAX_INPUT,
    nesting: 100,
    steps: 100_000,
    output: 256 << 10,
    memory: 2 << 20,
    string: 128 << 10,
    include_depth: 8,
    stack: 128 << 10,
    data_depth: 64,
};

/// Answers a request of the widget.
pub(super) fn answer(ask: Ask) -> Result<Rendered, String> {
    let bytes = ask.template.len() + ask.data.len();
    if bytes > MAX_INPUT {
        return Err(format!("The input has {bytes} bytes, the widget takes {MAX_INPUT}."));
    }
    Ok(render(&ask.template, &ask.data))
}

/// Compiles and renders, and keeps every step.
pub(crate) fn render(source: &str, data: &str) -> Rendered {
    let options = Options { limits: LIMITS, trace: true, ..Options::default() };
    let mut rendered = Rendered {
        tokens: tokens(source, &options).unwrap_or_default().into_iter().map(token).collect(),
        closures: Vec::new(),
        warnings: Vec::new(),
        output: None,
        fault: None,
        compile_us: None,
        render_us: None,
    };
    let started = Instant::now();
    let template = match Template::compile_with(source, "template", &options) {
        Ok(template) => template,
        Err(error) => {
            rendered.fault = Some(fault(&error));
            return rendered;
        }
    };
    rendered.compile_us = Some(started.elapsed().as_secs_f64() * 1e6);
    let line = |offset: u32| 1 + source[..(offset as usize).min(source.len())].matches('\n').count();
    rendered.closures = template
        .closures()
        .iter()
        .map(|shape| Closure { depth: shape.depth, label: shape.label.clone(), line: line(shape.offset) })
        .collect();
    rendered.warnings = template
        .warnings()
        .iter()
        .map(|warning| Fault {
            line: warning.position.line,
            column: warning.position.column,
            name: "warning".into(),
            message: warning.to_string(),
            excerpt: warning.excerpt.clone(),
        })
        .collect();
    let data: Value = match serde_json::from_str(data) {
        Ok(data) => data,
        Err(error) => {
            let (line, column) = (error.line() as u32, error.column() as u32);
            let message = format!("the data is no JSON: {error}");
            rendered.fault = Some(Fault { line, column, name: "data".into(), message, excerpt: String::new() });
            return rendered;
        }
    };
    let started = Instant::now();
    match template.render_to_string(&data) {
        Ok(output) => {
            rendered.render_us = Some(started.elapsed().as_secs_f64() * 1e6);
            rendered.output = Some(output);
        }
        Err(error) => rendered.fault = Some(fault(&error)),
    }
    rendered
}

fn token(token: wirebook_template::TokenView) -> Token {
    Token { line: token.position.line, column: token.position.column, kind: token.kind, text: token.text }
}

fn fault(error: &Error) -> Fault {
    let (line, column) = error.position().map_or((0, 0), |at| (at.line, at.column));
    Fault {
        line,
        column,
        name: error.kind().name().into(),
        message: error.message().into(),
        excerpt: error.excerpt().into(),
    }
}

/// The widget's picture for its first example, as HTML for the book.
pub(super) fn picture() -> String {
    let (_, template, data) = EXAMPLES[0];
    let rendered = render(template, data);
    let escaped = |text: &str| {
        let mut out = String::new();
        wirebook_template::escape::append(&mut out, text);
        // A blank line would end the HTML block in Markdown.
        out.replace("\n\n", "\n&#10;")
    };
    let closures = rendered.closures.iter().map(|Closure { depth, label, line }| {
        let label = format!("<span style=\"padding-inline-start:{depth}em\">{}</span>", escaped(label));
        (String::new(), vec![label, line.to_string()])
    });
    format!(
        "<pre>{}</pre>{}<pre>{}</pre>",
        escaped(template),
        table(&["closure", "line"], closures),
        escaped(rendered.output.as_deref().unwrap_or_default()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_renders_with_its_closures() {
        let rendered = render(EXAMPLES[0].1, DUCKS);
        assert_eq!(rendered.fault, None);
        assert!(rendered.output.unwrap().contains("<li>&lt;Scrooge&gt; (old)</li>"));
        assert!(rendered.closures.iter().any(|closure| closure.label.starts_with("for of")));
        assert!(!rendered.tokens.is_empty());
    }

    #[test]
    fn errors_have_carets_and_bounds_hold() {
        assert!(render("a\n<%= nope %>", "{}").fault.unwrap().excerpt.contains('^'));
        assert_eq!(render("<%", "{}").fault.unwrap().name, "SyntaxError");
        assert_eq!(render("<% while (true) {} %>", "{}").fault.unwrap().name, "StepLimit");
        assert_eq!(render("x", "{").fault.unwrap().name, "data");
        assert_eq!(render("<a href=<%= 1 %>>", "{}").warnings.len(), 1);
    }
}
