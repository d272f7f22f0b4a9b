//! Loops.
//!
//! `for … of` walks the array by index, as JavaScript's iterator does, so that a loop sees what its body appends. The
//! variable of a turn is a plain slot; only when a function captures it does each turn get a cell of its own.
//! A loop whose body does nothing but put its element out, which is what the cells of a table are, never stores it.

use crate::expression::{code::Code, generator::Gen, operator::TestFn};
use crate::run::{Escape, ExprFn, Flow, Labels, StmtFn, each::Each};
use crate::syntax::{
    ast::*,
    origin::{From, Origin},
    scope::{VarId, VarKind},
};
use crate::value::{Value, VarCell};

impl Gen<'_> {
    fn take_labels(&mut self) -> Labels {
        Labels::new(std::mem::take(&mut self.labels))
    }

    pub(crate) fn while_loop(&mut self, test: &Expr, body: &Stmt, pos: u32) -> StmtFn {
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

    pub(crate) fn do_loop(&mut self, test: &Expr, body: &Stmt, pos: u32) -> StmtFn {
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

    pub(crate) fn for_loop(&mut self, head: &ForHead, body: &Stmt, pos: u32) -> StmtFn {
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
                let update = head.update.as_ref().and_then(|update| g.effect(update));
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
                    cx.slot_mut(*slot).set(Value::Cell(cell));
                }
                if let Some(update) = &update {
                    update(cx)?;
                }
            }
        })
    }

    pub(crate) fn for_each(&mut self, of: bool, head: &EachHead, body: &Stmt, pos: u32) -> StmtFn {
        let labels = self.take_labels();
        let plain = match &head.target {
            Pattern::Declare(var) => self.declared(*var).slot(),
            _ => None,
        };
        let label = || {
            format!(
                "for {} into {}",
                if of { "of" } else { "in" },
                plain.map_or("a pattern".into(), |slot| format!("slot {slot}"))
            )
        };
        self.shape(label, pos, |g| {
            let list = if of { g.iterated(&head.list) } else { g.expr(&head.list) };
            if !of {
                return g.for_in(list.into_fn(), head, body, labels, pos);
            }
            // A `var` keeps its last value, so it must be stored.
            if let (Some(slot), Pattern::Declare(var)) = (plain, &head.target)
                && g.scopes.vars[*var].kind != VarKind::Var
                && let Some((before, escape, after)) = g.only_echo_of(*var, body)
            {
                let text = |text: &str| format!("{}-byte text", text.len());
                let put = || if escape.is_some() { "put out escaped".into() } else { "put out raw".into() };
                let name = g.scopes.vars[*var].name.clone();
                g.shape(|| text(&before), pos, |_| ());
                g.shape(put, pos, |g| g.shape(|| format!("slot {slot} ({})", name.as_str()), pos, |_| ()));
                g.shape(|| text(&after), pos, |_| ());
                return echo_each(list, &before, escape, &after, Origin::of_loop(&head.list), pos);
            }
            let origin = Origin::of_loop(&head.list);
            let enter = g.enter(&head.variables);
            let body_run = g.stmt(body);
            if let (Some(slot), None) = (plain, &enter) {
                return walk_into_slot(list, slot, body_run, labels, origin, pos);
            }
            let bind = g.bind(&head.target, From::turn(&head.target));
            Box::new(move |cx| {
                if let Some(enter) = &enter {
                    enter.run(cx);
                }
                let array = list.list(cx, &origin).map_err(|h| cx.at(h, pos))?;
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

    /// For a body that only puts out this variable: the texts around it, and how it is escaped. Read off the tree.
    fn only_echo_of(&self, wanted: VarId, body: &Stmt) -> Option<(String, Option<Escape>, String)> {
        let StmtKind::Block(block) = &body.kind else { return None };
        if !block.functions.is_empty() {
            return None;
        }
        let (mut texts, mut echo) = ([String::new(), String::new()], None);
        for statement in &block.statements {
            match &statement.kind {
                StmtKind::Text(text) => texts[usize::from(echo.is_some())].push_str(text),
                StmtKind::Echo { raw, value: Expr { kind: ExprKind::Name(id, _), .. }, rest }
                    if echo.is_none() && rest.is_empty() && self.scopes.uses[*id].var == wanted =>
                {
                    echo = Some(if *raw { None } else { self.escape });
                }
                _ => return None,
            }
        }
        let [before, after] = texts;
        echo.map(|escape| (before, escape, after))
    }

    /// `for (key in object)`: keys in order, as strings.
    fn for_in(&mut self, list: ExprFn, head: &EachHead, body: &Stmt, labels: Labels, pos: u32) -> StmtFn {
        let enter = self.enter(&head.variables);
        let bind = self.bind(&head.target, From::turn(&head.target));
        let body = self.stmt(body);
        Box::new(move |cx| {
            if let Some(enter) = &enter {
                enter.run(cx);
            }
            let value = list(cx)?;
            let keys = crate::builtins::object::keys_of(cx, &value)?;
            for key in keys {
                cx.step().map_err(|h| cx.at(h, pos))?;
                if let Value::Object(object) = &value
                    && object.text().is_none()
                    && object.borrow().get(&key).is_none()
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

/// The common loop: a plain variable and any body.
fn walk_into_slot(list: Code, slot: usize, body: StmtFn, labels: Labels, origin: Origin, pos: u32) -> StmtFn {
    Box::new(move |cx| {
        let array = list.list(cx, &origin).map_err(|h| cx.at(h, pos))?;
        let mut index = 0;
        while let Some(item) = array.get(index) {
            cx.step().map_err(|h| cx.at(h, pos))?;
            cx.slot_mut(slot).set(item);
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
/// call back into the program, which may change the list, is put out between two borrowings.
fn echo_each(list: Code, before: &str, escape: Option<Escape>, after: &str, origin: Origin, pos: u32) -> StmtFn {
    let each = Each::new(before, escape, after);
    Box::new(move |cx| {
        let array = list.list(cx, &origin).map_err(|h| cx.at(h, pos))?;
        let mut index = 0;
        while index < array.len() {
            index = each.some(cx, &array, index).map_err(|h| cx.at(h, pos))?;
        }
        Ok(Flow::Next)
    })
}
