//! Functions of fdlibm, which V8 has, to the last digit; those of which the crate `libm` has another version.

// The constants as fdlibm prints them.
#![allow(clippy::excessive_precision)]

use std::f64::consts::LN_2;

const LN2_HIGH: f64 = 6.93147180369123816490e-01;
const LN2_LOW: f64 = 1.90821492927058770002e-10;
const TWO54: f64 = 18_014_398_509_481_984.0;

/// The high word of a number, without its sign.
pub(super) fn high(n: f64) -> u32 {
    (n.to_bits() >> 32) as u32 & 0x7fff_ffff
}

/// With another high word.
fn with_high(n: f64, high: u32) -> f64 {
    f64::from_bits((n.to_bits() & 0xffff_ffff) | u64::from(high) << 32)
}

/// *e* to the power of a number; *e* itself exactly.
pub(crate) fn exp(x: f64) -> f64 {
    if x == 1.0 { std::f64::consts::E } else { libm::exp(x) }
}

/// The coefficients of `log` and `log1p`.
const L: [f64; 7] = [
    6.666666666666735130e-01,
    3.999999999940941908e-01,
    2.857142874366239149e-01,
    2.222219843214978396e-01,
    1.818357216161805012e-01,
    1.531383769920937332e-01,
    1.479819860511658591e-01,
];

/// The natural logarithm.
pub(crate) fn log(x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 || x.is_infinite() {
        return libm::log(x);
    }
    let (x, k) = if x < f64::MIN_POSITIVE { (x * TWO54, -54) } else { (x, 0) };
    let fraction = high(x) & 0xf_ffff;
    let half = (fraction + 0x9_5f64) & 0x10_0000;
    let k = k + (high(x) >> 20) as i32 - 1023 + (half >> 20) as i32;
    let f = with_high(x, fraction | (half ^ 0x3ff0_0000)) - 1.0;
    let dk = f64::from(k);
    if (2 + fraction) & 0xf_ffff < 3 {
        if f == 0.0 {
            return dk * LN2_HIGH + dk * LN2_LOW;
        }
        let r = f * f * (0.5 - 0.33333333333333333 * f);
        return if k == 0 { f - r } else { dk * LN2_HIGH - ((r - dk * LN2_LOW) - f) };
    }
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let r = z * (L[0] + w * (L[2] + w * (L[4] + w * L[6]))) + w * (L[1] + w * (L[3] + w * L[5]));
    let exact = (fraction as i32 - 0x6_147a) | (0x6_b851 - fraction as i32) > 0;
    let hfsq = 0.5 * f * f;
    match (exact, k) {
        (true, 0) => f - (hfsq - s * (hfsq + r)),
        (true, _) => dk * LN2_HIGH - ((hfsq - (s * (hfsq + r) + dk * LN2_LOW)) - f),
        (false, 0) => f - s * (f - r),
        (false, _) => dk * LN2_HIGH - ((s * (f - r) - dk * LN2_LOW) - f),
    }
}

/// The logarithm of 1 + x.
pub(crate) fn log1p(x: f64) -> f64 {
    let size = high(x);
    match size {
        _ if x.is_nan() || x <= -1.0 || x.is_infinite() => return libm::log1p(x),
        0..0x3c90_0000 => return x,
        0x3c90_0000..0x3e20_0000 => return x - x * x * 0.5,
        _ => {}
    }
    // `c` is what rounding 1 + x has lost.
    let (mut k, mut f, mut c, mut hu) = (0, x, 0.0, 1);
    if size > if x > 0.0 { 0x3fda_8279 } else { 0x3fd2_bec4 } {
        let u = if size < 0x4340_0000 { 1.0 + x } else { x };
        k = (high(u) >> 20) as i32 - 1023;
        if size < 0x4340_0000 {
            c = (if k > 0 { 1.0 - (u - x) } else { x - (u - 1.0) }) / u;
        }
        hu = high(u) & 0xf_ffff;
        let normal = if hu < 0x6_a09e {
            with_high(u, hu | 0x3ff0_0000)
        } else {
            k += 1;
            with_high(u, hu | 0x3fe0_0000)
        };
        if hu >= 0x6_a09e {
            hu = (0x10_0000 - hu) >> 2;
        }
        f = normal - 1.0;
    }
    let (dk, hfsq) = (f64::from(k), 0.5 * f * f);
    if hu == 0 {
        if f == 0.0 {
            return if k == 0 { 0.0 } else { dk * LN2_HIGH + (c + dk * LN2_LOW) };
        }
        let r = hfsq * (1.0 - 0.66666666666666666 * f);
        return if k == 0 { f - r } else { dk * LN2_HIGH - ((r - (dk * LN2_LOW + c)) - f) };
    }
    let s = f / (2.0 + f);
    let z = s * s;
    let r = z * L.iter().rev().fold(0.0, |sum, l| l + z * sum);
    if k == 0 {
        f - (hfsq - s * (hfsq + r))
    } else {
        dk * LN2_HIGH - ((hfsq - (s * (hfsq + r) + (dk * LN2_LOW + c))) - f)
    }
}

pub(crate) fn acosh(x: f64) -> f64 {
    match high(x) {
        _ if x.is_nan() || x < 1.0 => f64::NAN,
        0x7ff0_0000.. => x,
        0x41b0_0000.. => log(x) + LN_2,
        0x4000_0001.. => log(2.0 * x - 1.0 / (x + (x * x - 1.0).sqrt())),
        _ => {
            let t = x - 1.0;
            log1p(t + (2.0 * t + t * t).sqrt())
        }
    }
}

