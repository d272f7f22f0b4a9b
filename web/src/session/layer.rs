//! The ring that lends each request its session.

use super::handle::Session;
use super::sessions::{Carrier, Sessions, Token};
use crate::context::{Answer, Context, Failure};
use crate::onion::Next;
use crate::trust::SetCookie;

/// The parameter of the query that has a session's token: no log may have it.
pub(crate) struct InQuery(pub(crate) String);

impl Context<'_> {
    /// The visitor's session. An answer that it may have had a say in is `private`, where nobody says how it may be cached (RFC 9111 §5.2.2.7).
    ///
    /// # Errors
    ///
    /// 500 where no ring further out is [`session`].
    pub fn session(&self) -> Result<Session, Failure> {
        let session = self.get_state::<Session>().ok_or_else(|| Failure::new(500, "there is no session layer"))?;
        session.0.borrow().is_used.set(true);
        Ok(session.clone())
    }
}

/// A layer that lends each request its session, and saves it when the answer is made; also if the handler failed, since what was counted or
/// forgotten before it did counts.
///
/// ```no_run
/// use wirebook_web::session::{MemoryStore, Sessions, session};
/// use wirebook_web::{Options, Router, trust::Keys};
///
/// let keys = Keys::new(&[b"32 bytes from the system, kept in the environment"])?;
/// let app = Router::new()
///     .layer(session(Sessions::new(MemoryStore::default(), keys)))
///     .get("/", async |ctx| {
///         let visits = ctx.session()?.add("visits", 1);
///         ctx.text(format!("{visits} visits"))
///     })
///     .into_app(Options::default())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn session(sessions: Sessions) -> impl AsyncFn(&mut Context<'_>, Next<'_>) -> Answer + 'static {
    async move |ctx, next| {
        let key = &*sessions.options.key;
        let binding = sessions.binding(ctx);
        let token = match sessions.options.carrier {
            Carrier::Cookie => ctx.cookie(key).map(str::to_owned),
            Carrier::Query => ctx.query_value(key),
        };
        let session = sessions.open(token.as_deref(), &binding).await?;
        ctx.state().insert(session.clone());
        if sessions.options.carrier == Carrier::Query {
            ctx.state().insert(InQuery(key.to_owned()));
        }
        let answer = next.run(ctx).await;
        let token = match (sessions.close(&session, &binding).await, &answer) {
            (Ok(token), _) => token,
            // The first failure is the one to tell of.
            (Err(_), Err(_)) => return answer,
            (Err(error), Ok(_)) => return Err(error.into()),
        };
        // Who speaks HTTP by itself has sent its head: a new visitor cannot be told who they are.
        if !ctx.is_open() {
            tell(ctx, &sessions, token)?;
            if session.0.borrow().is_used.get() {
                ctx.make_private()?;
            }
        }
        answer
    }
}

/// Tells the visitor what becomes of their token.
fn tell(ctx: &mut Context<'_>, sessions: &Sessions, token: Token) -> Result<(), Failure> {
    let options = &sessions.options;
    if options.carrier == Carrier::Query {
        // The token stands in the address of the page: it goes to no other site, and into no cache.
        ctx.set("referrer-policy", "no-referrer")?.set("cache-control", "no-store")?;
        return Ok(());
    }
    let cookie = match &token {
        Token::Same => return Ok(()),
        Token::Set(token) => {
            SetCookie { http_only: options.http_only, max_age: options.max_age, ..SetCookie::new(&options.key, token) }
        }
        Token::Remove => SetCookie::removal(&options.key),
    };
    if options.overwrite {
        let own = format!("{}=", options.key);
        let lines = |ctx: &Context<'_>| {
            ctx.fields(|fields| {
                let lines = fields.lines();
                let lines = lines.get_all("set-cookie").map(|line| String::from_utf8_lossy(line).into_owned());
                lines.collect::<Vec<String>>()
            })
        };
        let others = lines(ctx).unwrap_or_default();
        ctx.remove("set-cookie");
        for line in others.iter().filter(|line| !line.starts_with(&own)) {
            ctx.append("set-cookie", line)?;
        }
    }
    ctx.set_cookie(&cookie)?;
    Ok(())
}
