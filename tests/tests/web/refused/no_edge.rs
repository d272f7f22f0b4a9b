// E0277: is no edge
use wirebook_web::{Answer, Context, Next, Router};

async fn layer(ctx: &mut Context<'_>, next: Next<'_>) -> Answer {
    next.run(ctx).await
}

// ANCHOR: router
pub fn router() -> Router {
    Router::new().edge(layer)
}
// ANCHOR_END: router
