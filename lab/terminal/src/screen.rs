//! What is printed stays within the terminal: its columns, its colours, its pipe.

use std::{env, io::IsTerminal, io::stdout, panic, process};

/// Text is set in no more columns, however wide the terminal is; tables need these at least.
const WIDEST: usize = 80;
const NARROWEST: usize = 40;

/// The columns for what is printed: those of the terminal, or of `COLUMNS` where there is none; 80 at most.
pub fn width() -> usize {
    let terminal = terminal_size::terminal_size_of(stdout()).map(|(columns, _)| usize::from(columns.0));
    let columns = terminal.or_else(|| env::var("COLUMNS").ok()?.parse().ok());
    columns.unwrap_or(WIDEST).clamp(NARROWEST, WIDEST)
}

/// Whether standard output may be coloured: it is a terminal that has colours, and nobody has set
/// [`NO_COLOR`](https://no-color.org).
pub fn colourful() -> bool {
    let is_unset = |name| env::var_os(name).is_none_or(|value| value.is_empty());
    stdout().is_terminal() && is_unset("NO_COLOR") && env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// The text in at most so many columns, with an ellipsis where something was cut off.
pub fn fit(text: &str, columns: usize) -> String {
    match text.chars().count() > columns {
        true => text.chars().take(columns.saturating_sub(1)).chain(['…']).collect(),
        false => text.to_string(),
    }
}

/// The words in lines of at most so many columns. A longer word has a line of its own.
pub fn wrap(text: &str, columns: usize) -> String {
    let (mut out, mut used) = (String::new(), 0);
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > columns {
            out.push('\n');
            used = 0;
        } else if used > 0 {
            out.push(' ');
            used += 1;
        }
        out += word;
        used += length;
    }
    out
}

/// The text for a place that so many columns stand before already; further lines begin below it. Lines that fit stay as they
/// are, such as a piece of code with a mark beneath.
pub fn inset(text: &str, before: usize, columns: usize) -> String {
    let room = columns.saturating_sub(before);
    let lines = text.lines().map(|line| {
        let fits = line.chars().count() <= room;
        if fits { line.to_string() } else { wrap(line, room).replace('\n', &format!("\n{:before$}", "")) }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// From here on a closed pipe (`program | head`) ends the program, with status 0 and without a word.
///
/// Rust leaves SIGPIPE off, as a server needs it: a write to a client that is gone is an error, and not the end of all others.
/// So `println!` to a pipe that nobody reads panics, from wherever it was called; and every panic comes by here.
pub fn quiet_pipes() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        let said = panic.payload().downcast_ref::<String>().map_or("", String::as_str);
        if said.starts_with("failed printing to std") && said.contains("Broken pipe") {
            process::exit(0);
        }
        usual(panic);
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_within_the_columns() {
        assert_eq!(wrap("  a tea pot", 5), "a tea\npot");
        assert_eq!(wrap("averylongword b", 5), "averylongword\nb");
        assert_eq!([wrap("", 8), wrap("12 45", 5), wrap("12 456", 5)], ["", "12 45", "12\n456"]);
    }

    #[test]
    fn further_lines_begin_below_the_first() {
        assert_eq!(inset("a tea pot", 3, 8), "a tea\n   pot");
        assert_eq!(inset("1|  tea\n     ^", 3, 80), "1|  tea\n     ^");
    }

    #[test]
    fn what_does_not_fit_says_so() {
        assert_eq!([fit("tea", 3), fit("teas", 3), fit("", 0), fit("ab", 0)], ["tea", "te…", "", "…"]);
    }
}
