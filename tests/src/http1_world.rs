//! A client and a server of its own in the simulated network: what the tests of the agent are made of.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;
use wirebook_http1::client::{Agent, AgentOptions, Error, Options, Origin, Response, request};
use wirebook_net::sim::{self, SimListener, SimStream};
use wirebook_net::{self as net, Stream};

/// Where the simulated server listens.
pub const ADDRESS: &str = "10.0.0.1:80";
/// Longer than a message travels.
pub const MILLISECOND: Duration = Duration::from_millis(1);

/// What the simulated server knows of its connections.
#[derive(Clone, Default)]
pub struct Log(pub Rc<RefCell<Vec<String>>>);

impl Log {
    /// Writes a line down.
    pub fn note(&self, text: impl Into<String>) {
        self.0.borrow_mut().push(text.into());
    }

    /// Whether that line was written.
    pub fn has(&self, text: &str) -> bool {
        self.0.borrow().iter().any(|line| line == text)
    }
}

/// One connection of the server; it is read head by head.
pub struct Peer {
    /// The server's end.
    pub stream: SimStream,
    /// Counted from 0.
    pub number: usize,
    /// Read and not yet used.
    pub unused: RefCell<Vec<u8>>,
}

impl Peer {
    /// The next request's head, without its body; `None` at the end.
    pub async fn head(&self) -> Option<String> {
        let mut bytes = [0; 4096];
        loop {
            let end = self.unused.borrow().windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(end) = end {
                let head = self.unused.borrow_mut().drain(..end + 4).collect();
                return Some(String::from_utf8(head).expect("text"));
            }
            match self.stream.read(&mut bytes).await {
                Ok(count @ 1..) => self.unused.borrow_mut().extend_from_slice(&bytes[..count]),
                _ => return None,
            }
        }
    }

    /// Body bytes until there are so many.
    pub async fn body(&self, count: usize) -> Vec<u8> {
        let mut bytes = [0; 4096];
        while self.unused.borrow().len() < count {
            match self.stream.read(&mut bytes).await {
                Ok(count @ 1..) => self.unused.borrow_mut().extend_from_slice(&bytes[..count]),
                end => panic!("the body ended early: {end:?}"),
            }
        }
        self.unused.borrow_mut().drain(..count).collect()
    }

    /// Writes, if the client is still there.
    pub async fn send(&self, text: &str) {
        // A client that refuses what it hears is gone.
        let _ = self.stream.write_all(text.as_bytes()).await;
    }

    /// Answers 200 with that body.
    pub async fn answer(&self, body: &str) {
        self.send(&format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())).await;
    }
}

/// Starts a server that gives each connection to `talk`, and an agent that reaches it. The log tells which connections
/// ended.
pub fn world<T>(options: AgentOptions, talk: T) -> (Agent, Log)
where
    T: AsyncFn(&Peer) + 'static,
{
    let talk = Rc::new(talk);
    let log = serve(Rc::new(move |peer| {
        let talk = talk.clone();
        Box::pin(async move {
            talk(&peer).await;
            peer
        })
    }));
    let agent = Agent::with_connector(options, async |_: Origin| SimStream::connect(ADDRESS).await);
    (agent, log)
}

/// How one connection is talked to; it is given back.
type Talk = Rc<dyn Fn(Peer) -> Pin<Box<dyn Future<Output = Peer>>>>;

/// The server of them all, compiled once.
fn serve(talk: Talk) -> Log {
    let listener = SimListener::bind(ADDRESS).expect("a free address");
    let log = Log::default();
    let noted = log.clone();
    net::spawn(async move {
        for number in 0.. {
            let (stream, _) = net::Listener::accept(&listener).await.expect("the listener lives");
            let (talk, noted) = (talk.clone(), noted.clone());
            net::spawn(async move {
                let peer = talk(Peer { stream, number, unused: RefCell::default() }).await;
                while peer.stream.read(&mut [0; 1024]).await.is_ok_and(|count| count > 0) {}
                noted.note(format!("end of {number}"));
            });
        }
    });
    log
}

/// Answers each request with the connection's number, after `delay`.
pub fn numbered(delay: Duration) -> impl AsyncFn(&Peer) {
    async move |peer: &Peer| {
        while peer.head().await.is_some() {
            net::sleep(delay).await;
            peer.answer(&peer.number.to_string()).await;
        }
    }
}

/// A GET through that agent.
pub fn at<'a>(agent: &'a Agent, path: &'a str) -> Options<'a> {
    Options { agent: Some(agent), path, ..Options::default() }
}

/// An exchange without a request body; the response's body as text.
///
/// # Errors
///
/// Those of the exchange.
pub async fn fetch(options: &Options<'_>) -> Result<String, Error> {
    let mut response = request(options).await?.end("").await?;
    Ok(String::from_utf8(response.bytes(1 << 20).await?).expect("text"))
}

/// The same up to the response's head.
pub async fn begin(options: &Options<'_>) -> Response {
    request(options).await.expect("a connection").end("").await.expect("a head")
}

/// Sockets, free and requests.
pub fn counts(agent: &Agent) -> (usize, usize, usize) {
    (agent.sockets(), agent.free(), agent.requests())
}

/// Runs in virtual time.
pub fn simulate<T: 'static>(future: impl Future<Output = T> + 'static) -> T {
    sim::run(1, future).expect("the loop runs")
}
