//! Taking a content coding off a body (RFC 9110 §8.4.1), with a bound on what it becomes: a kilobyte can be a megabyte.

use flate2::{Decompress, FlushDecompress, Status};

/// What a body may become before its ratio counts.
const ALLOWED: u64 = 64 * 1024;

/// Bytes that are made at a time.
const STEP: usize = 16 * 1024;

/// What is wrong with a compressed body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// 400: its bytes are no such coding.
    Broken,
    /// 400: it ends in its middle.
    Short,
    /// 400: bytes come behind its end.
    Behind,
    /// 413: it becomes too many times larger.
    Ratio,
}

/// One coding that is being taken off.
pub(super) struct Inflater {
    decoder: Option<Decompress>,
    is_gzip: bool,
    ratio: u64,
    received: u64,
    made: u64,
    /// Came, and is not decoded yet: from `used` on.
    input: Vec<u8>,
    used: usize,
    out: Box<[u8]>,
    /// The last step filled `out`: the decoder may hold more back.
    is_full: bool,
}

impl Inflater {
    /// For the coding of that name; `None` for one that is not known. `ratio`: how many times larger the body may become.
    pub(super) fn new(coding: &str, ratio: u64) -> Option<Inflater> {
        let is_gzip = coding.eq_ignore_ascii_case("gzip") || coding.eq_ignore_ascii_case("x-gzip");
        if !is_gzip && !coding.eq_ignore_ascii_case("deflate") {
            return None;
        }
        let out = vec![0; STEP].into_boxed_slice();
        Some(Inflater {
            decoder: None,
            is_gzip,
            ratio,
            received: 0,
            made: 0,
            input: Vec::new(),
            used: 0,
            out,
            is_full: false,
        })
    }

    /// Takes a piece that came. All before it has been decoded.
    pub(super) fn give(&mut self, piece: &[u8]) {
        self.received += piece.len() as u64;
        self.input.clear();
        self.input.extend_from_slice(piece);
        self.used = 0;
    }

    /// Decodes the next bytes; nothing, when all that came is decoded.
    pub(super) fn next(&mut self) -> Result<&[u8], Fault> {
        loop {
            let input = &self.input[self.used..];
            let decoder = match (&mut self.decoder, input) {
                (Some(decoder), [_, ..]) => decoder,
                (Some(decoder), []) if self.is_full => decoder,
                // An empty body is empty in every coding.
                (_, []) => return Ok(&[]),
                // Members follow each other (RFC 1952 §2.2); nothing follows zlib's format.
                (None, _) if self.made > 0 && !self.is_gzip => return Err(Fault::Behind),
                (none, _) if self.is_gzip => none.insert(Decompress::new_gzip(15)),
                // zlib's format names its method, 8, in four bits (RFC 1950 §2.2); some clients send what is within it.
                (none, [first, ..]) => none.insert(Decompress::new(first & 0x0f == 8)),
            };
            let (before_in, before_out) = (decoder.total_in(), decoder.total_out());
            let status = decoder.decompress(input, &mut self.out, FlushDecompress::None).map_err(|_| Fault::Broken)?;
            let (taken, made) = (decoder.total_in() - before_in, decoder.total_out() - before_out);
            self.used += taken as usize;
            self.made += made;
            self.is_full = made as usize == self.out.len();
            match status {
                Status::StreamEnd => (self.decoder, self.is_full) = (None, false),
                _ if taken == 0 && made == 0 && !input.is_empty() => return Err(Fault::Broken),
                _ => {}
            }
            if self.made > ALLOWED && self.made > self.received.saturating_mul(self.ratio) {
                return Err(Fault::Ratio);
            }
            if made > 0 {
                return Ok(&self.out[..made as usize]);
            }
        }
    }

    /// The bytes that [`next`](Self::next) has given last.
    pub(super) fn made(&self, count: usize) -> &[u8] {
        &self.out[..count]
    }

    /// The body is over.
    pub(super) fn end(&self) -> Result<(), Fault> {
        if self.decoder.is_some() { Err(Fault::Short) } else { Ok(()) }
    }
}
