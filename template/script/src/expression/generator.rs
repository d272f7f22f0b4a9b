//! What the generator carries through a program, and what a scope does when it is entered.

use crate::base::{Limits, Source, stack::Stack};
use crate::run::{Alone, Cx, Escape, ExprFn, Native, Scratch, StmtFn, Trace};
use crate::syntax::{
    ast::Block,
    scope::{FuncId, Scopes, VarId, VarKind},
};
use crate::value::{Value, VarCell};
use std::rc::Rc;

/// Functions of the host that are found where they are called and nothing else has their name.
pub type Helpers = fn(&str) -> Option<Native>;

pub(crate) struct Gen<'p> {
    pub(crate) scopes: &'p Scopes,
    pub(crate) source: Rc<Source>,
    pub(crate) path: Rc<str>,
    pub(crate) limits: Limits,
    pub(crate) func: FuncId,
    /// The code is strict.
    pub(crate) strict: bool,
    pub(crate) locals: bool,
    pub(crate) escape: Option<Escape>,
    pub(crate) helpers: Helpers,
    /// Labels that stand before the loop that comes next.
    pub(crate) labels: Vec<u32>,
    pub(crate) trace: Trace,
    /// Where generating began on the native stack.
    pub(crate) stack: Stack,
    /// It used more of the stack than it may: what is made is no program.
    pub(crate) too_deep: bool,
    /// For each function, its variables in cells that belong to the whole function.
    pub(crate) wide: Vec<Vec<VarId>>,
}

impl Gen<'_> {
    /// Whether there is room on the native stack to go deeper.
    pub(crate) fn has_room(&mut self) -> bool {
        self.too_deep |= self.stack.used() > self.limits.stack.saturating_mul(2);
        !self.too_deep
    }

    pub(crate) fn slot(&self, var: VarId) -> usize {
        self.scopes.slot(self.func, var)
    }

    /// Notes a closure for the picture, with those of its parts below it.
    pub(crate) fn shape<T>(
        &mut self,
        label: impl FnOnce() -> String,
        offset: u32,
        build: impl FnOnce(&mut Self) -> T,
    ) -> T {
        self.trace.open(label, offset);
        let built = build(self);
        self.trace.close();
        built
    }

    /// Runs a closure whose operands are all constant, here and once; `None` when that fails or is no constant.
    pub(crate) fn fold(&self, run: &ExprFn) -> Option<Value> {
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
    pub(crate) fn block_body(&mut self, block: &Block, variables: &[VarId]) -> StmtFn {
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

    pub(crate) fn block(&mut self, block: &Block) -> StmtFn {
        self.block_body(block, &block.variables)
    }

    /// What entering a scope does to its variables' slots: new cells, and marks for what is not initialised yet.
    pub(crate) fn enter(&self, variables: &[VarId]) -> Option<Enter> {
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
pub(crate) struct Enter(Vec<(usize, bool, bool)>);

impl Enter {
    pub(crate) fn run(&self, cx: &mut Cx<'_>) {
        for &(slot, boxed, late) in &self.0 {
            let value = if late { Value::Uninit } else { Value::Undefined };
            cx.slot_mut(slot).set(if boxed { Value::Cell(VarCell::new(value)) } else { value });
        }
    }
}

/// What a list of so many parts in the source costs whenever it is walked; short ones are in the price of what walks them.
pub(crate) fn toll(parts: usize) -> usize {
    parts / 16
}

/// A statement that pays a toll first, if there is one.
pub(crate) fn tolled(toll: usize, run: StmtFn) -> StmtFn {
    if toll == 0 {
        return run;
    }
    Box::new(move |cx| {
        cx.steps(toll)?;
        run(cx)
    })
}
