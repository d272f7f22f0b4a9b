//! `multipart/form-data`: forms with files (RFC 7578, RFC 2046 §5.1), written to be read.
//!
//! | room | the evening's question | lines of code |
//! |---|---|---|
//! | `/` | Where does a file end that may hold anything, and what may a stranger's form cost? | 1,170 |
//!
//! There is no I/O, no clock and no `async`. In reading order:
//!
//! | file | holds |
//! |---|---|
//! | `event` | [`Event`] and [`Part`]: what a form says, in both directions |
//! | `error`, `limits` | [`Violation`]: what a sender can do wrong, and its status; [`Limits`] |
//! | `parameters` | `; name="…"`: the grammar that Content-Type and Content-Disposition share |
//! | `boundary` | [`Boundary`]: read from a Content-Type, or made |
//! | `delimiter` | where a part ends: one search, and one comparison at each cut |
//! | `head` | the lines of a part |
//! | [`state`] | the table of both directions |
//! | `decoder` | [`Decoder`]: bytes to events |
//! | `pieces` | [`Pieces`]: the same for input that is lent for a moment |
//! | `encoder` | [`Encoder`]: events to bytes, as browsers write them |
//! | [`naive`] | the whole decoder as one writes it first: the judge |
//!
//! A form is read once, from its front, in whatever pieces it comes, and costs the same memory whether it is a word or a
//! film:
//!
//! ```
//! use wirebook_multipart::{Boundary, Decoder, Encoder, Event, Limits, Part};
//!
//! let boundary = Boundary::from_random(*b"16 random bytes.");
//! let mut body = Vec::new();
//! let mut form = Encoder::new(&boundary);
//! form.field("tea", "green", &mut body)?;
//! form.file(Part::file("leaf", "leaf.txt", b"text/plain"), b"a leaf", &mut body)?;
//! form.end(&mut body)?;
//!
//! let boundary = Boundary::from_content_type(boundary.content_type().as_bytes())?;
//! let mut decoder = Decoder::new(&boundary, Limits { files: 1, ..Limits::default() });
//! let (mut at, mut files) = (0, Vec::new());
//! while let (used, Some(event)) = decoder.receive(&body[at..])? {
//!     at += used;
//!     if let Event::Part(part) = event {
//!         files.extend(part.basename());
//!     }
//! }
//! decoder.receive_eof()?;
//! assert_eq!(files, ["leaf.txt"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod boundary;
mod decoder;
mod delimiter;
mod encoder;
mod error;
mod event;
mod head;
mod limits;
pub mod naive;
mod parameters;
mod pieces;
pub mod state;

pub use boundary::{Boundary, MOST};
pub use decoder::Decoder;
pub use encoder::Encoder;
pub use error::{EncodeError, Error, Violation};
pub use event::{Event, Part, Text};
pub use limits::Limits;
pub use pieces::Pieces;
