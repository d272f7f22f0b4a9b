//! `Math`, ECMA-262 §21.3. `Math.random` goes by the host's seed: the same text for the same data and seed.

use crate::base::number;
use crate::run::{Cx, Native, R, convert};
use crate::value::Value;

pub(super) const CONSTANTS: &[(&str, f64)] = &[
    ("E", std::f64::consts::E),
    ("LN10", std::f64::consts::LN_10),
    ("LN2", std::f64::consts::LN_2),
    ("LOG10E", std::f64::consts::LOG10_E),
    ("LOG2E", std::f64::consts::LOG2_E),
    ("PI", std::f64::consts::PI),
    ("SQRT1_2", std::f64::consts::FRAC_1_SQRT_2),
    ("SQRT2", std::f64::consts::SQRT_2),
];

macro_rules! unary {
    ($($name:literal => $function:expr),* $(,)?) => {
        pub(super) const FUNCTIONS: &[(&str, Native)] = &[
            $(($name, |cx, _, args| {
                let n = convert::to_number(cx, crate::run::args::arg(args, 0))?;
                let function: fn(f64) -> f64 = $function;
                Ok(Value::Number(function(n)))
            }),)*
            ("atan2", |cx, _, args| two(cx, args, f64::atan2)),
            ("hypot", hypot),
            ("imul", |cx, _, args| two(cx, args, |a, b| {
                f64::from(number::to_int32(a).wrapping_mul(number::to_int32(b)))
            })),
            ("max", |cx, _, args| extreme(cx, args, f64::NEG_INFINITY, |a, b| a > b)),
            ("min", |cx, _, args| extreme(cx, args, f64::INFINITY, |a, b| a < b)),
            ("random", |cx, _, _| Ok(Value::Number(cx.random()))),
            ("pow", |cx, _, args| two(cx, args, number::power)),
        ];
    };
}

unary! {
    "abs" => f64::abs,
    "acos" => f64::acos,
    "acosh" => f64::acosh,
    "asin" => f64::asin,
    "asinh" => |n| if n == 0.0 { n } else { n.asinh() },
    "atan" => f64::atan,
    "atanh" => f64::atanh,
    "cbrt" => f64::cbrt,
    "ceil" => f64::ceil,
    "clz32" => |n| f64::from((number::to_int32(n) as u32).leading_zeros()),
    "cos" => f64::cos,
    "cosh" => f64::cosh,
    "exp" => f64::exp,
    "expm1" => f64::exp_m1,
    "floor" => f64::floor,
    "fround" => |n| f64::from(n as f32),
    "log" => f64::ln,
    "log10" => f64::log10,
    "log1p" => f64::ln_1p,
    "log2" => f64::log2,
    "round" => round,
    "sign" => |n| if n == 0.0 || n.is_nan() { n } else { n.signum() },
    "sin" => f64::sin,
    "sinh" => f64::sinh,
    "sqrt" => f64::sqrt,
    "tan" => f64::tan,
    "tanh" => f64::tanh,
    "trunc" => f64::trunc,
}

/// §21.3.2.28: halves go up, also below zero, and 0.49999999999999994 does not.
fn round(n: f64) -> f64 {
    let down = n.floor();
    if n - down >= 0.5 { down + 1.0 } else { down }
}

fn two(cx: &mut Cx<'_>, args: &[Value], function: fn(f64, f64) -> f64) -> R<Value> {
    let a = convert::to_number(cx, crate::run::args::arg(args, 0))?;
    let b = convert::to_number(cx, crate::run::args::arg(args, 1))?;
    Ok(Value::Number(function(a, b)))
}

fn extreme(cx: &mut Cx<'_>, args: &[Value], start: f64, beats: fn(f64, f64) -> bool) -> R<Value> {
    let mut best = start;
    cx.steps(args.len() / 8)?;
    for arg in args {
        let n = convert::to_number(cx, arg)?;
        if n.is_nan() {
            best = f64::NAN;
        }
        if beats(n, best) {
            best = n;
        }
    }
    Ok(Value::Number(best))
}

fn hypot(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    let mut total = 0f64;
    cx.steps(args.len() / 8)?;
    for arg in args {
        total = total.hypot(convert::to_number(cx, arg)?);
    }
    Ok(Value::Number(total))
}
