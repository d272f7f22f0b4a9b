//! The web layer, written to be read: what stands between an HTTP message and a program's own functions.
//!
//! The **core** has no I/O, no clock and no `async`: each file answers one question about texts that a stranger
//! sent, quotes the rule that it follows, and can be read alone. Times are seconds since 1970, and random bytes come from the caller.
//! The **drivers**, behind the feature `net`, are Koa's shape over our HTTP/1: a [`Context`] that is filled, an onion of rings around a
//! handler, one writer at the end.
//!
//! ```no_run
//! use wirebook_net as net;
//! use wirebook_web::{Options, Router};
//!
//! net::run(async {
//!     let app = Router::new().get("/", async |ctx| ctx.text("hello")).into_app(Options::default())?;
//!     app.serve("127.0.0.1:8000")?.until(net::ctrl_c()).await?;
//!     Ok::<(), Box<dyn std::error::Error>>(())
//! })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The rooms
//!
//! | room | the evening's question | lines of code |
//! |---|---|---|
//! | `text/` | What do all fields share: tokens, quotes, lists, weights, dates, escapes, secrets? | 206 |
//! | `router/` | Which handler is a request for, and if none is, why not? | 1,520 |
//! | `message/` | Of what kind is a body, which one is wanted, does the old one serve, and how much of it? | 716 |
//! | `trust/` | Whom to believe: cookies, signatures, sessions, origins, proxies, redirects? | 774 |
//! | `input/` | What did people type, and programs write: queries, forms, XML? | 480 |
//! | `clock/` | What is the date? (one file) | 35 |
//! | `config/` | What differs from machine to machine? (One file) | 175 |
//! | `context/` | What was asked, and what is the answer to be? | 1,060 |
//! | `bodies/` | What came with a request, and where does it end? | 510 |
//! | `onion/` | Who stands around a handler, and in which order? | 590 |
//! | `layers/` | What do most applications want around theirs? | 640 |
//! | `views/` | How does data become a page, and what if a part of it is late? (Feature `views`.) | 210 |
//! | `files/` | What does a stranger get of a folder, and what does nobody? | 740 |
//! | `session/` | What is kept of a visitor, where, and for how long? | 730 |
//! | `uploads/` | Where do strangers' files go, and what becomes of half ones? | 310 |
//! | `compress/` | Which answers become smaller, for whom, and which must not? | 315 |
//! | `proxy/` | What goes on to another server, and where must nobody send us? | 400 |
//! | `guard/` | How often may somebody ask, and how many at once? | 110 |
//! | `log/` | What happened, in lines that nobody can forge? | 630 |
//!
//! Arrows run upward in this table: a room imports from those above it. Each room's `mod.rs` says what its files hold.
//!
//! ```
//! use wirebook_web::router::{Found, Method, Routes, Spans, wash};
//!
//! // The core alone: a table of routes, and one look-up.
//! let mut routes = Routes::new();
//! routes.add("GET", "/users/{id:int}", "show")?;
//! routes.add("POST", "/users", "create")?;
//! let router = routes.build()?;
//!
//! let (path, mut spans) = (wash("/users/7").unwrap(), Spans::default());
//! match router.find("example.com", Method::Get, &path, &mut spans) {
//!     Found::Route(found) => assert_eq!(found.param("id").as_deref(), Some("7")),
//!     other => panic!("{other:?}"),
//! }
//! # Ok::<(), wirebook_web::router::RouteError>(())
//! ```
//!
//! # Limits
//!
//! | limit | default | passed | off | source |
//! |---|---|---|---|---|
//! | [`router::MOST_ROUTES`] | 65,535 | error at start | no | ours |
//! | [`router::MOST_PARAMETERS`] | 16 | error at start | no | ours |
//! | [`router::LONGEST_PATTERN`] | 1,024 bytes | error at start | no | ours |
//! | [`trust::MOST_COOKIES`] | 180 | those behind are not read | [`limited`](trust::Cookies::limited)`(usize::MAX)` | browsers |
//! | [`trust::LONGEST_COOKIE`] | 4,096 bytes | not set | no | RFC 6265bis §5.6 |
//! | [`trust::LONGEST_ATTRIBUTE`] | 1,024 bytes | not set | no | RFC 6265bis §5.6 |
//! | [`trust::LEAST_KEY`] | 32 bytes | error at start | no | RFC 2104 §3 |
//! | [`trust::MOST_HOPS`] | 16 | the 16th is the client | [`hops`](trust::Trust::hops)`(usize::MAX)` | ours |
//! | [`trust::Times`] | idle 2 h, in all 30 days | the session is over | `u64::MAX` | OWASP |
//! | [`trust::Record::encode`] | asked for: 64 KiB | not saved | `usize::MAX` | browsers' 4 KiB, ours |
//! | [`message::MOST_MEDIA_PARAMETERS`] | 16 | no media type: 415 | no | ours |
//! | [`message::accept::MOST_ITEMS`] | 64 | those behind are not read | no | ours |
//! | [`message::MOST_TAGS`] | 64 | those behind do not match | no | ours |
//! | [`message::MOST_RANGES`] | 1 | the whole: 200 | `ranges(…, usize::MAX)` | RFC 9110 §14.2 |
//! | [`message::cache_control::MOST_SECONDS`] | 2³¹ s | as 2³¹ | no | RFC 9111 §1.2.2 |
//! | `files::MOST_BYTES` | 64 MiB of assets | error at start | `read_at_most(…, u64::MAX)` | ours |
//! | `session::MOST_SESSIONS` | 100,000 in memory | the least used goes | `MemoryStore::of(usize::MAX)` | tower-sessions #35 |
//! | `session::MOST_BYTES`, `MOST_TOKEN` | 64 KiB; 3,800 bytes in a cookie | not saved: an error | `most: usize::MAX`; no | browsers' 4 KiB |
//! | `session::SessionOptions::max_age` | a day | a new visitor | `None` | koa-session |
//! | `log::MOST_WAITING`, `MOST_LINE` | 8 MiB of lines; 8 KiB a line | dropped and counted; cut | `Appender::with(…, usize::MAX, …)`; no | tracing-appender, ours |
//! | `uploads::MOST_OPEN` | 64 temporary files a loop | 503 | `most_open(usize::MAX)` | ours |
//! | `uploads::Uploads::most_bytes` | none | 507 | `u64::MAX` | ours |
//! | `guard::MOST_ASKERS` | 10,000 | those who may ask the most are forgotten | `most(usize::MAX)` | ours |
//! | `proxy::Proxy::timeouts` | connection 5 s, first byte 30 s, pause 30 s | 504 | `Duration::MAX` | ours |
//! | `proxy::Tunnels` | 1,000 WebSockets at once, each silent for five minutes | 503; the connection ends | `usize::MAX`, `Duration::MAX` | ours |
//! | `compress::CompressOptions::least` | 1 KiB | smaller answers stay as they are | 0 | koa-compress |
//! | `Limits::{body, json, form, text, xml}` | 1 MiB, 1 MiB, 64 KiB, 64 KiB, 256 KiB | 413 | `u64::MAX` | koa-body, axum, actix |
//! | `Limits::json_depth` | 64 | 400 | no (128 deep) | RFC 8259 §9 |
//! | `Limits::inflate_ratio` | 100 times, beyond 64 KiB | 413 | `u64::MAX` | ours |
//! | [`multipart::Limits`] | 100 parts, 64 fields, 10 files of 10 MiB | 413, 400 | `usize::MAX`, `u64::MAX` | busboy, Egg, formidable |
//! | `layers::timeout` | asked for | 503 | `Duration::MAX` | ours |
//! | a function's name for `Context::jsonp`; a name for `layers::request_id` | 64 characters | 400; another name | no | ours |
//! | `guard::concurrency` | asked for | 503 | `usize::MAX` | ours |
//! | `Limits::{pairs, query}`: [`input::FORM`], [`input::QUERY`] | 64 KiB, 1,000 pairs; 8 KiB, 256 | 413 | `usize::MAX` | qs, ours |
//! | `Limits::xml_depth`, [`input::MOST_ATTRIBUTES`] | 32 elements deep; 64 attributes of one | 400 | no (128 deep; no) | ours |
//! | `MOST_CONFIG` | 1 MiB of a configuration's file | error at start | no | ours |
//! | depth, list of a form | 5, 100 | 400 | `usize::MAX` (depth: 128) | qs, ours |

