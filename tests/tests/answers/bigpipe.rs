//! BigPipe, the obvious way and the exercises of its chapter.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::{Duration, Instant};

use wirebook_net as net;
use wirebook_template::{Pipe, Template, Value};

/// Notes when each piece was sent to the reader of a page, in milliseconds.
struct Reader {
    began: Instant,
    sent: RefCell<Vec<(u128, String)>>,
}

impl Reader {
    fn new() -> Self {
        Reader { began: net::now(), sent: RefCell::default() }
    }

    fn write(&self, piece: &str) {
        let at = net::now().duration_since(self.began).as_millis();
        self.sent.borrow_mut().push((at, piece.to_owned()));
    }

    fn times(&self) -> Vec<u128> {
        self.sent.borrow().iter().map(|(at, _)| *at).collect()
    }

    fn page(&self) -> String {
        self.sent.borrow().iter().map(|(_, piece)| &**piece).collect()
    }
}

async fn late(milliseconds: u64, html: &'static str) -> &'static str {
    net::sleep(Duration::from_millis(milliseconds)).await;
    html
}

fn pipe() -> Pipe {
    let page = "<%- placeholder('news', '…') %><%- placeholder('weather', '…') %><%- pagelets() %>!";
    Template::compile(page).unwrap().render_pipe(&Value::object()).unwrap()
}

// ANCHOR: pipe_naive
/// Sends the page when all of it is there.
async fn naive_feed(reader: &Reader) {
    let news = late(900, "<p>Ducks have been seen.</p>").await;
    let weather = late(300, "<p>Rain.</p>").await;
    reader.write(&format!("{news}{weather}"));
}

/// Does the slow work at the same time. That is better, and still a wait.
async fn feed_at_once(reader: &Reader) {
    let news = net::spawn(late(900, "<p>Ducks have been seen.</p>"));
    let weather = net::spawn(late(300, "<p>Rain.</p>"));
    let page = [news.await, weather.await].map(Result::unwrap_or_default).concat();
    reader.write(&page);
}
// ANCHOR_END: pipe_naive

async fn piped(reader: &Reader) {
    let mut pipe = pipe();
    reader.write(pipe.head());
    let weather = net::spawn(late(300, "<p>Rain.</p>"));
    let news = net::spawn(late(900, "<p>Ducks have been seen.</p>"));
    for (name, part) in [("weather", weather), ("news", news)] {
        reader.write(&pipe.fill(name, part.await.unwrap()).unwrap());
    }
    reader.write(pipe.tail());
}

/// Runs a page in virtual time; gives when its pieces were sent, and what they are together.
fn watch(send: impl AsyncFnOnce(&Reader) + 'static) -> (Vec<u128>, String) {
    let seen = net::sim::run(1, async move {
        let reader = Reader::new();
        send(&reader).await;
        (reader.times(), reader.page())
    });
    seen.expect("a simulation that ends")
}

#[test]
fn a_piped_page_begins_at_once() {
    // ANCHOR: pipe_times
    assert_eq!(watch(naive_feed).0, [1200]);
    assert_eq!(watch(feed_at_once).0, [900]);
    assert_eq!(watch(piped).0, [0, 300, 900, 900]);
    // ANCHOR_END: pipe_times
}

// ANCHOR: exercise_deadline
/// A part, or an apology when it takes longer than half a second.
async fn in_time(part: impl Future<Output = &'static str>) -> &'static str {
    let limit = Duration::from_millis(500);
    net::timeout(limit, part).await.unwrap_or("<p>This part is late today.</p>")
}
// ANCHOR_END: exercise_deadline

#[test]
fn exercise_a_late_part_gets_an_apology() {
    let (times, page) = watch(async |reader: &Reader| {
        for (milliseconds, html) in [(300, "rain"), (900, "ducks")] {
            reader.write(in_time(late(milliseconds, html)).await);
        }
    });
    assert_eq!(times, [300, 800]);
    assert_eq!(page, "rain<p>This part is late today.</p>");
}

// ANCHOR: exercise_ready
/// A part of a page: its place, and the work that makes its HTML.
type Part = (&'static str, Pin<Box<dyn Future<Output = String>>>);

/// Fills the places of a page, each when it is ready. A part that panics gets an
/// apology, and holds nobody up.
async fn fill(pipe: &mut Pipe, parts: Vec<Part>, send: impl Fn(&str)) {
    let (ready, signal) = (Rc::new(RefCell::new(VecDeque::new())), Rc::new(net::Signal::new()));
    let missing = parts.len();
    for (name, part) in parts {
        let (ready, signal) = (ready.clone(), signal.clone());
        // The inner task may panic. The outer one hears of it.
        let part = net::spawn(part);
        net::spawn(async move {
            let html = part.await.unwrap_or_else(|_| "<p>This part is missing.</p>".into());
            ready.borrow_mut().push_back((name, html));
            signal.raise();
        });
    }
    for _ in 0..missing {
        let (name, html) = signal.until(|| ready.borrow_mut().pop_front()).await;
        if let Ok(piece) = pipe.fill(name, &html) {
            send(&piece);
        }
    }
}
// ANCHOR_END: exercise_ready

#[test]
fn exercise_parts_come_in_the_order_in_which_they_are_ready() {
    let (times, page) = watch(async |reader: &Reader| {
        let mut pipe = pipe();
        reader.write(pipe.head());
        let weather = Box::pin(async { late(300, "rain").await.to_string() });
        let news = Box::pin(async {
            net::sleep(Duration::from_millis(200)).await;
            panic!("no news");
        });
        fill(&mut pipe, vec![("weather", weather), ("news", news)], |piece| reader.write(piece)).await;
        reader.write(pipe.tail());
    });
    assert_eq!(times, [0, 200, 300, 300]);
    assert!(page.find("This part is missing").unwrap() < page.find("rain").unwrap());
    assert!(page.ends_with('!'));
}
