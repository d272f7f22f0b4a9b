//! From syntax tree to closures.
//!
//! Each expression becomes a closure that gives a value, each statement one that gives how it ended. A closure owns the
//! closures of its parts, so running a template is calling one closure; no tree is looked at again, and a local
//! variable is a number. What can be decided here is decided here: constants are folded, and constant output becomes
//! text; runs of text and output become one closure ([`output`]); a method's implementations are found by name once
//! ([`call`]); a loop whose body only puts its element out needs no variable ([`loops`]).

mod access;
mod assign;
mod call;
mod expr;
mod function;
mod loops;
mod operator;
pub(crate) mod output;
mod stmt;

pub(crate) use assign::set_member;

use crate::engine::Shared;
use crate::js::ast::Block;
use crate::js::parser::Parsed;
use crate::js::scope::{DATA_VAR, FuncId, LOCALS_VAR, Scopes, VarId, VarKind};
use crate::limits::Limits;
use crate::run::{Cx, Flow, R};
use crate::source::Source;
use crate::value::{Hint, Object, Str, Value, VarCell};
use std::rc::Rc;

pub(crate) type ExprFn = Box<dyn Fn(&mut Cx<'_>) -> R<Value>>;
/// Does something and gives nothing.
pub(crate) type RunFn = Box<dyn Fn(&mut Cx<'_>) -> R<()>>;
pub(crate) type StmtFn = Box<dyn Fn(&mut Cx<'_>) -> R<Flow>>;

/// A compiled template.
pub(crate) struct Unit {
    pub(crate) source: Rc<Source>,
    /// Name inside the engine's root, for relative includes; empty for templates from strings.
    pub(crate) path: Rc<str>,
    pub(crate) frame: usize,
    names: Vec<FreeName>,
    data: (usize, bool),
    locals: Option<(usize, bool)>,
    pub(crate) body: StmtFn,
    pub(crate) uses_layout: bool,
    pub(crate) closures: Vec<Shape>,
}

/// A name that the template does not declare, or declares with `var`.
struct FreeName {
    name: Str,
    slot: usize,
    boxed: bool,
    /// `var`: undefined when the data does not have it. Else missing.
    var: bool,
    hint: Hint,
}

/// A function of a template.
pub(crate) struct Proto {
    pub(crate) name: Str,
    pub(crate) source: Rc<Source>,
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) parameters: Box<[usize]>,
    /// The parameters' slots follow the captured variables without a gap.
    pub(crate) direct: bool,
    pub(crate) rest: Option<usize>,
    pub(crate) names_itself: bool,
    pub(crate) uses_this: bool,
    pub(crate) uses_arguments: bool,
    pub(crate) frame: usize,
    pub(crate) body: Body,
}

pub(crate) enum Body {
    Expr(ExprFn),
    Block(StmtFn),
}

impl Proto {
    /// The function's source text.
    pub(crate) fn text(&self) -> Str {
        self.source.text.get(self.start as usize..self.end as usize).unwrap_or("function").trim_end().into()
    }
}

/// A closure as the playground and `--tree` show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// How deep it is nested.
    pub depth: usize,
    /// What it does, with the slots and constants that it holds.
    pub label: String,
    /// Where in the source it comes from.
    pub offset: u32,
}

/// A variable in a slot of the frame.
#[derive(Clone)]
pub(crate) struct Place {
    slot: usize,
    /// That it has a value whenever this use is reached. Else it may hold a mark.
    sure: bool,
    name: Str,
    pos: u32,
}

impl Place {
    #[inline]
    fn get(&self, cx: &mut Cx<'_>) -> R<Value> {
        match cx.slot(self.slot) {
            Value::Uninit | Value::Missing => access::absent(cx, self),
            value => Ok(value.clone()),
        }
    }
}

/// An expression on its way to a closure.
pub(crate) enum Code {
    Const(Value),
    /// A variable in a slot of the frame.
    Place(Place),
    /// How long the list in a slot is; the closure is for what is no list.
    Length(usize, ExprFn),
    Fn(ExprFn),
}

impl Code {
    pub(crate) fn into_fn(self) -> ExprFn {
        match self {
            Code::Const(value) => Box::new(move |_| Ok(value.clone())),
            Code::Place(place) => Box::new(move |cx| place.get(cx)),
            Code::Length(_, run) | Code::Fn(run) => run,
        }
    }

    /// Evaluates it: a call only where there is something to call.
    #[inline]
    fn get(&self, cx: &mut Cx<'_>) -> R<Value> {
        match self {
            Code::Const(value) => Ok(value.clone()),
            Code::Place(place) => place.get(cx),
            Code::Length(_, run) | Code::Fn(run) => run(cx),
        }
    }

    /// The number that it is, where that can be seen without a call.
    #[inline(always)]
    fn number(&self, cx: &Cx<'_>) -> Option<f64> {
        let value = match self {
            Code::Const(value) => value,
            Code::Place(place) => cx.slot(place.slot),
            Code::Length(slot, _) => match cx.slot(*slot) {
                Value::Array(list) => return Some(list.len() as f64),
                _ => return None,
            },
            Code::Fn(_) => return None,
        };
        if let Value::Number(n) = value { Some(*n) } else { None }
    }

    fn constant(&self) -> Option<&Value> {
        match self {
            Code::Const(value) => Some(value),
            _ => None,
        }
    }
}

/// What to compile besides the source.
pub(crate) struct Settings {
    pub(crate) limits: Limits,
    pub(crate) path: Rc<str>,
    pub(crate) trace: bool,
    pub(crate) escape: bool,
}

pub(crate) struct Gen<'p> {
    scopes: &'p Scopes,
    source: Rc<Source>,
    path: Rc<str>,
    limits: Limits,
    func: FuncId,
    locals: bool,
    escape: bool,
    /// Labels that stand before the loop that comes next.
    labels: Vec<u32>,
    trace: Option<Vec<Shape>>,
    depth: usize,
    /// For each function, its variables in cells that belong to the whole function.
    wide: Vec<Vec<VarId>>,
}

