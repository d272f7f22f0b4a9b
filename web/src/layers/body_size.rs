//! A bound on bodies, before anybody looks at them.

use crate::{
    context::{Answer, Context, Failure},
    onion::Edge,
};

/// Refuses a body that says that it has more bytes, with 413, and gives all others that bound, where their route has none of its own.
///
/// 0 allows no body at all, `u64::MAX` switches it off. Without this ring a body is bounded, too, when it is read.
pub fn body_size(bytes: u64) -> impl Edge + 'static {
    BodySize(bytes)
}

struct BodySize(u64);

impl Edge for BodySize {
    fn enter(&self, ctx: &mut Context<'_>) -> Option<Answer> {
        if ctx.length().is_some_and(|length| length > self.0) {
            return Some(Err(Failure::new(413, format!("a body has at most {} bytes here", self.0))));
        }
        ctx.set_body_limit(Some(self.0));
        None
    }
}
