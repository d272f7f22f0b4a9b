//! Taking content codings off a response's body (RFC 9110 §8.4), with a bound on what comes out.
//!
//! A kilobyte can decode to a megabyte, and that again if there are two codings. So each stage has one small buffer, is
//! run only when the stage behind it asks, and the output is counted.

use super::response::Response;
use crate::agent::error::Error;
use flate2::{Decompress, FlushDecompress, Status};

/// Content codings of one response: more is an attack (curl's limit is the same).
pub const MAX_CODINGS: usize = 5;

/// Bytes between two stages.
const STAGE: usize = 16 * 1024;

/// A response whose body is decoded as it is read.
pub struct Decoded {
    response: Response,
    stages: Vec<Stage>,
    out: Box<[u8]>,
    /// Bytes that may still come out.
    left: u64,
    failed: bool,
}

/// One coding being taken off.
struct Stage {
    coding: Coding,
    decoder: Option<Decompress>,
    input: Vec<u8>,
    used: usize,
    /// Nothing more will come in.
    last: bool,
}

/// What may come next of a coding's bytes.
#[derive(Clone, Copy)]
enum Coding {
    /// Members, one behind the other, which decode to one text (RFC 1952 §2.2).
    Gzip,
    /// `deflate`: the zlib format (RFC 9110 §8.4.1.2), or what is within it, which some servers send under that name.
    Deflate,
    /// Nothing: it has ended.
    Ended,
}

/// What one run through the stages gave.
enum Step {
    Data(usize),
    Missing,
    End,
}

impl Response {
    /// Takes the content codings off the body, which may decode to at most `max` bytes (0: to none; [`u64::MAX`]: to any
    /// number); gzip and deflate are known. Send `accept-encoding: gzip` to be given any.
    ///
    /// A body without a byte decodes to nothing, whatever its codings: that of an answer to HEAD, of 204 and 304. The end
    /// of what was encoded is not yet the end of the body: only when that has come is the body given as whole, and its
    /// connection to the agent.
    ///
    /// # Errors
    ///
    /// [`Error::Coding`] for codings that are not known, and for more than [`MAX_CODINGS`].
    pub fn decoded(self, max: u64) -> Result<Decoded, Error> {
        let mut stages = Vec::new();
        let values = self.headers();
        for coding in values.get_all("content-encoding").flat_map(|value| value.split(|&byte| byte == b',')) {
            let coding = match coding.trim_ascii().to_ascii_lowercase().as_slice() {
                b"gzip" | b"x-gzip" => Coding::Gzip,
                b"deflate" => Coding::Deflate,
                b"identity" | b"" => continue,
                _ => return Err(Error::Coding("the content coding is not known")),
            };
            if stages.len() == MAX_CODINGS {
                return Err(Error::Coding("more content codings than anybody needs"));
            }
            stages.push(Stage { coding, decoder: None, input: Vec::new(), used: 0, last: false });
        }
        // They are listed in the order in which they were applied.
        stages.reverse();
        Ok(Decoded { response: self, stages, out: vec![0; STAGE].into_boxed_slice(), left: max, failed: false })
    }
}

impl Decoded {
    /// The response: status and fields are as they were.
    pub fn response(&self) -> &Response {
        &self.response
    }

    /// The next piece of the decoded body; `None` at its end.
    ///
    /// # Errors
    ///
    /// As [`Response::chunk`]; [`Error::BodyTooLarge`] for more than was allowed, [`Error::Coding`] for codings that are
    /// broken, truncated or followed by something else. The connection is closed then.
    pub async fn chunk(&mut self) -> Result<Option<&[u8]>, Error> {
        if self.failed {
            return Err(Error::Aborted);
        }
        // Until it is known to be good, also where the caller gives this future up.
        self.failed = true;
        let count = self.next().await.map_err(|error| self.response.fail(error))?;
        self.failed = false;
        Ok((count > 0).then(|| &self.out[..count]))
    }

    async fn next(&mut self) -> Result<usize, Error> {
        let count = if self.stages.is_empty() { self.plain().await? } else { self.step().await? };
        self.left = self.left.checked_sub(count as u64).ok_or(Error::BodyTooLarge)?;
        Ok(count)
    }

