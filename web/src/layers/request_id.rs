//! A name for each request, so that a visitor, a log and a proxy speak of the same one.

use crate::{
    context::{Answer, Context, Failure},
    onion::Edge,
    text::to_base64,
};

/// The name of a request: left in the context's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub String);

/// The longest name that is taken from outside.
const LONGEST: usize = 64;

/// Gives each request a name, in its answer's `x-request-id`. What a proxy of ours has named keeps its name; what anybody else says is
/// not looked at.
pub fn request_id() -> impl Edge + 'static {
    Naming
}

struct Naming;

impl Edge for Naming {
    fn enter(&self, ctx: &mut Context<'_>) -> Option<Answer> {
        let named = ctx.header("x-request-id").filter(|name| is_plain(name) && ctx.peer_is_ours()).map(str::to_owned);
        let id = match named.map_or_else(random, Ok) {
            Ok(id) => id,
            Err(failure) => return Some(Err(failure)),
        };
        let set = ctx.set("x-request-id", &id).err().map(Err);
        ctx.state().insert(RequestId(id));
        set
    }
}

/// Nothing that would mean something in a log or in a page.
fn is_plain(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=LONGEST).contains(&name.len()) && name.bytes().all(is_plain)
}

fn random() -> Result<String, Failure> {
    let mut bytes = [0; 12];
    getrandom::fill(&mut bytes).map_err(|error| Failure::new(500, format!("no random bytes: {error}")))?;
    Ok(to_base64(&bytes))
}
