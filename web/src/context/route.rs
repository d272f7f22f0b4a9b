//! Which handler a request is for, and what its path says.

use super::{Answer, Context, Done, Failure, Refused};
use crate::router::{Explanation, Found, Matched, Method, NoUrl, Spans};
use std::borrow::Cow;

impl Context<'_> {
    /// Looks for the route, or for the next one that fits, by method, host and path as they are now. What nobody answers is kept for
    /// [`take_miss`](Self::take_miss).
    pub(crate) fn find_route(&mut self) -> Option<usize> {
        let path = match &self.path {
            Ok(path) => path,
            Err(refused) => {
                self.miss = Some(refuse(*refused, &self.method, self.original_path));
                return None;
            }
        };
        self.options = None;
        let routes = &self.site.routes;
        let mut spans = Spans::default();
        let host = if routes.asks_host() { self.host() } else { "" };
        let found = routes.find_after(self.passed, host, Method::named(&self.method), path, &mut spans);
        match found {
            Found::Route(matched) => {
                let route = *matched.route().value();
                self.route = Some((route, spans));
                return Some(route);
            }
            _ if self.passed > 0 => self.miss = Some(Err(Failure::of(404))),
            // RFC 9110 §9.3.7. The field is set when nobody else has answered: a guard's 401 tells of no methods.
            Found::Options(allow) => self.options = Some(allow.to_string()),
            Found::MethodNotAllowed(allow) => self.miss = Some(Err(Failure::of(405).with("allow", allow.to_string()))),
            // RFC 9110 §15.6.2; TRACE gives a request back, with its cookies and credentials, and is never served.
            Found::NotImplemented => self.miss = Some(Err(Failure::of(501).exposed(true))),
            Found::NotFound if self.method == "TRACE" => self.miss = Some(Err(Failure::of(405).with("allow", ""))),
            Found::NotFound => self.miss = Some(Err(Failure::of(404))),
        }
        None
    }

    /// What answers where no route does.
    pub(crate) fn take_miss(&mut self) -> Answer {
        match self.options.take() {
            Some(allow) => self.set("allow", allow)?.empty(204),
            None => self.miss.take().unwrap_or_else(|| Err(Failure::of(404))),
        }
    }

    /// The handler has left the request to the next route that fits.
    pub(crate) fn takes_pass(&mut self) -> bool {
        let is_passing = std::mem::take(&mut self.is_passing);
        self.passed += usize::from(is_passing);
        is_passing
    }

    fn matched(&self) -> Option<Matched<'_, usize>> {
        let path = self.path.as_ref().ok()?;
        let (route, spans) = self.route.as_ref()?;
        Some(self.site.routes.matched(*route, self.host(), path, spans))
    }

    /// The pattern of the route, once it is found: rings of the whole application come before that.
    pub fn matched_route(&self) -> Option<&str> {
        Some(self.site.routes.routes().get(self.route.as_ref()?.0)?.pattern().text())
    }

    /// The name of the route, if it has one.
    pub fn route_name(&self) -> Option<&str> {
        self.site.routes.routes().get(self.route.as_ref()?.0)?.name()
    }

    /// A parameter of the route's pattern or host, as text.
    pub fn param(&self, name: &str) -> Option<Cow<'_, str>> {
        self.matched()?.param(name)
    }

    /// A parameter as it lies in the washed path, where an encoded slash is still one. For a path of files see
    /// [`file_names`](crate::router::file_names).
    pub fn raw_param(&self, name: &str) -> Option<&str> {
        self.matched()?.raw(name)
    }

    /// A parameter as a number, or whatever else can be read from text.
    ///
    /// # Errors
    ///
    /// 404 where the path has no such thing: `/users/x` is no user.
    pub fn param_as<T: std::str::FromStr>(&self, name: &str) -> Result<T, Failure> {
        self.param(name).and_then(|value| value.parse().ok()).ok_or_else(|| Failure::of(404))
    }

    /// All parameters, in their order.
    pub fn params(&self) -> Vec<(&str, Cow<'_, str>)> {
        self.matched().map(|matched| matched.params().collect()).unwrap_or_default()
    }

    /// The path of a route, by its name.
    ///
    /// # Errors
    ///
    /// No such route, or values that do not fit it.
    pub fn url_for(&self, name: &str, values: &[(&str, &str)]) -> Result<String, NoUrl> {
        self.site.routes.url(name, values)
    }

    /// What the router thought of this request, for people who look at a 404.
    pub(crate) fn explain(&self) -> Option<Explanation> {
        let path = self.path.as_ref().ok()?;
        Some(self.site.routes.explain(self.host(), Method::named(&self.method), path, 8))
    }

    /// Bytes of body that this request may have; the innermost who says so counts.
    pub(crate) fn set_body_limit(&mut self, limit: Option<u64>) {
        self.body_limit = limit.or(self.body_limit);
    }

    /// The bytes that a body may have which is read in some way: what the route says goes before what the way says.
    pub fn body_limit_or(&self, otherwise: u64) -> u64 {
        self.body_limit.unwrap_or(otherwise)
    }
}

fn refuse(refused: Refused, method: &str, path: &str) -> Answer {
    match refused {
        // `OPTIONS *` asks about the server as a whole (RFC 9110 §9.3.7).
        Refused::Path(_) if method == "OPTIONS" && path == "*" => Ok(Done::new()),
        Refused::Path(fault) => Err(Failure::new(400, format!("a path that can be read in two ways: {fault:?}"))),
        Refused::Host => Err(Failure::of(421)),
    }
}
