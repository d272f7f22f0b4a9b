//! What a client has already is not sent again (RFC 9110 §13).

use crate::{
    context::{Answer, Body, Context, Failure},
    message::ETag,
    onion::Next,
    text::to_base64,
};
use sha2::{Digest, Sha256};

/// The largest body that gets a tag: beyond it a hash costs more than it saves.
const LARGEST: usize = 1 << 20;

/// Gives an answer of 200 to GET and HEAD a tag, made of its bytes, where it has none; and weighs the request's conditions: 304 for
/// what the client has already, 412 for what it does not want. Streams and files of others' rings keep the tags that they have.
pub fn conditional() -> impl AsyncFn(&mut Context<'_>, Next<'_>) -> Answer + 'static {
    async move |ctx, next| {
        let done = next.run(ctx).await?;
        if ctx.status_now() != 200 || !matches!(ctx.method(), "GET" | "HEAD") || ctx.is_open() {
            return Ok(done);
        }
        if !ctx.has("etag")
            && let Some(bytes) = ctx.body().bytes().filter(|bytes| bytes.len() <= LARGEST)
            && let Some(tag) = ETag::strong(&to_base64(&Sha256::digest(bytes)[..16]))
        {
            ctx.set("etag", tag.to_string())?;
        }
        match ctx.decide() {
            Some(304) => {
                ctx.status(304).remove("content-type").remove("content-length").put_body(Body::Empty);
                Ok(done)
            }
            Some(status) => Err(Failure::of(status)),
            None => Ok(done),
        }
    }
}
