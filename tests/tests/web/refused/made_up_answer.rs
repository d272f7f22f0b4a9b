// E0423: cannot initialize a tuple struct which contains private fields
use wirebook_web::{Answer, Context, Done};

// ANCHOR: handler
pub async fn silent(_: &mut Context<'_>) -> Answer {
    Ok(Done(()))
}
// ANCHOR_END: handler
