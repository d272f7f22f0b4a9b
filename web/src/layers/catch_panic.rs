//! A panic within the onion is a 500.

use crate::{
    context::{Answer, Context, Failure},
    onion::Next,
};
use std::{
    any::Any,
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
};

// ANCHOR: catch_panic
/// Makes a failure of a panic that happens further inside: the client gets its 500, and the connection goes on. Without it the
/// connection breaks off.
///
/// That nothing is left half done is the handlers' part, as with every early return; what a request owns is dropped.
pub fn catch_panic() -> impl AsyncFn(&mut Context<'_>, Next<'_>) -> Answer + 'static {
    async move |ctx, next| {
        let caught = {
            let mut inside = pin!(next.run(ctx));
            poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| inside.as_mut().poll(context))) {
                Ok(Poll::Pending) => Poll::Pending,
                Ok(Poll::Ready(answer)) => Poll::Ready(Ok(answer)),
                Err(panic) => Poll::Ready(Err(panic)),
            })
            .await
        };
        caught.unwrap_or_else(|panic| {
            ctx.take_back();
            Err(Failure::new(500, format!("a panic: {}", words(&*panic))))
        })
    }
}
// ANCHOR_END: catch_panic

fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without words")
}
