//! TLS as a stream over any stream: whatever of the house speaks over a socket speaks over TLS without knowing.
//!
//! ```no_run
//! use wirebook_net::{self as net, Stream, tcp::TcpStream};
//! use wirebook_tls::Connector;
//!
//! net::run(async {
//!     let socket = TcpStream::connect("example.org:443").await?;
//!     let stream = Connector::shared()?.connect(socket, "example.org").await?;
//!     stream.write_all(b"GET / HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n").await?;
//!     let mut bytes = net::buffer();
//!     while let count @ 1.. = stream.read(&mut bytes).await? {
//!         print!("{}", String::from_utf8_lossy(&bytes[..count]));
//!     }
//!     std::io::Result::Ok(())
//! })?;
//! # std::io::Result::Ok(())
//! ```
//!
//! **One room, one evening**; the ciphers and the rules of TLS are [rustls]' and ring's, what is here is everything around them:
//!
//! | room | holds | lines of code |
//! |---|---|---|
//! | `/` | all of it | 1,640 |
//!
//! Read in this order: `state.rs` (what a stream may do, as a table), `queue.rs` (bytes in lent room), `session.rs` (the one file that
//! names rustls' connections), `engine.rs` (both directions, without waiting), `waiting.rs` and `stream.rs` (the stream, and why nothing waits for what is there already), `server.rs`
//! and `client.rs` with `options.rs`, `roots.rs` and `identity.rs` with `pem.rs` (whom to believe, who one is), `dev.rs` (a
//! certificate for one's own machine), [`record`] (records as one who listens sees them), `error.rs`.
//!
//! **Absent on purpose**: a switch that turns verification off (see [`Roots::pinned`]), early data (RFC 8446 §8: it can be replayed),
//! renegotiation, compression, versions before 1.2, certificates of clients.
//!
//! # Features
//!
//! `dev`: [`Identity::dev`]. `platform`: `Roots::platform`.
//!
//! [rustls]: https://docs.rs/rustls/0.23

mod client;
#[cfg(feature = "dev")]
mod dev;
mod engine;
mod error;
mod identity;
mod options;
mod pem;
mod queue;
pub mod record;
mod roots;
mod server;
mod session;
mod state;
mod stream;
mod waiting;

pub use client::Connector;
#[cfg(feature = "dev")]
pub use dev::Development;
pub use engine::{CLOSE_TIMEOUT, MAX_HANDSHAKE, MAX_SEALED, SMALL_RECORD, WARM_AFTER};
pub use error::{Error, Refusal};
pub use identity::Identity;
pub use options::{HTTP1, HTTP2, Options};
pub use roots::Roots;
pub use server::{Acceptor, TlsListener};
pub use stream::TlsStream;

/// The ciphers. They are named at every place: which ones a process has by default depends on what else is linked into it.
fn provider() -> std::sync::Arc<rustls::crypto::CryptoProvider> {
    use std::sync::{Arc, LazyLock};
    static PROVIDER: LazyLock<Arc<rustls::crypto::CryptoProvider>> =
        LazyLock::new(|| Arc::new(rustls::crypto::ring::default_provider()));
    PROVIDER.clone()
}
