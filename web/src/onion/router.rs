//! Routes and rings, written down in any order.

use super::{
    app::App,
    endpoint::{Endpoint, Way, any, delete, get, on, options, patch, post, put},
    next::{Course, Next, Onion, Ring},
    ring::{Edge, Handler},
};
use crate::{
    context::{Answer, Context, Options, Site, Typed},
    router::{RouteError, Routes},
};
use std::{fmt, rc::Rc};

/// Routes, and the rings around them.
///
/// A ring is around *all* routes of its router, whatever the order of the calls; the first that is added is the outermost. Rings of the
/// router that becomes the application are around everything, also where there is no route; those of a nested router around all that
/// lies below its prefix; those of a route around it alone. A route that cannot be is an error when the router becomes an application.
///
/// ```
/// use wirebook_web::{Next, Options, Router};
///
/// let api = Router::new().get("/users/{id:int}", async |ctx| ctx.json(&ctx.param_as::<u64>("id")?));
/// let app = Router::new()
///     .layer(async |ctx, next| {
///         let began = wirebook_net::now();
///         let done = next.run(ctx).await?;
///         ctx.set("server-timing", format!("app;dur={}", (wirebook_net::now() - began).as_millis()))?;
///         Ok(done)
///     })
///     .get("/", async |ctx| ctx.text("hello"))
///     .nest("/api", api)
///     .into_app(Options::default())?;
/// # Ok::<(), wirebook_web::router::RouteError>(())
/// ```
#[derive(Default)]
#[must_use = "it serves nobody before it is an application"]
pub struct Router {
    routes: Routes<Way>,
    rings: Vec<Ring>,
    /// Prefixes of nested routers that have rings, and these.
    scopes: Vec<(String, Vec<Ring>)>,
    services: Typed,
    /// The first thing that was wrong.
    fault: Option<RouteError>,
}

impl Router {
    /// A router without routes and rings.
    pub fn new() -> Router {
        Router::default()
    }

    /// Adds a route, with all that was said of it.
    pub fn route(mut self, endpoint: Endpoint) -> Self {
        let Endpoint { method, pattern, name, way } = endpoint;
        let added = match method {
            Some(method) => self.routes.add(&method, &pattern, way),
            None => self.routes.any(&pattern, way),
        };
        match added {
            Ok(route) => {
                if let Some(name) = name {
                    route.named(&name);
                }
            }
            Err(fault) => self.fault = self.fault.or(Some(fault)),
        }
        self
    }

