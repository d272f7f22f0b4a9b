//! A certificate for the reader's own machine.
//!
//! Nobody signs `localhost`, so we do: an authority is made, signs one certificate, and loses its key. A browser that was told to
//! believe it believes nothing else by that: it can sign for this machine alone (name constraints, RFC 5280 §4.2.1.10), and never again.

use crate::error::Error;
use crate::roots::Roots;
use crate::{pem, provider};
use base64::Engine as _;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, NameConstraints, PublicKeyData,
};
use rustls::pki_types::{ServerName, UnixTime};
use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// How long a development certificate is valid.
const LIFE: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// One that is kept is made anew so long before its end.
const RENEWAL: Duration = Duration::from_secs(24 * 60 * 60);

/// Clocks differ.
const SKEW: Duration = Duration::from_secs(60 * 60);

/// The names in it.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// The files of a folder that keeps one.
const AUTHORITY: &str = "authority.pem";
const CERTIFICATE: &str = "certificate.pem";
const KEY: &str = "key.pem";

/// A development certificate, and the authority that signed it.
pub struct Development {
    /// The authority's certificate as PEM: for curl's `--cacert`, Node's `NODE_EXTRA_CA_CERTS`, [`Roots::pem`].
    pub authority_pem: String,
    /// The server's certificate as PEM.
    pub certificate_pem: String,
    key_pem: String,
}

impl Development {
    pub(crate) fn key_pem(&self) -> &str {
        &self.key_pem
    }

    /// SHA-256 of the server's public key, in base64: for Chromium's `--ignore-certificate-errors-spki-list`.
    pub fn fingerprint(&self) -> String {
        let key = KeyPair::from_pem(&self.key_pem).map(|key| key.subject_public_key_info()).unwrap_or_default();
        base64::engine::general_purpose::STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, &key))
    }
}

impl fmt::Debug for Development {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Development { .. }")
    }
}

/// Makes an authority, and has it sign once.
pub(crate) fn make() -> Result<Development, Error> {
    signed(SystemTime::now()).map_err(|error| Error::File(format!("cannot make a development certificate: {error}")))
}

fn signed(now: SystemTime) -> Result<Development, rcgen::Error> {
    let mut authority = CertificateParams::new([])?;
    authority.distinguished_name.push(DnType::CommonName, "Wirebook development, this machine only");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    authority.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![
            GeneralSubtree::DnsName("localhost".into()),
            GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix([127, 0, 0, 0], 8)),
            GeneralSubtree::IpAddress(CidrSubnet::from_v6_prefix(std::net::Ipv6Addr::LOCALHOST.octets(), 128)),
        ],
        excluded_subtrees: Vec::new(),
    });
    let mut leaf = CertificateParams::new(NAMES.map(String::from))?;
    leaf.distinguished_name.push(DnType::CommonName, "localhost");
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    leaf.use_authority_key_identifier_extension = true;
    for params in [&mut authority, &mut leaf] {
        params.not_before = (now - SKEW).into();
        params.not_after = (now + LIFE).into();
    }
    let (authority_key, key) = (KeyPair::generate()?, KeyPair::generate()?);
    let authority_pem = authority.self_signed(&authority_key)?.pem();
    let certificate = leaf.signed_by(&key, &Issuer::new(authority, authority_key))?;
    Ok(Development { authority_pem, certificate_pem: certificate.pem(), key_pem: key.serialize_pem() })
}

/// The one that a folder keeps; a new one where there is none that lasts another day.
pub(crate) fn kept(folder: &Path) -> Result<Development, Error> {
    if let Some(found) = found(folder)
        && lasts(&found)
    {
        return Ok(found);
    }
    let made = make()?;
    write(folder, &made).map_err(|error| Error::File(format!("cannot write to {}: {error}", folder.display())))?;
    Ok(made)
}

fn found(folder: &Path) -> Option<Development> {
    let read = |name| fs::read_to_string(folder.join(name)).ok();
    Some(Development { authority_pem: read(AUTHORITY)?, certificate_pem: read(CERTIFICATE)?, key_pem: read(KEY)? })
}

/// Whether a client that believes its authority would believe it tomorrow, too.
fn lasts(kept: &Development) -> bool {
    let tomorrow = SystemTime::now() + RENEWAL;
    let Ok(since_epoch) = tomorrow.duration_since(SystemTime::UNIX_EPOCH) else { return false };
    let verifier = Roots::none().pem(kept.authority_pem.as_bytes()).and_then(|roots| roots.verifier(&provider()));
    let chain = pem::certificates(kept.certificate_pem.as_bytes());
    let (Ok(verifier), Ok(chain), Ok(name)) = (verifier, chain, ServerName::try_from("localhost")) else {
        return false;
    };
    let now = UnixTime::since_unix_epoch(since_epoch);
    verifier.verify_server_cert(&chain[0], &chain[1..], &name, &[], now).is_ok()
}

fn write(folder: &Path, made: &Development) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let files = [
        (AUTHORITY, &made.authority_pem, 0o644),
        (CERTIFICATE, &made.certificate_pem, 0o644),
        (KEY, &made.key_pem, 0o600),
    ];
    for (name, text, mode) in files {
        let path = folder.join(name);
        // The mode is for new files alone, so there must be none.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?.write_all(text.as_bytes())?;
    }
    Ok(())
}
