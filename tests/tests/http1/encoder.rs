//! What an application must not be able to send: the rows of `tests/attacks/http1-encoder.jsonl`, each on every interface
//! that could be misled: [`FieldBlock`], [`Connection::send`], the server's [`Response`] and the client's [`request`], the
//! last two over a real socket.

use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;
use wirebook_http1::client::{self, Error, request};
use wirebook_http1::parser::{FieldLines, RequestHead, ResponseHead};
use wirebook_http1::server::Options;
use wirebook_http1::{Connection, Event, FieldBlock, Misuse, Outcome, Request, Response};
use wirebook_net as net;
use wirebook_tests::attacks::answers::{Answer, parse};
use wirebook_tests::attacks::row::{Row, find};
use wirebook_tests::server::{start, talk};

macro_rules! rows {
    ($($id:ident)*) => {
        $(#[test] fn $id() {
            let id = stringify!($id).replace('_', "-");
            row::$id(&find("http1-encoder", &id));
        })*
    };
}

rows! { h1e_01 h1e_03 h1e_05 h1e_06 h1e_08 h1e_09 h1e_10 h1e_15 h1e_17 h1e_18 }

mod row {
    use super::*;

    pub(super) fn h1e_01(row: &Row) {
        let value = "a\r\nSet-Cookie: b=c";
        refused_field(row, "X", value, Misuse::FieldValue);
        for value in ["a\nb", "a\rb", "a\0b", "a\r\n b", "\u{7f}"] {
            refused_field(row, "X", value, Misuse::FieldValue);
        }
        for name in ["", "a b", "a:", "a\r\nb", "\u{e9}"] {
            refused_field(row, name, "a", Misuse::FieldName);
        }
    }

    pub(super) fn h1e_03(row: &Row) {
        assert_eq!(row.expect["never_bytes"], "\r\n");
        let value = "\u{010d}\u{010a}Set-Cookie: a=b";
        let mut block = FieldBlock::default();
        block.push("X", value).expect("obs-text is a value, byte for byte");
        let sent = block.lines().get("x").expect("the field").to_vec();
        assert_eq!(sent[..4], [0xC4, 0x8D, 0xC4, 0x8A]);
        assert!(!sent.windows(2).any(|two| two == b"\r\n"));
        let wire = answer(async move |_, response| response.header("X", value).end("").await);
        assert_eq!(wire.head_lines(), 1 + 3, "status, X, date, content-length: {}", wire.text());
    }

