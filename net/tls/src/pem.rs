//! Certificates and keys as files have them: PEM (RFC 7468), with an error that names the file.

use crate::error::Error;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::fs;
use std::path::Path;

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|error| Error::File(format!("cannot read {}: {error}", path.display())))
}

/// An error in what a file holds, with the file.
pub(crate) fn within(path: &Path, error: Error) -> Error {
    match error {
        Error::File(why) => Error::File(format!("{}: {why}", path.display())),
        error => error,
    }
}

/// All certificates of a text, at least one.
pub(crate) fn certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text).collect();
    let all = all.map_err(|error| Error::File(format!("no PEM: {error:?}")))?;
    if all.is_empty() { Err(Error::File("no certificate is in it".into())) } else { Ok(all) }
}

/// The first private key of a text, of any kind.
pub(crate) fn key(text: &[u8]) -> Result<PrivateKeyDer<'static>, Error> {
    PrivateKeyDer::from_pem_slice(text).map_err(|error| match error {
        rustls::pki_types::pem::Error::NoItemsFound => {
            Error::File("no private key is in it (one with a password cannot be read)".into())
        }
        error => Error::File(format!("no PEM: {error:?}")),
    })
}
