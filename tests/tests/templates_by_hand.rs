//! What the chapters on templates show in code: the obvious versions, the cases in which they break, and the answers to the
//! exercises. All of it is held to what the crate does.

// The steps of "From string replacement to closures"; each uses a part of the others.
#[allow(dead_code)]
#[path = "../../template/examples/template_steps/data.rs"]
mod data;
#[allow(dead_code)]
#[path = "../../template/examples/template_steps/replace.rs"]
mod replace;
#[allow(dead_code)]
#[path = "../../template/examples/template_steps/scan.rs"]
mod scan;
#[allow(dead_code)]
#[path = "../../template/examples/template_steps/slots.rs"]
mod slots;
#[allow(dead_code)]
#[path = "../../template/examples/template_steps/tree.rs"]
mod tree;

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::fs;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::pin::Pin;
use std::rc::Rc;
use std::time::{Duration, Instant};

use data::{Data, escape};
use slots::{Node, Page};
use wirebook_net as net;
use wirebook_template::{Engine, Error, Options, Pipe, Template, Value, data as values, escape as crate_escape};

// ---- From string replacement to closures -----------------------------------------------------------------------------

fn render(source: &str, values: &Value) -> Result<String, Error> {
    Template::compile(source)?.render_to_string(values)
}

// ANCHOR: tags
#[test]
fn every_tag_of_ejs() -> Result<(), Error> {
    let data = values!({ "tea": "<green>" });
    // Code runs and shows nothing.
    assert_eq!(render("a<% const cups = 2 %>b", &data)?, "ab");
    // `=` shows a value, escaped. `-` shows it as it is.
    assert_eq!(render("<%= tea %>", &data)?, "&lt;green&gt;");
    assert_eq!(render("<%- tea %>", &data)?, "<green>");
    // `#` is a comment.
    assert_eq!(render("a<%# not for the page %>b", &data)?, "ab");
    // Code may open a brace in one tag and close it in another.
    assert_eq!(render("<% for (const n of [1, 2]) { %>(<%= n %>)<% } %>", &data)?, "(1)(2)");
    // `-%>` eats the line end behind it; `<%_` and `_%>` eat the blanks around the tag.
    assert_eq!(render("a<% -%>\nb", &data)?, "ab");
    assert_eq!(render("a\n  <%_ _%>  \nb", &data)?, "a\nb");
    // `<%%` shows the mark itself.
    assert_eq!(render("<%% and %%>", &data)?, "<% and %>");
    Ok(())
}
// ANCHOR_END: tags

#[test]
fn where_it_is_not_javascript() {
    let shown = |code: &str| render(&format!("<%= {code} %>"), &Value::object()).map_err(|error| error.to_string());
    // An element left out is undefined, and `forEach` visits it.
    assert_eq!(render("<% [1,,2].forEach(x => { %>(<%= x %>)<% }) %>", &Value::object()).unwrap(), "(1)()(2)");
    // There are no prototypes.
    assert_eq!(shown("typeof {}.constructor"), Ok("undefined".into()));
    assert_eq!(shown("typeof {}.toString"), Ok("undefined".into()));
    // Letters of the Latin script sort as in a dictionary, others by their numbers; one locale is known.
    assert_eq!(shown("['\u{e9}', 'f', 'e'].sort((a, b) => a.localeCompare(b))"), Ok("e,\u{e9},f".into()));
    assert!(shown("'a'.localeCompare('b', 'sv')").unwrap_err().contains("unsupported"));
    for missing in ["class A {}", "function* f() {}", "async function f() {}"] {
        assert!(render(&format!("<% {missing} %>"), &Value::object()).is_err(), "{missing}");
    }
}

/// The data of a page: a map from names to lists of numbers.
fn lists(lists: &[(&str, &[i64])]) -> Data {
    let list = |items: &[i64]| Data::List(items.iter().map(|n| Data::Number(*n)).collect());
    Data::Map(lists.iter().map(|(name, items)| (name.to_string(), list(items))).collect())
}

#[test]
fn the_naive_replacement_takes_data_for_template() {
    // ANCHOR: replace_breaks
    let page = "<b><%= name %></b> owes <%= sum %>";
    let page = replace::fill(page, "name", "<%= sum %>");
    assert_eq!(replace::fill(&page, "sum", "7"), "<b>7</b> owes 7");
    // ANCHOR_END: replace_breaks
}

