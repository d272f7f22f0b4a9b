//! Loops.
//!
//! `for … of` walks the array by index, as JavaScript's iterator does, so that a loop sees what its body appends. The
//! variable of a turn is a plain slot; only when a function captures it does each turn get a cell of its own.
//! A loop whose body does nothing but put its element out, which is what the cells of a table are, never stores it.

use super::operator::TestFn;
use super::output::Fused;
use super::{ExprFn, Gen, StmtFn};
use crate::js::ast::*;
use crate::js::scope::VarKind;
use crate::run::cell::{self, Short};
use crate::run::{Cx, Flow, R};
use crate::value::{Array, Str, Value, VarCell};

/// The labels that stand before a loop.
struct Labels(Box<[u32]>);

impl Labels {
    /// After a turn that ended with `flow`: `None` to go on, or how the loop ends.
    #[inline]
    fn after(&self, cx: &mut Cx<'_>, flow: Flow) -> Option<Flow> {
        match flow {
            Flow::Next => None,
            Flow::Continue if cx.label == 0 => None,
            Flow::Continue if self.0.contains(&cx.label) => {
                cx.label = 0;
                None
            }
            Flow::Break if cx.label == 0 => Some(Flow::Next),
            other => Some(other),
        }
    }
}

impl Gen<'_> {
    fn take_labels(&mut self) -> Labels {
        Labels(std::mem::take(&mut self.labels).into())
    }

    pub(super) fn while_loop(&mut self, test: &Expr, body: &Stmt, pos: u32) -> StmtFn {
        let labels = self.take_labels();
        let (test, body) = self.shape(|| "while".into(), pos, |g| (g.test(test), g.stmt(body)));
        Box::new(move |cx| {
            while test(cx)? {
                cx.step().map_err(|h| cx.at(h, pos))?;
                let flow = body(cx)?;
                if let Some(end) = labels.after(cx, flow) {
                    return Ok(end);
                }
            }
            Ok(Flow::Next)
        })
    }

    pub(super) fn do_loop(&mut self, test: &Expr, body: &Stmt, pos: u32) -> StmtFn {
        let labels = self.take_labels();
        let (test, body) = self.shape(|| "do".into(), pos, |g| (g.test(test), g.stmt(body)));
        Box::new(move |cx| {
            loop {
                cx.step().map_err(|h| cx.at(h, pos))?;
                let flow = body(cx)?;
                if let Some(end) = labels.after(cx, flow) {
                    return Ok(end);
                }
                if !test(cx)? {
                    return Ok(Flow::Next);
                }
            }
        })
    }

    pub(super) fn for_loop(&mut self, head: &ForHead, body: &Stmt, pos: u32) -> StmtFn {
        let labels = self.take_labels();
        let enter = self.enter(&head.variables);
        // Variables that functions capture: each turn goes on with a copy in a cell of its own.
        let fresh: Vec<(usize, ExprFn)> = head
            .variables
            .iter()
            .filter(|&&var| self.scopes.boxed(var))
            .map(|&var| (self.slot(var), Self::value_in(self.slot(var))))
            .collect();
        let (init, test, update, body) = self.shape(
            || "for".into(),
            pos,
            |g| {
                let init = head.init.as_ref().map(|init| g.stmt(init));
                let test: Option<TestFn> = head.test.as_ref().map(|test| g.test(test));
                let update = head.update.as_ref().map(|update| g.expr(update).into_fn());
                (init, test, update, g.stmt(body))
            },
        );
        Box::new(move |cx| {
            if let Some(enter) = &enter {
                enter.run(cx);
            }
            if let Some(init) = &init {
                init(cx)?;
            }
            loop {
                if let Some(test) = &test
                    && !test(cx)?
                {
                    return Ok(Flow::Next);
                }
                cx.step().map_err(|h| cx.at(h, pos))?;
                let flow = body(cx)?;
                if let Some(end) = labels.after(cx, flow) {
                    return Ok(end);
                }
                for (slot, value) in &fresh {
                    let cell = VarCell::new(Value::Undefined);
                    let value = value(cx)?;
                    cx.set_cell(&cell, value);
                    *cx.slot_mut(*slot) = Value::Cell(cell);
                }
                if let Some(update) = &update {
                    update(cx)?;
                }
            }
        })
    }

    pub(super) fn for_each(&mut self, of: bool, head: &EachHead, body: &Stmt, pos: u32) -> StmtFn {
        let labels = self.take_labels();
        let plain = match &head.target {
            Pattern::Declare(var) if !self.scopes.boxed(*var) => Some(self.slot(*var)),
            _ => None,
        };
        let label = || format!("for {} into {}", if of { "of" } else { "in" }, target_of(plain));
        self.shape(label, pos, |g| {
            let list = g.expr(&head.list).into_fn();
            if !of {
                return g.for_in(list, head, body, labels, pos);
            }
            if let (Some(slot), Some(fused)) = (plain, g.fused_body(body))
                && let Some((before, raw, after)) = fused.only_echo_of(slot)
                && !matches!(&head.target, Pattern::Declare(var) if g.scopes.vars[*var].kind == VarKind::Var)
            {
                return echo_each(list, before, raw, after, pos);
            }
            let shown: Str = shown(&head.list).into();
            let enter = g.enter(&head.variables);
            let body_run = g.stmt(body);
            if let (Some(slot), None) = (plain, &enter) {
                return walk_into_slot(list, slot, body_run, labels, shown, pos);
            }
            let bind = g.bind(&head.target);
            Box::new(move |cx| {
                let value = list(cx)?;
                let array = cx.iterate(&value, shown.as_str()).map_err(|h| cx.at(h, pos))?;
                let mut index = 0;
                while let Some(item) = array.get(index) {
                    cx.step().map_err(|h| cx.at(h, pos))?;
                    if let Some(enter) = &enter {
                        enter.run(cx);
                    }
                    bind(cx, item)?;
                    let flow = body_run(cx)?;
                    if let Some(end) = labels.after(cx, flow) {
                        return Ok(end);
                    }
                    index += 1;
                }
                Ok(Flow::Next)
            })
        })
    }

    /// A body that is nothing but text and output.
    fn fused_body(&mut self, body: &Stmt) -> Option<Fused> {
        let StmtKind::Block(block) = &body.kind else { return None };
        let outputs = |s: &Stmt| matches!(s.kind, StmtKind::Text(_) | StmtKind::Echo { .. });
        if !block.functions.is_empty() || !block.statements.iter().all(outputs) || block.statements.len() > 3 {
            return None;
        }
        let trace = self.trace.as_ref().map(Vec::len);
        let statements: Vec<&Stmt> = block.statements.iter().collect();
        let fused = self.fuse(&statements);
        if fused.echoes() != 1 {
            // It is compiled again in the general way.
            if let (Some(trace), Some(length)) = (&mut self.trace, trace) {
                trace.truncate(length);
            }
            return None;
        }
        Some(fused)
    }

    /// `for (key in object)`: keys in order, as strings.
    fn for_in(&mut self, list: ExprFn, head: &EachHead, body: &Stmt, labels: Labels, pos: u32) -> StmtFn {
        let enter = self.enter(&head.variables);
        let bind = self.bind(&head.target);
        let body = self.stmt(body);
        Box::new(move |cx| {
            let value = list(cx)?;
            let keys = crate::builtins::object::keys_of(&value);
            cx.steps(keys.len() / 16)?;
            for key in keys {
                cx.step().map_err(|h| cx.at(h, pos))?;
                if let Value::Object(object) = &value
                    && object.borrow().get(key.as_str()).is_none()
                {
                    // Deleted before its turn.
                    continue;
                }
                if let Some(enter) = &enter {
                    enter.run(cx);
                }
                bind(cx, key.into())?;
                let flow = body(cx)?;
                if let Some(end) = labels.after(cx, flow) {
                    return Ok(end);
                }
            }
            Ok(Flow::Next)
        })
    }
}

