//! The JavaScript of templates, compiled to closures.
//!
//! A program is texts to put out with code between them. This crate reads it once and turns it into nested Rust closures; a
//! run calls the outermost one. It knows no tags, no files and no HTML: who calls it cuts a source into [`Piece`]s, says how
//! values are escaped ([`Settings`]), and answers what a run asks ([`Host`]). Neither a program nor its data reaches anything
//! that the host did not pass, and neither can outlive or outgrow its [`Limits`].
//!
//! ```
//! use wirebook_script::{Program, data};
//! let program = Program::expression("ducks.filter(duck => duck.age > 2).map(duck => duck.name)")?;
//! let data = data!({ "ducks": [{ "name": "Huey", "age": 1 }, { "name": "Scrooge", "age": 80 }] });
//! assert_eq!(program.evaluate(&data)?, "Scrooge");
//! # Ok::<(), wirebook_script::Error>(())
//! ```
//!
//! # The rooms, from the ground up
//!
//! Each is an evening or less, and none imports from one below it in this table.
//!
//! | room | holds |
//! |---|---|
//! | `base/` | strings and numbers as JavaScript has them, places and errors, bounds, what values weigh |
//! | `regexp/` | regular expressions: a parser, and a matcher that counts its tries |
//! | `syntax/` | pieces, tokens, tree, scopes: where every name finds its slot |
//! | `value/` | the kinds of values; values from serde and from Rust |
//! | `run/` | what a run carries: frames, output, charges, faults, the undo journal; conversions, which may call back |
//! | `builtins/` | `Math`, `JSON`, and the methods of strings, arrays, numbers, objects |
//! | `compile/` | the tree becomes closures; `output.rs` and `loops.rs` are what makes them fast |
//! | `program.rs` | the front door |
//!
//! Two evenings suffice to change something: `syntax/` and `compile/` for the language, `run/` and `builtins/` for what it can
//! do. `base/`, `regexp/` and `value/` stand alone.

// What a string counts in its cells, its length and who holds it, is no part of its hash.
#![allow(clippy::mutable_key_type)]

mod base;
mod builtins;
mod compile;
mod program;
mod regexp;
mod run;
mod syntax;
mod value;

pub use base::{Error, ErrorKind, Limits, Position, Source, Str};
pub use compile::{Helpers, Settings};
pub use program::{TokenView, tokens};
pub use run::{Cx, Escape, Halt, Host, Native, Program, R, Scratch, Shape, Sink, Site};
pub use syntax::{Piece, Prepared, ScanError, Tag, end_of_code};
pub use value::{Array, DataError, Function, Object, Value, to_value};
