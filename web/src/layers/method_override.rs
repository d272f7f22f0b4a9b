//! Forms that PUT and DELETE: HTML knows GET and POST alone.

use crate::{
    context::{Answer, Context},
    onion::Next,
};

/// The field of a form that names the method.
const FIELD: &str = "_method";

/// Takes a POST for the method that `X-HTTP-Method-Override` names, or the field `_method` of its form: PUT, PATCH or DELETE, and no other. Only a
/// POST, so that a link changes nothing. It stands on the application's own router, because the route is looked for inside of it.
pub fn method_override() -> impl AsyncFn(&mut Context<'_>, Next<'_>) -> Answer + 'static {
    async move |ctx, next| {
        if ctx.method() == "POST" {
            let wanted = match ctx.header("x-http-method-override") {
                Some(method) => Some(method.to_owned()),
                None if ctx.is(&["form"]).is_some() => ctx.peek_field(FIELD).await?,
                None => None,
            };
            if let Some(method) = wanted.map(|method| method.to_ascii_uppercase()) {
                ctx.ensure(matches!(&*method, "PUT" | "PATCH" | "DELETE"), 400, "no method that a form may have")?;
                ctx.set_method(method);
            }
        }
        next.run(ctx).await
    }
}
