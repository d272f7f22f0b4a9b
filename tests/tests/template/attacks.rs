//! Rows of `tests/attacks/template.jsonl` that no machine understands, or that say less than we hold ourselves to (the others are
//! played by `attacks.rs`): hostile templates, hostile data. None may take more than 32 MiB or a second,
//! overflow the stack, panic, or reach anything that the host did not pass.

use serde_json::Value as Json;
use std::time::Duration;
use wirebook_template::{Context, Engine, Error, ErrorKind, Limits, Options, Template, Value, data};
use wirebook_tests::attacks::row::find;
use wirebook_tests::processor::timed;
use wirebook_tests::template::generated;

fn attack(id: &str) -> Json {
    find("template", id).all
}

/// Compiles and renders a row's first step within a second.
fn play(id: &str) -> Result<String, Error> {
    let row = attack(id);
    let step = &row["steps"][0];
    let template = step["template"].as_str().expect("a template");
    let data: Value = serde_json::from_str(&step["data"].to_string()).expect("data");
    run(template, &data)
}

fn run(template: &str, data: &Value) -> Result<String, Error> {
    let (result, took) = timed(|| Template::compile(template).and_then(|template| template.render_to_string(data)));
    assert!(took < Duration::from_secs(1), "took {took:?}");
    result
}

fn warning(id: &str) -> (Context, u32, u32) {
    let row = attack(id);
    let source = row["steps"][0]["template"].as_str().expect("a template");
    let template = Template::compile(source).expect("compiles with a warning");
    let strict = Options { strict_contexts: true, ..Options::default() };
    let error = Template::compile_with(source, "t", &strict).expect_err("refused in strict mode");
    assert_eq!(error.kind(), ErrorKind::Syntax);
    let [warning] = template.warnings() else { panic!("{:?}", template.warnings()) };
    (warning.context, warning.position.line, warning.position.column)
}

#[test]
fn tpl_04_unquoted_attribute() {
    assert_eq!(warning("tpl-04"), (Context::UnquotedAttribute, 1, 10));
}

#[test]
fn tpl_09_string_in_a_script() {
    assert_eq!(warning("tpl-09").0, Context::Script);
}

#[test]
fn tpl_19_prototypes_are_not_there() {
    let error = play("tpl-19").expect_err("nothing to call");
    assert_eq!(error.kind(), ErrorKind::Type);
    assert!(error.position().is_some());
    let found =
        run("<%= u.__proto__ %>|<%= u.constructor %>|<%= u.toString %>|", &data!({ "u": {} })).expect("renders");
    assert_eq!(found, "|||");
    for escape in [
        "''.constructor.constructor('return 1')()",
        "(() => 1).constructor('return 1')()",
        "[].map.constructor('x')",
        "Object.constructor('x')()",
        "Math.__proto__.x",
        "this.constructor.constructor('x')",
        "(function () { return this })().process.exit()",
        "globalThis.process",
        "require('fs')",
        "Object.getPrototypeOf('').constructor",
        "new Function('return 1')()",
        "Function('return 1')()",
        "eval('1')",
        "import('fs')",
        "locals.constructor.constructor('x')",
        "include.constructor('x')()",
    ] {
        let error = run(&format!("<%= {escape} %>"), &Value::object()).expect_err(escape);
        assert!(
            matches!(error.kind(), ErrorKind::Type | ErrorKind::Reference | ErrorKind::Syntax),
            "{escape}: {error}"
        );
    }
}

#[test]
fn tpl_20_undefined_variable() {
    let error = play("tpl-20").expect_err("nobody has it");
    let position = error.position().expect("a place");
    assert_eq!((error.kind(), position.line, position.column), (ErrorKind::Reference, 1, 6));
    assert_eq!(error.message(), "nope is not defined");
}

/// An engine over a folder of its own with one template in `views`.
fn views(files: &[(&str, &str)]) -> (tempfile::TempDir, Engine) {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join("views").join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    let engine = Engine::new(folder.path().join("views")).expect("the views");
    (folder, engine)
}

#[test]
fn tpl_21_parent_traversal() {
    let row = attack("tpl-21");
    let (_folder, engine) = views(&[("main.ejs", row["steps"][0]["template"].as_str().expect("a template"))]);
    let error = engine.render_file("main", &Value::object()).expect_err("outside");
    assert_eq!(error.kind(), ErrorKind::Include);
    assert!(error.message().contains("outside the view root"), "{error}");
    assert!(error.position().is_some());
}

