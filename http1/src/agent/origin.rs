//! Where a request goes: all that tells connections apart.

use crate::encode;
use std::fmt;
use std::net::IpAddr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// All that tells connections apart: two requests share one only if all of this is the same (RFC 9110 §4.3).
///
/// As text it is what is connected to: `127.0.0.1:80`, `[::1]:80`, or the path of a Unix socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// `https`: a connector that speaks TLS is needed.
    pub secure: bool,
    /// The host's name in lower case, or its address; an IPv6 address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The address that this end is bound to, if it matters.
    pub local_address: Option<IpAddr>,
    /// The Unix socket to connect to instead of host and port.
    pub socket_path: Option<PathBuf>,
}

impl Origin {
    /// Host and port as the `Host` field has them: an IPv6 address in brackets and without its zone, which means nothing to another machine
    /// (RFC 6874 §4), and no port that the scheme implies.
    ///
    /// ```
    /// use wirebook_http1::client::Url;
    ///
    /// let authority = |url| Url::parse(url).map(|url| url.origin().authority());
    /// assert_eq!(authority("https://Example.org:443/tea")?, "example.org");
    /// assert_eq!(authority("http://[::1]:8000/")?, "[::1]:8000");
    /// # Ok::<(), wirebook_http1::client::Error>(())
    /// ```
    pub fn authority(&self) -> String {
        let mut out = Vec::new();
        self.borrowed().push_authority(&mut out);
        // A host is text, and all else is ASCII.
        String::from_utf8(out).unwrap_or_default()
    }

    fn borrowed(&self) -> OriginRef<'_> {
        OriginRef {
            secure: self.secure,
            host: &self.host,
            port: self.port,
            local_address: self.local_address,
            socket_path: self.socket_path.as_deref(),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.socket_path {
            Some(path) => path.display().fmt(f),
            None if self.host.contains(':') => write!(f, "[{}]:{}", self.host, self.port),
            None => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

/// An [`Origin`] as a request names it: borrowed, the host in any case.
#[derive(Clone, Copy)]
pub(crate) struct OriginRef<'o> {
    pub(crate) secure: bool,
    pub(crate) host: &'o str,
    pub(crate) port: u16,
    pub(crate) local_address: Option<IpAddr>,
    pub(crate) socket_path: Option<&'o Path>,
}

impl OriginRef<'_> {
    /// See [`Origin::authority`].
    pub(crate) fn push_authority(&self, out: &mut Vec<u8>) {
        if self.host.contains(':') {
            out.push(b'[');
            out.extend_from_slice(without_zone(self.host).0.as_bytes());
            out.push(b']');
        } else {
            out.extend_from_slice(self.host.as_bytes());
        }
        if self.port != if self.secure { 443 } else { 80 } {
            out.push(b':');
            encode::number(self.port.into(), out);
        }
    }

    pub(crate) fn to_owned(self) -> Origin {
        Origin {
            secure: self.secure,
            host: self.host.to_ascii_lowercase(),
            port: self.port,
            local_address: self.local_address,
            socket_path: self.socket_path.map(Path::to_owned),
        }
    }

    /// A name that no other origin has: its parts, none of which can contain the byte between them.
    pub(crate) fn write_name(&self, name: &mut Vec<u8>) {
        name.push(u8::from(self.secure));
        name.extend_from_slice(&self.port.to_be_bytes());
        match self.local_address {
            None => name.push(0),
            Some(IpAddr::V4(address)) => {
                name.push(4);
                name.extend_from_slice(&address.octets());
            }
            Some(IpAddr::V6(address)) => {
                name.push(6);
                name.extend_from_slice(&address.octets());
            }
        }
        name.extend(self.host.bytes().map(|byte| byte.to_ascii_lowercase()));
        if let Some(path) = self.socket_path {
            name.push(0);
            name.extend_from_slice(path.as_os_str().as_bytes());
        }
    }
}

/// An IPv6 address, and the zone behind it.
pub(crate) fn without_zone(address: &str) -> (&str, Option<&str>) {
    address.split_once('%').map_or((address, None), |(address, zone)| (address, Some(zone)))
}
