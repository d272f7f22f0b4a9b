//! The 57 cases for clients: one that asks for `/` meets a server that does this.

use super::wire::{
    END_HEADERS, END_STREAM, PADDED, WHOLE, Wire, block, continuation, data, dummies, goaway, headers, ping, priority,
    raw, reset, set, window,
};
use super::{Expect, Pace, REAL, Row, SIMULATED, Step};
use crate::peer::{ADDRESS, simulate};
use Expect::{Acknowledged, AnyGoaway, AnyPing, Connection, End, Goaway, Nothing, Pong, Reset, Stream as OfStream};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use wirebook_http2::client::{Error, Session};
use wirebook_http2::{Code, Config};
use wirebook_net::sim::{SimListener, SimStream};
use wirebook_net::tcp::{TcpListener, TcpStream};
use wirebook_net::{self as net, Listener, Stream};
use wirebook_tests::tls::Authority;
use wirebook_tls::Options;

const PROTOCOL: &[Code] = &[Code::PROTOCOL_ERROR];
const CLOSED: &[Code] = &[Code::STREAM_CLOSED];
const CLOSED_OR_PROTOCOL: &[Code] = &[Code::STREAM_CLOSED, Code::PROTOCOL_ERROR];
const FRAME_SIZE: &[Code] = &[Code::FRAME_SIZE_ERROR];
const SIZE_OR_PROTOCOL: &[Code] = &[Code::PROTOCOL_ERROR, Code::FRAME_SIZE_ERROR];
const FLOW: &[Code] = &[Code::FLOW_CONTROL_ERROR];
const COMPRESSION: &[Code] = &[Code::COMPRESSION_ERROR];
const H2SPEC: &[u8; 8] = b"h2spec\0\0";
const WINDOW: u16 = 0x4;
const MOST: u32 = (1 << 31) - 1;

fn row(id: &'static str, what: &'static str, steps: Vec<Step>, expect: Expect) -> Row {
    Row { id, what, steps, expect }
}

fn ok() -> Vec<u8> {
    block(&[(":status", "200")])
}

/// The whole answer, and its head alone.
fn answer() -> Step {
    headers(1, WHOLE, &ok())
}

fn head() -> Step {
    headers(1, END_HEADERS, &ok())
}

