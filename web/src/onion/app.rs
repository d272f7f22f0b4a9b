//! An application: a router that nobody changes any more, ready to be served.

use super::next::Onion;
use crate::{
    context::{Context, Options, Site},
    router::{Explanation, Method, NoUrl, wash},
};
use std::{fmt, io, rc::Rc};
use wirebook_http1::{self as http1, Outcome, Request, Response, Server, server};
use wirebook_net::{Address, Listener, tcp::TcpListener};

/// An application.
///
/// ```no_run
/// use wirebook_net as net;
/// use wirebook_web::{Options, Router};
///
/// net::run(async {
///     let app = Router::new().get("/", async |ctx| ctx.text("hello")).into_app(Options::default()).expect("one route");
///     app.serve("127.0.0.1:8000")?.until(net::ctrl_c()).await
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct App {
    site: Rc<Site>,
    onion: Onion,
}

impl App {
    pub(super) fn new(site: Site, onion: Onion) -> App {
        App { site: Rc::new(site), onion }
    }

    /// Answers one request of HTTP/1.
    ///
    /// # Errors
    ///
    /// What is wrong with the connection, or with an answer that contradicts itself.
    pub async fn handle<'r>(&self, request: Request<'r>, response: Response<'r>) -> Outcome {
        let mut ctx = Context::new(self.site.clone(), request, response);
        self.answer(&mut ctx).await
    }

    async fn answer(&self, ctx: &mut Context<'_>) -> Outcome {
        ctx.admit();
        let answer = self.onion.all().run(ctx).await;
        ctx.finish(answer).await
    }

    /// The handler that [`http1::serve_on`] and its like take: Koa's `app.callback()`.
    pub fn into_handler(self) -> impl for<'r> AsyncFn(Request<'r>, Response<'r>) -> Outcome + 'static {
        // As `handle`, but not by way of it: its future holds a whole context, and would be moved into this one.
        async move |request, response| {
            let mut ctx = Context::new(self.site.clone(), request, response);
            self.answer(&mut ctx).await
        }
    }

    /// What the server below allows, whoever starts it.
    pub fn http_options(&self) -> server::Options {
        let Options { http, limits, .. } = &self.site.options;
        server::Options { max_body: limits.body, ..http.clone() }
    }

    /// Serves at an address, from the running loop.
    ///
    /// [`Server::until`] ends it: it accepts no more, finishes what is being answered, and waits no longer for that than
    /// `Options::http.close_timeout` says.
    ///
    /// # Errors
    ///
    /// Those of binding the address.
    pub fn serve(self, address: impl Address) -> io::Result<Server> {
        self.serve_tcp(TcpListener::bind(address)?)
    }

    /// Without a type that only the caller knows, so that the whole server is compiled here and once, and not in each program.
    fn serve_tcp(self, listener: TcpListener) -> io::Result<Server> {
        let address = listener.local_addr()?;
        Ok(self.serve_on(listener).at(address))
    }

    /// Serves on any listener: TCP with options of its own, a Unix socket, the simulated network.
    pub fn serve_on(self, listener: impl Listener + 'static) -> Server {
        http1::serve_on(listener, self.http_options(), self.into_handler())
    }

    /// The path of a route, by its name.
    ///
    /// # Errors
    ///
    /// No such route, or values that do not fit it.
    pub fn url_for(&self, name: &str, values: &[(&str, &str)]) -> Result<String, NoUrl> {
        self.site.routes.url(name, values)
    }

    /// Why a request gets what it gets from the routes: the candidates that came closest. `None` for a path that cannot be washed.
    pub fn explain(&self, host: &str, method: &str, path: &str) -> Option<Explanation> {
        Some(self.site.routes.explain(host, Method::named(method), &wash(path).ok()?, 8))
    }

    /// All routes, as `GET /users/{id}`, in the order in which they were added.
    pub fn routes(&self) -> Vec<String> {
        self.site.routes.routes().iter().map(ToString::to_string).collect()
    }
}

impl fmt::Debug for App {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("App").field("routes", &self.routes()).finish_non_exhaustive()
    }
}
