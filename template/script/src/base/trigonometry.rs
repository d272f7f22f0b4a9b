//! Sine, cosine and tangent as fdlibm has them, which V8 has too: the turn is taken off, and a polynomial gives the rest.
//!
//! Where the crate `libm` has later versions of the polynomials, one result in some thousands has another last digit.

// The constants as fdlibm prints them.
#![allow(clippy::excessive_precision)]

use super::fdlibm::high;
use std::f64::consts::{FRAC_2_PI, FRAC_PI_2, FRAC_PI_4};

pub(crate) fn sin(x: f64) -> f64 {
    match quarters(x) {
        (0, head, tail) => sine(head, tail),
        (1, head, tail) => cosine(head, tail),
        (2, head, tail) => -sine(head, tail),
        (_, head, tail) => -cosine(head, tail),
    }
}

pub(crate) fn cos(x: f64) -> f64 {
    match quarters(x) {
        (0, head, tail) => cosine(head, tail),
        (1, head, tail) => -sine(head, tail),
        (2, head, tail) => -cosine(head, tail),
        (_, head, tail) => sine(head, tail),
    }
}

pub(crate) fn tan(x: f64) -> f64 {
    let (n, head, tail) = quarters(x);
    tangent(head, tail, n % 2 == 1)
}

/// How many quarter turns there are in a number, modulo 4, and the rest in two pieces, of no more than an eighth of a turn.
fn quarters(x: f64) -> (u32, f64, f64) {
    let size = high(x);
    if size <= 0x3fe9_21fb {
        return (0, x, 0.0);
    }
    if size >= 0x7ff0_0000 {
        return (0, f64::NAN, f64::NAN);
    }
    let (n, head, tail) = if size <= 0x4139_21fb { few(x.abs()) } else { many(x.abs()) };
    if x < 0.0 { (n.wrapping_neg() % 4, -head, -tail) } else { (n % 4, head, tail) }
}

/// Quarter turns up to 2^19 of them: their number times a quarter turn in pieces of 33 bits, as many as it takes.
fn few(x: f64) -> (u32, f64, f64) {
    const PIECES: [(f64, f64); 3] = [
        (1.57079632673412561417e+00, 6.07710050650619224932e-11),
        (6.07710050630396597660e-11, 2.02226624879595063154e-21),
        (2.02226624871116645580e-21, 8.47842766036889956997e-32),
    ];
    let n = if high(x) < 0x4002_d97c { 1 } else { (x * FRAC_2_PI + 0.5) as u32 };
    let turns = f64::from(n);
    let mut rest = x - turns * PIECES[0].0;
    let mut low = turns * PIECES[0].1;
    // Only where it is nearly all of the number may too many bits be gone.
    let near = n >= 32 || high(x) == high(turns * FRAC_PI_2);
    for (piece, lost) in [(1, 16), (2, 49)] {
        if !near || (high(x) >> 20) as i32 - (high(rest - low) >> 20) as i32 <= lost {
            break;
        }
        let before = rest;
        let part = turns * PIECES[piece].0;
        rest = before - part;
        low = turns * PIECES[piece].1 - ((before - rest) - part);
    }
    let head = rest - low;
    (n, head, (rest - head) - low)
}

/// 2 / π in pieces of 24 bits.
#[rustfmt::skip]
const TWO_OVER_PI: [u32; 66] = [
    0xA2F983, 0x6E4E44, 0x1529FC, 0x2757D1, 0xF534DD, 0xC0DB62, 0x95993C, 0x439041, 0xFE5163, 0xABDEBB, 0xC561B7, 0x246E3A,
    0x424DD2, 0xE00649, 0x2EEA09, 0xD1921C, 0xFE1DEB, 0x1CB129, 0xA73EE8, 0x8235F5, 0x2EBB44, 0x84E99C, 0x7026B4, 0x5F7E41,
    0x3991D6, 0x398353, 0x39F49C, 0x845F8B, 0xBDF928, 0x3B1FF8, 0x97FFDE, 0x05980F, 0xEF2F11, 0x8B5A0A, 0x6D1F6D, 0x367ECF,
    0x27CB09, 0xB74F46, 0x3F669E, 0x5FEA2D, 0x7527BA, 0xC7EBE5, 0xF17B3D, 0x0739F7, 0x8A5292, 0xEA6BFB, 0x5FB11F, 0x8D5D08,
    0x560330, 0x46FC7B, 0x6BABF0, 0xCFBC20, 0x9AF436, 0x1DA9E3, 0x91615E, 0xE61B08, 0x659985, 0x5F14A0, 0x68408D, 0xFFD880,
    0x4D7327, 0x310606, 0x1556CA, 0x73A8C9, 0x60E27B, 0xC08C6B,
];

