//! `x.constructor === Array` and `x.constructor.name`: how programs ask what a value is.
//!
//! There is no constructor to be had, for by way of one a program would reach what nobody gave it. So the question is seen in
//! the tree, and answered: with a boolean, with a name. Everywhere else `constructor` is a property like any other, and
//! undefined where there is none of its name.

use super::code::Code;
use super::generator::Gen;
use crate::base::Str;
use crate::lookup::{self, access::get_member};
use crate::run::{Cx, ExprFn, R, operator::apply};
use crate::syntax::ast::{Binary, Expr, ExprKind};
use crate::value::{Hint, Value};

/// What `x.constructor` is.
enum Constructor {
    /// A property of the value's own.
    Own(Value),
    /// The constructor of this kind.
    Of(Str),
}

type SideFn = Box<dyn Fn(&mut Cx<'_>) -> R<Constructor>>;

impl Gen<'_> {
    /// A comparison of constructors, if it is one.
    pub(super) fn constructor_test(&mut self, operator: Binary, left: &Expr, right: &Expr, pos: u32) -> Option<Code> {
        use Binary::{Equal, NotEqual, StrictEqual, StrictNotEqual};
        let negated = match operator {
            Equal | StrictEqual => false,
            NotEqual | StrictNotEqual => true,
            _ => return None,
        };
        let (of_left, of_right) = (asked(left), asked(right));
        if of_left.is_none() && of_right.is_none() {
            return None;
        }
        let left = self.side(of_left, left);
        let right = self.side(of_right, right);
        Some(Code::Fn(Box::new(move |cx| {
            let same = match (left(cx)?, right(cx)?) {
                (Constructor::Own(left), Constructor::Own(right)) => {
                    return apply(cx, operator, left, &right).map_err(|h| cx.at(h, pos));
                }
                (Constructor::Of(left), Constructor::Of(right)) => left == right,
                (Constructor::Of(kind), Constructor::Own(value)) | (Constructor::Own(value), Constructor::Of(kind)) => {
                    matches!(value, Value::Function(function) if function.is_built_in() && function.name() == kind.as_str())
                }
            };
            Ok(Value::Bool(same != negated))
        })))
    }

    /// `object.constructor.name`.
    pub(super) fn constructor_name(&mut self, object: &Expr, pos: u32) -> Code {
        let side = self.side(Some(object), object);
        Code::Fn(Box::new(move |cx| match side(cx)? {
            Constructor::Of(kind) => Ok(kind.into()),
            Constructor::Own(value) => {
                get_member(cx, &value, &"name".into(), &Hint::default(), false).map_err(|h| cx.at(h, pos))
            }
        }))
    }

    /// One side of a comparison: the constructor of `of`, else a value.
    fn side(&mut self, of: Option<&Expr>, expr: &Expr) -> SideFn {
        let pos = expr.pos;
        let value: ExprFn = self.expr(of.unwrap_or(expr)).into_fn();
        if of.is_none() {
            return Box::new(move |cx| value(cx).map(Constructor::Own));
        }
        Box::new(move |cx| {
            let value = value(cx)?;
            let own = get_member(cx, &value, &"constructor".into(), &Hint::default(), false);
            Ok(match own.map_err(|h| cx.at(h, pos))? {
                Value::Undefined => Constructor::Of(lookup::kind_of(&value)),
                own => Constructor::Own(own),
            })
        })
    }
}

/// The object whose constructor an expression asks for.
fn asked(expr: &Expr) -> Option<&Expr> {
    match &expr.bare().kind {
        ExprKind::Member { object, name, optional: false } if name.is("constructor") => Some(object),
        _ => None,
    }
}
