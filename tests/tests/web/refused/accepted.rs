// What all others are but for one mistake: this compiles.
use wirebook_web::{Answer, Context, Next, Router};

pub async fn timed(ctx: &mut Context<'_>, next: Next<'_>) -> Answer {
    let done = next.run(ctx).await?;
    ctx.set("x-timed", "yes")?;
    Ok(done)
}

pub fn router() -> Router {
    Router::new().layer(timed).get("/", async |ctx: &mut Context<'_>| ctx.status(200).text("said"))
}
