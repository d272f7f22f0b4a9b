//! EJS templates, compiled to closures.
//!
//! A template is text with JavaScript in tags. This crate reads it once and turns it into nested Rust closures; a
//! render calls the outermost one. The output is the same, byte for byte, as that of `ejs` on Node for every template
//! within the language, and neither the template nor its data can reach anything that the host did not pass.
//!
//! ```
//! use wirebook_template::{Template, data};
//!
//! let template = Template::compile("\
//! <h1><%= title %></h1>
//! <% for (const duck of ducks) { -%>
//! <p><%= duck.name %> is <%= duck.age > 2 ? 'old' : 'young' %></p>
//! <% } -%>
//! ")?;
//! let html = template.render_to_string(&data!({
//!     "title": "Ducks & geese",
//!     "ducks": [{ "name": "Huey", "age": 1 }, { "name": "Scrooge", "age": 80 }],
//! }))?;
//! assert_eq!(html, "\
//! <h1>Ducks &amp; geese</h1>
//! <p>Huey is young</p>
//! <p>Scrooge is old</p>
//! ");
//! # Ok::<(), wirebook_template::Error>(())
//! ```
//!
//! # What `<%= %>` makes safe, and what not
//!
//! Escaping turns `& < > " '` into entities. That makes data safe as **text** and inside **quoted attributes**. It does
//! not make it safe in an unquoted attribute, in `<script>` or `<style>`, in an event handler, or as a URL. For those:
//! `<%- json(x) %>` in a script, `jsString(x)` inside a string of a handler, `url(x)` in `href` and `src`,
//! `encodeURIComponent(x)` inside a query, and quotes around attributes. [`Template::warnings`] lists every tag that
//! stands in such a place, and [`Options::strict_contexts`] refuses to compile it.
//!
//! # A reading order
//!
//! 1. [`escape`]: the smallest room; the naive version, and the fast one that it judges.
//! 2. `ejs.rs`: a text cut into text and tags, as EJS does it.
//! 3. `js/`: tokens, tree, scopes: where every name finds its slot.
//! 4. `compile/`: the tree becomes closures. `output.rs` and `loops.rs` are what makes them fast.
//! 5. `run/`: what a render carries: the frames, the output, the bounds, the undo journal.
//! 6. `value/`: JavaScript's values and conversions. `builtins/`: the methods. `regexp/`: regular expressions.
//! 7. `engine.rs`: files, cache, layouts, and paths that can not leave the root. `lint.rs`: HTML contexts.

mod append;
mod builtins;
mod compile;
mod ejs;
mod engine;
mod error;
pub mod escape;
mod js;
mod limits;
mod lint;
mod pipe;
mod regexp;
mod run;
mod source;
mod template;
mod value;

pub use compile::Shape;
pub use ejs::Delimiters;
pub use engine::{Engine, Reload};
pub use error::{Error, ErrorKind};
pub use limits::Limits;
pub use lint::{Context, Warning};
pub use pipe::Pipe;
pub use source::Position;
pub use template::{Options, Template, TokenView, tokens};
pub use value::{Array, DataError, Function, Object, Str, Value, to_value};
