//! An application in the simulated network, and a client that speaks bytes.

use std::net::Shutdown;
use wirebook_net::sim::{self, SimListener, SimStream};
use wirebook_net::{self as net, Stream};
use wirebook_web::{App, Context, Options, Router};

pub(super) const ADDRESS: &str = "10.0.0.1:80";

/// An answer, as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) fields: Vec<(String, String)>,
    pub(super) body: String,
    /// It broke off in the middle.
    pub(super) is_broken: bool,
}

impl Reply {
    /// The first field of that name.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All fields of that name.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        self.fields.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    }

    fn read(bytes: &mut &[u8], is_head: bool) -> Reply {
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            let broken = Reply { is_broken: true, ..Reply::default() };
            *bytes = &[];
            return broken;
        };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        *bytes = &bytes[end + 4..];
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.get(9..12)?.parse().ok()).expect("a status line");
        let fields = lines.filter_map(|line| line.split_once(": "));
        let fields = fields.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        let mut reply = Reply { status, fields, ..Reply::default() };
        let mut body = Vec::new();
        if is_head || matches!(status, 204 | 304) {
            return reply;
        }
        if reply.field("transfer-encoding").is_some() {
            loop {
                let Some(line) = bytes.windows(2).position(|two| two == b"\r\n") else {
                    reply.is_broken = true;
                    break;
                };
                let size = str::from_utf8(&bytes[..line]).ok().and_then(|size| usize::from_str_radix(size, 16).ok());
                let size = size.expect("a chunk's size");
                let Some(chunk) = bytes.get(line + 2..line + 2 + size) else {
                    reply.is_broken = true;
                    break;
                };
                body.extend_from_slice(chunk);
                *bytes = bytes.get(line + 4 + size..).unwrap_or_default();
                if size == 0 {
                    break;
                }
            }
        } else {
            let length: usize = reply.field("content-length").and_then(|length| length.parse().ok()).expect("a length");
            reply.is_broken = length > bytes.len();
            body.extend_from_slice(&bytes[..length.min(bytes.len())]);
            *bytes = &bytes[length.min(bytes.len())..];
        }
        reply.body = String::from_utf8_lossy(&body).into_owned();
        reply
    }
}

/// An application with no options of its own.
pub(super) fn app(router: Router) -> App {
    router.into_app(quiet()).expect("routes that can be")
}

/// Options that write nothing on standard error.
pub(super) fn quiet() -> Options {
    Options { on_error: None, ..Options::default() }
}

/// Sends bytes, ends its half, and gives all that comes.
pub(super) fn talk(app: App, bytes: impl Into<Vec<u8>>) -> Vec<u8> {
    let bytes = bytes.into();
    let all = async move {
        let server = app.serve_on(SimListener::bind(ADDRESS).expect("a free address"));
        let client = SimStream::connect(ADDRESS).await.expect("the server listens");
        client.write_all(&bytes).await.ok();
        client.shutdown(Shutdown::Write).ok();
        let mut all = Vec::new();
        let mut piece = [0; 4096];
        while let Ok(count @ 1..) = client.read(&mut piece).await {
            all.extend_from_slice(&piece[..count]);
        }
        drop(client);
        server.close();
        server.closed().await;
        all
    };
    sim::run(1, all).expect("the loop runs")
}

/// Asks one thing.
pub(super) fn ask(app: App, request: impl Into<Vec<u8>>) -> Reply {
    let request = request.into();
    let is_head = request.starts_with(b"HEAD ");
    let all = talk(app, request);
    let mut rest = all.as_slice();
    let reply = Reply::read(&mut rest, is_head);
    assert!(rest.is_empty(), "behind the answer comes {}", rest.escape_ascii());
    reply
}

/// Asks an application several things in order, each on a connection of its own, as a visitor with a jar of cookies: method, path, a field or
/// none, a body. `{said}` in a field or a body is the body of the first answer.
pub(super) fn visit(app: App, asked: &[(&str, &str, &str, &str)]) -> Vec<Reply> {
    let asked: Vec<_> = asked.iter().map(|(a, b, c, d)| [a, b, c, d].map(|text| (*text).to_owned())).collect();
    let all = async move {
        let server = app.serve_on(SimListener::bind(ADDRESS).expect("a free address"));
        let (mut replies, mut jar) = (Vec::<Reply>::new(), Vec::<(String, String)>::new());
        for [method, path, field, body] in asked {
            let said = replies.first().map(|reply| reply.body.clone()).unwrap_or_default();
            let mut fields = vec![field.replace("{said}", &said)];
            fields.retain(|field| !field.is_empty());
            if !jar.is_empty() {
                let pairs: Vec<_> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
                fields.push(format!("cookie: {}", pairs.join("; ")));
            }
            let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
            let request = match (&*method, &*body) {
                ("GET", _) => request(&method, &path, &fields),
                (_, body) => with_body(&method, &path, &fields, &body.replace("{said}", &said)),
            };
            let client = SimStream::connect(ADDRESS).await.expect("the server listens");
            client.write_all(request.as_bytes()).await.ok();
            client.shutdown(Shutdown::Write).ok();
            let (mut all, mut piece) = (Vec::new(), [0; 4096]);
            while let Ok(count @ 1..) = client.read(&mut piece).await {
                all.extend_from_slice(&piece[..count]);
            }
            let reply = Reply::read(&mut all.as_slice(), false);
            for cookie in reply.all("set-cookie") {
                let (name, value) = cookie.split(';').next().and_then(|pair| pair.split_once('=')).expect("a pair");
                jar.retain(|(known, _)| known != name);
                jar.push((name.to_owned(), value.to_owned()));
            }
            replies.push(reply);
        }
        server.close();
        server.closed().await;
        replies
    };
    sim::run(1, all).expect("the loop runs")
}

/// Asks with a method and a path, and fields such as `"cookie: a=b"`.
pub(super) fn request(method: &str, path: &str, fields: &[&str]) -> String {
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: example.com\r\n");
    for field in fields {
        text += field;
        text += "\r\n";
    }
    text + "\r\n"
}

/// The same with a body.
pub(super) fn with_body(method: &str, path: &str, fields: &[&str], body: &str) -> String {
    let length = format!("content-length: {}", body.len());
    request(method, path, &[fields, &[&length]].concat()) + body
}

pub(super) fn get(app: App, path: &str) -> Reply {
    ask(app, request("GET", path, &[]))
}

/// What the rings have done, in their order.
#[derive(Default)]
pub(super) struct Trace(pub(super) Vec<String>);

pub(super) fn note(ctx: &mut Context<'_>, what: &str) {
    if ctx.get_state::<Trace>().is_none() {
        ctx.state().insert(Trace::default());
    }
    ctx.state().get_mut::<Trace>().expect("it was put in").0.push(what.to_owned());
}

pub(super) fn trace(ctx: &Context<'_>) -> String {
    ctx.get_state::<Trace>().map(|trace| trace.0.join(" ")).unwrap_or_default()
}

/// Waits, and lets others run.
pub(super) async fn wait() {
    net::yield_now().await;
}
