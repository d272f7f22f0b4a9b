//! A run: the frame stack, the output, the bounds, and the error in flight; and what it asks of its host.
//!
//! Every closure of a compiled program takes `&mut Cx` and nothing else. Local variables lie on one stack of values;
//! a closure knows the slot of each of its variables, and `base` says where the running function's frame starts.
//! Output goes to the end of one string. An error is noted once in `fault`; what travels up through the closures is
//! [`super::Halt`], which has no size.

use super::fault::{Fault, R};
use super::journal::Journal;
use crate::base::{ErrorKind, Limits, Source, memory, stack::Stack};
use crate::value::{Array, Class, Function, Inner, Object, Value, VarCell};
use std::any::Any;
use std::cell::Cell;
use std::rc::Rc;

/// Takes a piece of output; an error ends the run.
pub type Sink<'a> = dyn FnMut(&str) -> std::io::Result<()> + 'a;

/// Where `include(…)` stands: in which program, with which data.
#[derive(Clone, Copy, Debug)]
pub struct Site<'s> {
    /// The program's source.
    pub source: &'s Rc<Source>,
    /// What the host called the program when it compiled it.
    pub path: &'s str,
    /// The data that the program was given, with what it has changed since.
    pub data: &'s Value,
    /// The call's place in the source.
    pub offset: u32,
}

/// What a run asks of whoever started it.
pub trait Host {
    /// The value of a name that neither the program nor its data has; what is none here may still be a built-in.
    fn global(&self, name: &str) -> Option<Value> {
        let _ = name;
        None
    }

    /// The time in milliseconds since 1970, for `Date`; a host without a clock has none.
    fn now(&self) -> f64 {
        f64::NAN
    }

    /// Minutes that local time is ahead of UTC at a time; 0, which is UTC, unless the host has a zone.
    fn zone(&self, time: f64) -> f64 {
        let _ = time;
        0.0
    }

    /// What `Math.random` starts from: the same numbers for the same seed.
    fn seed(&self) -> u64 {
        0
    }

    /// A line of `console.log` and its like.
    fn log(&self, line: &str) {
        let _ = line;
    }

    /// `include(…)`: puts another program's output out.
    ///
    /// # Errors
    /// When there is none, or it fails.
    fn include(&self, cx: &mut Cx<'_>, site: &Site<'_>, args: &[Value]) -> R<()>;
}

/// The host of a program that stands alone, and of constant expressions: it has nothing.
pub(crate) struct Alone;

impl Host for Alone {
    fn include(&self, cx: &mut Cx<'_>, _: &Site<'_>, _: &[Value]) -> R<()> {
        cx.fail(ErrorKind::Include, "there is nothing to include")
    }
}

/// What a run needs room for, to be used again by the next one.
#[derive(Default)]
pub struct Scratch {
    stack: Vec<Value>,
    state: Option<Box<dyn Any>>,
}

/// One run.
pub struct Cx<'a> {
    pub(crate) out: String,
    /// The length of `out` at which a write must stop and think: flush, or fail.
    pub(super) out_mark: usize,
    pub(super) out_flushed: usize,
    /// What the caller had already written to `out`.
    pub(super) out_start: usize,
    pub(super) sink: Option<&'a mut Sink<'a>>,
    /// Captures under way: while one is, output is a value and must not be flushed.
    pub(crate) capturing: u32,
    pub(crate) stack: Vec<Value>,
    pub(crate) base: usize,
    pub(super) steps: u64,
    pub(crate) limits: Limits,
    pub(super) memory_base: usize,
    pub(super) memory_made: usize,
    pub(super) stack_top: Stack,
    pub(crate) run: u32,
    pub(crate) fault: Option<Box<Fault>>,
    /// The function that is being entered, for one that can name itself.
    pub(crate) running: Option<Function>,
    /// The value of a `return` in flight.
    pub(crate) returned: Value,
    /// The label of a `break` or `continue` in flight; 0 is none.
    pub(crate) label: u32,
    /// Where the call of a helper stands that is under way.
    pub(crate) site: u32,
    /// The state of `Math.random`; 0 before it was first asked.
    random: u64,
    /// Made when there is something to note.
    pub(crate) journal: Option<Box<Journal>>,
    pub(crate) host: &'a dyn Host,
    state: Option<Box<dyn Any>>,
}

