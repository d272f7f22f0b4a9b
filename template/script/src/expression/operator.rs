//! Operators and tests. Comparisons with a constant number, which loops and conditions are made of, have closures of
//! their own; tests give a `bool` and no value.

use super::code::Code;
use super::generator::{Gen, toll};
use crate::base::number;
use crate::run::{
    Cx, ExprFn, R, convert,
    operator::{apply, decides, holds, on_numbers},
};
use crate::syntax::ast::*;
use crate::value::{Value, compare};

pub(crate) type TestFn = Box<dyn Fn(&mut Cx<'_>) -> R<bool>>;

impl Code {
    /// As a condition.
    pub(crate) fn into_test(self) -> TestFn {
        match self {
            Code::Const(value) => {
                let truth = compare::truthy(&value);
                Box::new(move |_| Ok(truth))
            }
            Code::Place(place) if place.sure => Box::new(move |cx| Ok(compare::truthy(cx.slot(place.slot)))),
            code => Box::new(move |cx| Ok(compare::truthy(&code.get(cx)?))),
        }
    }
}

impl Gen<'_> {
    pub(crate) fn binary(&mut self, operator: Binary, left: &Expr, right: &Expr, pos: u32) -> Code {
        if let Some(code) = self.constructor_test(operator, left, right, pos) {
            return code;
        }
        let label = || operator.symbol().to_owned();
        let (left, right) = self.shape(label, pos, |g| (g.expr(left), g.expr(right)));
        let constant = left.constant().is_some() && right.constant().is_some();
        let run: ExprFn = Box::new(move |cx| {
            if let (Some(a), Some(b)) = (left.number(cx), right.number(cx))
                && operator != Binary::In
            {
                return Ok(on_numbers(operator, a, b));
            }
            let left = left.get(cx)?;
            let right = right.get(cx)?;
            apply(cx, operator, left, &right).map_err(|h| cx.at(h, pos))
        });
        self.folded(constant, run)
    }

    /// `a + b + c`, from left to right.
    pub(crate) fn sum(&mut self, items: &[Expr], pos: u32) -> Code {
        let label = || format!("sum of {}", items.len());
        let codes: Vec<Code> = self.shape(label, pos, |g| items.iter().map(|item| g.expr(item)).collect());
        let constant = codes.iter().all(|code| code.constant().is_some());
        let mut items = codes.into_iter();
        let Some(first) = items.next() else { return Code::Const(Value::Undefined) };
        let rest: Box<[Code]> = items.collect();
        let toll = toll(rest.len());
        let run: ExprFn = Box::new(move |cx| {
            cx.toll(toll)?;
            let mut total = first.get(cx)?;
            for item in &rest {
                let next = item.get(cx)?;
                total = match (&total, &next) {
                    (Value::Number(a), Value::Number(b)) => Value::Number(a + b),
                    _ => convert::add(cx, total, &next).map_err(|h| cx.at(h, pos))?,
                };
            }
            Ok(total)
        });
        self.folded(constant, run)
    }

    pub(crate) fn logical(&mut self, operator: Logical, items: &[Expr], pos: u32) -> Code {
        let label = || format!("{operator:?} of {}", items.len()).to_lowercase();
        let mut items: Vec<ExprFn> =
            self.shape(label, pos, |g| items.iter().map(|item| g.expr(item).into_fn()).collect());
        let Some(last) = items.pop() else { return Code::Const(Value::Undefined) };
        let toll = toll(items.len());
        Code::Fn(Box::new(move |cx| {
            cx.toll(toll)?;
            for item in &items {
                let value = item(cx)?;
                if decides(operator, &value) {
                    return Ok(value);
                }
            }
            last(cx)
        }))
    }

    pub(crate) fn unary(&mut self, operator: Unary, operand: &Expr, pos: u32) -> Code {
        if operator == Unary::Delete && operand.is_property() {
            return self.delete(operand);
        }
        let label = || format!("{operator:?}").to_lowercase();
        let code = self.shape(label, pos, |g| match (operator, &operand.kind) {
            (Unary::TypeOf, ExprKind::Name(id, name)) => g.name_or_undefined(*id, name, operand.pos),
            _ => g.expr(operand),
        });
        let constant = code.constant().is_some();
        let operand = code.into_fn();
        let run: ExprFn = match operator {
            Unary::Not => Box::new(move |cx| Ok(Value::Bool(!compare::truthy(&operand(cx)?)))),
            Unary::TypeOf => Box::new(move |cx| {
                Ok(match operand(cx)? {
                    Value::Function(function) if function.is_space() => "object".into(),
                    value => compare::type_of(&value).into(),
                })
            }),
            Unary::Void => Box::new(move |cx| operand(cx).map(|_| Value::Undefined)),
            Unary::Delete => Box::new(move |cx| operand(cx).map(|_| Value::Bool(true))),
            _ => Box::new(move |cx| {
                let value = operand(cx)?;
                let n = convert::to_number(cx, &value).map_err(|h| cx.at(h, pos))?;
                Ok(Value::Number(match operator {
                    Unary::Minus => -n,
                    Unary::BitNot => f64::from(!number::to_int32(n)),
                    _ => n,
                }))
            }),
        };
        self.folded(constant, run)
    }

    /// A condition: comparisons give their truth without making a value of it.
    pub(crate) fn test(&mut self, expr: &Expr) -> TestFn {
        match &expr.kind {
            ExprKind::Unary(Unary::Not, operand) => {
                let operand = self.test(operand);
                Box::new(move |cx| Ok(!operand(cx)?))
            }
            ExprKind::Binary(
                operator @ (Binary::Less | Binary::LessEqual | Binary::Greater | Binary::GreaterEqual),
                a,
                b,
            ) => {
                let (operator, pos) = (*operator, expr.pos);
                let (a, b) = self.shape(|| operator.symbol().into(), pos, |g| (g.expr(a), g.expr(b)));
                let other = move |cx: &mut Cx<'_>, a: &Code, b: &Code| {
                    let left = a.get(cx)?;
                    let right = b.get(cx)?;
                    let order = convert::compare(cx, &left, &right).map_err(|h| cx.at(h, pos))?;
                    Ok(order.is_some_and(|order| holds(operator, order)))
                };
                match operator {
                    Binary::Less => test_of(a, b, |a, b| a < b, other),
                    Binary::LessEqual => test_of(a, b, |a, b| a <= b, other),
                    Binary::Greater => test_of(a, b, |a, b| a > b, other),
                    _ => test_of(a, b, |a, b| a >= b, other),
                }
            }
            ExprKind::Binary(operator @ (Binary::StrictEqual | Binary::StrictNotEqual), a, b) => {
                if let Some(code) = self.constructor_test(*operator, a, b, expr.pos) {
                    return code.into_test();
                }
                let wanted = *operator == Binary::StrictEqual;
                let label = || operator.symbol().into();
                let (a, b) = self.shape(label, expr.pos, |g| (g.expr(a), g.expr(b)));
                let other = move |cx: &mut Cx<'_>, a: &Code, b: &Code| {
                    let left = a.get(cx)?;
                    let right = b.get(cx)?;
                    cx.comparing(&left, &right)?;
                    Ok(compare::strict_equal(&left, &right) == wanted)
                };
                test_of(a, b, move |a, b| (a == b) == wanted, other)
            }
            ExprKind::Logical(operator @ (Logical::And | Logical::Or), items) => {
                let stop = *operator == Logical::Or;
                let items: Vec<TestFn> = items.iter().map(|item| self.test(item)).collect();
                let toll = toll(items.len());
                Box::new(move |cx| {
                    cx.toll(toll)?;
                    for item in &items {
                        if item(cx)? == stop {
                            return Ok(stop);
                        }
                    }
                    Ok(!stop)
                })
            }
            _ => self.expr(expr).into_test(),
        }
    }
}

/// A comparison: of numbers at once, of anything else by `other`. What loops and conditions compare, a variable with a
/// number or with a list's length, is read from its slot.
fn test_of(
    a: Code,
    b: Code,
    numbers: impl Fn(f64, f64) -> bool + 'static,
    other: impl Fn(&mut Cx<'_>, &Code, &Code) -> R<bool> + 'static,
) -> TestFn {
    match (&a, &b) {
        (Code::Place(place), Code::Const(Value::Number(n))) => {
            let (slot, n) = (place.slot, *n);
            Box::new(move |cx| match cx.slot(slot) {
                Value::Number(value) => Ok(numbers(*value, n)),
                _ => other(cx, &a, &b),
            })
        }
        (Code::Place(place), Code::Length(list, _)) => {
            let (slot, list) = (place.slot, *list);
            Box::new(move |cx| match (cx.slot(slot), cx.slot(list)) {
                (Value::Number(value), Value::Array(list)) => Ok(numbers(*value, list.len() as f64)),
                _ => other(cx, &a, &b),
            })
        }
        _ => Box::new(move |cx| match (a.number(cx), b.number(cx)) {
            (Some(a), Some(b)) => Ok(numbers(a, b)),
            _ => other(cx, &a, &b),
        }),
    }
}
