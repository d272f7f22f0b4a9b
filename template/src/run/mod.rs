//! A render: the frame stack, the output, the bounds, and the error in flight.
//!
//! Every closure of a compiled template takes `&mut Cx` and nothing else. Local variables lie on one stack of values;
//! a closure knows the slot of each of its variables, and `base` says where the running function's frame starts.
//! Output goes to the end of one string. An error is noted once in `fault`; what travels up through the closures is
//! [`Halt`], which has no size, so that `Result<Value, Halt>` is as small as a value.

pub(crate) mod fault;
pub(crate) mod journal;
pub(crate) mod output;

pub(crate) use fault::{Fault, Halt, R};

use crate::compile::{Body, Unit};
use crate::engine::Shared;
use crate::error::{Error, ErrorKind};
use crate::limits::Limits;
use crate::value::{Array, Callable, Closure, Function, Object, Str, Value, VarCell, convert, memory};
use journal::Journal;
use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

/// Steps between two looks at the memory bound.
const STRIDE: u64 = 64;

/// How a statement ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Flow {
    Next,
    Break,
    Continue,
    Return,
}

/// Takes a piece of output; an error ends the render.
pub(crate) type Sink<'a> = dyn FnMut(&str) -> std::io::Result<()> + 'a;

/// The lists that every render fills and empties; a render that starts takes those of the last one.
#[derive(Default)]
pub(crate) struct Scratch {
    stack: Vec<Value>,
    units: Vec<(Rc<Unit>, Value)>,
}

/// The layout that a template asked for.
pub(crate) struct Layout {
    pub(crate) name: Str,
    pub(crate) data: Value,
    pub(crate) offset: u32,
}

/// One render.
pub(crate) struct Cx<'a> {
    pub(crate) out: String,
    /// The length of `out` at which a write must stop and think: flush, or fail.
    out_mark: usize,
    out_flushed: usize,
    /// What the caller had already written to `out`.
    out_start: usize,
    pub(crate) sink: Option<&'a mut Sink<'a>>,
    /// Captures under way: while one is, output is a value and must not be flushed.
    pub(crate) capturing: u32,
    pub(crate) stack: Vec<Value>,
    pub(crate) base: usize,
    steps: u64,
    pub(crate) limits: Limits,
    memory_base: usize,
    stack_top: usize,
    pub(crate) render: u32,
    pub(crate) fault: Option<Box<Fault>>,
    /// The function that is being entered, for one that can name itself.
    pub(crate) running: Option<Function>,
    /// The value of a `return` in flight.
    pub(crate) returned: Value,
    /// The label of a `break` or `continue` in flight; 0 is none.
    pub(crate) label: u32,
    journal: Journal,
    pub(crate) shared: Rc<Shared>,
    /// Units that are being rendered, outermost first.
    pub(crate) units: Vec<(Rc<Unit>, Value)>,
    pub(crate) layout: Option<Layout>,
    pub(crate) blocks: Option<HashMap<Str, Str>>,
    pub(crate) placeholders: Vec<Str>,
}

thread_local! {
    static RENDERS: Cell<u32> = const { Cell::new(0) };
}

