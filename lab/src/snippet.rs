//! Code in the book: a snippet gets a caption that leads to its lines in the sources, and is made to fit the page.
//!
//! A chapter writes a fence with one `{{#include PATH}}` or `{{#include PATH:ANCHOR}}` in it, as in any mdBook. What is shown are
//! the tokens of the file. Indentation that all lines have is taken off, and a line of more than [`COLUMNS`] is folded.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// As many fit on a page beside the table of contents.
pub(crate) const COLUMNS: usize = 88;

/// Replaces the includes of a chapter's fences. `folder` is the chapter's, `up` leads from its page to the book's first one,
/// and `cited` collects the files, relative to `root`.
///
/// # Errors
/// Which include has no file or no anchor.
pub(crate) fn place(
    content: &str,
    folder: &Path,
    root: &Path,
    up: &str,
    cited: &mut BTreeSet<PathBuf>,
) -> Result<String, String> {
    let mut out = String::with_capacity(content.len());
    let mut rest = content;
    while let Some(at) = rest.find("{{#include ") {
        let (include, after) = rest[at + "{{#include ".len()..].split_once("}}").ok_or("an unclosed {{#include")?;
        let (path, anchor) = include.split_once(':').map_or((include, None), |(path, anchor)| (path, Some(anchor)));
        let file = plain(&folder.join(path.trim()));
        let text = fs::read_to_string(&file).map_err(|error| format!("{include}: {error}"))?;
        let (line, code) = anchored(&text, anchor).ok_or_else(|| format!("{include}: there is no such anchor"))?;
        out.push_str(&rest[..at]);
        let fence = out.rfind("```").ok_or_else(|| format!("{include} stands in no fence"))?;
        let rust = out[fence..].starts_with("```rust");
        let name = plain(&file).strip_prefix(plain(root)).map_err(|error| format!("{include}: {error}"))?.to_owned();
        let shown = name.display();
        let link = format!("{up}source/{shown}.html#L{line}");
        out.insert_str(fence, &format!("<p class=\"wb-caption\"><a href=\"{link}\">{shown}</a>, line {line}</p>\n\n"));
        cited.insert(name);
        out.push_str(&fit(&code, rust).join("\n"));
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// A path without `..`.
fn plain(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut out, part| {
        match part {
            Component::ParentDir if out.file_name().is_some() => drop(out.pop()),
            part => out.push(part),
        }
        out
    })
}

/// The lines of an anchor, or all, without the marks of anchors; and the number of the first one.
fn anchored<'t>(text: &'t str, anchor: Option<&str>) -> Option<(usize, Vec<&'t str>)> {
    let is_mark = |line: &str| line.contains("ANCHOR: ") || line.contains("ANCHOR_END: ");
    let named = |mark: &str, name: &str| {
        let mut lines = text.lines();
        lines.position(|line| {
            line.split_once(mark).is_some_and(|(_, rest)| rest.split_whitespace().next() == Some(name))
        })
    };
    let (from, to) = match anchor {
        None => (0, text.lines().count()),
        Some(name) => (named("ANCHOR: ", name)? + 1, named("ANCHOR_END: ", name)?),
    };
    let lines = text.lines().enumerate().take(to).skip(from).filter(|(_, line)| !is_mark(line));
    let lines: Vec<(usize, &str)> = lines.collect();
    Some((lines.first()?.0 + 1, lines.into_iter().map(|(_, line)| line).collect()))
}

/// The lines without common indentation, and none too wide.
fn fit(lines: &[&str], rust: bool) -> Vec<String> {
    let indent = lines.iter().filter(|line| !line.trim().is_empty()).map(|line| indent(line)).min().unwrap_or(0);
    let lines: Vec<&str> = lines.iter().map(|line| line.get(indent..).unwrap_or_default()).collect();
    let mut out = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let paragraph = if rust { comment_lines(&lines[at..]) } else { 0 };
        let wide = |line: &&str| line.chars().count() > COLUMNS;
        if paragraph > 0 && lines[at..at + paragraph].iter().any(wide) {
            out.extend(rewrap(&lines[at..at + paragraph]));
        } else if rust && paragraph == 0 {
            out.extend(fold(lines[at]));
        } else {
            out.extend(lines[at..at + paragraph.max(1)].iter().map(|line| line.to_string()));
        }
        at += paragraph.max(1);
    }
    out
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// `///`, `//!` or `//`, if the line is a comment.
fn comment(line: &str) -> Option<(&str, &str)> {
    let mark = ["///", "//!", "//"].into_iter().find(|mark| line.trim_start().starts_with(mark))?;
    let (mark, text) = line.split_at(indent(line) + mark.len());
    Some((mark, text.trim()))
}

/// How many lines from the first one on are one paragraph of a comment.
fn comment_lines(lines: &[&str]) -> usize {
    let Some((mark, _)) = lines.first().and_then(|line| comment(line)) else { return 0 };
    let begins = |text: &str| text.is_empty() || text.starts_with(['-', '|', '#', '`', '*', '>']);
    let goes_on = |line: &&str| comment(line).is_some_and(|(other, text)| other == mark && !begins(text));
    1 + lines[1..].iter().take_while(|line| goes_on(line)).count()
}

