//! A closure that owns what owns the closure, and `Weak`, which shows it.
//!
//! Run: cargo run --example leaks -- closures

use std::{
    cell::RefCell,
    rc::{Rc, Weak},
};
use wirebook_net::EventEmitter;

/// A room of a chat: it remembers what was said.
struct Room {
    emitter: EventEmitter<String>,
    said: RefCell<Vec<String>>,
}

// ANCHOR: leak
fn open() -> Rc<Room> {
    let room = Rc::new(Room { emitter: EventEmitter::new(), said: RefCell::default() });
    let mine = room.clone();
    // The room owns the emitter, the emitter owns the closure, and the closure owns the room.
    room.emitter.on("message", move |text| mine.said.borrow_mut().push(text.clone()));
    room
}
// ANCHOR_END: leak

// ANCHOR: cured
fn open_cured() -> Rc<Room> {
    let room = Rc::new(Room { emitter: EventEmitter::new(), said: RefCell::default() });
    let mine = Rc::downgrade(&room);
    room.emitter.on("message", move |text| {
        let Some(room) = mine.upgrade() else { return };
        room.said.borrow_mut().push(text.clone());
    });
    room
}
// ANCHOR_END: cured

// ANCHOR: tool
/// How many of so many rooms are still in memory when their last guest has left.
fn left_behind(rooms: usize, open: fn() -> Rc<Room>) -> usize {
    let watched: Vec<Weak<Room>> = (0..rooms)
        .map(|_| {
            let room = open();
            // Only `error` can go unheard.
            let _ = room.emitter.emit("message", &"good-bye".to_string());
            Rc::downgrade(&room)
        })
        .collect();
    watched.iter().filter(|room| room.strong_count() > 0).count()
}
// ANCHOR_END: tool

/// Rooms whose closure owns them.
pub(crate) fn leak(rooms: usize) -> usize {
    left_behind(rooms, open)
}

/// Rooms whose closure asks whether they are still there.
pub(crate) fn cured(rooms: usize) -> usize {
    left_behind(rooms, open_cured)
}
