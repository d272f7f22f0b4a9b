//! Output: runs of text and tags as one closure.
//!
//! `<td><%= cell %></td>` is text, output, text. Each `<%= %>` is told apart here by what it puts out: a variable is
//! written from its slot, a member of a variable from the object, without a copy of the value; anything else is
//! evaluated first. Constants become text, escaped now.

use super::{Code, ExprFn, Gen, RunFn, StmtFn};
use crate::js::ast::*;
use crate::run::{Cx, Flow, R};
use crate::value::{Str, Value, convert};
use std::cell::Cell;

/// What one tag puts out.
pub(super) enum Echo {
    Slot {
        slot: usize,
        raw: bool,
    },
    Member {
        slot: usize,
        key: Str,
        hint: Cell<usize>,
        otherwise: ExprFn,
        raw: bool,
    },
    Value {
        value: ExprFn,
        raw: bool,
    },
    /// Runs for its output and its effects, such as `<%- include(…) %>`.
    Run(RunFn),
}

/// Text before each output, and the text at the end.
pub(super) struct Fused {
    parts: Vec<(Box<str>, Echo, u32)>,
    tail: Box<str>,
}

impl Fused {
    pub(super) fn echoes(&self) -> usize {
        self.parts.len()
    }

    /// When the whole is text, the variable in this slot, text: the texts, and whether it is raw.
    pub(super) fn only_echo_of(&self, wanted: usize) -> Option<(Box<str>, bool, Box<str>)> {
        match &self.parts[..] {
            [(before, Echo::Slot { slot, raw }, _)] if *slot == wanted => {
                Some((before.clone(), *raw, self.tail.clone()))
            }
            _ => None,
        }
    }
}

impl Gen<'_> {
    /// Texts and outputs that follow one another.
    pub(super) fn output(&mut self, statements: &[&Stmt]) -> StmtFn {
        let fused = self.fuse(statements);
        let Fused { mut parts, tail } = fused;
        match parts.len() {
            0 if tail.is_empty() => super::stmt::nothing(),
            0 => Box::new(move |cx| cx.write_text(&tail).map(|()| Flow::Next)),
            1 => {
                let (before, echo, pos) = parts.remove(0);
                single(before, echo, tail, pos)
            }
            _ => Box::new(move |cx| {
                for (before, echo, pos) in &parts {
                    cx.out.push_str(before);
                    echo.put(cx).map_err(|h| cx.at(h, *pos))?;
                }
                cx.out.push_str(&tail);
                cx.written()?;
                Ok(Flow::Next)
            }),
        }
    }

    pub(super) fn fuse(&mut self, statements: &[&Stmt]) -> Fused {
        let mut fused = Fused { parts: Vec::new(), tail: Box::default() };
        let mut text = String::new();
        for statement in statements {
            match &statement.kind {
                StmtKind::Text(more) => {
                    let bytes = more.len();
                    self.shape(|| format!("text of {bytes} bytes"), statement.pos, |_| ());
                    text.push_str(more);
                }
                StmtKind::Echo { raw, value, rest } => {
                    let label = || if *raw { "put out raw".into() } else { "put out escaped".into() };
                    match self.shape(label, statement.pos, |g| g.echo(*raw || !g.escape, value, rest)) {
                        Ok(constant) => text.push_str(&constant),
                        Err(echo) => {
                            fused.parts.push((std::mem::take(&mut text).into(), echo, value.pos));
                        }
                    }
                }
                _ => {}
            }
        }
        fused.tail = text.into();
        fused
    }

    /// One tag: constant text, or what to do.
    fn echo(&mut self, raw: bool, value: &Expr, rest: &[Expr]) -> Result<String, Echo> {
        if !rest.is_empty() {
            return Err(self.echo_list(raw, value, rest));
        }
        if raw
            && let ExprKind::Call { callee, arguments, .. } = &value.kind
            && let ExprKind::Name(id, name) = &callee.kind
            && self.is_free(*id)
            && name.as_str() == "include"
        {
            return Err(Echo::Run(self.include_into(arguments, callee.pos)));
        }
        if let ExprKind::Member { object, name, optional: false } = &value.kind
            && let ExprKind::Name(id, _) = &object.kind
            && let super::access::Access::Plain(slot) = self.access(*id)
        {
            let otherwise = self.expr(value).into_fn();
            return Err(Echo::Member { slot, key: name.clone(), hint: Cell::new(0), otherwise, raw });
        }
        match self.expr(value) {
            Code::Const(constant) => Ok(constant_text(&constant, raw)),
            Code::Slot(slot) => Err(Echo::Slot { slot, raw }),
            Code::Fn(value) => Err(Echo::Value { value, raw }),
        }
    }

    /// `<%= a, b %>`: EJS passes both to a function that looks at the first.
    fn echo_list(&mut self, raw: bool, value: &Expr, rest: &[Expr]) -> Echo {
        let value = self.expr(value).into_fn();
        let rest: Vec<ExprFn> = rest.iter().map(|expr| self.expr(expr).into_fn()).collect();
        let value: ExprFn = Box::new(move |cx| {
            let value = value(cx)?;
            for other in &rest {
                other(cx)?;
            }
            Ok(value)
        });
        Echo::Value { value, raw }
    }
}

