//! How a case arrives: whole, byte by byte, at every cut, and with other bytes behind it.

use crate::{Case, Settings, link};
use std::fmt;

/// Inputs up to this size are cut at every byte, longer ones (which are about lengths) at every [`STRIDE`]th.
const EVERY_CUT: usize = 1024;

/// A prime, so that the cuts fall anywhere.
const STRIDE: usize = 997;

/// Failures told at most.
const TOLD: usize = 20;

/// How the bytes of a case arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Each block at once.
    Whole,
    /// A byte at a time.
    Bytewise,
    /// Each block at once, but for one that is cut before the byte at this offset.
    Cut(usize),
    /// Whole, with bytes behind it.
    Trailing,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Way::Whole => f.write_str("whole"),
            Way::Bytewise => f.write_str("byte by byte"),
            Way::Cut(at) => write!(f, "cut at {at}"),
            Way::Trailing => f.write_str("with trailing bytes"),
        }
    }
}

/// What a protocol reads.
pub struct Input<'c> {
    /// The way in which it arrives.
    pub way: Way,
    /// The bytes of all blocks, one behind the other.
    pub bytes: Vec<u8>,
    /// The blocks.
    pub blocks: Vec<Arrival<'c>>,
}

/// A block of it, in pieces.
pub struct Arrival<'c> {
    /// The block's kind.
    pub kind: &'c str,
    /// The words behind it.
    pub settings: &'c Settings,
    /// The offset of its first byte.
    pub start: usize,
    /// The offsets at which its pieces end; the last is the block's end. A piece may be empty.
    pub stops: Vec<usize>,
}

impl Input<'_> {
    /// The settings of the first block: where there is but one, those of the case.
    pub fn settings(&self) -> &Settings {
        self.blocks[0].settings
    }

    /// The ends of all pieces of all blocks.
    pub fn stops(&self) -> impl Iterator<Item = usize> {
        self.blocks.iter().flat_map(|block| block.stops.iter().copied())
    }

    /// The first block of this kind as text.
    pub fn text(&self, kind: &str) -> Option<&str> {
        let block = self.blocks.iter().find(|block| block.kind == kind)?;
        std::str::from_utf8(&self.bytes[block.start..*block.stops.last()?]).ok()
    }
}

impl Case {
    /// The case in every way in which it may arrive. `trailing` comes behind a case that is complete; only the events of
    /// the document count then, and not what the bytes behind it mean.
    pub fn ways(&self, trailing: &[u8]) -> impl Iterator<Item = Input<'_>> {
        let len: usize = self.input.iter().map(|block| block.bytes.len()).sum();
        let stream = self.input.iter().any(|block| block.is_stream());
        let step = if len <= EVERY_CUT { 1 } else { STRIDE };
        let cuts = (0..=len).step_by(step).filter(move |_| stream).map(Way::Cut);
        let bytewise = (stream && len <= EVERY_CUT).then_some(Way::Bytewise);
        // An unfinished message would take what follows for its own, and behind the end of the input nothing follows.
        let last = self.input.last().filter(|block| block.is_stream() && !block.settings.has("eof"));
        let open = self.events.last().is_some_and(|event| event.ends_with(" more"));
        let longer = (last.is_some() && !open).then_some(Way::Trailing);
        let trailing = trailing.to_vec();
        [Way::Whole].into_iter().chain(bytewise).chain(cuts).chain(longer).map(move |way| self.arrive(way, &trailing))
    }

    fn arrive(&self, way: Way, trailing: &[u8]) -> Input<'_> {
        let mut bytes = Vec::new();
        let mut blocks = Vec::new();
        for (at, block) in self.input.iter().enumerate() {
            let start = bytes.len();
            bytes.extend_from_slice(&block.bytes);
            if way == Way::Trailing && at + 1 == self.input.len() {
                bytes.extend_from_slice(trailing);
            }
            let end = bytes.len();
            let stops = match way {
                Way::Bytewise if block.is_stream() => (start + 1..end).chain([end]).collect(),
                Way::Cut(cut) if block.is_stream() && (start..=end).contains(&cut) => vec![cut, end],
                _ => vec![end],
            };
            blocks.push(Arrival { kind: &block.kind, settings: &block.settings, start, stops });
        }
        Input { way, bytes, blocks }
    }
}

/// Runs every case in every way; all must give the events of the document. Says how many runs that were.
///
/// # Errors
///
/// All failures, each with its place, both lists of events, and the link that shows the case in its widget.
pub fn check(cases: &[Case], trailing: &[u8], events: impl Fn(&Input<'_>) -> Vec<String>) -> Result<usize, String> {
    let (mut failures, mut runs) = (Vec::new(), 0);
    for case in cases {
        for input in case.ways(trailing) {
            runs += 1;
            let mut got = events(&input);
            if input.way == Way::Trailing {
                got.truncate(case.events.len());
            }
            if got != case.events {
                let (place, name, way) = (format!("tests/cases/{}", case.place), &case.name, input.way);
                let (want, got) = (case.events.join("\n    "), got.join("\n    "));
                let shown = link(case).map_or(String::new(), |link| format!("\n  see {link}"));
                failures.push(format!("{place} {name}, {way}\n  expected\n    {want}\n  got\n    {got}{shown}"));
            }
            if failures.len() == TOLD {
                return Err(format!("the first {TOLD} failures\n\n{}", failures.join("\n\n")));
            }
        }
    }
    if failures.is_empty() {
        Ok(runs)
    } else {
        Err(format!("{} failures\n\n{}", failures.len(), failures.join("\n\n")))
    }
}
