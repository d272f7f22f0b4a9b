//! A proxy before a server of ours: one message in, the same message out (RFC 9110 §7.6), bodies as they come.

use super::fields::{is_forwarded, passes};
use super::tunnel::{Open, Tunnels, join};
use crate::context::{Answer, Body, Context, Failure, Piece, Source};
use crate::text::percent;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;
use wirebook_http1::FieldBlock;
use wirebook_http1::client::{self, Agent, AgentOptions, Error, Options, Timeouts, Url, request};
use wirebook_http1::parser::{FieldLines, Limits};

/// Bytes of an origin's head.
const HEAD: usize = 48 * 1024;

/// Fields of an answer that say more when somebody else has said something, too.
const ADD_UP: [&str; 4] = ["link", "server-timing", "set-cookie", "vary"];

/// Where requests go on to. The names are http-proxy-middleware's.
#[derive(Clone)]
pub struct Proxy {
    target: Url,
    agent: Agent,
    rewrites: Vec<(String, String)>,
    change_origin: bool,
    tunnels: Option<Tunnels>,
    open: Open,
    /// 5 seconds for the connection, 30 for the first byte of the answer and between two of its pieces.
    pub timeouts: Timeouts,
}

/// A proxy to an origin: `http://127.0.0.1:9000`, or a place on it.
///
/// ```no_run
/// use wirebook_web::{Options, Router, proxy};
///
/// let nebula = proxy::to("http://127.0.0.1:9000")?.rewrite("/api-nebula", "/api").change_origin();
/// let app = Router::new().any("/api-nebula/{*rest}", nebula.handler()).into_app(Options::default())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// What is no URL of `http:` or `https:`, or has a user in it.
pub fn to(url: &str) -> Result<Proxy, Error> {
    let target = Url::parse(url)?;
    if target.auth.is_some() || target.path.contains('?') {
        return Err(Error::Option("a proxy's target is an origin and a path"));
    }
    let timeouts = Timeouts {
        connect: Duration::from_secs(5),
        head: Duration::from_secs(30),
        body: Duration::from_secs(30),
        ..Timeouts::default()
    };
    let limits = Limits { head: HEAD, ..Limits::default() };
    let agent = Agent::new(AgentOptions { max_sockets: 64, limits, ..AgentOptions::default() });
    Ok(Proxy {
        target,
        agent,
        rewrites: Vec::new(),
        change_origin: false,
        tunnels: None,
        open: Open::default(),
        timeouts,
    })
}

impl Proxy {
    /// A path that is this, or lies below it, is that: the first rule that fits counts.
    #[must_use]
    pub fn rewrite(mut self, from: &str, to: &str) -> Self {
        self.rewrites.push((from.trim_end_matches('/').to_owned(), to.trim_end_matches('/').to_owned()));
        self
    }

    /// `Host` is the origin's, where it tells several sites apart; else it is what the client asked for.
    #[must_use]
    pub fn change_origin(mut self) -> Self {
        self.change_origin = true;
        self
    }

    /// WebSockets pass, too: see [`websocket_with`](Self::websocket_with).
    #[must_use]
    pub fn websocket(self) -> Self {
        self.websocket_with(Tunnels::default())
    }

    /// A request for a WebSocket goes on as one, and if the origin agrees, all bytes pass in both directions as they come. Whose page asks
    /// is for the origin to look at, in `Origin`: a browser sends cookies with it, and no answer of CORS stops it.
    #[must_use]
    pub fn websocket_with(mut self, tunnels: Tunnels) -> Self {
        self.tunnels = Some(tunnels);
        self
    }

    /// Connections are this agent's: with TLS, through the simulated network, to public addresses alone.
    #[must_use]
    pub fn agent(mut self, agent: Agent) -> Self {
        self.agent = agent;
        self
    }

