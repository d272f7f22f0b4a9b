//! The loop's memory of what it did; [`trace`](super::trace) is the public side.
//!
//! A loop that is not traced pays one test of a flag for each hook.

use super::timers::Nanos;
use std::{
    cell::{Cell, RefCell},
    fmt::Write as _,
    path::PathBuf,
    rc::Rc,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

/// Most events that a trace remembers (about 32 MiB); what comes later is not recorded.
pub const MAX_EVENTS: usize = 1_000_000;

/// What an event is about: one of the loop's phases, or something that is queued and run in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Phase 1.
    Timers,
    /// Phase 2.
    Pending,
    /// Phase 3.
    Prepare,
    /// Phase 4; its wait for events is part of it.
    Poll,
    /// Phase 5.
    Check,
    /// Phase 6.
    Closing,
    /// A `next_tick` callback.
    Tick,
    /// A `queue_microtask` callback.
    Microtask,
    /// A task: queued is woken, begin and end are one poll.
    Task,
    /// A timeout, an interval or a sleep.
    Timer,
    /// An event of a source.
    Io,
    /// A `set_immediate` callback.
    Immediate,
    /// A close callback.
    Close,
    /// What keeps the loop alive, whenever that has changed: [`alive`](super::alive()), as text.
    Alive,
    /// A word of the program's own, given to [`note`](super::trace::note).
    Note,
}

/// In the order of [`Lane`].
const NAMES: [&str; 15] = [
    "timers",
    "pending",
    "prepare",
    "poll",
    "check",
    "closing",
    "tick",
    "microtask",
    "task",
    "timer",
    "I/O",
    "immediate",
    "close",
    "alive",
    "note",
];

impl Lane {
    /// The lane's name in traces and pictures.
    pub fn name(self) -> &'static str {
        NAMES[self as usize]
    }

    /// Whether it is a phase of the loop.
    pub fn is_phase(self) -> bool {
        self as usize <= Lane::Closing as usize
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It was put in its queue.
    Queued,
    /// It was taken out of its queue without being run.
    Cleared,
    /// It began to run.
    Begin,
    /// It ended.
    End,
}

/// One step of the loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Time since the loop began.
    pub at: Duration,
    /// What it is about.
    pub lane: Lane,
    /// What happened.
    pub step: Step,
    /// Which task, timer, source or immediate; 0 where they have no names.
    pub number: u32,
    /// What a note says.
    pub text: Option<String>,
}

/// The loop's side.
#[derive(Default)]
pub(crate) struct Tracer {
    pub(super) on: Cell<bool>,
    pub(super) events: RefCell<Vec<Event>>,
    file: RefCell<Option<PathBuf>>,
    /// What kept the loop alive when that was last looked at.
    pub(super) alive: RefCell<String>,
    pub(super) sink: RefCell<Option<Rc<RefCell<Vec<Event>>>>>,
}

static FILES: AtomicU32 = AtomicU32::new(0);

impl Tracer {
    /// A tracer that is on, and writes its file at the end, if the environment says so.
    pub(crate) fn from_environment() -> Self {
        let tracer = Tracer::default();
        if let Some(mut path) = std::env::var_os("WIREBOOK_TRACE").filter(|path| !path.is_empty()) {
            // A process may run several loops; the second one's file is FILE.2.
            match FILES.fetch_add(1, Ordering::Relaxed) {
                0 => {}
                number => path.push(format!(".{}", number + 1)),
            }
            tracer.on.set(true);
            *tracer.file.borrow_mut() = Some(path.into());
        }
        tracer
    }

    pub(crate) fn is_on(&self) -> bool {
        self.on.get()
    }

    #[cold]
    pub(crate) fn record(&self, at: Nanos, lane: Lane, step: Step, number: u32, text: Option<String>) {
        let events = &mut *self.events.borrow_mut();
        if events.len() < MAX_EVENTS {
            events.push(Event { at: Duration::from_nanos(at), lane, step, number, text });
        }
    }

    /// The loop has ended: gives the events to who wants them, and writes the file, if one is wanted.
    pub(crate) fn finish(&self) {
        self.on.set(false);
        if let Some(sink) = self.sink.take() {
            sink.borrow_mut().append(&mut self.events.borrow_mut());
        }
        if let Some(path) = self.file.take()
            && let Err(error) = std::fs::write(&path, to_json(&self.events.borrow()))
        {
            eprintln!("the trace could not be written to {}: {error}", path.display());
        }
    }
}

/// Events as JSON in the Trace Event format: what has a duration as `B` and `E`, the rest as instants.
pub fn to_json(events: &[Event]) -> String {
    let mut json = String::from("{\"traceEvents\":[\n");
    for (at, event) in events.iter().enumerate() {
        let comma = if at == 0 { "" } else { ",\n" };
        let name = match (&event.text, event.number) {
            (Some(text), _) => text.clone(),
            (None, 0) => event.lane.name().to_owned(),
            (None, number) => format!("{} {number}", event.lane.name()),
        };
        let (phase, suffix) = match event.step {
            Step::Begin => ("B", ""),
            Step::End => ("E", ""),
            Step::Queued if matches!(event.lane, Lane::Note | Lane::Alive) => ("i", ""),
            Step::Queued => ("i", " queued"),
            Step::Cleared => ("i", " cleared"),
        };
        let microseconds = event.at.as_nanos() as f64 / 1000.0;
        let (name, category) = (quote(&format!("{name}{suffix}")), quote(event.lane.name()));
        // Writing to a string cannot fail.
        let _ = write!(
            json,
            "{comma}{{\"name\":{name},\"cat\":{category},\"ph\":\"{phase}\",\"ts\":{microseconds},\"pid\":1,\"tid\":1{}}}",
            if phase == "i" { ",\"s\":\"t\"" } else { "" }
        );
    }
    json.push_str("\n]}\n");
    json
}

/// A JSON string (RFC 8259, section 7).
fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            control if u32::from(control) < 0x20 => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}
