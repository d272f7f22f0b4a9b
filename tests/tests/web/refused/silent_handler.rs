// E0308: expected `Result<wirebook_web::Done, Failure>`, found `()`
use wirebook_web::{Context, Router};

// ANCHOR: handler
pub fn router() -> Router {
    Router::new().get("/", async |ctx: &mut Context<'_>| {
        ctx.status(200);
    })
}
// ANCHOR_END: handler
