//! An onion as one writes it first, and the answers of "The onion".

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use wirebook_net::sim::{self, SimListener, SimStream};
use wirebook_net::{self as net, Stream};
use wirebook_web::{Answer, Context, Failure, Next, Options, Router};

// ANCHOR: naive
/// What has run so far.
type Trace = Vec<&'static str>;

/// A ring gets the trace, and a function that runs what is inside of it.
type Ring = Box<dyn Fn(&mut Trace, &mut dyn FnMut(&mut Trace))>;

fn run(rings: &[Ring], trace: &mut Trace) {
    if let Some((first, inside)) = rings.split_first() {
        first(trace, &mut |trace| run(inside, trace));
    }
}
// ANCHOR_END: naive

fn ring(run: impl Fn(&mut Trace, &mut dyn FnMut(&mut Trace)) + 'static) -> Ring {
    Box::new(run)
}

// ANCHOR: order
#[test]
fn what_is_outside_runs_first_and_last() {
    let rings = [
        ring(|trace, next| {
            trace.push("time begins");
            next(trace);
            trace.push("time ends");
        }),
        ring(|trace, _| trace.push("the handler")),
    ];
    let mut trace = Trace::new();
    run(&rings, &mut trace);
    assert_eq!(trace, ["time begins", "the handler", "time ends"]);
}
// ANCHOR_END: order

// ANCHOR: twice
#[test]
fn a_tea_is_sold_twice() {
    let rings = [
        ring(|trace, next| {
            next(trace);
            next(trace); // A retry, or a line too many.
        }),
        ring(|trace, _| trace.push("sold")),
    ];
    let mut trace = Trace::new();
    run(&rings, &mut trace);
    assert_eq!(trace, ["sold", "sold"]);
}
// ANCHOR_END: twice

// ANCHOR: never
#[test]
fn a_ring_that_forgets_leaves_nothing() {
    let rings = [ring(|trace, _next| trace.push("logged")), ring(|trace, _| trace.push("the handler"))];
    let mut trace = Trace::new();
    run(&rings, &mut trace);
    assert_eq!(trace, ["logged"]); // And what does the client get?
}
// ANCHOR_END: never

// ANCHOR: compose
/// Koa's way: the number of the last ring that ran is kept, and a ring that runs again is an
/// error. It is found when it happens, and only if it happens.
type Counted = Box<dyn Fn(&mut Trace, &mut dyn FnMut(&mut Trace) -> Ran) -> Ran>;
type Ran = Result<(), &'static str>;

fn compose(rings: &[Counted], trace: &mut Trace) -> Ran {
    fn from(rings: &[Counted], at: usize, last: &Cell<usize>, trace: &mut Trace) -> Ran {
        if at < last.get() {
            return Err("next() called multiple times");
        }
        last.set(at + 1);
        match rings.get(at) {
            Some(ring) => ring(trace, &mut |trace| from(rings, at + 1, last, trace)),
            None => Ok(()),
        }
    }
    from(rings, 0, &Cell::new(0), trace)
}
// ANCHOR_END: compose

#[test]
fn compose_finds_a_second_next_when_it_happens() {
    let handler = || -> Counted {
        Box::new(|trace, next| {
            trace.push("handler");
            next(trace)
        })
    };
    let once: [Counted; 2] = [Box::new(|trace, next| next(trace)), handler()];
    let mut trace = Trace::new();
    assert_eq!(compose(&once, &mut trace), Ok(()));
    assert_eq!(trace, ["handler"]);
    let twice: [Counted; 2] = [Box::new(|trace, next| next(trace).and_then(|()| next(trace))), handler()];
    let mut trace = Trace::new();
    assert_eq!(compose(&twice, &mut trace), Err("next() called multiple times"));
    assert_eq!(trace, ["handler"]);
}

// ANCHOR: at_most
/// Takes its place back, however the request ends: by an answer, a failure, or a client that
/// has gone.
struct Place(Rc<Cell<usize>>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// So many requests are inside at a time; whoever comes then gets 503 at once.
fn at_most(most: usize) -> impl AsyncFn(&mut Context<'_>, Next<'_>) -> Answer + 'static {
    let inside = Rc::new(Cell::new(0));
    async move |ctx, next| {
        if inside.get() == most {
            return Err(Failure::new(503, "too many at once").with("retry-after", "1"));
        }
        inside.set(inside.get() + 1);
        let _place = Place(inside.clone());
        next.run(ctx).await
    }
}
// ANCHOR_END: at_most

#[test]
fn no_more_are_inside_than_may_be() {
    let statuses = sim::run(1, async {
        let router = Router::new().layer(at_most(2)).get("/", async |ctx| {
            net::sleep(Duration::from_secs(1)).await;
            ctx.text("tea")
        });
        let app = router.into_app(Options { on_error: None, ..Options::default() }).expect("one route");
        let server = app.serve_on(SimListener::bind("10.0.0.1:80").expect("a free address"));
        let ask = || async {
            let client = SimStream::connect("10.0.0.1:80").await.expect("the server listens");
            client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("the server reads");
            let mut bytes = [0; 512];
            let count = client.read(&mut bytes).await.expect("an answer");
            String::from_utf8_lossy(&bytes[9..12.min(count)]).into_owned()
        };
        let mut statuses = Vec::new();
        for _ in 0..2 {
            let three = [(); 3].map(|()| net::spawn(ask()));
            for one in three {
                statuses.push(one.await.expect("a status"));
            }
        }
        server.close();
        statuses
    });
    let mut statuses = statuses.expect("the loop runs");
    // Both times, two of three: each place was given back.
    statuses.sort();
    assert_eq!(statuses, ["200", "200", "200", "200", "503", "503"]);
}
