//! What every example does first: it reads its arguments and says where it listens.

use crate::{inset, quiet_pipes, width, wrap};
use clap::{Arg, ArgMatches, Args, Command};
use std::fmt::Display;
use std::io::{Write, stderr, stdout};

/// `EX_USAGE` of `sysexits.h`: the other statuses belong to what an example is about.
const USAGE: i32 = 64;

/// Reads the arguments of an example, by the documentation of `T`'s members; `head` is its source file, whose first
/// comment is what `--help` says. For a mistake it says how the example is called, and ends with status 64.
pub fn arguments<T: Args>(head: &str) -> T {
    let matches = parse(T::augment_args(command(head)));
    T::from_arg_matches(&matches).unwrap_or_else(|error| end(&error))
}

/// As [`arguments`], for an example that takes `--addr HOST:PORT` and nothing else.
pub fn address(head: &str, default: &'static str) -> String {
    let addr = Arg::new("addr").long("addr").value_name("HOST:PORT").default_value(default);
    let matches = parse(command(head).arg(addr.help("Where the server listens; port 0 picks a free one")));
    matches.get_one::<String>("addr").map_or(default.into(), String::clone)
}

/// As [`arguments`], for an example that takes none.
pub fn no_arguments(head: &str) {
    parse(command(head));
}

fn parse(command: Command) -> ArgMatches {
    quiet_pipes();
    command.try_get_matches().unwrap_or_else(|error| end(&error))
}

fn end(error: &clap::Error) -> ! {
    misuse(error);
    std::process::exit(if error.use_stderr() { USAGE } else { 0 })
}

/// Says what is wrong with a command line, or the help that was asked for. The parser of arguments keeps help within the
/// terminal, and not what it complains of: there a word is as long as somebody has typed it.
pub fn misuse(error: &clap::Error) {
    let said = error.to_string();
    let fits = said.lines().all(|line| line.chars().count() <= width());
    let printed = if fits || !error.use_stderr() {
        error.print()
    } else {
        let lines = said.lines().map(|line| match line.strip_prefix("  ") {
            Some(line) => format!("  {}", inset(line, 4, width()).replace("\n  ", "\n")),
            None => inset(line, "error: ".len(), width()),
        });
        stderr().write_all((lines.collect::<Vec<_>>().join("\n") + "\n").as_bytes())
    };
    // Where nobody reads what it says there is nothing left to say.
    printed.unwrap_or_default();
}

/// Says that a server is ready: `listening on ADDRESS`, and below it what to try next. It serves whether or not somebody
/// reads that; it is one write, so that who wants the first line alone can close the pipe behind it.
pub fn listening(address: impl Display, try_next: &[&str]) {
    let tries: String = try_next.iter().map(|command| format!("try: {command}\n")).collect();
    tell(format_args!("listening on {address}\n{tries}"));
}

/// Says what happens while a server serves, which it does whether or not somebody reads that. Its line ends are in the text.
pub fn tell(text: impl Display) {
    let text = text.to_string();
    stdout().write_all(text.as_bytes()).and_then(|()| stdout().flush()).unwrap_or_default();
}

/// The command that talks over a socket by hand: `nc` with these arguments, or ours where there is none.
pub fn netcat(arguments: impl Display) -> String {
    let mut folders =
        std::env::var_os("PATH").into_iter().flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let nc = if folders.any(|folder| folder.join("nc").is_file()) { "nc" } else { "cargo run -- nc" };
    format!("{nc} {arguments}")
}

/// The command without its arguments, from the first comment of the source file.
fn command(head: &str) -> Command {
    let comment: Vec<&str> = head.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim).collect();
    let (about, rest) = comment.split_first().unwrap_or((&"", &[]));
    let rest = rest.split(|line| line.is_empty()).map(|paragraph| wrap(&paragraph.join(" "), width()));
    let rest: Vec<String> = rest.filter(|paragraph| !paragraph.is_empty()).collect();
    Command::new("example").about(about.to_string()).after_help(rest.join("\n\n")).max_term_width(80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_of_an_example_is_its_first_comment() {
        let head = "//! Says nothing.\n//!\n//! Run: cargo run\n//! --example silent\n//!\n//! Ever.\n\n//! not this\n";
        let help = command(head).render_help().to_string();
        assert!(help.starts_with("Says nothing.\n\nUsage: "), "{help}");
        assert!(help.ends_with("\n\nRun: cargo run --example silent\n\nEver.\n"), "{help}");
    }
}
