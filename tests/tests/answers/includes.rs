//! Includes, the obvious way and the exercises of their chapter.

use std::collections::HashMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use wirebook_template::{Engine, Template, Value, data as values};

// ANCHOR: include_naive
/// The text of a template, with the texts of the files that it names.
fn naive_include(views: &Path, mut text: String) -> io::Result<String> {
    while let Some((before, after)) = text.split_once("<%- include('") {
        let (name, rest) = after.split_once("') %>").ok_or(ErrorKind::InvalidData)?;
        let file = fs::read_to_string(views.join(format!("{name}.ejs")))?;
        text = format!("{before}{file}{rest}");
    }
    Ok(text)
}
// ANCHOR_END: include_naive

/// A folder with these files in it.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    folder
}

// ANCHOR: include_breaks
#[test]
fn the_naive_include_is_wrong_three_times() -> io::Result<()> {
    let site = folder(&[
        ("views/card.ejs", "<% const kind = 'card' %><b><%= kind %></b>"),
        ("secret.ejs", "the key of the house"),
    ]);
    let views = site.path().join("views");
    let render = |text: String| Template::compile(&text)?.render_to_string(&Value::object());
    let once = naive_include(&views, "<%- include('card') %>".into())?;
    assert_eq!(render(once).unwrap(), "<b>card</b>");
    // Two of them share one scope, so the second one declares a name again.
    let twice = naive_include(&views, "<%- include('card') %>".repeat(2))?;
    assert!(render(twice).unwrap_err().to_string().contains("kind"));
    // Any file that the program may read.
    assert_eq!(naive_include(&views, "<%- include('../secret') %>".into())?, "the key of the house");
    // A name that is worked out when the page is rendered is not found at all.
    let chosen = naive_include(&views, "<%- include(small ? 'row' : 'card') %>".into())?;
    assert!(chosen.contains("include("));
    Ok(())
}
// ANCHOR_END: include_breaks

#[test]
fn a_helper_may_call_the_template_back() {
    // ANCHOR: helper_with
    let mut engine = Engine::in_memory();
    engine.helper_with("twice", |cx, args| match args {
        [Value::Function(callback), ..] => {
            cx.call(callback, &Value::Undefined, &[1.into()])?;
            cx.call(callback, &Value::Undefined, &[2.into()])
        }
        _ => cx.type_error("twice takes a function"),
    });
    engine.add("page", "<% twice(n => { %><b><%= n %></b><% }) %>");
    assert_eq!(engine.render_file("page", &Value::object()).unwrap(), "<b>1</b><b>2</b>");
    // ANCHOR_END: helper_with
    engine.add("wrong", "<% twice(1) %>");
    assert!(engine.render_file("wrong", &Value::object()).is_err());
}

#[test]
fn the_first_block_of_a_name_wins() {
    // ANCHOR: blocks
    let mut engine = Engine::in_memory();
    // The layout runs last. So what it gives is used where the page gave nothing.
    let title = "<% block('title', 'Our shop') %><title><%- block('title') %></title>";
    engine.add("frame", &format!("{title}<%- body %>"));
    engine.add("plain", "<% layout('frame') %>tea");
    engine.add("green", "<% layout('frame') %><% block('title', 'Green tea') %>tea");
    let page = |name| engine.render_file(name, &Value::object()).unwrap();
    assert_eq!(page("plain"), "<title>Our shop</title>tea");
    assert_eq!(page("green"), "<title>Green tea</title>tea");
    // ANCHOR_END: blocks
}

#[test]
fn exercise_three_names_and_one_key() {
    // ANCHOR: exercise_keys
    let mut engine = Engine::in_memory();
    engine.add("card", "<b>card</b>");
    for name in ["card", "./card", "parts/../card", "/card", "card.ejs"] {
        assert_eq!(engine.render_file(name, &Value::object()).unwrap(), "<b>card</b>");
    }
    assert_eq!(engine.cached(), 1);
    // ANCHOR_END: exercise_keys
}

#[test]
fn exercise_a_tree_of_comments() {
    // ANCHOR: exercise_comments
    let mut engine = Engine::in_memory();
    engine.add(
        "comment",
        "<li><%= text %><% if (answers.length) { %><ul>\
         <% for (const answer of answers) { %><%- include('comment', answer) %><% } %>\
         </ul><% } %></li>",
    );
    let data = values!({
        "text": "Green?",
        "answers": [{ "text": "Black.", "answers": [{ "text": "No!", "answers": [] }] }],
    });
    let html = "<li>Green?<ul><li>Black.<ul><li>No!</li></ul></li></ul></li>";
    assert_eq!(engine.render_file("comment", &data).unwrap(), html);
    // ANCHOR_END: exercise_comments
    engine.add("self", "<%- include('self') %>");
    assert!(engine.render_file("self", &data).unwrap_err().to_string().contains("include cycle"));
}

#[test]
fn exercise_a_second_layout() {
    // ANCHOR: exercise_layout
    let mut engine = Engine::in_memory();
    engine.add("frame", "<nav>menu</nav><main><%- body %></main>");
    engine.add("paper", "<main><%- body %></main>");
    engine.add("shop", "<% layout(print ? 'paper' : 'frame') %>tea");
    let page = |print: bool| engine.render_file("shop", &values!({ "print": print })).unwrap();
    assert_eq!(page(false), "<nav>menu</nav><main>tea</main>");
    assert_eq!(page(true), "<main>tea</main>");
    // ANCHOR_END: exercise_layout
}

// ANCHOR: exercise_cycles
/// The names that a template includes, where they are written out.
fn included(text: &str) -> impl Iterator<Item = &str> {
    text.split("include('").skip(1).filter_map(|rest| rest.split('\'').next())
}

/// A chain of templates that comes back to itself, if one can be reached from `name`.
fn cycle<'t>(views: &HashMap<&str, &'t str>, name: &'t str, chain: &mut Vec<&'t str>) -> bool {
    if chain.contains(&name) {
        chain.push(name);
        return true;
    }
    chain.push(name);
    let text = views.get(name).copied().unwrap_or_default();
    if included(text).any(|next| cycle(views, next, chain)) {
        return true;
    }
    chain.pop();
    false
}
// ANCHOR_END: exercise_cycles

#[test]
fn exercise_a_cycle_is_found_before_it_is_rendered() {
    let views = HashMap::from([
        ("page", "<%- include('head') %><%- include('body') %>"),
        ("head", "<title>tea</title>"),
        ("body", "<%- include('list') %>"),
        ("list", "<%- include('body') %>"),
    ]);
    let mut chain = Vec::new();
    assert!(cycle(&views, "page", &mut chain));
    assert_eq!(chain, ["page", "body", "list", "body"]);
    let mut chain = Vec::new();
    assert!(!cycle(&views, "head", &mut chain));
    assert!(chain.is_empty());
}