/// Quarter turns without number (Payne and Hanek): of 2 / π only the bits count that leave less than four of them.
fn many(x: f64) -> (u32, f64, f64) {
    let exponent = (high(x) >> 20) as i32 - 1075;
    let mantissa = u128::from((x.to_bits() & 0xf_ffff_ffff_ffff) | 1 << 52);
    // Bit 1 is a half. The first that counts is worth two quarter turns, or is the first.
    let first = (exponent - 1).max(1) as usize;
    let bit = |n: usize| TWO_OVER_PI.get((n - 1) / 24).map_or(0, |piece| piece >> (23 - (n - 1) % 24) & 1);
    let mut words = [0u64; 4];
    let mut carry = 0u128;
    for (place, word) in words.iter_mut().enumerate().take(3) {
        // From the last word to the first.
        let start = first + 64 * (2 - place);
        let part = (start..start + 64).fold(0u64, |bits, n| bits << 1 | u64::from(bit(n)));
        let product = u128::from(part) * mantissa + carry;
        *word = product as u64;
        carry = product >> 64;
    }
    words[3] = carry as u64;
    // Bit 191 of the product is worth two quarter turns, but for small numbers, which have that bit further left.
    let shift = 64u32.wrapping_add_signed(exponent - 1 - first as i32);
    let mut high = u128::from(words[3]) << 64 | u128::from(words[2]);
    let mut low = u128::from(words[1]) << 64 | u128::from(words[0]);
    (high, low) = (high << shift | low >> (128 - shift), low << shift);
    // Now it is the first.
    let turns = (high >> 126) as u32;
    (high, low) = (high << 2 | low >> 126, low << 2);
    let over = high >> 127 == 1;
    if over {
        (high, low) = (!high, !low);
    }
    let zeros = high.leading_zeros().min(127);
    let fraction = if zeros == 0 { high } else { high << zeros | low >> (128 - zeros) };
    let head = fraction as f64;
    let tail = (fraction.wrapping_sub(head as u128) as i128) as f64;
    let unit = f64::from_bits(u64::from(1023 - 128 - zeros) << 52) * if over { -1.0 } else { 1.0 };
    let (head, tail) = (head * unit, tail * unit);
    let product = head * FRAC_PI_2;
    let rest = head.mul_add(FRAC_PI_2, -product) + head * 6.12323399573676603587e-17 + tail * FRAC_PI_2;
    let sum = product + rest;
    ((turns + u32::from(over)) % 4, sum, (product - sum) + rest)
}

fn sine(x: f64, tail: f64) -> f64 {
    const S: [f64; 6] = [
        -1.66666666666666324348e-01,
        8.33333333332248946124e-03,
        -1.98412698298579493134e-04,
        2.75573137070700676789e-06,
        -2.50507602534068634195e-08,
        1.58969099521155010221e-10,
    ];
    if high(x) < 0x3e40_0000 {
        return x;
    }
    let z = x * x;
    let v = z * x;
    let r = S[1] + z * (S[2] + z * (S[3] + z * (S[4] + z * S[5])));
    if tail == 0.0 { x + v * (S[0] + z * r) } else { x - ((z * (0.5 * tail - v * r) - tail) - v * S[0]) }
}

fn cosine(x: f64, tail: f64) -> f64 {
    const C: [f64; 6] = [
        4.16666666666666019037e-02,
        -1.38888888888741095749e-03,
        2.48015872894767294178e-05,
        -2.75573143513906633035e-07,
        2.08757232129817482790e-09,
        -1.13596475577881948265e-11,
    ];
    let size = high(x);
    if size < 0x3e40_0000 {
        return 1.0;
    }
    let z = x * x;
    let r = z * (C[0] + z * (C[1] + z * (C[2] + z * (C[3] + z * (C[4] + z * C[5])))));
    // What is exact is taken off first: a quarter of the number, about.
    let quarter = match size {
        0..0x3fd3_3333 => return 1.0 - (0.5 * z - (z * r - x * tail)),
        0x3fd3_3333..=0x3fe9_0000 => f64::from_bits(u64::from(size - 0x20_0000) << 32),
        _ => 0.28125,
    };
    (1.0 - quarter) - ((0.5 * z - quarter) - (z * r - x * tail))
}

/// The tangent, or minus one over it.
fn tangent(x: f64, tail: f64, turned: bool) -> f64 {
    const T: [f64; 13] = [
        3.33333333333334091986e-01,
        1.33333333333201242699e-01,
        5.39682539762260521377e-02,
        2.18694882948595424599e-02,
        8.86323982359930005737e-03,
        3.59207910759131235356e-03,
        1.45620945432529025516e-03,
        5.88041240820264096874e-04,
        2.46463134818469906812e-04,
        7.81794442939557092300e-05,
        7.14072491382608190305e-05,
        -1.85586374855275456654e-05,
        2.59073051863633712884e-05,
    ];
    let short = |n: f64| f64::from_bits(n.to_bits() & 0xffff_ffff_0000_0000);
    // -1 / (x + tail), with what rounding loses.
    let turn = |x: f64, tail: f64, sum: f64| {
        let z = short(sum);
        let v = tail - (z - x);
        let a = -1.0 / sum;
        let t = short(a);
        t + a * ((1.0 + t * z) + t * v)
    };
    if high(x) < 0x3e30_0000 {
        return if turned { turn(x, tail, x + tail) } else { x };
    }
    let large = high(x) >= 0x3fe5_9428;
    let sign = if x < 0.0 { -1.0 } else { 1.0 };
    let (x, tail) =
        if large { ((FRAC_PI_4 - sign * x) + (3.06161699786838301793e-17 - sign * tail), 0.0) } else { (x, tail) };
    let z = x * x;
    let w = z * z;
    let odd = T[1] + w * (T[3] + w * (T[5] + w * (T[7] + w * (T[9] + w * T[11]))));
    let even = z * (T[2] + w * (T[4] + w * (T[6] + w * (T[8] + w * (T[10] + w * T[12])))));
    let s = z * x;
    let r = (tail + z * (s * (odd + even) + tail)) + T[0] * s;
    let w = x + r;
    match (large, turned) {
        (true, _) => {
            let v = if turned { -1.0 } else { 1.0 };
            sign * (v - 2.0 * (x - (w * w / (w + v) - r)))
        }
        (false, false) => w,
        (false, true) => turn(x, r, w),
    }
}
