//! Templates as hostile as they can be: deep, wide, long, recursive, backtracking, escaping. What is made is decided by bytes, so
//! that a fuzzer changes its structure and a test has a seed. No dependency: `tests/` compiles this file, too.

/// Where decisions come from: bytes first, and numbers from them when there are no more.
pub struct Choices<'b> {
    bytes: &'b [u8],
    state: u64,
    /// Programs may be built of programs, and end.
    fuel: u32,
}

impl<'b> Choices<'b> {
    /// Decisions of these bytes.
    pub fn new(bytes: &'b [u8]) -> Choices<'b> {
        let state = bytes.iter().fold(7, |state: u64, byte| state.wrapping_mul(31).wrapping_add(u64::from(*byte)));
        Choices { bytes, state, fuel: 12 }
    }

    fn next(&mut self, below: usize) -> usize {
        if let [first, rest @ ..] = self.bytes {
            self.bytes = rest;
            return usize::from(*first) % below;
        }
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) as usize % below
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.next(list.len())]
    }

    /// How often something stands there.
    fn count(&mut self) -> usize {
        [1, 2, 3, 7, 40, 198, 203, 1_000, 9_000][self.next(9)]
    }
}

const OPENINGS: [(&str, &str, &str); 26] = [
    ("(", "1", ")"),
    ("[", "1", "]"),
    ("({ a: ", "1", " })"),
    ("-", "1", ""),
    ("!", "x", ""),
    ("typeof ", "1", ""),
    ("f(", "1", ")"),
    ("a[", "0", "]"),
    ("x => ", "1", ""),
    ("(function () { return ", "1", " })()"),
    ("`${", "1", "}`"),
    ("1 ? ", "1", " : 1"),
    ("a = ", "1", ""),
    ("2 ** ", "1", ""),
    ("[...", "'a'", "]"),
    ("[x, [", "y", "]] = "),
    ("new Array(", "1", ")"),
    ("({ ...", "{}", " })"),
    ("(a, ", "1", ")"),
    ("a ?? (", "1", ")"),
    ("delete a?.", "b", ""),
    ("({ [", "1", "]: 1 })"),
    ("[1].map(x => ", "x", ")"),
    ("((a = ", "1", ") => a)()"),
    ("JSON.stringify([", "1", "])"),
    ("/(?:", "a", ")/.source + "),
];
const BLOCKS: [(&str, &str); 14] = [
    ("if (1) { ", " }"),
    ("for (;;) { ", " }"),
    ("{ ", " }"),
    ("try { ", " } finally { }"),
    ("try { ", " } catch (e) { }"),
    ("while (1) ", ";"),
    ("do { ", " } while (1)"),
    ("switch (1) { case 1: ", " }"),
    ("function f() { ", " }"),
    ("(() => { ", " })();"),
    ("l: ", ";"),
    ("if (0) ; else ", ";"),
    ("for (const q of [1, 2]) { ", " }"),
    ("for (const k in { a: 1 }) { ", " }"),
];
const LONG: [&str; 30] = [
    "1,",
    "'a' + ",
    "x;",
    "let v = 1;",
    "'\\ud83d',",
    "\"%>\";",
    "`${1}`;",
    "/a(b|c)*[x-z]/g;",
    "// c\n",
    "/* c */",
    "<!-- c\n",
    "f(1);",
    "a.b.",
    "x => ",
    "!",
    "@",
    "\\",
    "#",
    "case 1:",
    "1 || ",
    "1 && ",
    "{}",
    "[]",
    "var a = b = 1;",
    "const {p = 1} = {};",
    "function g() {}",
    "\u{1f600}",
    "\u{e9}.",
    "if (1) ;",
    "l: ;",
];
const VALUES: [&str; 26] = [
    "'a'",
    "'\\ud83d'",
    "'\u{1f600}\u{e9}'",
    "[1, 2, 3]",
    "{ a: 1 }",
    "/(a+)+b/g",
    "1e308",
    "-0",
    "NaN",
    "null",
    "undefined",
    "new Map([[1, 2]])",
    "new Set([1])",
    "new Date(0)",
    "() => s",
    "Object",
    "Math",
    "this",
    "locals",
    "arguments",
    "s",
    "o",
    "{ toString() { return s + s } }",
    "{ valueOf() { throw 1 } }",
    "{ toJSON() { return o } }",
    "{ length: 4294967295 }",
];
const METHODS: [&str; 62] = [
    "repeat",
    "padStart",
    "padEnd",
    "concat",
    "split",
    "join",
    "replace",
    "replaceAll",
    "match",
    "matchAll",
    "search",
    "normalize",
    "toUpperCase",
    "localeCompare",
    "toLocaleString",
    "at",
    "slice",
    "substring",
    "map",
    "filter",
    "forEach",
    "reduce",
    "sort",
    "toSorted",
    "flat",
    "flatMap",
    "fill",
    "splice",
    "push",
    "pop",
    "shift",
    "unshift",
    "reverse",
    "indexOf",
    "includes",
    "findLast",
    "copyWithin",
    "entries",
    "keys",
    "values",
    "next",
    "with",
    "set",
    "get",
    "add",
    "delete",
    "has",
    "bind",
    "call",
    "apply",
    "exec",
    "test",
    "toString",
    "valueOf",
    "toFixed",
    "toPrecision",
    "toISOString",
    "setFullYear",
    "link",
    "codePointAt",
    "hasOwnProperty",
    "trim",
];
const ESCAPES: [&str; 24] = [
    "constructor",
    "__proto__",
    "prototype",
    "constructor.constructor",
    "__defineGetter__('x', f)",
    "__lookupGetter__('x')",
    "caller",
    "callee",
    "arguments",
    "constructor('return this')()",
    "mainModule",
    "toString.constructor",
    "valueOf.call()",
    "bind.bind.bind()",
    "call.call(f)",
    "apply(null, [])",
    "isPrototypeOf(o)",
    "hasOwnProperty('__proto__')",
    "name",
    "length",
    "raw",
    "groups",
    "lastIndex",
    "process",
];
const ARGUMENTS: [&str; 22] = [
    "",
    "1e9",
    "4294967295",
    "-1",
    "s",
    "s, s",
    "/(?:)/g",
    "/(a|a)*$/",
    "/^(?=(a+))\\1b/",
    "x => x + x",
    "f",
    "(a, b) => b - a",
    "[s]",
    "o",
    "null, s",
    "'$&$&$`'",
    "1e5, s",
    "Infinity",
    "NaN",
    "undefined",
    "...s",
    "'NFKD'",
];
const PATTERNS: [&str; 12] = [
    "(a+)+",
    "(a|a)*",
    "(.*)*",
    "(?=(a+))\\1",
    "(?<=a*)",
    "[^b]*?",
    "(a{1,9}){1,9}",
    "\\p{L}+",
    "(?:a?){20}",
    "(\\w|\\d)*",
    "(?<n>a)\\k<n>*",
    "a*a*a*a*",
];

