//! From text to tree: pieces, tokens, scopes, syntax.

pub(crate) mod ast;
pub(crate) mod lexer;
pub(crate) mod origin;
pub(crate) mod pieces;
mod scan;
pub(crate) mod scope;
mod shown;

pub use pieces::{Piece, Prepared, Tag};
pub use scan::{ScanError, end_of_code};
