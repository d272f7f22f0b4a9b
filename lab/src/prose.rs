//! Links that nobody has to write: in each chapter the first use of a term of the glossary leads to its line there, and every
//! "RFC 9112 §6.3" to that section.
//!
//! Code, HTML, headings and what is a link already stay as they are.

use std::collections::HashSet;

/// A term and the name of its line in the glossary.
pub(crate) struct Term {
    words: String,
    /// The letter that it begins with, in lower case. Most terms are told from a text by it, and they are asked at each word of the book.
    first: Option<char>,
    anchor: String,
}

/// The terms of a glossary, the longest first: `- <a id="cr-lf"></a>**CR LF**: …`.
pub(crate) fn terms(glossary: &str) -> Vec<Term> {
    let term = |line: &str| {
        let (anchor, rest) = line.strip_prefix("- <a id=\"")?.split_once("\"></a>**")?;
        let (words, _) = rest.split_once("**")?;
        Some(Term { words: words.to_string(), first: first(words), anchor: anchor.to_string() })
    };
    let mut terms: Vec<Term> = glossary.lines().filter_map(term).collect();
    terms.sort_by_key(|term| std::cmp::Reverse(term.words.len()));
    terms
}

/// Where these words mean something else.
const IDIOMS: &[&str] = &[
    "in turn",
    "his turn",
    "its turn",
    "their turn",
    "take turns",
    "to turn",
    "TCP turns",
    "turn to",
    "turn into",
    "turn it",
    "one core",
    "a core",
    "other core",
    "whole core",
    "each core",
    "fuzz target",
    "mask register",
    "at its head",
];

/// A chapter's Markdown with the links; `up` leads from its folder to the glossary's.
pub(crate) fn link(content: &str, terms: &[Term], up: &str) -> String {
    let mut linked = Linked { terms, up, used: HashSet::new(), out: String::with_capacity(content.len() * 5 / 4) };
    // Prose is a run of lines between those that are something else.
    let (mut prose, mut fenced, mut html) = (String::new(), false, false);
    for line in content.split_inclusive('\n') {
        let fence = line.trim_start().starts_with("```");
        // HTML that begins a line goes on to an empty one.
        html = (html || line.starts_with('<')) && !line.trim().is_empty();
        if fenced || fence || html || line.starts_with('#') || line.trim().is_empty() {
            linked.prose(&prose);
            prose.clear();
            linked.out.push_str(line);
        } else {
            prose.push_str(line);
        }
        fenced ^= fence;
    }
    linked.prose(&prose);
    linked.out
}

struct Linked<'t> {
    terms: &'t [Term],
    up: &'t str,
    used: HashSet<&'t str>,
    out: String,
}

impl Linked<'_> {
    fn prose(&mut self, text: &str) {
        let mut at = 0;
        while at < text.len() {
            let rest = &text[at..];
            let begins = at == 0 || !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '-' || c == '_');
            let skipped = unlinkable(rest);
            at += if skipped > 0 {
                self.out.push_str(&rest[..skipped]);
                skipped
            } else if let Some(used) = begins.then(|| self.rfc(rest).or_else(|| self.term(rest, &text[..at]))).flatten()
            {
                used
            } else {
                let first = rest.chars().next().map_or(1, char::len_utf8);
                self.out.push_str(&rest[..first]);
                first
            };
        }
    }

    /// Links `RFC 9112`, `RFC 9112 §6.3`, and the further sections in `RFC 9110 §9.1, §16.1`.
    fn rfc(&mut self, text: &str) -> Option<usize> {
        let (after, number) = digits(blank(text.strip_prefix("RFC")?)?)?;
        let link = |shown: &str, section: Option<&str>| {
            let anchor =
                section.map_or(String::new(), |section| match section.starts_with(|c: char| c.is_ascii_digit()) {
                    true => format!("#section-{section}"),
                    false => format!("#appendix-{section}"),
                });
            format!("[{}](https://www.rfc-editor.org/rfc/rfc{number}{anchor})", shown.replace('\n', " "))
        };
        let shown = |rest: &str| &text[..text.len() - rest.len()];
        let Some((mut after, name)) = blank(after).and_then(section) else {
            self.out.push_str(&link(shown(after), None));
            return Some(shown(after).len());
        };
        self.out.push_str(&link(shown(after), Some(name)));
        // ", §16.1" and " and §16.1"
        while let Some((between, (rest, name))) =
            [", ", " and ", ",\n"].iter().find_map(|between| Some((between, section(after.strip_prefix(*between)?)?)))
        {
            self.out.push_str(between);
            self.out.push_str(&link(&format!("§{name}"), Some(name)));
            after = rest;
        }
        Some(text.len() - after.len())
    }

    fn term(&mut self, text: &str, before: &str) -> Option<usize> {
        let (terms, first) = (self.terms, first(text));
        let mut alike = terms.iter().filter(|term| term.first == first);
        let (term, len) = alike.find_map(|term| Some((term, matched(text, &term.words)?)))?;
        let idiom = |idiom: &str| {
            let (first, last) = idiom.split_once(' ').unwrap_or_default();
            before.ends_with(&format!("{first} ")) && text.starts_with(last)
                || text[len..].starts_with(&format!(" {last}")) && text.starts_with(first)
        };
        // Where a link to somewhere else follows, two links would stand side by side.
        if IDIOMS.iter().any(|words| idiom(words)) || !self.used.insert(&term.anchor) {
            self.out.push_str(&text[..len]);
        } else {
            self.out.push_str(&format!("[{}]({}glossary.md#{})", &text[..len], self.up, term.anchor));
        }
        Some(len)
    }
}

