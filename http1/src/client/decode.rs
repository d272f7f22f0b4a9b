//! Taking content codings off a response's body (RFC 9110 §8.4), with a bound on what comes out.
//!
//! A kilobyte can decode to a megabyte, and that again if there are two codings. So each stage has one small buffer, is
//! run only when the stage behind it asks, and the output is counted.

use super::{Error, Response};
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
    decoder: Decompress,
    input: Vec<u8>,
    used: usize,
    /// Nothing more will come in.
    last: bool,
    ended: bool,
}

/// What one run through the stages gave.
enum Step {
    Data(usize),
    Missing,
    End,
}

impl Response {
    /// Takes the content codings off the body, which may decode to at most `max` bytes; gzip and deflate (zlib) are known.
    /// Send `accept-encoding: gzip` to be given any.
    ///
    /// # Errors
    ///
    /// [`Error::Coding`] for codings that are not known, and for more than [`MAX_CODINGS`].
    pub fn decoded(self, max: u64) -> Result<Decoded, Error> {
        let mut stages = Vec::new();
        let values = self.headers();
        for coding in values.get_all("content-encoding").flat_map(|value| value.split(|&byte| byte == b',')) {
            let decoder = match coding.trim_ascii().to_ascii_lowercase().as_slice() {
                b"gzip" | b"x-gzip" => Some(Decompress::new_gzip(15)),
                b"deflate" => Some(Decompress::new(true)),
                b"identity" | b"" => None,
                _ => return Err(Error::Coding("the content coding is not known")),
            };
            if stages.len() == MAX_CODINGS {
                return Err(Error::Coding("more content codings than anybody needs"));
            }
            stages.extend(decoder.map(|decoder| Stage {
                decoder,
                input: Vec::new(),
                used: 0,
                last: false,
                ended: false,
            }));
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
    /// As [`Response::chunk`]; [`Error::BodyTooLarge`] for more than was allowed, [`Error::Coding`] for broken or truncated
    /// codings. The connection is closed then.
    pub async fn chunk(&mut self) -> Result<Option<&[u8]>, Error> {
        if self.failed {
            return Err(Error::Aborted);
        }
        // Until the end was seen in good order.
        self.failed = true;
        let count = match self.stages.is_empty() {
            true => self.plain().await?,
            false => self.step().await?,
        };
        self.left = self.left.checked_sub(count as u64).ok_or(Error::BodyTooLarge)?;
        self.failed = false;
        Ok((count > 0).then(|| &self.out[..count]))
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
                None if stage.ended => return Ok(Step::End),
                Some(next) if count > 0 => {
                    next.give(&between[..count]);
                    at += 1;
                }
                Some(next) if stage.ended && !next.last => {
                    next.last = true;
                    at += 1;
                }
                _ if at == 0 => return Ok(Step::Missing),
                _ => at -= 1,
            }
        }
    }
}

impl Stage {
    fn give(&mut self, piece: &[u8]) {
        self.input.drain(..std::mem::take(&mut self.used));
        self.input.extend_from_slice(piece);
    }

    /// Decodes what there is room for. Zero: it needs more input, or has ended.
    fn decode(&mut self, out: &mut [u8]) -> Result<usize, Error> {
        let broken = Error::Coding("the compressed body is broken");
        if self.ended {
            return if self.used == self.input.len() { Ok(0) } else { Err(broken) };
        }
        let (before_in, before_out) = (self.decoder.total_in(), self.decoder.total_out());
        let status = self.decoder.decompress(&self.input[self.used..], out, FlushDecompress::None);
        let (taken, count) = (self.decoder.total_in() - before_in, self.decoder.total_out() - before_out);
        self.used += taken as usize;
        match status {
            Err(_) => Err(broken),
            Ok(Status::StreamEnd) => {
                self.ended = true;
                Ok(count as usize)
            }
            Ok(_) if count == 0 && self.last => Err(Error::Coding("the compressed body is cut short")),
            Ok(_) => Ok(count as usize),
        }
    }
}

impl std::fmt::Debug for Decoded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoded").field("codings", &self.stages.len()).finish_non_exhaustive()
    }
}
