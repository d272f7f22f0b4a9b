//! permessage-deflate at work: RFC 7692 §7.2. (What is negotiated stands in `handshake/extension.rs`.)
//!
//! To send, a message is deflated up to a sync flush, and the flush's last four bytes `00 00 ff ff` are cut off. To
//! receive, they are put back. With "context take-over" the window lives on to the next message; without, every message
//! starts anew, and then compressors and inflaters need not belong to a connection at all: a thread keeps a few and lends
//! them out for the length of a message.

use std::cell::RefCell;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use crate::config;
use crate::error::Error;

/// What both ends agreed on, from this end's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Negotiated {
    /// Our compressor keeps its window from message to message.
    pub own_takeover: bool,
    /// The peer's compressor keeps its window.
    pub peer_takeover: bool,
    /// Base-2 logarithm of our compressor's window. At 8, which zlib cannot do, we send messages uncompressed.
    pub own_window_bits: u8,
    /// Base-2 logarithm of the peer's window, 8 to 15.
    pub peer_window_bits: u8,
}

/// The tail of a sync flush that a message travels without (RFC 7692 §7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// Compressors or inflaters that a thread keeps while no message needs them.
const POOLED: usize = 4;

thread_local! {
    static COMPRESSORS: RefCell<Vec<(u8, u32, Compress)>> = const { RefCell::new(Vec::new()) };
    static INFLATERS: RefCell<Vec<Decompress>> = const { RefCell::new(Vec::new()) };
    /// Where (in)flated bytes land before they are appended: initialised once, so that no buffer is zeroed for a message.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Bytes (in)flated in one step.
const STEP: usize = 16 << 10;

fn with_scratch<T>(work: impl FnOnce(&mut [u8]) -> T) -> T {
    SCRATCH.with_borrow_mut(|scratch| {
        if scratch.is_empty() {
            scratch.resize(STEP, 0);
        }
        work(scratch)
    })
}

/// One connection's side of the extension.
#[derive(Debug)]
pub(crate) struct Deflate {
    agreed: Negotiated,
    threshold: usize,
    level: u32,
    /// Ours from message to message, with take-over only.
    compressor: Option<Compress>,
    /// Likewise for the peer's messages.
    inflater: Option<Inflater>,
}

impl Deflate {
    pub(crate) fn new(agreed: Negotiated, wants: config::Deflate) -> Self {
        Deflate { agreed, threshold: wants.threshold, level: wants.level, compressor: None, inflater: None }
    }

    /// Deflates a message to the end of `out`; `false`, with `out` as it was, where it had better go as it is.
    pub(crate) fn compress(&mut self, payload: &[u8], out: &mut Vec<u8>) -> bool {
        // zlib gives nothing for a second empty flush, so an empty message always goes as it is.
        if payload.is_empty() || payload.len() < self.threshold || self.agreed.own_window_bits < 9 {
            return false;
        }
        let bits = self.agreed.own_window_bits;
        let mut compressor = self.compressor.take().unwrap_or_else(|| borrow_compressor(bits, self.level));
        let start = out.len();
        let ok = deflate(&mut compressor, payload, out);
        if self.agreed.own_takeover {
            // A failed compressor is not kept: the next message starts a new one, which the peer can follow as well.
            self.compressor = ok.then_some(compressor);
        } else {
            give_back_compressor(bits, self.level, compressor);
        }
        // With take-over the peer's window must see what ours saw, larger or not.
        let worth = ok && (self.agreed.own_takeover || out.len() - start < payload.len());
        if !worth {
            out.truncate(start);
        }
        worth
    }

    /// The inflater for a message that begins.
    pub(crate) fn begin(&mut self) -> Inflater {
        self.inflater.take().unwrap_or_else(|| Inflater {
            inner: INFLATERS.with_borrow_mut(Vec::pop).unwrap_or_else(|| Decompress::new_with_window_bits(false, 15)),
        })
    }

    /// Takes the inflater back after a message.
    pub(crate) fn end(&mut self, inflater: Inflater) {
        if self.agreed.peer_takeover {
            self.inflater = Some(inflater);
        } else {
            inflater.give_back();
        }
    }
}

fn borrow_compressor(bits: u8, level: u32) -> Compress {
    COMPRESSORS.with_borrow_mut(|pool| match pool.iter().position(|(b, l, _)| (*b, *l) == (bits, level)) {
        Some(at) => pool.swap_remove(at).2,
        None => Compress::new_with_window_bits(Compression::new(level.clamp(1, 9)), false, bits.clamp(9, 15)),
    })
}

fn give_back_compressor(bits: u8, level: u32, mut compressor: Compress) {
    compressor.reset();
    COMPRESSORS.with_borrow_mut(|pool| {
        if pool.len() < POOLED {
            pool.push((bits, level, compressor));
        }
    });
}

/// Deflates `payload` and a sync flush, without the flush's tail. `false` where zlib refuses, which it has no reason to.
fn deflate(compressor: &mut Compress, mut payload: &[u8], out: &mut Vec<u8>) -> bool {
    with_scratch(|scratch| {
        loop {
            let (before_in, before_out) = (compressor.total_in(), compressor.total_out());
            if !matches!(compressor.compress(payload, scratch, FlushCompress::Sync), Ok(Status::Ok)) {
                return false;
            }
            payload = &payload[(compressor.total_in() - before_in) as usize..];
            let produced = (compressor.total_out() - before_out) as usize;
            out.extend_from_slice(&scratch[..produced]);
            // Room left over says that the flush is complete.
            if produced < scratch.len() && payload.is_empty() {
                break;
            }
        }
        let cut = out.len().saturating_sub(TAIL.len());
        out.ends_with(&TAIL).then(|| out.truncate(cut)).is_some()
    })
}

/// An inflater in use for one message.
#[derive(Debug)]
pub(crate) struct Inflater {
    inner: Decompress,
}

impl Inflater {
    // ANCHOR: inflate
    /// Inflates the next piece of a message and hands each inflated piece, at most [`STEP`] bytes, to `sink`.
    pub(crate) fn feed(
        &mut self,
        mut piece: &[u8],
        mut sink: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        with_scratch(|scratch| {
            loop {
                let (before_in, before_out) = (self.inner.total_in(), self.inner.total_out());
                let status = self.inner.decompress(piece, scratch, FlushDecompress::Sync);
                let consumed = (self.inner.total_in() - before_in) as usize;
                let produced = (self.inner.total_out() - before_out) as usize;
                piece = &piece[consumed..];
                // What came before a bad byte is looked at before that byte is: so the error is the same wherever the piece was cut.
                sink(&scratch[..produced])?;
                if status.map_err(|_| Error::Deflate)? == Status::StreamEnd {
                    // A block with BFINAL set (RFC 7692 §7.2.3.4): what follows is a new deflate stream. Its window starts
                    // empty, because zlib offers no way to keep it.
                    self.inner.reset(false);
                    if piece.is_empty() {
                        return Ok(());
                    }
                } else if consumed == 0 && produced == 0 {
                    return if piece.is_empty() { Ok(()) } else { Err(Error::Deflate) };
                } else if piece.is_empty() && produced < scratch.len() {
                    return Ok(());
                }
            }
        })
    }
    // ANCHOR_END: inflate
    /// The end of a message: puts the tail back that it travelled without.
    pub(crate) fn finish(&mut self, sink: impl FnMut(&[u8]) -> Result<(), Error>) -> Result<(), Error> {
        self.feed(&TAIL, sink)
    }

    fn give_back(mut self) {
        self.inner.reset(false);
        INFLATERS.with_borrow_mut(|pool| {
            if pool.len() < POOLED {
                pool.push(self.inner);
            }
        });
    }
}
