//! Calls. A method's implementations for each kind of receiver are found by name here, once; at run time the receiver
//! picks one.

use super::code::Code;
use super::generator::Gen;
use crate::base::Str;
use crate::lookup::{self, Methods};
use crate::run::{Cx, R, RunFn, Site, elements::Elements, errors::missing};
use crate::syntax::{ast::*, scope::DATA_VAR};
use crate::value::{Hint, Value};
use std::rc::Rc;

use crate::lookup::access::{get_index, get_member};

/// What a value is not that is called, and whose result is a list to be gone through: V8 does not know which of both failed.
const FUNCTION_OF_LIST: &str = "function or its return value is not iterable";

impl Gen<'_> {
    /// An expression whose value is gone through.
    pub(crate) fn iterated(&mut self, expr: &Expr) -> Code {
        match &expr.bare().kind {
            ExprKind::Call { callee, arguments, optional } => {
                self.call(callee, arguments, *optional, FUNCTION_OF_LIST, expr.bare().pos)
            }
            _ => self.expr(expr),
        }
    }

    /// A call; `what` its callee must be.
    pub(crate) fn call(
        &mut self,
        callee: &Expr,
        arguments: &[Element],
        optional: bool,
        what: &'static str,
        pos: u32,
    ) -> Code {
        match &callee.kind {
            ExprKind::Name(id, name) if self.is_free(*id) => match name.as_str() {
                "include" => self.include(arguments, callee.pos),
                _ => self.call_free(*id, name, arguments, (optional, what), callee.pos),
            },
            ExprKind::Member { object, name, optional: link } => {
                if let ExprKind::Name(id, space) = &object.kind
                    && self.is_free(*id)
                    && let Some(native) = lookup::static_method(space.as_str(), name.as_str())
                {
                    let label = || format!("built-in {}.{}", space.as_str(), name.as_str());
                    let arguments = self.shape(label, pos, |g| g.arguments(arguments));
                    return Code::Fn(Box::new(move |cx| {
                        cx.step()?;
                        arguments
                            .with(cx, pos, |cx, args| native(cx, &Value::Undefined, args))
                            .map_err(|h| cx.at(h, pos))
                    }));
                }
                let shown = callee.shown();
                self.call_method((object, name, *link), (optional, what), arguments, shown, pos)
            }
            ExprKind::Index { object, index, optional: link } => {
                let shown = Rc::<str>::from(callee.shown());
                let link = *link;
                let (object, index) = (self.expr(object).into_fn(), self.expr(index).into_fn());
                let arguments = self.shape(|| "call of an element".into(), pos, |g| g.arguments(arguments));
                Code::Fn(Box::new(move |cx| {
                    let this = object(cx)?;
                    if link && this.is_nullish() {
                        return cx.absent();
                    }
                    let index = index(cx)?;
                    let callee = get_index(cx, &this, &index).map_err(|h| cx.at(h, pos))?;
                    call_value(cx, &callee, &this, &arguments, (optional, what), &shown, pos)
                }))
            }
            _ => {
                let shown = Rc::<str>::from(callee.shown());
                let (callee, arguments) =
                    self.shape(|| "call".into(), pos, |g| (g.expr(callee).into_fn(), g.arguments(arguments)));
                Code::Fn(Box::new(move |cx| {
                    let callee = callee(cx)?;
                    call_value(cx, &callee, &Value::Undefined, &arguments, (optional, what), &shown, pos)
                }))
            }
        }
    }

    /// A call of a name that the program does not declare. A function in the data is called; else the engine's own
    /// function of this name, which no other kind of data can hide.
    fn call_free(
        &mut self,
        id: usize,
        name: &Str,
        arguments: &[Element],
        (optional, what): (bool, &'static str),
        pos: u32,
    ) -> Code {
        let read = self.raw(id, name);
        let builtin = lookup::global_function(name.as_str());
        let helper = (self.helpers)(name.as_str());
        let known = lookup::is_known(name.as_str());
        let arguments = self.shape(|| format!("call of {}", name.as_str()), pos, |g| g.arguments(arguments));
        let name = name.clone();
        Code::Fn(Box::new(move |cx| {
            let result = match (read(cx), builtin.or(helper)) {
                (Value::Function(function), _) => {
                    arguments.with(cx, pos, |cx, args| cx.call(&function, &Value::Undefined, args))
                }
                (_, Some(native)) => {
                    cx.step()?;
                    cx.site = pos;
                    arguments.with(cx, pos, |cx, args| native(cx, &Value::Undefined, args))
                }
                (Value::Missing, None) if !known => return missing(cx, &name, pos),
                (Value::Undefined | Value::Null, None) if optional => return cx.absent(),
                _ => not_a(cx, what, name.as_str(), &arguments, pos),
            };
            result.map_err(|h| cx.at(h, pos))
        }))
    }

    fn call_method(
        &mut self,
        (object, name, link): (&Expr, &Str, bool),
        (optional, what): (bool, &'static str),
        arguments: &[Element],
        shown: String,
        pos: u32,
    ) -> Code {
        let methods: &'static Methods = lookup::methods(name.as_str());
        let label = || format!("method {}", name.as_str());
        let (object, arguments) = self.shape(label, pos, |g| (g.expr(object).into_fn(), g.arguments(arguments)));
        let name = name.clone();
        let hint = Hint::default();
        Code::Fn(Box::new(move |cx| {
            let this = object(cx)?;
            if link && this.is_nullish() {
                return cx.absent();
            }
            let own = match &this {
                Value::Object(object) => object.borrow().find(&name, &hint).cloned(),
                other => cx.named_member(other, &name),
            };
            if own.is_none()
                && let Some(native) = methods.of(&this)
            {
                cx.step()?;
                return arguments.with(cx, pos, |cx, args| native(cx, &this, args)).map_err(|h| cx.at(h, pos));
            }
            let callee = match own {
                Some(own) => own,
                None => get_member(cx, &this, &name, &hint, false).map_err(|h| cx.at(h, pos))?,
            };
            call_value(cx, &callee, &this, &arguments, (optional, what), &shown, pos)
        }))
    }

    /// `new Error(…)` and the other constructors.
    pub(crate) fn construct(&mut self, class: &Str, arguments: &[Element], pos: u32) -> Code {
        let native = lookup::constructor(class.as_str());
        let arguments = self.shape(|| format!("new {}", class.as_str()), pos, |g| g.arguments(arguments));
        let class = class.clone();
        Code::Fn(Box::new(move |cx| {
            cx.step()?;
            match native {
                Some(native) => arguments.with(cx, pos, |cx, args| native(cx, &Value::Undefined, args)),
                None => not_a(cx, "constructor", class.as_str(), &arguments, pos),
            }
            .map_err(|h| cx.at(h, pos))
        }))
    }

    /// `include(name, data)` as a value; as output it goes straight to the output (see `compile/output.rs`).
    fn include(&mut self, arguments: &[Element], pos: u32) -> Code {
        let run = self.include_into(arguments, pos);
        Code::Fn(Box::new(move |cx| Ok(cx.capture(|cx| run(cx))?.into())))
    }

    /// Runs an included program at the end of the output.
    pub(crate) fn include_into(&mut self, arguments: &[Element], pos: u32) -> RunFn {
        let arguments = self.shape(|| "include".into(), pos, |g| g.arguments(arguments));
        let data = self.slot(DATA_VAR);
        let (source, path) = (self.source.clone(), self.path.clone());
        Box::new(move |cx| {
            let args = arguments.run(cx, pos)?;
            let data = cx.slot(data).in_cell();
            let start = cx.out.len();
            let site = Site { source: &source, path: &path, data: &data, offset: pos };
            cx.host.include(cx, &site, &args).map_err(|h| {
                // An include is a value, and one that fails puts nothing out.
                let put_out = cx.take_since(start);
                let _ = cx.bytes(put_out.len());
                cx.at(h, pos)
            })
        })
    }
}

#[inline]
fn call_value(
    cx: &mut Cx<'_>,
    callee: &Value,
    this: &Value,
    arguments: &Elements,
    (optional, what): (bool, &str),
    shown: &str,
    pos: u32,
) -> R<Value> {
    let result = match callee {
        Value::Function(function) => {
            arguments.with(cx, pos, |cx, args| cx.call(function, this, args)).or_else(|halt| {
                // `Math` is an object.
                if function.is_space() { cx.type_error(format!("{shown} is not a {what}")) } else { Err(halt) }
            })
        }
        Value::Undefined | Value::Null if optional => return cx.absent(),
        _ => not_a(cx, what, shown, arguments, pos),
    };
    result.map_err(|h| cx.at(h, pos))
}

/// What is called can not be, which comes to light once its arguments are there (§13.3.6.2).
#[cold]
fn not_a(cx: &mut Cx<'_>, what: &str, shown: &str, arguments: &Elements, pos: u32) -> R<Value> {
    arguments.run(cx, pos)?;
    cx.type_error(format!("{shown} is not a {what}"))
}