impl std::fmt::Debug for Cx<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Cx(run {}, {} bytes of output)", self.run, self.out.len())
    }
}

thread_local! {
    static RUNS: Cell<u32> = const { Cell::new(0) };
}

impl<'a> Cx<'a> {
    /// A run that puts its output at the end of `out`, or hands it to a sink piece by piece.
    pub fn new(
        host: &'a dyn Host,
        scratch: Scratch,
        limits: Limits,
        out: String,
        sink: Option<&'a mut Sink<'a>>,
    ) -> Cx<'a> {
        let run = RUNS.with(|n| {
            n.set(n.get().wrapping_add(1).max(1));
            n.get()
        });
        let Scratch { stack, state } = scratch;
        let mut cx = Cx {
            out_mark: 0,
            out_flushed: 0,
            capturing: 0,
            stack,
            base: 0,
            steps: limits.steps,
            limits,
            memory_base: memory::held(),
            memory_made: memory::made(),
            stack_top: Stack::here(),
            run,
            fault: None,
            running: None,
            returned: Value::Undefined,
            label: 0,
            site: 0,
            random: 0,
            journal: None,
            out_start: out.len(),
            out,
            sink,
            host,
            state,
        };
        cx.set_mark();
        cx
    }

    /// Ends the run: data is as it was, and what was captured is let go. Gives the output that no sink has taken.
    pub fn finish(&mut self) -> (String, Scratch) {
        self.stack.clear();
        self.returned.set(Value::Undefined);
        self.undo();
        let scratch = Scratch { stack: std::mem::take(&mut self.stack), state: self.state.take() };
        (std::mem::take(&mut self.out), scratch)
    }

    /// What the host keeps for the time of a run; made when it is asked for the first time.
    pub fn state<T: Default + 'static>(&mut self) -> &mut T {
        let state = self.state.get_or_insert_with(|| Box::<T>::default());
        state.downcast_mut().expect("a host keeps one kind of state")
    }

    /// The same, when somebody has asked for it.
    pub fn state_made<T: 'static>(&mut self) -> Option<&mut T> {
        self.state.as_mut()?.downcast_mut()
    }

    /// A number of at least 0 and less than 1: SplitMix64 from the host's seed.
    pub(crate) fn random(&mut self) -> f64 {
        if self.random == 0 {
            self.random = self.host.seed().wrapping_mul(2) | 1;
        }
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// The bounds of this run.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Where the call stands that called the running helper: an offset in the program's source.
    pub fn site(&self) -> u32 {
        self.site
    }

    #[inline]
    pub(crate) fn slot(&self, slot: usize) -> &Value {
        &self.stack[self.base + slot]
    }

    #[inline]
    pub(crate) fn slot_mut(&mut self, slot: usize) -> &mut Value {
        &mut self.stack[self.base + slot]
    }

    /// The cell in a slot; a slot that should hold one and does not is given one.
    pub(crate) fn cell(&mut self, slot: usize) -> VarCell {
        match self.slot(slot) {
            Value::Cell(cell) => cell.clone(),
            other => {
                let cell = VarCell::new(other.clone());
                *self.slot_mut(slot) = Value::Cell(cell.clone());
                cell
            }
        }
    }

    /// A new array of this run.
    pub fn array(&self, items: Vec<Value>) -> Value {
        let array = Array::new(items);
        array.0.mark.run.set(self.run);
        array.into()
    }

    /// An iterator over these values.
    pub(crate) fn iterator(&self, items: Vec<Value>, name: &'static str) -> Value {
        let items = Array::new(items);
        self.own(Object::of_class(Class::Iterator, Inner::Items { items, next: Cell::new(0), name })).into()
    }

    /// Stamps an object as made by this run.
    pub fn own(&self, object: Object) -> Object {
        object.0.mark.run.set(self.run);
        object
    }
}
