//! Four bits at a time: the tree's walk, done beforehand.
//!
//! A walk that stands at some inner node and reads four bits always ends at the same node, and passes at most one leaf on its
//! way, because no code is shorter than five bits. So there is a table with a row for each node and a column for each four
//! bits: where the walk ends, and which symbol it wrote.

use super::code::EOS;
use super::fault::Fault;
use super::tree::{Child, NODES};
use crate::class::{Class, KINDS};

/// One cell: the node behind four bits, the symbol if a leaf was passed, and its kind.
#[derive(Clone, Copy)]
struct Step {
    node: u8,
    wrote: Wrote,
    symbol: u8,
    kind: u8,
}

#[derive(Clone, Copy, PartialEq)]
enum Wrote {
    Nothing,
    Symbol,
    Eos,
}

static STEPS: [[Step; 16]; 256] = steps();

/// Whether a string may end at this node: the root, and the nodes on the way to EOS that seven ones reach.
static ENDS: [bool; 256] = ends();

const fn steps() -> [[Step; 16]; 256] {
    let mut steps = [[Step { node: 0, wrote: Wrote::Nothing, symbol: 0, kind: 0 }; 16]; 256];
    let mut from = 0;
    while from < 256 {
        let mut nibble = 0;
        while nibble < 16 {
            let (mut node, mut place) = (from, 4);
            while place > 0 {
                place -= 1;
                node = match NODES[node][nibble >> place & 1] {
                    Child::Node(next) => next as usize,
                    Child::Leaf(symbol) => {
                        let step = &mut steps[from][nibble];
                        if symbol as usize == EOS {
                            step.wrote = Wrote::Eos;
                        } else {
                            step.wrote = Wrote::Symbol;
                            step.symbol = symbol as u8;
                            step.kind = KINDS[symbol as usize];
                        }
                        0
                    }
                };
            }
            steps[from][nibble].node = node as u8;
            nibble += 1;
        }
        from += 1;
    }
    steps
}

const fn ends() -> [bool; 256] {
    let (mut ends, mut node, mut ones) = ([false; 256], 0, 0);
    while ones <= 7 {
        ends[node] = true;
        node = match NODES[node][1] {
            Child::Node(next) => next as usize,
            Child::Leaf(_) => panic!("EOS has thirty ones"),
        };
        ones += 1;
    }
    ends
}

/// Appends the text of `input` to `out`.
///
/// # Errors
///
/// A [`Fault`]; `out` is as it was.
pub fn decode(input: &[u8], out: &mut Vec<u8>) -> Result<Class, Fault> {
    let start = out.len();
    let (mut node, mut kinds) = (0, 0);
    for octet in input {
        for nibble in [octet >> 4, octet & 15] {
            let step = STEPS[usize::from(node)][usize::from(nibble)];
            match step.wrote {
                Wrote::Nothing => {}
                Wrote::Symbol => out.push(step.symbol),
                Wrote::Eos => {
                    out.truncate(start);
                    return Err(Fault::Eos);
                }
            }
            (node, kinds) = (step.node, kinds | step.kind);
        }
    }
    if !ENDS[usize::from(node)] {
        out.truncate(start);
        return Err(Fault::Padding);
    }
    Ok(Class(kinds))
}
