//! The programs of the chapter "What leaks": each leaks as it says, its cure does not, and the tool tells them apart. A process of
//! its own, because its memory is measured and it is sent a signal.

use std::{cell::RefCell, collections::VecDeque, rc::Rc, time::Duration};
use wirebook_net::{self as net, JoinHandle};

#[path = "../../net/examples/leaks/caches.rs"]
mod caches;
#[path = "../../net/examples/leaks/closures.rs"]
mod closures;
#[path = "../../net/examples/leaks/globals.rs"]
mod globals;
#[path = "../../net/examples/leaks/handles.rs"]
mod handles;
#[path = "../../net/examples/leaks/listeners.rs"]
mod listeners;

#[test]
#[cfg(target_os = "linux")]
fn a_global_list_grows_with_every_connection() {
    let connections = 400;
    // The leak first: its memory stays in use, so the cure cannot live on what it gave back.
    let (leak, cured) = (globals::leak(connections).unwrap(), globals::cured(connections).unwrap());
    assert!(leak > connections * 48 * 1024, "400 pages of 64 KiB are kept, and memory grew by {leak}");
    assert!(cured < leak / 8, "two numbers are kept, and memory grew by {cured}");
}

#[test]
fn a_closure_that_owns_its_room_keeps_it() {
    assert_eq!((closures::leak(100), closures::cured(100)), (100, 0));
}

#[test]
fn a_cache_without_bound_grows_with_every_url() {
    assert_eq!(caches::leak(4_000).unwrap(), ["cache: 1000", "cache: 2000", "cache: 3000", "cache: 4000"]);
    assert_eq!(caches::cured(4_000).unwrap(), ["cache: 100"; 4]);
    assert_eq!(caches::cured(100).unwrap(), ["cache: 25", "cache: 50", "cache: 75", "cache: 100"]);
}

#[test]
fn an_emitter_suspects_listeners_that_nobody_removes() {
    assert_eq!(listeners::leak(10).unwrap(), "10 listeners are left; a leak is suspected: false");
    assert_eq!(listeners::leak(11).unwrap(), "11 listeners are left; a leak is suspected: true");
    assert_eq!(listeners::cured(11).unwrap(), "0 listeners are left; a leak is suspected: false");
}

#[test]
fn alive_counts_what_was_left_open() {
    // The fourth socket is the listener, which is meant to be open.
    assert_eq!(handles::leak(3).unwrap().to_string(), "3 timers, 4 sockets");
    assert_eq!(handles::cured(3).unwrap().to_string(), "1 socket");
}

// ANCHOR: exercise_cache
/// At most so many pages; the one at the front was not asked for the longest.
struct Cache {
    max_pages: usize,
    pages: VecDeque<(String, Rc<str>)>,
}

impl Cache {
    fn page(&mut self, url: &str, render: impl FnOnce() -> Rc<str>) -> Rc<str> {
        let at = self.pages.iter().position(|(known, _)| known == url);
        let entry = at.and_then(|at| self.pages.remove(at)).unwrap_or_else(|| (url.to_string(), render()));
        if self.pages.len() >= self.max_pages {
            self.pages.pop_front();
        }
        let page = entry.1.clone();
        self.pages.push_back(entry);
        page
    }
}
// ANCHOR_END: exercise_cache

#[test]
fn exercise_a_page_that_is_asked_for_stays() {
    let mut cache = Cache { max_pages: 2, pages: VecDeque::new() };
    let mut rendered = Vec::new();
    for url in ["/tea", "/cup", "/tea", "/pot", "/tea", "/cup"] {
        let page = cache.page(url, || {
            rendered.push(url);
            url.into()
        });
        assert_eq!(&*page, url);
        assert!(cache.pages.len() <= 2);
    }
    assert_eq!(rendered, ["/tea", "/cup", "/pot", "/cup"]);
}

// ANCHOR: exercise_signal
/// Tells what keeps the loop alive, whenever the process gets SIGUSR1.
fn tell_on_signal(tell: impl Fn(String) + 'static) -> JoinHandle<()> {
    let mut signals = net::signals(&[net::SIGUSR1]);
    net::spawn(async move {
        while (&mut signals).await.is_ok() {
            tell(net::alive().to_string());
        }
    })
}
// ANCHOR_END: exercise_signal

#[test]
#[cfg(unix)]
fn exercise_a_signal_tells_what_is_alive() {
    let told = net::block_on(async {
        let told = Rc::new(RefCell::new(String::new()));
        let heard = Rc::new(net::Signal::new());
        let (list, bell) = (told.clone(), heard.clone());
        let telling = tell_on_signal(move |text| {
            *list.borrow_mut() = text;
            bell.raise();
        });
        let timer = net::set_timeout(|| {}, Duration::from_secs(60));
        // The task has to wait for the signal before it is sent.
        net::yield_now().await;
        std::process::Command::new("kill").args(["-USR1", &std::process::id().to_string()]).status().unwrap();
        heard.until(|| (!told.borrow().is_empty()).then_some(())).await;
        telling.abort();
        net::clear(timer);
        told.take()
    });
    assert!(told.unwrap().contains("1 timer"));
}
