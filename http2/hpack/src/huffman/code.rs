//! The code itself: RFC 7541 Appendix B.
//!
//! Appendix B prints 257 codes. Only their lengths are needed, because the code is *canonical*: ordered by length and
//! then by symbol, each code is the one before plus one, shifted to its own length. So this file is the lengths and a little
//! arithmetic, and a test compares the result with codes that the appendix prints.

/// The symbol that is in no text: its code, thirty ones, begins the padding of every string (§5.2).
pub const EOS: usize = 256;

/// The shortest code: a string of n octets decodes to at most n * 8 / 5 bytes.
pub const SHORTEST: u32 = 5;

/// The longest code, in bits.
pub const LONGEST: u32 = 30;

/// The length of each symbol's code in bits, the symbol EOS last.
#[rustfmt::skip]
pub const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, // 0x00
    28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28, // 0x10
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, // 0x20
    5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, // 0x30
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, // 0x40
    7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, // 0x50
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, // 0x60
    6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, // 0x70
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, // 0x80
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, // 0x90
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, // 0xa0
    21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, // 0xb0
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, // 0xc0
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, // 0xd0
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, // 0xe0
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, // 0xf0
    30, // EOS
];

/// The symbols in the order of their codes: by length, then by value.
pub const ORDER: [u16; 257] = order();

/// The code of each symbol, in its low [`LENGTHS`] bits.
pub const CODES: [u32; 257] = codes();

/// For each length in bits: the place in [`ORDER`] of its first symbol, that symbol's code, and what every window that begins
/// with a code of at most this length lies below.
const LENGTH: [Length; 32] = lengths();

#[derive(Clone, Copy)]
struct Length {
    place: u16,
    code: u32,
    below: u64,
}

const fn order() -> [u16; 257] {
    let (mut order, mut placed, mut length) = ([0; 257], 0, 0);
    while length <= LONGEST {
        let mut symbol = 0;
        while symbol < 257 {
            if LENGTHS[symbol] as u32 == length {
                order[placed] = symbol as u16;
                placed += 1;
            }
            symbol += 1;
        }
        length += 1;
    }
    order
}

const fn codes() -> [u32; 257] {
    let (mut codes, mut place) = ([0; 257], 1);
    while place < 257 {
        let (before, symbol) = (ORDER[place - 1] as usize, ORDER[place] as usize);
        codes[symbol] = (codes[before] + 1) << (LENGTHS[symbol] - LENGTHS[before]);
        place += 1;
    }
    codes
}

const fn lengths() -> [Length; 32] {
    let mut lengths = [Length { place: 0, code: 0, below: 0 }; 32];
    let (mut place, mut length, mut below) = (0, 0, 0);
    while length <= LONGEST {
        lengths[length as usize].place = place as u16;
        while place < 257 && LENGTHS[ORDER[place] as usize] as u32 == length {
            let code = CODES[ORDER[place] as usize];
            if lengths[length as usize].place as usize == place {
                lengths[length as usize].code = code;
            }
            below = (code as u64 + 1) << (32 - length);
            place += 1;
        }
        lengths[length as usize].below = below;
        length += 1;
    }
    lengths
}

/// The symbol whose code begins `window`, whose first bit is the highest of the word, and the length of that code. The code
/// is complete: every window begins with one.
pub const fn symbol(window: u32) -> (u16, u32) {
    let mut length = SHORTEST;
    while window as u64 >= LENGTH[length as usize].below {
        length += 1;
    }
    let Length { place, code, .. } = LENGTH[length as usize];
    (ORDER[place as usize + ((window >> (32 - length)) - code) as usize], length)
}

/// The most bytes that `octets` octets decode to.
pub const fn most(octets: usize) -> usize {
    octets * 8 / SHORTEST as usize
}

/// The fewest bytes that `octets` octets of a valid string decode to.
pub const fn fewest(octets: usize) -> usize {
    (octets * 8).saturating_sub(7).div_ceil(LONGEST as usize)
}
