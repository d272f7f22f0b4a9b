//! Did our own page ask for this (CWE-352)? The rules are in [`trust::csrf`](crate::trust::csrf).

use crate::{
    context::{Answer, Context, Failure},
    onion::{Edge, Next},
    text::{from_base64, to_base64},
    trust::{
        SetCookie,
        csrf::{Origin, Provenance, TOKEN, is_token, origin, token},
    },
};
use std::{cell::Cell, rc::Rc};

/// The cookie that keeps a visitor's secret.
const COOKIE: &str = "csrf";

/// The field of a form that has the token.
const FIELD: &str = "_csrf";

/// Lets a request that changes something pass only if a browser says that our own page asks, or that no browser asks. Needs nothing in a
/// page. `listed` are other origins that may ask, as `https://app.example.com`.
pub fn by_origin(listed: &[&str]) -> impl Edge + 'static {
    ByOrigin(listed.iter().map(|origin| (*origin).to_owned()).collect())
}

struct ByOrigin(Vec<String>);

impl Edge for ByOrigin {
    fn enter(&self, ctx: &mut Context<'_>) -> Option<Answer> {
        let found = comes_from(ctx, &self.0);
        (!found.passes()).then(|| Err(Failure::new(403, format!("asked for by another page: {found:?}"))))
    }
}

fn comes_from(ctx: &Context<'_>, listed: &[String]) -> Origin {
    let listed: Vec<&str> = listed.iter().map(String::as_str).collect();
    let asked = Provenance {
        method: ctx.method(),
        sec_fetch_site: ctx.header("sec-fetch-site"),
        origin: ctx.header("origin"),
        host: ctx.host(),
        has_credentials: ctx.headers().get("cookie").or_else(|| ctx.headers().get("authorization")).is_some(),
    };
    origin(&asked, &listed)
}

/// A visitor's secret, left in the context's state for [`Context::csrf_token`].
struct Secret {
    bytes: [u8; TOKEN],
    is_wanted: Rc<Cell<bool>>,
}

/// Lets a request that changes something pass only with a token of our own page, in the field `_csrf` of its form or JSON, or in `x-csrf-token`
/// or `x-xsrf-token`; and only from our own origin, where a browser says so. The secret is kept in a signed cookie, so it wants
/// [`Options::keys`](crate::Options::keys). A form with files cannot be looked into before it is read: its page sends the token in a field of
/// the head.
pub fn by_token() -> impl AsyncFn(&mut Context<'_>, Next<'_>) -> Answer + 'static {
    tokens(false)
}

/// As [`by_token`], and the token may also stand in the query, as `?_csrf=…`, for a form with files. Addresses are written to logs and to histories,
/// so this is by name only.
pub fn by_token_or_query() -> impl AsyncFn(&mut Context<'_>, Next<'_>) -> Answer + 'static {
    tokens(true)
}

fn tokens(in_query: bool) -> impl AsyncFn(&mut Context<'_>, Next<'_>) -> Answer + 'static {
    async move |ctx, next| {
        let kept = ctx.signed_cookie(COOKIE).and_then(|text| from_base64(&text)?.try_into().ok());
        let bytes = kept.map_or_else(random, Ok)?;
        if !matches!(ctx.method(), "GET" | "HEAD" | "OPTIONS" | "TRACE") {
            let origin = comes_from(ctx, &[]);
            if matches!(origin, Origin::Cross | Origin::Opaque) {
                return ctx.fail(403, format!("asked for by another page: {origin:?}"));
            }
            let sent = match ctx.header("x-csrf-token").or_else(|| ctx.header("x-xsrf-token")) {
                Some(token) => Some(token.to_owned()),
                None => ctx.peek_field(FIELD).await?.or_else(|| ctx.query_value(FIELD).filter(|_| in_query)),
            };
            if !sent.is_some_and(|sent| kept.is_some() && is_token(&sent, &bytes)) {
                return ctx.fail(403, "the form is too old, or not ours");
            }
        }
        ctx.state().insert(Secret { bytes, is_wanted: Rc::default() });
        let answer = next.run(ctx).await;
        // Only a visitor who was shown a form needs to be remembered; and what they were shown is good for nobody else.
        if ctx.get_state::<Secret>().is_some_and(|secret| secret.is_wanted.get()) {
            if kept.is_none() {
                ctx.set_signed_cookie(&SetCookie::new(COOKIE, &to_base64(&bytes)))?;
            }
            ctx.make_private()?;
        }
        answer
    }
}

impl Context<'_> {
    /// The token for one page, to be put into its forms as `_csrf`: another text each time, so that compression gives nothing away.
    ///
    /// # Errors
    ///
    /// 500 without [`by_token`] around it, or without random bytes.
    pub fn csrf_token(&self) -> Result<String, Failure> {
        self.csrf_tokens()()
    }

    /// What makes a token when it is called: templates call it, or not.
    pub(crate) fn csrf_tokens(&self) -> impl Fn() -> Result<String, Failure> + use<> {
        let secret = self.get_state::<Secret>().map(|secret| (secret.bytes, secret.is_wanted.clone()));
        move || {
            let Some((bytes, is_wanted)) = &secret else {
                return Err(Failure::new(500, "no ring of tokens is around this"));
            };
            is_wanted.set(true);
            Ok(token(bytes, &random()?))
        }
    }
}

fn random() -> Result<[u8; TOKEN], Failure> {
    let mut bytes = [0; TOKEN];
    getrandom::fill(&mut bytes).map_err(|error| Failure::new(500, format!("no random bytes: {error}")))?;
    Ok(bytes)
}
