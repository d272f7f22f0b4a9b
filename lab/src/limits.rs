//! The table of limits as the code has it: `{{#limits http2}}` takes the words from the documentation of `Config`, and the values
//! from `Config::default()`, which is what runs.

use std::{fs, path::Path};
use wirebook_http2::Config;

/// Where the words stand.
const SOURCE: &str = "http2/src/config.rs";

/// The table, in Markdown; `root` is the checkout.
///
/// # Errors
/// Why there is none.
pub(crate) fn table(root: &Path, name: &str) -> Result<String, String> {
    if name.trim() != "http2" {
        return Err(format!("there are no limits of {name:?}"));
    }
    let text = fs::read_to_string(root.join(SOURCE)).map_err(|error| format!("{SOURCE}: {error}"))?;
    let words = words(&text);
    let mut out = String::from("| limit | by default | what it bounds |\n|---|---:|---|\n");
    for (name, value) in values(&format!("{:#?}", Config::default())) {
        let says = words.iter().find(|(known, _)| *known == name).map(|(_, says)| says);
        let says = says.ok_or_else(|| format!("{name} is not documented in {SOURCE}"))?;
        out += &format!("| `{name}` | {value} | {says} |\n");
    }
    Ok(out)
}

/// The public fields of `Config`, each with its documentation as one line.
fn words(text: &str) -> Vec<(&str, String)> {
    let body = text.split("pub struct Config {").nth(1).unwrap_or_default();
    let body = body.split("\n}").next().unwrap_or_default();
    let (mut fields, mut said) = (Vec::new(), String::new());
    for line in body.lines().map(str::trim) {
        if let Some(words) = line.strip_prefix("///") {
            said += words;
        } else if let Some((name, _)) = line.strip_prefix("pub ").and_then(|field| field.split_once(':')) {
            fields.push((name, plain(said.trim())));
            said.clear();
        }
    }
    fields
}

/// Without rustdoc's links, which lead nowhere in the book.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, link)) = rest.split_once("[`") {
        let Some((name, behind)) = link.split_once("`]") else { break };
        out += &format!("{before}`{name}`");
        rest = behind.strip_prefix('(').and_then(|path| path.split_once(')')).map_or(behind, |(_, behind)| behind);
    }
    (out + rest).replace('|', "\\|")
}

/// Names and values of a struct as `{:#?}` prints it, the fields of a struct within it in one value.
fn values(debug: &str) -> Vec<(String, String)> {
    let mut values: Vec<(String, String)> = Vec::new();
    let mut inner: Vec<String> = Vec::new();
    for line in debug.lines().skip(1) {
        let deep = line.starts_with("        ");
        let Some((name, value)) = line.trim().trim_end_matches(',').split_once(": ") else {
            if let Some((_, value)) = values.last_mut().filter(|_| !inner.is_empty()) {
                *value = inner.join(", ");
                inner.clear();
            }
            continue;
        };
        match (deep, name) {
            (true, "burst") => inner.push(number(value)),
            (true, "per_second") => inner.push(format!("and {} a second", number(value))),
            (true, name) => inner.push(format!("{name} {}", number(value))),
            (false, _) => values.push((name.into(), number(value))),
        }
    }
    values
}

/// `1048576` as `1,048,576`; what is no number stays.
fn number(value: &str) -> String {
    match value {
        "true" => return "yes".into(),
        "false" => return "no".into(),
        _ => {}
    }
    if let Some(seconds) = value.strip_suffix('s').filter(|seconds| seconds.parse::<u32>().is_ok()) {
        return format!("{seconds} s");
    }
    if value.parse::<u64>().is_err() {
        return value.into();
    }
    let digits = value.len();
    let grouped = value.chars().enumerate().flat_map(|(at, digit)| {
        let comma = at > 0 && (digits - at).is_multiple_of(3);
        comma.then_some(',').into_iter().chain([digit])
    });
    grouped.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
    }

    #[test]
    fn every_limit_has_a_row_with_the_value_that_runs() {
        let table = table(&root(), "http2").unwrap();
        let source = fs::read_to_string(root().join(SOURCE)).unwrap();
        let fields = words(&source);
        assert!(fields.len() >= 20, "{fields:?}");
        assert_eq!(table.lines().count(), fields.len() + 2);
        let default = Config::default();
        for (name, value) in [
            ("stream_window", number(&default.stream_window.to_string())),
            ("max_continuations", default.max_continuations.to_string()),
            ("resets", format!("{}, and {} a second", default.resets.burst, default.resets.per_second)),
            ("write_timeout", format!("{} s", default.write_timeout.as_secs())),
            ("extended_connect", "no".into()),
        ] {
            assert!(table.contains(&format!("| `{name}` | {value} | ")), "{name} {value}: {table}");
        }
        assert!(!table.contains("[`") && !table.contains("crate::"), "{table}");
        assert!(super::table(&root(), "http3").is_err());
    }

    #[test]
    fn a_field_without_words_is_an_error() {
        let fields = words("pub struct Config {\n    /// Says\n    /// this.\n    pub one: u32,\n}\n");
        assert_eq!(fields, [("one", "Says this.".to_string())]);
        let nested = "Config {\n    one: 1000,\n    two: Rate {\n        burst: 5,\n        per_second: 1,\n    },\n    three: 2s,\n}";
        let values: Vec<_> = values(nested).into_iter().map(|(name, value)| format!("{name} {value}")).collect();
        assert_eq!(values, ["one 1,000", "two 5, and 1 a second", "three 2 s"]);
    }
}
