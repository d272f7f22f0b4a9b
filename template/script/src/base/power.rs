//! `x ** y` as V8 computes it in Node 20: the algorithm of fdlibm's `e_pow.c`, for which `10 ** -5` is
//! 0.000009999999999999999. Later versions of V8 ask the C library, whose last digit is another in one of ten.
//!
//! `x = 2^n · (1 + f)`. The logarithm of `x` to base 2 is a sum of two numbers, `t1` of few bits and a small `t2`, so that
//! their product with `y` keeps more bits than a number has; two to the power of it comes from a polynomial again.

// The constants as fdlibm prints them.
#![allow(clippy::excessive_precision)]

/// With the lower half of its bits cleared.
fn high_part(x: f64) -> f64 {
    f64::from_bits(x.to_bits() & 0xFFFF_FFFF_0000_0000)
}

fn high(x: f64) -> i32 {
    (x.to_bits() >> 32) as i32
}

fn with_high(x: f64, high: i32) -> f64 {
    f64::from_bits((x.to_bits() & 0xFFFF_FFFF) | (u64::from(high as u32) << 32))
}

fn polynomial(x: f64, coefficients: &[f64]) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| c + x * sum)
}

const L: [f64; 6] = [
    5.99999999999994648725e-01,
    4.28571428578550184252e-01,
    3.33333329818377432918e-01,
    2.72728123808534006489e-01,
    2.30660745775561754067e-01,
    2.06975017800338417784e-01,
];
const P: [f64; 5] = [
    1.66666666666666019037e-01,
    -2.77777777770155933842e-03,
    6.61375632143793436117e-05,
    -1.65339022054652515390e-06,
    4.13813679705723846039e-08,
];

/// The power of numbers that are neither NaN, nor infinite, nor 0.
pub(super) fn power(x: f64, y: f64) -> f64 {
    // 1 when y is odd, 2 when it is even, 0 when it is no whole number.
    let whole = if y.fract() != 0.0 {
        0
    } else if y.abs() < 9_007_199_254_740_992.0 && y % 2.0 != 0.0 {
        1
    } else {
        2
    };
    if x < 0.0 && whole == 0 {
        return f64::NAN;
    }
    let sign = if x < 0.0 && whole == 1 { -1.0 } else { 1.0 };
    let ax = x.abs();
    if ax == 1.0 {
        return sign;
    }
    if y == 1.0 {
        return x;
    }
    if y == -1.0 {
        return 1.0 / x;
    }
    let iy = high(y) & 0x7FFF_FFFF;
    let (t1, t2) = if iy > 0x41E0_0000 {
        // |y| is huge.
        let ix = high(ax);
        if iy > 0x43F0_0000 {
            if ix <= 0x3FEF_FFFF {
                return if y < 0.0 { f64::INFINITY } else { 0.0 };
            }
            if ix >= 0x3FF0_0000 {
                return if y > 0.0 { f64::INFINITY } else { 0.0 };
            }
        }
        if ix < 0x3FEF_FFFF {
            return sign * if y < 0.0 { f64::INFINITY } else { 0.0 };
        }
        if ix > 0x3FF0_0000 {
            return sign * if y > 0.0 { f64::INFINITY } else { 0.0 };
        }
        near_one(ax)
    } else {
        logarithm(ax)
    };
    // (y1 + y2) · (t1 + t2)
    let y1 = high_part(y);
    let low = (y - y1) * t1 + y * t2;
    let high_product = y1 * t1;
    exponential(sign, high_product, low)
}

/// The logarithm to base 2 of what lies within 2^-20 of 1.
fn near_one(ax: f64) -> (f64, f64) {
    let t = ax - 1.0;
    let w = (t * t) * (0.5 - t * (0.3333333333333333333333 - t * 0.25));
    let u = 1.44269502162933349609e+00 * t;
    let v = t * 1.92596299112661746887e-08 - w * std::f64::consts::LOG2_E;
    let t1 = high_part(u + v);
    (t1, v - (t1 - u))
}

