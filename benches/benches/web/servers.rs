//! The servers, each run by `--serve NAME` in a process of its own. Every one answers "Hello, World!", or a file that ends with it.
//!
//! The five layers are the same everywhere: a number for each request, a field that guards pages, a field that names an origin, a count of
//! what was answered, and a look for a cookie.

use std::cell::Cell;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::Request;
use axum::http::HeaderValue;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;
use tower_http::services::ServeDir;
use tower_sessions::{MemoryStore as TheirStore, Session, SessionManagerLayer};
use wirebook_http1::server::Options as HttpOptions;
use wirebook_http1::{self as http1};
use wirebook_net as net;
use wirebook_web::files::{Assets, Files};
use wirebook_web::session::{MemoryStore, Sessions, session};
use wirebook_web::trust::Keys;
use wirebook_web::{Answer, Context, Edge, Options, Router};

const HELLO: &str = "Hello, World!";
const SECRET: &[u8] = b"a secret of thirty-two bytes, or of more";

/// Becomes the server of that name.
pub(crate) fn serve(name: &str, folder: &Path) {
    wirebook_benches::sys::allow_descriptors(20_000);
    let served = match name {
        "http1" => bare(),
        "wirebook" => ours(hello(Router::new())),
        "wirebook files" => Files::beneath(folder).and_then(|files| ours(Router::new().files("/static", files))),
        "wirebook assets" => assets(folder),
        "wirebook session" => ours(visits()),
        "axum" => theirs(their_hello()),
        "tower-http files" => theirs(axum::Router::new().nest_service("/static", ServeDir::new(folder))),
        "tower-sessions session" => theirs(their_visits()),
        other => panic!("no server is called {other}"),
    };
    served.expect("the server runs until it is killed");
}

fn options() -> HttpOptions {
    HttpOptions {
        idle_timeout: Duration::from_secs(60),
        max_requests_per_connection: u32::MAX,
        ..HttpOptions::default()
    }
}

fn listen() -> io::Result<net::tcp::TcpListener> {
    let listener = net::tcp::TcpListener::bind("127.0.0.1:0")?;
    println!("listening on {}", listener.local_addr()?);
    Ok(listener)
}

/// Our HTTP/1 with a handler, and nothing above it.
fn bare() -> io::Result<()> {
    net::run(async {
        http1::serve_on(listen()?, options(), async |_: http1::Request<'_>, response: http1::Response<'_>| {
            response.header("content-type", "text/plain; charset=utf-8").end(HELLO).await
        });
        std::future::pending::<io::Result<()>>().await
    })
}

fn ours(router: Router) -> io::Result<()> {
    net::run(async {
        let app = router.into_app(Options { http: options(), ..Options::default() }).map_err(io::Error::other)?;
        app.serve_on(listen()?);
        std::future::pending::<io::Result<()>>().await
    })
}

fn assets(folder: &Path) -> io::Result<()> {
    ours(Router::new().assets("/static", Assets::read(folder)?))
}

/// Sixteen digits. `format!` would take a tenth of all that a server does for a request, ours more than theirs.
fn digits(number: u64) -> [u8; 16] {
    std::array::from_fn(|place| b"0123456789abcdef"[(number >> (60 - 4 * place) & 15) as usize])
}

/// A number for each request.
#[derive(Default)]
struct Id(Cell<u64>);

impl Edge for Id {
    fn enter(&self, ctx: &mut Context<'_>) -> Option<Answer> {
        self.0.set(self.0.get() + 1);
        ctx.set("x-request-id", digits(self.0.get())).err().map(Err)
    }
}

struct Guard;

impl Edge for Guard {
    fn enter(&self, ctx: &mut Context<'_>) -> Option<Answer> {
        ctx.set("x-content-type-options", "nosniff").err().map(Err)
    }
}

struct Origin;

impl Edge for Origin {
    fn enter(&self, ctx: &mut Context<'_>) -> Option<Answer> {
        ctx.vary("origin").err().map(Err)
    }
}

#[derive(Default)]
struct Count(Cell<u64>);

impl Edge for Count {
    fn leave(&self, _: &mut Context<'_>, answer: Answer) -> Answer {
        self.0.set(self.0.get() + 1);
        answer
    }
}

fn hello(router: Router) -> Router {
    let router = router.edge(Id::default()).edge(Guard).edge(Origin).edge(Count::default());
    let router = router.layer(async |ctx, next| {
        std::hint::black_box(ctx.cookie("sid"));
        next.run(ctx).await
    });
    include_str!("../github.txt").lines().fold(router, |router, path| router.get(path, async |ctx| ctx.text(HELLO)))
}

fn visits() -> Router {
    let keys = Keys::new(&[SECRET]).expect("it is long enough");
    Router::new().layer(session(Sessions::new(MemoryStore::default(), keys))).get("/", async |ctx| {
        ctx.session()?.add("visits", 1);
        ctx.text(HELLO)
    })
}

/// axum on tokio's current-thread runtime, with answers of a pipeline in one write.
fn theirs(app: axum::Router) -> io::Result<()> {
    use hyper_util::rt::TokioIo;
    use hyper_util::service::TowerToHyperService;

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("listening on {}", listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let service = TowerToHyperService::new(app.clone());
            tokio::task::spawn_local(async move {
                let mut connection = hyper::server::conn::http1::Builder::new();
                connection.pipeline_flush(true).serve_connection(TokioIo::new(stream), service).await
            });
        }
    })
}

static ASKED: AtomicU64 = AtomicU64::new(0);
static ANSWERED: AtomicU64 = AtomicU64::new(0);

async fn id(request: Request, next: Next) -> Response {
    let number = digits(ASKED.fetch_add(1, Ordering::Relaxed));
    let mut response = next.run(request).await;
    response.headers_mut().insert("x-request-id", HeaderValue::from_bytes(&number).expect("digits"));
    response
}

async fn guard(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    response
}

async fn origin(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().append("vary", HeaderValue::from_static("origin"));
    response
}

async fn count(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    ANSWERED.fetch_add(1, Ordering::Relaxed);
    response
}

async fn look(request: Request, next: Next) -> Response {
    let cookies = request.headers().get("cookie").and_then(|value| value.to_str().ok());
    std::hint::black_box(cookies.and_then(|cookies| cookies.split("; ").find(|pair| pair.starts_with("sid="))));
    next.run(request).await
}

fn their_hello() -> axum::Router {
    let routes = include_str!("../github.txt").lines();
    let router = routes.fold(axum::Router::new(), |router, path| router.route(path, get(async || HELLO)));
    // The last that is added is the outermost.
    let router = router.layer(from_fn(look)).layer(from_fn(count)).layer(from_fn(origin));
    router.layer(from_fn(guard)).layer(from_fn(id))
}

async fn visit(session: Session) -> &'static str {
    let visits: u64 = session.get("visits").await.ok().flatten().unwrap_or_default();
    session.insert("visits", visits + 1).await.expect("memory keeps it");
    HELLO
}

fn their_visits() -> axum::Router {
    let layer = SessionManagerLayer::new(TheirStore::default()).with_secure(false);
    axum::Router::new().route("/", get(visit)).layer(layer)
}
