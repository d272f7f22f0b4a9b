//! Node's `EventEmitter`: names, listeners, and calls in order.
//!
//! An emitter is nothing asynchronous. `emit` calls every listener, one after the other, before it returns. That it calls
//! those who were there when it began, and only those, is what makes adding and removing in a listener harmless.

use std::{
    cell::{Cell, RefCell},
    fmt,
    rc::Rc,
};

/// More listeners than this for one event look like a leak, and are warned of once. Node's default.
pub const MAX_LISTENERS: usize = 10;

/// The event whose emission must not go unheard.
const ERROR: &str = "error";

type Call<A> = Rc<dyn Fn(&A)>;

struct Listener<A> {
    id: u64,
    once: bool,
    call: Call<A>,
}

impl<A> Clone for Listener<A> {
    fn clone(&self) -> Self {
        Listener { id: self.id, once: self.once, call: self.call.clone() }
    }
}

struct Event<A> {
    name: String,
    listeners: Vec<Listener<A>>,
    warned: bool,
}

/// Calls listeners by the name of an event; `A` is what they are given.
///
/// ```
/// use std::{cell::Cell, rc::Rc};
/// let emitter = wirebook_net::EventEmitter::new();
/// let sum = Rc::new(Cell::new(0));
/// let adder = sum.clone();
/// emitter.on("number", move |number: &i32| adder.set(adder.get() + number));
/// assert_eq!(emitter.emit("number", &20), Ok(true));
/// assert_eq!(emitter.emit("number", &22), Ok(true));
/// assert_eq!(emitter.emit("nothing", &1), Ok(false));
/// assert_eq!(sum.get(), 42);
/// ```
pub struct EventEmitter<A> {
    events: RefCell<Vec<Event<A>>>,
    next: Cell<u64>,
    max: Cell<usize>,
}

/// Names one listener of one emitter, for [`EventEmitter::off`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenerId(u64);

/// An `error` event had no listener. Node throws the error then, which ends the process; here the caller decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unheard;

impl fmt::Display for Unheard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an error event had no listener")
    }
}

impl std::error::Error for Unheard {}

impl<A> EventEmitter<A> {
    /// An emitter without listeners.
    pub fn new() -> Self {
        EventEmitter { events: RefCell::default(), next: Cell::new(0), max: Cell::new(MAX_LISTENERS) }
    }

    /// Calls `listener` whenever the event is emitted, after the listeners that are there already.
    pub fn on(&self, name: &str, listener: impl Fn(&A) + 'static) -> ListenerId {
        self.add(name, false, Rc::new(listener))
    }

    /// As [`EventEmitter::on`], for the next emission alone. The listener is removed before it is called.
    pub fn once(&self, name: &str, listener: impl Fn(&A) + 'static) -> ListenerId {
        self.add(name, true, Rc::new(listener))
    }

    fn add(&self, name: &str, once: bool, call: Call<A>) -> ListenerId {
        let id = self.next.get();
        self.next.set(id + 1);
        let events = &mut *self.events.borrow_mut();
        let at = events.iter().position(|event| event.name == name).unwrap_or_else(|| {
            events.push(Event { name: name.to_owned(), listeners: Vec::new(), warned: false });
            events.len() - 1
        });
        let event = &mut events[at];
        event.listeners.push(Listener { id, once, call });
        let (count, max) = (event.listeners.len(), self.max.get());
        if max != 0 && count > max && !std::mem::replace(&mut event.warned, true) {
            eprintln!(
                "warning: possible leak: {count} '{name}' listeners were added to one EventEmitter; \
                 set_max_listeners raises the limit of {max}"
            );
        }
        ListenerId(id)
    }

    /// Removes a listener; false when it was not there. An emission that has begun still calls it.
    pub fn off(&self, id: ListenerId) -> bool {
        let removed = self.events.borrow_mut().iter_mut().find_map(|event| {
            let at = event.listeners.iter().position(|listener| listener.id == id.0)?;
            Some(event.listeners.remove(at))
        });
        removed.is_some()
    }

    /// Removes all listeners of an event.
    pub fn remove_all(&self, name: &str) {
        let removed = self.events.borrow_mut().iter_mut().find(|event| event.name == name).map(|event| {
            event.warned = false;
            std::mem::take(&mut event.listeners)
        });
        drop(removed);
    }

    /// Removes all listeners of all events.
    pub fn clear(&self) {
        let removed = self.events.take();
        drop(removed);
    }

    /// Calls the event's listeners in the order in which they were added; gives whether there was one.
    ///
    /// # Errors
    /// [`Unheard`] when the event is `error` and has no listener.
    pub fn emit(&self, name: &str, argument: &A) -> Result<bool, Unheard> {
        let listeners = match self.events.borrow().iter().find(|event| event.name == name) {
            Some(event) => event.listeners.clone(),
            None => Vec::new(),
        };
        if listeners.is_empty() {
            return if name == ERROR { Err(Unheard) } else { Ok(false) };
        }
        for listener in listeners {
            if !listener.once || self.off(ListenerId(listener.id)) {
                (listener.call)(argument);
            }
        }
        Ok(true)
    }

    /// How many listeners an event has.
    pub fn listener_count(&self, name: &str) -> usize {
        self.events.borrow().iter().find(|event| event.name == name).map_or(0, |event| event.listeners.len())
    }

    /// From how many listeners of one event on a leak is suspected; 0 never suspects.
    pub fn set_max_listeners(&self, max: usize) {
        self.max.set(max);
    }

    /// Whether the leak warning was given for an event.
    pub fn leak_suspected(&self, name: &str) -> bool {
        self.events.borrow().iter().any(|event| event.name == name && event.warned)
    }
}

impl<A> Default for EventEmitter<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A> fmt::Debug for EventEmitter<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let events = self.events.borrow();
        f.debug_map().entries(events.iter().map(|event| (&event.name, event.listeners.len()))).finish()
    }
}
