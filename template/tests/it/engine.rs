//! Files: roots, escaping by name, reloading, helpers; and what the lint says of where a tag stands.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use wirebook_template::{Context, Engine, ErrorKind, Options, Reload, Template, Value, data};

/// A folder of this test's own, emptied before and removed after it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn escaping_goes_by_the_end_of_the_name() {
    let mut engine = Engine::in_memory();
    engine.no_escape(".txt.ejs");
    engine.add("mail.txt", "<%= x %>");
    engine.add("mail.txt.ejs", "<%= x %> & <%- x %>");
    engine.add("page", "<%= x %> & <%- x %>|<%- include('mail.txt.ejs') %>|<%= x %>");
    engine.add("letter.txt.ejs", "<%= x %>|<%- include('page') %>");
    let data = data!({ "x": "<" });
    assert_eq!(engine.render_file("mail.txt.ejs", &data).unwrap(), "< & <");
    assert_eq!(engine.render_file("mail.txt", &data).unwrap(), "&lt;", "another name, another rule");
    assert_eq!(engine.render_file("page", &data).unwrap(), "&lt; & <|< & <|&lt;");
    assert_eq!(engine.render_file("letter.txt.ejs", &data).unwrap(), "<|&lt; & <|< & <|&lt;");
    engine.set_options(Options { no_escape: true, ..Options::default() });
    assert_eq!(engine.render_file("page", &data).unwrap(), "< & <|< & <|<");
}

#[test]
fn a_changed_file_is_compiled_anew_when_that_was_asked_for() {
    let folder = Folder::new("reload");
    let mut engine = Engine::new(&folder.0).unwrap();
    let none = Value::object();
    folder.write("page.ejs", "one <%- include('part') %>");
    folder.write("part.ejs", "part");
    assert_eq!(engine.render_file("page", &none).unwrap(), "one part");
    assert_eq!(engine.cached(), 2);
    folder.write("part.ejs", "another part");
    assert_eq!(engine.render_file("page", &none).unwrap(), "one part", "a cache keeps what it has");
    engine.set_reload(Reload::OnChange);
    assert_eq!(engine.render_file("page", &none).unwrap(), "one another part");
    // The same length: the time decides.
    folder.write("part.ejs", "ANOTHER part");
    let file = std::fs::File::options().write(true).open(folder.0.join("part.ejs")).unwrap();
    file.set_modified(SystemTime::now() + Duration::from_secs(5)).unwrap();
    assert_eq!(engine.render_file("page", &none).unwrap(), "one ANOTHER part");
    std::fs::remove_file(folder.0.join("part.ejs")).unwrap();
    assert_eq!(engine.render_file("page", &none).unwrap_err().kind(), ErrorKind::Include);
}

#[test]
fn includes_are_relative_then_from_the_root_and_never_outside() {
    let folder = Folder::new("paths");
    folder.write("secret", "secret");
    folder.write(
        "views/a/page.ejs",
        "<%- include('b/part') %> <%- include('../top') %> <%- include('/top') %> <%- include('top') %>",
    );
    folder.write("views/a/b/part.ejs", "part <%- include('other') %>");
    folder.write("views/a/b/other.ejs", "other");
    folder.write("views/top.ejs", "top");
    folder.write("views/bad.ejs", "<%- include(name) %>");
    let engine = Engine::new(folder.0.join("views")).unwrap();
    assert_eq!(engine.render_file("a/page", &Value::object()).unwrap(), "part other top top top");
    folder.write("views/a/up.ejs", "<%- include('../none') %>");
    let error = engine.render_file("a/up", &Value::object()).unwrap_err();
    assert_eq!(error.message(), "Could not find the include file \"../none\"", "a name that leads up, but not out");
    #[cfg(unix)]
    std::os::unix::fs::symlink(folder.0.join("secret"), folder.0.join("views/link.ejs")).unwrap();
    for name in [
        "../secret",
        "/../secret",
        "a/../../secret",
        "link",
        "/etc/passwd",
        "a\0",
        "%2e%2e/secret",
        "..\\secret",
        "a",
        "",
    ] {
        let error = engine.render_file("bad", &data!({ "name": name })).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Include, "{name:?}: {error}");
        assert!(!error.to_string().contains("secret\n"));
    }
}

