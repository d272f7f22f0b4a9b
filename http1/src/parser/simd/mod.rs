//! Thirty-two bytes in a vector register: AVX2, SSE4.2 or NEON, whichever this processor has.
//!
//! The algorithm is that of `stages.rs`; what differs is who makes the bits. The choice is made once for each parse, not
//! for each run of bytes: behind it the whole parser is compiled for one instruction set, so that everything inlines. (A
//! choice inside the loops costs a call that cannot be inlined for every probe, which eats what the vectors gain.)
//!
//! Where there are no vectors, and where the crate is built with `--cfg wirebook_no_simd`, this is
//! [`swar`].
//!
//! `unsafe` stands in the three leaf files and in the calls into them: code compiled for an instruction set must not run
//! without it.

#![allow(unsafe_code)]

use core::sync::atomic::{AtomicU8, Ordering};

use super::lines::{self, Lines, Reader, Whole};
use super::{Error, Fields, Limits, Progress, RequestHead, ResponseHead, Trailers, is_token_byte, swar};

#[cfg(all(target_arch = "x86_64", not(wirebook_no_simd)))]
mod avx2;
#[cfg(all(target_arch = "aarch64", target_endian = "little", not(wirebook_no_simd)))]
mod neon;
#[cfg(all(target_arch = "x86_64", not(wirebook_no_simd)))]
mod sse42;

/// A set of vector instructions, slowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// None: eight bytes in a word.
    Swar = 1,
    /// 16-byte vectors of x86-64 processors since 2008.
    Sse42,
    /// 16-byte vectors of every 64-bit ARM processor.
    Neon,
    /// 32-byte vectors of x86-64 processors since 2013.
    Avx2,
}

impl Level {
    /// The best that this processor has.
    #[inline]
    pub fn detect() -> Level {
        const BEST: u8 = Level::Avx2 as u8;
        match DETECTED.load(Ordering::Relaxed) {
            BEST => Level::Avx2,
            other => Level::detect_other(other),
        }
    }

    #[inline(never)]
    fn detect_other(detected: u8) -> Level {
        match detected {
            2 => Level::Sse42,
            3 => Level::Neon,
            0 => Level::detect_now(),
            _ => Level::Swar,
        }
    }

    #[cold]
    fn detect_now() -> Level {
        let level = Level::of_this_processor();
        DETECTED.store(level as u8, Ordering::Relaxed);
        level
    }

    #[cfg(all(target_arch = "x86_64", not(wirebook_no_simd)))]
    fn of_this_processor() -> Level {
        use std::arch::is_x86_feature_detected as has;
        let bits = has!("bmi1") && has!("bmi2") && has!("lzcnt") && has!("popcnt");
        match () {
            () if bits && has!("avx2") => Level::Avx2,
            () if has!("popcnt") && has!("sse4.2") => Level::Sse42,
            () => Level::Swar,
        }
    }

    #[cfg(all(target_arch = "aarch64", target_endian = "little", not(wirebook_no_simd)))]
    fn of_this_processor() -> Level {
        if std::arch::is_aarch64_feature_detected!("neon") { Level::Neon } else { Level::Swar }
    }

    #[cfg(any(
        not(any(target_arch = "x86_64", all(target_arch = "aarch64", target_endian = "little"))),
        wirebook_no_simd
    ))]
    fn of_this_processor() -> Level {
        Level::Swar
    }

    /// All that this processor has, slowest first.
    pub fn available() -> impl Iterator<Item = Level> {
        [Level::Swar, Level::Sse42, Level::Neon, Level::Avx2].into_iter().filter(|level| level.is_available())
    }

    /// Whether this processor has it.
    pub fn is_available(self) -> bool {
        let best = Level::detect();
        self == best || self == Level::Swar || self == Level::Sse42 && best == Level::Avx2
    }

    /// Its name, as the tables of the book have it.
    pub const fn name(self) -> &'static str {
        match self {
            Level::Swar => "swar",
            Level::Sse42 => "sse4.2",
            Level::Neon => "neon",
            Level::Avx2 => "avx2",
        }
    }
}

/// What [`Level::detect`] found; 0 before the first call.
static DETECTED: AtomicU8 = AtomicU8::new(0);

/// The level that reads a head: the only place where the choice is made.
#[derive(Clone, Copy)]
struct Chosen(Level);

