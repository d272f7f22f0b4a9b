//! Who a server is: its certificate with the chain behind it, and the key.

use crate::error::Error;
use crate::{pem, provider};
use rustls::sign::CertifiedKey;
use std::path::Path;
use std::sync::Arc;

/// Who a server is: a certificate, those that lead from it to a root, and its private key. Clones are cheap.
///
/// ```no_run
/// use wirebook_tls::Identity;
/// let identity = Identity::files("fullchain.pem", "privkey.pem")?;
/// # Ok::<(), wirebook_tls::Error>(())
/// ```
#[derive(Clone)]
pub struct Identity {
    pub(crate) key: Arc<CertifiedKey>,
    #[cfg(feature = "dev")]
    development: Option<Arc<crate::dev::Development>>,
}

impl Identity {
    /// From two files of PEM: the server's certificate first, then the chain without its root; and the key in any of its forms.
    /// Both may be in one file.
    ///
    /// # Errors
    /// A file cannot be read or holds something else, or the key belongs to another certificate.
    pub fn files(certificates: impl AsRef<Path>, key: impl AsRef<Path>) -> Result<Identity, Error> {
        let (certificates, key) = (certificates.as_ref(), key.as_ref());
        let chain = pem::certificates(&pem::read(certificates)?).map_err(|error| pem::within(certificates, error))?;
        let private = pem::key(&pem::read(key)?).map_err(|error| pem::within(key, error))?;
        Identity::of(chain, private).map_err(|error| pem::within(key, error))
    }

    /// The same from texts.
    ///
    /// # Errors
    /// As [`files`](Self::files).
    pub fn pem(certificates: &[u8], key: &[u8]) -> Result<Identity, Error> {
        Identity::of(pem::certificates(certificates)?, pem::key(key)?)
    }

    fn of(
        chain: Vec<rustls::pki_types::CertificateDer<'static>>,
        key: rustls::pki_types::PrivateKeyDer<'static>,
    ) -> Result<Identity, Error> {
        let key = CertifiedKey::from_der(chain, key, &provider()).map_err(|error| Error::File(error.to_string()))?;
        Ok(Identity {
            key: Arc::new(key),
            #[cfg(feature = "dev")]
            development: None,
        })
    }

    /// A development certificate for `localhost`, `127.0.0.1` and `[::1]`, made now and kept in memory: for a program that runs on the
    /// reader's own machine. An authority of its own has signed it, which can sign for nothing else and whose key is thrown
    /// away at once; [`development`](Self::development) has what clients need to believe it.
    ///
    /// # Errors
    /// The system gives no random numbers.
    #[cfg(feature = "dev")]
    pub fn dev() -> Result<Identity, Error> {
        Identity::developed(crate::dev::make()?)
    }

    /// The same, kept in a folder (the key readable for its owner alone), so that clients need to be told once; made anew when
    /// it is not there or expires within a day.
    ///
    /// # Errors
    /// The folder cannot be read or written.
    #[cfg(feature = "dev")]
    pub fn dev_in(folder: impl AsRef<Path>) -> Result<Identity, Error> {
        Identity::developed(crate::dev::kept(folder.as_ref())?)
    }

    #[cfg(feature = "dev")]
    fn developed(made: crate::dev::Development) -> Result<Identity, Error> {
        let identity = Identity::pem(made.certificate_pem.as_bytes(), made.key_pem().as_bytes())?;
        Ok(Identity { development: Some(Arc::new(made)), ..identity })
    }

    /// What clients need to believe a development certificate; `None` for any other.
    #[cfg(feature = "dev")]
    pub fn development(&self) -> Option<&crate::dev::Development> {
        self.development.as_deref()
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Identity {{ certificates: {}, .. }}", self.key.cert.len())
    }
}
