//! `wirebook`: the book, served by the stack that it describes, and the tools.

mod book;
mod cluster;
mod diagram;
mod dissect;
mod evenings;
mod examples;
mod figures;
mod learn;
mod limits;
mod live;
mod nc;
mod prose;
mod race;
mod render;
mod site;
mod snippet;
mod source;

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use wirebook_terminal::{Result, misuse, quiet_pipes};

/// The network stack you can read, run, break and beat.
///
/// Without a subcommand it serves the book at http://127.0.0.1:4000, on Wirebook's own event loop and HTTP server.
#[derive(Parser)]
#[command(name = "wirebook", version, max_term_width = 80)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    site: site::Options,
}

#[derive(Subcommand)]
enum Command {
    /// Render the book and serve it, with its live widgets (the default)
    Site(site::Options),
    /// List the examples, with a line on each and how to run it
    Examples,
    /// Take bytes apart as the crates do: fields, ranges, events, errors
    Dissect(dissect::Options),
    /// Race the parser variants and a peer on this machine
    Race(race::Options),
    /// Write a parser, a decoder, a queue and a loop of your own, stage by stage, tested by our cases
    Learn(learn::Options),
    /// Render an EJS template with JSON data, or show its tokens, its closures or its time
    Render(render::Options),
    /// Keep any program alive, in several processes behind ports that stay open
    Cluster(cluster::Options),
    /// Talk over a socket by hand, as with nc: standard input goes there, and what comes back is printed
    Nc(nc::Options),
}

fn main() -> ExitCode {
    quiet_pipes();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            misuse(&error);
            return ExitCode::from(error.exit_code() as u8);
        }
    };
    let result: Result = match arguments.command {
        None => site::run(&arguments.site),
        Some(Command::Site(options)) => site::run(&options),
        Some(Command::Examples) => {
            examples::print();
            Ok(())
        }
        Some(Command::Dissect(options)) => dissect::run(&options),
        Some(Command::Race(options)) => race::run(&options),
        Some(Command::Learn(options)) => learn::run(&options),
        Some(Command::Render(options)) => render::run(&options),
        Some(Command::Cluster(options)) => cluster::run(options),
        Some(Command::Nc(options)) => nc::run(options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(complaint) => {
            eprintln!("error: {complaint:?}");
            ExitCode::FAILURE
        }
    }
}
