//! What matters of an answer before its body, whoever brought it.

use std::io;

use wirebook_http1::parser::FieldLines;

use crate::source::error::Cause;

/// What an event source wants to know of a response, copied out of the inbox.
pub(super) struct OwnedHead {
    pub(super) status: u16,
    pub(super) content_type: Option<Vec<u8>>,
    pub(super) content_encoding: Option<Vec<u8>>,
    pub(super) location: Option<Vec<u8>>,
}

/// Why no connection could be made.
pub(super) fn unreachable(error: &io::Error) -> Cause {
    match (insecure(error), error.kind()) {
        (Some(why), _) => Cause::Insecure(why),
        (None, io::ErrorKind::ConnectionRefused) => Cause::Refused,
        (None, _) => Cause::Unreachable,
    }
}

/// Why TLS could not be agreed on, if that is what is wrong.
#[cfg(feature = "tls")]
pub(super) fn insecure(error: &io::Error) -> Option<&'static str> {
    use wirebook_tls::Error;
    Error::of(error).filter(|error| **error != Error::Truncated).map(Error::plain)
}

/// What a connector of the caller's own means: no socket has wrong data when it connects.
#[cfg(not(feature = "tls"))]
pub(super) fn insecure(error: &io::Error) -> Option<&'static str> {
    (error.kind() == io::ErrorKind::InvalidData).then_some("the certificate, or TLS itself, was refused")
}

/// What matters of a head.
pub(super) fn head_of(status: u16, fields: &FieldLines<'_>) -> Result<OwnedHead, Cause> {
    let field = |name| fields.get(name).map(<[u8]>::to_vec);
    let location = field("location");
    if fields.get_all("location").any(|value| Some(value) != location.as_deref()) {
        return Err(Cause::TwoLocations);
    }
    let (content_type, content_encoding) = (field("content-type"), field("content-encoding"));
    Ok(OwnedHead { status, content_type, content_encoding, location })
}
