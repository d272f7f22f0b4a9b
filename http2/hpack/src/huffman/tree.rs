//! Bit by bit: what the appendix describes, written down.
//!
//! The codes are the paths of a binary tree, 0 to the left and 1 to the right, and the symbols are its leaves. Each bit is one
//! step; at a leaf a symbol is written and the walk begins again at the root. Nothing here is fast, and all of it can be
//! seen to be right, so it judges the others.

use super::code::{CODES, EOS, LENGTHS};
use super::fault::Fault;
use crate::class::Class;

/// What lies to the left and to the right of an inner node: another one, or a leaf with its symbol.
#[derive(Clone, Copy)]
pub(super) enum Child {
    Node(u8),
    Leaf(u16),
}

/// The inner nodes; the first is the root.
pub(super) static NODES: [[Child; 2]; 256] = grow();

const fn grow() -> [[Child; 2]; 256] {
    // The root is nobody's child, so a child that is the root has not grown yet.
    let mut nodes = [[Child::Node(0); 2]; 256];
    let (mut grown, mut symbol) = (1u8, 0);
    while symbol < 257 {
        let (mut node, mut left) = (0, LENGTHS[symbol]);
        while left > 1 {
            left -= 1;
            let bit = (CODES[symbol] >> left & 1) as usize;
            node = match nodes[node][bit] {
                Child::Node(0) => {
                    nodes[node][bit] = Child::Node(grown);
                    grown = grown.wrapping_add(1);
                    grown.wrapping_sub(1) as usize
                }
                Child::Node(next) => next as usize,
                Child::Leaf(_) => panic!("no code begins another"),
            };
        }
        nodes[node][(CODES[symbol] & 1) as usize] = Child::Leaf(symbol as u16);
        symbol += 1;
    }
    nodes
}

/// Appends the text of `input` to `out`.
///
/// # Errors
///
/// A [`Fault`]; `out` is as it was.
pub fn decode(input: &[u8], out: &mut Vec<u8>) -> Result<Class, Fault> {
    let start = out.len();
    let mut node = 0;
    // The bits since the last symbol, and whether all of them were ones: what may be padding.
    let (mut bits, mut ones) = (0, true);
    for octet in input {
        for place in (0..8).rev() {
            let bit = octet >> place & 1;
            (bits, ones) = (bits + 1, ones && bit == 1);
            // ANCHOR: walk
            match NODES[node][usize::from(bit)] {
                Child::Node(next) => node = usize::from(next),
                Child::Leaf(symbol) if usize::from(symbol) == EOS => {
                    out.truncate(start);
                    return Err(Fault::Eos);
                }
                Child::Leaf(symbol) => {
                    out.push(symbol as u8);
                    (node, bits, ones) = (0, 0, true);
                }
            }
            // ANCHOR_END: walk
        }
    }
    if bits > 7 || !ones {
        out.truncate(start);
        return Err(Fault::Padding);
    }
    Ok(Class::of(&out[start..]))
}
