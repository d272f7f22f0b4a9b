//! A forward proxy: http: through an agent, CONNECT as a tunnel; works with a browser.
//!
//! Run: cargo run --example http_proxy -- --addr 127.0.0.1:8888
//!
//! Then: curl -x http://127.0.0.1:8888 http://example.org/

use std::net::Shutdown;
use std::rc::Rc;
use wirebook_http1::client::{Agent, AgentOptions, Error, Options, Url, request};
use wirebook_http1::parser::FieldLines;
use wirebook_http1::target::Target;
use wirebook_http1::{self as http1, FieldBlock, Misuse, Outcome, Request, Response};
use wirebook_net::tcp::TcpStream;
use wirebook_net::{self as net, Stream};

fn main() -> std::io::Result<()> {
    let addr = addr_argument("127.0.0.1:8888");
    net::run(async move {
        let agent = Agent::new(AgentOptions { max_sockets: 16, ..AgentOptions::default() });
        let handler = async move |request: Request<'_>, response: Response<'_>| match request.method() {
            "CONNECT" => tunnel(request, response).await,
            _ => forward(&agent, request, response).await,
        };
        let server = http1::serve(&*addr, handler)?;
        println!("listening on {}", server.local_addr().expect("TCP has an address"));
        net::ctrl_c().await?;
        server.close();
        net::stop();
        Ok(())
    })
}

// ANCHOR: forward
/// RFC 9110 §7.6: one message in, the same message out, but for what concerns one connection alone.
async fn forward(agent: &Agent, mut incoming: Request<'_>, response: Response<'_>) -> Outcome {
    if !matches!(Target::parse(incoming.method().as_bytes(), incoming.target().as_bytes()), Ok(Target::Absolute { .. }))
    {
        return response.status(400).end("This is a proxy: ask it for http://host/path.\n").await;
    }
    let url = Url::parse(incoming.target())?;
    let fields = passed_on(&incoming.headers(), &[b"host"])?;
    let options = Options {
        method: incoming.method(),
        host: &url.host,
        port: url.port,
        path: &url.path,
        fields: Some(&fields),
        agent: Some(agent),
        ..Options::default()
    };
    let has_body = ["content-length", "transfer-encoding"].iter().any(|name| incoming.header(name).is_some());
    let answer = async {
        let mut outgoing = request(&options).await?;
        while has_body && let Ok(Some(piece)) = incoming.chunk().await {
            outgoing.write(piece).await?;
        }
        outgoing.end("").await
    };
    let mut answer = match answer.await {
        Ok(answer) => answer,
        Err(error @ Error::TimedOut(_)) => return response.status(504).end(format!("{error}\n")).await,
        Err(error) => return response.status(502).end(format!("{error}\n")).await,
    };
    let unframed: &[&[u8]] = if answer.status() == 204 { &[b"content-length"] } else { &[] };
    let fields = passed_on(&answer.headers(), unframed)?;
    let mut response = response.status(answer.status());
    for (name, value) in fields.lines().iter() {
        response = response.header(&String::from_utf8_lossy(name), value);
    }
    while let Some(piece) = answer.chunk().await? {
        response.write(piece).await?;
    }
    response.end("").await
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
// ANCHOR_END: forward

// ANCHOR: tunnel
/// RFC 9110 §9.3.6: from here on bytes are bytes.
async fn tunnel(request: Request<'_>, response: Response<'_>) -> Outcome {
    let there = match TcpStream::connect(request.target()).await {
        Ok(there) => Rc::new(there) as Rc<dyn Stream>,
        Err(error) => return response.status(502).end(format!("{error}\n")).await,
    };
    let upgraded = response.upgrade(request).await?;
    there.write_all(&upgraded.head).await?;
    let here = upgraded.stream;
    net::spawn(pour(there.clone(), here.clone()));
    pour(here, there).await;
    Ok(())
}

/// Copies one direction to its end, and passes the end on.
async fn pour(from: Rc<dyn Stream>, to: Rc<dyn Stream>) {
    let mut bytes = vec![0; net::BUFFER_SIZE];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        if to.write_all(&bytes[..count]).await.is_err() {
            break;
        }
    }
    // Who is gone already needs no end.
    let _ = to.shutdown(Shutdown::Write);
}
// ANCHOR_END: tunnel

/// `--addr HOST:PORT`, or the default.
fn addr_argument(default: &str) -> String {
    std::env::args().skip_while(|argument| argument != "--addr").nth(1).unwrap_or_else(|| default.into())
}
