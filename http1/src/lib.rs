//! HTTP/1.1, written to be read: RFC 9110 and RFC 9112 from bytes to events and back.
//!
//! # The rooms
//!
//! From the ground up; each is an evening, and imports only from those above it in this list:
//!
//! | room | the evening's question | lines of code |
//! |---|---|---|
//! | [`parser`] | A head is bytes: where are the method, the target and the fields? Several answers, one contract. | 1,820 |
//! | `parser/simd/` | The same answer with 16 or 32 bytes in a register, whatever the processor has. | 410 |
//! | [`connection`] | Whose turn is it, and how long is the body? Bytes to events and events to bytes, with no socket in sight. | 1,560 |
//! | `/` | What does each end keep of the bytes (`buffers.rs`)? What is a connection that speaks HTTP no more (`upgraded.rs`)? And the `http` crate's types (`interop.rs`). | 410 |
//! | `server/files/` | What does a request want of a file, and how is it read without stopping others? | 200 |
//! | [`server`] | How does a handler meet ten thousand clients, slow, rude and vanished ones among them? | 2,010 |
//! | `agent/` | Which connection may carry a request, and what becomes of one that idles? | 1,050 |
//! | [`client`] | What is sent when, and what if the answer comes first? URLs, redirects, content codings. | 1,400 |
//!
//! Each room's `mod.rs` gives its files in reading order. The parser that is **live**, that [`Connection`] and so the drivers
//! use, is [`parser::simd`]; the others are the way to it, and [`parser::split`], the first, is the judge of all. Who is here
//! for a rule of the protocol begins with `connection/state.rs`: the table that decides all.
//!
//! The parsers and the connection are the **core**; server, agent and client are **drivers**, which join it to the loop of
//! `wirebook-net`. `buffers.rs` and `upgraded.rs` serve both ends, and `interop.rs` is the door to
//! the `http` crate.
//!
//! # Features
//!
//! `net`, on by default: the drivers. `tls`: `https:` in both of them. `http`: conversions to and from the types of the `http` crate (`interop`).
//!
//! # The core alone
//!
//! The core has no I/O, no clock and no `async`: it runs wherever you have bytes. Built with
//! `default-features = false` it depends on `memchr` alone.
//!
//! ```
//! use wirebook_http1::{Connection, Event, FieldBlock, parser::{Fields, ResponseHead}};
//!
//! let mut connection = Connection::server();
//! let (mut room, mut out) = (Fields::new(), Vec::new());
//! let input = b"GET /tea HTTP/1.1\r\nHost: example.org\r\n\r\n";
//!
//! let mut at = 0;
//! loop {
//!     let (used, event) = connection.receive(&input[at..], &mut room)?;
//!     at += used;
//!     match event {
//!         Some(Event::Request(head)) => println!("{}", head.target.escape_ascii()),
//!         Some(Event::End(_)) => break,
//!         _ => {}
//!     }
//! }
//! let mut fields = FieldBlock::default();
//! fields.push("content-length", "3")?;
//! connection.send(Event::Response(ResponseHead::new(200, fields.lines())), &mut out)?;
//! connection.send(Event::Data(b"tea"), &mut out)?;
//! connection.send(Event::End(Default::default()), &mut out)?;
//! assert_eq!(out, b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\ntea");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "net")]
mod agent;
#[cfg(feature = "net")]
mod buffers;
#[cfg(feature = "net")]
pub mod client;
pub mod connection;
#[cfg(feature = "http")]
pub mod interop;
pub mod parser;
#[cfg(feature = "net")]
pub mod server;
#[cfg(feature = "net")]
mod upgraded;

#[cfg(feature = "net")]
pub use client::{Agent, fetch, get, request};
#[cfg(feature = "net")]
pub(crate) use connection::encode;
pub use connection::{Connection, Error, Event, FieldBlock, Framing, Misuse, Violation, reason, state, target};
#[cfg(feature = "net")]
pub use server::{Failure, Outcome, Request, Response, Server, serve, serve_on, serve_with};
#[cfg(feature = "tls")]
pub use server::{serve_secure, serve_secure_with};
