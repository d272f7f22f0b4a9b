//! Output: a block as one closure.
//!
//! What a block does is text, part, text, part, and so on to a last text: a part is a tag that puts something out, or a
//! statement. All of it is one closure that walks over a list. What a tag puts out is told apart here: a variable is
//! written from its slot, a member of a variable from the object, without a copy of the value; anything else is evaluated
//! first. Constants become text, escaped now.

use crate::expression::code::Code;
use crate::expression::generator::{Gen, toll, tolled};
use crate::run::{Cx, Escape, ExprFn, Flow, Member, Place, R, RunFn, StmtFn, append::Text};
use crate::syntax::ast::*;
use crate::value::{Hint, Value, compare};

/// What stands between two texts. Its tag has a byte of its own, so that it is a number and no riddle of what else is possible.
#[repr(u8)]
pub(crate) enum Part {
    /// Puts a variable out.
    Place { place: Place, escape: Option<Escape> },
    /// Puts a member of a variable out.
    Member { member: Member, escape: Option<Escape> },
    /// Puts any other value out.
    Value { value: ExprFn, escape: Option<Escape> },
    /// Runs for its output and its effects, such as `<%- include(…) %>`.
    Run(RunFn),
    /// Puts nothing out itself, and may leave the block.
    Statement(StmtFn),
}

impl Part {
    #[inline]
    fn run(&self, cx: &mut Cx<'_>) -> R<Flow> {
        match self {
            Part::Place { place, escape } => place.put(cx, *escape)?,
            Part::Member { member, escape } => member.put(cx, *escape)?,
            Part::Value { value, escape } => {
                let value = value(cx)?;
                cx.put(&value, *escape)?;
            }
            Part::Run(run) => run(cx)?,
            Part::Statement(statement) => return statement(cx),
        }
        Ok(Flow::Next)
    }
}

/// The parts of a block, each with the text before it and its place in the source, and the text at the end.
#[derive(Default)]
pub(crate) struct Parts {
    parts: Vec<(String, Part, u32)>,
    tail: String,
    end: u32,
    /// Where the text at the end was noted.
    noted: Option<usize>,
}

impl Parts {
    /// Text; what comes next to text is one with it.
    fn text(&mut self, g: &mut Gen<'_>, text: &str, pos: u32) {
        self.tail.push_str(text);
        if !self.tail.is_empty() {
            self.noted = Some(g.trace.text(self.noted, self.tail.len(), pos));
        }
    }

    fn push(&mut self, part: Part, pos: u32) {
        self.noted = None;
        self.parts.push((std::mem::take(&mut self.tail), part, pos));
    }

    /// As one closure. The output is looked at before each part and at the end, so that no path leaves out its bound.
    pub(crate) fn into_fn(mut self) -> StmtFn {
        if self.tail.is_empty() {
            match self.parts.pop() {
                None => return super::stmt::nothing(),
                Some((text, Part::Statement(only), _)) if self.parts.is_empty() && text.is_empty() => return only,
                Some(last) => self.parts.push(last),
            }
        }
        let (tail, end) = (Text::new(&self.tail), self.end);
        let parts: Box<[(Text, Part, u32)]> =
            self.parts.into_iter().map(|(text, part, pos)| (Text::new(&text), part, pos)).collect();
        // A text takes its time too.
        let bytes: usize = parts.iter().map(|(text, ..)| text.len()).sum::<usize>() + tail.len();
        let toll = toll(parts.len() + bytes / 512);
        let run: StmtFn = Box::new(move |cx| {
            for (text, part, pos) in &parts {
                cx.text(text).map_err(|h| cx.at(h, *pos))?;
                match part.run(cx) {
                    Ok(Flow::Next) => {}
                    Ok(flow) => return Ok(flow),
                    Err(halt) => return Err(cx.at(halt, *pos)),
                }
            }
            cx.text(&tail).map_err(|h| cx.at(h, end))?;
            Ok(Flow::Next)
        });
        tolled(toll, run)
    }
}

impl Gen<'_> {
    /// Statements one after the other.
    pub(crate) fn parts<'s>(&mut self, statements: impl IntoIterator<Item = &'s Stmt>) -> Parts {
        let mut made = Parts::default();
        for statement in statements {
            let pos = statement.pos;
            made.end = pos;
            match &statement.kind {
                StmtKind::Empty => {}
                StmtKind::Text(text) => made.text(self, text, pos),
                StmtKind::Echo { raw, value, rest } => {
                    let label = || if *raw { "put out raw".into() } else { "put out escaped".into() };
                    let shapes = self.trace.len();
                    match self.shape(label, pos, |g| g.echo(if *raw { None } else { g.escape }, value, rest)) {
                        Ok(constant) => {
                            self.trace.cut(shapes);
                            made.text(self, &constant, pos);
                        }
                        Err(part) => made.push(part, value.pos),
                    }
                }
                _ => {
                    let run = self.stmt(statement);
                    made.push(Part::Statement(run), pos);
                }
            }
        }
        made
    }

    /// One tag: constant text, or what to do.
    fn echo(&mut self, escape: Option<Escape>, value: &Expr, rest: &[Expr]) -> Result<String, Part> {
        if !rest.is_empty() {
            return Err(self.echo_list(escape, value, rest));
        }
        if escape.is_none()
            && let ExprKind::Call { callee, arguments, .. } = &value.kind
            && let ExprKind::Name(id, name) = &callee.kind
            && self.is_free(*id)
            && name.as_str() == "include"
        {
            return Err(Part::Run(self.include_into(arguments, callee.pos)));
        }
        if let ExprKind::Member { object, name, optional: false } = &value.kind
            && let ExprKind::Name(id, base) = &object.kind
            && let Some(place) = self.place(*id, base, object.pos)
        {
            return match self.expr(value) {
                Code::Const(constant) => Ok(constant_text(&constant, escape)),
                code => {
                    let (key, hint, otherwise) = (name.clone(), Hint::default(), code.into_fn());
                    Err(Part::Member { member: Member { place, key, hint, otherwise }, escape })
                }
            };
        }
        match self.expr(value) {
            Code::Const(constant) => Ok(constant_text(&constant, escape)),
            Code::Place(place) => Err(Part::Place { place, escape }),
            code => Err(Part::Value { value: code.into_fn(), escape }),
        }
    }

    /// Expressions with commas: all are evaluated, the first is put out.
    fn echo_list(&mut self, escape: Option<Escape>, value: &Expr, rest: &[Expr]) -> Part {
        let value = self.expr(value).into_fn();
        let rest: Vec<ExprFn> = rest.iter().map(|expr| self.expr(expr).into_fn()).collect();
        let value: ExprFn = Box::new(move |cx| {
            let value = value(cx)?;
            for other in &rest {
                other(cx)?;
            }
            Ok(value)
        });
        Part::Value { value, escape }
    }
}

/// A constant as it appears in the output. Constants are never objects.
fn constant_text(value: &Value, escape: Option<Escape>) -> String {
    if value.is_nullish() {
        return String::new();
    }
    let text = compare::primitive_to_str(value);
    let Some(escape) = escape else { return text.as_str().to_owned() };
    let mut out = String::new();
    escape(&mut out, text.as_str());
    out
}
