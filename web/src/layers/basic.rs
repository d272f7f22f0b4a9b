//! Basic authentication (RFC 7617): a name and a password with every request, in clear but for TLS.

use crate::{
    context::{Answer, Context, Failure},
    onion::Edge,
    text::quote,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Who has said the right password, or has the right token: left in the context's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User(pub String);

/// Lets those in whose name and password are right; all others get 401, and a browser asks.
///
/// `check` is called with what was sent, and decides. Compare with [`same`], which takes as long for a wrong password as for a right one.
///
/// ```
/// use wirebook_web::{Router, layers::{basic, same}};
///
/// let admin = Router::new()
///     .edge(basic("the back room", |name, password| same(name, "ada") & same(password, "open sesame")))
///     .get("/", async |ctx| ctx.text("welcome"));
/// ```
pub fn basic(realm: &str, check: impl Fn(&str, &str) -> bool + 'static) -> impl Edge + 'static {
    // A realm is what people read; what cannot stand in it is left out.
    let realm = quote(realm).unwrap_or_else(|| "\"\"".to_owned());
    Basic { challenge: format!("Basic realm={realm}, charset=\"UTF-8\""), check }
}

struct Basic<F> {
    challenge: String,
    check: F,
}

impl<F: Fn(&str, &str) -> bool> Edge for Basic<F> {
    fn enter(&self, ctx: &mut Context<'_>) -> Option<Answer> {
        // Two fields would be two names: joined, they are none.
        let said = ctx.header_list("authorization").and_then(|field| credentials(&field));
        match said.filter(|(name, password)| (self.check)(name, password)) {
            Some((name, _)) => {
                ctx.state().insert(User(name));
                None
            }
            None => Some(Err(Failure::of(401).with("www-authenticate", &*self.challenge))),
        }
    }
}

/// `credentials = "Basic" 1*SP token68`, within it `user-id ":" password` without control characters (RFC 7617 §2).
fn credentials(field: &str) -> Option<(String, String)> {
    let (scheme, token) = field.split_once(' ')?;
    let bytes = STANDARD.decode(token.trim_start_matches(' ')).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let text = String::from_utf8(bytes).ok().filter(|text| !text.contains(|character: char| character.is_control()))?;
    let (name, password) = text.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

/// Whether two texts are the same. How long that takes says nothing about where they differ, nor how long the secret one is.
pub fn same(said: &str, secret: &str) -> bool {
    Sha256::digest(said).ct_eq(&Sha256::digest(secret)).into()
}
