//! Which addresses a stranger may have us connect to: none that only we can reach (CWE-918).
//!
//! A name is looked up once. All of its addresses are asked, and the connection goes to the very address that was found good: a name whose
//! next look-up gives another address (DNS rebinding) gains nothing.

use ipnet::IpNet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use wirebook_http1::client::{Agent, AgentOptions, Origin};
use wirebook_net::{self as net, tcp::TcpStream};

/// What is not the Internet's (IANA's registries of special-purpose addresses, 2026-01).
const SPECIAL: [&str; 30] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    // The old form of IPv4 in IPv6, `::` and `::1` among it.
    "::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001::/23",
    "2001:db8::/32",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
    "2620:4f:8000::/48",
];

/// Whether an address is one that everybody can reach. An IPv4 address within an IPv6 one is asked about by itself.
///
/// ```
/// use wirebook_web::proxy::is_public;
///
/// assert!(is_public("93.184.216.34".parse().unwrap()));
/// assert!(!is_public("169.254.169.254".parse().unwrap())); // the metadata of a cloud's machine
/// assert!(!is_public("::ffff:127.0.0.1".parse().unwrap()));
/// ```
pub fn is_public(address: IpAddr) -> bool {
    let address = address.to_canonical();
    if let IpAddr::V6(wide) = address {
        let bits = wide.to_bits();
        let embedded = match wide.segments() {
            // NAT64 (RFC 6052): the last 32 bits; 6to4 (RFC 3056): those behind the prefix.
            [0x64, 0xff9b, 0, 0, 0, 0, ..] => Some(bits as u32),
            [0x2002, ..] => Some((bits >> 80) as u32),
            _ => None,
        };
        if let Some(bits) = embedded {
            return is_public(IpAddr::V4(Ipv4Addr::from_bits(bits)));
        }
    }
    !SPECIAL.iter().any(|network| network.parse::<IpNet>().is_ok_and(|network| network.contains(&address)))
}

/// An agent that connects to public addresses alone: for URLs that a stranger gave. It speaks `http:`.
pub fn public_agent(options: AgentOptions) -> Agent {
    Agent::with_connector(options, async |origin: Origin| {
        let found = net::lookup(&origin.host, origin.port).await?;
        TcpStream::connect(check(&origin, found)?).await
    })
}

fn check(origin: &Origin, found: Vec<SocketAddr>) -> io::Result<SocketAddr> {
    let refused = |why: &str| io::Error::new(io::ErrorKind::PermissionDenied, format!("{}: {why}", origin.host));
    if origin.secure {
        return Err(io::Error::new(io::ErrorKind::Unsupported, "https needs an agent that speaks it"));
    }
    if origin.socket_path.is_some() || !found.iter().all(|address| is_public(address.ip())) {
        return Err(refused("no public address"));
    }
    found.first().copied().ok_or_else(|| refused("no address"))
}
