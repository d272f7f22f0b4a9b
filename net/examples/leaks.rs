//! Five programs that keep what they should let go, each with its cure and the tool that shows it.
//!
//! Run: cargo run --example leaks        (or with a word: globals, closures, caches, listeners, handles)

#[path = "leaks/caches.rs"]
mod caches;
#[path = "leaks/closures.rs"]
mod closures;
#[path = "leaks/globals.rs"]
mod globals;
#[path = "leaks/handles.rs"]
mod handles;
#[path = "leaks/listeners.rs"]
mod listeners;

use wirebook_terminal as terminal;

#[derive(clap::Args)]
struct Arguments {
    /// One of the five; all without it
    #[arg(value_parser = ["globals", "closures", "caches", "listeners", "handles"])]
    program: Option<String>,
}

fn main() -> terminal::Result {
    let Arguments { program } = terminal::arguments(include_str!("leaks.rs"));
    let wanted = |name: &str| program.as_deref().is_none_or(|only| only == name);
    if wanted("globals") {
        println!("globals: {} bytes more for each of 400 connections", globals::leak(400)? / 400);
        println!("  cured: {} bytes more for each of 400 connections", globals::cured(400)? / 400);
    }
    if wanted("closures") {
        println!("closures: {} of 100 rooms are there after their last guest left", closures::leak(100));
        println!("   cured: {} of 100 rooms are there after their last guest left", closures::cured(100));
    }
    if wanted("caches") {
        println!("caches: the trace says {:?}", caches::leak(5_000)?);
        println!(" cured: the trace says {:?}", caches::cured(5_000)?);
    }
    if wanted("listeners") {
        println!("listeners: {}", listeners::leak(20)?);
        println!("    cured: {}", listeners::cured(20)?);
    }
    if wanted("handles") {
        println!("handles: half an hour later these keep the loop alive: {}", handles::leak(3)?);
        println!("  cured: half an hour later these keep the loop alive: {}", handles::cured(3)?);
    }
    Ok(())
}
