//! An authority that signs whatever is asked of it: what is right, and every kind of wrong.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::rc::Rc;
use wirebook_net::sim::SimStream;
use wirebook_net::{Registration, Stream};
use wirebook_tls::{Acceptor, Connector, Identity, Options, Roots};

/// An authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate.
    pub pem: String,
}

/// A certificate and its key, as PEM.
#[derive(Clone)]
pub struct Signed {
    /// The certificate.
    pub certificate: String,
    /// The key.
    pub key: String,
}

impl Signed {
    /// As a server has it.
    pub fn identity(&self) -> Identity {
        Identity::pem(self.certificate.as_bytes(), self.key.as_bytes()).expect("a certificate with its key")
    }
}

/// When a certificate is valid.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// Now.
    Now,
    /// Until the year 2001.
    Past,
    /// From the year 4000 on.
    Future,
}

impl Default for Authority {
    fn default() -> Self {
        Authority::new("an authority of the tests")
    }
}

impl Authority {
    /// A new one.
    pub fn new(name: &str) -> Authority {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new([]).expect("no names");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Authority { issuer: Issuer::new(params, key), pem }
    }

    /// Signs a certificate for these names.
    pub fn sign(&self, names: &[&str], time: Time) -> Signed {
        let (params, key) = asked(names, time);
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate").pem();
        Signed { certificate, key: key.serialize_pem() }
    }

    /// A client that believes this authority alone.
    pub fn connector(&self, options: &Options) -> Connector {
        let roots = Roots::none().pem(self.pem.as_bytes()).expect("a root");
        Connector::new(roots, options).expect("a connector")
    }

    /// A server that it has signed for.
    pub fn acceptor(&self, names: &[&str], options: &Options) -> Acceptor {
        Acceptor::new(&self.sign(names, Time::Now).identity(), options).expect("an acceptor")
    }
}

/// A certificate that has signed itself.
pub fn self_signed(names: &[&str]) -> Signed {
    let (params, key) = asked(names, Time::Now);
    let certificate = params.self_signed(&key).expect("a certificate").pem();
    Signed { certificate, key: key.serialize_pem() }
}

fn asked(names: &[&str], time: Time) -> (CertificateParams, KeyPair) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names");
    (params.not_before, params.not_after) = match time {
        Time::Now => (date_time_ymd(2020, 1, 1), date_time_ymd(4000, 1, 1)),
        Time::Past => (date_time_ymd(2000, 1, 1), date_time_ymd(2001, 1, 1)),
        Time::Future => (date_time_ymd(4000, 1, 1), date_time_ymd(4001, 1, 1)),
    };
    (params, KeyPair::generate().expect("a key"))
}

/// A stream that remembers what went over it, in both directions.
pub struct Tapped {
    /// The stream.
    pub inner: SimStream,
    /// What was read from it.
    pub read: Rc<RefCell<Vec<u8>>>,
    /// What was written to it.
    pub written: Rc<RefCell<Vec<u8>>>,
}

impl Tapped {
    /// One around this stream.
    pub fn new(inner: SimStream) -> Self {
        Tapped { inner, read: Rc::default(), written: Rc::default() }
    }
}

impl Stream for Tapped {
    fn registration(&self) -> &Registration {
        self.inner.registration()
    }
    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.try_read(buffer)?;
        self.read.borrow_mut().extend_from_slice(&buffer[..count]);
        Ok(count)
    }
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.try_write(bytes)?;
        self.written.borrow_mut().extend_from_slice(&bytes[..count]);
        Ok(count)
    }
    fn try_write_vectored(&self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        self.try_write(&buffers.iter().flat_map(|buffer| buffer.iter().copied()).collect::<Vec<u8>>())
    }
    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.inner.shutdown(how)
    }
}
