//! Step three: read the template once into a tree, and walk the tree; names are looked up by their text.
//!
//! Run: cargo run --release --example template_steps

use crate::data::{Data, escape};
use std::collections::HashMap;

// ANCHOR: tree
pub(crate) enum Node {
    Text(String),
    Echo(String),
    Loop { name: String, list: String, body: Vec<Node> },
}
// ANCHOR_END: tree

pub(crate) fn parse(template: &str) -> Vec<Node> {
    let mut rest = template;
    level(&mut rest)
}

fn level(rest: &mut &str) -> Vec<Node> {
    let mut nodes = Vec::new();
    while let Some((text, tag)) = rest.split_once("<%") {
        nodes.push(Node::Text(text.to_owned()));
        let (code, after) = tag.split_once("%>").unwrap_or((tag, ""));
        *rest = after;
        let words: Vec<&str> = code.split_whitespace().collect();
        match words[..] {
            ["=", name] => nodes.push(Node::Echo(name.to_owned())),
            ["for", name, "of", list] => {
                nodes.push(Node::Loop { name: name.to_owned(), list: list.to_owned(), body: level(rest) });
            }
            _ => return nodes,
        }
    }
    nodes.push(Node::Text(std::mem::take(rest).to_owned()));
    nodes
}

pub(crate) fn render(nodes: &[Node], data: &Data, out: &mut String) {
    let Data::Map(map) = data else { return };
    let mut scope: HashMap<&str, &Data> = map.iter().map(|(key, value)| (key.as_str(), value)).collect();
    walk(nodes, &mut scope, out);
}

// ANCHOR: walk
fn walk<'a>(nodes: &'a [Node], scope: &mut HashMap<&'a str, &'a Data>, out: &mut String) {
    for node in nodes {
        match node {
            Node::Text(text) => out.push_str(text),
            Node::Echo(name) => {
                if let Some(value) = scope.get(name.as_str()) {
                    escape(&value.show(), out);
                }
            }
            Node::Loop { name, list, body } => {
                let Some(Data::List(items)) = scope.get(list.as_str()).copied() else { continue };
                for item in items {
                    scope.insert(name, item);
                    walk(body, scope, out);
                }
            }
        }
    }
}
// ANCHOR_END: walk
