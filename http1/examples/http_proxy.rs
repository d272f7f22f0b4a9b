//! A forward proxy: http: through an agent, CONNECT as a tunnel; works with a browser.
//!
//! Run: cargo run --example http_proxy -- --addr 127.0.0.1:8888
//!
//! Then: curl -x http://127.0.0.1:8888 http://example.org/

use std::future::poll_fn;
use std::net::Shutdown;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;
use wirebook_http1::client::{self, Agent, AgentOptions, Error, Url, request};
use wirebook_http1::parser::FieldLines;
use wirebook_http1::server::Options;
use wirebook_http1::target::Target;
use wirebook_http1::{self as http1, FieldBlock, Misuse, Outcome, Request, Response};
use wirebook_net::tcp::TcpStream;
use wirebook_net::{self as net, Stream};
use wirebook_terminal as terminal;

#[derive(clap::Args)]
struct Arguments {
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8888")]
    addr: String,
    /// The longest body that may pass; what may pass is for the origins to say, unless you say it here
    #[arg(long, value_name = "BYTES")]
    max_body: Option<u64>,
}

/// After so much silence a peer of a tunnel is asked whether it is still there.
const PROBE: Duration = Duration::from_secs(20);

fn main() -> terminal::Result {
    let Arguments { addr, max_body } = terminal::arguments(include_str!("http_proxy.rs"));
    let max_body = max_body.unwrap_or(u64::MAX);
    net::run(async move {
        let agent = Agent::new(AgentOptions { max_sockets: 16, ..AgentOptions::default() });
        let handler = async move |request: Request<'_>, response: Response<'_>| match request.method() {
            "CONNECT" => tunnel(request, response).await,
            _ => forward(&agent, request, response).await,
        };
        // A tunnel may stay open for days: nobody waits for it at the end.
        let options = Options { max_body, close_timeout: Duration::from_millis(500), ..Options::default() };
        let server = http1::serve_with(addr, options, handler)?;
        let here = server.local_addr().expect("TCP has an address");
        let stop = net::ctrl_c();
        terminal::listening(here, &[&format!("curl -x http://{here} http://example.org/")]);
        Ok(server.until(stop).await?)
    })
}

// ANCHOR: forward
/// RFC 9110 §7.6: one message in, the same message out, but for what concerns one connection alone.
pub(crate) async fn forward(agent: &Agent, mut incoming: Request<'_>, mut response: Response<'_>) -> Outcome {
    let target = Target::parse(incoming.method().as_bytes(), incoming.target().as_bytes());
    let Ok(Target::Absolute { rest, .. }) = target else {
        return response.status(400).end("This is a proxy: ask it for http://host/path.\n").await;
    };
    let url = match Url::parse(incoming.target()) {
        Ok(url) => url,
        Err(error) => return response.status(400).end(format!("{error}\n")).await,
    };
    let fields = passed_on(&incoming.headers(), &[b"host"])?;
    let options = client::Options {
        method: incoming.method(),
        host: &url.host,
        port: url.port,
        // RFC 9112 §3.2.4: OPTIONS for a server as a whole.
        path: if incoming.method() == "OPTIONS" && rest.is_empty() { "*" } else { &url.path },
        fields: Some(&fields),
        agent: Some(agent),
        ..client::Options::default()
    };
    let mut outgoing = match request(&options).await {
        Ok(outgoing) => outgoing,
        Err(error) => return unreachable(response, &error).await,
    };
    // A body that breaks off here breaks off there: `?` drops the request, and with it the connection.
    let has_body = ["content-length", "transfer-encoding"].iter().any(|name| incoming.header(name).is_some());
    let mut ended = !has_body;
    while !ended && !outgoing.is_answered() {
        match incoming.chunk().await? {
            Some(piece) => outgoing.write(piece).await?,
            None => ended = true,
        }
    }
    let heard = async {
        if ended {
            outgoing.finish(&passed_on_behind(&incoming.trailers())?).await?;
        }
        // RFC 9110 §15.2: what comes before the answer is passed on, but for 100, which is each hop's own.
        while let Some(early) = outgoing.informational().await? {
            if early.status > 100 {
                let fields = passed_on(&early.headers, &[]).map_err(Error::Misuse)?;
                response.informational(early.status, &fields).await.map_err(|_| Error::Aborted)?;
            }
        }
        outgoing.response().await
    };
    let answer = match heard.await {
        Ok(answer) => answer,
        Err(error) => return unreachable(response, &error).await,
    };
    if ended {
        return pass_back(answer, response).await;
    }
    // An origin that answers while it reads may wait until its answer is read: both ways at once.
    let upload = async {
        while let Some(piece) = incoming.chunk().await? {
            outgoing.write(piece).await?;
        }
        Ok(outgoing.finish_body("").await?)
    };
    until_answered(upload, pass_back(answer, response)).await
}

