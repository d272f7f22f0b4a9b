//! The ring that writes a line about each request.

use super::appender::Appender;
use super::line::{Access, AccessLayout};
use crate::context::{Answer, Context};
use crate::layers::User;
use crate::onion::Next;
use crate::session::InQuery;
use crate::text::redact;
use wirebook_net as net;

/// A layer that writes a line for each request when its answer is made. The outermost ring sees every answer; of one that it sees
/// fail it knows the status, and not the bytes.
///
/// What an answer takes on its way out is not in the line, nor are the bytes of a stream.
pub fn access_log(
    appender: Appender,
    layout: AccessLayout,
) -> impl AsyncFn(&mut Context<'_>, Next<'_>) -> Answer + 'static {
    async move |ctx, next| {
        let (at, began) = (appender.clock().now(), net::now());
        let method = ctx.method().to_owned();
        let answer = next.run(ctx).await;
        let bytes = if method == "HEAD" { Some(0) } else { ctx.body().length() };
        let (status, bytes) = match &answer {
            Ok(_) => (ctx.status_now(), bytes.filter(|_| !ctx.is_open())),
            Err(failure) => (failure.status(), None),
        };
        let carrier = ctx.get_state::<InQuery>().map(|carrier| &*carrier.0);
        let without = |target: &str| redact(target, |name| carrier == Some(name)).into_owned();
        appender.line(&layout.line(&Access {
            at,
            remote: ctx.ip().map(|ip| ip.to_string()),
            user: ctx.get_state::<User>().map(|user| user.0.clone()),
            method,
            target: without(ctx.target()),
            version: ctx.version(),
            status,
            bytes,
            referrer: ctx.header("referer").map(without),
            agent: ctx.header("user-agent").map(str::to_owned),
            took: net::now().saturating_duration_since(began),
            id: ctx.get("x-request-id"),
        }));
        answer
    }
}
