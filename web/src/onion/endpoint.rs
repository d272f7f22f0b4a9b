//! A route that is being written down: method, pattern, handler, and what is said of it.

use super::{
    next::{Next, Ring},
    ring::{Edge, Handler},
};
use crate::context::{Answer, Context};
use std::{fmt, rc::Rc};

/// A route with its handler, for [`Router::route`](super::Router::route).
///
/// ```
/// use wirebook_web::{Context, Router, get, post};
///
/// let router = Router::new()
///     .route(get("/users/{id:int}", async |ctx: &mut Context<'_>| ctx.text("a user")).name("user"))
///     .route(post("/avatars", async |ctx: &mut Context<'_>| ctx.empty(204)).body_limit(8 << 20));
/// ```
#[must_use = "a router has to be given it"]
pub struct Endpoint {
    pub(super) method: Option<String>,
    pub(super) pattern: String,
    pub(super) name: Option<String>,
    pub(super) way: Way,
}

/// What a route leads through.
#[derive(Clone)]
pub(super) struct Way {
    pub(super) rings: Vec<Ring>,
    pub(super) handler: Rc<dyn Handler>,
    pub(super) body_limit: Option<u64>,
}

/// A route for one method; `None` for every method that has no route of its own.
fn endpoint(method: Option<&str>, pattern: &str, handler: Rc<dyn Handler>) -> Endpoint {
    let way = Way { rings: Vec::new(), handler, body_limit: None };
    Endpoint { method: method.map(str::to_owned), pattern: pattern.to_owned(), name: None, way }
}

/// A route for any method, by its name: `PROPFIND` as well.
pub fn on<H>(method: &str, pattern: &str, handler: H) -> Endpoint
where
    H: AsyncFn(&mut Context<'_>) -> Answer + 'static,
{
    endpoint(Some(method), pattern, Rc::new(handler))
}

/// A route for every method that has none of its own there; but not for TRACE and CONNECT.
pub fn any<H>(pattern: &str, handler: H) -> Endpoint
where
    H: AsyncFn(&mut Context<'_>) -> Answer + 'static,
{
    endpoint(None, pattern, Rc::new(handler))
}

/// A route for GET, and for HEAD.
pub fn get<H>(pattern: &str, handler: H) -> Endpoint
where
    H: AsyncFn(&mut Context<'_>) -> Answer + 'static,
{
    on("GET", pattern, handler)
}

/// A route for POST.
pub fn post<H>(pattern: &str, handler: H) -> Endpoint
where
    H: AsyncFn(&mut Context<'_>) -> Answer + 'static,
{
    on("POST", pattern, handler)
}

/// A route for PUT.
pub fn put<H>(pattern: &str, handler: H) -> Endpoint
where
    H: AsyncFn(&mut Context<'_>) -> Answer + 'static,
{
    on("PUT", pattern, handler)
}

/// A route for PATCH.
pub fn patch<H>(pattern: &str, handler: H) -> Endpoint
where
    H: AsyncFn(&mut Context<'_>) -> Answer + 'static,
{
    on("PATCH", pattern, handler)
}

/// A route for DELETE.
pub fn delete<H>(pattern: &str, handler: H) -> Endpoint
where
    H: AsyncFn(&mut Context<'_>) -> Answer + 'static,
{
    on("DELETE", pattern, handler)
}

/// A route for OPTIONS, in place of the answer that every path has by itself.
pub fn options<H>(pattern: &str, handler: H) -> Endpoint
where
    H: AsyncFn(&mut Context<'_>) -> Answer + 'static,
{
    on("OPTIONS", pattern, handler)
}

impl Endpoint {
    /// Gives it a name, by which [`Context::url_for`] finds its path.
    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// Puts a layer around it, inside of those before.
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: AsyncFn(&mut Context<'_>, Next<'_>) -> Answer + 'static,
    {
        self.way.rings.push(Ring::Layer(Rc::new(layer)));
        self
    }

    /// Puts an edge around it, inside of the rings before.
    pub fn edge(mut self, edge: impl Edge + 'static) -> Self {
        self.way.rings.push(Ring::Edge(Rc::new(edge)));
        self
    }

    /// Bytes of body that a request may have here, however it is read: more or less than [`Limits`](crate::Limits) say. 0 allows none,
    /// `u64::MAX` switches the bound off.
    pub fn body_limit(mut self, bytes: u64) -> Self {
        self.way.body_limit = Some(bytes);
        self
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Endpoint({} {})", self.method.as_deref().unwrap_or("*"), self.pattern)
    }
}
