//! `wirebook examples`: every example of the workspace, one line each, and how to run it.

use wirebook_terminal::{width, wrap};

/// Crate, name, first line of its documentation, command.
const EXAMPLES: &[(&str, &str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/examples.rs"));

/// Prints the list, by crate: the name and what it shows, then how to run it.
pub(crate) fn print() {
    let mut chapter = "";
    for (of, name, summary, command) in EXAMPLES {
        if *of != chapter {
            println!("{}{of}", if chapter.is_empty() { "" } else { "\n" });
            chapter = of;
        }
        indented(2, &format!("{name}: {summary}"), "");
        // What stands behind two spaces is a remark on the command.
        let (command, remark) = command.split_once("  ").unwrap_or((command, ""));
        indented(4, &format!("$ {command}"), " \\");
        indented(4, remark, "");
    }
    println!();
    indented(0, "Run them from the root of the checkout. Those that serve take --addr HOST:PORT; all take --help.", "");
}

/// Prints a paragraph, indented, with this at the end of each line but the last.
fn indented(indent: usize, text: &str, join: &str) {
    let lines = wrap(text, width() - indent - join.len());
    lines.replace('\n', &format!("{join}\n")).lines().for_each(|line| println!("{:indent$}{line}", ""));
}
