// E0382: use of moved value: `next`
use wirebook_web::{Answer, Context, Next};

// ANCHOR: layer
pub async fn twice(ctx: &mut Context<'_>, next: Next<'_>) -> Answer {
    next.run(ctx).await?;
    next.run(ctx).await
}
// ANCHOR_END: layer
