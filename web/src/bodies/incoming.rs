//! The pieces of a body, whatever its content coding.

use super::inflate::{Fault, Inflater};
use crate::context::{Context, Failure};
use wirebook_http1::Request;

/// A body as it comes. It has an end: the bound is HTTP/1's for what is sent, and ours for what that becomes.
pub struct Incoming<'r> {
    request: Request<'r>,
    inflater: Option<Box<Inflater>>,
    limit: u64,
    /// Bytes that may still be given.
    left: u64,
}

impl<'r> Context<'r> {
    /// The body, piece by piece, at most `limit` bytes of it, as they are sent and as they become. 0 allows none, `u64::MAX` any number.
    ///
    /// # Errors
    ///
    /// 415 for a content coding that is not known, or for several; 500 where the body is being read already.
    pub fn incoming(&mut self, limit: u64) -> Result<Incoming<'r>, Failure> {
        let inflater = match self.header_list("content-encoding").as_deref().map(str::trim) {
            None | Some("") => None,
            Some(coding) if coding.eq_ignore_ascii_case("identity") => None,
            Some(coding) => {
                let ratio = self.options().limits.inflate_ratio;
                let inflater = Inflater::new(coding, ratio).filter(|_| ratio > 0);
                // RFC 9110 §15.5.16: what is taken instead.
                let unknown =
                    || Failure::new(415, "a content coding that is not taken").with("accept-encoding", "gzip, deflate");
                Some(Box::new(inflater.ok_or_else(unknown)?))
            }
        };
        let request = self.take_request();
        let mut request = request.ok_or_else(|| Failure::new(500, "the body was given away before"))?;
        request.limit_body(limit);
        Ok(Incoming { request, inflater, limit, left: limit })
    }

    /// The request goes back, for whoever asks it for something else.
    pub(super) fn give_back(&mut self, incoming: Incoming<'r>) {
        self.put_request(incoming.request);
    }
}

impl Incoming<'_> {
    /// The next piece; `None` at the end. Where pieces are cut has no meaning.
    ///
    /// # Errors
    ///
    /// 413 for a body that is larger than its limit, or that becomes too many times larger; 400 for one that is broken or breaks off;
    /// 408 for one that does not come.
    pub async fn chunk(&mut self) -> Result<Option<&[u8]>, Failure> {
        let Incoming { request, inflater, limit, left } = self;
        let Some(inflater) = inflater else {
            return request.chunk().await.map_err(Failure::from_http1);
        };
        loop {
            let made = inflater.next().map_err(fault)?.len();
            if made > 0 {
                *left = left.checked_sub(made as u64).ok_or_else(|| too_large(*limit))?;
                return Ok(Some(inflater.made(made)));
            }
            match request.chunk().await.map_err(Failure::from_http1)? {
                Some(piece) => inflater.give(piece),
                None => {
                    inflater.end().map_err(fault)?;
                    return Ok(None);
                }
            }
        }
    }

    /// The whole body.
    ///
    /// # Errors
    ///
    /// Those of [`chunk`](Self::chunk).
    pub async fn whole(&mut self) -> Result<Vec<u8>, Failure> {
        let mut whole = Vec::new();
        while let Some(piece) = self.chunk().await? {
            whole.extend_from_slice(piece);
        }
        Ok(whole)
    }
}

fn too_large(limit: u64) -> Failure {
    Failure::new(413, format!("the body becomes more than {limit} bytes"))
}

fn fault(fault: Fault) -> Failure {
    match fault {
        Fault::Broken => Failure::new(400, "the compressed body is broken"),
        Fault::Short => Failure::new(400, "the compressed body breaks off"),
        Fault::Behind => Failure::new(400, "bytes come behind the compressed body"),
        Fault::Ratio => Failure::new(413, "the compressed body becomes too many times larger"),
    }
}

impl std::fmt::Debug for Incoming<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Incoming").field("limit", &self.limit).finish_non_exhaustive()
    }
}
