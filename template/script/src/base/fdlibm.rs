//! Functions of fdlibm, which V8 has, to the last digit; those of which the crate `libm` has another version.

/// The high word of a number, without its sign.
fn high(n: f64) -> u32 {
    (n.to_bits() >> 32) as u32 & 0x7fff_ffff
}

/// *e* to the power of a number; *e* itself exactly.
pub(crate) fn exp(x: f64) -> f64 {
    if x == 1.0 { std::f64::consts::E } else { libm::exp(x) }
}

pub(crate) fn cosh(x: f64) -> f64 {
    match high(x) {
        0x3fd6_2e43..0x4036_0000 => 0.5 * exp(x.abs()) + 0.5 / exp(x.abs()),
        _ => libm::cosh(x),
    }
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
    const TWO54: f64 = 18_014_398_509_481_984.0;
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
    y * LOG10_2_LOW + PER_LN10 * libm::log(f64::from_bits(fraction)) + y * LOG10_2_HIGH
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