/// Calls the function of this name in the module of the level.
macro_rules! on {
    ($level:expr, $name:ident($($argument:expr),*)) => {
        match $level {
            // SAFETY: a `Chosen` has only levels that this processor has.
            #[cfg(all(target_arch = "x86_64", not(wirebook_no_simd)))]
            Level::Avx2 => unsafe { avx2::$name($($argument),*) },
            // SAFETY: as above.
            #[cfg(all(target_arch = "x86_64", not(wirebook_no_simd)))]
            Level::Sse42 => unsafe { sse42::$name($($argument),*) },
            // SAFETY: as above.
            #[cfg(all(target_arch = "aarch64", target_endian = "little", not(wirebook_no_simd)))]
            Level::Neon => unsafe { neon::$name($($argument),*) },
            _ => swar::READER.$name($($argument),*),
        }
    };
}

impl Reader for Chosen {
    #[inline(always)]
    fn whole_request(self, input: &[u8], fields: &mut Fields, limits: &Limits) -> Whole {
        on!(self.0, whole_request(input, fields, limits))
    }

    #[inline(always)]
    fn whole_response(self, input: &[u8], fields: &mut Fields, limits: &Limits) -> Whole {
        on!(self.0, whole_response(input, fields, limits))
    }

    #[inline(always)]
    fn more_lines(self, input: &[u8], from: usize, count: usize, fields: &mut Fields, limits: &Limits) -> Lines {
        on!(self.0, more_lines(input, from, count, fields, limits))
    }
}

/// Parses a request head; `Ok(None)` until it is complete. See the [contract](super).
#[inline]
pub fn request<'a>(
    input: &'a [u8],
    fields: &'a mut Fields,
    progress: &mut Progress,
    limits: &Limits,
) -> Result<Option<RequestHead<'a>>, Error> {
    lines::request(Chosen(Level::detect()), input, fields, progress, limits)
}

/// Parses a response head; `Ok(None)` until it is complete. See the [contract](super).
#[inline]
pub fn response<'a>(
    input: &'a [u8],
    fields: &'a mut Fields,
    progress: &mut Progress,
    limits: &Limits,
) -> Result<Option<ResponseHead<'a>>, Error> {
    lines::response(Chosen(Level::detect()), input, fields, progress, limits)
}

/// Parses a trailer section; `Ok(None)` until it is complete. See the [contract](super).
#[inline]
pub fn trailers<'a>(
    input: &'a [u8],
    fields: &'a mut Fields,
    progress: &mut Progress,
    limits: &Limits,
) -> Result<Option<Trailers<'a>>, Error> {
    lines::trailers(Chosen(Level::detect()), input, fields, progress, limits)
}

impl Level {
    /// This level if the processor has it, else none.
    #[inline]
    fn choose(self) -> Chosen {
        Chosen(if self.is_available() { self } else { Level::Swar })
    }

    /// Parses a request head with these instructions; where the processor has none of them, as [`swar`] does.
    #[inline]
    pub fn request<'a>(
        self,
        input: &'a [u8],
        fields: &'a mut Fields,
        progress: &mut Progress,
        limits: &Limits,
    ) -> Result<Option<RequestHead<'a>>, Error> {
        lines::request(self.choose(), input, fields, progress, limits)
    }

    /// Parses a response head with these instructions; where the processor has none of them, as [`swar`] does.
    #[inline]
    pub fn response<'a>(
        self,
        input: &'a [u8],
        fields: &'a mut Fields,
        progress: &mut Progress,
        limits: &Limits,
    ) -> Result<Option<ResponseHead<'a>>, Error> {
        lines::response(self.choose(), input, fields, progress, limits)
    }

    /// Parses a trailer section with these instructions; where the processor has none of them, as [`swar`] does.
    #[inline]
    pub fn trailers<'a>(
        self,
        input: &'a [u8],
        fields: &'a mut Fields,
        progress: &mut Progress,
        limits: &Limits,
    ) -> Result<Option<Trailers<'a>>, Error> {
        lines::trailers(self.choose(), input, fields, progress, limits)
    }
}

/// The tokens' bytes as a table of 16 rows (low half of the byte) by 8 columns (high half, below 8): bit n of a row says
/// that the byte in column n is one. A shuffle looks up the rows of a whole register at once.
#[allow(dead_code)]
static TOKEN_ROWS: [u8; 16] = {
    let mut rows = [0; 16];
    let mut byte = 0;
    while byte < 0x80 {
        if is_token_byte(byte) {
            rows[byte as usize % 16] |= 1 << (byte / 16);
        }
        byte += 1;
    }
    rows
};
