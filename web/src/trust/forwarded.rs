//! Who is behind the proxies: Forwarded (RFC 7239) and the older X-Forwarded-For, -Proto and -Host.
//!
//! Anybody can send these fields. Each proxy adds at the right who asked *it*; so what the right end says is true if the peer is
//! a proxy of ours, the next is true if that one is, and so on, and the first address that is none of ours is the client. What
//! stands to the left of it is whatever the client made up (RFC 7239 §8.1).
//!
//! ```text
//! X-Forwarded-For: 6.6.6.6, 203.0.113.7, 10.0.0.2         the peer is 10.0.0.1, ours are 10.0.0.0/8
//!                  made up  the client   ours
//! ```
//!
//! A server reads one of the two notations, never both: a proxy that knows only one lets the other through as it came.

use crate::text::{parameter, split, trim};
use core::net::{IpAddr, SocketAddr};
use ipnet::IpNet;

/// Proxies that are walked through at most: the client is then the last one. 0 trusts no field.
pub const MOST_HOPS: usize = 16;

/// Which notation our proxies write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host.
    #[default]
    XForwarded,
    /// Forwarded.
    Forwarded,
}

/// Which peers are our own proxies. By default none is, and no field counts.
#[derive(Clone, Debug)]
pub struct Trust {
    nets: Vec<IpNet>,
    source: Source,
    most: usize,
}

impl Default for Trust {
    fn default() -> Self {
        Trust { nets: Vec::new(), source: Source::default(), most: MOST_HOPS }
    }
}

/// A word that is no network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotTrusted(pub String);

impl std::fmt::Display for NotTrusted {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            out,
            "{:?} is no address, no network such as 10.0.0.0/8, and none of loopback, linklocal, uniquelocal",
            self.0
        )
    }
}

impl std::error::Error for NotTrusted {}

/// The fields of a request; several of one name are joined with commas (RFC 9110 §5.3).
#[derive(Clone, Copy, Debug, Default)]
pub struct Fields<'f> {
    /// Forwarded.
    pub forwarded: Option<&'f str>,
    /// X-Forwarded-For.
    pub x_forwarded_for: Option<&'f str>,
    /// X-Forwarded-Proto.
    pub x_forwarded_proto: Option<&'f str>,
    /// X-Forwarded-Host.
    pub x_forwarded_host: Option<&'f str>,
}

/// Who asks, as far as our proxies know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// The first address from the right that is none of our proxies.
    pub ip: IpAddr,
    /// Whether the client spoke TLS to the outermost proxy; `None` where none says so.
    pub secure: Option<bool>,
    /// The Host that the client asked the outermost proxy for.
    pub host: Option<String>,
    /// How many of our proxies lie between.
    pub hops: usize,
}

impl Trust {
    /// Trusts addresses (`192.0.2.1`), networks (`10.0.0.0/8`), and `loopback`, `linklocal`, `uniquelocal`.
    ///
    /// # Errors
    ///
    /// What is none of these.
    pub fn cidrs(words: &[&str]) -> Result<Trust, NotTrusted> {
        let mut nets = Vec::new();
        for word in words {
            let several: &[&str] = match *word {
                "loopback" => &["127.0.0.1/8", "::1/128"],
                "linklocal" => &["169.254.0.0/16", "fe80::/10"],
                "uniquelocal" => &["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"],
                _ => &[word],
            };
            for net in several {
                let net = net.parse().or_else(|_| net.parse::<IpAddr>().map(IpNet::from));
                nets.push(net.map_err(|_| NotTrusted((*word).to_owned()))?);
            }
        }
        Ok(Trust { nets, ..Trust::default() })
    }

    /// Reads this notation.
    pub fn source(self, source: Source) -> Trust {
        Trust { source, ..self }
    }

    /// Walks through so many proxies at most.
    pub fn hops(self, most: usize) -> Trust {
        Trust { most, ..self }
    }

    /// Whether no peer is a proxy of ours.
    pub fn is_empty(&self) -> bool {
        self.nets.is_empty()
    }