#[test]
fn helpers_are_there_in_every_template_and_data_hides_them() {
    let mut engine = Engine::in_memory();
    engine.helper("twice", |args| match args {
        [Value::Number(n), ..] => Ok((n * 2.0).into()),
        _ => Err("twice takes a number".into()),
    });
    engine.add("part", "<%= twice(n) %>");
    engine.add("page", "<%= twice(2) %> <%- include('part', { n: 21 }) %>");
    engine.add("wrong", "<% try { twice('x') } catch (e) { %><%= e.message %><% } %>");
    assert_eq!(engine.render_file("page", &Value::object()).unwrap(), "4 42");
    assert_eq!(engine.render_file("wrong", &Value::object()).unwrap(), "twice takes a number");
    let own = data!({ "twice": Value::function("twice", |_| Ok("own".into())), "n": 1 });
    assert_eq!(engine.render_file("part", &own).unwrap(), "own");
}

#[test]
fn the_lint_knows_where_a_tag_stands() {
    use Context::*;
    for (source, expected) in [
        ("<p><%= x %></p>", None),
        ("<p title=\"<%= x %>\" class='<%= x %>'>", None),
        ("<p title=<%= x %>>", Some(UnquotedAttribute)),
        ("<p title=a<%= x %>>", Some(UnquotedAttribute)),
        ("<<%= x %>>", Some(Name)),
        ("<p <%= x %>>", Some(Name)),
        ("<script>let a = '<%= x %>'</script>", Some(Script)),
        ("<script>let a = 1</script><%= x %>", None),
        ("<style>b { color: <%= x %> }</style>", Some(Style)),
        ("<b style=\"color: <%= x %>\">", Some(Style)),
        ("<b onclick=\"f('<%= x %>')\">", Some(EventHandler)),
        ("<b onclick=\"f('<%= jsString(x) %>')\">", None),
        ("<a href=\"<%= x %>\">", Some(Url)),
        ("<a href=\"<%= url(x) %>\">", None),
        ("<a href=\"/?q=<%= encodeURIComponent(x) %>\">", None),
        ("<!-- <a href=<%= x %> -->", None),
        (
            "<!-- a comment that is longer than what the lint keeps of it, sixty-four bytes > <p title=<%= x %> -->",
            None,
        ),
        ("<!-- c --><p title=<%= x %>>", Some(UnquotedAttribute)),
        ("<textarea><p title=<%= x %></textarea>", None),
        ("<a href=<%- x %>>", None),
    ] {
        let template = Template::compile_with(source, "page.ejs", &Options::default()).unwrap();
        let found: Vec<Context> = template.warnings().iter().map(|warning| warning.context).collect();
        assert_eq!(found, Vec::from_iter(expected), "{source}");
        let strict = Options { strict_contexts: true, ..Options::default() };
        assert_eq!(Template::compile_with(source, "page.ejs", &strict).is_err(), expected.is_some(), "{source}");
    }
    let template = Template::compile_with("<p>\n<a href='<%= x %>'>", "page.ejs", &Options::default()).unwrap();
    let [warning] = template.warnings() else { panic!("one warning") };
    assert_eq!((warning.file.as_str(), warning.position.line, warning.position.column), ("page.ejs", 2, 10));
    assert_eq!(warning.excerpt, "2 | <a href='<%= x %>'>\n  |          ^");
    assert!(warning.to_string().contains("url(value)"));
}

