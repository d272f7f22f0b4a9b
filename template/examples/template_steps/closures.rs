//! Step five: the tree becomes closures that hold their parts; a render calls the outermost one.
//!
//! Run: cargo run --release --example template_steps

use crate::data::{Data, escape};
use crate::slots::{Node, Page, frame};

// ANCHOR: compile
type Run = Box<dyn for<'d> Fn(&mut [&'d Data], &mut String)>;

fn closure(node: &Node) -> Run {
    match node {
        Node::Text(text) => {
            let text = text.clone();
            Box::new(move |_, out| out.push_str(&text))
        }
        Node::Echo(slot) => {
            let slot = *slot;
            Box::new(move |frame, out| match frame[slot] {
                // A number has nothing to escape: it is written where it belongs.
                Data::Number(n) => drop(std::fmt::Write::write_fmt(out, format_args!("{n}"))),
                other => escape(&other.show(), out),
            })
        }
        Node::Loop { slot, list, body } => {
            let (slot, list, body) = (*slot, *list, all(body));
            Box::new(move |frame, out| {
                let Data::List(items) = frame[list] else { return };
                for item in items {
                    frame[slot] = item;
                    body(frame, out);
                }
            })
        }
    }
}

fn all(nodes: &[Node]) -> Run {
    let parts: Vec<Run> = nodes.iter().map(closure).collect();
    Box::new(move |frame, out| parts.iter().for_each(|part| part(frame, out)))
}
// ANCHOR_END: compile

pub(crate) struct Compiled<'p> {
    page: &'p Page,
    run: Run,
}

pub(crate) fn compile(page: &Page) -> Compiled<'_> {
    Compiled { page, run: all(&page.nodes) }
}

pub(crate) fn render(compiled: &Compiled<'_>, data: &Data, out: &mut String) {
    (compiled.run)(&mut frame(compiled.page, data), out);
}
