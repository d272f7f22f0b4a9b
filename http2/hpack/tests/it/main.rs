//! Field blocks and the code of their strings.

mod blocks;
mod huffman;
