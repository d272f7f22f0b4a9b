//! Whom a client believes: authorities that sign certificates, or one certificate itself.
//!
//! There is no switch that turns the question off. What such a switch is reached for has an answer here: a server with a
//! certificate of its own making is believed by [`Roots::pinned`], a company's authority by [`Roots::file`].

use crate::error::{Error, Refusal};
use crate::pem;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::env;
use std::path::Path;
use std::sync::Arc;

/// Whom a client believes.
///
/// The default are the authorities that Mozilla's browsers believe, as they were when the crate `webpki-roots` was
/// published, and those of the file that the environment variable `SSL_CERT_FILE` names, in addition. They are compiled in: they work
/// in an empty container, and age with the program.
#[derive(Clone, Debug)]
pub struct Roots {
    store: RootCertStore,
    pins: Vec<CertificateDer<'static>>,
    #[cfg(feature = "platform")]
    platform: bool,
}

impl Roots {
    /// Nobody yet.
    pub fn none() -> Roots {
        Roots {
            store: RootCertStore::empty(),
            pins: Vec::new(),
            #[cfg(feature = "platform")]
            platform: false,
        }
    }

    /// Mozilla's, and those of `SSL_CERT_FILE`.
    ///
    /// # Errors
    /// `SSL_CERT_FILE` names a file that cannot be used.
    pub fn web() -> Result<Roots, Error> {
        let mut roots = Roots::none();
        roots.store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        match env::var_os("SSL_CERT_FILE") {
            Some(path) if !path.is_empty() => roots.file(path),
            _ => Ok(roots),
        }
    }

    /// The authorities of one file of PEM, and nobody else.
    ///
    /// # Errors
    /// It cannot be read, or holds no certificate.
    pub fn only(path: impl AsRef<Path>) -> Result<Roots, Error> {
        Roots::none().file(path)
    }

    /// These, and the authorities of a file of PEM.
    ///
    /// # Errors
    /// It cannot be read, or holds no certificate.
    pub fn file(self, path: impl AsRef<Path>) -> Result<Roots, Error> {
        let path = path.as_ref();
        self.pem(&pem::read(path)?).map_err(|error| pem::within(path, error))
    }

    /// These, and the authorities of a text of PEM.
    ///
    /// # Errors
    /// It holds no certificate, or one that is none.
    pub fn pem(mut self, text: &[u8]) -> Result<Roots, Error> {
        for certificate in pem::certificates(text)? {
            self.store.add(certificate).map_err(|_| Error::File("a certificate that cannot be read".into()))?;
        }
        Ok(self)
    }

    /// These, and the certificates of a file of PEM themselves: a server that shows one of them, and proves that it has its key, is
    /// believed whatever name and dates are in it. For certificates that nobody but themselves has signed.
    ///
    /// # Errors
    /// It cannot be read, or holds no certificate.
    pub fn pinned(self, path: impl AsRef<Path>) -> Result<Roots, Error> {
        let path = path.as_ref();
        self.pinned_pem(&pem::read(path)?).map_err(|error| pem::within(path, error))
    }

    /// As [`pinned`](Self::pinned), from a text.
    ///
    /// # Errors
    /// It holds no certificate.
    pub fn pinned_pem(mut self, text: &[u8]) -> Result<Roots, Error> {
        self.pins.extend(pem::certificates(text)?);
        Ok(self)
    }

    /// The operating system is asked, by its own means and with its own store: what a company has installed counts, and on
    /// some systems what was revoked. Other roots are not asked then; pinned certificates are.
    #[cfg(feature = "platform")]
    pub fn platform() -> Roots {
        Roots { platform: true, ..Roots::none() }
    }

    pub(crate) fn verifier(self, provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, Error> {
        let chains = self.chains(provider)?;
        Ok(Arc::new(Verifier { chains, pins: self.pins, provider: provider.clone() }))
    }

    fn chains(&self, provider: &Arc<CryptoProvider>) -> Result<Option<Arc<dyn ServerCertVerifier>>, Error> {
        #[cfg(feature = "platform")]
        if self.platform {
            return Ok(Some(Arc::new(rustls_platform_verifier::Verifier::new(provider.clone())?)));
        }
        if self.store.is_empty() {
            return Ok(None);
        }
        let store = Arc::new(self.store.clone());
        let verifier = WebPkiServerVerifier::builder_with_provider(store, provider.clone()).build();
        Ok(Some(verifier.map_err(|error| Error::Protocol(error.to_string()))?))
    }
}

/// Asks whether a certificate is pinned, and else whether its chain leads to a root.
#[derive(Debug)]
struct Verifier {
    chains: Option<Arc<dyn ServerCertVerifier>>,
    pins: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.pins.iter().any(|pin| pin == certificate) {
            return Ok(ServerCertVerified::assertion());
        }
        let verified = match &self.chains {
            Some(chains) => chains.verify_server_cert(certificate, chain, name, ocsp, now),
            None if self.pins.is_empty() => Err(CertificateError::UnknownIssuer.into()),
            None => Err(Refusal::NotPinned.into()),
        };
        verified.map_err(|error| match error {
            // webpki has other words for the commonest mistake there is.
            rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::Other(_))
                if self.chains.is_some() && is_signed_by_itself(certificate) =>
            {
                Refusal::SelfSigned.into()
            }
            error => error,
        })
    }

    // The key is proved in every case, for a pinned certificate too.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn is_signed_by_itself(certificate: &CertificateDer<'_>) -> bool {
    webpki::EndEntityCert::try_from(certificate).is_ok_and(|certificate| certificate.issuer() == certificate.subject())
}
