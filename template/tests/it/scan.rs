//! Where code ends: every token that a closing mark may stand in, or may be taken to stand in. `@` says where the end is, and is
//! not in what is read.

use wirebook_script::{ErrorKind, end_of_code};

/// Reads code from its start, with the mark of EJS and the two that end a search: those of an opening tag and of a literal.
fn end(text: &str, in_comment: &mut bool) -> Result<(usize, usize), wirebook_script::ScanError> {
    end_of_code(text, 0, "%>", &["<%", "%%>"], in_comment)
}

/// Code that ends where it says, and whose comments are closed.
const CODE: &[&str] = &[
    "@%>",
    " @%>",
    "x@%>",
    "x @-%>",
    "x @_%>",
    "x_ @%>",
    "x@_%>",
    "_x@%>",
    "@_%>",
    "x - @%>",
    "x_y@_%> y %>",
    "é@%>",
    "é@_%>",
    "x\n@%>",
    "\u{2028}@%>",
    "x--@%>",
    "1@%>",
    "1_000@%>",
    "$@%>",
    "\u{a0}@%>",
    // Strings.
    "'%>'@%>",
    "\"%>\"@%>",
    "'\\'%>'@%>",
    "'\\\\'@%>'",
    "'\"%>' + \"'%>\"@%>",
    "'é%>é'@%>",
    "''@%>''",
    "'a\\\n%>'@%>",
    "'\\\\\\'%>'@%>",
    // Template literals.
    "`%>`@%>",
    "`\\`%>`@%>",
    "`\\\\`@%>`",
    "`a\n%>`@%>",
    "`${'%>'}%>`@%>",
    "`${`%>`}%>`@%>",
    "`${{ a: '}%>' }.a}%>`@%>",
    "`${a}%>${b}%>`@%>",
    "`$%>`@%>",
    "`$${a}%>`@%>",
    "`\\${%>`@%>",
    "`{%>}`@%>",
    "`${a} ${`${'%>'}`}`@%>",
    "`a` / 2 @%>/",
    "`${a}` / 2 @%>/",
    "`${/%>/}`@%>",
    "`${a / 1}%>`@%>",
    "`${ {} }%>`@%>",
    "`é${1}%>`@%>",
    // Comments.
    "/* ' */@%>",
    "// '@%>",
    "// '\n@%>",
    "// a\r'%>'@%>",
    "// a\u{2028}'%>'@%>",
    "// a\u{2029}'%>'@%>",
    "<!-- '@%>",
    "<!-- '\n'%>'@%>",
    "x\n--> '@%>",
    "\n --> '\n'%>'@%>",
    "x --> '%>'@%>",
    "x\n y --> '%>'@%>",
    "/* a */ /* b */ '%>'@%>",
    "/*/ ' */@%>",
    "/***/ '%>'@%>",
    "// /*\n'%>'@%>",
    "/* // */ '%>'@%>",
    "x < y @%>",
    "x <! y@%>",
    "x - y@%>",
    "/* \n */ --> '%>'@%>",
    "\n/* a */ --> '@%>",
    "\r--> '@%>",
    "\u{2028}--> '@%>",
    "\u{2029}--> '@%>",
    "*/ '%>'@%>",
    "a * /'/ @%>",
    "*/ '/' @%>",
    "x; {} /'/@%>",
    "2.5.if / 2 @%>/",
    "2.25 / 2 @%>/",
    "2. in /'/@%>",
    // Regular expressions, and slashes that divide.
    "/%>/@%>",
    "/\\/%>/@%>",
    "/[/]%>/@%>",
    "/[\\]/%>]/@%>",
    "/\\[/ @%>]/",
    "/a/gi@%>",
    "/a/g_@%>",
    "/a/ / 2 @%>/",
    "/é%>/@%>",
    "/'/@%>'",
    "x = /'/@%>",
    "x / 2 @%>/",
    "x / /'/ @%>",
    "x = / 2 @%>",
    "x = /a\nb @%>/",
    "x = /a\u{2028}@%>/",
    "x = /a\\\n@%>/",
    "(x) / 2 @%>/",
    "[x] / 2 @%>/",
    "x[0] / 2 @%>/",
    "f(x) / 2 @%>/",
    "'a' / 2 @%>/",
    "2 / 2 @%>/",
    "2. / 2 @%>/",
    "2.5 / 2 @%>/",
    "2..x / 2 @%>/",
    "a.b / 2 @%>/",
    "1..if / 2 @%>/",
    "}/'/@%>",
    "{} /'/@%>",
    "x = {} / 2 @%>/",
    "x = { a: /'/ }@%>",
    "x = { a } / 2 @%>/",
    "({}) / 2 @%>/",
    "({ a: {} }) / 2 @%>/",
    "[{}] / 2 @%>/",
    "if (x) /'/@%>",
    "while (x) /'/@%>",
    "for (;;) /'/@%>",
    "with (x) /'/@%>",
    "else /'/@%>",
    "do /'/@%>",
    "return /'/@%>",
    "typeof /'/@%>",
    "case /'/@%>",
    "x in /'/@%>",
    "x of /'/@%>",
    "x instanceof /'/@%>",
    "new /'/@%>",
    "void /'/@%>",
    "delete /'/@%>",
    "throw /'/@%>",
    "x.return / 2 @%>/",
    "x.if (y) / 2 @%>/",
    "x.typeof / 2 @%>/",
    "x?.in / 2 @%>/",
    "x . case / 2 @%>/",
    "...of / 2 @%>/",
    "a++ / 2 @%>/",
    "a-- / 2 @%>/",
    "++ /'/@%>",
    "a + /'/@%>",
    "a + + /'/@%>",
    "a - - /'/@%>",
    "a +- /'/@%>",
    "a => /'/@%>",
    "a => {} /'/@%>",
    "a => ({}) / 2 @%>/",
    "(a) => { } /'/@%>",
    ", /'/@%>",
    "? /'/ : /'/@%>",
    "= /'/@%>",
    "=/%>/@%>",
    ">/%>/@%>",
    "!/%>/.test(x)@%>",
    "(/%>/)@%>",
    "[/%>/]@%>",
    "{ /%>/ }@%>",
    "; /%>/@%>",
    "&& /%>/@%>",
    "~/%>/@%>",
    "function f() {} /'/@%>",
    "x = function () {} / 2 @%>/",
    "x = function f() {} / 2 @%>/",
    "(function () {}) / 2 @%>/",
    "x = function (a = {}) {} / 2 @%>/",
    "x = function (a, b) { return /'/ } / 2 @%>/",
    "x = function () { {} /'/ } / 2 @%>/",
    "x = function () { f() / 2 @%>/",
    "x = function () { if (y) { } /'/ }@%>",
    "f(function () { }) / 2 @%>/",
    "[].map(function (x) { return x / 2 }) @%>/",
    "function f() { return { a: 1 } / 2 }@%>/",
    "try {} /'/@%>",
    "finally {} /'/@%>",
    "if (x) {} /'/@%>",
    "if (x) { y } else { z } /'/@%>",
    "f(x) {} /'/@%>",
    "f(x)\n{} /'/@%>",
    "f(x) ({}) / 2 @%>/",
    "switch (x) { case 1: /'/ }@%>",
    "x) /'/@%>",
    "x] /'/@%>",
    "x)}/'/@%>",
    "(x) \u{a0}{} /'/@%>",
    "x = { f() { return 1 } } / 2 @%>/",
    "x = {a: function () {}} / 2 @%>/",
    "!{} / 2 @%>/",
    "x = y ? {} : {} / 2 @%>/",
    "((x) / 2) @%>/",
    "(x / 2 / (y)) @%>/",
    "(if (x) /'/)@%>",
    "if ((x)) /'/@%>",
    "x = [(y) / 2] / 2 @%>/",
];