    /// Adds a route for GET, and for HEAD.
    pub fn get<H>(self, pattern: &str, handler: H) -> Self
    where
        H: AsyncFn(&mut Context<'_>) -> Answer + 'static,
    {
        self.route(get(pattern, handler))
    }

    /// Adds a route for POST.
    pub fn post<H>(self, pattern: &str, handler: H) -> Self
    where
        H: AsyncFn(&mut Context<'_>) -> Answer + 'static,
    {
        self.route(post(pattern, handler))
    }

    /// Adds a route for PUT.
    pub fn put<H>(self, pattern: &str, handler: H) -> Self
    where
        H: AsyncFn(&mut Context<'_>) -> Answer + 'static,
    {
        self.route(put(pattern, handler))
    }

    /// Adds a route for PATCH.
    pub fn patch<H>(self, pattern: &str, handler: H) -> Self
    where
        H: AsyncFn(&mut Context<'_>) -> Answer + 'static,
    {
        self.route(patch(pattern, handler))
    }

    /// Adds a route for DELETE.
    pub fn delete<H>(self, pattern: &str, handler: H) -> Self
    where
        H: AsyncFn(&mut Context<'_>) -> Answer + 'static,
    {
        self.route(delete(pattern, handler))
    }

    /// Adds a route for OPTIONS, in place of the answer that every path has by itself.
    pub fn options<H>(self, pattern: &str, handler: H) -> Self
    where
        H: AsyncFn(&mut Context<'_>) -> Answer + 'static,
    {
        self.route(options(pattern, handler))
    }

    /// Adds a route for another method, by its name.
    pub fn on<H>(self, method: &str, pattern: &str, handler: H) -> Self
    where
        H: AsyncFn(&mut Context<'_>) -> Answer + 'static,
    {
        self.route(on(method, pattern, handler))
    }

    /// Adds a route for every method that has none of its own there: Express's `app.all`.
    pub fn any<H>(self, pattern: &str, handler: H) -> Self
    where
        H: AsyncFn(&mut Context<'_>) -> Answer + 'static,
    {
        self.route(any(pattern, handler))
    }

    /// Puts a layer around everything of this router, inside of the rings before: an `async` function of the context and [`Next`].
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: AsyncFn(&mut Context<'_>, Next<'_>) -> Answer + 'static,
    {
        self.rings.push(Ring::Layer(Rc::new(layer)));
        self
    }

    /// Puts a layer around whatever lies at a path or below it, whichever route it has: Express's `app.use(path, …)`. A parameter of the
    /// path stands for any one segment.
    pub fn with_at<L>(mut self, path: &str, layer: L) -> Self
    where
        L: AsyncFn(&mut Context<'_>, Next<'_>) -> Answer + 'static,
    {
        self.rings.push(Ring::Below(path.trim_end_matches('/').into(), Rc::new(layer)));
        self
    }

    /// Puts an edge around everything of this router, inside of the rings before.
    pub fn edge(mut self, edge: impl Edge + 'static) -> Self {
        self.rings.push(Ring::Edge(Rc::new(edge)));
        self
    }

    /// Lends a value to all handlers: [`Context::service`] gives it by its type.
    pub fn service<T: 'static>(mut self, value: T) -> Self {
        self.services.insert(value);
        self
    }

    /// Takes all routes of another router in, behind a prefix, which may have parameters. Its rings stay around its routes, and around
    /// what has no route below the prefix.
    pub fn nest(mut self, prefix: &str, inner: Router) -> Self {
        let (routes, fault) = self.take_in(inner, prefix);
        let nested = self.routes.nest(prefix, routes).err();
        self.fault = self.fault.or(fault).or(nested);
        self
    }

    /// Takes all routes of another router in, for one host: `api.example.com`, `{tenant}.example.com`. Its rings stay around its routes.
    pub fn host(mut self, host: &str, inner: Router) -> Self {
        let scopes = self.scopes.len();
        let (routes, fault) = self.take_in(inner, "");
        // A path without a route lies in no router of one host alone.
        self.scopes.truncate(scopes);
        let hosted = self.routes.host(host, routes).err();
        self.fault = self.fault.or(fault).or(hosted);
        self
    }

    /// Another router's rings become the outermost ones of its routes.
    fn take_in(&mut self, inner: Router, prefix: &str) -> (Routes<Way>, Option<RouteError>) {
        let Router { routes, rings, scopes, services, fault } = inner;
        let rings: Vec<Ring> = rings.into_iter().map(|ring| ring.behind(prefix)).collect();
        let around = |inside: Vec<Ring>| {
            let inside = inside.into_iter().map(|ring| ring.behind(prefix));
            rings.iter().cloned().chain(inside).collect::<Vec<Ring>>()
        };
        if !rings.is_empty() {
            self.scopes.push((prefix.to_owned(), rings.clone()));
        }
        self.scopes.extend(scopes.into_iter().map(|(path, inside)| (format!("{prefix}{path}"), around(inside))));
        self.services.take_in(services);
        (routes.map(|way| Way { rings: around(way.rings), ..way }), fault)
    }

    /// Makes the application.
    ///
    /// # Errors
    ///
    /// The first route that cannot be: a pattern, a method, two routes for the same requests, two of one name.
    pub fn into_app(self, options: Options) -> Result<App, RouteError> {
        let Router { routes, rings, mut scopes, services, fault } = self;
        if let Some(fault) = fault {
            return Err(fault);
        }
        let mut courses = Vec::new();
        let routes = routes.map(|Way { rings, handler, body_limit }| {
            courses.push(Course { rings: rings.into(), handler, body_limit });
            courses.len() - 1
        });
        let routes = routes.build()?;
        // The longest prefix first: it has the most rings.
        scopes.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.split('/').count()));
        let miss: Rc<dyn Handler> = Rc::new(async |ctx: &mut Context<'_>| ctx.take_miss());
        let course = |rings: Vec<Ring>| Course { rings: rings.into(), handler: miss.clone(), body_limit: None };
        let scopes = scopes.into_iter().map(|(prefix, rings)| (prefix, course(rings))).collect();
        Ok(App::new(Site { options, routes, services }, Onion { rings: rings.into(), courses, scopes }))
    }
}

impl fmt::Debug for Router {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let routes: Vec<String> = self.routes.iter().map(ToString::to_string).collect();
        out.debug_struct("Router").field("routes", &routes).field("rings", &self.rings.len()).finish_non_exhaustive()
    }
}
