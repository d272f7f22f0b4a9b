//! # Server-sent events
//!
//! A server keeps a response open and writes events into it as text; the client reads them as they come, and when the
//! connection breaks it comes back with the id of the last event that it saw. That is all, and most of it is written
//! almost right in many places. Here it follows the text of the standard (WHATWG HTML §9.2) in both directions.
//!
//! ```no_run
//! use std::time::Duration;
//! use wirebook_net as net;
//! use wirebook_sse::{self as sse, feed::Feed};
//!
//! net::run(async {
//!     let feed = Feed::new(Default::default());
//!     let server = sse::serve("127.0.0.1:8000", feed.clone())?;
//!     net::spawn(async move {
//!         while feed.publish("message", "tick").is_ok() {
//!             net::sleep(Duration::from_secs(1)).await;
//!         }
//!     });
//!     server.until(net::ctrl_c()).await?;
//!     // The ticking goes on by itself, and would hold the loop.
//!     net::stop();
//!     std::io::Result::Ok(())
//! })
//! # .unwrap();
//! ```
//!
//! **The rooms**, from the ground up; each imports only from those above it in this list. The first evening reads the first
//! two, the second evening the rest.
//!
//! | room | holds | lines of code |
//! |---|---|---|
//! | [`codec`] | the event, the encoder, two decoders | 730 |
//! | [`channel`] | one stream for many subscribers, with the ring that answers `Last-Event-ID` | 220 |
//! | [`source`] | the client that reconnects: its table, its delays, what an answer means to it | 590 |
//! | `server/` | with feature `net`: a channel that tasks wait on, and how it is written to clients | 350 |
//! | `client/` | with feature `net`: the event source on a socket, with `tls` also through an agent of `wirebook-http2`'s | 500 |

pub mod channel;
#[cfg(feature = "net")]
pub mod client;
pub mod codec;
#[cfg(feature = "net")]
pub mod server;
pub mod source;

#[cfg(feature = "net")]
pub use client::EventSource;
pub use codec::decoder::{self, Decoder, Limits};
pub use codec::error::{DecodeError, EncodeError};
pub use codec::event::{self, Event};
pub use codec::{encoder, line};
#[cfg(feature = "tls")]
pub use server::serve_secure;
#[cfg(feature = "net")]
pub use server::{feed, serve, serve_on};
pub use source::error::{Cause, Closed, Coding, SetupError};
pub use source::settings::{self, Settings};
pub use source::{connection, state, url};
