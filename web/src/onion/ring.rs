//! What an onion is made of.
//!
//! A **layer** is an `async` function that gets the inside of the onion as [`Next`](super::Next): it may wait before it goes on, and after. It costs a
//! box for each request. An **edge** is two functions that do not wait, one on the way in and one on the way out: it costs nothing.
//! Both stand in one row, in the order in which they were added.

use crate::context::{Answer, Context};
use std::{any::type_name, future::Future, pin::Pin};

/// The future of a layer or of a handler, which has no name.
pub type Answering<'a> = Pin<Box<dyn Future<Output = Answer> + 'a>>;

// ANCHOR: edge
/// A ring that does not wait.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no edge",
    label = "`Router::edge` takes a type with `impl Edge`",
    note = "an `async` function of a context and `Next` is a layer, for `Router::layer`"
)]
pub trait Edge {
    /// On the way in. An answer ends the way: what is further inside does not run, nor does this ring's `leave`.
    fn enter(&self, _: &mut Context<'_>) -> Option<Answer> {
        None
    }

    /// On the way out, with what the inside has answered.
    fn leave(&self, _: &mut Context<'_>, answer: Answer) -> Answer {
        answer
    }

    /// What developers see of it, on the page of an error.
    fn name(&self) -> &'static str {
        type_name::<Self>()
    }
}
// ANCHOR_END: edge

/// A handler, without the name of its type.
pub(super) trait Handler {
    fn call<'a>(&'a self, ctx: &'a mut Context<'_>) -> Answering<'a>;
}

impl<F: AsyncFn(&mut Context<'_>) -> Answer> Handler for F {
    fn call<'a>(&'a self, ctx: &'a mut Context<'_>) -> Answering<'a> {
        Box::pin(self(ctx))
    }
}

/// Whether a path is the prefix, or lies below it. A parameter of the prefix stands for any one segment.
pub(super) fn lies_below(path: &str, prefix: &str) -> bool {
    let mut segments = path.split('/');
    prefix.split('/').all(|wanted| match segments.next() {
        Some(segment) => (wanted.starts_with('{') && !segment.is_empty()) || wanted == segment,
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::lies_below;

    #[test]
    fn a_prefix_ends_where_a_segment_does() {
        for (path, prefix, is_below) in [
            ("/admin", "/admin", true),
            ("/admin/", "/admin", true),
            ("/admin/x/y", "/admin", true),
            ("/administrator", "/admin", false),
            ("/Admin", "/admin", false),
            ("//admin", "/admin", false),
            ("/", "/admin", false),
            ("", "/admin", false),
            ("/users/7/keys", "/users/{id}", true),
            ("/users//keys", "/users/{id}", false),
            ("/users", "/users/{id}", false),
            ("/anything", "", true),
        ] {
            assert_eq!(lies_below(path, prefix), is_below, "{path} {prefix}");
        }
    }
}
