//! What a template costs grows no faster than the template and its data: every construct is given `n` and `2n`, and neither
//! its time nor its memory may grow faster than `n · log n`.

use std::time::Duration;
use wirebook_template::{ErrorKind, Limits, Options, Template, Value};
use wirebook_tests::allocations::measure;
use wirebook_tests::processor::timed;

/// A construct: its name, and its template of a size.
type Construct = (&'static str, usize, fn(usize) -> String);

const CONSTRUCTS: &[Construct] = &[
    ("strings in one tag", 8_000, |n| format!("<% {} %>", "'%>' + \"x\"; ".repeat(n))),
    ("unclosed quotes", 8_000, |n| format!("<% {} %>", r#"\" "#.repeat(n))),
    ("tags", 8_000, |n| "<%= 1 + x %>\n".repeat(n)),
    ("tags on one line", 8_000, |n| "<%= 1 + x %>".repeat(n)),
    ("warnings", 4_000, |n| "<a href=<%= x %>>".repeat(n)),
    ("warnings on lines", 4_000, |n| "<a href=<%= x %>>\n".repeat(n)),
    ("a script", 100_000, |n| format!("<script>{}</script>", "a < b; ".repeat(n))),
    ("a comment", 100_000, |n| format!("<!-- {} -->", "- ".repeat(n))),
    ("variables", 4_000, |n| format!("<% {} %>", numbered(n, |i| format!("let a{i} = {i};")))),
    ("free names", 4_000, |n| numbered(n, |i| format!("<%= typeof a{i} %>"))),
    ("captured variables", 4_000, |n| {
        let variables = numbered(n, |i| format!("let a{i} = {i};"));
        format!("<% {variables} const f = () => {{ {} }}; f() %>", numbered(n, |i| format!("a{i}++;")))
    }),
    ("parameters", 4_000, |n| format!("<% const f = ({}) => 1 %>", numbered(n, |i| format!("a{i},")))),
    ("parameters of a function", 4_000, |n| format!("<% function f({}) {{}} %>", numbered(n, |i| format!("a{i},")))),
    ("captured parameters", 3_000, |n| {
        let body = numbered(n, |i| format!("a{i} = 1;"));
        format!("<% function f({}) {{ (() => {{ {body} }})() }} f() %>", numbered(n, |i| format!("a{i},")))
    }),
    ("functions", 2_000, |n| format!("<% {} %>", numbered(n, |i| format!("function f{i}() {{}}")))),
    ("cases", 4_000, |n| format!("<% switch (x) {{ {} }} %>", numbered(n, |i| format!("case {i}: break;")))),
    ("branches", 4_000, |n| format!("<% {} ; %>", numbered(n, |i| format!("if (x === {i}) ; else ")))),
    ("properties", 4_000, |n| format!("<% const o = {{ {} }} %>", numbered(n, |i| format!("a{i}: {i},")))),
    ("elements", 20_000, |n| format!("<% const o = [{}] %>", "1,".repeat(n))),
    ("a pattern", 4_000, |n| format!("<% const {{ {} ...r }} = {{}} %>", numbered(n, |i| format!("a{i},")))),
    ("names of a long sum", 2_000, |n| {
        let patterns = numbered(n, |i| format!("a{i}: [],"));
        format!("<% try {{ const {{ {patterns} }} = 0{} }} catch (e) {{ }} %>", "+x".repeat(n))
    }),
    ("a sum", 20_000, |n| format!("<%= 0{} %>", "+x".repeat(n))),
    ("a text of parts", 10_000, |n| format!("<%= `{}` %>", "${x}-".repeat(n))),
    ("named groups", 400, |n| format!("<%= /{}/.test('a') %>", numbered(n, |i| format!("(?<a{i}>x)?\\k<a{i}>")))),
    ("classes", 400, |n| format!(r"<%= /{}/u.test('a') %>", r"\p{L}?".repeat(n))),
    ("a string that grows", 10_000, |n| format!("<% let s = ''; for (let i = 0; i < {n}; i++) s += 'ab' %>")),
    ("a shared string that grows", 2_000, |n| {
        format!("<% let s = ''; const f = () => s; for (let i = 0; i < {n}; i++) s = s + 'ab' %>")
    }),
    ("an array that grows", 20_000, |n| format!("<% const a = []; for (let i = 0; i < {n}; i++) a.push(i) %>")),
    ("an object that grows", 8_000, |n| format!("<% const a = {{}}; for (let i = 0; i < {n}; i++) a['k' + i] = i %>")),
    ("join", 20_000, |n| format!("<%= Array({n}).fill('abcdef').join('-').length %>")),
    ("JSON", 20_000, |n| format!("<%= JSON.stringify(Array({n}).fill('abcdef')).length %>")),
    ("JSON read", 5_000, |n| format!("<%= JSON.parse('[' + '1,'.repeat({n}) + '1]').length %>")),
    ("replaced text", 20_000, |n| format!("<%= 'ab'.repeat({n}).replaceAll('a', 'cd').length %>")),
    ("replaced by a function", 5_000, |n| format!("<%= '\u{e9}b'.repeat({n}).replaceAll('b', () => 'c').length %>")),
    ("replaced matches", 8_000, |n| format!("<%= 'ab'.repeat({n}).replace(/a/g, '[$&]').length %>")),
    ("matches of code points", 5_000, |n| format!("<%= '\u{1f600}b'.repeat({n}).matchAll(/b/gu).length %>")),
    ("split", 10_000, |n| format!("<%= 'ab'.repeat({n}).split(/b/).length %>")),
    ("characters", 10_000, |n| format!("<%= [...'\u{e9}b'.repeat({n})].length %>")),
    ("entries of a text", 5_000, |n| format!("<%= Object.entries('\u{e9}b'.repeat({n})).length %>")),
    ("keys of a text", 10_000, |n| format!("<% let c = 0; for (const k in 'ab'.repeat({n})) c++ %>")),
    ("sorted", 5_000, |n| format!("<%= Array.from({{ length: {n} }}, (_, i) => i * 7919 % 10007).sort().length %>")),
    ("an iterator", 10_000, |n| format!("<% let c = 0; for (const [i] of Array({n}).entries()) c += i %>")),
    ("an iterator by hand", 10_000, |n| format!("<% const all = Array({n}).keys(); while (!all.next().done); %>")),
    ("JSON revived", 3_000, |n| format!("<% JSON.parse('[' + '1,'.repeat({n}) + '1]', (k, v) => v) %>")),
    ("JSON of halves", 5_000, |n| format!(r#"<% JSON.parse('[' + '"\\ud83d",'.repeat({n}) + '1]') %>"#)),
    ("sorted by a function", 4_000, |n| {
        format!("<% Array.from({{ length: {n} }}, (_, i) => i * 7919 % 10007).sort((a, b) => a - b) %>")
    }),
    ("sorted by no order", 4_000, |n| {
        format!("<% Array.from({{ length: {n} }}, (_, i) => i * 7919 % 10007).sort((a, b) => a < b) %>")
    }),
    ("base64", 20_000, |n| format!("<%= atob(btoa('ab'.repeat({n}))).length %>")),
    ("markup", 20_000, |n| format!("<%= 'a'.link('\"b'.repeat({n})).length %>")),
    ("halves that grow", 4_000, |n| format!(r"<% let s = ''; for (let i = 0; i < {n}; i++) s += 'x\ud83d' %>")),
    ("halves replaced", 5_000, |n| format!("<%= '\u{1f600}'.repeat({n}).replaceAll('\\ude00', 'a').length %>")),
    ("halves split", 5_000, |n| format!("<%= '\u{1f600}'.repeat({n}).split('\\ude00').length %>")),
    ("an order of words", 400, |n| {
        format!("<% Array.from({{ length: {n} }}, (_, i) => '\u{e9}' + i % 97).sort((a, b) => a.localeCompare(b)) %>")
    }),
    ("elements shown", 3_000, |n| format!("<%= Array({n}).fill(1234.5).toLocaleString().length %>")),
    ("labels", 4_000, |n| format!("<% {} %>", numbered(n, |i| format!("l{i}: for (;;) {{ break l{i}; }} ")))),
    ("spread elements", 8_000, |n| format!("<% const a = [{}]; %>", "...[1], ".repeat(n))),
    ("a spread", 10_000, |n| format!("<% const a = Array({n}).fill(1); const b = [...a, ...a]; Math.max(...b) %>")),
    ("patterns", 3_000, |n| format!("<% {} %>", numbered(n, |i| format!("const {{ a: [b{i} = 1] = [] }} = {{}}; ")))),
    ("comments in code", 8_000, |n| format!("<% {} %>", "/* c */ x; // d\n".repeat(n))),
    ("comments as tags", 8_000, |n| "<%# a comment %>".repeat(n)),
    ("a comment over tags", 8_000, |n| format!("<% /* %>{}<% */ %>", "text<% x %>".repeat(n))),
    ("template literals", 8_000, |n| format!("<% {} %>", "`a${`b${x}`}`; ".repeat(n))),
    ("arrows", 4_000, |n| format!("<% {} %>", numbered(n, |i| format!("const f{i} = (a, b = a) => a + b; ")))),
    ("literal marks", 8_000, |n| "<%% %%> <%#<%%%>".repeat(n)),
    ("tags that slurp", 8_000, |n| "  <%_ x _%>  \n".repeat(n)),
    ("a map that grows", 8_000, |n| {
        format!("<% const m = new Map(); for (let i = 0; i < {n}; i++) m.set('k' + i, i) %>")
    }),
    ("a map as a queue", 3_000, |n| {
        format!(
            "<% const m = new Map(); for (let i = 0; i < {n}; i++) m.set(i, i); for (const [k] of m) m.delete(k) %>"
        )
    }),
    ("a set", 8_000, |n| format!("<%= new Set(Array.from({{ length: {n} }}, (_, i) => i)).size %>")),
    ("dates", 4_000, |n| format!("<% for (let i = 0; i < {n}; i++) new Date(i * 1e9).toLocaleString() %>")),
    ("includes of nothing", 2_000, |n| format!("<% {} %>", "try { include('nothing') } catch (e) {} ".repeat(n))),
    ("JSON with a list", 3_000, |n| {
        format!(
            "<% JSON.stringify(Object.fromEntries(Array.from({{ length: {n} }}, (_, i) => ['k' + i, i])), ['k1']) %>"
        )
    }),
    ("a frozen list", 5_000, |n| {
        format!(
            "<% const a = Object.freeze(Array({n}).fill(1)); for (let i = 0; i < 9; i++) try {{ a.push(1) }} catch (e) {{}} %>"
        )
    }),
    ("frozen functions", 4_000, |n| format!("<% for (let i = 0; i < {n}; i++) Object.freeze(() => i) %>")),
    ("keys that are halves", 2_000, |n| {
        format!(
            r"<% const o = {{}}; for (let i = 0; i < {n}; i++) o['\ud83d' + i] = i; for (let i = 0; i < {n}; i++) o['\ud83d' + i] %>"
        )
    }),
    ("arguments", 4_000, |n| {
        format!("<% function f() {{ return [].slice.call(arguments) }} f.apply(null, Array({n}).fill(1)) %>")
    }),
    ("what is like an array", 4_000, |n| {
        format!("<% const o = {{ length: {n}, 1: 1 }}; [].push.call(o, 1); [].sort.call(o); [].map.call(o, x => x) %>")
    }),
    ("a list with holes", 4_000, |n| {
        format!(
            "<% const a = []; for (let i = 0; i < {n}; i++) a[i * 3] = i; a.reverse().map(x => x).sort(); Object.keys(a) %>"
        )
    }),
    ("holes that are made one by one", 4_000, |n| {
        format!(
            "<% const a = Array({n}).fill(1); for (let i = 0; i < {n}; i += 2) delete a[i]; a.forEach(x => x); [...a.flat()] %>"
        )
    }),
    ("holes in a literal", 10_000, |n| format!("<% const a = [{}1]; a.concat(a) %>", "1,,".repeat(n))),
    ("an object that shrinks", 4_000, |n| {
        format!("<% const o = {{}}; for (let i = 0; i < {n}; i++) o['k' + i] = i; for (const k in o) delete o[k] %>")
    }),
    ("a list with names", 4_000, |n| {
        format!("<% const a = []; for (let i = 0; i < {n}; i++) a['k' + i] = i; for (const k in a) delete a[k] %>")
    }),
    ("functions with names", 3_000, |n| {
        format!("<% for (let i = 0; i < {n}; i++) {{ const f = () => i; f.i = f }} %>")
    }),
    ("constructors", 4_000, |n| "<%= x.constructor === Number %><%= x.constructor.name %>".repeat(n)),
    ("nothing but text", 400_000, |n| "a < b ".repeat(n / 6)),
];

fn numbered(n: usize, one: impl Fn(usize) -> String) -> String {
    (0..n).map(one).collect()
}

/// Time, and the most bytes held, of compiling and rendering; the least of some.
fn cost(source: &str) -> (Duration, i64) {
    let limits = Limits { source: 16 << 20, steps: 1 << 40, memory: 256 << 20, ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    let mut best = (Duration::MAX, i64::MAX);
    for _ in 0..3 {
        let (((), cost), took) = timed(|| {
            measure(|| {
                drop(wirebook_template::tokens(source, &options));
                if let Ok(template) = Template::compile_with(source, "t", &options) {
                    let _ = template.render_to_string(&wirebook_template::data!({ "x": 1 }));
                }
            })
        });
        best = (best.0.min(took), best.1.min(cost.peak_bytes));
    }
    best
}

// Two tests, so that two processors play them.
#[test]
fn twice_the_size_is_about_twice_the_cost() {
    of_every_other(0);
}

#[test]
fn twice_the_size_is_about_twice_the_cost_of_the_others() {
    of_every_other(1);
}

fn of_every_other(first: usize) {
    let mut broken = Vec::new();
    for (name, n, source) in CONSTRUCTS.iter().skip(first).step_by(2) {
        let (one, two) = (source(*n), source(2 * n));
        // What grows with the square is four times as much; what grows with n · log n is little more than twice.
        let grew = (0..4).all(|_| {
            let ((time, bytes), (times, more)) = (cost(&one), cost(&two));
            times > time * 3 + Duration::from_millis(2) || more > bytes * 3 + (1 << 16)
        });
        if grew {
            broken.push(format!("{name}: {:?} and {:?}", cost(&one), cost(&two)));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// What Node does in a blink must not reach a bound here.
#[test]
fn honest_work_stays_within_the_default_bounds() {
    for (code, expected) in [
        ("let s = ''; for (let i = 0; i < 20000; i++) s += 'abcdefghij'; s.length", "200000"),
        ("Array(20000).fill('abcdefghij').join(', ').length", "239998"),
        ("JSON.stringify(Array(20000).fill('abcdefghij')).length", "260001"),
        ("'ab'.repeat(20000).replace(/a/g, '[$&]').length", "80000"),
        ("'ab'.repeat(20000).replaceAll('a', '$&').length", "40000"),
        (
            "Array.from({ length: 20000 }, (_, i) => i).map(i => i * 2).filter(i => i % 3).reduce((a, b) => a + b)",
            "266653334",
        ),
        ("let o = {}; for (let i = 0; i < 20000; i++) o['k' + i] = i; Object.keys(o).length", "20000"),
        ("'\u{e9}b'.repeat(5000).replace(/b/gu, c => c + c).length", "15000"),
    ] {
        let (setup, value) = code.rsplit_once("; ").unwrap_or(("", code));
        let template = Template::compile(&format!("<% {setup} %><%= {value} %>")).expect(code);
        assert_eq!(template.render_to_string(&Value::object()).expect(code), expected, "{code}");
    }
}

/// Programs that want memory and time without end get at most 32 MiB and about a second.
#[test]
fn hostile_programs_stay_within_32_mebibytes() {
    let lists: &[&str] = &[
        "const a = []; for (;;) a.push(/x(y|z)+/g)",
        "const a = []; for (let i = 0; ; i++) a.push(new RegExp('(a|b)'.repeat(500) + i))",
        "const a = []; for (let i = 0; ; i++) a.push(new RegExp('[\\\\p{L}' + i + ']', 'u'))",
        "for (let i = 0; ; i++) new RegExp('\\\\p{L}'.repeat(200) + i, 'u')",
        "for (;;) 'a'.repeat(1e6).match(/a/g)",
        "for (;;) /^(.|\\n)*$/.test('ab'.repeat(1e5))",
        "for (;;) /((((((a*)*)*)*)*)*)*b/.test('a'.repeat(40))",
        "for (;;) '\u{e9}'.repeat(1e6).split('')",
        "const m = new Map(); for (let i = 0; ; i++) m.set(i, m)",
        "const s = new Set(); for (let i = 0; ; i++) s.add({})",
        "const a = []; for (;;) a.push(new Date())",
        "const a = []; for (;;) a.push([1, 2, 3].values())",
        "let i = [1].values(); for (;;) i = [i].values()",
        "for (;;) JSON.parse('[' + '{},'.repeat(1e5) + '1]', (k, v) => [v, v])",
        "for (;;) btoa(atob('QUJD'.repeat(2e5)))",
        "let s = '\\ud83d'; for (;;) s = 'a' + s + s",
        "for (;;) '\u{1f600}'.repeat(1e5).split('\\ude00')",
        "for (;;) 'x'.repeat(1e5).link('\"'.repeat(1e5))",
        "for (;;) '\u{e9}'.repeat(1e5).localeCompare('\u{e9}'.repeat(1e5))",
        "for (;;) Array(1e5).fill(0).sort((a, b) => a < b)",
        "for (;;) Array(1e5).fill(new Date(0)).toLocaleString()",
        "for (;;) Array(1e6).keys()",
        "let f = () => 1; for (;;) { const g = f; f = () => g }",
        "let f = x => x; for (;;) f = f.bind(null, 1)",
        "const k = 'k'.repeat(1e6); const o = {}; o[k] = 1; for (;;) o[k]",
        "const a = 'x'.repeat(1e6) + 'a', b = 'x'.repeat(1e6) + 'a'; for (;;) a === b",
        "const a = Array(1e4).fill('x'.repeat(1e5) + 'a'); for (;;) a.includes('x'.repeat(1e5) + 'a')",
        "const s = '9'.repeat(1e6); for (;;) +s",
        "function f(n) { return n ? [1, 2, 3].map(() => f(n - 1)) : 1 } f(100)",
        "const f = (...a) => f(...a, ...a); f(1)",
        "Math.max.apply(null, Array(1e6)); for (;;) String.fromCharCode.apply(null, Array(1e5))",
        "for (;;) JSON.stringify(Array(1e5).fill('\u{e9}'))",
        "for (;;) JSON.parse('[' + '{},'.repeat(1e5) + '1]')",
        "for (;;) 'a b '.repeat(1e5).replace(/ /g, c => c + c)",
        "for (;;) 'ab'.repeat(1e5).normalize('NFD').toUpperCase().localeCompare('\u{e9}'.repeat(1e5))",
        "const a = Array(1e5).fill(0).map((_, i) => i); for (;;) a.sort((x, y) => y - x)",
        "for (;;) Object.assign({}, 'x'.repeat(1e5))",
        "for (;;) [...'x'.repeat(1e5)]",
        "for (;;) try { block('b' + Math.random(), function () { for (;;) { throw 1 } }) } catch (e) {}",
        "for (let i = 0; ; i++) placeholder('p' + i)",
        "const e = new Error('x'); e.name = [e]; String(e)",
        "const e = new Error('x'); e.message = [[e]]; [e].join()",
        "const a = Array(1e5); for (;;) a.shift(), a.push(1)",
        "const a = Array(1e5); for (;;) a.reverse()",
        "for (;;) Array(6e5).forEach(x => x)",
        "for (;;) Array(1e5).map(x => x)",
        "const a = []; for (let i = 1; ; i *= 2) a[i] = 1",
        "for (;;) { const a = []; a.self = a }",
        "for (;;) { const f = () => f; f.self = f }",
        "const a = []; for (let i = 0; ; i++) a['k' + i] = a",
        "for (let i = 0; ; i++) block('p' + i, 'x'.repeat(1000))",
    ];
    let mut broken = Vec::new();
    for hostile in lists {
        let ((result, cost), took) = timed(|| {
            measure(|| {
                Template::compile(&format!("<% {hostile} %>"))
                    .and_then(|template| template.render_to_string(&Value::object()))
            })
        });
        let kind = result.as_ref().err().map(wirebook_template::Error::kind);
        let bound = [ErrorKind::StepLimit, ErrorKind::MemoryLimit, ErrorKind::OutputLimit, ErrorKind::Range];
        if !kind.is_some_and(|kind| bound.contains(&kind))
            || cost.peak_bytes > 32 << 20
            || took > Duration::from_secs(3)
        {
            broken.push(format!(
                "{hostile}: {} bytes, {took:?}, {:?}",
                cost.peak_bytes,
                result.map_err(|error| error.kind())
            ));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
