//! What the loop did, step by step: for the eye, in Perfetto or in the book.
//!
//! A traced loop remembers when each phase, callback and task poll began and ended, when something was queued, and,
//! whenever that changes, what keeps it alive. `WIREBOOK_TRACE=file` traces every loop of the process and writes each
//! one's events when it ends, as JSON in the Trace Event format that <https://ui.perfetto.dev> and `chrome://tracing`
//! open.

use super::current::current;
use std::{cell::RefCell, rc::Rc};

pub use super::tracer::{Event, Lane, MAX_EVENTS, Step, to_json};

/// Begins to record what this thread's loop does.
///
/// # Panics
/// When no loop runs on this thread; so do the other functions here.
pub fn start() {
    current(|on| on.tracer.on.set(true));
}

/// As [`start`], and when the loop ends what was recorded until then is put into `sink`.
pub fn start_into(sink: Rc<RefCell<Vec<Event>>>) {
    start();
    current(|on| on.tracer.sink.replace(Some(sink)));
}

/// Ends recording and gives what was recorded.
///
/// ```
/// use wirebook_net::{self as net, trace::{self, Lane}};
/// let events = net::block_on(async {
///     trace::start();
///     net::next_tick(|| trace::note("ticked"));
///     net::sleep(std::time::Duration::from_millis(1)).await;
///     trace::take()
/// }).unwrap();
/// assert!(events.iter().any(|event| event.lane == Lane::Note));
/// ```
pub fn take() -> Vec<Event> {
    current(|on| {
        on.tracer.on.set(false);
        on.tracer.events.take()
    })
}

/// Puts a word of the program's own into the trace.
pub fn note(text: impl Into<String>) {
    current(|on| {
        if on.tracer.is_on() {
            on.tracer.record(on.elapsed(), Lane::Note, Step::Queued, 0, Some(text.into()));
        }
    });
}
