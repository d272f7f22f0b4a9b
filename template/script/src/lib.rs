//! The JavaScript of templates, compiled to closures.
//!
//! A program is texts to put out with code between them. This crate reads it once and turns it into nested Rust closures; a
//! run calls the outermost one. It knows no tags, no files and no HTML: the host cuts a source into [`Piece`]s, says how
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
//! Each is an evening or less, none imports from one below it in this table, and no two files import each other in a circle;
//! a test holds all three.
//!
//! | room | holds | lines of code |
//! |---|---|---|
//! | `base/` | strings, numbers and times as JavaScript has them, places and errors, bounds, what values weigh; sines and powers to the last digit | 1,940 |
//! | `regexp/` | regular expressions: a parser, and a matcher that counts its tries | 1,200 |
//! | `syntax/` | pieces, where code ends, tokens, the tree, scopes: where every name finds its slot; expressions as an error names them | 1,860 |
//! | `parser/` | recursive descent | 1,610 |
//! | `value/` | the kinds of values; values from serde and from Rust | 1,250 |
//! | `run/` | what a run carries: frames, output, charges, faults; operators and conversions | 1,840 |
//! | `members/` | members and elements, what holds nothing and what is frozen, the undo journal | 450 |
//! | `text/` | the methods of strings and of regular expressions; what is known of languages | 1,980 |
//! | `builtins/` | `Math`, `JSON`, `Date`, `Map`, and the methods of arrays, numbers, objects, functions | 2,000 |
//! | `lookup/` | which name finds which built-in | 450 |
//! | `expression/` | expressions, functions and calls become closures | 1,830 |
//! | `compile/` | statements do, and the program; `output.rs` and `loops.rs` are what makes them fast | 760 |
//! | `/` | the front door, `program.rs` | 80 |
//!
//! A first evening is `syntax/` and the tree in it, `run/machine.rs`, and `expression/expr.rs`: how `a + b` runs. `parser/` and
//! `expression/` are one each. `base/`, `regexp/` and `value/` stand alone. A fault in what a method gives is in `text/` or
//! `builtins/`; one in what a bound allows is in `run/charge.rs` and `base/memory.rs`, and nowhere else.

// A string counts its length and its owners in cells. They are no part of its hash.
#![allow(clippy::mutable_key_type)]

mod base;
mod builtins;
mod compile;
mod expression;
mod lookup;
mod members;
mod parser;
mod program;
mod regexp;
mod run;
mod syntax;
mod text;
mod value;

pub use base::{Error, ErrorKind, Limits, Position, Source, Str};
pub use compile::Settings;
pub use expression::Helpers;
pub use program::{TokenView, tokens};
pub use run::{Cx, Escape, Halt, Host, Native, Program, R, Scratch, Shape, Sink, Site};
pub use syntax::{Piece, Prepared, ScanError, Tag, end_of_code};
pub use value::{Array, DataError, Function, Object, Value, to_value};
