//! What can go wrong: with the peer's certificate, with the peer, with the connection below, with what we brought ourselves.

use rustls::CertificateError;
use std::fmt;
use std::io;
use std::sync::Arc;

/// Why a TLS connection could not be made, or went on no longer. As an [`io::Error`] it is inside, for
/// [`Error::of`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The peer's certificate was refused.
    Certificate(Refusal),
    /// The peer refused us, with a fatal alert of this name (RFC 8446 §6.2).
    Alert(&'static str),
    /// The client offers none of the protocols that the server speaks (RFC 7301 §3.2).
    NoCommonProtocol,
    /// What came is no TLS at all; `http` where it is a message of HTTP in clear text.
    NotTls {
        /// It begins as a message of HTTP does.
        http: bool,
    },
    /// The peer broke a rule, or speaks nothing that we speak; rustls' words for it.
    Protocol(String),
    /// The connection below ended without close_notify: what was read may be cut short (RFC 8446 §6.1).
    Truncated,
    /// The handshake took longer than [`handshake_timeout`](crate::Options::handshake_timeout).
    TimedOut,
    /// The peer's handshake has more bytes than [`MAX_HANDSHAKE`](crate::MAX_HANDSHAKE).
    TooLarge,
    /// Bytes that were sealed were not offered again: see [`TlsStream`](crate::TlsStream).
    OtherBytes,
    /// The name of the server is neither a DNS name nor an address.
    Name,
    /// A file of certificates or keys that cannot be used: which, and why.
    File(String),
}

/// What is wrong with a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// It is for other names: these.
    Name(Vec<String>),
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYetValid,
    /// Whoever signed it is not among the roots.
    UnknownIssuer,
    /// It is signed by itself, and not among the roots.
    SelfSigned,
    /// It is not the one that was pinned.
    NotPinned,
    /// It was revoked.
    Revoked,
    /// The signature is wrong.
    Signature,
    /// It is not for servers.
    Purpose,
    /// There is none.
    Missing,
    /// Something else; rustls' words for it.
    Other(String),
}

impl Error {
    /// The error within one of I/O, if it is one of TLS.
    ///
    /// ```
    /// use wirebook_tls::Error;
    /// let error = std::io::Error::from(Error::Truncated);
    /// assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
    /// assert_eq!(Error::of(&error), Some(&Error::Truncated));
    /// ```
    pub fn of(error: &io::Error) -> Option<&Error> {
        error.get_ref()?.downcast_ref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Certificate(refusal) => refusal.fmt(f),
            Error::Alert(name) => write!(f, "the other end refused the connection: {name}"),
            Error::NoCommonProtocol => f.write_str("no protocol that both ends speak (ALPN)"),
            Error::NotTls { http: true } => f.write_str("the other end speaks HTTP in clear text here, and not TLS"),
            Error::NotTls { http: false } => f.write_str("the other end does not speak TLS"),
            Error::Protocol(what) => write!(f, "TLS: {what}"),
            Error::Truncated => f.write_str("the connection ended without close_notify: something may be missing"),
            Error::TimedOut => f.write_str("the TLS handshake took too long"),
            Error::TooLarge => f.write_str("the other end's TLS handshake is too large"),
            Error::OtherBytes => f.write_str("bytes that TLS has sealed must be offered again"),
            Error::Name => f.write_str("the server's name is neither a DNS name nor an address"),
            Error::File(why) => f.write_str(why),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the certificate ")?;
        match self {
            Refusal::Name(names) if names.is_empty() => f.write_str("is for no name"),
            Refusal::Name(names) => write!(f, "is for another name: {}", names.join(", ")),
            Refusal::Expired => f.write_str("has expired"),
            Refusal::NotYetValid => f.write_str("is not valid yet"),
            Refusal::UnknownIssuer => f.write_str("is signed by an authority that is not trusted here"),
            Refusal::SelfSigned => f.write_str("is signed by itself alone, and not trusted here"),
            Refusal::NotPinned => f.write_str("is not the one that was pinned"),
            Refusal::Revoked => f.write_str("was revoked"),
            Refusal::Signature => f.write_str("has a wrong signature"),
            Refusal::Purpose => f.write_str("is not for a server"),
            Refusal::Missing => f.write_str("is missing"),
            Refusal::Other(what) => write!(f, "was refused: {what}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        let kind = match error {
            Error::Truncated => io::ErrorKind::UnexpectedEof,
            Error::TimedOut => io::ErrorKind::TimedOut,
            Error::OtherBytes | Error::Name | Error::File(_) => io::ErrorKind::InvalidInput,
            Error::Alert(_) => io::ErrorKind::ConnectionAborted,
            _ => io::ErrorKind::InvalidData,
        };
        io::Error::new(kind, error)
    }
}

impl From<rustls::Error> for Error {
    fn from(error: rustls::Error) -> Self {
        match error {
            rustls::Error::InvalidCertificate(why) => Error::Certificate(why.into()),
            rustls::Error::NoCertificatesPresented => Error::Certificate(Refusal::Missing),
            rustls::Error::AlertReceived(alert) => Error::Alert(alert_name(alert.into())),
            rustls::Error::NoApplicationProtocol => Error::NoCommonProtocol,
            other => Error::Protocol(other.to_string()),
        }
    }
}

impl From<CertificateError> for Refusal {
    fn from(error: CertificateError) -> Self {
        use CertificateError as C;
        match error {
            C::NotValidForNameContext { presented, .. } => {
                Refusal::Name(presented.into_iter().map(plain_name).collect())
            }
            C::NotValidForName => Refusal::Name(Vec::new()),
            C::Expired | C::ExpiredContext { .. } => Refusal::Expired,
            C::NotValidYet | C::NotValidYetContext { .. } => Refusal::NotYetValid,
            C::UnknownIssuer => Refusal::UnknownIssuer,
            C::Revoked => Refusal::Revoked,
            C::BadSignature => Refusal::Signature,
            C::InvalidPurpose | C::InvalidPurposeContext { .. } => Refusal::Purpose,
            C::Other(other) => match other.0.downcast_ref::<Ours>() {
                Some(Ours(refusal)) => refusal.clone(),
                None => Refusal::Other(other.to_string()),
            },
            other => Refusal::Other(other.to_string()),
        }
    }
}

/// webpki's `DnsName("a.example")`, as people write it.
fn plain_name(name: String) -> String {
    let inner = name.split_once("(\"").and_then(|(_, rest)| rest.strip_suffix("\")"));
    let address = name.strip_prefix("IpAddress(").and_then(|rest| rest.strip_suffix(')'));
    inner.or(address).map_or(name.clone(), str::to_owned)
}

/// What our verifier says and rustls has no word for.
#[derive(Debug)]
struct Ours(Refusal);

impl fmt::Display for Ours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Ours {}

impl From<Refusal> for rustls::Error {
    fn from(refusal: Refusal) -> Self {
        CertificateError::Other(rustls::OtherError(Arc::new(Ours(refusal)))).into()
    }
}

/// RFC 8446 §6, appendix B.2; RFC 7301 §3.2.
fn alert_name(number: u8) -> &'static str {
    match number {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        22 => "record_overflow",
        40 => "handshake_failure",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        109 => "missing_extension",
        110 => "unsupported_extension",
        112 => "unrecognized_name",
        113 => "bad_certificate_status_response",
        115 => "unknown_psk_identity",
        116 => "certificate_required",
        120 => "no_application_protocol",
        _ => "an alert that no RFC names",
    }
}
