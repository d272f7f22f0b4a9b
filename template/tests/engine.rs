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