/// The logarithm to base 2, in two parts.
fn logarithm(ax: f64) -> (f64, f64) {
    const BP: [f64; 2] = [1.0, 1.5];
    const DP_HIGH: [f64; 2] = [0.0, 5.84962487220764160156e-01];
    const DP_LOW: [f64; 2] = [0.0, 1.35003920212974897128e-08];
    const CP: f64 = 9.61796693925975554329e-01;
    const CP_HIGH: f64 = 9.61796700954437255859e-01;
    const CP_LOW: f64 = -7.02846165095275826516e-09;
    let (mut ax, mut n) = (ax, 0);
    if high(ax) < 0x0010_0000 {
        // A subnormal number.
        ax *= 9_007_199_254_740_992.0;
        n -= 53;
    }
    n += (high(ax) >> 20) - 0x3FF;
    let j = high(ax) & 0x000F_FFFF;
    let mut ix = j | 0x3FF0_0000;
    let k = if j <= 0x3988E {
        0
    } else if j < 0xBB67A {
        1
    } else {
        n += 1;
        ix -= 0x0010_0000;
        0
    };
    let ax = with_high(ax, ix);
    // s = (x - 1) / (x + 1) or (x - 1.5) / (x + 1.5), in two parts.
    let u = ax - BP[k];
    let v = 1.0 / (ax + BP[k]);
    let s = u * v;
    let s_high = high_part(s);
    let t_high = with_high(0.0, ((ix >> 1) | 0x2000_0000) + 0x0008_0000 + ((k as i32) << 18));
    let t_low = ax - (t_high - BP[k]);
    let s_low = v * ((u - s_high * t_high) - s_high * t_low);
    let s2 = s * s;
    let mut r = s2 * s2 * polynomial(s2, &L);
    r += s_low * (s_high + s);
    let s2 = s_high * s_high;
    let t_high = high_part(3.0 + s2 + r);
    let t_low = r - ((t_high - 3.0) - s2);
    let u = s_high * t_high;
    let v = s_low * t_high + t_low * s;
    let p_high = high_part(u + v);
    let p_low = v - (p_high - u);
    let z_high = CP_HIGH * p_high;
    let z_low = CP_LOW * p_high + p_low * CP + DP_LOW[k];
    let t = f64::from(n);
    let t1 = high_part(((z_high + z_low) + DP_HIGH[k]) + t);
    (t1, z_low - (((t1 - t) - DP_HIGH[k]) - z_high))
}

/// `sign · 2^(high + low)`.
fn exponential(sign: f64, whole: f64, low: f64) -> f64 {
    const OVERFLOW: f64 = 8.0085662595372944372e-17;
    let z = low + whole;
    let (j, i) = (high(z), z.to_bits() as i32);
    if j >= 0x4090_0000 {
        if (j - 0x4090_0000) | i != 0 || low + OVERFLOW > z - whole {
            return sign * f64::INFINITY;
        }
    } else if (j & 0x7FFF_FFFF) >= 0x4090_CC00 {
        let beyond = (j.wrapping_sub(0xC090_CC00_u32 as i32)) | i != 0;
        if beyond || low <= z - whole {
            return sign * 0.0;
        }
    }
    let mut p_high = whole;
    let i = j & 0x7FFF_FFFF;
    let mut k = (i >> 20) - 0x3FF;
    let mut n = 0;
    if i > 0x3FE0_0000 {
        // |z| > 0.5: n = round(z).
        n = j + (0x0010_0000 >> (k + 1));
        k = ((n & 0x7FFF_FFFF) >> 20) - 0x3FF;
        let t = with_high(0.0, n & !(0x000F_FFFF >> k));
        n = ((n & 0x000F_FFFF) | 0x0010_0000) >> (20 - k);
        if j < 0 {
            n = -n;
        }
        p_high -= t;
    }
    let t = high_part(low + p_high);
    let u = t * 6.93147182464599609375e-01;
    let v = (low - (t - p_high)) * std::f64::consts::LN_2 + t * -1.90465429995776804525e-09;
    let z = u + v;
    let w = v - (z - u);
    let t = z * z;
    let t1 = z - t * polynomial(t, &P);
    // fdlibm divides by `t1 - 2` alone; V8 has the brackets here, and pages have V8's last digit.
    let r = (z * t1) / ((t1 - 2.0) - (w + z * w));
    let z = 1.0 - (r - z);
    let j = high(z).wrapping_add(n << 20);
    sign * if (j >> 20) <= 0 { scaled(z, n) } else { with_high(z, j) }
}

/// `x · 2^n`, where the result is subnormal.
fn scaled(x: f64, n: i32) -> f64 {
    x * 2f64.powi(n + 54) * 2f64.powi(-54)
}
