//! The naive server of "The server", and the answers.

use std::{
    cell::Cell,
    io,
    rc::Rc,
    time::{Duration, Instant},
};
use wirebook_http1::{
    self as http1, Outcome, Request, Response,
    connection::{Additions, Connection, Event, FieldBlock},
    parser::Fields,
    server::Options,
};
use wirebook_net::{
    self as net, Listener, Stream,
    sim::{self, SimListener, SimStream},
};

const ADDRESS: &str = "10.0.0.1:80";

// ANCHOR: naive
/// Answers each request of a connection with its target. A task for each connection runs this.
async fn serve<S: Stream>(stream: S) -> io::Result<()> {
    let (mut connection, mut room) = (Connection::server(), Fields::new());
    let (mut bytes, mut input, mut target) = (vec![0; 16 << 10], Vec::new(), Vec::new());
    loop {
        match connection.receive(&input, &mut room).map_err(io::Error::other)? {
            (used, Some(event)) => {
                let ended = matches!(event, Event::End(_));
                if let Event::Request(head) = event {
                    target = head.target.to_vec();
                }
                input.drain(..used);
                if ended {
                    let mut out = Vec::new();
                    let none = FieldBlock::default();
                    let sent = connection.answer(200, &none, Additions::default(), &target, &mut out);
                    sent.map_err(io::Error::other)?;
                    stream.write_all(&out).await?;
                }
            }
            (used, None) => {
                input.drain(..used);
                match stream.read(&mut bytes).await? {
                    0 => return Ok(()),
                    count => input.extend_from_slice(&bytes[..count]),
                }
            }
        }
    }
}
// ANCHOR_END: naive

#[test]
fn the_naive_server_waits_for_ever_and_ours_does_not() -> io::Result<()> {
    let ended = |naive: bool| {
        sim::run(1, async move {
            let listener = SimListener::bind(ADDRESS)?;
            let mut _server = None;
            if naive {
                net::spawn(async move { serve(listener.accept().await?.0).await });
            } else {
                let handler = async |_: Request<'_>, response: Response<'_>| response.end("tea").await;
                _server = Some(http1::serve_on(listener, Options::default(), handler));
            }
            let client = SimStream::connect(ADDRESS).await?;
            client.write_all(b"GET /first HTTP/1.1\r\nHost: a\r\n\r\nGET /sec").await?;
            let end = async {
                while client.read(&mut [0; 1024]).await? > 0 {}
                io::Result::Ok(())
            };
            io::Result::Ok(net::timeout(Duration::from_secs(1800), end).await.is_ok())
        })
    };
    assert!(!ended(true)??, "half an hour later the naive one still waits for the end of the second head");
    assert!(ended(false)??);
    Ok(())
}

// ANCHOR: limit
/// Reads a head, to its empty line, in the time that is given for *all* of it.
async fn head<S: Stream>(stream: &S, limit: Duration) -> io::Result<Vec<u8>> {
    let read = async {
        let (mut head, mut bytes) = (Vec::new(), [0; 1024]);
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read(&mut bytes).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => head.extend_from_slice(&bytes[..count]),
            }
        }
        Ok(head)
    };
    // One limit around the loop. Around each read it would begin anew with every byte.
    net::timeout(limit, read).await.unwrap_or(Err(io::ErrorKind::TimedOut.into()))
}
// ANCHOR_END: limit

#[test]
fn a_byte_each_second_does_not_renew_the_limit() -> io::Result<()> {
    sim::run(1, async {
        let listener = SimListener::bind(ADDRESS)?;
        let client = SimStream::connect(ADDRESS).await?;
        let (server, _) = listener.accept().await?;
        net::spawn(async move {
            for byte in b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" {
                client.write_all(&[*byte]).await?;
                net::sleep(Duration::from_secs(1)).await;
            }
            io::Result::Ok(())
        });
        let began: Instant = net::now();
        let error = head(&server, Duration::from_secs(10)).await.expect_err("27 bytes take 26 seconds");
        assert_eq!((error.kind(), (net::now() - began).as_secs()), (io::ErrorKind::TimedOut, 10));
        io::Result::Ok(())
    })?
}

// ANCHOR: at_most
/// Counts the requests that are being answered, and gives the place back when one is over.
struct Place(Rc<Cell<usize>>);

impl Place {
    fn take(busy: &Rc<Cell<usize>>, most: usize) -> Option<Place> {
        let free = busy.get() < most;
        free.then(|| {
            busy.set(busy.get() + 1);
            Place(busy.clone())
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// Answers with `handler`, but at most so many requests at once; the others are asked to come again.
async fn at_most(
    busy: &Rc<Cell<usize>>,
    most: usize,
    request: Request<'_>,
    response: Response<'_>,
    handler: impl AsyncFnOnce(Request<'_>, Response<'_>) -> Outcome,
) -> Outcome {
    match Place::take(busy, most) {
        Some(_place) => handler(request, response).await,
        None => response.status(503).header("retry-after", "1").end("").await,
    }
}
// ANCHOR_END: at_most

async fn slow(_: Request<'_>, response: Response<'_>) -> Outcome {
    net::sleep(Duration::from_secs(1)).await;
    response.end("tea").await
}

async fn status_of_a_request() -> io::Result<String> {
    let client = SimStream::connect(ADDRESS).await?;
    client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await?;
    let mut bytes = net::buffer();
    let count = client.read(&mut bytes).await?;
    Ok(String::from_utf8_lossy(&bytes[9..count.min(12)]).into_owned())
}

#[test]
fn the_third_of_two_is_asked_to_come_again() -> io::Result<()> {
    sim::run(1, async {
        let busy = Rc::new(Cell::new(0));
        let own = busy.clone();
        let handler =
            async move |request: Request<'_>, response: Response<'_>| at_most(&own, 2, request, response, slow).await;
        let _server = http1::serve_on(SimListener::bind(ADDRESS)?, Options::default(), handler);
        let asking: Vec<_> = (0..3).map(|_| net::spawn(status_of_a_request())).collect();
        let mut statuses = Vec::new();
        for one in asking {
            statuses.push(one.await.map_err(io::Error::other)??);
        }
        statuses.sort();
        assert_eq!(statuses, ["200", "200", "503"]);
        assert_eq!((busy.get(), status_of_a_request().await?.as_str()), (0, "200"), "the places were given back");
        io::Result::Ok(())
    })?
}
