//! How every program of Wirebook behaves at a terminal: the site, the tools and all examples.
//!
//! - [`arguments`], [`address`] and [`no_arguments`] read an example's command line. `--help` shows the head of its own file.
//! - [`listening`] says where a server is, and what to try next.
//! - [`tell`] says what happens meanwhile, whether or not somebody reads it.
//! - [`Complaint`] is an error as a person wants it: a sentence and a hint. A `main` that gives a [`Result`] ends with it; [`at`] names what it is about,
//!   [`asked`] whom a client asked in vain, and [`said`] is what an error says.
//! - [`quiet_pipes`] makes `program | head` end without a word.
//! - [`misuse`] says what is wrong with a command line.
//! - [`width`], [`colourful`], [`fit`], [`wrap`] and [`inset`] keep what is printed within the terminal.
//!
//! An example is the text's program and a few words around it:
//!
//! ```no_run
//! //! Says where it listens, and nothing else.
//! //!
//! //! Run: cargo run --example silent -- --addr 127.0.0.1:7000
//! use std::net::TcpListener;
//! use wirebook_terminal as terminal;
//!
//! fn main() -> terminal::Result {
//! #   const HEAD: &str = "";
//! #   macro_rules! include_str { ($file:literal) => { HEAD } }
//!     let addr = terminal::address(include_str!("silent.rs"), "127.0.0.1:7000");
//!     let listener = TcpListener::bind(&addr).map_err(terminal::at(&addr))?;
//!     let here = listener.local_addr()?;
//!     terminal::listening(here, &[&format!("curl http://{here}/")]);
//!     Ok(listener.accept().map(drop)?)
//! }
//! ```

mod complaint;
mod example;
mod screen;

pub use complaint::{Complaint, Result, asked, at, said};
pub use example::{address, arguments, listening, misuse, netcat, no_arguments, tell};
pub use screen::{colourful, fit, inset, quiet_pipes, width, wrap};
