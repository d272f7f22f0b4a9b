//! Step four: every name becomes a number before the first render; a variable is an index into a frame.
//!
//! Run: cargo run --release --example template_steps

use crate::data::{Data, escape};
use crate::tree;

pub(crate) enum Node {
    Text(String),
    Echo(usize),
    Loop { slot: usize, list: usize, body: Vec<Node> },
}

pub(crate) struct Page {
    pub(crate) nodes: Vec<Node>,
    /// The names that come from the data, in the order of their slots.
    pub(crate) free: Vec<String>,
    pub(crate) slots: usize,
}

// ANCHOR: resolve
/// Finds each name's slot: the innermost loop that declares it, else the data.
fn slot(names: &mut Vec<String>, name: &str) -> usize {
    match names.iter().rposition(|known| known == name) {
        Some(slot) => slot,
        None => {
            names.push(name.to_owned());
            names.len() - 1
        }
    }
}

fn number(nodes: &[tree::Node], names: &mut Vec<String>) -> Vec<Node> {
    let numbered = nodes.iter().map(|node| match node {
        tree::Node::Text(text) => Node::Text(text.clone()),
        tree::Node::Echo(name) => Node::Echo(slot(names, name)),
        tree::Node::Loop { name, list, body } => {
            let list = slot(names, list);
            names.push(name.clone());
            Node::Loop { slot: names.len() - 1, list, body: number(body, names) }
        }
    });
    numbered.collect()
}
// ANCHOR_END: resolve

pub(crate) fn resolve(nodes: &[tree::Node]) -> Page {
    let mut names = vec!["table".to_owned()];
    let nodes = number(nodes, &mut names);
    Page { nodes, free: vec!["table".to_owned()], slots: names.len() }
}

/// A frame with the data's values in their slots.
pub(crate) fn frame<'d>(page: &Page, data: &'d Data) -> Vec<&'d Data> {
    const NOTHING: &Data = &Data::Number(0);
    let mut frame = vec![NOTHING; page.slots];
    if let Data::Map(map) = data {
        for (slot, name) in page.free.iter().enumerate() {
            frame[slot] = map.get(name).unwrap_or(NOTHING);
        }
    }
    frame
}

pub(crate) fn render(page: &Page, data: &Data, out: &mut String) {
    walk(&page.nodes, &mut frame(page, data), out);
}

fn walk(nodes: &[Node], frame: &mut [&Data], out: &mut String) {
    for node in nodes {
        match node {
            Node::Text(text) => out.push_str(text),
            Node::Echo(slot) => escape(&frame[*slot].show(), out),
            Node::Loop { slot, list, body } => {
                let Data::List(items) = frame[*list] else { continue };
                for item in items {
                    frame[*slot] = item;
                    walk(body, frame, out);
                }
            }
        }
    }
}
