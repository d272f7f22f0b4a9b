//! The table of routes: filled in any order, nested, named; and the router that it becomes.

use super::{
    host::Host,
    method::{Allow, Method},
    path::{Path, meaning},
    pattern::{Fault, MOST_PARAMETERS, Pattern},
    tree::{Spans, Tree},
};
use std::{borrow::Cow, collections::HashMap, fmt};

/// Routes of one router. More is an error when the router is built.
pub const MOST_ROUTES: usize = 65_535;

/// One route.
#[derive(Clone, Debug)]
pub struct Route<T> {
    host: Option<Host>,
    method: Option<String>,
    pattern: Pattern,
    name: Option<String>,
    value: T,
}

impl<T> Route<T> {
    /// Gives it a name, by which [`Router::url`] finds it.
    pub fn named(&mut self, name: &str) -> &mut Self {
        self.name = Some(name.to_owned());
        self
    }

    /// The host that it is for; `None` for every host.
    pub fn host(&self) -> Option<&Host> {
        self.host.as_ref()
    }

    /// The method that it is for; `None` for every method but TRACE and CONNECT.
    pub fn method(&self) -> Option<&str> {
        self.method.as_deref()
    }

    /// What it is written as.
    pub fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// Its name.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// What was added with it.
    pub fn value(&self) -> &T {
        &self.value
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.host.iter().flat_map(Host::names).chain(self.pattern.names())
    }
}

impl<T> fmt::Display for Route<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.host.as_ref().map_or("", Host::text);
        write!(out, "{} {host}{}", self.method.as_deref().unwrap_or("*"), self.pattern)
    }
}

/// A route that cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteError {
    /// The route, as `GET /users/{id}`.
    pub route: String,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Its pattern, and at which byte.
    Pattern(Fault, usize),
    /// Its host is no host name.
    Host,
    /// Routes within a host were given a host again.
    HostTwice,
    /// Its method is no token (RFC 9110 §9.1), or TRACE or CONNECT.
    Method,
    /// Another route is for the same requests.
    Conflict(String),
    /// Another route has this name.
    NameTaken,
    /// A prefix ends with a slash or has a `{*rest}`.
    Prefix,
    /// More than [`MOST_ROUTES`].
    TooManyRoutes,
}

impl fmt::Display for RouteError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: ", self.route)?;
        match &self.problem {
            Problem::Pattern(fault, at) => write!(out, "{fault:?} at byte {at} of the pattern"),
            Problem::Host => out.write_str("no host name"),
            Problem::HostTwice => out.write_str("routes of a host were given a host again"),
            Problem::Method => out.write_str("no method that a route can be for"),
            Problem::Conflict(other) => write!(out, "{other} is for the same requests"),
            Problem::NameTaken => out.write_str("another route has this name"),
            Problem::Prefix => out.write_str("a prefix ends with a slash or has a {*rest}"),
            Problem::TooManyRoutes => write!(out, "more than {MOST_ROUTES} routes"),
        }
    }
}

impl std::error::Error for RouteError {}

/// A table of routes, filled in any order.
///
/// ```
/// use wirebook_web::router::{Found, Method, Routes, Spans, wash};
///
/// let mut users = Routes::new();
/// users.add("GET", "/", "list")?;
/// users.add("GET", "/{id:int}", "show")?.named("user");
/// let mut routes = Routes::new();
/// routes.nest("/users", users)?;
/// let router = routes.build()?;
///
/// let (path, mut spans) = (wash("/users/7").unwrap(), Spans::default());
/// let Found::Route(found) = router.find("example.com", Method::Get, &path, &mut spans) else { panic!() };
/// assert_eq!((*found.route().value(), found.param("id").as_deref()), ("show", Some("7")));
/// assert_eq!(router.url("user", &[("id", "8")]).unwrap(), "/users/8");
/// # Ok::<(), wirebook_web::router::RouteError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Routes<T> {
    routes: Vec<Route<T>>,
}

impl<T> Default for Routes<T> {
    fn default() -> Self {
        Routes { routes: Vec::new() }
    }
}

impl<T> Routes<T> {
    /// A table without routes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a route for one method. GET is for HEAD, too.
    ///
    /// # Errors
    ///
    /// A pattern or a method that cannot be.
    pub fn add(&mut self, method: &str, pattern: &str, value: T) -> Result<&mut Route<T>, RouteError> {
        let is_token = !method.is_empty() && method.bytes().all(crate::text::is_tchar);
        if !is_token || matches!(Method::named(method), Method::Trace | Method::Connect) {
            return Err(RouteError { route: format!("{method} {pattern}"), problem: Problem::Method });
        }
        self.push(Some(method.to_owned()), pattern, value)
    }

    /// Adds a route for every method that has none of its own here; but not for TRACE and CONNECT.
    ///
    /// # Errors
    ///
    /// A pattern that cannot be.
    pub fn any(&mut self, pattern: &str, value: T) -> Result<&mut Route<T>, RouteError> {
        self.push(None, pattern, value)
    }

