//! The programs of the chapter "What leaks": each leaks as it says, its cure does not, and the tool tells them apart.

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