/// How long the code, link, tag, address or directive is that begins here; 0 where none does.
fn unlinkable(text: &str) -> usize {
    let closed = |by: &str, from: usize| text[from..].find(by).map_or(0, |at| from + at + by.len());
    if text.starts_with('`') {
        let ticks = text.len() - text.trim_start_matches('`').len();
        return closed(&"`".repeat(ticks), ticks);
    }
    if text.starts_with("{{#") {
        return closed("}}", 3);
    }
    if text.starts_with('<') {
        return closed(">", 1);
    }
    if text.starts_with("http://") || text.starts_with("https://") {
        return text.find(char::is_whitespace).unwrap_or(text.len());
    }
    if text.starts_with('[') {
        // The text of a link may hold brackets of its own in code; none of ours does.
        let (bracket, target) = (closed("]", 1), text.find("](").unwrap_or(usize::MAX));
        return if bracket == target.saturating_add(1) { closed(")", bracket) } else { 0 };
    }
    0
}

fn first(text: &str) -> Option<char> {
    text.chars().next()?.to_lowercase().next()
}

/// How much of the text the words are: in any case unless they are capitals, with or without the `s` of many, and no part of a
/// longer word.
fn matched(text: &str, words: &str) -> Option<usize> {
    let exact = words.chars().take(2).all(char::is_uppercase);
    let mut rest = text.chars();
    for word in words.chars() {
        let other = rest.next()?;
        let same = if exact { other == word } else { other.to_lowercase().eq(word.to_lowercase()) };
        let blank = word == ' ' && other == '\n';
        if !same && !blank {
            return None;
        }
    }
    let longer = |rest: &str| rest.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '-' | '_'));
    let after = rest.as_str();
    match after.strip_prefix('s').filter(|after| !longer(after)) {
        Some(many) => Some(text.len() - many.len()),
        None if longer(after) => None,
        None => Some(text.len() - after.len()),
    }
}

fn blank(text: &str) -> Option<&str> {
    text.strip_prefix([' ', '\n'])
}

/// Digits, and what stands behind them.
fn digits(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((&text[end..], &text[..end])).filter(|_| end > 0)
}

/// `§6.3`: what stands behind it, and its name. The dot of a sentence is not its.
fn section(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix('§')?;
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '.').unwrap_or(text.len());
    let name = text[..end].trim_end_matches('.');
    Some((&text[name.len()..], name)).filter(|_| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GLOSSARY: &str = "- <a id=\"socket\"></a>**socket**: an end.\n- <a id=\"unix-socket\"></a>**Unix socket**: another.\n\
                            - <a id=\"fin\"></a>**FIN**: the end.\n- <a id=\"turn\"></a>**turn**: a round.\n";

    fn linked(text: &str) -> String {
        link(text, &terms(GLOSSARY), "../")
    }

    #[test]
    fn the_first_use_of_a_term_is_linked() {
        let text = "Two sockets, a socket, `FIN`, fin, FIN and a Unix\nsocket.\n";
        let all = "Two [sockets](../glossary.md#socket), a socket, `FIN`, fin, [FIN](../glossary.md#fin) and a \
                   [Unix\nsocket](../glossary.md#unix-socket).\n";
        assert_eq!(linked(text), all);
        for same in [
            "# A socket\n",
            "```text\nsocket\n```\n",
            "<p>socket\nsocket\n",
            "[a socket](x.md)\n",
            "{{#widget socket}}\n",
        ] {
            assert_eq!(linked(same), same);
        }
        assert_eq!(linked("websockets, in turn; socket-like\n"), "websockets, in turn; socket-like\n");
    }

    #[test]
    fn every_section_of_an_rfc_is_linked() {
        let at =
            |number: &str, section: &str| format!("(https://www.rfc-editor.org/rfc/rfc{number}#section-{section})");
        assert_eq!(linked("See RFC\n9112 §6.3. Or"), format!("See [RFC 9112 §6.3]{}. Or", at("9112", "6.3")));
        let two = format!("[RFC 9110 §9.1]{}, [§16.1]{} item 2", at("9110", "9.1"), at("9110", "16.1"));
        assert_eq!(linked("RFC 9110 §9.1, §16.1 item 2"), two);
        assert_eq!(linked("RFC 2119 says"), "[RFC 2119](https://www.rfc-editor.org/rfc/rfc2119) says");
        assert_eq!(linked("`RFC 9110 §1` [RFC 1](x)"), "`RFC 9110 §1` [RFC 1](x)");
    }

    #[test]
    fn every_chapter_is_linked_once_and_for_all() {
        let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../book/src");
        let glossary = std::fs::read_to_string(source.join("glossary.md")).unwrap();
        let terms = terms(&glossary);
        assert!(terms.len() > 100);
        for chapter in crate::book::chapters(&source) {
            let text = std::fs::read_to_string(&chapter).unwrap();
            let linked = link(&text, &terms, "");
            let count = linked.matches("](glossary.md#").count() - text.matches("](glossary.md#").count();
            let few = ["SUMMARY.md", "evenings.md"].iter().any(|name| chapter.ends_with(name));
            assert!(count >= 3 || few, "{}: {count} terms", chapter.display());
            if std::env::var_os("WIREBOOK_SHOW").is_some() {
                let around = linked.match_indices("](glossary.md#").map(|(at, _)| {
                    let from = linked[..at].char_indices().rev().nth(40).map_or(0, |(from, _)| from);
                    linked[from..at].replace('\n', " ")
                });
                println!("{}\n  {}", chapter.display(), around.collect::<Vec<_>>().join("\n  "));
            }
        }
    }
}
