//! HPACK, the header compression of HTTP/2 (RFC 7541), written to be read.
//!
//! | room | the evening's question | lines of code |
//! |---|---|---|
//! | `/` | How does a field that was sent once become one octet, and what must two tables do to stay one? | 1,570 |
//!
//! There is no I/O, no clock and no dependency. In reading order:
//!
//! | file | holds |
//! |---|---|
//! | [`integer`] | numbers that begin within an octet (§5.1) |
//! | [`huffman`] | strings: the code, five decoders, the encoder (§5.2, Appendix B) |
//! | [`static_table`] | the fields that both ends know (Appendix A) |
//! | `table` | the fields that both ends have seen (§2.3.2, §4) |
//! | `representation` | what a block says before a table is asked (§6) |
//! | `block` | the lent room in which the fields of a block lie |
//! | `decode` | [`Decoder`]: a block becomes fields (§3, §6) |
//! | `policy` | what is worth a place in the table, and what must never have one (§7.1) |
//! | `encode` | [`Encoder`]: fields become a block |
//! | `class`, `error` | which kinds of bytes a string holds; what the peer did wrong |
//! | [`naive`] | the whole decoder as one writes it first: the judge |
//!
//! A name or value that was sent once is one octet the next time, as long as both ends keep the same table. So a block means
//! something only behind all blocks before it, and an error in one ends the connection.
//!
//! ```
//! use wirebook_hpack::{Block, Decoder, Encoder, Indexing, Limits};
//!
//! let (mut encoder, mut decoder) = (Encoder::new(4096), Decoder::new(Limits::default()));
//! let (mut wire, mut room) = (Vec::new(), Block::default());
//! let mut lengths = Vec::new();
//! for _ in 0..3 {
//!     wire.clear();
//!     encoder.block(&mut wire).field(b"user-agent", b"wirebook/0.1", Indexing::Allowed);
//!     lengths.push(wire.len());
//!     decoder.decode(&wire, &mut room)?;
//!     assert_eq!(room.fields().next().unwrap().value, b"wirebook/0.1");
//! }
//! // Spelled out and put into the table, then twice an index.
//! assert_eq!(lengths, [11, 1, 1]);
//! # Ok::<(), wirebook_hpack::Error>(())
//! ```

mod block;
mod class;
mod decode;
mod encode;
mod error;
pub mod huffman;
pub mod integer;
pub mod naive;
mod policy;
mod representation;
pub mod static_table;
mod table;

pub use block::{Block, Field};
pub use class::Class;
pub use decode::Decoder;
pub use encode::{Encoder, MOST, Writer};
pub use error::{Error, Violation};
pub use policy::Indexing;
pub use representation::{Kind, Representation, Representations, Text, representations};
pub use table::OVERHEAD;

/// What a decoder holds at most, for one connection and direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The dynamic table, in bytes as §4.1 counts them: our SETTINGS_HEADER_TABLE_SIZE. 4,096 unless SETTINGS say other
    /// (RFC 9113 §6.5.2); 0 is no table.
    pub table: u32,
    /// The fields of one block, each counted as its name, its value and 32 (our SETTINGS_MAX_HEADER_LIST_SIZE): 48 KiB, as
    /// HTTP/1's head. `usize::MAX` is no limit, 0 no field.
    pub list: usize,
    /// The number of fields of one block, cookie crumbs counted singly: 128, as in Node. `usize::MAX` is no limit.
    pub fields: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { table: 4096, list: 48 * 1024, fields: 128 }
    }
}
