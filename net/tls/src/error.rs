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

    /// The error of TLS that is the reason of another error, if there is one: of a client's error for instance.
    pub fn within<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e Error> {
        let causes = std::iter::successors(Some(error), |&error| error.source());
        causes.filter_map(|cause| cause.downcast_ref().or_else(|| Error::of(cause.downcast_ref()?))).last()
    }

    /// What went wrong, without the names and the texts of the one case.
    ///
    /// ```
    /// use wirebook_tls::{Error, Refusal};
    /// assert_eq!(Error::Certificate(Refusal::Expired).plain(), "the certificate has expired");
    /// ```
    pub fn plain(&self) -> &'static str {
        self.row().0
    }

    /// What whoever runs a client may do about it.
    pub fn advice(&self) -> &'static str {
        self.row().1
    }

    /// What went wrong, and what to do.
    fn row(&self) -> (&'static str, &'static str) {
        match self {
            Error::Certificate(refusal) => refusal.row(),
            Error::Alert(_) => (
                "the other end refused the connection",
                "its log says more; it may want a certificate of yours, or know no such name.",
            ),
            Error::NoCommonProtocol => {
                ("no protocol that both ends speak (ALPN)", "it speaks HTTP of another version, or something else.")
            }
            Error::NotTls { http: true } => (
                "the other end speaks HTTP in clear text here, and not TLS",
                "http:// instead of https:// asks it so; or TLS has another port.",
            ),
            Error::NotTls { http: false } => {
                ("the other end does not speak TLS", "is it the right port? That of HTTPS is 443.")
            }
            Error::Protocol(_) => ("TLS", "is it the right port? An old server may speak nothing that is still safe."),
            Error::Truncated => (
                "the connection ended without close_notify: something may be missing",
                "ask again; what has come may be cut short.",
            ),
            Error::TimedOut => {
                ("the TLS handshake took too long", "is it a port of TLS? One of clear text may wait, and say nothing.")
            }
            Error::TooLarge => {
                ("the other end's TLS handshake is too large", "no server has so much to say: is it the right one?")
            }
            Error::OtherBytes => {
                ("bytes that TLS has sealed must be offered again", "that is a fault of the program's own.")
            }
            Error::Name => (
                "the server's name is neither a DNS name nor an address",
                "write it as in example.org, 192.0.2.1 or [2001:db8::1].",
            ),
            Error::File(_) => ("a file of certificates or keys cannot be used", "name a file of PEM."),
        }
    }
}

impl Refusal {
    /// What is wrong with it, and what to do.
    fn row(&self) -> (&'static str, &'static str) {
        match self {
            Refusal::Name(_) => ("the certificate is for another name", "ask the server by a name that it has."),
            Refusal::Expired => {
                ("the certificate has expired", "its owner must renew it, unless this machine's clock is wrong.")
            }
            Refusal::NotYetValid => ("the certificate is not valid yet", "is this machine's clock right?"),
            Refusal::UnknownIssuer => (
                "the certificate is signed by an authority that is not trusted here",
                "name the authority's file as a root, if you trust it.",
            ),
            Refusal::SelfSigned => (
                "the certificate is signed by itself alone, and not trusted here",
                "pin it, if you had it from its owner.",
            ),
            Refusal::NotPinned => (
                "the certificate is not the one that was pinned",
                "its owner knows whether it was renewed; else somebody stands between.",
            ),
            Refusal::Revoked => ("the certificate was revoked", "do not trust it: its key may be in other hands."),
            Refusal::Signature => ("the certificate has a wrong signature", "only its owner can mend that."),
            Refusal::Purpose => ("the certificate is not for a server", "its owner needs one that is."),
            Refusal::Missing => ("the certificate is missing", "the server must be given one."),
            Refusal::Other(_) => ("the certificate was refused", "only its owner can mend that."),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Certificate(refusal) => refusal.fmt(f),
            Error::Alert(name) => write!(f, "{}: {name}", self.plain()),
            Error::Protocol(what) => write!(f, "{}: {what}", self.plain()),
            Error::File(why) => f.write_str(why),
            _ => f.write_str(self.plain()),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().0)?;
        match self {
            Refusal::Name(names) if names.is_empty() => f.write_str(", and has none"),
            Refusal::Name(names) => write!(f, ": {}", names.join(", ")),
            Refusal::Other(what) => write!(f, ": {what}"),
            _ => Ok(()),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Each error once, and what whoever meets it is told to do.
    #[test]
    fn a_hint_fits_its_error() {
        let certificate = Error::Certificate;
        let rows = [
            (certificate(Refusal::Name(vec!["a.example".into(), "b.example".into()])), "by a name that it has"),
            (certificate(Refusal::Name(Vec::new())), "by a name that it has"),
            (certificate(Refusal::Expired), "renew it, unless this machine's clock"),
            (certificate(Refusal::NotYetValid), "clock right?"),
            (certificate(Refusal::UnknownIssuer), "as a root, if you trust it"),
            (certificate(Refusal::SelfSigned), "pin it"),
            (certificate(Refusal::NotPinned), "was renewed"),
            (certificate(Refusal::Revoked), "do not trust it"),
            (certificate(Refusal::Signature), "only its owner"),
            (certificate(Refusal::Purpose), "needs one that is"),
            (certificate(Refusal::Missing), "must be given one"),
            (certificate(Refusal::Other("odd".into())), "only its owner"),
            (Error::Alert("handshake_failure"), "its log says more"),
            (Error::NoCommonProtocol, "another version"),
            (Error::NotTls { http: true }, "http:// instead of https://"),
            (Error::NotTls { http: false }, "the right port?"),
            (Error::Protocol("odd".into()), "the right port?"),
            (Error::Truncated, "cut short"),
            (Error::TimedOut, "a port of TLS?"),
            (Error::TooLarge, "the right one?"),
            (Error::OtherBytes, "a fault of the program's own"),
            (Error::Name, "write it as in"),
            (Error::File("tea.pem: no PEM".into()), "a file of PEM"),
        ];
        for (error, advice) in rows {
            assert!(
                error.advice().contains(advice) && error.advice().ends_with(['.', '?']),
                "{error}: {}",
                error.advice()
            );
            let says = error.to_string();
            let is_whole = matches!(error, Error::File(_)) || says.starts_with(error.plain());
            assert!(is_whole && !says.is_empty(), "{says}");
        }
        let named = certificate(Refusal::Name(vec!["a.example".into(), "b.example".into()])).to_string();
        assert_eq!(named, "the certificate is for another name: a.example, b.example");
        assert_eq!(Error::Alert("unknown_ca").to_string(), "the other end refused the connection: unknown_ca");
        assert_eq!(Error::Protocol("odd".into()).to_string(), "TLS: odd");
    }

    #[test]
    fn it_is_found_within_what_others_make_of_it() {
        #[derive(Debug)]
        struct Outer(io::Error);
        impl fmt::Display for Outer {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
        impl std::error::Error for Outer {
            fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
                Some(&self.0)
            }
        }
        let expired = Error::Certificate(Refusal::Expired);
        assert_eq!(Error::within(&expired), Some(&expired));
        assert_eq!(Error::within(&io::Error::from(expired.clone())), Some(&expired));
        assert_eq!(Error::within(&Outer(expired.clone().into())), Some(&expired));
        assert_eq!(Error::within(&Outer(io::ErrorKind::ConnectionRefused.into())), None);
    }
}