#[test]
fn a_helper_calls_back_within_the_bounds() {
    let mut engine = Engine::in_memory();
    let each = |cx: &mut wirebook_template::Cx<'_>, args: &[Value]| {
        let [Value::Array(list), Value::Function(callback), ..] = args else {
            return cx.type_error("each takes a list and a function");
        };
        for (n, item) in list.to_vec().into_iter().enumerate() {
            cx.call(callback, &Value::Undefined, &[item, n.into()])?;
        }
        Ok(Value::Undefined)
    };
    engine.helper_with("each", each);
    // As lodash has it: a member of an object in the data.
    let underscore = data!({ "each": Value::Function(wirebook_template::Function::host("each", move |cx, _, args| each(cx, args))) });
    let data = data!({ "_": underscore, "list": ["a", "b"] });
    let page = "<% _.each(list, function (x, i) { %><%= i %><%= x %> <% }) %><% each(list, x => { %>[<%= x %>]<% }) %>";
    assert_eq!(engine.compile(page, "t").unwrap().render_to_string(&data).unwrap(), "0a 1b [a][b]");
    for (hostile, kind) in [
        ("each(list, function () { for (;;) {} })", ErrorKind::StepLimit),
        ("const f = () => each(list, f); f()", ErrorKind::Range),
        ("each(list, 1)", ErrorKind::Type),
        ("each(list, () => { throw new RangeError('x') })", ErrorKind::Range),
        ("each(list, () => nope)", ErrorKind::Reference),
    ] {
        let error = engine.compile(&format!("<% {hostile} %>"), "t").unwrap().render_to_string(&data).unwrap_err();
        assert_eq!(error.kind(), kind, "{hostile}: {error}");
        assert!(error.position().is_some(), "{hostile}");
    }
    let caught = "<% try { each(list, () => { throw 'up' }) } catch (e) { %><%= e %><% } %>";
    assert_eq!(engine.compile(caught, "t").unwrap().render_to_string(&data).unwrap(), "up");
}

#[test]
fn several_roots_are_searched_in_order_and_a_name_needs_no_extension() {
    let folder = Folder::new("roots");
    folder.write("one/page.ejs", "<%- include('part') %> <%- include('plain') %> <%- include('other') %>");
    folder.write("one/plain", "no extension");
    folder.write("one/part.ejs", "one");
    folder.write("two/part.ejs", "two");
    folder.write("two/other.ejs", "other");
    folder.write("three.ejs", "outside");
    let mut engine = Engine::new(folder.0.join("one")).unwrap();
    assert!(engine.render_file("page", &Value::object()).is_err());
    engine.add_root(folder.0.join("two")).unwrap();
    assert_eq!(engine.render_file("page", &Value::object()).unwrap(), "one no extension other");
    assert_eq!(engine.render_file("../three", &Value::object()).unwrap_err().kind(), ErrorKind::Include);
    assert!(engine.add_root(folder.0.join("none")).is_err());
}

#[test]
fn a_template_from_a_string_can_stand_for_a_file() {
    let folder = Folder::new("stands");
    folder.write("partials/h.ejs", "head");
    let engine = Engine::new(&folder.0).unwrap();
    let page = engine.compile_at("<%- include('../partials/h') %>", "p.ejs", "pages/p.ejs").unwrap();
    assert_eq!(page.render_to_string(&Value::object()).unwrap(), "head");
    assert!(engine.compile_at("x", "p.ejs", "../p.ejs").is_err());
}

#[test]
fn bytes_that_are_no_utf8_become_replacement_characters() {
    let folder = Folder::new("bytes");
    folder.write("page.ejs", "");
    std::fs::write(folder.0.join("page.ejs"), b"\xEF\xBB\xBFa\xFFb<%= 1 %>").unwrap();
    let engine = Engine::new(&folder.0).unwrap();
    assert_eq!(engine.render_file("page", &Value::object()).unwrap(), "a\u{fffd}b1");
}

