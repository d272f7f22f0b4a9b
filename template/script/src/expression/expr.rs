//! Expressions, apart from those with files of their own.

use super::code::Code;
use super::generator::{Gen, toll};
use crate::base::{ErrorKind, Str};
use crate::builtins::array::with_holes;
use crate::regexp::RegExp;
use crate::run::{Cx, ExprFn, R, convert, elements::Elements};
use crate::syntax::{ast::*, origin::Origin};
use crate::value::{Object, Value, compare};

impl Gen<'_> {
    pub(crate) fn expr(&mut self, expr: &Expr) -> Code {
        let pos = expr.pos;
        if !self.has_room() {
            return Code::Const(Value::Undefined);
        }
        let shapes = self.trace.len();
        let code = match &expr.kind {
            ExprKind::Undefined => Code::Const(Value::Undefined),
            ExprKind::Null => Code::Const(Value::Null),
            ExprKind::Bool(b) => Code::Const(Value::Bool(*b)),
            ExprKind::Number(n) => Code::Const(Value::Number(*n)),
            ExprKind::String(s) => Code::Const(Value::String(s.clone())),
            ExprKind::RegExp { pattern, flags } => self.regexp(pattern, flags),
            ExprKind::Template { quasis, parts } => self.template(quasis, parts, pos),
            ExprKind::Name(id, name) => self.name(*id, name, pos),
            ExprKind::Array(items) => self.array(items, pos),
            ExprKind::Object(properties) => self.object(properties, pos),
            ExprKind::Function(literal) => self.function(literal),
            ExprKind::Unary(operator, operand) => self.unary(*operator, operand, pos),
            ExprKind::Update { up, prefix, target } => self.update(*up, *prefix, target, pos),
            ExprKind::Binary(operator, left, right) => self.binary(*operator, left, right, pos),
            ExprKind::Sum(items) => self.sum(items, pos),
            ExprKind::Logical(operator, items) => self.logical(*operator, items, pos),
            ExprKind::Conditional(parts) => self.conditional(parts, pos),
            ExprKind::Assign { operator, target, value } => self.assign(*operator, target, value, pos),
            ExprKind::Sequence(items) => self.sequence(items),
            ExprKind::Member { object, name, optional } => self.member(object, name, *optional, pos),
            ExprKind::Index { object, index, optional } => self.index(object, index, *optional, pos),
            ExprKind::Call { callee, arguments, optional } => self.call(callee, arguments, *optional, "function", pos),
            ExprKind::New { class, arguments } => self.construct(class, arguments, pos),
            ExprKind::InstanceOf(operand, class) => self.instance_of(operand, class, pos),
            ExprKind::Chain(inner) => self.chain(inner),
            ExprKind::Parenthesised(inner) => self.expr(inner),
            ExprKind::Invalid(words) => {
                let words = *words;
                Code::Fn(Box::new(move |cx| cx.fail(ErrorKind::Reference, words).map_err(|h| cx.at(h, pos))))
            }
        };
        if code.constant().is_some() {
            self.trace.cut(shapes);
        }
        code
    }

    /// The closure, or its value when its operands are constant.
    pub(crate) fn folded(&mut self, constant: bool, run: ExprFn) -> Code {
        if constant && let Some(value) = self.fold(&run) { Code::Const(value) } else { Code::Fn(run) }
    }

    fn regexp(&mut self, pattern: &Str, flags: &Str) -> Code {
        // The parser has compiled it once already, to report its errors.
        match RegExp::new(pattern.as_str(), flags.as_str()) {
            Ok(regexp) => Code::Fn(Box::new(move |_| Ok(Value::RegExp(regexp.fresh())))),
            Err(_) => Code::Const(Value::Undefined),
        }
    }

    fn template(&mut self, quasis: &[Str], parts: &[Expr], pos: u32) -> Code {
        if parts.is_empty() {
            return Code::Const(quasis[0].clone().into());
        }
        let label = || format!("template literal of {} parts", parts.len());
        let codes: Vec<Code> = self.shape(label, pos, |g| parts.iter().map(|part| g.expr(part)).collect());
        let constant = codes.iter().all(|code| code.constant().is_some());
        let first = quasis[0].clone();
        let rest: Vec<(ExprFn, Str)> =
            codes.into_iter().zip(&quasis[1..]).map(|(code, text)| (code.into_fn(), text.clone())).collect();
        let toll = toll(rest.len());
        let run: ExprFn = Box::new(move |cx| {
            cx.toll(toll)?;
            let mut out = first.clone();
            for (part, text) in &rest {
                let value = part(cx)?;
                let value = convert::to_str(cx, &value).map_err(|h| cx.at(h, pos))?;
                out = cx.joined(out, &value).and_then(|out| cx.joined(out, text)).map_err(|h| cx.at(h, pos))?;
            }
            Ok(out.into())
        });
        self.folded(constant, run)
    }

    fn sequence(&mut self, items: &[Expr]) -> Code {
        let mut items: Vec<ExprFn> = items.iter().map(|item| self.expr(item).into_fn()).collect();
        let Some(last) = items.pop() else { return Code::Const(Value::Undefined) };
        let toll = toll(items.len());
        Code::Fn(Box::new(move |cx| {
            cx.toll(toll)?;
            for item in &items {
                item(cx)?;
            }
            last(cx)
        }))
    }

    fn conditional(&mut self, parts: &(Expr, Expr, Expr), pos: u32) -> Code {
        let from = self.trace.len();
        let (test, yes, middle, no) = self.shape(
            || "conditional".into(),
            pos,
            |g| (g.expr(&parts.0), g.expr(&parts.1), g.trace.len(), g.expr(&parts.2)),
        );
        if let Some(value) = test.constant() {
            // A constant has no closure: what was noted behind the conditional itself is its branches'.
            let (first, end) = ((from + 1).min(middle), self.trace.len());
            let (code, shapes) = if compare::truthy(value) { (yes, first..middle) } else { (no, middle..end) };
            self.trace.keep(from, shapes);
            return code;
        }
        let test = test.into_test();
        let (yes, no) = (yes.into_fn(), no.into_fn());
        Code::Fn(Box::new(move |cx| if test(cx)? { yes(cx) } else { no(cx) }))
    }

    /// Arguments, as a list made at run time. V8 has a sentence of its own for one that is spread behind the others.
    pub(crate) fn arguments(&mut self, items: &[Element]) -> Elements {
        let last =
            items.iter().position(|item| matches!(item, Element::Spread(_))).is_some_and(|n| n + 1 == items.len());
        self.elements(items, |expr| if last { Origin::Argument(expr.shown()) } else { Origin::of_argument(expr) })
    }

    fn elements(&mut self, items: &[Element], origin: impl Fn(&Expr) -> Origin) -> Elements {
        let plain = items.iter().all(|item| matches!(item, Element::Item(_)));
        let items = items
            .iter()
            .map(|item| match item {
                Element::Item(expr) => (None, self.expr(expr).into_fn()),
                Element::Spread(expr) => match origin(expr) {
                    origin @ Origin::Sentence(_) => (Some(origin), self.iterated(expr).into_fn()),
                    origin => (Some(origin), self.expr(expr).into_fn()),
                },
                Element::Hole => (None, Code::Const(Value::Undefined).into_fn()),
            })
            .collect();
        Elements::new(items, plain)
    }

    fn array(&mut self, items: &[Element], pos: u32) -> Code {
        let elements = self.shape(
            || format!("array of {}", items.len()),
            pos,
            |g| g.elements(items, |expr| Origin::Sentence(expr.listed())),
        );
        let spread = items.iter().position(|item| matches!(item, Element::Spread(_)));
        let known = items.iter().take(spread.unwrap_or(items.len())).enumerate();
        let holes: Vec<usize> = known.filter(|(_, item)| matches!(item, Element::Hole)).map(|(n, _)| n).collect();
        Code::Fn(Box::new(move |cx| {
            let items = elements.run(cx, pos)?;
            Ok(with_holes(cx.array(items), holes.iter().copied()))
        }))
    }

    fn object(&mut self, properties: &[Property], pos: u32) -> Code {
        enum Entry {
            Named(Str, ExprFn),
            Computed(ExprFn, ExprFn),
            Spread(ExprFn),
        }
        let entries: Vec<Entry> = self.shape(
            || format!("object of {}", properties.len()),
            pos,
            |g| {
                let mut entries = Vec::new();
                for property in properties {
                    entries.push(match property {
                        Property::Entry(Key::Name(name), value) => Entry::Named(name.clone(), g.expr(value).into_fn()),
                        Property::Entry(Key::Computed(key), value) => {
                            Entry::Computed(g.expr(key).into_fn(), g.expr(value).into_fn())
                        }
                        Property::Shorthand(name, value, _) => Entry::Named(name.clone(), g.expr(value).into_fn()),
                        Property::Spread(value) => Entry::Spread(g.expr(value).into_fn()),
                    });
                }
                entries
            },
        );
        let toll = toll(entries.len());
        Code::Fn(Box::new(move |cx| {
            cx.step()?;
            cx.toll(toll)?;
            let object = cx.own(Object::new());
            for entry in &entries {
                match entry {
                    Entry::Named(key, value) => {
                        let value = value(cx)?;
                        object.set(key.clone(), value);
                    }
                    Entry::Computed(key, value) => {
                        let key = key(cx)?;
                        let key = convert::to_key(cx, &key).map_err(|h| cx.at(h, pos))?;
                        let value = value(cx)?;
                        object.set(key, value);
                    }
                    Entry::Spread(value) => {
                        let value = value(cx)?;
                        for (key, value) in spread(cx, &value)? {
                            object.set(key, value);
                        }
                    }
                }
            }
            Ok(object.into())
        }))
    }

    fn instance_of(&mut self, operand: &Expr, class: &Expr, pos: u32) -> Code {
        let (operand, class) = (self.expr(operand).into_fn(), self.expr(class).into_fn());
        Code::Fn(Box::new(move |cx| {
            let value = operand(cx)?;
            match class(cx)? {
                // A function of the program has no prototype: nothing is made by it.
                Value::Function(class) => Ok(Value::Bool(crate::lookup::is_instance(&value, class.name()))),
                other => {
                    let lacks = if other.is_object() { "callable" } else { "an object" };
                    let failed = cx.type_error(format!("Right-hand side of 'instanceof' is not {lacks}"));
                    failed.map_err(|h| cx.at(h, pos))
                }
            }
        }))
    }
}

/// The entries that `...value` adds to an object.
pub(crate) fn spread(cx: &mut Cx<'_>, value: &Value) -> R<Vec<(Str, Value)>> {
    crate::builtins::object::entries_of(cx, value)
}
