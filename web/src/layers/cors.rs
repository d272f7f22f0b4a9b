//! Pages of which other origins may ask (Fetch §3.2, "CORS").
//!
//! The list of origins is compared byte by byte. There is no origin that is given back as it came, and what any page may read goes
//! out without credentials: a configuration that would mix the two has no method to write it with (`@koa/cors`: CVE-2023-49803).

use crate::{
    context::{Answer, Context},
    onion::Edge,
};
use std::marker::PhantomData;

/// Named origins may ask.
#[derive(Clone, Copy, Debug)]
pub struct Listed;

/// Any page may ask, without credentials.
#[derive(Clone, Copy, Debug)]
pub struct AnyOrigin;

/// Which pages may ask, for what.
///
/// ```
/// use wirebook_web::{Router, layers::Cors};
///
/// let api = Router::new().edge(Cors::listed(&["https://app.example.com"]).credentials().headers("content-type, x-token"));
/// let feed = Router::new().edge(Cors::any());
/// ```
///
/// ```compile_fail
/// use wirebook_web::layers::Cors;
///
/// Cors::any().credentials(); // any page would read what a visitor sees
/// ```
#[derive(Clone, Debug)]
#[must_use = "a router has to be given it"]
pub struct Cors<W> {
    /// Empty: any.
    origins: Vec<String>,
    with_credentials: bool,
    methods: String,
    headers: String,
    exposed: String,
    max_age: Option<u32>,
    who: PhantomData<W>,
}

impl<W> Cors<W> {
    fn new(origins: Vec<String>) -> Self {
        Cors {
            origins,
            with_credentials: false,
            methods: "GET, HEAD, POST, PUT, PATCH, DELETE".to_owned(),
            headers: "content-type".to_owned(),
            exposed: String::new(),
            max_age: None,
            who: PhantomData,
        }
    }

    /// The methods that may be asked with: GET, HEAD, POST, PUT, PATCH, DELETE.
    pub fn methods(mut self, methods: &str) -> Self {
        self.methods = methods.to_owned();
        self
    }

    /// The fields that a page may add: `content-type`.
    pub fn headers(mut self, headers: &str) -> Self {
        self.headers = headers.to_owned();
        self
    }

    /// The fields of an answer that a page may see beyond those that it always sees: none.
    pub fn exposed(mut self, headers: &str) -> Self {
        self.exposed = headers.to_owned();
        self
    }

    /// How many seconds a browser may remember what it was told: as long as it likes, by default five. 0: it asks each time.
    pub fn max_age(mut self, seconds: u32) -> Self {
        self.max_age = Some(seconds);
        self
    }
}

impl Cors<Listed> {
    /// Pages of these origins may ask, as `https://app.example.com`. `null` is nobody.
    pub fn listed(origins: &[&str]) -> Self {
        // An empty list is nobody, and not everybody.
        let named = origins.iter().filter(|origin| **origin != "null").map(|origin| (*origin).to_owned());
        let mut origins: Vec<String> = named.collect();
        if origins.is_empty() {
            origins.push(String::new());
        }
        Cors::new(origins)
    }

    /// With the visitor's cookies.
    pub fn credentials(mut self) -> Self {
        self.with_credentials = true;
        self
    }
}

impl Cors<AnyOrigin> {
    /// Any page may ask.
    pub fn any() -> Self {
        Cors::new(Vec::new())
    }
}

impl<W> Cors<W> {
    /// What Access-Control-Allow-Origin says to this origin.
    fn allows<'a>(&'a self, origin: &str) -> Option<&'a str> {
        match self.origins.is_empty() {
            true => Some("*"),
            false => self.origins.iter().find(|known| !known.is_empty() && *known == origin).map(String::as_str),
        }
    }

    // ANCHOR: say
    fn say(&self, ctx: &mut Context<'_>) -> Result<Option<Answer>, crate::Failure> {
        // A cache must not give one origin what was meant for another.
        ctx.vary("origin")?;
        let Some(origin) = ctx.header("origin") else { return Ok(None) };
        let asks_first = ctx.method() == "OPTIONS" && ctx.header("access-control-request-method").is_some();
        if let Some(allowed) = self.allows(origin) {
            ctx.set("access-control-allow-origin", allowed)?;
            if self.with_credentials {
                ctx.set("access-control-allow-credentials", "true")?;
            }
            if asks_first {
                ctx.set("access-control-allow-methods", &self.methods)?;
                ctx.set("access-control-allow-headers", &self.headers)?;
                if let Some(seconds) = self.max_age {
                    ctx.set("access-control-max-age", seconds.to_string())?;
                }
            } else if !self.exposed.is_empty() {
                ctx.set("access-control-expose-headers", &self.exposed)?;
            }
        }
        // Whoever may not ask is not told why: the browser keeps the answer from the page.
        Ok(asks_first.then(|| ctx.empty(204)))
    }
    // ANCHOR_END: say
}

impl<W> Edge for Cors<W> {
    fn enter(&self, ctx: &mut Context<'_>) -> Option<Answer> {
        self.say(ctx).unwrap_or_else(|failure| Some(Err(failure)))
    }
}