    /// The path to ask the origin for. It is made of the washed path, so that the origin sees what our rings have seen.
    fn path(&self, ctx: &Context<'_>) -> String {
        let path = ctx.path();
        let below = |from: &str| path.strip_prefix(from).filter(|rest| rest.is_empty() || rest.starts_with('/'));
        let rewritten = self.rewrites.iter().find_map(|(from, to)| Some((to.as_str(), below(from)?)));
        let (front, rest) = rewritten.unwrap_or(("", path));
        let mut out = self.target.path.trim_end_matches('/').to_owned();
        for part in [front, rest] {
            percent::encode(part.as_bytes(), |byte| percent::is_pchar(byte) || matches!(byte, b'/' | b'%'), &mut out);
        }
        if !out.starts_with('/') {
            out.insert(0, '/');
        }
        if let Some(query) = ctx.query() {
            out.push('?');
            out.push_str(query);
        }
        out
    }

    fn fields(&self, ctx: &Context<'_>) -> Result<FieldBlock, Failure> {
        let (lines, mut block) = (ctx.headers(), FieldBlock::default());
        for (name, value) in lines.iter() {
            let name = String::from_utf8_lossy(name);
            let is_anew =
                is_forwarded(&name) || ["host", "max-forwards"].iter().any(|own| name.eq_ignore_ascii_case(own));
            if passes(&name, &lines) && !is_anew {
                block.push(&*name, value)?;
            }
        }
        match (max_forwards(ctx), ctx.header("max-forwards")) {
            (Some(hops), _) => block.push("max-forwards", hops.saturating_sub(1).to_string())?,
            (None, Some(said)) => block.push("max-forwards", said)?,
            (None, None) => {}
        }
        if !self.change_origin {
            block.push("host", ctx.host())?;
        }
        if let Some(ip) = ctx.ip() {
            block.push("x-forwarded-for", ip.to_string())?;
        }
        block.push("x-forwarded-proto", ctx.protocol())?;
        block.push("x-forwarded-host", ctx.host())?;
        block.push("via", format!("{} wirebook", ctx.version()))?;
        Ok(block)
    }

    /// Answers with what the origin answers. The body of each message is passed on as it comes and as it is; one that breaks off
    /// breaks off on the other side, too. An origin that answers before it has all of a body is not sent the rest.
    ///
    /// # Errors
    ///
    /// 502 where the origin cannot be reached or breaks a rule, 504 where it takes too long, 503 where too many wait for it.
    pub async fn forward(&self, ctx: &mut Context<'_>) -> Answer {
        if max_forwards(ctx) == Some(0) {
            // We are the last whom this was to reach, and answer for ourselves: it says nothing of methods.
            return ctx.empty(204);
        }
        let (path, fields, method) = (self.path(ctx), self.fields(ctx)?, ctx.method().to_owned());
        let options = self.options(&method, &path, &fields);
        let is_websocket = ctx.header("upgrade").is_some_and(|protocol| protocol.eq_ignore_ascii_case("websocket"));
        if let Some(tunnels) = self.tunnels.filter(|_| is_websocket && ctx.wants_upgrade() && !ctx.has_body()) {
            return self.tunnel(ctx, options, fields.clone(), tunnels).await;
        }
        let mut outgoing = request(&options).await.map_err(unreachable)?;
        let has_body = ctx.has_body();
        let limit = ctx.body_limit_or(ctx.options().limits.body);
        if let Some(mut incoming) = ctx.take_request().filter(|_| has_body) {
            incoming.limit_body(limit);
            while !outgoing.is_answered() {
                // `?` drops the request, and with it the connection: half a body never looks like a whole one.
                let Some(piece) = incoming.chunk().await.map_err(Failure::from_http1)? else { break };
                outgoing.write(piece).await.map_err(unreachable)?;
            }
            ctx.put_request(incoming);
        }
        let answer = if outgoing.is_answered() {
            let answer = outgoing.response().await.map_err(unreachable)?;
            Upstream { answer, _outgoing: Some(outgoing) }
        } else {
            Upstream { answer: outgoing.end("").await.map_err(unreachable)?, _outgoing: None }
        };
        give(ctx, answer)
    }

    fn options<'o>(&'o self, method: &'o str, path: &'o str, fields: &'o FieldBlock) -> Options<'o> {
        Options {
            method,
            host: &self.target.host,
            port: self.target.port,
            secure: self.target.secure,
            path,
            fields: Some(fields),
            agent: Some(&self.agent),
            timeouts: self.timeouts,
            ..Options::default()
        }
    }