impl<'a> Cx<'a> {
    pub(crate) fn new(shared: Rc<Shared>, limits: Limits, out: String, sink: Option<&'a mut Sink<'a>>) -> Cx<'a> {
        let marker = 0u8;
        let render = RENDERS.with(|n| {
            n.set(n.get().wrapping_add(1).max(1));
            n.get()
        });
        let Scratch { stack, units } = shared.scratch.take();
        let mut cx = Cx {
            out_mark: 0,
            out_flushed: 0,
            capturing: 0,
            stack,
            base: 0,
            steps: limits.steps,
            limits,
            memory_base: memory::held(),
            stack_top: &raw const marker as usize,
            render,
            fault: None,
            running: None,
            returned: Value::Undefined,
            label: 0,
            journal: Journal::default(),
            units,
            layout: None,
            blocks: None,
            placeholders: Vec::new(),
            out_start: out.len(),
            out,
            sink,
            shared,
        };
        cx.set_mark();
        cx
    }

    /// Ends the render: data is as it was, and what was captured is let go.
    pub(crate) fn finish(&mut self) {
        self.stack.clear();
        self.units.clear();
        self.returned = Value::Undefined;
        self.layout = None;
        self.undo();
        let scratch = Scratch { stack: std::mem::take(&mut self.stack), units: std::mem::take(&mut self.units) };
        self.shared.scratch.replace(scratch);
    }

    /// One unit of work.
    #[inline]
    pub(crate) fn step(&mut self) -> R<()> {
        if self.steps.is_multiple_of(STRIDE) {
            return self.step_and_look();
        }
        self.steps -= 1;
        Ok(())
    }

    #[cold]
    fn step_and_look(&mut self) -> R<()> {
        if self.steps == 0 {
            let limit = self.limits.steps;
            return self.fail(ErrorKind::StepLimit, format!("more than {limit} steps"));
        }
        self.steps -= 1;
        self.check_memory()
    }

    /// `count` units of work at once.
    pub(crate) fn steps(&mut self, count: usize) -> R<()> {
        let count = count as u64;
        if count > self.steps {
            self.steps = 0;
            return self.step_and_look();
        }
        let looked = self.steps / STRIDE;
        self.steps -= count;
        if looked != self.steps / STRIDE { self.check_memory() } else { Ok(()) }
    }

    pub(crate) fn steps_left(&self) -> u64 {
        self.steps
    }

    /// Work on a string of so many bytes, and its bound; to be asked before it is made.
    pub(crate) fn string_of(&mut self, bytes: usize) -> R<()> {
        if bytes > self.limits.string {
            let limit = self.limits.string;
            return self.fail(ErrorKind::MemoryLimit, format!("value too large: a string of more than {limit} bytes"));
        }
        self.room_for(bytes)?;
        if bytes >= 128 { self.steps(bytes / 128) } else { Ok(()) }
    }

    /// Whether so many bytes may be held on top of what is; to be asked before they are.
    pub(crate) fn room_for(&mut self, bytes: usize) -> R<()> {
        if bytes > 4096 && memory::held().saturating_sub(self.memory_base) + bytes > self.limits.memory {
            return self.memory_limit();
        }
        Ok(())
    }

    fn check_memory(&mut self) -> R<()> {
        // What is held may have shrunk below the base, when a render drops what it was given.
        let held = memory::held() as isize - self.memory_base as isize;
        let waiting = if self.capturing > 0 { self.out.len() } else { 0 };
        if held + waiting as isize > self.limits.memory as isize { self.memory_limit() } else { Ok(()) }
    }

    #[cold]
    fn memory_limit(&mut self) -> R<()> {
        let limit = self.limits.memory;
        self.fail(ErrorKind::MemoryLimit, format!("value too large: values of more than {limit} bytes"))
    }

    /// Fails when the native stack has grown past its bound. The address of a local variable is the measure.
    pub(crate) fn check_stack(&mut self) -> R<()> {
        let marker = 0u8;
        if self.stack_top.abs_diff(&raw const marker as usize) > self.limits.stack {
            return self.fail(ErrorKind::Range, "Maximum call stack size exceeded");
        }
        Ok(())
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

    /// Calls a function value.
    pub(crate) fn call(&mut self, function: &Function, this: &Value, args: &[Value]) -> R<Value> {
        match &*function.0 {
            Callable::Closure(closure) => {
                if closure.proto.names_itself {
                    self.running = Some(function.clone());
                }
                self.call_closure(closure, this, args)
            }
            Callable::Native { call, .. } | Callable::Namespace { call: Some(call), .. } => {
                self.step()?;
                call(self, this, args)
            }
            Callable::Host { call, .. } => {
                self.step()?;
                call(args).or_else(|message| self.fail(ErrorKind::Thrown, message))
            }
            Callable::Namespace { name, call: None } => self.fail(ErrorKind::Type, format!("{name} is not a function")),
        }
    }

    fn call_closure(&mut self, closure: &Closure, this: &Value, args: &[Value]) -> R<Value> {
        self.step()?;
        self.check_stack()?;
        let proto = &*closure.proto;
        let base = self.stack.len();
        self.stack.extend(closure.captures.iter().cloned());
        if proto.uses_this {
            // Sloppy mode: without a receiver `this` is the global object, which is empty here.
            let this = if this.is_nullish() { self.own(Object::new()).into() } else { this.clone() };
            self.stack.push(this);
        }
        if proto.uses_arguments {
            let arguments = self.array(args.to_vec());
            self.stack.push(arguments);
        }
        if proto.direct {
            let given = args.len().min(proto.parameters.len());
            self.stack.extend(args[..given].iter().cloned());
            self.stack.resize(base + proto.frame, Value::Undefined);
        } else {
            self.stack.resize(base + proto.frame, Value::Undefined);
            for (slot, arg) in proto.parameters.iter().zip(args) {
                self.stack[base + slot] = arg.clone();
            }
        }
        if let Some(slot) = proto.rest {
            let rest = self.array(args.get(proto.parameters.len()..).unwrap_or_default().to_vec());
            self.stack[base + slot] = rest;
        }
        let caller = std::mem::replace(&mut self.base, base);
        let result = match &proto.body {
            Body::Expr(body) => body(self),
            Body::Block(body) => match body(self) {
                Ok(Flow::Return) => Ok(std::mem::take(&mut self.returned)),
                Ok(_) => Ok(Value::Undefined),
                Err(halt) => Err(halt),
            },
        };
        self.stack.truncate(base);
        self.base = caller;
        if result.is_err() {
            self.in_source(&proto.source);
        }
        result
    }

    /// Renders a unit with its data at the end of the output; its layout, if it asks for one, around it.
    pub(crate) fn render_unit(&mut self, unit: &Rc<Unit>, data: &Value) -> R<()> {
        self.step()?;
        self.check_stack()?;
        let start = self.out.len();
        let outer = self.layout.take();
        if unit.uses_layout {
            self.capturing += 1;
        }
        self.units.push((unit.clone(), data.clone()));
        let result = self.run_unit(unit, data);
        if unit.uses_layout {
            self.capturing -= 1;
        }
        let result = match (result, self.layout.take()) {
            (Ok(()), Some(layout)) => self.render_layout(unit, layout, data, start),
            (result, _) => result,
        };
        self.units.pop();
        self.layout = outer;
        if result.is_err() {
            self.in_source(&unit.source);
        }
        result
    }

    fn run_unit(&mut self, unit: &Unit, data: &Value) -> R<()> {
        let base = self.stack.len();
        self.stack.resize(base + unit.frame, Value::Undefined);
        let caller = std::mem::replace(&mut self.base, base);
        unit.bind(self, data);
        let result = (unit.body)(self);
        self.returned = Value::Undefined;
        self.stack.truncate(base);
        self.base = caller;
        result.map(|_| ())
    }

    fn render_layout(&mut self, unit: &Rc<Unit>, layout: Layout, data: &Value, start: usize) -> R<()> {
        let body = self.out.split_off(start);
        self.string_of(body.len())?;
        let frame = self.own([(Str::from("body"), Value::from(body))].into_iter().collect());
        let data = self.merged(data, &layout.data);
        let data = self.merged(&data, &frame.into());
        let result =
            self.find_unit(&unit.path, layout.name.as_str(), &data).and_then(|outer| self.render_unit(&outer, &data));
        result.map_err(|halt| self.included_at(halt, &unit.source, layout.offset))
    }

    /// The template that `name` means in the template at `from`. The same template with the same data inside itself
    /// would never end; with other data it may, and its depth is bounded.
    pub(crate) fn find_unit(&mut self, from: &str, name: &str, data: &Value) -> R<Rc<Unit>> {
        self.step()?;
        let shared = self.shared.clone();
        let unit = match shared.find(from, name) {
            Ok(unit) => unit,
            Err(error) => return self.fail_with(error),
        };
        let again = |(open, with): &(Rc<Unit>, Value)| Rc::ptr_eq(open, &unit) && convert::strict_equal(with, data);
        if let Some(at) = self.units.iter().position(again) {
            let chain: Vec<&str> = self.units[at..].iter().map(|(unit, _)| &*unit.source.name).collect();
            let message = format!("include cycle: {} -> {}", chain.join(" -> "), unit.source.name);
            return self.fail(ErrorKind::Include, message);
        }
        let limit = self.limits.include_depth;
        if self.units.len() > limit {
            return self.fail(ErrorKind::Include, format!("include depth limit ({limit}) exceeded"));
        }
        Ok(unit)
    }

    /// What `include(name, data)` passes on: the including template's data with `more` on top.
    pub(crate) fn merged(&mut self, data: &Value, more: &Value) -> Value {
        let Value::Object(more) = more else { return data.clone() };
        let merged = match data {
            Value::Object(data) => data.entries().into_iter().collect::<Object>(),
            _ => Object::new(),
        };
        merged.change(|properties| {
            for (key, value) in more.entries() {
                if !matches!(key.as_str(), "__proto__" | "constructor") {
                    properties.set(key, value);
                }
            }
        });
        self.own(merged).into()
    }

    /// Runs something and takes what it put out as a string instead.
    pub(crate) fn capture(&mut self, run: impl FnOnce(&mut Cx<'a>) -> R<()>) -> R<Str> {
        let start = self.out.len();
        self.capturing += 1;
        let result = run(self);
        self.capturing -= 1;
        let text = self.out.split_off(start.min(self.out.len()));
        result?;
        self.string_of(text.len())?;
        Ok(text.into())
    }

    /// The error of this render, with place and chain.
    pub(crate) fn take_error(&mut self) -> Error {
        match self.fault.take() {
            Some(fault) => fault.into_error(self),
            None => Error::new(ErrorKind::Thrown, "the render stopped"),
        }
    }

    /// A list out of an iterable value: arrays, strings by character, and objects not at all.
    #[inline]
    pub(crate) fn iterate(&mut self, value: Value, what: &str) -> R<Array> {
        if let Value::Array(array) = value { Ok(array) } else { self.iterate_other(value, what) }
    }

    fn iterate_other(&mut self, value: Value, what: &str) -> R<Array> {
        match value {
            Value::String(s) => {
                self.steps(s.as_str().len())?;
                Ok(Array::new(s.code_points().into_iter().map(Value::String).collect()))
            }
            other => {
                let shown = match other {
                    Value::Undefined | Value::Null => convert_name(&other),
                    _ => what,
                };
                self.type_error(format!("{} is not iterable", if what.is_empty() { shown } else { what }))
            }
        }
    }
}

fn convert_name(value: &Value) -> &'static str {
    if matches!(value, Value::Null) { "null" } else { "undefined" }
}