    /// Whether this is a proxy of ours. An IPv4 address in IPv6's clothes is that IPv4 address.
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.nets.iter().any(|net| net.contains(&address))
    }

    /// Who asks, when `peer` is at the other end of the connection.
    ///
    /// ```
    /// use wirebook_web::trust::{Fields, Trust};
    ///
    /// let fields = Fields { x_forwarded_for: Some("6.6.6.6, 203.0.113.7, 10.0.0.2"), ..Fields::default() };
    /// let peer = "10.0.0.1".parse().unwrap();
    /// let client = Trust::cidrs(&["10.0.0.0/8"])?.client(peer, &fields);
    /// assert_eq!((client.ip.to_string().as_str(), client.hops), ("203.0.113.7", 2));
    /// assert_eq!(Trust::default().client(peer, &fields).ip, peer);
    /// # Ok::<(), wirebook_web::trust::NotTrusted>(())
    /// ```
    pub fn client(&self, peer: IpAddr, fields: &Fields<'_>) -> Client {
        match self.source {
            Source::XForwarded => self.x_forwarded(peer, fields),
            Source::Forwarded => self.forwarded(peer, fields.forwarded.unwrap_or_default()),
        }
    }

    // ANCHOR: walk
    /// Goes from the peer to the left, as long as addresses are ours; gives the last address and how many were walked through.
    /// What is no address (`unknown`, `_hidden`) ends the walk: nobody knows who is behind it.
    fn walk(&self, peer: IpAddr, mut claims: impl Iterator<Item = Option<IpAddr>>) -> (IpAddr, usize) {
        let (mut at, mut hops) = (peer, 0);
        while hops < self.most && self.trusts(at) {
            let Some(Some(next)) = claims.next() else { break };
            at = next.to_canonical();
            hops += 1;
        }
        (at, hops)
    }
    // ANCHOR_END: walk

    fn x_forwarded(&self, peer: IpAddr, fields: &Fields<'_>) -> Client {
        let claims = elements(fields.x_forwarded_for.unwrap_or_default()).map(address);
        let (ip, hops) = self.walk(peer, claims);
        if !self.trusts(peer) || self.most == 0 {
            return Client { ip: peer.to_canonical(), secure: None, host: None, hops: 0 };
        }
        // Of the other lists the element that the same proxy wrote; a shorter list was written by the outermost one alone.
        let beside =
            |list: Option<&str>| -> Option<String> { elements(list?).take(hops.max(1)).last().map(str::to_owned) };
        let secure = beside(fields.x_forwarded_proto).and_then(|proto| secure(&proto));
        let host = beside(fields.x_forwarded_host).filter(|host| is_host(host));
        Client { ip, secure, host, hops }
    }

    /// `Forwarded = 1#forwarded-element`, `forwarded-element = [ forwarded-pair ] *( ";" [ forwarded-pair ] )` (RFC 7239 §4).
    fn forwarded(&self, peer: IpAddr, field: &str) -> Client {
        let elements: Vec<Vec<(String, String)>> = from_the_right(field).map(pairs).collect();
        let get = |element: &[(String, String)], wanted: &str| {
            element.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone())
        };
        let claims = elements.iter().map(|element| get(element, "for").and_then(|node| address(&node)));
        let (ip, hops) = self.walk(peer, claims);
        let outermost =
            if self.trusts(peer) { elements.iter().take(hops.max(1).min(self.most)).next_back() } else { None };
        let said = |name: &str| outermost.and_then(|element| get(element, name));
        let secure = said("proto").and_then(|proto| secure(&proto));
        Client { ip: ip.to_canonical(), secure, host: said("host").filter(|host| is_host(host)), hops }
    }
}

/// The elements of a list from its right end; empty ones are none (RFC 9110 §5.6.1.2).
fn elements(list: &str) -> impl Iterator<Item = &str> {
    list.rsplit(',').map(trim).filter(|element| !element.is_empty())
}

/// The elements of Forwarded from its right end, where a comma in a quoted string ends none. Read from the left, a string that the client began
/// and never closed would swallow what our own proxies wrote behind it, and the client would pass for a proxy.
fn from_the_right(field: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(field);
    std::iter::from_fn(move || {
        let text = rest?;
        let is_escaped = |at: usize| text[..at].bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1;
        let mut quoted = false;
        for (at, byte) in text.bytes().enumerate().rev() {
            match byte {
                b'"' if !is_escaped(at) => quoted = !quoted,
                b',' if !quoted => {
                    rest = Some(&text[..at]);
                    return Some(&text[at + 1..]);
                }
                _ => {}
            }
        }
        rest = None;
        Some(text)
    })
    .map(trim)
    .filter(|element| !element.is_empty())
}

/// The pairs of an element; of an element that is not well-formed, none.
fn pairs(element: &str) -> Vec<(String, String)> {
    let pair = |text: &str| parameter(text).map(|(name, value)| (name, value.into_owned()));
    split(element, b';').map(pair).collect::<Option<_>>().unwrap_or_default()
}

/// `node = nodename [ ":" node-port ]` (RFC 7239 §6), and what stands in X-Forwarded-For: an address, with a port or without.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    text.parse().ok().or_else(|| bare?.parse().ok().map(IpAddr::V6)).or_else(with_port)
}

fn secure(proto: &str) -> Option<bool> {
    match () {
        () if proto.eq_ignore_ascii_case("https") => Some(true),
        () if proto.eq_ignore_ascii_case("http") => Some(false),
        () => None,
    }
}

/// `uri-host [ ":" port ]` with nothing in it that would make it another URL's host.
fn is_host(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, port),
        _ => (host, "0"),
    };
    let is_name = match name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
        Some(inside) => inside.parse::<core::net::Ipv6Addr>().is_ok(),
        None => !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)),
    };
    is_name && port.parse::<u16>().is_ok() && host.len() <= 260
}