#[cfg(feature = "net")]
mod bodies;
#[cfg(feature = "net")]
mod clock;
#[cfg(feature = "net")]
pub mod compress;
#[cfg(feature = "net")]
mod config;
#[cfg(feature = "net")]
mod context;
#[cfg(feature = "net")]
pub mod files;
#[cfg(feature = "net")]
pub mod guard;
pub mod input;
#[cfg(feature = "net")]
pub mod layers;
#[cfg(feature = "net")]
pub mod log;
pub mod message;
#[cfg(feature = "net")]
mod onion;
#[cfg(feature = "net")]
pub mod proxy;
pub mod router;
#[cfg(feature = "net")]
pub mod session;
mod text;
pub mod trust;
#[cfg(feature = "net")]
pub mod uploads;
#[cfg(feature = "views")]
#[cfg(feature = "net")]
pub mod views;

#[cfg(feature = "net")]
pub use bodies::{Incoming, Parsed, Part, Parts};
#[cfg(feature = "net")]
pub use clock::Clock;
#[cfg(feature = "net")]
pub use config::{Config, ConfigError, LineFault, MOST_CONFIG};
#[cfg(feature = "net")]
pub use context::{
    Answer, Body, Closing, Context, Done, Environment, Failure, Limits, OnError, Options, Piece, Source, Typed, now,
};
#[cfg(feature = "net")]
pub use onion::{
    Answering, App, Edge, Endpoint, Natural, Next, Resource, Router, any, delete, get, on, options, patch, post, put,
};
pub use text::{date, seconds};
#[cfg(feature = "net")]
pub use wirebook_multipart as multipart;