#[test]
fn what_comes_from_the_data_is_never_read_as_template() {
    let ours = render("<b><%= name %></b> owes <%= sum %>", &values!({ "name": "<%= sum %>", "sum": 7 }));
    assert_eq!(ours.unwrap(), "<b>&lt;%= sum %&gt;</b> owes 7");
}

#[test]
fn exercise_the_closures_of_a_list() {
    // ANCHOR: exercise_closures
    let page = "<ul><% for (const n of list) { %><li><%= n %></li><% } %></ul>";
    let traced = Options { trace: true, ..Options::default() };
    let page = Template::compile_with(page, "page", &traced).expect("a page");
    let closures: Vec<&str> = page.closures().iter().map(|shape| &*shape.label).collect();
    let expected = [
        "4-byte text",        // <ul>
        "for of into slot 2", // the loop puts each element into slot 2
        "slot 3 (list)",      // and takes them from the list in slot 3
        "4-byte text",        // <li>
        "put out escaped",
        "slot 2 (n)",
        "5-byte text", // </li>
        "5-byte text", // </ul>
    ];
    assert_eq!(closures, expected);
    // ANCHOR_END: exercise_closures
}

#[test]
fn exercise_an_empty_list_shows_its_body() {
    // ANCHOR: exercise_empty
    let page = "<ul><% for n of list %><li><%= n %></li><% end %></ul>";
    let mut out = String::new();
    scan::render(page, &lists(&[("list", &[])]), &mut out);
    // The body is shown once, and the page ends at the `end` of the loop.
    assert_eq!(out, "<ul><li></li>");
    // ANCHOR_END: exercise_empty
    let mut right = String::new();
    tree::render(&tree::parse(page), &lists(&[("list", &[])]), &mut right);
    assert_eq!(right, "<ul></ul>");
}

// ANCHOR: exercise_if
/// The tree with a second kind of block: its body is walked where the list has items.
enum Block {
    Text(String),
    Echo(String),
    If { name: String, body: Vec<Block> },
    Loop { name: String, list: String, body: Vec<Block> },
}

fn parts(rest: &mut &str) -> Vec<Block> {
    let mut parts = Vec::new();
    while let Some((text, tag)) = rest.split_once("<%") {
        parts.push(Block::Text(text.into()));
        let (code, after) = tag.split_once("%>").unwrap_or((tag, ""));
        *rest = after;
        match code.split_whitespace().collect::<Vec<_>>()[..] {
            ["=", name] => parts.push(Block::Echo(name.into())),
            ["if", name] => parts.push(Block::If { name: name.into(), body: self::parts(rest) }),
            ["for", name, "of", list] => {
                let (name, list) = (name.into(), list.into());
                parts.push(Block::Loop { name, list, body: self::parts(rest) });
            }
            _ => return parts,
        }
    }
    parts.push(Block::Text(std::mem::take(rest).into()));
    parts
}

fn walk<'a>(parts: &'a [Block], scope: &mut HashMap<&'a str, &'a Data>, out: &mut String) {
    for part in parts {
        match part {
            Block::Text(text) => out.push_str(text),
            Block::Echo(name) => escape(&scope.get(&**name).map_or("".into(), |data| data.show()), out),
            Block::If { name, body } => match scope.get(&**name) {
                None | Some(Data::Number(0)) => {}
                Some(Data::List(items)) if items.is_empty() => {}
                Some(_) => walk(body, scope, out),
            },
            Block::Loop { name, list, body } => {
                let Some(Data::List(items)) = scope.get(&**list).copied() else { continue };
                for item in items {
                    scope.insert(name, item);
                    walk(body, scope, out);
                }
            }
        }
    }
}
// ANCHOR_END: exercise_if

#[test]
fn exercise_a_block_under_a_condition() {
    let page = "<% if list %><ul><% for n of list %><li><%= n %></li><% end %></ul><% end %>!";
    let tree = parts(&mut &*page);
    let shown = |data: &Data| {
        let Data::Map(map) = data else { return String::new() };
        let mut out = String::new();
        walk(&tree, &mut map.iter().map(|(name, data)| (&**name, data)).collect(), &mut out);
        out
    };
    assert_eq!(shown(&lists(&[("list", &[1, 2])])), "<ul><li>1</li><li>2</li></ul>!");
    assert_eq!(shown(&lists(&[("list", &[])])), "!");
    assert_eq!(shown(&lists(&[])), "!");
}

