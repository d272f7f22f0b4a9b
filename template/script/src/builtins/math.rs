//! `Math`, ECMA-262 §21.3. Sines and their like are those of fdlibm, which V8 has too, and not the machine's. `Math.random` goes by the host's seed: the same text for the same data and seed.

use crate::base::{fdlibm, number, trigonometry};
use crate::run::{Cx, Native, R, convert};
use crate::value::Value;

pub(crate) const CONSTANTS: &[(&str, f64)] = &[
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
        pub(crate) const FUNCTIONS: &[(&str, Native)] = &[
            $(($name, |cx, _, args| {
                let n = convert::to_number(cx, crate::run::args::arg(args, 0))?;
                let function: fn(f64) -> f64 = $function;
                Ok(Value::Number(function(n)))
            }),)*
            ("atan2", |cx, _, args| two(cx, args, fdlibm::atan2)),
            ("hypot", hypot),
            ("imul", |cx, _, args| two(cx, args, |a, b| {
                f64::from(number::to_int32(a).wrapping_mul(number::to_int32(b)))
            })),
            ("max", |cx, _, args| extreme(cx, args, f64::NEG_INFINITY, |a, b| a > b || (a == b && b.is_sign_negative()))),
            ("min", |cx, _, args| extreme(cx, args, f64::INFINITY, |a, b| a < b || (a == b && a.is_sign_negative()))),
            ("random", |cx, _, _| Ok(Value::Number(cx.random()))),
            ("pow", |cx, _, args| two(cx, args, number::power)),
        ];
    };
}

unary! {
    "abs" => f64::abs,
    "acos" => libm::acos,
    "acosh" => fdlibm::acosh,
    "asin" => libm::asin,
    "asinh" => fdlibm::asinh,
    "atan" => libm::atan,
    "atanh" => fdlibm::atanh,
    "cbrt" => fdlibm::cbrt,
    "ceil" => f64::ceil,
    "clz32" => |n| f64::from((number::to_int32(n) as u32).leading_zeros()),
    "cos" => trigonometry::cos,
    "cosh" => fdlibm::cosh,
    "exp" => fdlibm::exp,
    "expm1" => libm::expm1,
    "floor" => f64::floor,
    "fround" => |n| f64::from(n as f32),
    "log" => fdlibm::log,
    "log10" => fdlibm::log10,
    "log1p" => fdlibm::log1p,
    "log2" => libm::log2,
    "round" => round,
    "sign" => |n| if n == 0.0 || n.is_nan() { n } else { n.signum() },
    "sin" => trigonometry::sin,
    "sinh" => fdlibm::sinh,
    "sqrt" => f64::sqrt,
    "tan" => trigonometry::tan,
    "tanh" => fdlibm::tanh,
    "trunc" => f64::trunc,
}

/// §21.3.2.28: halves go up, also below zero, and 0.49999999999999994 does not.
fn round(n: f64) -> f64 {
    let down = n.floor();
    if n - down >= 0.5 { (down + 1.0).copysign(if down == -1.0 { n } else { down + 1.0 }) } else { down }
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

/// As V8 has it: the squares of the parts of the largest, summed with what rounding lost (Kahan).
fn hypot(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    cx.items(args.len())?;
    let sizes = args.iter().map(|arg| convert::to_number(cx, arg).map(f64::abs)).collect::<R<Vec<f64>>>()?;
    let largest = sizes.iter().copied().fold(0.0, f64::max);
    if sizes.iter().any(|n| n.is_nan()) && largest.is_finite() {
        return Ok(Value::Number(f64::NAN));
    }
    if largest == 0.0 || largest.is_infinite() {
        return Ok(Value::Number(largest));
    }
    let (mut sum, mut lost) = (0.0, 0.0);
    for size in sizes {
        let part = size / largest;
        let square = part * part - lost;
        let next = sum + square;
        lost = (next - sum) - square;
        sum = next;
    }
    Ok(Value::Number(f64::sqrt(sum) * largest))
}
