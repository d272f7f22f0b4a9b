//! From string replacement to closures: where it breaks, and the exercises.

use std::collections::HashMap;

use crate::data::{Data, escape};
use crate::slots::{Node, Page};
use crate::{data, replace, scan, slots, tree};
use wirebook_template::{Error, Options, Template, Value, data as values};

pub(crate) fn render(source: &str, values: &Value) -> Result<String, Error> {
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
    // An element that is left out is passed over, but behind a list that is spread it is `undefined`.
    assert_eq!(render("<% [1,,2].forEach(x => { %>(<%= x %>)<% }) %>", &Value::object()).unwrap(), "(1)(2)");
    assert_eq!(shown("Object.keys([...[1], , 3])"), Ok("0,1,2".into()));
    // There are no prototypes, but what programs ask by them is answered.
    assert_eq!(shown("typeof (u => u.constructor)({})"), Ok("undefined".into()));
    assert_eq!(shown("typeof (u => u.toString)({})"), Ok("undefined".into()));
    assert_eq!(shown("(u => u.constructor === Array)([])"), Ok("true".into()));
    assert_eq!(shown("(u => u.constructor.name)({})"), Ok("Object".into()));
    assert_eq!(shown("({}).toString.call([])"), Ok("[object Array]".into()));
    assert!(shown("({ __proto__: [] }).length").unwrap_err().contains("__proto__"));
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
