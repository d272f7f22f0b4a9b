//! The server in the simulated network: time, handing over and closing, and a thousand rough networks.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use wirebook_http1::server::Options;
use wirebook_http1::{self as http1, FieldBlock, Outcome, Request, Response, Server};
use wirebook_net::sim::{self, Config, SimListener, SimStream};
use wirebook_net::{self as net, Stream};

const ADDRESS: &str = "10.0.0.1:80";

async fn handler(mut request: Request<'_>, response: Response<'_>) -> Outcome {
    match request.path() {
        "/switch" if request.upgrades() => {
            let upgraded = response.header("upgrade", "echo").upgrade(request).await?;
            upgraded.stream.try_write(&upgraded.head)?;
            echo(&*upgraded.stream).await;
            Ok(())
        }
        "" if request.method() == "CONNECT" => {
            let upgraded = response.upgrade(request).await?;
            // A task of its own: the handler ends, the tunnel does not.
            net::spawn(async move { echo(&*upgraded.stream).await });
            Ok(())
        }
        "/hints" => {
            let mut response = response;
            let mut links = FieldBlock::default();
            links.push("link", "</style.css>; rel=preload")?;
            response.informational(103, &links).await?;
            response.end("page").await
        }
        "/trailers" => {
            while request.chunk().await?.is_some() {}
            let mut trailers = FieldBlock::default();
            for (name, value) in request.trailers().iter() {
                trailers.push(name, value)?;
            }
            response.end_with_trailers("body", &trailers).await
        }
        "/slow" => {
            net::sleep(Duration::from_secs(3)).await;
            response.end("slow").await
        }
        "/file" => response.end_file(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).await,
        "/echo" => {
            let body = request.bytes(1 << 20).await?;
            response.end(body).await
        }
        path => response.end(path).await,
    }
}

async fn echo(stream: &dyn Stream) {
    let mut bytes = [0; 1024];
    loop {
        let read = std::future::poll_fn(|context| {
            loop {
                match stream.try_read(&mut bytes) {
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                        if stream.poll_readable(context).is_pending() {
                            return std::task::Poll::Pending;
                        }
                    }
                    result => return std::task::Poll::Ready(result),
                }
            }
        });
        match read.await {
            Ok(count @ 1..) => drop(stream.try_write(&bytes[..count])),
            _ => return,
        }
    }
}

fn serve(options: Options) -> Server {
    http1::serve_on(SimListener::bind(ADDRESS).expect("a free address"), options, handler)
}

/// A connection that keeps what it has read.
struct Client {
    stream: SimStream,
    text: RefCell<String>,
}

impl Client {
    async fn connect() -> Client {
        Client { stream: SimStream::connect(ADDRESS).await.expect("the server listens"), text: RefCell::default() }
    }

    async fn send(&self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.expect("the server reads");
    }

    async fn get(&self, path: &str) {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")).await;
    }

    /// Reads until `end` was seen, and gives all that came; an empty `end` is the end of the stream.
    async fn until(&self, end: &str) -> String {
        let mut bytes = [0; 4096];
        loop {
            if !end.is_empty() && self.text.borrow().ends_with(end) {
                return self.text.take();
            }
            match self.stream.read(&mut bytes).await {
                Ok(count @ 1..) => self.text.borrow_mut().push_str(&String::from_utf8_lossy(&bytes[..count])),
                _ if end.is_empty() => return self.text.take(),
                end => panic!("the connection ended ({end:?}) behind {:?}", self.text.borrow()),
            }
        }
    }
}

/// Runs in virtual time.
fn simulate<T: 'static>(future: impl Future<Output = T> + 'static) -> T {
    sim::run(1, future).expect("the loop runs")
}

#[test]
fn an_upgrade_hands_the_connection_over_with_the_bytes_behind_it() {
    simulate(async {
        let server = serve(Options::default());
        let client = Client::connect().await;
        client.send("GET /switch HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nearly").await;
        let text = client.until("early").await;
        assert!(
            text.starts_with("HTTP/1.1 101 Switching Protocols\r\nupgrade: echo\r\nconnection: upgrade\r\n\r\n"),
            "{text}"
        );
        client.send("late").await;
        assert_eq!(client.until("late").await, "late");
        drop(client);
        server.close();
        server.closed().await;
    });
}

#[test]
fn connect_opens_a_tunnel_that_outlives_its_handler() {
    simulate(async {
        serve(Options::default());
        let client = Client::connect().await;
        client.send("CONNECT b:443 HTTP/1.1\r\nHost: b:443\r\n\r\n").await;
        assert_eq!(client.until("\r\n\r\n").await, "HTTP/1.1 200 OK\r\n\r\n");
        client.send("bytes").await;
        assert_eq!(client.until("bytes").await, "bytes");
        net::stop();
    });
}

