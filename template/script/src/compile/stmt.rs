//! Statements, apart from loops and output.

use crate::expression::code::Code;
use crate::expression::generator::{Gen, toll};
use crate::expression::operator::TestFn;
use crate::run::{ExprFn, Flow, R, StmtFn};
use crate::syntax::{ast::*, origin::From};
use crate::value::{Value, compare};

impl Gen<'_> {
    pub(crate) fn stmt(&mut self, stmt: &Stmt) -> StmtFn {
        let pos = stmt.pos;
        if !self.has_room() {
            return nothing();
        }
        match &stmt.kind {
            StmtKind::Empty => nothing(),
            StmtKind::Text(_) | StmtKind::Echo { .. } => self.parts([stmt]).into_fn(),
            StmtKind::Expr(expr) => self.expression_statement(expr),
            StmtKind::Declare { is_var, declarations } => self.declare(*is_var, declarations, pos),
            StmtKind::Block(block) => self.shape(|| "block".into(), pos, |g| g.block(block)),
            StmtKind::If { branches, otherwise } => self.branches(branches, otherwise.as_deref(), pos),
            StmtKind::For { head, body } => self.for_loop(head, body, pos),
            StmtKind::ForEach { of, head, body } => self.for_each(*of, head, body, pos),
            StmtKind::While { test, body } => self.while_loop(test, body, pos),
            StmtKind::DoWhile { test, body } => self.do_loop(test, body, pos),
            StmtKind::Switch { value, block, cases } => self.switch(value, block, cases, pos),
            StmtKind::Break(label) => jump(Flow::Break, *label),
            StmtKind::Continue(label) => jump(Flow::Continue, *label),
            StmtKind::Return(value) => self.return_statement(value.as_ref()),
            StmtKind::Throw(value) => self.throw(value, pos),
            StmtKind::Try { block, catch, finally } => {
                self.try_statement(block, catch.as_deref(), finally.as_ref(), pos)
            }
            StmtKind::Labelled(label, body) => self.labelled(*label, body),
        }
    }

    fn expression_statement(&mut self, expr: &Expr) -> StmtFn {
        self.effect(expr).unwrap_or_else(nothing)
    }

    fn declare(&mut self, is_var: bool, declarations: &[(Pattern, Option<Expr>)], pos: u32) -> StmtFn {
        let label = || if is_var { "var".into() } else { "let".into() };
        let made = self.shape(label, pos, |g| {
            let mut made: Vec<StmtFn> = Vec::new();
            for (pattern, value) in declarations {
                let code = match (value, pattern) {
                    (None, _) if is_var => continue,
                    (None, _) => Code::Const(Value::Undefined),
                    (Some(value), Pattern::Declare(var)) => {
                        let name = g.scopes.vars[*var].name.clone();
                        g.named(value, &name)
                    }
                    (Some(value), Pattern::Array { .. }) => g.iterated(value),
                    (Some(value), _) => g.expr(value),
                };
                if let Pattern::Declare(var) = pattern
                    && let Some(slot) = g.declared(*var).slot()
                {
                    let value = code.into_fn();
                    made.push(Box::new(move |cx| {
                        let value = value(cx)?;
                        cx.slot_mut(slot).set(value);
                        Ok(Flow::Next)
                    }));
                    continue;
                }
                let from = value.as_ref().map_or(From::ELEMENT, From::declared);
                let (value, write) = (code.into_fn(), g.bind(pattern, from));
                made.push(Box::new(move |cx| {
                    let value = value(cx)?;
                    write(cx, value).map(|()| Flow::Next)
                }));
            }
            made
        });
        sequence(made)
    }

    fn branches(&mut self, branches: &[(Expr, Stmt)], otherwise: Option<&Stmt>, pos: u32) -> StmtFn {
        let (mut made, otherwise) = self.shape(
            || "if".into(),
            pos,
            |g| {
                let made: Vec<(TestFn, StmtFn)> =
                    branches.iter().map(|(test, body)| (g.test(test), g.stmt(body))).collect();
                (made, otherwise.map(|body| g.stmt(body)))
            },
        );
        if made.len() == 1
            && let Some((test, body)) = made.pop()
        {
            return match otherwise {
                None => Box::new(move |cx| if test(cx)? { body(cx) } else { Ok(Flow::Next) }),
                Some(no) => Box::new(move |cx| if test(cx)? { body(cx) } else { no(cx) }),
            };
        }
        let toll = toll(made.len());
        Box::new(move |cx| {
            cx.toll(toll)?;
            for (test, body) in &made {
                if test(cx)? {
                    return body(cx);
                }
            }
            match &otherwise {
                Some(body) => body(cx),
                None => Ok(Flow::Next),
            }
        })
    }

    fn switch(&mut self, value: &Expr, block: &Block, cases: &[(Option<Expr>, usize)], pos: u32) -> StmtFn {
        type Case = (Option<ExprFn>, usize);
        let (value, tests, bodies, enter, functions) = self.shape(
            || format!("switch of {} cases", cases.len()),
            pos,
            |g| {
                let value = g.expr(value).into_fn();
                let enter = g.enter(&block.variables);
                let functions = g.hoisted(block);
                let tests: Vec<Case> =
                    cases.iter().map(|(test, at)| (test.as_ref().map(|test| g.expr(test).into_fn()), *at)).collect();
                let bodies: Vec<StmtFn> = block.statements.iter().map(|s| g.stmt(s)).collect();
                (value, tests, bodies, enter, functions)
            },
        );
        let toll = toll(tests.len() + bodies.len());
        Box::new(move |cx| {
            cx.toll(toll)?;
            let value = value(cx)?;
            if let Some(enter) = &enter {
                enter.run(cx);
            }
            for function in &functions {
                function(cx)?;
            }
            let mut start = None;
            for (test, at) in &tests {
                if let Some(test) = test {
                    let candidate = test(cx)?;
                    cx.comparing(&value, &candidate)?;
                    if compare::strict_equal(&value, &candidate) {
                        start = Some(*at);
                        break;
                    }
                }
            }
            let default = || tests.iter().find(|(test, _)| test.is_none()).map(|(_, at)| *at);
            let Some(start) = start.or_else(default) else { return Ok(Flow::Next) };
            for body in &bodies[start..] {
                match body(cx)? {
                    Flow::Next => {}
                    Flow::Break if cx.label == 0 => return Ok(Flow::Next),
                    flow => return Ok(flow),
                }
            }
            Ok(Flow::Next)
        })
    }

    fn return_statement(&mut self, value: Option<&Expr>) -> StmtFn {
        let Some(value) = value else {
            return Box::new(|cx| {
                cx.returned = Value::Undefined;
                Ok(Flow::Return)
            });
        };
        let value = self.shape(|| "return".into(), value.pos, |g| g.expr(value).into_fn());
        Box::new(move |cx| {
            cx.returned = value(cx)?;
            Ok(Flow::Return)
        })
    }

    fn throw(&mut self, value: &Expr, pos: u32) -> StmtFn {
        let value = self.shape(|| "throw".into(), pos, |g| g.expr(value).into_fn());
        Box::new(move |cx| {
            let value = value(cx)?;
            cx.throw(value).map_err(|h| cx.at(h, pos))
        })
    }

    fn try_statement(&mut self, block: &Block, catch: Option<&Catch>, finally: Option<&Block>, pos: u32) -> StmtFn {
        let (block, catch, finally) = self.shape(
            || "try".into(),
            pos,
            |g| {
                let block = g.block(block);
                let catch = catch.map(|(pattern, variables, body)| {
                    let enter = g.enter(variables);
                    let bind = pattern.as_ref().map(|pattern| g.bind(pattern, From::CATCH));
                    (enter, bind, g.block(body))
                });
                (block, catch, finally.map(|body| g.block(body)))
            },
        );
        let caught: StmtFn = match catch {
            None => block,
            Some((enter, bind, handler)) => Box::new(move |cx| {
                let (base, depth) = (cx.base, cx.stack.len());
                // Until the block is done, what it puts out may have to be taken back.
                cx.capturing += 1;
                let result = block(cx);
                cx.capturing -= 1;
                match result {
                    Err(halt) => {
                        let Some(value) = cx.catch() else { return Err(halt) };
                        cx.base = base;
                        cx.stack.truncate(depth);
                        if let Some(enter) = &enter {
                            enter.run(cx);
                        }
                        if let Some(bind) = &bind {
                            bind(cx, value)?;
                        }
                        handler(cx)
                    }
                    flow => flow,
                }
            }),
        };
        let Some(finally) = finally else { return caught };
        Box::new(move |cx| {
            let result = caught(cx);
            if let Err(halt) = result {
                // A bound that was reached ends the run; nothing more of the program runs.
                if cx.fault.as_ref().is_none_or(|fault| !fault.kind.catchable()) {
                    return Err(halt);
                }
            }
            let fault = cx.fault.take();
            let returned = std::mem::take(&mut cx.returned);
            let label = std::mem::take(&mut cx.label);
            match finally(cx)? {
                Flow::Next => {
                    cx.fault = fault;
                    cx.returned = returned;
                    cx.label = label;
                    result
                }
                // `return` or `break` in a finally block overrides what came before it.
                flow => Ok(flow),
            }
        })
    }

    fn labelled(&mut self, label: u32, body: &Stmt) -> StmtFn {
        self.labels.push(label);
        let is_loop = matches!(
            body.kind,
            StmtKind::For { .. }
                | StmtKind::ForEach { .. }
                | StmtKind::While { .. }
                | StmtKind::DoWhile { .. }
                | StmtKind::Labelled(..)
        );
        if !is_loop {
            self.labels.clear();
        }
        let body = self.stmt(body);
        self.labels.clear();
        Box::new(move |cx| -> R<Flow> {
            let flow = body(cx)?;
            if flow == Flow::Break && cx.label == label {
                cx.label = 0;
                return Ok(Flow::Next);
            }
            Ok(flow)
        })
    }

    /// A variable's value, wherever it lives; for loops that copy their variables from turn to turn.
    pub(crate) fn value_in(slot: usize) -> ExprFn {
        Box::new(move |cx| Ok(cx.slot(slot).in_cell()))
    }
}

pub(crate) fn nothing() -> StmtFn {
    Box::new(|_| Ok(Flow::Next))
}

fn jump(flow: Flow, label: u32) -> StmtFn {
    Box::new(move |cx| {
        cx.label = label;
        Ok(flow)
    })
}

/// One closure that runs several.
pub(crate) fn sequence(mut made: Vec<StmtFn>) -> StmtFn {
    match made.len() {
        0 => nothing(),
        1 => made.remove(0),
        2 => {
            let (second, first) = (made.remove(1), made.remove(0));
            Box::new(move |cx| match first(cx)? {
                Flow::Next => second(cx),
                flow => Ok(flow),
            })
        }
        count => Box::new(move |cx| {
            cx.toll(toll(count))?;
            for statement in &made {
                match statement(cx)? {
                    Flow::Next => {}
                    flow => return Ok(flow),
                }
            }
            Ok(Flow::Next)
        }),
    }
}
