//! Masking: `payload[i] ^= key[i % 4]` (RFC 6455 §5.3), four times behind one contract.
//!
//! The contract: `apply(payload, key, offset)` masks or unmasks (it is the same) `payload` in place, where `offset` is
//! how many bytes of the frame's payload came before. So a frame may arrive in any pieces.
//!
//! | variant | what it does |
//! |---|---|
//! | [`byte`] | the RFC's formula, the judge of the others |
//! | [`word`] | eight bytes at a time, safe code |
//! | [`simd`] | 16 or 32 bytes at a time, with a tail that overlaps instead of a loop |
//!
//! [`apply`] takes the fastest that the machine has.

/// One byte at a time: the formula as the RFC writes it.
pub mod byte {
    // ANCHOR: byte
    /// Masks or unmasks in place; see the [module](super).
    pub fn apply(payload: &mut [u8], key: [u8; 4], offset: usize) {
        for (i, byte) in payload.iter_mut().enumerate() {
            *byte ^= key[(offset.wrapping_add(i)) % 4];
        }
    }
    // ANCHOR_END: byte
}

/// Eight bytes at a time.
pub mod word {
    // ANCHOR: word
    /// Masks or unmasks in place; see the [module](super).
    #[inline]
    pub fn apply(payload: &mut [u8], key: [u8; 4], offset: usize) {
        let key = super::rotate(key, offset);
        let word = super::doubled(key);
        let (words, tail) = payload.as_chunks_mut::<8>();
        for chunk in words {
            *chunk = (u64::from_ne_bytes(*chunk) ^ word).to_ne_bytes();
        }
        for (byte, key) in tail.iter_mut().zip(word.to_ne_bytes()) {
            *byte ^= key;
        }
    }
    // ANCHOR_END: word
}

pub mod simd;

pub use simd::apply;

/// The key as it stands `offset` bytes into the payload. As a number, because the same on an array is done by way of memory
/// and costs more than masking a hundred bytes.
#[inline]
fn rotate(key: [u8; 4], offset: usize) -> [u8; 4] {
    u32::from_le_bytes(key).rotate_right(8 * (offset % 4) as u32).to_le_bytes()
}

/// The key twice, as a word in memory order.
#[inline]
fn doubled(key: [u8; 4]) -> u64 {
    u64::from(u32::from_ne_bytes(key)) * 0x1_0000_0001
}
