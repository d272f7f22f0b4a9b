//! `wirebook dissect`: the answer of a live widget, in the terminal.

use crate::complaint::Complaint;
use crate::live::{self, MAX_INPUT};
use clap::{Args, ValueEnum};
use std::fs::File;
use std::io::{IsTerminal, Read, stdin, stdout};
use std::path::PathBuf;

/// What to take apart, and how to show it.
#[derive(Args)]
pub(crate) struct Options {
    /// What the bytes are
    kind: Kind,
    /// A file with the bytes; standard input without it
    file: Option<PathBuf>,
    /// Cut the input behind this byte and show that the events stay the same
    #[arg(long, value_name = "BYTE")]
    cut: Option<usize>,
    /// Print the answer that the book's widget gets, as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// HTTP/1.1 requests, one behind the other, with their bodies
    Request,
}

pub(crate) fn run(options: &Options) -> Result<(), Complaint> {
    let input = read(options)?;
    let Kind::Request = options.kind;
    let answer = live::head::dissect(&input, options.cut.unwrap_or(usize::MAX), None);
    match options.json {
        true => println!("{}", serde_json::to_string_pretty(&answer).unwrap_or_default()),
        false => print!("{}", live::text::render(&answer, stdout().is_terminal())),
    }
    Ok(())
}

fn read(options: &Options) -> Result<Vec<u8>, Complaint> {
    let mut bytes = Vec::new();
    let limit = MAX_INPUT as u64 + 1;
    let read = match &options.file {
        Some(path) => File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)),
        None => stdin().take(limit).read_to_end(&mut bytes),
    };
    let name = options.file.as_ref().map_or("standard input".into(), |path| path.display().to_string());
    read.map_err(|error| {
        Complaint::new(format!("{name} cannot be read: {error}."), "Name a file that exists, or pipe the bytes in.")
    })?;
    match bytes.len() > MAX_INPUT {
        true => {
            Err(Complaint::new(format!("{name} has more than {MAX_INPUT} bytes."), "Cut out the part of interest."))
        }
        false => Ok(bytes),
    }
}
