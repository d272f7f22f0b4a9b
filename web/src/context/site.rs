//! What all requests of an application have in common.

use super::{failure::Failure, typed::Typed};
use crate::{
    input,
    router::Router,
    trust::{Keys, Trust},
};
use std::{fmt, rc::Rc};
use wirebook_http1::server;

/// Whether people who may see everything are the only ones who look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Environment {
    /// Errors show an id, and nothing of ours. The default, so that nobody has to remember to switch it on.
    #[default]
    Production,
    /// Errors that are asked for from this machine show where they happened.
    Development,
}

/// A function that hears of failures: the failure, and the method and path of the request.
pub type OnError = Rc<dyn Fn(&Failure, &str, &str)>;

/// What an application allows, believes and tells. All of it has a default.
#[derive(Clone)]
pub struct Options {
    /// Who looks.
    pub environment: Environment,
    /// Which peers are proxies of ours, and so may say who is behind them. None.
    pub trust: Trust,
    /// The hosts that this application is, without ports; a request for another is answered with 421. Empty: every host.
    pub hosts: Vec<String>,
    /// How this application is called from outside, as `https://example.com`, for links that need it. Without, it is what the request says.
    pub origin: Option<String>,
    /// The keys that sign cookies and sessions, the newest first. Without any, signing is an error.
    pub keys: Option<Keys>,
    /// Labels at the end of a host that are no subdomains: 2, as in Koa. 0: every label is one.
    pub subdomain_offset: usize,
    /// Bytes of bodies, by how they are read.
    pub limits: Limits,
    /// What the server below allows. Its `max_body` is [`Limits::body`].
    pub http: server::Options,
    /// Hears of every failure of status 500 and above, but for 501, which whoever invents a method brings about. By default a line on standard error.
    pub on_error: Option<OnError>,
}

impl Default for Options {
    fn default() -> Self {
        let report: OnError =
            Rc::new(|failure, method, path| eprintln!("wirebook: {method} {}: {failure}", path.escape_debug()));
        Options {
            environment: Environment::default(),
            trust: Trust::default(),
            hosts: Vec::new(),
            origin: None,
            keys: None,
            subdomain_offset: 2,
            limits: Limits::default(),
            http: server::Options::default(),
            on_error: Some(report),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Options { environment, trust, hosts, origin, limits, .. } = self;
        out.debug_struct("Options")
            .field("environment", environment)
            .field("trust", trust)
            .field("hosts", hosts)
            .field("origin", origin)
            .field("limits", limits)
            .finish_non_exhaustive()
    }
}

/// How large a body may be. A route that sets [`body_limit`](crate::Endpoint::body_limit) takes the place of the first five.
/// Everywhere 0 allows nothing, and `MAX` switches the bound off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A body that is read raw, piece by piece or as a multipart form: 1 MiB.
    pub body: u64,
    /// JSON: 1 MiB. (koa-body 1 MB, body-parser 100 kB, axum and actix 2 MiB.)
    pub json: u64,
    /// A form: 64 KiB. (koa-body 56 kB, body-parser 100 kB.)
    pub form: u64,
    /// Text: 64 KiB. (koa-body 56 kB.)
    pub text: u64,
    /// XML: 256 KiB.
    pub xml: u64,
    /// How deep JSON may be nested: 64 (RFC 8259 §9 lets a parser choose; `serde_json` itself stops at 128, whatever stands here).
    pub json_depth: usize,
    /// How deep elements of XML may lie in each other: 32, and at most 128, whatever stands here.
    pub xml_depth: usize,
    /// Pairs, brackets and lists of a form; its `bytes` are `form`'s above.
    pub pairs: input::Limits,
    /// Bytes, pairs, brackets and lists of a query: [`QUERY`](crate::input::QUERY), 8 KiB and 256 pairs.
    pub query: input::Limits,
    /// A body that is compressed may become so many times larger, once it is beyond 64 KiB: 100. 0: none is inflated, 415.
    pub inflate_ratio: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            body: 1 << 20,
            json: 1 << 20,
            form: 64 << 10,
            text: 64 << 10,
            xml: 256 << 10,
            json_depth: 64,
            xml_depth: 32,
            pairs: input::FORM,
            query: input::QUERY,
            inflate_ratio: 100,
        }
    }
}

/// An application without its handlers: what a [`Context`](super::Context) may ask.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) options: Options,
    /// Which handler, by its number.
    pub(crate) routes: Router<usize>,
    pub(crate) services: Typed,
}

/// The paths of assets, by their names: what serves them says it, and handlers and templates ask.
pub(crate) struct AssetPaths(pub(crate) Rc<dyn Fn(&str) -> String>);

impl Site {
    /// The path of an asset. A name that is none stays as it is, so that the page shows where it is wrong.
    pub(crate) fn asset(&self, name: &str) -> String {
        self.services.get::<AssetPaths>().map_or_else(|| format!("/{name}"), |paths| (paths.0)(name))
    }
}
