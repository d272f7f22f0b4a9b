//! A token in place of a name and a password (RFC 6750): who has it is let in.

use super::basic::User;
use crate::{
    context::{Answer, Context, Failure},
    onion::Edge,
};

/// Lets in who sends a token that `check` knows: it gives the owner's name, which handlers find as [`User`]. All others get 401. What a token is,
/// is yours to say: a random text that you look up, or a signed one ([`Keys::verify`](crate::trust::Keys::verify)). A token in the query is not
/// looked at (§5.3).
///
/// ```
/// use wirebook_web::{Router, layers::{bearer, same}};
///
/// let api = Router::new()
///     .edge(bearer(|token| same(token, "a long random text").then(|| "ada".to_owned())))
///     .get("/", async |ctx| ctx.text("welcome"));
/// ```
pub fn bearer(check: impl Fn(&str) -> Option<String> + 'static) -> impl Edge + 'static {
    Bearer(check)
}

struct Bearer<F>(F);

impl<F: Fn(&str) -> Option<String>> Edge for Bearer<F> {
    fn enter(&self, ctx: &mut Context<'_>) -> Option<Answer> {
        // Two fields would be two owners: joined, they are none.
        let said = ctx.header_list("authorization");
        let token = said.as_deref().and_then(token);
        if let Some(owner) = token.and_then(&self.0) {
            ctx.state().insert(User(owner));
            return None;
        }
        // §3.1: who sent none is not told that it is wrong.
        let challenge = if token.is_some() { "Bearer error=\"invalid_token\"" } else { "Bearer" };
        Some(Err(Failure::of(401).with("www-authenticate", challenge)))
    }
}

/// `credentials = "Bearer" 1*SP b64token`, `b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="` (§2.1).
fn token(field: &str) -> Option<&str> {
    let (scheme, token) = field.split_once(' ')?;
    let token = token.trim_start_matches(' ');
    let text = token.trim_end_matches('=');
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    (scheme.eq_ignore_ascii_case("bearer") && !text.is_empty() && text.bytes().all(is_token)).then_some(token)
}