#[test]
fn an_upgrade_that_nobody_agrees_to_is_an_ordinary_request() {
    simulate(async {
        serve(Options::default());
        let client = Client::connect().await;
        client.send("GET /x HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n").await;
        assert!(client.until("/x").await.starts_with("HTTP/1.1 200 OK"));
        client.get("/y").await;
        client.until("/y").await;
        net::stop();
    });
}

#[test]
fn informational_answers_trailers_and_files() {
    simulate(async {
        serve(Options::default());
        let client = Client::connect().await;
        client.get("/hints").await;
        let text = client.until("page").await;
        assert!(
            text.starts_with("HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK"),
            "{text}"
        );
        client.send("POST /trailers HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nDigest: x\r\n\r\n").await;
        let text = client.until("\r\n\r\n4\r\nbody\r\n0\r\nDigest: x\r\n\r\n").await;
        assert!(text.contains("transfer-encoding: chunked"), "{text}");
        let file = include_str!("../../Cargo.toml");
        client.get("/file").await;
        let text = client.until(file).await;
        assert!(text.contains(&format!("content-length: {}\r\n", file.len())), "{text}");
        net::stop();
    });
}

#[test]
fn an_idle_connection_is_parked_resumed_and_at_last_closed() {
    simulate(async {
        let server = serve(Options { idle_timeout: Duration::from_secs(20), ..Options::default() });
        let client = Client::connect().await;
        for pause in [0, 3, 15] {
            // After a second it is parked.
            net::sleep(Duration::from_secs(pause)).await;
            client.get("/x").await;
            client.until("/x").await;
        }
        let before = net::now();
        assert_eq!(client.until("").await, "");
        let idled = net::now() - before;
        assert!((Duration::from_secs(19)..Duration::from_secs(22)).contains(&idled), "{idled:?}");
        assert_eq!(server.connections(), 0);
        net::stop();
    });
}

#[test]
fn a_head_has_its_time_however_busily_it_trickles() {
    simulate(async {
        serve(Options::default());
        let client = Client::connect().await;
        let before = net::now();
        let stream = Rc::new(client);
        let trickle = stream.clone();
        net::spawn(async move {
            loop {
                net::sleep(Duration::from_millis(900)).await;
                if trickle.stream.write_all(b"G").await.is_err() {
                    return;
                }
            }
        });
        let text = stream.until("").await;
        let took = net::now() - before;
        assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
        assert!((Duration::from_secs(9)..Duration::from_secs(13)).contains(&took), "{took:?}");
        net::stop();
    });
}

#[test]
fn closing_answers_those_who_have_asked() {
    simulate(async {
        let server = serve(Options::default());
        let (busy, idle) = (Client::connect().await, Client::connect().await);
        busy.get("/slow").await;
        net::sleep(Duration::from_secs(1)).await;
        server.close();
        assert_eq!(idle.until("").await, "", "the idle one is closed at once");
        let before = net::now();
        server.closed().await;
        assert!(net::now() - before >= Duration::from_secs(2));
        assert!(busy.until("").await.ends_with("slow"));
        assert!(SimStream::connect(ADDRESS).await.is_err(), "nobody listens any more");
    });
}

#[test]
fn connections_over_the_limit_wait_and_are_served_in_turn() {
    simulate(async {
        let server = serve(Options { max_connections: 2, idle_timeout: Duration::from_secs(4), ..Options::default() });
        let clients = [Client::connect().await, Client::connect().await, Client::connect().await];
        clients[2].get("/waiting").await;
        net::sleep(Duration::from_secs(1)).await;
        assert_eq!(server.connections(), 2);
        let before = net::now();
        clients[2].until("/waiting").await;
        assert!(net::now() > before, "it waited for one of the others");
        net::stop();
    });
}

#[test]
fn a_thousand_rough_networks_give_every_client_its_own_answers() {
    sim::explore(
        1000,
        |seed| Config {
            faults: sim::Faults { reset: 0.0, refuse: 0.0, ..sim::Faults::rough() },
            ..Config::rough(seed)
        },
        |seed| async move {
            let server = serve(Options::default());
            let clients = (0..3).map(|client| {
            net::spawn(async move {
                let connection = Client::connect().await;
                for request in 0..4 {
                    let body = format!("{seed}/{client}/{request}/").repeat(1 + (seed as usize % 40));
                    match request % 3 {
                        0 => connection.get(&format!("/{body}")).await,
                        1 => connection.send(&format!("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}", body.len())).await,
                        _ => connection.send(&format!("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len())).await,
                    }
                    let text = connection.until(&body).await;
                    assert!(text.starts_with("HTTP/1.1 200 OK\r\n") && text.matches("HTTP/1.1").count() == 1, "{text}");
                }
            })
        });
            for client in clients.collect::<Vec<_>>() {
                client.await.expect("a client that was answered");
            }
            server.close();
            server.closed().await;
        },
    );
}
