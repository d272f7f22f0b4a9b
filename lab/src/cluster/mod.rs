//! `wirebook cluster`: any program behind a port that stays open. One that takes its listeners as systemd gives them, or one of ours.
//!
//! Reading order: `start` (the command that becomes a master), `ask` (all others talk to one), `show` (what a person sees).

mod ask;
mod show;
mod start;

use clap::{Args, Subcommand};
use wirebook_terminal::Result;

const TRY: &str = "Try:
  wirebook cluster start --listen 127.0.0.1:3000 --daemon -- node server.mjs
  wirebook cluster list
  wirebook cluster reload

The program finds its listeners as systemd gives them: LISTEN_FDS in its
environment, from descriptor 3 on. In Node: server.listen({ fd: 3 })";

/// What to do with clusters.
#[derive(Args)]
#[command(after_help = TRY)]
pub(crate) struct Options {
    #[command(subcommand)]
    what: What,
    /// Print the result as JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum What {
    /// Start a program, several times, behind ports that stay open
    Start(start::Options),
    /// List the clusters of this user
    List,
    /// Show one: its ports, its workers, where it logs
    Describe {
        #[command(flatten)]
        which: Which,
    },
    /// Replace the workers by new ones, one after the other, losing nothing
    Reload {
        #[command(flatten)]
        which: Which,
    },
    /// Have more workers, or fewer
    Scale {
        /// How many should serve
        #[arg(value_name = "N")]
        workers: String,
        #[command(flatten)]
        which: Which,
    },
    /// Let all workers finish what they have, and end; said twice, they break off
    Stop {
        #[command(flatten)]
        which: Which,
        /// At once, whatever they have
        #[arg(long)]
        now: bool,
    },
    /// Print what the workers have written
    Logs {
        #[command(flatten)]
        which: Which,
        /// So many of the last lines
        #[arg(short = 'n', long, default_value_t = 20)]
        lines: usize,
        /// Go on with what comes, until Ctrl-C
        #[arg(short, long)]
        follow: bool,
        /// Open the log's file anew instead, because it was moved
        #[arg(long, conflicts_with_all = ["lines", "follow"])]
        reopen: bool,
    },
}

/// A cluster.
#[derive(Args)]
struct Which {
    /// Which one [default: the only one that runs]
    name: Option<String>,
}

/// Runs the subcommand.
pub(crate) fn run(options: Options) -> Result {
    let json = options.json;
    match options.what {
        What::Start(options) => start::run(options, json),
        What::List => ask::list(json),
        What::Describe { which } => ask::describe(which.name, json),
        What::Reload { which } => ask::reload(which.name, json),
        What::Scale { workers, which } => ask::scale(workers, which.name, json),
        What::Stop { which, now } => ask::stop(which.name, now, json),
        What::Logs { which, reopen: true, .. } => ask::reopen(which.name, json),
        What::Logs { which, lines, follow, .. } => ask::logs(which.name, lines, follow, json),
    }
}