// ANCHOR: exercise_fused
type Run = Box<dyn for<'d> Fn(&mut [&'d Data], &mut String)>;

/// Closures for a list of nodes; a text, an output and a text are one of them.
fn fused(nodes: &[Node]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut rest = nodes;
    while let Some((first, more)) = rest.split_first() {
        rest = more;
        match (first, more) {
            (Node::Text(before), [Node::Echo(slot), Node::Text(after), more @ ..]) => {
                let (before, slot, after) = (before.clone(), *slot, after.clone());
                rest = more;
                runs.push(Box::new(move |frame, out| {
                    out.push_str(&before);
                    escape(&frame[slot].show(), out);
                    out.push_str(&after);
                }));
            }
            (Node::Text(text), _) => {
                let text = text.clone();
                runs.push(Box::new(move |_, out| out.push_str(&text)));
            }
            (Node::Echo(slot), _) => {
                let slot = *slot;
                runs.push(Box::new(move |frame, out| escape(&frame[slot].show(), out)));
            }
            (Node::Loop { slot, list, body }, _) => {
                let (slot, list, body) = (*slot, *list, fused(body));
                runs.push(Box::new(move |frame, out| {
                    let Data::List(items) = frame[list] else { return };
                    for item in items {
                        frame[slot] = item;
                        body.iter().for_each(|run| run(frame, out));
                    }
                }));
            }
        }
    }
    runs
}
// ANCHOR_END: exercise_fused

#[test]
fn exercise_the_fused_page_is_the_same_page() {
    let source = "<p><% for row of table %><tr><% for cell of row %><td><%= cell %></td><% end %></tr><% end %></p>";
    let tree = tree::parse(source);
    let page: Page = slots::resolve(&tree);
    let data = data::table(3, 4);
    let (mut expected, mut out) = (String::new(), String::new());
    tree::render(&tree, &data, &mut expected);
    let runs = fused(&page.nodes);
    let mut frame = slots::frame(&page, &data);
    runs.iter().for_each(|run| run(&mut frame, &mut out));
    assert_eq!(out, expected);
    // The cell of a row: one closure, where each node would make three.
    let cell = "<td><%= cell %></td>";
    assert_eq!(fused(&slots::resolve(&tree::parse(cell)).nodes).len(), 1);
}

#[test]
fn exercise_a_function_may_see_a_name_before_it_has_a_value() {
    // ANCHOR: exercise_later
    let page = "<% const f = () => later; const later = 1; %><%= f() %>";
    // ANCHOR_END: exercise_later
    assert_eq!(render(page, &Value::object()).unwrap(), "1");
    let early = "<% const f = () => later; f(); const later = 1; %>";
    assert!(render(early, &Value::object()).unwrap_err().to_string().contains("later"));
}

// ---- Escaping --------------------------------------------------------------------------------------------------------

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

// ---- Includes --------------------------------------------------------------------------------------------------------

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

// ---- BigPipe ---------------------------------------------------------------------------------------------------------

/// Notes when each piece was sent to the reader of a page, in milliseconds.
struct Reader {
    began: Instant,
    sent: RefCell<Vec<(u128, String)>>,
}

impl Reader {
    fn new() -> Self {
        Reader { began: net::now(), sent: RefCell::default() }
    }

    fn write(&self, piece: &str) {
        let at = net::now().duration_since(self.began).as_millis();
        self.sent.borrow_mut().push((at, piece.to_owned()));
    }

    fn times(&self) -> Vec<u128> {
        self.sent.borrow().iter().map(|(at, _)| *at).collect()
    }

    fn page(&self) -> String {
        self.sent.borrow().iter().map(|(_, piece)| &**piece).collect()
    }
}