    /// The whole body, decoded.
    ///
    /// # Errors
    ///
    /// As [`chunk`](Self::chunk).
    pub async fn bytes(&mut self) -> Result<Vec<u8>, Error> {
        let mut whole = Vec::new();
        while let Some(piece) = self.chunk().await? {
            whole.extend_from_slice(piece);
        }
        Ok(whole)
    }

    async fn plain(&mut self) -> Result<usize, Error> {
        let Some(piece) = self.response.chunk().await? else { return Ok(0) };
        if piece.len() > self.out.len() {
            self.out = vec![0; piece.len()].into_boxed_slice();
        }
        self.out[..piece.len()].copy_from_slice(piece);
        Ok(piece.len())
    }

    async fn step(&mut self) -> Result<usize, Error> {
        loop {
            match self.run()? {
                Step::Data(count) => return Ok(count),
                Step::End => return Ok(0),
                Step::Missing => {
                    let first = &mut self.stages[0];
                    match self.response.chunk().await? {
                        Some(piece) => first.give(piece),
                        None => first.last = true,
                    }
                }
            }
        }
    }

    /// Runs the stages from the last back to the one that has something to do.
    fn run(&mut self) -> Result<Step, Error> {
        let last = self.stages.len() - 1;
        let mut at = last;
        loop {
            let (before, behind) = self.stages.split_at_mut(at + 1);
            let stage = &mut before[at];
            let mut between = [0; STAGE];
            let out = if at == last { &mut self.out[..] } else { &mut between[..] };
            let count = stage.decode(out)?;
            match behind.first_mut() {
                None if count > 0 => return Ok(Step::Data(count)),
                None if stage.is_over() => return Ok(Step::End),
                Some(next) if count > 0 => {
                    next.give(&between[..count]);
                    at += 1;
                }
                Some(next) if stage.is_over() && !next.last => {
                    next.last = true;
                    at += 1;
                }
                _ if at == 0 => return Ok(Step::Missing),
                _ => at -= 1,
            }
        }
    }
}

impl Coding {
    /// The decoder of what begins with that byte.
    fn decoder(self, first: u8) -> Result<Decompress, Error> {
        match self {
            Coding::Gzip => Ok(Decompress::new_gzip(15)),
            // The zlib format names its method, 8, in four bits (RFC 1950 §2.2); no block of deflate begins with these.
            Coding::Deflate => Ok(Decompress::new(first & 0x0f == 8)),
            Coding::Ended => Err(Error::Coding("bytes follow the compressed body")),
        }
    }

    /// One piece of it was whole.
    fn end(&mut self) {
        if let Coding::Deflate = self {
            *self = Coding::Ended;
        }
    }
}

impl Stage {
    fn give(&mut self, piece: &[u8]) {
        self.input.drain(..std::mem::take(&mut self.used));
        self.input.extend_from_slice(piece);
    }

    /// All that came in has gone out, and it was whole.
    fn is_over(&self) -> bool {
        self.last && self.decoder.is_none() && self.used == self.input.len()
    }

    /// Decodes what there is room for. Zero: it needs more input, or is over.
    fn decode(&mut self, out: &mut [u8]) -> Result<usize, Error> {
        loop {
            let input = &self.input[self.used..];
            let decoder = match (&mut self.decoder, input) {
                (Some(decoder), _) => decoder,
                (None, []) => return Ok(0),
                (none, [first, ..]) => none.insert(self.coding.decoder(*first)?),
            };
            let (before_in, before_out) = (decoder.total_in(), decoder.total_out());
            let status = decoder.decompress(input, out, FlushDecompress::None);
            let (taken, count) = (decoder.total_in() - before_in, decoder.total_out() - before_out);
            self.used += taken as usize;
            match status {
                Err(_) => return Err(Error::Coding("the compressed body is broken")),
                Ok(Status::StreamEnd) => {
                    self.decoder = None;
                    self.coding.end();
                }
                Ok(_) if count == 0 && self.last => return Err(Error::Coding("the compressed body is cut short")),
                Ok(_) => return Ok(count as usize),
            }
            if count > 0 {
                return Ok(count as usize);
            }
        }
    }
}

impl std::fmt::Debug for Decoded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoded").field("codings", &self.stages.len()).finish_non_exhaustive()
    }
}
