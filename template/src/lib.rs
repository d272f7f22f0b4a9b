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
//! The JavaScript in the tags is a house of its own, [`wirebook_script`]; this one is an evening.
//!
//! | room | holds | lines of code |
//! |---|---|---|
//! | [`escape`] | five characters become entities: one at a time, by words, by registers | 220 |
//! | `/` | tags, HTML contexts, files, includes, layouts, and the two doors | 1,220 |
//!
//! 1. [`escape`]: the smallest room; the naive version, and the fast one that it judges.
//! 2. `ejs.rs`: a text cut into text and tags, as EJS does it.
//! 3. `lint.rs`: where in the HTML each tag stands. `build.rs`: cut, looked at, compiled.
//! 4. `files.rs`: names, files, the cache, and paths that can not leave the root.
//! 5. `page.rs`, `html.rs`, `pipe.rs`: what a page keeps, and the helpers.
//! 6. `render.rs`: includes and layouts: what a program asks of its host.
//! 7. `template.rs`, `engine.rs`: the two doors.

mod build;
mod ejs;
mod engine;
pub mod escape;
mod files;
mod html;
mod lint;
mod page;
mod pipe;
mod render;
mod template;

pub use build::{Options, tokens};
pub use ejs::Delimiters;
pub use engine::Engine;
pub use files::{Reload, text_of};
pub use lint::{Context, Warning};
pub use pipe::Pipe;
pub use template::Template;
pub use wirebook_script::{
    Array, Cx, DataError, Error, ErrorKind, Function, Halt, Limits, Object, Position, R, Shape, Str, TokenView, Value,
    data, to_value,
};
