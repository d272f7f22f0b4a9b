//! Six jobs on four threads: the fifth waits for a thread, and the loop ticks on meanwhile.
//!
//! Run: WIREBOOK_THREADPOOL_SIZE=2 cargo run --example thread_pool

use std::{cell::Cell, rc::Rc, thread, time::Duration};
use wirebook_net as net;
use wirebook_terminal as terminal;

fn main() -> std::io::Result<()> {
    terminal::no_arguments(include_str!("thread_pool.rs"));
    // ANCHOR: pool
    net::block_on(async {
        let started = net::now();
        let ticks = Rc::new(Cell::new(0));
        let counter = ticks.clone();
        let ticking = net::set_interval(move || counter.set(counter.get() + 1), Duration::from_millis(10));
        let jobs: Vec<_> = (1..=6)
            .map(|number| {
                net::spawn_blocking(move || {
                    thread::sleep(Duration::from_millis(100));
                    number
                })
            })
            .collect();
        for job in jobs {
            let number = job.await.expect("the job does not panic");
            println!("job {number} is done after {} ms", (net::now() - started).as_millis() / 10 * 10);
        }
        net::clear(ticking);
        println!("the loop was free all the time: {}", if ticks.get() > 5 { "yes" } else { "no" });
    })
    // ANCHOR_END: pool
}
