//! What can be connected to or listened on: an address, several, or a host name and a port.

use crate::ground::{cannot, sys};
use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6},
};

/// Something that names one or more socket addresses; like [`ToSocketAddrs`](std::net::ToSocketAddrs), except that it does not look host names
/// up by itself, because that blocks.
///
/// A text is `HOST:PORT`. The host is a name, an IPv4 address, or an IPv6 address in brackets, which may have a scope: the
/// name or the number of an interface. What can be read in two ways, such as `::1:80`, is refused, with a sentence that
/// says why.
///
/// ```
/// use wirebook_net::{Address, Target};
/// assert!(matches!("[::1%1]:8080".target(), Target::Addresses(_)));
/// assert_eq!("localhost:80".target(), Target::Name("localhost".into(), 80));
/// let error = "127.0.0.1:99999".target().resolve_blocking().unwrap_err();
/// assert_eq!(error.to_string(), "cannot use \"127.0.0.1:99999\": the port 99999 is more than 65535");
/// ```
pub trait Address {
    /// The addresses, or the name that must be looked up for them.
    fn target(&self) -> Target;
}

/// Addresses, or the name that leads to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// In order of preference.
    Addresses(Vec<SocketAddr>),
    /// A host name and a port.
    Name(String, u16),
    /// A text that is no address.
    Malformed {
        /// What was given.
        text: String,
        /// What is wrong with it, as the end of a sentence.
        reason: String,
    },
}

impl Target {
    /// The addresses, of which there is at least one; a name is looked up by the operating system, which blocks.
    ///
    /// # Errors
    /// `InvalidInput` for a malformed text, with a sentence that says what is wrong, or when there is no address at all;
    /// those of the look-up.
    pub fn resolve_blocking(self) -> io::Result<Vec<SocketAddr>> {
        self.resolve("use")
    }

    /// As [`Target::resolve_blocking`]; its errors say what the addresses were for, such as `listen on`.
    pub(super) fn resolve(self, call: &str) -> io::Result<Vec<SocketAddr>> {
        let named = self.to_string();
        match self {
            Target::Name(host, port) => sys::resolve(&host, port).map_err(cannot(format!("{call} {named}"))),
            known => known.known(call),
        }
    }

    /// The addresses of what need not be looked up.
    pub(super) fn known(self, call: &str) -> io::Result<Vec<SocketAddr>> {
        let invalid = |reason: String| io::Error::new(io::ErrorKind::InvalidInput, reason);
        match self {
            Target::Addresses(addresses) if addresses.is_empty() => {
                let verb = call.split(' ').next().unwrap_or(call);
                Err(cannot(verb)(invalid("there is no address".into())))
            }
            Target::Addresses(addresses) => Ok(addresses),
            Target::Malformed { text, reason } => Err(cannot(format!("{call} {text:?}"))(invalid(reason))),
            Target::Name(host, _) => Err(invalid(format!("{host} must be looked up"))),
        }
    }
}

impl fmt::Display for Target {
    /// As in errors: one address or name as it is written, several between commas.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Addresses(addresses) => {
                for (at, address) in addresses.iter().enumerate() {
                    write!(f, "{}{address}", if at > 0 { ", " } else { "" })?;
                }
                Ok(())
            }
            Target::Name(host, port) => write!(f, "{host}:{port}"),
            Target::Malformed { text, .. } => write!(f, "{text:?}"),
        }
    }
}

/// `HOST:PORT`; the reason when it is none.
fn parse(text: &str) -> Result<Target, String> {
    const FORM: &str = "an address is HOST:PORT, for instance 127.0.0.1:8080";
    if text.is_empty() {
        return Err(format!("it is empty, and {FORM}"));
    }
    let (host, port) = if let Some(inside) = text.strip_prefix('[') {
        let (host, rest) = inside.split_once(']').ok_or("the bracket is not closed")?;
        let port = match rest.strip_prefix(':') {
            Some(port) => port,
            None if rest.is_empty() => "",
            None => return Err("a colon and the port follow the bracket".into()),
        };
        (bracketed(host)?, port)
    } else {
        let (host, port) = text.rsplit_once(':').unwrap_or((text, ""));
        if text.parse::<Ipv6Addr>().is_ok() || host.parse::<Ipv6Addr>().is_ok() {
            return Err(format!("an IPv6 address stands in brackets: [::1]:80; {FORM}"));
        }
        (Host::Text(host), port)
    };
    if port.is_empty() {
        return Err(format!("it has no port; {FORM}"));
    }
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("the port {port:?} is not a number"));
    }
    // Of the digits alone, a number that does not fit is the only thing that can be wrong.
    let port = port.parse().map_err(|_| format!("the port {port} is more than 65535"))?;
    match host {
        Host::Ip(ip) => Ok(Target::Addresses(vec![ip.at(port)])),
        Host::Text("") => {
            Err(format!("it has no host: 127.0.0.1:{port} is this machine, 0.0.0.0:{port} every interface"))
        }
        Host::Text(host) => with_port(host, port),
    }
}