/// A constant as it appears in the output. Constants are never objects.
fn constant_text(value: &Value, raw: bool) -> String {
    if value.is_nullish() {
        return String::new();
    }
    let text = convert::primitive_to_str(value);
    if raw {
        return text.to_output().into_owned();
    }
    let mut out = String::new();
    crate::escape::append(&mut out, &text.to_output());
    out
}

impl Echo {
    #[inline]
    fn put(&self, cx: &mut Cx<'_>) -> R<()> {
        match self {
            Echo::Slot { slot, raw } => put_slot(cx, *slot, *raw),
            Echo::Member { slot, key, hint, otherwise, raw } => put_member(cx, *slot, key, hint, otherwise, *raw),
            Echo::Value { value, raw } => {
                let value = value(cx)?;
                put(cx, &value, *raw)
            }
            Echo::Run(run) => run(cx),
        }
    }
}

#[inline]
fn put(cx: &mut Cx<'_>, value: &Value, raw: bool) -> R<()> {
    if raw { cx.echo_raw(value) } else { cx.echo(value) }
}

/// The value is cloned for the time of writing: sixteen bytes, and a count for strings.
#[inline]
fn put_slot(cx: &mut Cx<'_>, slot: usize, raw: bool) -> R<()> {
    let value = cx.slot(slot).clone();
    put(cx, &value, raw)
}

#[inline]
fn put_member(cx: &mut Cx<'_>, slot: usize, key: &Str, hint: &Cell<usize>, otherwise: &ExprFn, raw: bool) -> R<()> {
    let found = match cx.slot(slot) {
        Value::Object(object) => {
            let properties = object.borrow();
            properties.find(key.as_str(), hint.get()).map(|place| {
                hint.set(place);
                properties.at(place).clone()
            })
        }
        _ => None,
    };
    let value = match found {
        Some(value) => value,
        None => otherwise(cx)?,
    };
    put(cx, &value, raw)
}

/// One output between two texts: the closure that most tags become.
fn single(before: Box<str>, echo: Echo, after: Box<str>, pos: u32) -> StmtFn {
    match echo {
        Echo::Slot { slot, raw } => Box::new(move |cx| {
            cx.out.push_str(&before);
            put_slot(cx, slot, raw).map_err(|h| cx.at(h, pos))?;
            cx.out.push_str(&after);
            cx.written()?;
            Ok(Flow::Next)
        }),
        Echo::Member { slot, key, hint, otherwise, raw } => Box::new(move |cx| {
            cx.out.push_str(&before);
            put_member(cx, slot, &key, &hint, &otherwise, raw).map_err(|h| cx.at(h, pos))?;
            cx.out.push_str(&after);
            cx.written()?;
            Ok(Flow::Next)
        }),
        Echo::Value { value, raw } => Box::new(move |cx| {
            cx.out.push_str(&before);
            let value = value(cx)?;
            put(cx, &value, raw).map_err(|h| cx.at(h, pos))?;
            cx.out.push_str(&after);
            cx.written()?;
            Ok(Flow::Next)
        }),
        Echo::Run(run) => Box::new(move |cx| {
            cx.out.push_str(&before);
            run(cx).map_err(|h| cx.at(h, pos))?;
            cx.out.push_str(&after);
            cx.written()?;
            Ok(Flow::Next)
        }),
    }
}