#[rustfmt::skip]
fn first_rows() -> Vec<Row> {
    let large = [&ok()[..], &dummies(5)].concat();
    let unknown = || raw(0x16, 0, 0, &[0; 8]);
    vec![
        row("client/1/1", "an answer", vec![answer()], Nothing),
        row("client/4.1/1", "a frame of an unknown type", vec![unknown(), ping(false, &[0; 8])], Pong([0; 8])),
        row("client/4.1/2", "an undefined flag", vec![raw(0x6, 0x16, 0, &[0; 8])], AnyPing),
        row("client/4.1/3", "the reserved bit", vec![raw(0x6, 0x16, 1 << 31, &[0; 8])], AnyPing),
        row("client/4.2/1", "DATA of 2^14 bytes", vec![head(), data(1, END_STREAM, &[b'x'; 16_384]), ping(false, &[0; 8])], Pong([0; 8])),
        row("client/4.2/2", "DATA that is too large", vec![head(), data(1, END_STREAM, &[b'x'; 16_385])], OfStream(FRAME_SIZE)),
        row("client/4.2/3", "HEADERS that are too large", vec![headers(1, WHOLE, &large)], Connection(FRAME_SIZE)),
        // The number is little-endian there.
        row("client/4.3/1", "an invalid block", vec![raw(0x1, WHOLE, 0x0100_0000, b"\x40")], Connection(COMPRESSION)),
        row("client/5.1/1", "idle: DATA", vec![data(2, END_STREAM, b"test")], Connection(PROTOCOL)),
        row("client/5.1/2", "idle: RST_STREAM", vec![reset(2, 8)], Connection(PROTOCOL)),
        row("client/5.1/3", "idle: WINDOW_UPDATE", vec![window(2, 100)], Connection(PROTOCOL)),
        row("client/5.1/4", "idle: CONTINUATION", vec![continuation(2, END_HEADERS, &ok())], Connection(PROTOCOL)),
        row("client/5.1/5", "closed by RST_STREAM: DATA", vec![head(), reset(1, 8), data(1, END_STREAM, b"test")], OfStream(CLOSED)),
        row("client/5.1/6", "closed by RST_STREAM: HEADERS", vec![head(), reset(1, 8), answer()], OfStream(CLOSED)),
        row("client/5.1/7", "closed by RST_STREAM: CONTINUATION", vec![head(), reset(1, 8), continuation(1, END_HEADERS, &dummies(1))], OfStream(CLOSED_OR_PROTOCOL)),
        row("client/5.1/8", "closed: DATA", vec![answer(), data(1, END_STREAM, b"test")], Connection(CLOSED)),
        row("client/5.1/9", "closed: HEADERS", vec![answer(), answer()], Connection(CLOSED)),
        row("client/5.1/10", "closed: CONTINUATION", vec![answer(), continuation(1, END_HEADERS, &dummies(1))], Connection(CLOSED_OR_PROTOCOL)),
        row("client/5.1.1/1", "a number that nobody has opened", vec![headers(101, WHOLE, &ok())], Connection(PROTOCOL)),
        row("client/5.4.1/1", "the connection ends after an error", vec![raw(0x6, 0, 3, &[0; 8])], End),
        row("client/5.4.1/2", "GOAWAY after an error", vec![raw(0x6, 0, 3, &[0; 8])], AnyGoaway),
        row("client/5.5/1", "an unknown frame", vec![unknown(), ping(false, &[0; 8])], Pong([0; 8])),
    ]
}