    pub(super) fn h1e_05(row: &Row) {
        for reason in ["OK\r\nSet-Cookie: a=b", "OK\n", "OK\0"] {
            let mut head = ResponseHead::new(200, FieldLines::default());
            head.reason = reason.as_bytes();
            let (result, written) = respond(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", Event::Response(head));
            expect_error(row, result, Misuse::StatusLine, written);
        }
    }

    pub(super) fn h1e_06(row: &Row) {
        for status in [0, 99, 600, 999, 1000, 65535] {
            let event = Event::Response(ResponseHead::new(status, FieldLines::default()));
            let (result, written) = respond(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", event);
            expect_error(row, result, Misuse::StatusLine, written);
            let wire = answer(async move |_, response| response.status(status).end("").await);
            wire.failed_with("status");
        }
        for status in 200..=599 {
            let head = Event::Response(ResponseHead::new(status, FieldLines::default()));
            assert_eq!(respond(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", head).0, Ok(()), "{status}");
        }
    }

    pub(super) fn h1e_08(row: &Row) {
        let wire = answer(async |_, response| {
            let mut response = response.header("content-length", "5");
            response.write("helloEXTRA").await
        });
        assert_eq!(wire.outcome, Err(Misuse::TooManyBytes.to_string()));
        assert!(!wire.text().contains("EXTRA"), "{}", wire.text());
        assert_eq!(wire.answers.len(), 1, "close: the next request is not answered on this connection");
        assert_eq!(row.expect["wire_body"], String::from_utf8_lossy(&wire.answers[0].body).as_ref());
        // The same in two calls, and with `end`.
        let wire = answer(async |_, response| {
            let mut response = response.header("content-length", "5");
            response.write("hello").await?;
            response.end("EXTRA").await
        });
        assert_eq!(wire.outcome, Err(Misuse::TooManyBytes.to_string()));
        assert!(!wire.text().contains("EXTRA") && wire.answers.len() == 1, "{}", wire.text());
    }

    pub(super) fn h1e_09(row: &Row) {
        assert_eq!(row.expect["close"], true);
        let wire = answer(async |_, response| {
            let mut response = response.header("content-length", "10");
            response.write("hello").await?;
            response.end("").await
        });
        assert_eq!(wire.outcome, Err(Misuse::TooFewBytes.to_string()));
        assert_eq!((wire.answers.len(), wire.answers[0].complete), (1, false), "{}", wire.text());
    }

    pub(super) fn h1e_10(row: &Row) {
        for status in [204, 304] {
            let wire = answer(async move |_, response| response.status(status).end("x").await);
            assert!(!wire.text().ends_with('x'), "{}", wire.text());
            assert_eq!(row.expect["wire_body"], String::from_utf8_lossy(&wire.answers[0].body).as_ref());
        }
        let absent = row.expect["resp_header_absent"]["204"].as_array().expect("names");
        let wire = answer(async |_, response| response.status(204).end("").await);
        for name in absent.iter().filter_map(Value::as_str) {
            assert_eq!((wire.answers[0].status, wire.answers[0].field(name)), (204, None), "{}", wire.text());
        }
        // The application's own framing is refused there too (RFC 9110 §8.6).
        for (name, value) in [("content-length", "1"), ("transfer-encoding", "chunked")] {
            answer(async move |_, response| response.status(204).header(name, value).end("").await)
                .failed_with("framing");
        }
        let wire = answer_to("HEAD", async |_, response| response.end("x").await);
        assert_eq!(wire.answers.len(), 2, "the next answer stands where it should: {}", wire.text());
        // 1xx are no final answers: nothing of a body follows one, and the final answer is still to come.
        let wire = answer(async |_, response| response.status(103).end("x").await);
        let statuses: Vec<u16> = wire.answers.iter().map(|answer| answer.status).collect();
        assert!(wire.outcome.is_err() && statuses == [103, 500, 200], "{}", wire.text());
        let mut connection = server(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        let mut out = Vec::new();
        connection.send(Event::Response(ResponseHead::new(103, FieldLines::default())), &mut out).expect("early hints");
        let before = out.len();
        assert!(connection.send(Event::Data(b"x"), &mut out).is_err() && out.len() == before);
    }

    pub(super) fn h1e_15(row: &Row) {
        refused_field(row, "Location", "/x\r\nSet-Cookie: a=b", Misuse::FieldValue);
    }

    pub(super) fn h1e_17(row: &Row) {
        assert_eq!(row.expect["wire"], "Content-Length or Transfer-Encoding present");
        let mut fields = FieldBlock::default();
        fields.push("host", "a").expect("a field");
        let (mut connection, mut out) = (Connection::client(), Vec::new());
        connection.send(Event::Request(RequestHead::new(b"GET", b"/", fields.lines())), &mut out).expect("a request");
        // Without framing there is no body: none of its bytes can stand where the next request would.
        let head = out.len();
        assert!(connection.send(Event::Data(b"POST /x HTTP/1.1\r\n\r\n"), &mut out).is_err());
        assert_eq!(out.len(), head);
        for (name, value, body) in [("content-length", "1", &b"x"[..]), ("transfer-encoding", "chunked", b"x")] {
            let mut fields = fields.clone();
            fields.push(name, value).expect("a field");
            let (mut connection, mut out) = (Connection::client(), Vec::new());
            connection.send(Event::Request(RequestHead::new(b"GET", b"/", fields.lines())), &mut out).expect("a head");
            connection.send(Event::Data(body), &mut out).expect("a body with framing");
            assert!(String::from_utf8_lossy(&out).contains(name));
        }
        // The client frames what it is given: by its length if it is given at once, else in chunks.
        let body = "POST /x HTTP/1.1\r\n\r\n";
        let (result, wire) = sent("GET", &[], &[body]);
        assert!(
            result.is_ok() && wire.ends_with(body) && wire.contains("\r\ncontent-length: 20\r\n"),
            "{result:?} {wire}"
        );
        let (result, wire) = sent("GET", &[], &[body, ""]);
        assert!(result.is_ok() && wire.contains("\r\ntransfer-encoding: chunked\r\n"), "{result:?} {wire}");
        assert!(wire.ends_with(&format!("\r\n\r\n14\r\n{body}\r\n0\r\n\r\n")), "{wire}");
        // To these two there is no body, framed or not.
        let (result, wire) = sent("TRACE", &[], &[body, ""]);
        assert!(
            matches!(result, Err(Error::Misuse(Misuse::NoBodyAllowed))) && !wire.contains("POST"),
            "{result:?} {wire}"
        );
    }

    pub(super) fn h1e_18(row: &Row) {
        for (one, other) in [("5", "6"), ("5", "5"), ("5, 5", "")] {
            let mut fields = FieldBlock::default();
            fields.push("host", "a").expect("a field");
            fields.push("Content-Length", one).expect("a field");
            if !other.is_empty() {
                fields.push("content-length", other).expect("a field");
            }
            let mut out = Vec::new();
            let event = Event::Request(RequestHead::new(b"POST", b"/", fields.lines()));
            let result = Connection::client().send(event, &mut out);
            expect_error(row, result, Misuse::Framing, out);
            let headers = [("Content-Length", one), ("content-length", other)];
            let given = if other.is_empty() { &headers[..1] } else { &headers };
            for pieces in [&["hello"][..], &["hello", ""]] {
                let (result, wire) = sent("POST", given, pieces);
                assert!(matches!(result, Err(Error::Misuse(Misuse::Framing))), "{result:?}");
                assert_eq!(wire, "", "{}", row.title);
            }
        }
    }
}

/// A field that must be refused, by the block and by the response: nothing of it is on the wire, and the client gets 500.
fn refused_field(row: &Row, name: &'static str, value: &'static str, misuse: Misuse) {
    let mut block = FieldBlock::default();
    let result = block.push(name, value);
    expect_error(row, result, misuse, block.lines().iter().flat_map(|(name, _)| name.to_vec()).collect());
    let wire = answer(async move |_, response| response.header(name, value).end("").await);
    assert_eq!(wire.outcome, Err(misuse.to_string()));
    assert_eq!(wire.answers[0].status, 500);
    assert!(!wire.text().contains("Set-Cookie"), "{}", wire.text());
}

fn expect_error(row: &Row, result: Result<(), Misuse>, misuse: Misuse, written: Vec<u8>) {
    assert!(row.expect["api"].as_str().is_some_and(|api| api.starts_with("Err")), "{}", row.title);
    assert_eq!(result, Err(misuse), "{}", row.title);
    assert_eq!(written.len(), 0, "{}", row.title);
}

/// A server's end that has read that request.
fn server(request: &[u8]) -> Connection {
    let mut connection = Connection::server();
    let mut fields = wirebook_http1::parser::Fields::new();
    connection.receive(request, &mut fields).expect("a valid request");
    connection.receive(b"", &mut fields).expect("no body");
    connection
}

fn respond(request: &[u8], event: Event<'_>) -> (Result<(), Misuse>, Vec<u8>) {
    let mut out = Vec::new();
    let result = server(request).send(event, &mut out);
    (result, out)
}

/// What the client makes of a request with that body: all but the last piece written, the last one given to `end`. With
/// what a server reads of it until the connection closes.
fn sent(method: &str, headers: &[(&str, &str)], pieces: &[&str]) -> (Result<(), Error>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let (mut wire, mut buffer) = (Vec::new(), [0; 4096]);
        while let count @ 1.. = stream.read(&mut buffer).expect("a client that sends or closes") {
            wire.extend_from_slice(&buffer[..count]);
            // Never before: a client that gives up would leave the answer unread, and its end would be a reset.
            if is_whole(&wire) {
                let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
            }
        }
        String::from_utf8(wire).expect("text")
    });
    let own = |texts: &[(&str, &str)]| texts.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect::<Vec<_>>();
    let (method, headers) = (method.to_owned(), own(headers));
    let pieces: Vec<String> = pieces.iter().map(ToString::to_string).collect();
    let asked = net::block_on(async move {
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        let options = client::Options {
            method: &method,
            host: "127.0.0.1",
            port,
            headers: &headers,
            ..client::Options::default()
        };
        let mut asked = request(&options).await?;
        let (last, first) = pieces.split_last().expect("a piece");
        for piece in first {
            asked.write(piece).await?;
        }
        assert_eq!(asked.end(last).await?.status(), 204);
        Ok(())
    });
    (asked.expect("the loop ends"), server.join().expect("a server that ends"))
}

/// A request with a body has come to its end. One without framing has none.
fn is_whole(wire: &[u8]) -> bool {
    let text = String::from_utf8_lossy(wire);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    match length {
        Some(length) => body.len() == length.parse::<usize>().expect("a length"),
        None => head.contains("\r\ntransfer-encoding: chunked") && body.ends_with("\r\n0\r\n\r\n"),
    }
}

/// What a handler's answer came to.
struct Wire {
    outcome: Result<(), String>,
    bytes: Vec<u8>,
    answers: Vec<Answer>,
}

impl Wire {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    fn head_lines(&self) -> usize {
        self.text().split("\r\n\r\n").next().expect("a head").split("\r\n").count()
    }

    /// The handler got an error with that word, and the client 500 with nothing of the handler's.
    fn failed_with(&self, word: &str) {
        assert!(self.outcome.as_ref().is_err_and(|why| why.contains(word)), "{:?}", self.outcome);
        assert_eq!(self.answers[0].status, 500, "{}", self.text());
    }
}

fn answer(handler: impl AsyncFn(Request<'_>, Response<'_>) -> Outcome + Send + 'static) -> Wire {
    answer_to("GET", handler)
}

/// Two requests in a row; the handler answers the first, `/next` gets a plain 200.
fn answer_to(method: &str, handler: impl AsyncFn(Request<'_>, Response<'_>) -> Outcome + Send + 'static) -> Wire {
    let (send, outcomes) = mpsc::channel();
    let address = start(Options::default(), async move |request: Request<'_>, response: Response<'_>| {
        if request.path() == "/next" {
            return response.end("next").await;
        }
        let outcome = handler(request, response).await;
        let _ = send.send(outcome.as_ref().copied().map_err(ToString::to_string));
        outcome
    });
    let requests = format!("{method} / HTTP/1.1\r\nHost: a\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n");
    let bytes = talk(address, requests.as_bytes()).bytes;
    let answers = parse(&bytes, method == "HEAD", true);
    Wire { outcome: outcomes.recv().expect("the handler was called"), answers, bytes }
}
