//! Huffman coding of strings: RFC 7541 §5.2 and Appendix B.
//!
//! A frequent character has a short code (`e` five bits), a rare one a long one (`\` nineteen). No code begins another, so the
//! codes stand one behind the other without a mark between them. The last octet is filled up with ones.
//!
//! Five decoders, each a step from the one before, behind one contract: `decode(input, out)` appends the text to `out`
//! and gives the [`Class`] of its bytes; a string that breaks §5.2 is a [`Fault`], and `out` is as it was. The last takes two
//! strings. In reading order:
//!
//! | file | the step | table |
//! |---|---|---|
//! | [`code`] | the code itself, and the symbol at the head of a word | 257 lengths |
//! | [`tree`] | bit by bit, left or right: the judge of all others | 256 nodes |
//! | [`nibble`] | four bits at a time through a machine of states | 16 KiB |
//! | [`byte`] | look at eight bits of a word, take as many as the symbol has | 512 bytes |
//! | [`pair`] | look at twelve bits, take two symbols if they fit | 16 KiB |
//! | [`interleaved`] | two strings at once, so that the processor waits for neither | the same |
//!
//! The decoder of blocks uses [`pair`]. [`encode`] is the way back.

pub mod byte;
pub mod code;
pub mod encode;
pub mod interleaved;
pub mod nibble;
pub mod pair;
pub mod tree;

mod bits;
mod fault;

pub use code::{fewest, most};
pub use fault::Fault;

use crate::class::Class;

/// One of the decoders.
pub type Decode = fn(input: &[u8], out: &mut Vec<u8>) -> Result<Class, Fault>;

/// The decoders of one string by name, in reading order.
pub const VARIANTS: [(&str, Decode); 4] =
    [("tree", tree::decode), ("nibble", nibble::decode), ("byte", byte::decode), ("pair", pair::decode)];
