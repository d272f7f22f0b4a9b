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
/// The time is the handler's, until its answer begins: sending it does not count, so streams may last, and so may a handler that speaks HTTP by
/// itself, once its head is out or its connection is another protocol's. Zero: it must answer without waiting. `Duration::MAX` switches
/// it off.
pub fn timeout(limit: Duration) -> impl AsyncFn(&mut Context<'_>, Next<'_>) -> Answer + 'static {
    async move |ctx, next| {
        let answer = ctx.hold();
        let first = {
            let mut inside = pin!(next.run(ctx));
            let mut late = pin!(net::sleep(limit));
            poll_fn(|context| match inside.as_mut().poll(context) {
                Poll::Ready(answer) => Poll::Ready(Some(answer)),
                Poll::Pending if answer.as_ref().is_some_and(|answer| answer.is_begun()) => Poll::Pending,
                Poll::Pending => late.as_mut().poll(context).map(|()| None),
            })
            .await
        };
        first.unwrap_or_else(|| {
            ctx.take_back();
            Err(Failure::new(503, "no answer in time").with("retry-after", "1"))
        })
    }
}
// ANCHOR_END: timeout
