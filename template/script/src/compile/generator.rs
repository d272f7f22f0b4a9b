//! What the generator carries through a program, and what a scope does when it is entered.

use crate::base::{Limits, Source, stack::Stack};
use crate::run::{Alone, Cx, Escape, ExprFn, Native, Scratch, Shape, StmtFn};
use crate::syntax::{
    ast::Block,
    scope::{FuncId, Scopes, VarId, VarKind},
};
use crate::value::{Value, VarCell};
use std::ops::Range;
use std::rc::Rc;

/// Functions of the host that are found where they are called and nothing else has their name.
pub type Helpers = fn(&str) -> Option<Native>;

pub(crate) struct Gen<'p> {
    pub(super) scopes: &'p Scopes,
    pub(super) source: Rc<Source>,
    pub(super) path: Rc<str>,
    pub(super) limits: Limits,
    pub(super) func: FuncId,
    /// The code is strict.
    pub(super) strict: bool,
    pub(super) locals: bool,
    pub(super) escape: Option<Escape>,
    pub(super) helpers: Helpers,
    /// Labels that stand before the loop that comes next.
    pub(super) labels: Vec<u32>,
    pub(super) trace: Option<Vec<Shape>>,
    pub(super) depth: usize,
    /// Where generating began on the native stack.
    pub(super) stack: Stack,
    /// It used more of the stack than it may: what is made is no program.
    pub(super) too_deep: bool,
    /// For each function, its variables in cells that belong to the whole function.
    pub(super) wide: Vec<Vec<VarId>>,
}

impl Gen<'_> {
    /// Whether there is room on the native stack to go deeper.
    pub(super) fn has_room(&mut self) -> bool {
        self.too_deep |= self.stack.used() > self.limits.stack.saturating_mul(2);
        !self.too_deep
    }

    pub(super) fn slot(&self, var: VarId) -> usize {
        self.scopes.slot(self.func, var)
    }

    /// Notes a closure for the picture, with those of its parts below it.
    pub(super) fn shape<T>(
        &mut self,
        label: impl FnOnce() -> String,
        offset: u32,
        build: impl FnOnce(&mut Self) -> T,
    ) -> T {
        if let Some(trace) = &mut self.trace {
            trace.push(Shape { depth: self.depth, label: label(), offset });
        }
        self.depth += 1;
        let built = build(self);
        self.depth -= 1;
        built
    }

    /// Closures noted so far.
    pub(super) fn shapes(&self) -> usize {
        self.trace.as_ref().map_or(0, Vec::len)
    }

    /// Of the closures noted from a place on, only those of a part remain, which no other holds: the others were folded away.
    pub(super) fn keep_shapes(&mut self, from: usize, part: Range<usize>) {
        let Some(trace) = &mut self.trace else { return };
        let noted = trace.split_off(from);
        let kept = noted.into_iter().skip(part.start - from).take(part.len());
        trace.extend(kept.map(|shape| Shape { depth: shape.depth - 1, ..shape }));
    }

    /// None of those noted from a place on is left.
    pub(super) fn drop_shapes(&mut self, from: usize) {
        self.keep_shapes(from, from..from);
    }

    /// Notes text that is put out: alone, or as more of the text that was noted at a place; gives that place.
    pub(super) fn text_shape(&mut self, at: Option<usize>, bytes: usize, offset: u32) -> usize {
        let (at, depth) = (at.unwrap_or(self.shapes()), self.depth);
        if let Some(trace) = &mut self.trace {
            let label = format!("{bytes}-byte text");
            match trace.get_mut(at) {
                Some(shape) => shape.label = label,
                None => trace.push(Shape { depth, label, offset }),
            }
        }
        at
    }

    /// Runs a closure whose operands are all constant, here and once; `None` when that fails or is no constant.
    pub(super) fn fold(&self, run: &ExprFn) -> Option<Value> {
        let limits = Limits { steps: 2_000, string: 4_096, ..self.limits };
        let mut cx = Cx::new(&Alone, Scratch::default(), limits, String::new(), None);
        let value = run(&mut cx);
        cx.finish();
        let value = value.ok()?;
        match value {
            Value::Undefined | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Some(value),
            _ => None,
        }
    }

    /// A block's statements after making its variables and functions.
    pub(super) fn block_body(&mut self, block: &Block, variables: &[VarId]) -> StmtFn {
        let enter = self.enter(variables);
        let functions = self.hoisted(block);
        let body = self.parts(&block.statements).into_fn();
        let toll = toll(functions.len() + enter.as_ref().map_or(0, |enter| enter.0.len()));
        match (enter, functions.is_empty()) {
            (None, true) => body,
            (enter, _) => tolled(
                toll,
                Box::new(move |cx| {
                    if let Some(enter) = &enter {
                        enter.run(cx);
                    }
                    for function in &functions {
                        function(cx)?;
                    }
                    body(cx)
                }),
            ),
        }
    }

    pub(super) fn block(&mut self, block: &Block) -> StmtFn {
        self.block_body(block, &block.variables)
    }

    /// What entering a scope does to its variables' slots: new cells, and marks for what is not initialised yet.
    pub(super) fn enter(&self, variables: &[VarId]) -> Option<Enter> {
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
pub(super) struct Enter(Vec<(usize, bool, bool)>);

impl Enter {
    pub(super) fn run(&self, cx: &mut Cx<'_>) {
        for &(slot, boxed, late) in &self.0 {
            let value = if late { Value::Uninit } else { Value::Undefined };
            cx.slot_mut(slot).set(if boxed { Value::Cell(VarCell::new(value)) } else { value });
        }
    }
}

/// What a list of so many parts in the source costs whenever it is walked; short ones are in the price of what walks them.
pub(super) fn toll(parts: usize) -> usize {
    parts / 16
}

/// A statement that pays a toll first, if there is one.
pub(super) fn tolled(toll: usize, run: StmtFn) -> StmtFn {
    if toll == 0 {
        return run;
    }
    Box::new(move |cx| {
        cx.steps(toll)?;
        run(cx)
    })
}