    fn push(&mut self, method: Option<String>, pattern: &str, value: T) -> Result<&mut Route<T>, RouteError> {
        let parsed = Pattern::parse(pattern).map_err(|(fault, at)| RouteError {
            route: format!("{} {pattern}", method.as_deref().unwrap_or("*")),
            problem: Problem::Pattern(fault, at),
        })?;
        self.routes.push(Route { host: None, method, pattern: parsed, name: None, value });
        Ok(self.routes.last_mut().expect("it was pushed"))
    }

    /// Takes all routes of another table in, each behind a prefix. The prefix may have parameters. The other table's `/` becomes
    /// the prefix itself, without a slash at its end.
    ///
    /// # Errors
    ///
    /// A prefix that ends with a slash or has a `{*rest}`; patterns that cannot be with it.
    pub fn nest(&mut self, prefix: &str, inner: Routes<T>) -> Result<(), RouteError> {
        for mut route in inner.routes {
            let is_prefix = route.pattern.text() == "/" && !prefix.is_empty();
            let behind = if is_prefix { "" } else { route.pattern.text() };
            let text = format!("{prefix}{behind}");
            let fail = |problem| RouteError { route: format!("{} {text}", route.method().unwrap_or("*")), problem };
            if prefix.ends_with('/') || prefix.contains("{*") {
                return Err(fail(Problem::Prefix));
            }
            let pattern = Pattern::parse(&text).map_err(|(fault, at)| fail(Problem::Pattern(fault, at)))?;
            route.pattern = pattern;
            self.routes.push(route);
        }
        Ok(())
    }

    /// Takes all routes of another table in, for one host: `api.example.com`, `{tenant}.example.com`.
    ///
    /// # Errors
    ///
    /// What is no host; routes that have one already.
    pub fn host(&mut self, host: &str, inner: Routes<T>) -> Result<(), RouteError> {
        let fail = |problem| RouteError { route: host.to_owned(), problem };
        let host = Host::parse(host).ok_or_else(|| fail(Problem::Host))?;
        if inner.routes.iter().any(|route| route.host.is_some()) {
            return Err(fail(Problem::HostTwice));
        }
        self.routes.extend(inner.routes.into_iter().map(|route| Route { host: Some(host.clone()), ..route }));
        Ok(())
    }

    /// The same routes with other values: `change` is called for each, in their order.
    pub fn map<U>(self, mut change: impl FnMut(T) -> U) -> Routes<U> {
        let with = |Route { host, method, pattern, name, value }| {
            let value = change(value);
            Route { host, method, pattern, name, value }
        };
        Routes { routes: self.routes.into_iter().map(with).collect() }
    }

    /// All routes so far, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &Route<T>> {
        self.routes.iter()
    }

    /// Makes the router.
    ///
    /// # Errors
    ///
    /// Two routes for the same requests, or of one name; too many routes; a host's parameters together with a path's that are too
    /// many or have one name.
    pub fn build(self) -> Result<Router<T>, RouteError> {
        let routes = self.routes;
        let fail = |route: &Route<T>, problem| Err(RouteError { route: route.to_string(), problem });
        let (mut sites, mut names) = (Vec::<(Option<Host>, Tree)>::new(), HashMap::new());
        for (at, route) in routes.iter().enumerate() {
            if at == MOST_ROUTES {
                return fail(route, Problem::TooManyRoutes);
            }
            let parameters: Vec<&str> = route.names().collect();
            if parameters.len() > MOST_PARAMETERS {
                return fail(route, Problem::Pattern(Fault::TooManyParameters, 0));
            }
            if parameters.iter().enumerate().any(|(at, name)| parameters[..at].contains(name)) {
                return fail(route, Problem::Pattern(Fault::NameTwice, 0));
            }
            let is_like = |other: &Option<Host>| match (other, &route.host) {
                (Some(a), Some(b)) => a.is_like(b),
                (a, b) => a.is_none() && b.is_none(),
            };
            let place = sites.iter().position(|(host, _)| is_like(host)).unwrap_or_else(|| {
                sites.push((route.host.clone(), Tree::default()));
                sites.len() - 1
            });
            let method = route.method.as_deref().map(Method::named);
            if let Err(other) = sites[place].1.add(method, route.pattern.parts(), at) {
                return fail(route, Problem::Conflict(routes[other].to_string()));
            }
            if let Some(name) = &route.name
                && names.insert(name.clone(), at).is_some()
            {
                return fail(route, Problem::NameTaken);
            }
        }
        // The host with more literals first, and every host last.
        sites.sort_by(|(a, _), (b, _)| match (a, b) {
            (Some(a), Some(b)) => a.before(b),
            (a, b) => a.is_none().cmp(&b.is_none()),
        });
        Ok(Router { routes, sites, names })
    }
}

