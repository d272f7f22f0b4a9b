//! What may be wrong with a string.

use crate::error::Violation;

/// A string that breaks RFC 7541 §5.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It holds the symbol EOS.
    Eos,
    /// It ends in eight bits or more that are no symbol, or in bits that are not all ones.
    Padding,
}

impl From<Fault> for Violation {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Eos => Violation::HuffmanEos,
            Fault::Padding => Violation::HuffmanPadding,
        }
    }
}
