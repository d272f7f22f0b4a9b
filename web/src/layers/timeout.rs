//! An answer comes in time, or it is a 503.

use crate::{
    context::{Answer, Context, Failure},
    onion::Next,
};
use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};
use wirebook_net as net;

// ANCHOR: timeout
/// Gives up what is further inside when it has not answered in time: 503. What it waits for is dropped where it stands.
///
/// The time is the handler's: sending the answer does not count, so streams may last, and nor does what a handler does that speaks HTTP by
/// itself. Zero: it must answer without waiting. `Duration::MAX` switches it off.
pub fn timeout(limit: Duration) -> impl AsyncFn(&mut Context<'_>, Next<'_>) -> Answer + 'static {
    async move |ctx, next| {
        let taken = ctx.watch_taken();
        let mut inside = pin!(next.run(ctx));
        let mut late = pin!(net::sleep(limit));
        let first = poll_fn(|context| match inside.as_mut().poll(context) {
            Poll::Ready(answer) => Poll::Ready(answer),
            Poll::Pending if taken.get() => Poll::Pending,
            Poll::Pending => late
                .as_mut()
                .poll(context)
                .map(|()| Err(Failure::new(503, "no answer in time").with("retry-after", "1"))),
        });
        first.await
    }
}
// ANCHOR_END: timeout
