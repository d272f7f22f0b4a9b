//! Escaping, the obvious way and the exercises of its chapter.

use std::borrow::Cow;

use crate::closures::render;
use wirebook_template::{Template, data as values, escape as crate_escape};

// ANCHOR: escape_replace
/// Five replacements, one after the other.
fn naive_escape(text: &str) -> String {
    text.replace('<', "&lt;").replace('>', "&gt;").replace('"', "&#34;").replace('\'', "&#39;").replace('&', "&amp;")
}
// ANCHOR_END: escape_replace

#[test]
fn five_replacements_in_this_order_escape_their_own_work() {
    // ANCHOR: escape_breaks
    assert_eq!(naive_escape("Q&A"), "Q&amp;A");
    assert_eq!(naive_escape("<b>"), "&amp;lt;b&amp;gt;"); // the reader sees &lt;b&gt;
    // ANCHOR_END: escape_breaks
}

#[test]
fn exercise_what_is_read_without_the_ampersand() {
    // ANCHOR: exercise_ampersand
    let lesson = "Write &lt; for <"; // what somebody typed into a forum
    let mut out = String::new();
    crate_escape::append(&mut out, lesson);
    assert_eq!(out, "Write &amp;lt; for &lt;"); // reads: Write &lt; for <
    let without = lesson.replace('<', "&lt;");
    assert_eq!(without, "Write &lt; for &lt;"); // reads: Write < for <
    // ANCHOR_END: exercise_ampersand
}

#[test]
fn exercise_three_warnings_and_none() {
    // ANCHOR: exercise_warnings
    let warnings = |page: &str| Template::compile(page).expect("a page").warnings().len();
    let page = "<a href=\"<%= title %>\" title=<%= title %>>x</a>\
                <script>var t = '<%= title %>'</script>";
    assert_eq!(warnings(page), 3);
    let mended = "<a href=\"<%= url(title) %>\" title=\"<%= title %>\">x</a>\
                  <script>var t = <%- json(title) %></script>";
    assert_eq!(warnings(mended), 0);
    // ANCHOR_END: exercise_warnings
    let evil = values!({ "title": "</script><b onclick=\"f()\">" });
    let shown = render(mended, &evil).unwrap();
    assert!(!shown.contains("<b") && shown.matches("</script>").count() == 1, "{shown}");
}

#[test]
fn text_that_is_escaped_twice_shows_its_entities() {
    // ANCHOR: escape_twice
    let twice = render("<%= escapeFn(name) %>", &values!({ "name": "Q&A" }));
    assert_eq!(twice.unwrap(), "Q&amp;amp;A"); // the reader sees Q&amp;A
    // ANCHOR_END: escape_twice
}

#[test]
fn exercise_a_url_may_hide_its_scheme() {
    // ANCHOR: exercise_url
    let page = "<a href=\"<%= url(x) %>\">";
    let shown = |x: &str| render(page, &values!({ "x": x }));
    assert_eq!(shown("/tea?kind=green").unwrap(), "<a href=\"/tea?kind=green\">");
    for evil in ["javascript:alert(1)", "java\nscript:alert(1)", " JavaScript:alert(1)"] {
        assert!(!shown(evil).unwrap_or_default().to_lowercase().contains("script:"), "{evil}");
    }
    // ANCHOR_END: exercise_url
}

// ANCHOR: exercise_cow
/// Text that needs no escaping is borrowed, and nothing is allocated for it.
fn escaped(text: &str) -> Cow<'_, str> {
    let special = ['&', '<', '>', '"', '\''];
    let Some(first) = text.find(special) else { return text.into() };
    let mut out = text[..first].to_string();
    for c in text[first..].chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out.into()
}
// ANCHOR_END: exercise_cow

#[test]
fn exercise_a_text_without_special_characters_is_borrowed() {
    for text in ["", "tea", "grüner Tee", "<", "a<b", "Q&A", "'\"<>&", "&amp;", "ü<ü"] {
        let mut expected = String::new();
        crate_escape::naive(&mut expected, text);
        assert_eq!(escaped(text), expected);
        assert_eq!(matches!(escaped(text), Cow::Borrowed(_)), expected == text, "{text}");
    }
}

// ANCHOR: exercise_context
/// Where the next character would stand, after this much of a page.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Context {
    Text,
    Tag,
    /// A value in quotes, and which quotes.
    Quoted(char),
    Unquoted,
}

fn context(before: &str) -> Context {
    before.chars().fold(Context::Text, |context, c| match (context, c) {
        (Context::Text, '<') => Context::Tag,
        (Context::Tag | Context::Unquoted, '>') => Context::Text,
        // The value may begin with a quote, and then it is no unquoted one.
        (Context::Tag, '=') => Context::Unquoted,
        (Context::Unquoted, '"' | '\'') => Context::Quoted(c),
        (Context::Unquoted, ' ' | '\n') => Context::Tag,
        (Context::Quoted(quote), c) if c == quote => Context::Tag,
        (context, _) => context,
    })
}
// ANCHOR_END: exercise_context

#[test]
fn exercise_the_context_is_read_off_the_text_before() {
    assert_eq!(context("<p>"), Context::Text);
    assert_eq!(context("<a "), Context::Tag);
    assert_eq!(context("<a title="), Context::Unquoted);
    assert_eq!(context("<a title=x"), Context::Unquoted);
    assert_eq!(context("<a title=\"x > y' "), Context::Quoted('"'));
    assert_eq!(context("<a title='x' "), Context::Tag);
    assert_eq!(context("<a title=\"x\">"), Context::Text);
    // The lint of the crate warns where this says that quotes are missing.
    for before in ["<p>", "<a title=", "<a title=\"", "<p class='x' title=", "<a title=\"x\">"] {
        let warned = !Template::compile(&format!("{before}<%= x %>")).unwrap().warnings().is_empty();
        assert_eq!(context(before) == Context::Unquoted, warned, "{before}");
    }
}
