//! Hostile templates and hostile data, in memory.

use super::judge::Seen;
use super::row::Row;
use crate::allocations::measure;
use crate::processor::Account;
use serde_json::Value as Json;
use std::time::Instant;
use wirebook_template::{Engine, Error, Limits, Options, Value};

/// Compiles and renders a row's template.
///
/// # Panics
///
/// When it asks for something unknown.
pub fn run(row: &Row) -> Seen {
    let step = &row.all["steps"][0];
    let mut limits = Limits::default();
    for (key, value) in &row.config {
        match (key.as_str(), value.as_u64()) {
            ("fuel", Some(steps)) => limits.steps = steps,
            ("max_output", Some(bytes)) => limits.output = bytes as usize,
            _ => panic!("a configuration that nobody sets: {key} = {value}"),
        }
    }
    let mut engine = Engine::in_memory();
    engine.set_options(Options { limits, ..Options::default() });
    for (name, text) in step["files"].as_object().into_iter().flatten() {
        engine.add(name, text.as_str().unwrap_or_default());
    }
    let data: Value = serde_json::from_str(&step["data"].to_string()).expect("JSON");
    let account = Account::of_this_thread();
    let (started, waited) = (Instant::now(), account.waited());
    let mut warnings = 0;
    let (rendered, cost) = measure(|| {
        let template = engine.compile(step["template"].as_str().expect("a template"), "main");
        let template = template.map_err(|error| (shown(&error), true))?;
        warnings = template.warnings().len();
        template.render_to_string(&data).map_err(|error| (shown(&error), false))
    });
    Seen {
        rendered: Some(rendered),
        warnings,
        memory: cost.peak_bytes,
        started: Some(started),
        last: Some(Instant::now()),
        held_up: account.waited() - waited,
        ..Seen::default()
    }
}

/// `LINE:COLUMN CLASS: MESSAGE`.
fn shown(error: &Error) -> String {
    let place = error.position().map_or("nowhere".to_owned(), |place| format!("{}:{}", place.line, place.column));
    format!("{place} {}: {}", error.kind().name(), error.message())
}

/// Whether a row's template is all there: one that is made by a generator, or that needs more than a text, is not.
pub fn is_whole(row: &Row) -> bool {
    let files = row.all["steps"][0]["files"].as_object().into_iter().flatten();
    let linked = |(_, text): (&String, &Json)| text.as_str().is_some_and(|text| text.starts_with("symlink"));
    row.all.get("generator").is_none() && !files.into_iter().any(linked)
}