#[rustfmt::skip]
fn frames() -> Vec<Row> {
    let (ok, dummy) = (ok(), dummies(1));
    let four = || headers(1, END_HEADERS, &block(&[(":status", "200"), ("content-length", "4")]));
    let padded = [&[ok.len() as u8 + 2][..], &ok].concat();
    vec![
        row("client/6.1/1", "DATA on stream 0", vec![data(0, END_STREAM, b"test")], Connection(PROTOCOL)),
        row("client/6.1/2", "DATA on a stream that is not open", vec![answer(), data(1, END_STREAM, b"test")], OfStream(CLOSED)),
        row("client/6.1/3", "DATA with too much padding", vec![four(), data(1, END_STREAM | PADDED, b"\x06Test")], OfStream(PROTOCOL)),
        row("client/6.2/1", "HEADERS, then PRIORITY", vec![headers(1, 0, &ok), priority(1, 0, 255), continuation(1, END_HEADERS, &dummy)], Connection(PROTOCOL)),
        row("client/6.2/2", "HEADERS on stream 0", vec![headers(0, WHOLE, &ok)], Connection(PROTOCOL)),
        row("client/6.2/3", "HEADERS with too much padding", vec![raw(0x1, PADDED, 1, &padded)], OfStream(PROTOCOL)),
        row("client/6.3/1", "PRIORITY on stream 0", vec![priority(0, 0, 255)], Connection(PROTOCOL)),
        row("client/6.3/2", "PRIORITY of four bytes", vec![answer(), raw(0x2, 0, 1, b"\x80\0\0\x01")], OfStream(FRAME_SIZE)),
        row("client/6.4/1", "RST_STREAM on stream 0", vec![reset(0, 8)], Connection(PROTOCOL)),
        row("client/6.4/2", "RST_STREAM on an idle stream", vec![reset(2, 8)], Connection(PROTOCOL)),
        row("client/6.4/3", "RST_STREAM of three bytes", vec![answer(), raw(0x3, 0, 1, &[0; 3])], OfStream(FRAME_SIZE)),
        row("client/6.5/1", "an acknowledgement with content", vec![raw(0x4, 1, 0, &[0])], Connection(FRAME_SIZE)),
        row("client/6.5/2", "SETTINGS on a stream", vec![raw(0x4, 0, 1, b"\0\x03\0\0\0\x64")], Connection(PROTOCOL)),
        row("client/6.5/3", "SETTINGS of three bytes", vec![raw(0x4, 0, 0, b"\0\x03\0")], OfStream(SIZE_OR_PROTOCOL)),
        row("client/6.5.2/1", "INITIAL_WINDOW_SIZE of 2^31", vec![set(&[(WINDOW, 1 << 31)])], Connection(FLOW)),
        row("client/6.5.2/2", "MAX_FRAME_SIZE of 16,383", vec![set(&[(5, 16_383)])], Connection(PROTOCOL)),
        row("client/6.5.2/3", "MAX_FRAME_SIZE of 2^24", vec![set(&[(5, 1 << 24)])], Connection(PROTOCOL)),
        row("client/6.5.2/4", "an unknown setting", vec![set(&[(0xff, 1)]), ping(false, &[0; 8])], Pong([0; 8])),
        row("client/6.5.3/1", "SETTINGS are acknowledged", vec![set(&[(2, 0)])], Acknowledged),
        row("client/6.7/1", "PING", vec![ping(false, H2SPEC)], Pong(*H2SPEC)),
        row("client/6.7/2", "an answer to no PING", vec![ping(true, b"invalid\0"), ping(false, H2SPEC)], Pong(*H2SPEC)),
        row("client/6.7/3", "PING on a stream", vec![raw(0x6, 0, 1, &[0; 8])], Connection(PROTOCOL)),
        row("client/6.7/4", "PING of six bytes", vec![raw(0x6, 0, 0, &[0; 6])], Connection(FRAME_SIZE)),
        row("client/6.8/1", "GOAWAY on a stream", vec![raw(0x7, 0, 1, &[0; 8])], Connection(PROTOCOL)),
        row("client/6.9/1", "WINDOW_UPDATE by 0", vec![window(0, 0)], Connection(PROTOCOL)),
        row("client/6.9/2", "WINDOW_UPDATE by 0 of a stream", vec![head(), window(1, 0)], OfStream(PROTOCOL)),
        row("client/6.9/3", "WINDOW_UPDATE of three bytes", vec![raw(0x8, 0, 0, &[0, 0, 1])], Connection(FRAME_SIZE)),
        row("client/6.9.1/1", "a window above 2^31 - 1", vec![window(0, MOST), window(0, MOST)], Goaway(Code::FLOW_CONTROL_ERROR)),
        row("client/6.9.1/2", "a stream's window above 2^31 - 1", vec![head(), window(1, MOST), window(1, MOST)], Reset(Code::FLOW_CONTROL_ERROR)),
        row("client/6.10/1", "CONTINUATION twice", vec![headers(1, END_STREAM, &ok), continuation(1, 0, &dummy), continuation(1, END_HEADERS, &dummy), ping(false, &[0; 8])], Pong([0; 8])),
        row("client/6.10/2", "CONTINUATION, then DATA", vec![headers(1, 0, &ok), continuation(1, 0, &dummy), data(1, END_STREAM, b"test")], Connection(PROTOCOL)),
        row("client/6.10/3", "CONTINUATION on stream 0", vec![headers(1, END_STREAM, &ok), continuation(0, END_HEADERS, &dummy)], Connection(PROTOCOL)),
        row("client/6.10/4", "CONTINUATION behind the block's end", vec![answer(), continuation(1, END_HEADERS, &dummy)], Connection(PROTOCOL)),
        row("client/6.10/5", "CONTINUATION behind the last CONTINUATION", vec![headers(1, END_STREAM, &ok), continuation(1, END_HEADERS, &dummy), continuation(1, END_HEADERS, &dummy)], Connection(PROTOCOL)),
        row("client/6.10/6", "CONTINUATION behind DATA", vec![headers(1, 0, &ok), data(1, END_STREAM, b"test"), continuation(1, 0, &dummy), continuation(0, END_HEADERS, &dummy)], Connection(PROTOCOL)),
    ]
}

