//! The programs of the event loop's widget. What a program says, it puts into its trace; the widget shows the source.

use std::{cell::Cell, rc::Rc, time::Duration};
use wirebook_net::{
    self as net, Listener, Stream,
    sim::{SimListener, SimStream},
    trace::note,
};

pub(super) struct Program {
    pub(super) name: &'static str,
    /// The function's name, to find its source.
    function: &'static str,
    pub(super) run: fn(),
}

pub(super) const PROGRAMS: [Program; 5] = [
    Program { name: "order", function: "order", run: order },
    Program { name: "I/O", function: "io", run: io },
    Program { name: "tasks", function: "tasks", run: tasks },
    Program { name: "interval", function: "interval", run: interval },
    Program { name: "starvation", function: "starvation", run: starvation },
];

impl Program {
    /// The function's text, from this very file.
    pub(super) fn source(&self) -> &'static str {
        let file = include_str!("programs.rs");
        let start = file.find(&format!("\nfn {}()", self.function)).map_or(0, |at| at + 1);
        let end = file[start..].find("\n}").map_or(file.len(), |length| start + length + 2);
        &file[start..end]
    }
}

fn order() {
    net::set_timeout(|| note("timer"), Duration::ZERO);
    net::spawn(async { note("task") });
    net::queue_microtask(|| {
        note("microtask");
        net::next_tick(|| note("tick of the microtask"));
    });
    net::next_tick(|| note("tick"));
    net::next_tick(|| note("another tick"));
    note("main");
}

fn io() {
    net::spawn(async {
        let listener = SimListener::bind("10.0.0.1:7")?;
        let (stream, _) = listener.accept().await?;
        let mut bytes = net::buffer();
        let count = stream.read(&mut bytes).await?;
        note("request");
        net::set_timeout(|| note("timer"), Duration::ZERO);
        net::set_immediate(|| note("immediate"));
        net::sleep(Duration::from_millis(2)).await;
        stream.write_all(&bytes[..count]).await
    });
    net::spawn(async {
        let stream = SimStream::connect("10.0.0.1:7").await?;
        stream.write_all(b"hello").await?;
        stream.read(&mut [0; 16]).await?;
        note("reply");
        std::io::Result::Ok(())
    });
}

fn tasks() {
    net::spawn(async {
        let two = net::spawn(async {
            note("two works");
            net::yield_now().await;
            note("two is done");
            42
        });
        note("one waits");
        if let Ok(answer) = two.await {
            note(format!("one has {answer}"));
        }
    });
}

fn interval() {
    let count = Rc::new(Cell::new(0));
    let own = Rc::new(Cell::new(None));
    let handle = own.clone();
    let interval = move || {
        count.set(count.get() + 1);
        note(count.get().to_string());
        if count.get() == 3 {
            net::clear(handle.get().expect("it is set below"));
        }
    };
    own.set(Some(net::set_interval(interval, Duration::from_millis(10))));
}

fn starvation() {
    fn tick(left: u32) {
        note(format!("tick, {left} to come"));
        if left > 0 {
            net::next_tick(move || tick(left - 1));
        }
    }
    net::set_timeout(|| note("timer, at last"), Duration::ZERO);
    net::queue_microtask(|| note("microtask"));
    net::next_tick(|| tick(6));
}
