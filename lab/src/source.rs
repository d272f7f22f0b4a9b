//! The source view: a page for each file that the book cites, on which each line has a name, `#L42`.

use std::fmt::Write;
use std::path::Path;

/// The file as a page. `up` leads from it to the book's first page.
pub(crate) fn page(name: &Path, text: &str, up: &str) -> String {
    let is_rust = name.extension().is_some_and(|extension| extension == "rs");
    let name = name.display();
    let mut out = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{name}</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style></head>\
         <body><p><a href=\"{up}index.html\">Wirebook</a> / {name}</p><pre>"
    );
    let coloured = coloured(text, if is_rust { token } else { |rest: &str| (None, rest.len()) });
    for (index, line) in coloured.lines().enumerate() {
        let number = index + 1;
        let _ = writeln!(out, "<span id=\"L{number}\"><a href=\"#L{number}\">{number:4}</a>  {line}</span>");
    }
    out + "</pre></body></html>\n"
}

/// The text as HTML, its tokens in colours. No element goes over the end of a line, because each line will be one.
fn coloured(text: &str, token: impl Fn(&str) -> (Option<&'static str>, usize)) -> String {
    let mut out = String::with_capacity(2 * text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let (kind, length) = token(rest);
        let (piece, behind) = rest.split_at(length);
        let piece = piece.replace('&', "&amp;").replace('<', "&lt;");
        match kind {
            Some(kind) => out.push_str(&format!(
                "<i class=\"{kind}\">{}</i>",
                piece.replace('\n', &format!("</i>\n<i class=\"{kind}\">"))
            )),
            None => out.push_str(&piece),
        }
        rest = behind;
    }
    out
}

/// The first token of some Rust: `comment`, `string`, `keyword` or nothing of these, and its length. Enough to read by, and
/// not a lexer: numbers, names and signs have no colour.
fn token(rest: &str) -> (Option<&'static str>, usize) {
    let up_to = |end: &str, from: usize| rest[from..].find(end).map_or(rest.len(), |at| from + at + end.len());
    let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    let raw = rest.trim_start_matches(['b', 'c']).strip_prefix('r').filter(|raw| raw.starts_with(['"', '#']));
    if rest.starts_with("//") {
        return (Some("comment"), rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return (Some("comment"), up_to("*/", 2));
    }
    if let Some(raw) = raw {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            return (Some("string"), up_to(&format!("\"{}", &raw[..hashes]), rest.len() - raw.len() + hashes + 1));
        }
        // A name, such as `r#type`.
        return (None, rest.len() - raw.trim_start_matches('#').trim_start_matches(char::is_alphanumeric).len());
    }
    match rest.chars().next() {
        Some('"') => (Some("string"), quoted(rest, '"')),
        // A lifetime has no second quote.
        Some('\'') if rest[1..].starts_with('\\') || rest.chars().nth(2) == Some('\'') => {
            (Some("string"), quoted(rest, '\''))
        }
        Some(_) if word > 0 => (KEYWORDS.contains(&&rest[..word]).then_some("keyword"), word),
        first => (None, first.map_or(0, char::len_utf8)),
    }
}

/// The length of what stands between two quotes, with them; an escaped one does not end it.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    let end = rest.char_indices().skip(1).find(|(_, c)| {
        let ends = *c == quote && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    end.map_or(rest.len(), |(at, _)| at + 1)
}

const KEYWORDS: [&str; 37] = [
    "as", "async", "await", "break", "const", "continue", "crate", "dyn", "else", "enum", "extern", "false", "fn",
    "for", "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "self", "static",
    "struct", "super", "trait", "true", "type", "unsafe", "use", "where", "while",
];

/// The browser's own colours, in light and in dark, and three of ours. The line that was asked for is marked.
const STYLE: &str = ":root{color-scheme:light dark}body{font:15px/1.5 sans-serif;margin:1rem}pre{line-height:1.4}\
                     pre a{color:inherit;opacity:.7;text-decoration:none}:target{outline:2px solid;outline-offset:2px}\
                     pre i{font-style:normal}.comment{color:light-dark(#5d636a,#a4abb3)}\
                     .string{color:light-dark(#00795a,#3fc49b)}.keyword{color:light-dark(#0072b2,#56b4e9)}\
                     @media print{body{margin:0}pre{white-space:pre-wrap;font-size:11px}}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_has_a_name() {
        let page = page(Path::new("net/a.md"), "a<b>\n\nc & \"d\"\n", "../../");
        assert!(page.contains("<span id=\"L1\"><a href=\"#L1\">   1</a>  a&lt;b></span>\n<span id=\"L2\">"));
        assert!(page.contains("c &amp; \"d\"</span>\n</pre>"));
    }

    #[test]
    fn rust_has_colours_and_no_element_goes_over_a_line_end() {
        let shown =
            |text: &str| coloured(text, token).replace("<i class=\"", "[").replace("\">", " ").replace("</i>", "]");
        for (text, wanted) in [
            ("let a = b; // c \"d\"\n1", "[keyword let] a = b; [comment // c \"d\"]\n1"),
            ("/* a\nb */fn", "[comment /* a]\n[comment b */][keyword fn]"),
            ("f(\"a\\\"<\", '\\'', 'b', &'a x)", "f([string \"a\\\"&lt;\"], [string '\\''], [string 'b'], &amp;'a x)"),
            ("br#\"a\"\n\"#; r#type; formatted", "[string br#\"a\"]\n[string \"#]; r#type; formatted"),
            ("\"é\" é '", "[string \"é\"] é '"),
            ("\"open", "[string \"open]"),
        ] {
            assert_eq!(shown(text), wanted);
        }
    }
}