fn rows() -> impl Iterator<Item = Row> {
    first_rows().into_iter().chain(frames())
}

/// The judge's server, for one connection.
async fn judge(wire: Wire<impl Stream>, row: &Row, pace: Pace) -> Result<(), String> {
    wire.hear_request().await?;
    let result = wire.play(row, pace).await;
    let Step::Send(farewell) = goaway(1, 0, b"") else { return result };
    wire.send(&farewell).await;
    result
}

/// The client: a program that asks for one page and is done, or one that keeps its connection.
async fn ask(session: Session, keeps: bool) -> Result<Vec<u8>, Error> {
    let mut answer = session.request("GET", "/").send("").await?;
    let content = answer.bytes(1 << 20).await;
    drop(answer);
    if keeps {
        session.closed().await;
    }
    content
}

#[test]
fn there_are_57_rows() {
    let rows: Vec<_> = rows().map(|row| row.id).collect();
    assert_eq!(rows.len(), 57);
    for (at, id) in rows.iter().enumerate() {
        assert!(!rows[..at].contains(id), "{id} stands twice");
    }
}

#[test]
fn the_client_passes_each_row_at_each_pace() {
    let mut faults = Vec::new();
    for keeps in [false, true] {
        for pace in Pace::ALL {
            for row in rows() {
                let (id, what) = (row.id, row.what);
                let result = simulate(async move {
                    let listener = SimListener::bind(ADDRESS).expect("a free address");
                    net::spawn(async move {
                        let stream = SimStream::connect(ADDRESS).await.expect("a server");
                        // What comes of it is the judge's to say.
                        ask(Session::over(stream, "a", Arc::new(Config::default())), keeps).await.unwrap_or_default()
                    });
                    let (stream, _) = listener.accept().await.expect("a client");
                    let result = judge(Wire::new(stream, SIMULATED), &row, pace).await;
                    net::stop();
                    result
                });
                let client = if keeps { "a kept connection" } else { "one request" };
                faults.extend(result.err().map(|error| format!("{id} ({what}), {client}, {pace:?}: {error}")));
            }
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// A connection of its own for each of the rows; `accept` and `connect` make of a socket what the two ends speak over.
fn rows_over<A: Stream, C: Stream + 'static>(
    accept: impl AsyncFn(TcpStream) -> io::Result<A> + 'static,
    connect: impl AsyncFn(TcpStream) -> io::Result<C> + 'static,
) -> io::Result<Vec<String>> {
    let connect = Rc::new(connect);
    net::run(async move {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let mut faults = Vec::new();
        for row in rows() {
            let connect = connect.clone();
            net::spawn(async move {
                let stream = connect(TcpStream::connect(address).await?).await?;
                ask(Session::over(stream, "a", Arc::new(Config::default())), false).await
            });
            let stream = accept(listener.accept().await?.0).await?;
            let result = judge(Wire::new(stream, REAL), &row, Pace::OneByOne).await;
            faults.extend(result.err().map(|error| format!("{} ({}): {error}", row.id, row.what)));
        }
        net::stop();
        Ok(faults)
    })
}

#[test]
fn the_client_passes_each_row_over_tcp() {
    let faults = rows_over(async |stream| Ok(stream), async |stream| Ok(stream)).expect("a loop that runs");
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// As `h2specd` does it with `--tls`.
#[test]
fn the_client_passes_each_row_over_tls() {
    let authority = Authority::default();
    let acceptor = authority.acceptor(&["localhost"], &Options { protocols: vec!["h2".into()], ..Options::default() });
    let connector = authority.connector(&Options::default()).offering(&["h2"]);
    let accept = async move |stream| Ok(acceptor.accept(stream)?);
    let faults = rows_over(accept, async move |stream| connector.connect(stream, "localhost").await);
    let faults = faults.expect("a loop that runs");
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}