#[test]
fn code_ends_between_two_tokens_and_in_a_comment() {
    for row in CODE {
        let text = row.replace('@', "");
        let mut in_comment = false;
        let found = end(&text, &mut in_comment);
        let place = row.find('@').expect("an end");
        let length = text[place..].find('>').expect("a mark") + 1;
        assert_eq!(found, Ok((place, length)), "{row}");
        assert!(!in_comment, "{row}");
    }
}

#[test]
fn a_comment_may_go_on_in_the_next_tag() {
    for (text, before, place, after) in [
        ("/* a %>", false, 5, true),
        ("/* a -%>", false, 5, true),
        ("/* a */%>", false, 7, false),
        ("/* a */ /* %>", false, 11, true),
        ("' %>", true, 2, true),
        ("' */ %>", true, 5, false),
        ("' */ '%>' %>", true, 10, false),
        ("*/%>", true, 2, false),
        ("// %>", false, 3, false),
        ("<!-- %>", false, 5, false),
        ("/* a */ // %>", false, 11, false),
        ("é */ /* é %>", true, 12, true),
    ] {
        let mut in_comment = before;
        let (found, _) = end(text, &mut in_comment).unwrap_or_else(|error| panic!("{text}: {error:?}"));
        assert_eq!((found, in_comment), (place, after), "{text}");
    }
}

#[test]
fn code_that_does_not_end_says_why() {
    let string = |at| Err(Some((ErrorKind::Syntax, "this string is never closed".to_owned(), at)));
    let literal = |at| Err(Some((ErrorKind::Syntax, "this template literal is never closed".to_owned(), at)));
    for (text, expected) in [
        ("", Err(None)),
        ("x", Err(None)),
        ("x /* a", Err(None)),
        ("x <% y %>", Err(None)),
        ("x %%> %>", Err(None)),
        ("// <% %>", Err(None)),
        ("/* %%> */ %>", Err(None)),
        ("x 'a %>", string(2)),
        ("x 'a\n' %>", string(2)),
        ("x \"a\r\" %>", string(2)),
        ("x 'a\\' %>", string(2)),
        ("`a %>", literal(0)),
        ("x `a${b}c %>", literal(7)),
        ("x `a\\` %>", literal(2)),
    ] {
        assert_eq!(end(text, &mut false), expected, "{text}");
    }
}

/// A search begins where it is told to, and other marks are looked for as those of EJS are.
#[test]
fn the_marks_are_those_that_are_given() {
    assert_eq!(end_of_code("%> '%>' %>", 2, "%>", &[], &mut false), Ok((8, 2)));
    assert_eq!(end_of_code("' */ %>", 1, "%>", &[], &mut true), Ok((5, 2)));
    assert_eq!(end_of_code("x »", 0, "»", &["«"], &mut false), Ok((2, 2)));
    assert_eq!(end_of_code("x « »", 0, "»", &["«"], &mut false), Err(None));
    assert_eq!(end_of_code("x_»", 0, "»", &[], &mut false), Ok((1, 3)));
    assert_eq!(end_of_code("x_y}}", 0, "}}", &["{{"], &mut false), Ok((3, 2)));
    assert_eq!(end_of_code("f({ a: 1 }) }}", 0, "}}", &["{{"], &mut false), Ok((12, 2)));
    assert_eq!(end_of_code("x /]", 0, "/]", &[], &mut false), Ok((2, 2)));
}
