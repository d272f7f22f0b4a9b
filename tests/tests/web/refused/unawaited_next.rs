// E0308: expected `Result<Done, Failure>`, found future
use wirebook_web::{Answer, Context, Next};

// ANCHOR: layer
pub async fn hasty(ctx: &mut Context<'_>, next: Next<'_>) -> Answer {
    next.run(ctx)
}
// ANCHOR_END: layer