/// The answer of the origin, as it comes. One that breaks off breaks off here, too.
async fn pass_back(mut answer: client::Response, response: Response<'_>) -> Outcome {
    let unframed: &[&[u8]] = if answer.status() == 204 { &[b"content-length"] } else { &[] };
    let fields = passed_on(&answer.headers(), unframed)?;
    let mut response = response.status(answer.status());
    for (name, value) in fields.lines().iter() {
        response = response.header(&String::from_utf8_lossy(name), value);
    }
    // The head now, with the framing that it has: an answer to HEAD has none, and the first byte may come late.
    response.write("").await?;
    while let Some(piece) = answer.chunk().await? {
        response.write(piece).await?;
    }
    response.end_with_trailers("", &passed_on_behind(&answer.trailers())?).await
}

/// Says that the origin gave no answer.
async fn unreachable(response: Response<'_>, error: &Error) -> Outcome {
    let status = if matches!(error, Error::TimedOut(_)) { 504 } else { 502 };
    response.status(status).end(format!("{error}\n")).await
}

/// Runs both until the second has ended, or either has failed.
async fn until_answered(upload: impl Future<Output = Outcome>, answer: impl Future<Output = Outcome>) -> Outcome {
    let (mut upload, mut answer, mut uploads) = (pin!(upload), pin!(answer), true);
    poll_fn(|context| {
        if uploads && let Poll::Ready(outcome) = upload.as_mut().poll(context) {
            uploads = false;
            outcome?;
        }
        answer.as_mut().poll(context)
    })
    .await
}

/// The fields of a message that go on to the next hop: none of those that Connection names, nor the ones that always
/// concern one connection (RFC 9110 §7.6.1); and a Via that names us (§7.6.3).
fn passed_on(fields: &FieldLines<'_>, apart: &[&[u8]]) -> Result<FieldBlock, Misuse> {
    const HOP_BY_HOP: [&[u8]; 8] = [
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"transfer-encoding",
        b"upgrade",
    ];
    let mut block = FieldBlock::default();
    for (name, value) in fields.iter() {
        let is = |other: &[u8]| name.eq_ignore_ascii_case(other);
        let options = fields.get_all("connection").flat_map(|value| value.split(|&byte| byte == b','));
        let named = options.map(<[u8]>::trim_ascii).any(|option| is(option) && !is(b"content-length"));
        if !named && !HOP_BY_HOP.iter().chain(apart).any(|other| is(other)) {
            block.push(name, value)?;
        }
    }
    block.push("via", "1.1 wirebook")?;
    Ok(block)
}

/// Trailer fields that go on: those that may stand there at all (RFC 9110 §6.5.1).
fn passed_on_behind(trailers: &FieldLines<'_>) -> Result<FieldBlock, Misuse> {
    const NEVER: [&[u8]; 6] =
        [b"transfer-encoding", b"content-length", b"host", b"trailer", b"connection", b"authorization"];
    let mut block = FieldBlock::default();
    for (name, value) in trailers.iter().filter(|(name, _)| !NEVER.iter().any(|never| name.eq_ignore_ascii_case(never)))
    {
        block.push(name, value)?;
    }
    Ok(block)
}
// ANCHOR_END: forward

// ANCHOR: tunnel
/// RFC 9110 §9.3.6: from here on bytes are bytes.
pub(crate) async fn tunnel(request: Request<'_>, response: Response<'_>) -> Outcome {
    let there = match TcpStream::connect(request.target()).await {
        Ok(there) => Rc::new(there),
        Err(error) => return response.status(502).end(format!("{error}\n")).await,
    };
    // A peer that vanished is found out by nobody else in a tunnel that is silent.
    there.set_keepalive(Some(PROBE))?;
    let here = Rc::new(response.upgrade(request).await?);
    net::spawn(pour(there.clone(), here.clone()));
    pour(here, there).await;
    Ok(())
}

/// Copies one direction to its end, and passes the end on. What breaks off ends both.
async fn pour(from: Rc<impl Stream>, to: Rc<impl Stream>) {
    let mut bytes = vec![0; net::BUFFER_SIZE];
    let how = loop {
        match from.read(&mut bytes).await {
            Ok(0) => break Shutdown::Write,
            Ok(count) if to.write_all(&bytes[..count]).await.is_ok() => {}
            Ok(_) | Err(_) => break Shutdown::Both,
        }
    };
    // Who is gone already needs no end.
    to.shutdown(how).unwrap_or_default();
}
// ANCHOR_END: tunnel
