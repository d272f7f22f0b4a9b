//! By whom it was asked, as far as our own proxies know. Without proxies that are trusted the connection alone says so.

use super::Context;
use crate::trust::{Client, Fields};
use std::{
    borrow::Cow,
    net::{IpAddr, SocketAddr},
};

impl Context<'_> {
    /// The address at the other end of the connection; `None` on a Unix socket. It is asked of the socket when it is first wanted.
    pub fn remote_addr(&self) -> Option<SocketAddr> {
        *self.peer.get_or_init(|| self.request.as_ref().and_then(|request| request.peer_addr()))
    }

    /// The address of our end; `None` on a Unix socket, and once the body is being read.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.request.as_ref().and_then(|request| request.local_addr())
    }

    /// What our proxies say; `None` where there are none.
    pub(super) fn client(&self) -> Option<&Client> {
        let trust = &self.site.options.trust;
        if trust.is_empty() {
            return None;
        }
        let found = self.client.get_or_init(|| {
            let peer = self.remote_addr()?.ip();
            let lists = ["forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"];
            let lists = lists.map(|name| self.header_list(name));
            let [forwarded, x_forwarded_for, x_forwarded_proto, x_forwarded_host] =
                lists.each_ref().map(|list| list.as_deref());
            Some(trust.client(peer, &Fields { forwarded, x_forwarded_for, x_forwarded_proto, x_forwarded_host }))
        });
        found.as_ref()
    }

    /// Whether the other end of the connection is a proxy of ours.
    pub(crate) fn peer_is_ours(&self) -> bool {
        let trust = &self.site.options.trust;
        !trust.is_empty() && self.remote_addr().is_some_and(|peer| trust.trusts(peer.ip()))
    }

    /// The address of the client: the first from the right that is none of our proxies. Never what the client alone says.
    pub fn ip(&self) -> Option<IpAddr> {
        self.client().map(|client| client.ip).or_else(|| Some(self.remote_addr()?.ip().to_canonical()))
    }

    /// Whether the client spoke TLS, to us or to our outermost proxy.
    pub fn is_secure(&self) -> bool {
        self.client().and_then(|client| client.secure).unwrap_or(self.scheme == "https")
    }

    /// `https` or `http`.
    pub fn protocol(&self) -> &'static str {
        if self.is_secure() { "https" } else { "http" }
    }

    /// The host that was asked for, with its port.
    pub fn host(&self) -> &str {
        match self.client().and_then(|client| client.host.as_deref()) {
            Some(host) => host,
            None => self.authority.get_or_init(|| self.header("host").unwrap_or_default()),
        }
    }

    /// The host that was asked for, without its port.
    pub fn hostname(&self) -> &str {
        let host = self.host();
        let end = if host.starts_with('[') { host.find(']').map(|at| at + 1) } else { host.find(':') };
        end.map_or(host, |end| &host[..end])
    }

    /// The labels of the host before [`Options::subdomain_offset`](super::Options::subdomain_offset), the rightmost first; none of an
    /// address.
    pub fn subdomains(&self) -> Vec<&str> {
        let name = self.hostname();
        if name.starts_with('[') || name.parse::<IpAddr>().is_ok() {
            return Vec::new();
        }
        name.rsplit('.').skip(self.site.options.subdomain_offset).collect()
    }

    /// `https://example.com`: what [`Options::origin`](super::Options::origin) says, or else the request.
    pub fn origin(&self) -> Cow<'_, str> {
        match &self.site.options.origin {
            Some(origin) => Cow::Borrowed(origin),
            None => Cow::Owned(format!("{}://{}", self.protocol(), self.host())),
        }
    }

    /// The whole URL that was asked for.
    pub fn href(&self) -> String {
        if self.target.starts_with('/') { format!("{}{}", self.origin(), self.target) } else { self.target.to_owned() }
    }
}
