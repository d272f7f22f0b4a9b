//! The source view: a page for each file that the book cites, on which each line has a name, `#L42`.

use std::fmt::Write;
use std::path::Path;

/// The file as a page. `up` leads from it to the book's first page.
pub(crate) fn page(name: &Path, text: &str, up: &str) -> String {
    let name = name.display();
    let mut out = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{name}</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style></head>\
         <body><p><a href=\"{up}index.html\">Wirebook</a> / {name}</p><pre>"
    );
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let line = line.replace('&', "&amp;").replace('<', "&lt;");
        let _ = writeln!(out, "<span id=\"L{number}\"><a href=\"#L{number}\">{number:4}</a>  {line}</span>");
    }
    out + "</pre></body></html>\n"
}

/// The browser's own colours, in light and in dark. The line that was asked for is marked.
const STYLE: &str = ":root{color-scheme:light dark}body{font:15px/1.5 sans-serif;margin:1rem}pre{line-height:1.4}\
                     pre a{color:inherit;opacity:.6;text-decoration:none}:target{outline:2px solid;outline-offset:2px}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_has_a_name() {
        let page = page(Path::new("net/a.rs"), "a<b>\n\nc & d\n", "../../");
        assert!(page.contains("<span id=\"L1\"><a href=\"#L1\">   1</a>  a&lt;b></span>\n<span id=\"L2\">"));
        assert!(page.contains("c &amp; d</span>\n</pre>"));
    }
}
