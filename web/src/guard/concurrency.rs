//! How many may be served at once.

use crate::context::{Answer, Context, Failure};
use crate::onion::Next;
use std::cell::Cell;

/// One of those who are inside; gone when it is dropped, however that comes about.
struct Inside<'a>(&'a Cell<usize>);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// A layer that lets so many requests in at once, on this loop, and answers with 503 otherwise: for what is dear. 0 lets nobody in;
/// `usize::MAX` is no bound.
pub fn concurrency(most: usize) -> impl AsyncFn(&mut Context<'_>, Next<'_>) -> Answer + 'static {
    let inside = Cell::new(0);
    async move |ctx, next| {
        if inside.get() >= most && most != usize::MAX {
            return Err(Failure::of(503).with("retry-after", "1"));
        }
        inside.set(inside.get() + 1);
        let _inside = Inside(&inside);
        next.run(ctx).await
    }
}
