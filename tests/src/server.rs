//! A server under test, on a thread and a loop of its own, and clients that speak bytes.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use wirebook_http1::server::Options;
use wirebook_http1::{self as http1, Outcome, Request, Response};
use wirebook_net as net;

/// A client that waits this long for a byte has found a server that hangs.
const PATIENCE: Duration = Duration::from_secs(10);

/// Starts a server with that handler on a free port; it ends with the test process.
pub fn start<H>(options: Options, handler: H) -> SocketAddr
where
    H: AsyncFn(Request<'_>, Response<'_>) -> Outcome + Send + 'static,
{
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        net::block_on(async move {
            let listener = net::tcp::TcpListener::bind("127.0.0.1:0").expect("a free port");
            send.send(listener.local_addr().expect("an address")).expect("the test waits");
            http1::serve_on(listener, options, handler);
        })
    });
    receive.recv().expect("the server starts")
}

/// What a server sent until it closed the connection.
pub struct Answers {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// It ended by a reset, not by FIN.
    pub reset: bool,
}

impl Answers {
    /// As text, for assertions.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The status codes, in order. Bodies of tests contain no status lines.
    pub fn statuses(&self) -> Vec<u16> {
        let text = self.text();
        text.match_indices("HTTP/1.1 ")
            .filter_map(|(at, mark)| text.get(at + mark.len()..)?.get(..3)?.parse().ok())
            .collect()
    }
}

/// Sends bytes, then closes its half, and reads all.
pub fn talk(address: SocketAddr, bytes: &[u8]) -> Answers {
    let mut stream = connect(address);
    stream.write_all(bytes).ok();
    stream.shutdown(Shutdown::Write).ok();
    read_all(stream)
}

/// Sends bytes and reads until the server closes; the client's half stays open.
pub fn talk_until_closed(address: SocketAddr, bytes: &[u8]) -> Answers {
    let mut stream = connect(address);
    // A server that refuses early may close before all is written.
    stream.write_all(bytes).ok();
    read_all(stream)
}

/// A connection with a limit on every wait.
pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the server listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out can be set");
    stream.set_write_timeout(Some(PATIENCE)).expect("a time-out can be set");
    stream
}

/// Reads until the end.
///
/// # Panics
///
/// When the server neither sends nor closes.
pub fn read_all(mut stream: TcpStream) -> Answers {
    let mut answers = Answers { bytes: Vec::new(), reset: false };
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return answers,
            Ok(count) => answers.bytes.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {
                answers.reset = true;
                return answers;
            }
            Err(error) => panic!("the server hangs ({error}) after {:?}", answers.text()),
        }
    }
}