    /// Asks the origin for a WebSocket; what it says instead is an answer like every other.
    async fn tunnel(
        &self,
        ctx: &mut Context<'_>,
        options: Options<'_>,
        mut fields: FieldBlock,
        tunnels: Tunnels,
    ) -> Answer {
        let opened = self.open.one(tunnels.most);
        let opened = opened.ok_or_else(|| Failure::new(503, "too many tunnels are open").with("retry-after", "1"))?;
        fields.push("upgrade", "websocket")?;
        let outgoing = request(&Options { fields: Some(&fields), ..options }).await.map_err(unreachable)?;
        let mut answer = outgoing.end("").await.map_err(unreachable)?;
        let Some(origin) = answer.upgraded() else { return give(ctx, Upstream { answer, _outgoing: None }) };
        pass_on(ctx, &answer.headers(), |_| true)?;
        ctx.set("upgrade", "websocket")?;
        ctx.raw(async move |request, response| {
            let client = response.upgrade(request).await?;
            join(&client, &origin, tunnels.idle).await;
            drop(opened);
            Ok(())
        })
        .await
    }

    /// As a handler.
    pub fn handler(self) -> impl AsyncFn(&mut Context<'_>) -> Answer + 'static {
        async move |ctx| self.forward(ctx).await
    }
}

/// How many more may pass this on (RFC 9110 §7.6.2); `None` where nobody says, or for a method that the field says nothing of. TRACE, the other
/// one, never comes this far.
fn max_forwards(ctx: &Context<'_>) -> Option<u64> {
    let said = ctx.header("max-forwards").filter(|_| ctx.method() == "OPTIONS")?;
    let is_number = !said.is_empty() && said.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| said.parse().unwrap_or(u64::MAX))
}

/// Gives the answer the origin's fields. What a ring further out has said by the same name was a default: the origin has the last word, as every
/// handler has, and a field that may come once does not come twice (two `access-control-allow-origin` are none). Fields that add up do.
fn pass_on(ctx: &mut Context<'_>, lines: &FieldLines<'_>, also: impl Fn(&str) -> bool) -> Result<(), Failure> {
    let passing = || {
        let named = lines.iter().map(|(name, value)| (String::from_utf8_lossy(name), value));
        named.filter(|(name, _)| passes(name, lines) && also(name))
    };
    for (name, _) in passing() {
        if !ADD_UP.iter().any(|field| name.eq_ignore_ascii_case(field)) {
            ctx.remove(&name);
        }
    }
    for (name, value) in passing() {
        ctx.append(&name, value)?;
    }
    Ok(())
}

fn give(ctx: &mut Context<'_>, upstream: Upstream) -> Answer {
    let lines = upstream.answer.headers();
    let status = upstream.answer.status();
    ctx.status(status);
    // RFC 9110 §8.6: a 204 has no length.
    pass_on(ctx, &lines, |name| !(status == 204 && name.eq_ignore_ascii_case("content-length")))?;
    ctx.append("via", "1.1 wirebook")?;
    ctx.put_body(Body::Stream(Box::new(upstream)));
    Ok(ctx.answered())
}

/// The answer of the origin, as it comes.
struct Upstream {
    answer: client::Response,
    /// What is still being sent: dropping it would break the connection off.
    _outgoing: Option<client::Request>,
}

impl Source for Upstream {
    fn next(&mut self) -> Pin<Box<dyn Future<Output = Piece> + '_>> {
        Box::pin(async {
            let piece = self.answer.chunk().await.map_err(unreachable)?;
            Ok(piece.map(<[u8]>::to_vec))
        })
    }
}

fn unreachable(error: Error) -> Failure {
    let status = match &error {
        Error::TimedOut(_) => 504,
        Error::QueueFull => 503,
        _ => 502,
    };
    Failure::new(status, error.to_string()).caused_by(error)
}

impl fmt::Debug for Proxy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Url { host, port, path, .. } = &self.target;
        write!(out, "Proxy({host}:{port}{path})")
    }
}