async fn late(milliseconds: u64, html: &'static str) -> &'static str {
    net::sleep(Duration::from_millis(milliseconds)).await;
    html
}

fn pipe() -> Pipe {
    let page = "<%- placeholder('news', '…') %><%- placeholder('weather', '…') %><%- pagelets() %>!";
    Template::compile(page).unwrap().render_pipe(&Value::object()).unwrap()
}

// ANCHOR: pipe_naive
/// Sends the page when all of it is there.
async fn naive_feed(reader: &Reader) {
    let news = late(900, "<p>Ducks have been seen.</p>").await;
    let weather = late(300, "<p>Rain.</p>").await;
    reader.write(&format!("{news}{weather}"));
}

/// Does the slow work at the same time. That is better, and still a wait.
async fn feed_at_once(reader: &Reader) {
    let news = net::spawn(late(900, "<p>Ducks have been seen.</p>"));
    let weather = net::spawn(late(300, "<p>Rain.</p>"));
    let page = [news.await, weather.await].map(Result::unwrap_or_default).concat();
    reader.write(&page);
}
// ANCHOR_END: pipe_naive

async fn piped(reader: &Reader) {
    let mut pipe = pipe();
    reader.write(pipe.head());
    let weather = net::spawn(late(300, "<p>Rain.</p>"));
    let news = net::spawn(late(900, "<p>Ducks have been seen.</p>"));
    for (name, part) in [("weather", weather), ("news", news)] {
        reader.write(&pipe.fill(name, part.await.unwrap()).unwrap());
    }
    reader.write(pipe.tail());
}

/// Runs a page in virtual time; gives when its pieces were sent, and what they are together.
fn watch(send: impl AsyncFnOnce(&Reader) + 'static) -> (Vec<u128>, String) {
    let seen = net::sim::run(1, async move {
        let reader = Reader::new();
        send(&reader).await;
        (reader.times(), reader.page())
    });
    seen.expect("a simulation that ends")
}

#[test]
fn a_piped_page_begins_at_once() {
    // ANCHOR: pipe_times
    assert_eq!(watch(naive_feed).0, [1200]);
    assert_eq!(watch(feed_at_once).0, [900]);
    assert_eq!(watch(piped).0, [0, 300, 900, 900]);
    // ANCHOR_END: pipe_times
}

// ANCHOR: exercise_deadline
/// A part, or an apology when it takes longer than half a second.
async fn in_time(part: impl Future<Output = &'static str>) -> &'static str {
    let limit = Duration::from_millis(500);
    net::timeout(limit, part).await.unwrap_or("<p>This part is late today.</p>")
}
// ANCHOR_END: exercise_deadline

#[test]
fn exercise_a_late_part_gets_an_apology() {
    let (times, page) = watch(async |reader: &Reader| {
        for (milliseconds, html) in [(300, "rain"), (900, "ducks")] {
            reader.write(in_time(late(milliseconds, html)).await);
        }
    });
    assert_eq!(times, [300, 800]);
    assert_eq!(page, "rain<p>This part is late today.</p>");
}

// ANCHOR: exercise_ready
/// A part of a page: its place, and the work that makes its HTML.
type Part = (&'static str, Pin<Box<dyn Future<Output = String>>>);

/// Fills the places of a page, each when it is ready. A part that panics gets an
/// apology, and holds nobody up.
async fn fill(pipe: &mut Pipe, parts: Vec<Part>, send: impl Fn(&str)) {
    let (ready, signal) = (Rc::new(RefCell::new(VecDeque::new())), Rc::new(net::Signal::new()));
    let missing = parts.len();
    for (name, part) in parts {
        let (ready, signal) = (ready.clone(), signal.clone());
        // The inner task may panic. The outer one hears of it.
        let part = net::spawn(part);
        net::spawn(async move {
            let html = part.await.unwrap_or_else(|_| "<p>This part is missing.</p>".into());
            ready.borrow_mut().push_back((name, html));
            signal.raise();
        });
    }
    for _ in 0..missing {
        let (name, html) = signal.until(|| ready.borrow_mut().pop_front()).await;
        if let Ok(piece) = pipe.fill(name, &html) {
            send(&piece);
        }
    }
}
// ANCHOR_END: exercise_ready

#[test]
fn exercise_parts_come_in_the_order_in_which_they_are_ready() {
    let (times, page) = watch(async |reader: &Reader| {
        let mut pipe = pipe();
        reader.write(pipe.head());
        let weather = Box::pin(async { late(300, "rain").await.to_string() });
        let news = Box::pin(async {
            net::sleep(Duration::from_millis(200)).await;
            panic!("no news");
        });
        fill(&mut pipe, vec![("weather", weather), ("news", news)], |piece| reader.write(piece)).await;
        reader.write(pipe.tail());
    });
    assert_eq!(times, [0, 200, 300, 300]);
    assert!(page.find("This part is missing").unwrap() < page.find("rain").unwrap());
    assert!(page.ends_with('!'));
}