fn target_of(slot: Option<usize>) -> String {
    slot.map_or("a pattern".into(), |slot| format!("slot {slot}"))
}

fn shown(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Name(_, name) => name.as_str().to_owned(),
        ExprKind::Member { object, name, .. } => format!("{}.{}", shown(object), name.as_str()),
        ExprKind::Parenthesised(inner) | ExprKind::Chain(inner) => shown(inner),
        _ => "value".into(),
    }
}

/// The common loop: a plain variable and any body.
fn walk_into_slot(list: ExprFn, slot: usize, body: StmtFn, labels: Labels, shown: Str, pos: u32) -> StmtFn {
    Box::new(move |cx| {
        let value = list(cx)?;
        let array = cx.iterate(&value, shown.as_str()).map_err(|h| cx.at(h, pos))?;
        let mut index = 0;
        while let Some(item) = array.get(index) {
            cx.step().map_err(|h| cx.at(h, pos))?;
            *cx.slot_mut(slot) = item;
            let flow = body(cx)?;
            if let Some(end) = labels.after(cx, flow) {
                return Ok(end);
            }
            index += 1;
        }
        Ok(Flow::Next)
    })
}

/// Text, element, text, for each element. The list stays borrowed while elements are simple; one whose conversion could
/// call back into the template, which may change the list, is put out between two borrowings.
fn echo_each(list: ExprFn, before: Box<str>, raw: bool, after: Box<str>, pos: u32) -> StmtFn {
    let short = Short::new(&before).zip(Short::new(&after));
    Box::new(move |cx| {
        let value = list(cx)?;
        let array = cx.iterate(&value, "value").map_err(|h| cx.at(h, pos))?;
        let mut index = 0;
        loop {
            let (next, other) =
                echo_simple(cx, &array, index, &before, raw, &after, short.as_ref()).map_err(|h| cx.at(h, pos))?;
            let Some(item) = other else { return Ok(Flow::Next) };
            cx.out.push_str(&before);
            put(cx, &item, raw).map_err(|h| cx.at(h, pos))?;
            cx.out.push_str(&after);
            cx.written().map_err(|h| cx.at(h, pos))?;
            index = next;
        }
    })
}

/// Puts out elements from `index` on, up to one that is not simple; gives that, and the place after it.
fn echo_simple(
    cx: &mut Cx<'_>,
    array: &Array,
    mut index: usize,
    before: &str,
    raw: bool,
    after: &str,
    short: Option<&(Short, Short)>,
) -> R<(usize, Option<Value>)> {
    let items = array.borrow();
    while let Some(item) = items.get(index) {
        cx.step()?;
        index += 1;
        match (item, short) {
            (Value::Number(n), Some((before, after))) if f64::from(*n as i32) == *n => {
                cell::append(&mut cx.out, before, *n as i32, after);
            }
            (Value::Number(_) | Value::String(_) | Value::Bool(_) | Value::Undefined | Value::Null, _) => {
                cx.out.push_str(before);
                put(cx, item, raw)?;
                cx.out.push_str(after);
            }
            _ => return Ok((index, Some(item.clone()))),
        }
        cx.written()?;
    }
    Ok((index, None))
}

#[inline]
fn put(cx: &mut Cx<'_>, value: &Value, raw: bool) -> R<()> {
    if raw { cx.echo_raw(value) } else { cx.echo(value) }
}