#[test]
fn tpl_23_tricks_in_names() {
    let (_folder, engine) = views(&[("x.ejs", "x")]);
    for name in [r"..\\..\\x", r"a\0.ejs", "%2e%2e/x", "C:/x", ""] {
        let main = engine.compile(&format!("<%- include('{name}') %>"), "main").expect("compiles");
        let error = main.render_to_string(&Value::object()).expect_err(name);
        assert!(error.message().contains("invalid template name"), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn tpl_24_symbolic_links_that_leave_the_root() {
    let (folder, engine) = views(&[("main.ejs", "<%- include('link/secret') %>"), ("ok.ejs", "inside")]);
    std::fs::create_dir(folder.path().join("other")).expect("a folder");
    std::fs::write(folder.path().join("other/secret.ejs"), "SECRET").expect("a file");
    std::os::unix::fs::symlink(folder.path().join("other"), folder.path().join("views/link")).expect("a link");
    std::os::unix::fs::symlink(folder.path().join("views/ok.ejs"), folder.path().join("views/alias.ejs"))
        .expect("a link");
    let error = engine.render_file("main", &Value::object()).expect_err("outside");
    assert!(error.message().contains("outside the view root"), "{error}");
    assert_eq!(engine.render_file("alias", &Value::object()).expect("a link that stays inside"), "inside");
}

fn in_memory(files: &[(&str, &str)]) -> Engine {
    let mut engine = Engine::in_memory();
    files.iter().for_each(|(name, text)| engine.add(name, text));
    engine
}

#[test]
fn tpl_26_include_cycle() {
    let engine =
        in_memory(&[("self", "<%- include('self') %>"), ("a", "<%- include('b') %>"), ("b", "<%- include('a') %>")]);
    let error = engine.render_file("self", &Value::object()).expect_err("a cycle");
    assert_eq!(error.kind(), ErrorKind::Include);
    assert_eq!(error.message(), "include cycle: self.ejs -> self.ejs");
    let error = engine.render_file("a", &Value::object()).expect_err("a cycle");
    assert_eq!(error.message(), "include cycle: a.ejs -> b.ejs -> a.ejs");
}

#[test]
fn tpl_28_include_depth() {
    let engine = in_memory(&[("d", "<% if (n>0) { %><%- include('d',{n:n-1}) %><% } %>x")]);
    let error = engine.render_file("d", &data!({ "n": 10000 })).expect_err("too deep");
    assert_eq!(error.kind(), ErrorKind::Include);
    assert!(error.message().contains("depth limit (64)"), "{error}");
    assert!(!error.chain().is_empty(), "the chain is shown");
    // At the limit and one beyond it.
    assert_eq!(engine.render_file("d", &data!({ "n": 64 })).expect("64 inside").len(), 65);
    assert!(engine.render_file("d", &data!({ "n": 65 })).is_err());
}

#[test]
fn tpl_30_endless_loop() {
    let error = play("tpl-30").expect_err("a bound");
    assert!(matches!(error.kind(), ErrorKind::StepLimit | ErrorKind::OutputLimit), "{error}");
    for endless in [
        "<% for (;;) ; %>",
        "<% for (;;) { try { throw 1 } catch (e) {} } %>",
        "<% while (1) { try { continue } finally { continue } } %>",
        "<% do {} while (true) %>",
        "<% const f = () => { for (;;) {} }; [1].forEach(f) %>",
        "<% const a = [1]; for (const x of a) a.push(x) %>",
        "<% let s = 'x'; while (true) s = s + s.length %>",
        "<% while (true) 'a,b,c'.split(',').map(x => x).sort() %>",
        "<%= /(a+)+$/.test('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab') %>",
        "<%= 'x'.repeat(100000).replace(/(x+x+)+y/g, '') %>",
        "<%= 'a'.repeat(4000).match(/(.*)*(.*)*(.*)*b/) %>",
    ] {
        let error = run(endless, &Value::object()).expect_err(endless);
        let bound = matches!(error.kind(), ErrorKind::StepLimit | ErrorKind::OutputLimit | ErrorKind::MemoryLimit);
        assert!(bound, "{endless}: {error}");
    }
}

#[test]
fn tpl_31_output_bomb() {
    let limits = Limits { steps: u64::MAX, ..Limits::default() };
    let row = attack("tpl-31");
    let source = row["steps"][0]["template"].as_str().expect("a template");
    let options = Options { limits, ..Options::default() };
    let template = Template::compile_with(source, "bomb", &options).expect("compiles");
    assert_eq!(template.render_to_string(&Value::object()).expect_err("a bound").kind(), ErrorKind::OutputLimit);
    // At the limit and one beyond it.
    let limits = Limits { output: 10, ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    let render =
        |text: &str| Template::compile_with(text, "t", &options).and_then(|t| t.render_to_string(&Value::object()));
    assert_eq!(render("<% for (let i = 0; i < 10; i++) { %>x<% } %>").expect("ten bytes"), "x".repeat(10));
    assert_eq!(
        render("<% for (let i = 0; i < 11; i++) { %>x<% } %>").expect_err("eleven").kind(),
        ErrorKind::OutputLimit
    );
}

#[test]
fn tpl_32_string_bombs() {
    let error = play("tpl-32").expect_err("too large");
    assert_eq!(error.kind(), ErrorKind::MemoryLimit);
    assert!(error.message().contains("value too large"), "{error}");
    for bomb in [
        "let s = 'x'; for (let i = 0; i < 40; i++) s += s;",
        "let s = 'x'; for (let i = 0; i < 40; i++) s = `${s}${s}`;",
        "let s = ['x']; for (let i = 0; i < 40; i++) s = [...s, ...s];",
        "let s = ['x']; for (let i = 0; i < 40; i++) s = s.concat(s);",
        "const a = []; a.length = 4294967295;",
        "const a = []; a[4294967290] = 1;",
        "Array(4294967295).fill('x');",
        "Array.from({ length: 1e9 });",
        "'x'.padStart(1e9);",
        "'x'.repeat(4e6).split('');",
        "'x'.repeat(1e6).replaceAll('x', 'yyyyyyyyyy');",
        "'x'.repeat(1e6).replace(/x/g, '$&$&$&$&$&$&$&$&');",
        "'x'.repeat(1e5).replaceAll('x', '$`$`');",
        "Array(100000).fill('xxxxxxxxxx').join('yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy');",
        "const o = {}; for (let i = 0; i < 1e6; i++) o['k' + i] = i;",
        "const a = []; for (let i = 0; i < 1e6; i++) a.push({});",
        "let s = 'x'.repeat(1e6); const a = []; for (let i = 0; i < 1e3; i++) a.push(s + i);",
        "let f = null; for (let i = 0; i < 1e6; i++) { const g = f; f = () => g; }",
        "JSON.stringify(Array(1e5).fill('x'.repeat(100)));",
        "JSON.parse('[' + '[],'.repeat(1e6) + '1]');",
        "let a = 'x'; let b = []; while (true) { a += a; b.push(a); }",
    ] {
        let error = run(&format!("<% {bomb} %>"), &Value::object()).expect_err(bomb);
        let bound = matches!(error.kind(), ErrorKind::MemoryLimit | ErrorKind::StepLimit);
        assert!(bound, "{bomb}: {error}");
    }
}

#[test]
fn tpl_33_nested_parentheses() {
    let row = attack("tpl-33");
    let error = run(&generated(&row), &Value::object()).expect_err("too deep");
    assert_eq!(error.kind(), ErrorKind::NestingLimit);
    assert_eq!(error.position().expect("a place").line, 1);
    let deep = 100_000;
    for (open, middle, close) in [
        ("[", "1", "]"),
        ("{a:", "1", "}"),
        ("(", "", ""),
        ("!", "1", ""),
        ("-", "1", ""),
        ("typeof ", "1", ""),
        ("f(", "", ")"),
        ("a[", "1", "]"),
        ("x=>", "1", ""),
        ("`${", "1", "}`"),
        ("a?", "1", ":1"),
        ("a**", "1", ""),
        ("new Array(", "", ")"),
        ("function(){return ", "1", "}"),
        ("a=", "1", ""),
        ("...", "1", ""),
        ("(a,", "1", ")"),
        ("({a=", "1", "}={})"),
    ] {
        let source = format!("<%= ({}{middle}{}) %>", open.repeat(deep), close.repeat(deep));
        assert!(run(&source, &Value::object()).is_err(), "{open}");
    }
    for chain in ["-1", ".a", "[0]", "()", "?.a", "*1", ",1", "||1", "&&1", "??1", "+1", "==1", " in a", "?1:1"] {
        let source = format!("<%= (a{}) %>", chain.repeat(deep));
        let _ = run(&source, &data!({ "a": 1 }));
    }
}

#[test]
fn tpl_34_nested_blocks() {
    let row = attack("tpl-34");
    let source = generated(&row);
    let error = Template::compile(&source).expect_err("too large or too deep");
    assert_eq!(error.kind(), ErrorKind::NestingLimit);
    let options = Options { limits: Limits { source: 64 << 20, ..Limits::default() }, ..Options::default() };
    for (open, close) in [
        ("<% if (1) { %>", "<% } %>"),
        ("<% for (;;) { %>", "<% } %>"),
        ("<% { %>", "<% } %>"),
        ("<% if (1) %>", ""),
        ("<% while (0) if (1) ", " %>"),
        ("<% try { %>", "<% } finally {} %>"),
        ("<% a.forEach(x => { %>", "<% }) %>"),
        ("<% a: ", " %>"),
        ("<% do ", " while (0) %>"),
        ("<% let [", " %>"),
        ("<% function f() { %>", "<% } %>"),
        ("<% if (1) ; else ", ""),
    ] {
        let source = format!("{}{}", open.repeat(100_000), close.repeat(100_000));
        let (_, took) = timed(|| Template::compile_with(&source, "deep", &options));
        assert!(took < Duration::from_secs(1), "{open}: {took:?}");
    }
}

#[test]
fn tpl_35_deep_data() {
    let mut deep = Value::from(1);
    for _ in 0..100_000 {
        deep = Value::from(vec![deep]);
    }
    let data = data!({ "x": deep });
    for code in ["json(x)", "JSON.stringify(x)", "x", "x.join()", "x + ''", "x == 1", "`${x}`", "[x].sort()"] {
        let error = run(&format!("<%- {code} %>"), &data).expect_err(code);
        assert_eq!(error.kind(), ErrorKind::NestingLimit, "{code}: {error}");
    }
    assert_eq!(run("<%= x.flat(Infinity).length %>", &data).expect_err("deep").kind(), ErrorKind::Range);
    assert_eq!(run("<%= x.length %>", &data).expect("one"), "1");
    // Made by a template, and dropped with it.
    run("<% let a = []; for (let i = 0; i < 50000; i++) a = [a]; %>", &Value::object()).expect("renders");
    run("<% let a = {}; for (let i = 0; i < 50000; i++) a = { a }; %>", &Value::object()).expect("renders");
    run("<% let f = () => 1; for (let i = 0; i < 50000; i++) { const g = f; f = () => g; } %>", &Value::object())
        .expect("renders");
    drop(data);
}

#[test]
fn tpl_36_arithmetic() {
    assert_eq!(play("tpl-36").expect("renders"), "9223372036854776000 Infinity NaN 9223372036854776000");
}

#[test]
fn tpl_37_indices() {
    assert_eq!(play("tpl-37").expect("renders"), "\u{e9}");
}

#[test]
fn tpl_38_unclosed_tag() {
    let error = play("tpl-38").expect_err("unclosed");
    let position = error.position().expect("a place");
    assert_eq!((error.kind(), position.line, position.column), (ErrorKind::Syntax, 2, 4));
    assert_eq!(error.message(), "tag '<%=' is never closed");
}

#[test]
fn tpl_45_error_after_some_output() {
    let mut engine = Engine::in_memory();
    engine.helper("throwLate", |_| Err("too late".to_owned()));
    let template = engine.compile("<html><% throwLate() %>", "late").expect("compiles");
    let mut out = String::from("before");
    let error = template.render(&Value::object(), &mut out).expect_err("the helper fails");
    assert_eq!((error.kind(), error.message()), (ErrorKind::Thrown, "too late"));
    assert_eq!(out, "before", "nothing of a failed render is left");
    let mut written = Vec::new();
    assert!(
        template.render_to(&Value::object(), &mut written).is_err(),
        "a server that streams learns that it must break off"
    );
}

#[test]
fn tpl_46_one_key_for_one_file() {
    let (_folder, engine) = views(&[("a.ejs", "a"), ("A.ejs", "A"), ("b/x.ejs", "<%- include('../a') %>")]);
    for name in ["a", "./a", "b/../a", "/a", "a.ejs"] {
        assert_eq!(engine.render_file(name, &Value::object()).expect("renders"), "a");
    }
    assert_eq!(engine.cached(), 1);
    assert_eq!(engine.render_file("A", &Value::object()).expect("renders"), "A");
    assert_eq!(engine.render_file("b/x", &Value::object()).expect("renders"), "a");
    assert_eq!(engine.cached(), 3);
}

#[test]
fn tpl_47_data_can_not_hide_built_ins() {
    let mut engine = in_memory(&[("p", "ok")]);
    engine.helper("mine", |_| Ok("mine".into()));
    let row = attack("tpl-47");
    let template = engine.compile(row["steps"][0]["template"].as_str().expect("a template"), "t").expect("compiles");
    let data: Value = serde_json::from_str(&row["steps"][0]["data"].to_string()).expect("data");
    // `escape` is JavaScript's, as it is in EJS; HTML escaping is `escapeFn`.
    assert_eq!(template.render_to_string(&data).expect("renders"), "ok%3C");
    let rest = engine.compile("<%- json('<') %><%- escapeFn('<') %>", "t").expect("compiles");
    assert_eq!(rest.render_to_string(&data).expect("renders"), "\"\\u003c\"&lt;");
}

#[test]
fn tpl_50_ten_mebibytes() {
    let raised =
        Options { limits: Limits { source: 64 << 20, output: 64 << 20, ..Limits::default() }, ..Options::default() };
    for (source, good) in [
        ("<".repeat(10_485_760), true),
        ("<%= 1 %>".repeat(100_000), true),
        ("<%".repeat(5_000_000), false),
        ("'%>".repeat(300_000), true),
        (format!("<% '{}", "%>".repeat(500_000)), false),
    ] {
        let (compiled, took) = timed(|| Template::compile_with(&source, "large", &raised));
        assert!(took < Duration::from_millis(500), "took {took:?}");
        assert_eq!(compiled.is_ok(), good);
    }
    // Without raised bounds the source is refused at its length.
    let limit = Limits::default().source;
    assert!(Template::compile(&"<".repeat(limit)).is_ok());
    assert_eq!(Template::compile(&"<".repeat(limit + 1)).expect_err("too large").kind(), ErrorKind::NestingLimit);
}

/// Sources as deep as they may be, and data and recursion as deep as they get, on a thread with two mebibytes.
#[test]
fn the_deepest_templates_fit_a_thread_of_two_mebibytes() {
    let deepest = |open: &str, middle: &str, close: &str| {
        for depth in (1..=220).rev() {
            let source = format!("<%= {}{middle}{} %>", open.repeat(depth), close.repeat(depth));
            if let Ok(template) = Template::compile(&source) {
                let _ = template.render_to_string(&data!({ "a": 1 }));
                return depth;
            }
        }
        0
    };
    let run = move || {
        for (open, middle, close) in [
            ("[", "1", "]"),
            ("({a:", "1", "}).a"),
            ("(", "a", ")"),
            ("-(", "a", ")"),
            ("String(", "a", ")"),
            ("(x => ", "a", ")()"),
            ("(function () { return ", "a", " })()"),
            ("`${", "a", "}`"),
            ("a ? ", "1", " : 1"),
            ("a || (", "a", ")"),
            ("[a, ...[", "a", "]]"),
            ("a[", "0", "]"),
            ("[1].map(x => ", "x", ")"),
            ("JSON.stringify([", "a", "])"),
        ] {
            assert!(deepest(open, middle, close) >= 20, "{open}");
        }
        for endless in [
            "const f = () => f(); f()",
            "const f = () => [1].map(f); f()",
            "const o = { toString() { return '' + o } }; '' + o",
            "const o = { toJSON() { return JSON.stringify(o) } }; JSON.stringify(o)",
            "function f(a) { return [a].sort(() => f(a)) && f.call(null, a) } f(1)",
            "let f = () => 1; for (let i = 0; i < 20000; i++) f = f.bind(null); f()",
            "const f = s => s.replace(/./, () => f(s)); f('x')",
        ] {
            let error = Template::compile(&format!("<% {endless} %>")).expect(endless);
            let error = error.render_to_string(&Value::object()).expect_err(endless);
            assert_eq!(error.kind(), ErrorKind::Range, "{endless}: {error}");
        }
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(run).expect("a thread").join().expect("no overflow");
}