pub(crate) fn asinh(x: f64) -> f64 {
    let (size, square) = (x.abs(), x * x);
    let w = match high(x) {
        0x7ff0_0000.. | 0..0x3e30_0000 => return x,
        0x41b0_0001.. => log(size) + LN_2,
        0x4000_0001.. => log(2.0 * size + 1.0 / ((square + 1.0).sqrt() + size)),
        _ => log1p(size + square / (1.0 + (1.0 + square).sqrt())),
    };
    w.copysign(x)
}

pub(crate) fn atanh(x: f64) -> f64 {
    let size = x.abs();
    let t = match high(x) {
        0x3ff0_0000.. | 0..0x3e30_0000 => return libm::atanh(x),
        0x3e30_0000..0x3fe0_0000 => log1p((size + size) + (size + size) * size / (1.0 - size)),
        _ => log1p((size + size) / (1.0 - size)),
    };
    (0.5 * t).copysign(x)
}

/// The angle of a point; where y is 2^60 times x it is a quarter turn, whatever the side.
pub(crate) fn atan2(y: f64, x: f64) -> f64 {
    let apart = (i64::from(high(y)) - i64::from(high(x))) >> 20;
    if apart > 60 && x != 0.0 && y.is_finite() { std::f64::consts::FRAC_PI_2.copysign(y) } else { libm::atan2(y, x) }
}

pub(crate) fn cosh(x: f64) -> f64 {
    let size = x.abs();
    match high(x) {
        0..0x3fd6_2e43 => libm::cosh(x),
        0x3fd6_2e43..0x4036_0000 => 0.5 * exp(size) + 0.5 / exp(size),
        _ => half_exp(size),
    }
}

pub(crate) fn sinh(x: f64) -> f64 {
    let size = x.abs();
    if size < 2f64.powi(-28) || x.is_nan() {
        return x;
    }
    let t = libm::expm1(size);
    let w = match size {
        22.0.. => half_exp(size),
        1.0.. => 0.5 * (t + t / (t + 1.0)),
        _ => 0.5 * (2.0 * t - t * t / (t + 1.0)),
    };
    w.copysign(x)
}

/// Half of *e* to the power of a number, which may be where the whole is too large.
fn half_exp(x: f64) -> f64 {
    if x < 709.7822265633562812 { 0.5 * exp(x) } else { 0.5 * exp(0.5 * x) * exp(0.5 * x) }
}

pub(crate) fn tanh(x: f64) -> f64 {
    let size = x.abs();
    let z = match high(x) {
        0x7ff0_0000.. => return 1.0 / x + 1.0f64.copysign(x),
        0..0x3e30_0000 => return x,
        0x4036_0000.. => 1.0,
        0x3ff0_0000.. => 1.0 - 2.0 / (libm::expm1(2.0 * size) + 2.0),
        _ => {
            let t = libm::expm1(-2.0 * size);
            -t / (t + 2.0)
        }
    };
    z.copysign(x)
}

/// The exponent's part, in two pieces, and the logarithm of the rest.
pub(crate) fn log10(x: f64) -> f64 {
    const PER_LN10: f64 = std::f64::consts::LOG10_E;
    const LOG10_2_HIGH: f64 = f64::from_bits(0x3fd3_4413_509f_6000);
    const LOG10_2_LOW: f64 = 3.694_239_077_158_931e-13;
    if x.is_nan() || x <= 0.0 || x.is_infinite() || x == 1.0 {
        return x.ln();
    }
    let (x, k) = if x < f64::MIN_POSITIVE { (x * TWO54, -54) } else { (x, 0) };
    let k = k + (high(x) >> 20) as i32 - 1023;
    let below = i32::from(k < 0);
    let fraction = (x.to_bits() & 0x000f_ffff_ffff_ffff) | u64::from((0x3ff - below) as u32) << 52;
    let y = f64::from(k + below);
    y * LOG10_2_LOW + PER_LN10 * log(f64::from_bits(fraction)) + y * LOG10_2_HIGH
}

/// A polynomial, and one step of Newton's.
pub(crate) fn cbrt(x: f64) -> f64 {
    const P: [f64; 5] = [
        1.875_951_824_271_77,
        -1.884_979_795_433_771_7,
        1.621_429_720_105_354_5,
        -0.758_397_934_778_766,
        0.145_996_192_886_612_46,
    ];
    let size = x.abs();
    if size == 0.0 || !x.is_finite() {
        return x;
    }
    let first = if size < f64::MIN_POSITIVE {
        high(size * f64::from_bits(0x4350_0000_0000_0000)) / 3 + 696_219_795
    } else {
        high(size) / 3 + 715_094_163
    };
    let mut t = f64::from_bits(u64::from(first) << 32);
    let r = (t * t) * (t / size);
    t *= (P[0] + r * (P[1] + r * P[2])) + ((r * r) * r) * (P[3] + r * P[4]);
    t = f64::from_bits((t.to_bits() + 0x8000_0000) & 0xffff_ffff_c000_0000);
    let r = size / (t * t);
    t += t * ((r - t) / ((t + t) + r));
    t.copysign(x)
}
