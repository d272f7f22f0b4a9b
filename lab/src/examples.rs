//! `wirebook examples`: every example of the workspace, one line each, and how to run it.

/// Crate, name, first line of its documentation, command.
const EXAMPLES: &[(&str, &str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/examples.rs"));

/// Columns of a terminal, and where the text of an example begins.
const WIDTH: usize = 80;
const INDENT: usize = 4;

/// Prints the list, by crate: the name and what it shows, then how to run it.
pub(crate) fn print() {
    let mut chapter = "";
    for (of, name, summary, command) in EXAMPLES {
        if *of != chapter {
            println!("{}{of}", if chapter.is_empty() { "" } else { "\n" });
            chapter = of;
        }
        wrap(&format!("  {name}: {summary}"));
        // What stands behind two spaces is a remark on the command.
        let (command, remark) = command.split_once("  ").unwrap_or((command, ""));
        println!("{:INDENT$}$ {command}", "");
        if !remark.trim().is_empty() {
            wrap(&format!("{:INDENT$}{}", "", remark.trim()));
        }
    }
    println!();
    wrap("Run them from the root of the checkout. Those that serve take --addr HOST:PORT and stop on Ctrl-C.");
}

/// Prints words in lines of at most [`WIDTH`] columns.
fn wrap(text: &str) {
    let first = text.len() - text.trim_start().len();
    let mut line = " ".repeat(first);
    for word in text.split_whitespace() {
        if line.chars().count() + word.chars().count() >= WIDTH {
            println!("{}", line.trim_end());
            line = " ".repeat(INDENT);
        }
        line += word;
        line.push(' ');
    }
    println!("{}", line.trim_end());
}
