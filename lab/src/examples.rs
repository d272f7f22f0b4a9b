//! `wirebook examples`: every example of the workspace, one line each, and how to run it.

/// Crate, name, first line of its documentation, command.
const EXAMPLES: &[(&str, &str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/examples.rs"));

/// Prints the list, by crate.
pub(crate) fn print() {
    let mut chapter = "";
    for (of, name, summary, command) in EXAMPLES {
        if *of != chapter {
            println!("{}{of}", if chapter.is_empty() { "" } else { "\n" });
            chapter = of;
        }
        println!("  {name:<18} {summary}");
        println!("  {:<18} {command}", "");
    }
    println!("\nRun them from the root of the checkout. Those that serve take --addr HOST:PORT and stop on Ctrl-C.");
}