/// Compiles a parsed template.
pub(crate) fn compile(parsed: &Parsed, source: Rc<Source>, settings: Settings) -> Unit {
    let scopes = &parsed.scopes;
    let trace = settings.trace.then(Vec::new);
    let mut wide = vec![Vec::new(); scopes.funcs.len()];
    for (id, var) in scopes.vars.iter().enumerate() {
        if var.is_function_wide() && scopes.boxed(id) {
            wide[var.func].push(id);
        }
    }
    let mut code = Gen {
        scopes,
        source: source.clone(),
        path: settings.path.clone(),
        limits: settings.limits,
        func: 0,
        locals: parsed.locals,
        escape: settings.escape,
        labels: Vec::new(),
        trace,
        depth: 0,
        wide,
    };
    let body = code.block_body(&parsed.body, &parsed.variables);
    let mut names = Vec::new();
    for (id, var) in scopes.vars.iter().enumerate() {
        let outermost = var.func == 0 && matches!(var.kind, VarKind::Free | VarKind::Var);
        if outermost {
            names.push(FreeName {
                name: var.name.clone(),
                slot: scopes.slot(0, id),
                boxed: scopes.boxed(id),
                var: var.kind == VarKind::Var,
                hint: Hint::default(),
            });
        }
    }
    let place = |var| (scopes.slot(0, var), scopes.boxed(var));
    Unit {
        source,
        path: settings.path,
        frame: scopes.frame(0),
        names,
        data: place(DATA_VAR),
        locals: parsed.locals.then(|| place(LOCALS_VAR)),
        body,
        uses_layout: parsed.uses_layout,
        closures: code.trace.unwrap_or_default(),
    }
}