#[test]
fn the_world_comes_from_the_host() {
    use std::{cell::RefCell, rc::Rc};
    let mut engine = Engine::in_memory();
    engine.set_clock(|| SystemTime::UNIX_EPOCH + Duration::from_secs(86_400));
    let render = |engine: &Engine, source: &str| {
        engine.compile(source, "t").unwrap().render_to_string(&Value::object()).unwrap()
    };
    assert_eq!(
        render(&engine, "<%= Date.now() %> <%= new Date().toISOString() %>"),
        "86400000 1970-01-02T00:00:00.000Z"
    );
    engine.set_zone(|_| 90.0);
    assert_eq!(render(&engine, "<%= new Date().getHours() %>:<%= new Date().getMinutes() %>"), "1:30");
    assert_eq!(render(&engine, "<%= new Date() %>"), "Fri Jan 02 1970 01:30:00 GMT+0130");
    assert_eq!(render(&engine, "<%= new Date(1970, 0, 2, 1, 30).getTime() %>"), "86400000");
    let random = "<%= Math.random() %> <%= Math.random() %>";
    let first = render(&engine, random);
    assert_eq!(render(&engine, random), first, "the same seed, the same page");
    engine.set_seed(7);
    assert_ne!(render(&engine, random), first);
    let lines = Rc::new(RefCell::new(Vec::new()));
    let kept = lines.clone();
    engine.set_log(move |line| kept.borrow_mut().push(line.to_owned()));
    assert_eq!(render(&engine, "<% console.log('a', 1, { b: [2] }); console.error() %>"), "");
    assert_eq!(*lines.borrow(), ["a 1 {\"b\":[2]}", ""]);
}

#[test]
fn a_chain_that_ends_is_no_error_that_a_helper_has_swallowed() {
    let mut engine = Engine::in_memory();
    engine.helper_with("quiet", |cx, args| {
        if let Some(Value::Function(callback)) = args.first() {
            let _ = cx.call(callback, &Value::Undefined, &[]);
        }
        Ok(Value::Undefined)
    });
    engine.add("page", "<% quiet(() => { throw new Error('x') }) %>[<%= none?.a.b %>]");
    assert_eq!(engine.render_file("page", &data!({ "none": null })).expect("renders"), "[]");
}

#[test]
fn the_picture_shows_what_runs_and_nothing_that_was_folded() {
    let traced = Options { trace: true, ..Options::default() };
    let shown = |source: &str| {
        let template = Template::compile_with(source, "t", &traced).expect(source);
        let shapes = template.closures().iter().map(|shape| format!("{}{}", " ".repeat(shape.depth), shape.label));
        shapes.collect::<Vec<_>>().join("|")
    };
    for (source, picture) in [
        ("a<%= 1 + 2 %>b", "3-byte text"),
        ("<%= 'a' + `b${1}` %><%= -(2 ** 3) %>", "5-byte text"),
        ("a<%= '' %>b<%= null %>", "2-byte text"),
        ("<%= '' %>", ""),
        ("<%= true ? x : y + 1 %>", "put out escaped| slot 2 (x)"),
        ("<%= 1 > 2 ? x : y %>", "put out escaped| slot 3 (y)"),
        ("<%= x ? 1 + 1 : 2 %>", "put out escaped| conditional|  slot 2 (x)"),
        ("<% let n = 1 + 2 + 3; %><%= n * (2 + 2) %>", "let|put out escaped| *|  slot 2 (n)"),
        ("a<%= x %>b<%= 5 %>c", "1-byte text|put out escaped| slot 2 (x)|3-byte text"),
        ("<%= typeof 'a' %><%= !0 %>", "10-byte text"),
    ] {
        assert_eq!(shown(source), picture, "{source}");
    }
}

#[test]
fn what_a_render_freezes_is_free_afterwards() {
    let data = data!({ "list": [1, 2], "o": { "a": 1 } });
    let freeze = Template::compile("<% Object.freeze(list); Object.seal(o); list[0] = 9; o.b = 9 %><%= list %>")
        .expect("compiles");
    let change = Template::compile("<% list.push(3); o.b = 2 %><%= list %> <%= o.b %> <%= Object.isFrozen(list) %>")
        .expect("compiles");
    for _ in 0..2 {
        assert_eq!(freeze.render_to_string(&data).expect("renders"), "1,2");
        assert_eq!(change.render_to_string(&data).expect("renders"), "1,2,3 2 false");
    }
}
