//! A cache without bound, and notes in the trace, which show it.
//!
//! Run: cargo run --example leaks -- caches

use std::{
    collections::{HashMap, VecDeque},
    io,
    rc::Rc,
};
use wirebook_net::{
    self as net,
    trace::{self, Lane},
};

// ANCHOR: leak
#[derive(Default)]
struct Cache {
    pages: HashMap<String, Rc<str>>,
}

impl Cache {
    fn page(&mut self, url: &str) -> Rc<str> {
        let page = self.pages.entry(url.to_string()).or_insert_with(|| render(url));
        page.clone()
    }
}
// ANCHOR_END: leak

// ANCHOR: cured
const MAX_PAGES: usize = 100;

#[derive(Default)]
struct BoundedCache {
    pages: HashMap<String, Rc<str>>,
    oldest_first: VecDeque<String>,
}

impl BoundedCache {
    fn page(&mut self, url: &str) -> Rc<str> {
        if let Some(page) = self.pages.get(url) {
            return page.clone();
        }
        if self.oldest_first.len() == MAX_PAGES
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.pages.remove(&oldest);
        }
        let page = render(url);
        self.oldest_first.push_back(url.to_string());
        self.pages.insert(url.to_string(), page.clone());
        page
    }
}
// ANCHOR_END: cured

fn render(url: &str) -> Rc<str> {
    format!("<h1>{url}</h1>").into()
}

/// Asks for so many different URLs, as an attacker does; gives what the trace says of the cache.
pub(crate) fn leak(requests: usize) -> io::Result<Vec<String>> {
    let mut cache = Cache::default();
    notes(requests, move |url| {
        cache.page(url);
        cache.pages.len()
    })
}

/// As [`leak`], with the cache that has a bound.
pub(crate) fn cured(requests: usize) -> io::Result<Vec<String>> {
    let mut cache = BoundedCache::default();
    notes(requests, move |url| {
        cache.page(url);
        cache.pages.len()
    })
}

// ANCHOR: tool
fn notes(requests: usize, mut ask: impl FnMut(&str) -> usize + 'static) -> io::Result<Vec<String>> {
    net::block_on(async move {
        trace::start();
        for number in 1..=requests {
            let pages = ask(&format!("/search?q={number}"));
            if number % (requests / 4) == 0 {
                trace::note(format!("cache: {pages}"));
                net::yield_now().await;
            }
        }
        let events = trace::take().into_iter();
        events.filter(|event| event.lane == Lane::Note).filter_map(|event| event.text).collect()
    })
}
// ANCHOR_END: tool