/// A host without its port: an address, or a name.
fn with_port(host: &str, port: u16) -> Result<Target, String> {
    if host.is_empty() {
        return Err("the host is empty".into());
    }
    if let Some(inside) = host.strip_prefix('[') {
        let Host::Ip(ip) = bracketed(inside.strip_suffix(']').ok_or("the bracket is not closed")?)? else {
            return Err("no IPv6 address stands in the brackets".into());
        };
        return Ok(Target::Addresses(vec![ip.at(port)]));
    }
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(Target::Addresses(vec![SocketAddr::new(ip, port)]));
    }
    if let Some(ip) = scoped(host)? {
        return Ok(Target::Addresses(vec![ip.at(port)]));
    }
    if host.contains(':') {
        return Err("there is more than one colon, and no IPv6 address in brackets".into());
    }
    if host.chars().any(|char| char.is_whitespace() || char.is_control()) {
        return Err("a host name has no blanks and no control characters".into());
    }
    Ok(Target::Name(host.to_owned(), port))
}

enum Host<'a> {
    Ip(Scoped),
    Text(&'a str),
}

/// An IPv6 address with the number of its interface; 0 is any.
struct Scoped(Ipv6Addr, u32);

impl Scoped {
    fn at(&self, port: u16) -> SocketAddr {
        SocketAddrV6::new(self.0, port, 0, self.1).into()
    }
}

/// What stands between brackets: an IPv6 address, with a scope or without (RFC 4007, section 11).
fn bracketed(inside: &str) -> Result<Host<'_>, String> {
    if inside.is_empty() {
        return Err("the brackets are empty".into());
    }
    if let Ok(ip) = inside.parse() {
        return Ok(Host::Ip(Scoped(ip, 0)));
    }
    let ip = scoped(inside)?.ok_or_else(|| format!("no IPv6 address stands in the brackets, but {inside:?}"))?;
    Ok(Host::Ip(ip))
}

/// `fe80::1%eth0` or `fe80::1%2`; `None` when it is nothing of that form.
fn scoped(text: &str) -> Result<Option<Scoped>, String> {
    let Some((ip, zone)) = text.split_once('%') else { return Ok(None) };
    let Ok(ip) = ip.parse() else { return Ok(None) };
    if zone.is_empty() {
        return Err("no interface is named after the %".into());
    }
    let number = zone.parse().ok().filter(|_| zone.bytes().all(|byte| byte.is_ascii_digit()));
    let index = number.or_else(|| sys::interface_index(zone));
    Ok(Some(Scoped(ip, index.ok_or_else(|| format!("no interface is called {zone:?}"))?)))
}

fn malformed(text: impl Into<String>) -> impl FnOnce(String) -> Target {
    move |reason| Target::Malformed { text: text.into(), reason }
}

fn host_and_port(host: &str, port: u16) -> Target {
    with_port(host, port).unwrap_or_else(malformed(host))
}

impl Address for str {
    fn target(&self) -> Target {
        parse(self).unwrap_or_else(malformed(self))
    }
}

impl Address for String {
    fn target(&self) -> Target {
        self.as_str().target()
    }
}

impl Address for SocketAddr {
    fn target(&self) -> Target {
        Target::Addresses(vec![*self])
    }
}

impl Address for [SocketAddr] {
    fn target(&self) -> Target {
        Target::Addresses(self.to_vec())
    }
}

impl Address for Vec<SocketAddr> {
    fn target(&self) -> Target {
        Target::Addresses(self.clone())
    }
}

impl Address for (&str, u16) {
    fn target(&self) -> Target {
        host_and_port(self.0, self.1)
    }
}

impl Address for (String, u16) {
    fn target(&self) -> Target {
        host_and_port(&self.0, self.1)
    }
}

impl Address for (IpAddr, u16) {
    fn target(&self) -> Target {
        SocketAddr::from(*self).target()
    }
}

impl Address for (Ipv4Addr, u16) {
    fn target(&self) -> Target {
        SocketAddr::from(*self).target()
    }
}

impl Address for (Ipv6Addr, u16) {
    fn target(&self) -> Target {
        SocketAddr::from(*self).target()
    }
}

impl<A: Address + ?Sized> Address for &A {
    fn target(&self) -> Target {
        (**self).target()
    }
}
