//! Every bound at 0, at 1 and as large as it can be: it stops what it bounds, stops nothing else, and is never a panic.

use wirebook_template::{Engine, ErrorKind, Limits, Options, Value, data};

/// Something of everything that is bounded.
const TEMPLATES: &[&str] = &[
    "",
    "a",
    "<%= 1 %>",
    "<%= n %><%= s + s %>",
    "<% for (const x of list) { %><%= x %>,<% } %>",
    "<%- include('part', { x: 1 }) %>",
    "<%= JSON.stringify(locals) %>",
    "<%= [[1], [2, [3]]] %><%= 'ab'.repeat(9).replace(/a/g, 'c') %>",
    "<% function f(n) { return n ? f(n - 1) + 1 : 0 } %><%= f(20) %>",
    "<%= JSON.parse('[[1]]') %><%= ((((1)))) %>",
    "<% const all = []; for (let i = 0; i < 300; i++) all.push({ i }); %><%= all.length %>",
    "<% layout('frame') %>in",
];

/// A bound, how it is set, and the kinds of error that it gives.
type Bound = (&'static str, fn(&mut Limits, usize), &'static [ErrorKind]);

const BOUNDS: &[Bound] = &[
    ("source", |limits, n| limits.source = n, &[ErrorKind::NestingLimit]),
    ("nesting", |limits, n| limits.nesting = n, &[ErrorKind::NestingLimit]),
    ("steps", |limits, n| limits.steps = if n == usize::MAX { u64::MAX } else { n as u64 }, &[ErrorKind::StepLimit]),
    ("output", |limits, n| limits.output = n, &[ErrorKind::OutputLimit]),
    ("memory", |limits, n| limits.memory = n, &[ErrorKind::MemoryLimit]),
    ("string", |limits, n| limits.string = n, &[ErrorKind::MemoryLimit]),
    ("include_depth", |limits, n| limits.include_depth = n, &[ErrorKind::Include]),
    ("stack", |limits, n| limits.stack = n, &[ErrorKind::Range, ErrorKind::NestingLimit]),
    ("data_depth", |limits, n| limits.data_depth = n, &[ErrorKind::NestingLimit]),
];

fn render(template: &str, limits: Limits) -> Result<String, wirebook_template::Error> {
    let mut engine = Engine::in_memory();
    engine.set_options(Options { limits, ..Options::default() });
    engine.add("part", "<i><%= x %></i>");
    engine.add("frame", "<b><%- body %></b>");
    let data = data!({ "n": 1.5, "s": "text", "list": [1, "<", [2]] });
    engine.compile(template, "t")?.render_to_string(&data)
}

#[test]
fn each_bound_stops_its_own_at_nothing_and_at_one_and_nothing_at_its_most() {
    for (name, set, kinds) in BOUNDS {
        let mut stopped = 0;
        for template in TEMPLATES {
            let free = render(template, Limits::default()).expect(template);
            for n in [0, 1, usize::MAX] {
                let mut limits = Limits::default();
                set(&mut limits, n);
                match render(template, limits) {
                    Ok(output) => assert_eq!(output, free, "{name} {n}: {template}"),
                    Err(error) => {
                        assert!(n < 2 && kinds.contains(&error.kind()), "{name} {n}: {template}: {error:?}");
                        stopped += 1;
                    }
                }
            }
        }
        assert!(stopped > 0, "{name} stops nothing");
    }
}

#[test]
fn with_all_bounds_at_nothing_or_at_their_most_there_is_no_panic() {
    for n in [0, 1, usize::MAX] {
        let mut limits = Limits::default();
        // What the thread has of stack is no number to be chosen.
        BOUNDS.iter().filter(|(name, ..)| *name != "stack").for_each(|(_, set, _)| set(&mut limits, n));
        for template in TEMPLATES {
            let result = render(template, limits);
            assert!(n < usize::MAX || result.is_ok(), "{n}: {template}: {result:?}");
        }
    }
}

/// Without one bound the others hold.
#[test]
fn a_bound_that_is_off_leaves_the_work_to_the_others() {
    let most = |set: fn(&mut Limits)| {
        let mut limits = Limits::default();
        set(&mut limits);
        limits
    };
    let deep = "'['.repeat(100000) + ']'.repeat(100000)";
    let brackets = format!("<%= {}1{} %>", "(".repeat(100_000), ")".repeat(100_000));
    for (template, limits) in [
        (brackets.as_str(), most(|limits| limits.nesting = usize::MAX)),
        (&format!("<%= JSON.parse({deep}).length %>"), most(|limits| limits.data_depth = usize::MAX)),
        (
            "<% let a = []; for (let i = 0; i < 1e5; i++) a = [a] %><%= JSON.stringify(a) %>",
            most(|limits| limits.data_depth = usize::MAX),
        ),
        (
            "<% let a = []; for (let i = 0; i < 1e5; i++) a = [a] %><%= a %>",
            most(|limits| limits.data_depth = usize::MAX),
        ),
        ("<% const f = n => include('self', { n }) %><%- f(1) %>", most(|limits| limits.include_depth = usize::MAX)),
        ("<% let s = 'x'; for (;;) s += s %>", most(|limits| limits.string = usize::MAX)),
        ("<%= 'x'.repeat(2 ** 52) %>", most(|limits| limits.string = usize::MAX)),
        ("<% for (;;) { %>x<% } %>", most(|limits| limits.output = usize::MAX)),
        ("<% const f = () => f(); f() %>", most(|limits| limits.steps = u64::MAX)),
        ("<%= Array(4294967295) %>", most(|limits| limits.steps = u64::MAX)),
        ("<%= 'x'.padEnd(2 ** 52, 'y') %>", most(|limits| limits.memory = usize::MAX)),
    ] {
        let mut engine = Engine::in_memory();
        engine.set_options(Options { limits, ..Options::default() });
        engine.add("self", "<%- include('self', { n: n + 1 }) %>");
        let result = engine.compile(template, "t").and_then(|t| t.render_to_string(&Value::object()));
        // A depth that is nobody's bound may as well be gone through.
        let shown: String = template.chars().take(80).collect();
        assert!(limits.data_depth == usize::MAX || result.is_err(), "{shown}");
    }
}
