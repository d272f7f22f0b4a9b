// E0308: expected `Result<Done, Failure>`, found `()`
use wirebook_web::{Answer, Context, Next};

// ANCHOR: layer
pub async fn timed(ctx: &mut Context<'_>, _next: Next<'_>) -> Answer {
    ctx.set("x-timed", "yes")?;
}
// ANCHOR_END: layer