impl Unit {
    /// Fills the frame's slots for the data and the free names.
    pub(crate) fn bind(&self, cx: &mut Cx<'_>, data: &Value) {
        let put = |cx: &mut Cx<'_>, slot: usize, boxed: bool, value: Value| {
            cx.slot_mut(slot).set(if boxed { Value::Cell(VarCell::new(value)) } else { value });
        };
        put(cx, self.data.0, self.data.1, data.clone());
        if let Some((slot, boxed)) = self.locals {
            let copy: Object = match data {
                Value::Object(object) => object.entries().into_iter().filter(|(k, _)| visible(k.as_str())).collect(),
                _ => Object::new(),
            };
            let copy = cx.own(copy).into();
            put(cx, slot, boxed, copy);
        }
        let properties = match data {
            Value::Object(object) => Some(object.borrow()),
            _ => None,
        };
        for free in &self.names {
            let given = properties
                .as_ref()
                .filter(|_| visible(free.name.as_str()))
                .and_then(|properties| properties.find(free.name.as_str(), &free.hint).cloned());
            let value = match given {
                // With `locals` in use, the data's names are looked up there.
                Some(_) if self.locals.is_some() && !free.var => Value::Missing,
                Some(value) => value,
                None if free.var => Value::Undefined,
                None => cx.shared.global(free.name.as_str()).unwrap_or(Value::Missing),
            };
            put(cx, free.slot, free.boxed, value);
        }
    }
}

/// EJS copies the data without these two names.
fn visible(name: &str) -> bool {
    !matches!(name, "__proto__" | "constructor")
}

impl Gen<'_> {
    fn slot(&self, var: VarId) -> usize {
        self.scopes.slot(self.func, var)
    }

    /// Notes a closure for the picture, with those of its parts below it.
    fn shape<T>(&mut self, label: impl FnOnce() -> String, offset: u32, build: impl FnOnce(&mut Self) -> T) -> T {
        if let Some(trace) = &mut self.trace {
            trace.push(Shape { depth: self.depth, label: label(), offset });
        }
        self.depth += 1;
        let built = build(self);
        self.depth -= 1;
        built
    }

    /// Runs a closure whose operands are all constant, here and once; `None` when that fails or is no constant.
    fn fold(&self, run: &ExprFn) -> Option<Value> {
        let limits = Limits { steps: 2_000, string: 4_096, ..self.limits };
        let mut cx = Cx::new(Rc::new(Shared::default()), limits, String::new(), None);
        let value = run(&mut cx).ok()?;
        cx.finish();
        match value {
            Value::Undefined | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Some(value),
            _ => None,
        }
    }

    /// A block's statements after making its variables and functions.
    pub(crate) fn block_body(&mut self, block: &Block, variables: &[VarId]) -> StmtFn {
        let enter = self.enter(variables);
        let functions = self.hoisted(block);
        let body = self.parts(&block.statements).into_fn();
        match (enter, functions.is_empty()) {
            (None, true) => body,
            (enter, _) => Box::new(move |cx| {
                if let Some(enter) = &enter {
                    enter.run(cx);
                }
                for function in &functions {
                    function(cx)?;
                }
                body(cx)
            }),
        }
    }

    fn block(&mut self, block: &Block) -> StmtFn {
        self.block_body(block, &block.variables)
    }

    /// What entering a scope does to its variables' slots: new cells, and marks for what is not initialised yet.
    fn enter(&self, variables: &[VarId]) -> Option<Enter> {
        let slots: Vec<_> = variables
            .iter()
            .map(|&var| {
                let variable = &self.scopes.vars[var];
                let late = variable.unsure && matches!(variable.kind, VarKind::Let | VarKind::Const);
                (self.slot(var), self.scopes.boxed(var), late)
            })
            .filter(|&(_, boxed, late)| boxed || late)
            .collect();
        if slots.is_empty() { None } else { Some(Enter(slots)) }
    }
}

/// Slots to prepare: slot, in a cell, not initialised.
struct Enter(Vec<(usize, bool, bool)>);

impl Enter {
    fn run(&self, cx: &mut Cx<'_>) {
        for &(slot, boxed, late) in &self.0 {
            let value = if late { Value::Uninit } else { Value::Undefined };
            cx.slot_mut(slot).set(if boxed { Value::Cell(VarCell::new(value)) } else { value });
        }
    }
}
