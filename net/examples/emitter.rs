//! An EventEmitter: listeners in order, once, the error rule.
//!
//! Run: cargo run --example emitter

use wirebook_net::EventEmitter;
use wirebook_terminal as terminal;

fn main() {
    terminal::no_arguments(include_str!("emitter.rs"));
    // ANCHOR: emitter
    let emitter = EventEmitter::new();
    emitter.on("visit", |name: &&str| println!("hello {name}"));
    emitter.once("visit", |name| println!("{name} is the first"));
    for name in ["Ada", "Grace"] {
        emitter.emit("visit", &name).expect("only an error must be heard");
    }
    // Nobody listens for "error": Node would throw, here the caller learns it.
    let unheard = emitter.emit("error", &"out of tea").unwrap_err();
    println!("{unheard}");
    // ANCHOR_END: emitter
}