/// The words of a comment in lines that fit.
fn rewrap(lines: &[&str]) -> Vec<String> {
    let mark = comment(lines[0]).map_or("", |(mark, _)| mark);
    let words = lines.iter().filter_map(|line| comment(line)).flat_map(|(_, text)| text.split_whitespace());
    let mut out = vec![mark.to_string()];
    for word in words {
        let last = out.last().map_or(0, |line| line.chars().count());
        if last + 1 + word.chars().count() > COLUMNS && last > mark.len() {
            out.push(mark.to_string());
        }
        if let Some(line) = out.last_mut() {
            line.push(' ');
            line.push_str(word);
        }
    }
    out
}

/// A line of code in lines that fit, where it can be folded.
fn fold(line: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = line.to_string();
    // What goes on stands deeper than what it goes on from; all of it at one depth.
    let deeper = " ".repeat(indent(line) + 4);
    while rest.chars().count() > COLUMNS {
        let Some(at) = place_to_fold(&rest) else { break };
        let tail = rest.split_off(at);
        out.push(rest.trim_end().to_string());
        rest = deeper.clone() + tail.trim_start();
    }
    out.push(rest);
    out
}

/// Where a line may be folded: behind a comma, `=`, `=>` or what opens, before a method or an operator. As far outside of
/// brackets as there is a place, and there as late as fits.
fn place_to_fold(line: &str) -> Option<usize> {
    let bytes = line.as_bytes();
    let (mut depth, mut quoted, mut best) = (0_i32, false, None);
    for at in 0..bytes.len() {
        if !quoted && line.is_char_boundary(at) {
            let behind = |marks: &[&str]| marks.iter().any(|mark| line[..at].ends_with(mark));
            let before = |marks: &[&str]| marks.iter().any(|mark| line[at..].starts_with(mark));
            let method = bytes[at] == b'.' && at > 0 && matches!(bytes[at - 1], b')' | b'?' | b'}');
            let possible = behind(&[", ", " = ", " => ", "{ "])
                || before(&["&& ", "|| ", "-> ", "else { "])
                || behind(&["("]) && !before(&[")"])
                || method;
            let inside = at > indent(line) + 4 && line[..at].trim_end().chars().count() <= COLUMNS;
            if possible && inside && best.is_none_or(|(outermost, _)| depth <= outermost) {
                best = Some((depth, at));
            }
        }
        match bytes[at] {
            b'"' if at == 0 || bytes[at - 1] != b'\\' => quoted = !quoted,
            _ if quoted => {}
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            _ => {}
        }
    }
    best.map(|(_, at)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indentation_that_all_have_is_taken_off() {
        assert_eq!(fit(&["    if a {", "", "        b", "    }"], true), ["if a {", "", "    b", "}"]);
        assert_eq!(anchored("a\n// ANCHOR: x\nb\n// ANCHOR_END: x\nc", Some("x")), Some((3, vec!["b"])));
        assert_eq!(anchored("a", Some("x")), None);
    }

    #[test]
    fn wide_lines_are_folded_outside_of_brackets_and_strings() {
        let first = "        response.header(\"content-type\", \"text/plain, perhaps\")";
        let wide = format!("{first}.end(format!(\"Hello from {{}}\\n\", request.path())).await");
        assert_eq!(fold(&wide), [first, "            .end(format!(\"Hello from {}\\n\", request.path())).await"]);
        let comment = format!("/// {}\n/// end.", "word ".repeat(30));
        let lines: Vec<&str> = comment.lines().collect();
        let lines = fit(&lines, true);
        assert!(lines.len() == 2 && lines.iter().all(|line| line.starts_with("/// ") && line.len() <= COLUMNS));
    }

    #[test]
    fn every_snippet_of_the_book_fits_and_says_where_it_is_from() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let (mut cited, mut wide) = (BTreeSet::new(), Vec::new());
        for chapter in crate::book::chapters(&root.join("book/src")) {
            let text = fs::read_to_string(&chapter).unwrap();
            let folder = chapter.parent().unwrap();
            let placed = place(&text, folder, &root, "", &mut cited).unwrap();
            assert!(!placed.contains("{{#include "), "{}", chapter.display());
            assert_eq!(placed.matches("wb-caption").count(), text.matches("{{#include ").count());
            let mut fenced = false;
            for line in placed.lines() {
                fenced ^= line.starts_with("```");
                // What a chapter writes itself is judged with its form.
                if fenced && line.chars().count() > COLUMNS && !text.contains(line) {
                    wide.push(format!("{}: {line}", chapter.display()));
                }
            }
        }
        assert!(
            cited.len() > 30 && cited.iter().all(|file| file.is_relative() && root.join(file).is_file()),
            "{cited:?}"
        );
        assert!(wide.is_empty(), "{}", wide.join("\n"));
    }
}
