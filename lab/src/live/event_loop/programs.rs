//! The programs of the event loop's widget. What a program says, it puts into its trace; the widget shows the source.

/// Where a program prints in a terminal, it says here: with its line, so that the widget can mark it.
macro_rules! println {
    ($($text:tt)*) => { wirebook_net::trace::note(format!("{} {}", line!(), format_args!($($text)*))) };
}

// The chapter shows this one, and it is also an example of its own.
#[path = "../../../../net/examples/event_loop_order.rs"]
#[expect(dead_code, reason = "its main runs it on a loop of its own")]
mod event_loop_order;

use event_loop_order::order;
use std::{cell::Cell, future::Future, pin::Pin, rc::Rc, time::Duration};
use wirebook_net::{
    self as net, Listener, Stream,
    sim::{SimListener, SimStream},
};

pub(super) struct Program {
    pub(super) name: &'static str,
    /// The file that it stands in, and the function's head.
    file: &'static str,
    head: &'static str,
    pub(super) run: fn() -> Pin<Box<dyn Future<Output = ()>>>,
}

const HERE: &str = include_str!("programs.rs");
const ORDER: &str = include_str!("../../../../net/examples/event_loop_order.rs");

pub(super) const PROGRAMS: [Program; 5] = [
    Program { name: "order", file: ORDER, head: "pub(crate) async fn order()", run: || Box::pin(order()) },
    Program { name: "I/O", file: HERE, head: "async fn io()", run: || Box::pin(io()) },
    Program { name: "tasks", file: HERE, head: "async fn tasks()", run: || Box::pin(tasks()) },
    Program { name: "interval", file: HERE, head: "async fn interval()", run: || Box::pin(interval()) },
    Program { name: "starvation", file: HERE, head: "async fn starvation()", run: || Box::pin(starvation()) },
];

impl Program {
    /// The function's text, from the very file that was compiled, and the number of its first line there.
    pub(super) fn source(&self) -> (&'static str, usize) {
        let start = self.file.find(&format!("\n{}", self.head)).map_or(0, |at| at + 1);
        let end = self.file[start..].find("\n}").map_or(self.file.len(), |length| start + length + 2);
        (&self.file[start..end], 1 + self.file[..start].matches('\n').count())
    }
}

async fn io() {
    net::spawn(async {
        let listener = SimListener::bind("10.0.0.1:7")?;
        let (stream, _) = listener.accept().await?;
        let mut bytes = net::buffer();
        let count = stream.read(&mut bytes).await?;
        println!("request");
        net::set_timeout(|| println!("timer"), Duration::ZERO);
        net::set_immediate(|| println!("immediate"));
        net::sleep(Duration::from_millis(2)).await;
        stream.write_all(&bytes[..count]).await
    });
    net::spawn(async {
        let stream = SimStream::connect("10.0.0.1:7").await?;
        stream.write_all(b"hello").await?;
        stream.read(&mut [0; 16]).await?;
        println!("reply");
        std::io::Result::Ok(())
    });
}

async fn tasks() {
    net::spawn(async {
        let two = net::spawn(async {
            println!("two works");
            net::yield_now().await;
            println!("two is done");
            42
        });
        println!("one waits");
        if let Ok(answer) = two.await {
            println!("one has {answer}");
        }
    });
}

async fn interval() {
    let count = Rc::new(Cell::new(0));
    let own = Rc::new(Cell::new(None));
    let handle = own.clone();
    let interval = move || {
        count.set(count.get() + 1);
        println!("{}", count.get());
        if count.get() == 3 {
            net::clear(handle.get().expect("it is set below"));
        }
    };
    own.set(Some(net::set_interval(interval, Duration::from_millis(10))));
}

async fn starvation() {
    fn tick(left: u32) {
        println!("tick, {left} to come");
        if left > 0 {
            net::next_tick(move || tick(left - 1));
        }
    }
    net::set_timeout(|| println!("timer, at last"), Duration::ZERO);
    net::queue_microtask(|| println!("microtask"));
    net::next_tick(|| tick(6));
}