/// What a router says to a request.
#[derive(Clone, Debug)]
pub enum Found<'a, T> {
    /// A route.
    Route(Matched<'a, T>),
    /// OPTIONS without a route of its own: 204, and what the path allows (RFC 9110 §9.3.7).
    Options(Allow),
    /// The path has routes for other methods: 405, and what it allows (RFC 9110 §15.5.6).
    MethodNotAllowed(Allow),
    /// No route at all is for this method, and it is none of RFC 9110's: 501 (§15.6.2).
    NotImplemented,
    /// 404.
    NotFound,
}

/// A route that a request is for, and the values of its parameters.
#[derive(Clone, Copy, Debug)]
pub struct Matched<'a, T> {
    route: &'a Route<T>,
    host: &'a str,
    path: &'a str,
    spans: &'a Spans,
}

impl<'a, T> Matched<'a, T> {
    /// The route.
    pub fn route(&self) -> &'a Route<T> {
        self.route
    }

    /// A parameter's value as text: in it, an encoded slash is a slash.
    pub fn param(&self, name: &str) -> Option<Cow<'a, str>> {
        self.params().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// A parameter's value as it lies in the washed path. For a path of files, see [`file_names`](super::file_names).
    pub fn raw(&self, name: &str) -> Option<&'a str> {
        self.raws().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// All parameters as text, those of the host first.
    pub fn params(&self) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> {
        self.raws().map(|(name, value)| (name, meaning(value)))
    }

    fn raws(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let (route, host, path) = (self.route, self.host, self.path);
        let of_host = route.host.as_ref().map_or(0, |host| host.names().count());
        let places = &self.spans.places[..self.spans.count];
        route.names().zip(places).enumerate().map(move |(at, (name, &(from, to)))| {
            let text = if at < of_host { host } else { path };
            (name, text.get(from as usize..to as usize).unwrap_or_default())
        })
    }
}

/// Finds the route of a request. It never changes.
#[derive(Clone, Debug)]
pub struct Router<T> {
    pub(super) routes: Vec<Route<T>>,
    pub(super) sites: Vec<(Option<Host>, Tree)>,
    pub(super) names: HashMap<String, usize>,
}

impl<T> Router<T> {
    /// All routes, in the order in which they were added.
    pub fn routes(&self) -> &[Route<T>] {
        &self.routes
    }

    /// Whether there are routes of one host: without any, nobody looks at a request's Host.
    pub fn asks_host(&self) -> bool {
        self.sites.iter().any(|(host, _)| host.is_some())
    }

    /// The route for a request: its Host as it came, its method, its washed path. `spans` is room that can be used again.
    ///
    /// Of several routes that fit, the most specific one that is for the method: a literal goes before a parameter, a strict
    /// parameter before a loose one, `{*rest}` last, and the first difference decides; routes of a host go before those of every host.
    #[inline]
    pub fn find<'a>(
        &'a self,
        host: &'a str,
        method: Method<'_>,
        path: &'a Path<'_>,
        spans: &'a mut Spans,
    ) -> Found<'a, T> {
        self.find_after(0, host, method, path, spans)
    }

    /// As [`find`](Router::find), when the first `skip` routes that fit are passed over: what a handler that passes goes on with.
    pub fn find_after<'a>(
        &'a self,
        mut skip: usize,
        host: &'a str,
        method: Method<'_>,
        path: &'a Path<'_>,
        spans: &'a mut Spans,
    ) -> Found<'a, T> {
        for (site, tree) in &self.sites {
            spans.count = 0;
            if site.as_ref().is_some_and(|site| !site.admits(host, spans)) {
                continue;
            }
            if let Some(route) = tree.find(method, path.as_str(), &mut skip, spans) {
                let (route, path) = (&self.routes[route], path.as_str());
                return Found::Route(Matched { route, host, path, spans });
            }
        }
        self.nothing(host, method, path, spans)
    }

    /// What [`find`](Router::find) gave, again: the route with this number in [`routes`](Self::routes), for the same host and path.
    pub fn matched<'a>(&'a self, number: usize, host: &'a str, path: &'a Path<'_>, spans: &'a Spans) -> Matched<'a, T> {
        Matched { route: &self.routes[number], host, path: path.as_str(), spans }
    }

    /// What to say when there is no route.
    #[cold]
    fn nothing<'a>(&'a self, host: &str, method: Method<'_>, path: &Path<'_>, spans: &mut Spans) -> Found<'a, T> {
        if let Method::Other(name) = method
            && !self.routes.iter().any(|route| route.method.as_deref() == Some(name))
        {
            return Found::NotImplemented;
        }
        let allow = self.allow(host, path, spans);
        match method {
            _ if allow == Allow::default() => Found::NotFound,
            Method::Options => Found::Options(allow),
            _ => Found::MethodNotAllowed(allow),
        }
    }

    pub(super) fn allow(&self, host: &str, path: &Path<'_>, spans: &mut Spans) -> Allow {
        let mut allow = Allow::default();
        for (site, tree) in &self.sites {
            if site.as_ref().is_none_or(|site| site.admits(host, spans)) {
                tree.allow(path.as_str(), &mut allow);
            }
        }
        allow
    }
}
