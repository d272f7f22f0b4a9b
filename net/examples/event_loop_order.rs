//! The order in which the event loop runs what it is given: ticks, microtasks, timers, immediates.
//!
//! Run: cargo run --example event_loop_order

use std::time::Duration;
use wirebook_net as net;
use wirebook_terminal as terminal;

fn main() -> std::io::Result<()> {
    terminal::no_arguments(include_str!("event_loop_order.rs"));
    net::block_on(order())
}

// ANCHOR: order
pub(crate) async fn order() {
    net::set_timeout(
        || {
            println!("7 a timer, in the timers phase");
            net::spawn(async {
                net::read_file("Cargo.toml").await.ok();
                println!("8 the thread pool has read a file");
                net::set_timeout(|| println!("10 a timer, in the next turn"), Duration::ZERO);
                net::set_immediate(|| println!("9 an immediate, in the check phase right after the I/O"));
            });
        },
        Duration::ZERO,
    );
    net::spawn(async { println!("4 a task, which is a microtask") });
    net::queue_microtask(|| {
        println!("5 a microtask");
        net::next_tick(|| println!("6 a tick queued by a microtask"));
    });
    net::next_tick(|| println!("2 a tick"));
    net::next_tick(|| println!("3 another tick"));
    println!("1 the main program");
}
// ANCHOR_END: order
