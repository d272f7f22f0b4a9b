//! The server under test, on a thread of its own.

use std::net::SocketAddr;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use wirebook_net::{self as net, Listener, Stream, tcp::TcpListener};
use wirebook_tests::allocations::measure;
use wirebook_websocket::handshake::{Origin, server::Policy};
use wirebook_websocket::{self as websocket, Accepted, Code, Config, Deflate, Heartbeat, Hub, Options};

/// What a row asks for.
#[derive(Clone, Default)]
pub(crate) struct Setup {
    pub(crate) options: Options,
    pub(crate) handler: Handler,
}

#[derive(Clone, Default, PartialEq)]
pub(crate) enum Handler {
    #[default]
    Echo,
    /// Closes at once with this code.
    Close(u16),
    /// Broadcasts 64 KiB so many times, a turn of the loop apart.
    Broadcast(usize),
}

impl Setup {
    pub(crate) fn of(config: &Value) -> Self {
        let texts = |key: &str| -> Option<Vec<String>> {
            Some(config[key].as_array()?.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect())
        };
        let millis = |key: &str| config[key].as_u64().map(Duration::from_millis);
        let mut settings = Config { deflate: Some(Deflate::default()), ..Config::default() };
        if let (Some(interval), Some(timeout)) = (millis("ping_interval_ms"), millis("ping_timeout_ms")) {
            settings.heartbeat = Some(Heartbeat { interval, timeout });
        }
        let handler = match millis("close_timeout_ms") {
            Some(timeout) => {
                settings.close_timeout = timeout;
                Handler::Close(1001)
            }
            None => Handler::Echo,
        };
        let origin = texts("allowed_origins").map_or(Origin::default(), Origin::Any);
        let policy = Policy { origin, protocols: texts("subprotocols").unwrap_or_default() };
        Setup { options: Options { policy, config: Arc::new(settings), ..Options::default() }, handler }
    }
}

/// A running server.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    control: std::net::TcpStream,
    thread: std::thread::JoinHandle<Spent>,
}

/// What it cost.
pub(crate) struct Spent {
    pub(crate) peak_bytes: i64,
    /// How each connection ended, as its handler was told.
    pub(crate) local_codes: Vec<u16>,
}

impl Running {
    /// Ends it.
    pub(crate) fn stop(self) -> Spent {
        drop(self.control);
        self.thread.join().expect("the server does not panic")
    }
}

pub(crate) fn start(setup: Setup) -> Running {
    let (tell, told) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        let codes = Arc::new(Mutex::new(Vec::new()));
        let kept = codes.clone();
        let ((), cost) = measure(|| net::block_on(serve(setup, tell, kept)).expect("the loop runs"));
        let local_codes = std::mem::take(&mut *codes.lock().expect("nobody panicked"));
        Spent { peak_bytes: cost.peak_bytes, local_codes }
    });
    let (address, control) = told.recv().expect("the server starts");
    let control = std::net::TcpStream::connect::<SocketAddr>(control).expect("the server listens");
    Running { address, control, thread }
}

async fn serve(setup: Setup, tell: mpsc::Sender<(SocketAddr, SocketAddr)>, codes: Arc<Mutex<Vec<u16>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let control = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let addresses = (listener.local_addr().expect("bound"), control.local_addr().expect("bound"));
    let hub = Hub::default();
    let handler = setup.handler;
    websocket::serve_on(listener, (), setup.options, async move |connection: Accepted| {
        let Accepted { mut reader, writer, .. } = connection;
        match handler {
            Handler::Close(code) => writer.close(Code(code), "")?,
            Handler::Broadcast(times) => {
                let _seat = hub.join("all", &writer);
                let payload = vec![b'x'; 64 << 10];
                for _ in 0..times {
                    hub.broadcast("all", &payload[..]);
                    net::yield_now().await;
                }
            }
            Handler::Echo => {}
        }
        loop {
            let ended = match reader.next().await {
                Ok(Some(message)) => writer.send(message).await.map_err(websocket::Fault::from),
                Ok(None) => return Ok(()),
                Err(error) => Err(error.into()),
            };
            if let Err(fault) = ended {
                let code = writer.farewell().map_or(0, |close| close.code.0);
                codes.lock().expect("nobody panicked").push(code);
                return Err(fault);
            }
        }
    });
    tell.send(addresses).expect("the test waits");
    let (stream, _) = control.accept().await.expect("the test connects");
    let _ = stream.read(&mut [0]).await;
    net::stop();
}
