//! A request and the answer that is made to it, in one value that every ring of the onion is lent.
//!
//! | file, from the ground up | holds |
//! |---|---|
//! | `failure.rs` | [`Done`], [`Answer`], [`Failure`]: how a handler ends |
//! | `typed.rs`, `body.rs` | one value of each type; the body of an answer |
//! | `site.rs` | [`Options`]: what an application allows and believes |
//! | `mod.rs` | [`Context`]: what is known of a request from its first moment |
//! | `request.rs`, `client.rs` | what was asked, and by whom |
//! | `fields.rs`, `reply.rs`, `cookies.rs` | the answer: its fields, its body, its cookies |
//! | `route.rs` | which handler a request is for |
//! | `closing.rs` | the word that a server ends, for streams without an end |
//! | `send.rs` | the one place that writes |
//!
//! Nothing goes out while the onion is at work: a handler says what the answer is to be, every ring may change it on the way
//! out, and one function writes it at the end.

mod body;
mod client;
mod closing;
mod cookies;
mod failure;
mod fields;
mod reply;
mod request;
mod route;
mod send;
mod site;
mod typed;

pub use body::{Body, Piece, Source};
pub use closing::Closing;
pub use cookies::now;
pub use failure::{Answer, Done, Failure};
pub(crate) use site::{AssetPaths, Site};
pub use site::{Environment, Limits, OnError, Options};
pub use typed::Typed;

use crate::{
    router::{Path, Spans, Unclean, wash, washed},
    trust::Client,
};
use std::{borrow::Cow, cell::OnceCell, fmt, net::SocketAddr, rc::Rc};
use wirebook_http1::{
    Outcome, Request, Response,
    parser::{FieldLines, Version},
};

/// Rings whose names are kept for developers.
const MOST_RINGS: usize = 64;

/// A request, and the answer to it.
pub struct Context<'r> {
    site: Rc<Site>,
    /// Away while a body is read from it, and for good when a handler speaks HTTP by itself.
    request: Option<Request<'r>>,
    response: Option<Response<'r>>,
    /// The method, which a ring may have overridden.
    method: Cow<'r, str>,
    /// The connection knows it as HEAD, whatever a ring has made of it: no body goes out.
    is_head: bool,
    /// What the request says that it is for; of nearly all of them the field `host`, which is looked for when somebody asks.
    authority: OnceCell<&'r str>,
    headers: FieldLines<'r>,
    target: &'r str,
    /// The target's path, which a ring may have rewritten.
    path: Result<Path<'r>, Refused>,
    original_path: &'r str,
    query: Option<&'r str>,
    scheme: &'static str,
    version: Version,
    peer: OnceCell<Option<SocketAddr>>,
    client: OnceCell<Option<Client>>,
    /// The route, by its number, and where its parameters lie.
    route: Option<(usize, Spans)>,
    /// Routes that fit and have passed.
    passed: usize,
    is_passing: bool,
    /// What answers where no route does.
    miss: Option<Answer>,
    /// The methods of a path that was asked for them.
    options: Option<String>,
    body_limit: Option<u64>,
    /// The request's body, which a ring has read before its handler does.
    kept: Option<Vec<u8>>,
    body: Body,
    state: Typed,
    /// What became of an answer that a handler wrote by itself.
    sent: Option<Outcome>,
    /// The rings that were entered, in their order: for developers alone.
    rings: Vec<&'static str>,
    /// A hold on the answer of a handler that writes by itself, should it be given up before it has begun.
    lent: Option<Response<'r>>,
}

/// Why a request is for no handler at all, whatever its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    /// 400.
    Path(Unclean),
    /// 421: its host is none of ours.
    Host,
}

impl<'r> Context<'r> {
    /// Not a part of whoever calls it: so it is made where it stays, and not moved there.
    #[inline(never)]
    pub(crate) fn new(site: Rc<Site>, request: Request<'r>, response: Response<'r>) -> Context<'r> {
        let (method, target) = (request.method(), request.target());
        // Nearly all targets are a path and nothing else, and one look tells.
        let (original_path, query, path) = match washed(target) {
            Some(path) => (target, None, Ok(path)),
            None => {
                let (path, query) = match target.split_once('?') {
                    Some((path, query)) if target.starts_with('/') => (path, Some(query)),
                    _ => (request.path(), request.query()),
                };
                (path, query, wash(path).map_err(Refused::Path))
            }
        };
        let of_target = if target.starts_with('/') { None } else { request.authority() };
        Context {
            method: Cow::Borrowed(method),
            is_head: method == "HEAD",
            authority: of_target.map(OnceCell::from).unwrap_or_default(),
            headers: request.headers(),
            target,
            path,
            original_path,
            query,
            scheme: request.scheme(),
            version: request.version(),
            site,
            request: Some(request),
            response: Some(response),
            peer: OnceCell::new(),
            client: OnceCell::new(),
            route: None,
            passed: 0,
            is_passing: false,
            miss: None,
            options: None,
            body_limit: None,
            kept: None,
            body: Body::Empty,
            state: Typed::default(),
            sent: None,
            lent: None,
            rings: Vec::new(),
        }
    }

    /// Takes the path from a request that is for none of our hosts.
    pub(crate) fn admit(&mut self) {
        let hosts = &self.site.options.hosts;
        if !hosts.is_empty() && !hosts.iter().any(|host| host.eq_ignore_ascii_case(self.hostname())) {
            self.path = Err(Refused::Host);
        }
    }

    /// Remembers a ring that is entered, where developers look.
    #[inline]
    pub(crate) fn pass_ring(&mut self, name: impl FnOnce() -> &'static str) {
        if self.site.options.environment == Environment::Development && self.rings.len() < MOST_RINGS {
            self.rings.push(name());
        }
    }

    /// The rings that were entered, the outermost first.
    pub(crate) fn rings(&self) -> &[&'static str] {
        &self.rings
    }

    /// Keeps a body that was read, for whoever reads it next.
    pub(crate) fn keep(&mut self, body: Vec<u8>) {
        self.kept = Some(body);
    }

    /// The body that was kept.
    pub(crate) fn take_kept(&mut self) -> Option<Vec<u8>> {
        self.kept.take()
    }

    /// What all requests have in common, to be kept beyond this one.
    #[cfg(feature = "views")]
    pub(crate) fn site(&self) -> Rc<Site> {
        self.site.clone()
    }

    /// The path of an asset, with its print: `/static/app.0123456789abcdef.css`. A name that is none stays as it is, so that the page shows where
    /// it is wrong. Behind a nested router the outer prefix is yours to put before it.
    pub fn asset(&self, name: &str) -> String {
        self.site.asset(name)
    }

    /// What the application was given.
    pub fn options(&self) -> &Options {
        &self.site.options
    }

    /// What the application lends to its handlers: see [`Router::service`](crate::Router::service).
    pub fn service<T: 'static>(&self) -> Option<&T> {
        self.site.services.get()
    }

    /// What the rings of the onion leave for each other: Koa's `ctx.state`, with one value for each type.
    pub fn state(&mut self) -> &mut Typed {
        &mut self.state
    }

    /// A value that a ring further out has left.
    pub fn get_state<T: 'static>(&self) -> Option<&T> {
        self.state.get()
    }
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Context")
            .field("method", &self.method)
            .field("target", &self.target)
            .field("status", &self.status_now())
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}
