//! Stage 1: the head of a request (RFC 9112 §2 to §5).
//!
//! ```abnf
//! request      = request-line *( field-line CRLF ) CRLF
//! request-line = method SP request-target SP HTTP-version CRLF
//! method       = token
//! field-line   = field-name ":" OWS field-value OWS
//! field-name   = token
//! ```
//!
//! The input is all that has come so far, from the first byte on. Where it ends before the empty line does, the answer is
//! `Ok(None)`: incomplete is not an error. An error is the first byte that no valid head can have there.

/// A head. Everything in it is borrowed from the input.
pub struct Head<'a> {
    /// As in `GET`.
    pub method: &'a [u8],
    /// As in `/search?q=tea`.
    pub target: &'a [u8],
    /// As in `HTTP/1.1`.
    pub version: &'a [u8],
    /// Names and values in their order; no white space around a value.
    pub fields: Vec<(&'a [u8], &'a [u8])>,
    /// Bytes of the head, with the empty line.
    pub len: usize,
}

/// A rule that was broken, and the byte that breaks it.
pub struct Error {
    /// The byte, counted from the start of the input.
    pub at: usize,
    /// `BareCr`, `BareLf`, `Method`, `MethodTooLong` (more than 32 bytes), `Target`, `Version`, `UnsupportedVersion`,
    /// `LeadingSpace`, `ObsoleteFold`, `EmptyName`, `FieldName`, `SpaceBeforeColon`, `MissingColon` or `FieldValue`.
    pub rule: &'static str,
}

/// Reads a head from the start of `input`; `Ok(None)` while it is not complete.
pub fn request(input: &[u8]) -> Result<Option<Head<'_>>, Error> {
    Ok(None)
}
