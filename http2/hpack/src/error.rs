//! What the peer's encoder did wrong.

use core::fmt;

/// The peer broke a rule. Both ends no longer hold the same table, so there is nothing to go on with: HTTP/2 ends the
/// whole connection with `COMPRESSION_ERROR` (RFC 9113 §4.3), whatever the violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// Which rule.
    pub violation: Violation,
    /// Where: the byte offset into the field block at which the offending integer, string or representation begins.
    pub offset: usize,
}

/// The rules of a field block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// An integer of more than five octets, or of 2^28 or more: longer than any block, or made of endless zeros (§5.1).
    IntegerTooLarge,
    /// The block ends within an integer or a string (§5.1, §5.2).
    Truncated,
    /// A Huffman-coded string that holds the EOS symbol (§5.2).
    HuffmanEos,
    /// A Huffman-coded string that ends in more than seven bits of padding, or in padding that is not all ones (§5.2).
    HuffmanPadding,
    /// Index 0, which names nothing (§6.1).
    IndexZero,
    /// An index past the end of both tables (§2.3.3).
    IndexUnknown,
    /// A table size above the one that our SETTINGS allow (§6.3).
    SizeTooLarge,
    /// A table size behind a field: it may stand at the start of a block alone (§4.2).
    SizeTooLate,
    /// Our SETTINGS made the table smaller than it is, and the block does not begin by saying so (§4.2).
    SizeMissing,
}

impl Violation {
    /// All violations, in the order of their declaration.
    pub const ALL: [Violation; 9] = [
        Violation::IntegerTooLarge,
        Violation::Truncated,
        Violation::HuffmanEos,
        Violation::HuffmanPadding,
        Violation::IndexZero,
        Violation::IndexUnknown,
        Violation::SizeTooLarge,
        Violation::SizeTooLate,
        Violation::SizeMissing,
    ];

    /// The section of RFC 7541 that holds the rule, and the rule in a few words.
    pub const fn rule(self) -> (&'static str, &'static str) {
        match self {
            Violation::IntegerTooLarge => ("5.1", "an integer has at most five octets and stays below 2^28"),
            Violation::Truncated => ("5.2", "the block ends within an integer or a string"),
            Violation::HuffmanEos => ("5.2", "a Huffman-coded string never holds the symbol EOS"),
            Violation::HuffmanPadding => ("5.2", "a Huffman-coded string is padded with at most seven ones"),
            Violation::IndexZero => ("6.1", "the index 0 is not used"),
            Violation::IndexUnknown => ("2.3.3", "the index is past the end of both tables"),
            Violation::SizeTooLarge => ("6.3", "the table is never larger than SETTINGS_HEADER_TABLE_SIZE"),
            Violation::SizeTooLate => ("4.2", "the table changes its size at the start of a block alone"),
            Violation::SizeMissing => ("4.2", "a smaller table that was asked for is confirmed by the next block"),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (section, rule) = self.violation.rule();
        write!(f, "byte {}: {rule} (RFC 7541 §{section})", self.offset)
    }
}

impl core::error::Error for Error {}