fn repeated(text: &str, count: usize) -> String {
    // As much as a source may be, or a little more.
    text.repeat(count.min((1 << 20) / text.len().max(1) + 2))
}

fn expression(c: &mut Choices<'_>) -> String {
    if c.fuel == 0 {
        return c.pick(&VALUES).to_owned();
    }
    c.fuel -= 1;
    match c.next(9) {
        0 => {
            let (open, inner, close) = OPENINGS[c.next(OPENINGS.len())];
            let count = c.count();
            format!("{}{inner}{}", repeated(open, count), repeated(close, count))
        }
        1 => format!("({}).{}({})", expression(c), c.pick(&METHODS), c.pick(&ARGUMENTS)),
        2 => format!("({})?.{}", expression(c), c.pick(&ESCAPES)),
        3 => {
            let (pattern, more) = (c.pick(&PATTERNS), c.pick(&PATTERNS));
            let (pattern, flags) = (repeated(pattern, c.count() % 50 + 1), c.pick(&["", "g", "u", "gi", "s", "y"]));
            format!("/{pattern}{more}$/{flags}.{}('a'.repeat({}) + 'b')", c.pick(&["test", "exec"]), c.count())
        }
        4 => format!("new RegExp('{}'.repeat({}), 'g').test(s)", c.pick(&PATTERNS).replace('\\', "\\\\"), c.count()),
        5 => format!("[{}]", repeated(c.pick(&LONG), c.count())),
        6 => format!("'{}'.repeat({})", c.pick(&["a", "\u{e9}", "\u{1f600}", "\\ud83d", "(", "a,", "%"]), c.count()),
        7 => format!(
            "{} {} {}",
            expression(c),
            c.pick(&["+", "==", "<", "in", "instanceof", "**", ",", "??"]),
            expression(c)
        ),
        _ => c.pick(&VALUES).to_owned(),
    }
}

fn statement(c: &mut Choices<'_>) -> String {
    if c.fuel == 0 {
        return "s += s;".into();
    }
    c.fuel -= 1;
    match c.next(10) {
        0 => {
            let (open, close) = BLOCKS[c.next(BLOCKS.len())];
            let (count, inner) = (c.count(), statement(c));
            format!("{}{inner}{}", repeated(open, count), repeated(close, count))
        }
        1 => format!("for (;;) {{ {} }}", statement(c)),
        2 => format!("for (let i = 0; ; i++) s = {};", expression(c)),
        3 => format!(
            "function f(x) {{ {}; return f(x) {} f({}) }} f(1);",
            statement(c),
            c.pick(&["+", "&&", ",", "||"]),
            expression(c)
        ),
        4 => format!("o[{}] = {};", expression(c), expression(c)),
        5 => format!("try {{ {} }} catch (e) {{ {} }}", statement(c), statement(c)),
        6 => repeated(c.pick(&LONG), c.count()),
        7 => format!("for (const x of {}) {{ {} }}", expression(c), statement(c)),
        8 => format!("{}{}", statement(c), statement(c)),
        _ => format!("s = {};", expression(c)),
    }
}

/// A statement or some: code without tags.
pub fn code(c: &mut Choices<'_>) -> String {
    format!("var s = 'a', o = {{}}, a = [], x, y; var f = () => 1; {}", statement(c))
}

/// An expression.
pub fn value(c: &mut Choices<'_>) -> String {
    format!("((s, o, a, f, x, y) => {})('a', {{}}, [], () => 1)", expression(c))
}

/// A template.
pub fn template(c: &mut Choices<'_>) -> String {
    const TEXTS: [&str; 20] = [
        "<%= x %>",
        "<%- s %>",
        "<%# c %>",
        "<%% %%>",
        "<%",
        "%>",
        "<%=",
        "-%>\n",
        "<%_ _%>",
        "<a href=<%= x %>>",
        "<script>",
        "</script>",
        "<!--",
        "<style>",
        "'\"",
        "<% if (1) { %>",
        "<% } %>",
        "<% /* %>",
        "\u{1f600}",
        "<p onclick='<%= s %>'>",
    ];
    let mut made = String::new();
    for _ in 0..c.next(3) + 1 {
        match c.next(4) {
            0 => made += &repeated(c.pick(&TEXTS), c.count()),
            1 => made += &format!("<%= {} %>", value(c)),
            _ => made += &format!("<% {} %>", code(c)),
        }
    }
    made
}
