//! The cases for servers: those that a plain run has, and those that stand besides in its sources or are for its strict mode (`-S`).

use super::wire::{
    END_HEADERS, END_STREAM, PADDED, PRIORITY, WHOLE, Wire, block, continuation, data, dummies, frame_of, goaway,
    headers, ping, priority, raw, reset, set, settings, window,
};
use super::{Expect, Pace, REAL, Row, SIMULATED, Step};
use crate::peer::{ADDRESS, serve, simulate};
use Expect::{
    Acknowledged, AnyData, AnyGoaway, AnyHead, AnyPing, Connection, End, Goaway, Head, Length, OurSettings, Pong,
    PongOrEnd, Reset, Stream as OfStream,
};
use std::io;
use std::net::SocketAddr;
use wirebook_http2::server::{Options, serve_secure_with};
use wirebook_http2::{Code, Outcome, Request, Response};
use wirebook_net::sim::SimStream;
use wirebook_net::tcp::TcpStream;
use wirebook_net::{self as net, Stream};
use wirebook_tests::tls::{Authority, Time};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const PROTOCOL: &[Code] = &[Code::PROTOCOL_ERROR];
const CLOSED: &[Code] = &[Code::STREAM_CLOSED];
const CLOSED_OR_PROTOCOL: &[Code] = &[Code::STREAM_CLOSED, Code::PROTOCOL_ERROR];
const FRAME_SIZE: &[Code] = &[Code::FRAME_SIZE_ERROR];
const SIZE_OR_PROTOCOL: &[Code] = &[Code::PROTOCOL_ERROR, Code::FRAME_SIZE_ERROR];
const FLOW: &[Code] = &[Code::FLOW_CONTROL_ERROR];
const COMPRESSION: &[Code] = &[Code::COMPRESSION_ERROR];
const REFUSED: &[Code] = &[Code::PROTOCOL_ERROR, Code::REFUSED_STREAM];
const H2SPEC: &[u8; 8] = b"h2spec\0\0";
const WINDOW: u16 = 0x4;
const MOST: u32 = (1 << 31) - 1;

/// The pseudo-fields of every request, one after the other.
const COMMON: [(&str, &str); 4] =
    [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "127.0.0.1:8080")];

fn get() -> Vec<u8> {
    block(&COMMON)
}

fn request(method: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let mut fields = COMMON.to_vec();
    fields[0].1 = method;
    fields.extend_from_slice(more);
    block(&fields)
}

fn post() -> Vec<u8> {
    request("POST", &[])
}

/// GET whose block ends with these bytes.
fn get_and(bytes: &[u8]) -> Step {
    headers(1, WHOLE, &[&get(), bytes].concat())
}

/// GET whose block begins with these bytes.
fn get_behind(bytes: &[u8]) -> Step {
    headers(1, WHOLE, &[bytes, &get()].concat())
}

fn get_with(name: &str, value: &str) -> Step {
    headers(1, WHOLE, &request("GET", &[(name, value)]))
}

fn row(id: &'static str, what: &'static str, steps: Vec<Step>, expect: Expect) -> Row {
    Row { id, what, steps, expect }
}

fn asked() -> Step {
    headers(1, WHOLE, &get())
}

fn open() -> Step {
    headers(1, END_HEADERS, &get())
}

fn posting() -> Step {
    headers(1, END_HEADERS, &post())
}

#[rustfmt::skip]
fn generic() -> Vec<Row> {
    let first = get();
    let name_and_value = |start: u8| [&[start, 10][..], b"user-agent\x06h2spec"].concat();
    let huffman = |start: u8| [&[start][..], b"\x87\xb5\x05\xb1\x61\xcc\x5a\x93\x84\x9c\x48\xac\xa4"].concat();
    let new = |start: u8| [&[start][..], b"\x06x-test\x06h2spec"].concat();
    let new_huffman = |start: u8| [&[start][..], b"\x85\xf2\xb2\x4a\x84\xff\x84\x9c\x48\xac\xa4"].concat();
    vec![
        row("generic/2/1", "PRIORITY on an idle stream", vec![priority(1, 0, 255), ping(false, &[0; 8])], Pong([0; 8])),
        row("generic/2/2", "WINDOW_UPDATE on a half-closed stream", vec![set(&[(WINDOW, 0)]), asked(), window(1, 1)], AnyData),
        row("generic/2/3", "PRIORITY on a half-closed stream", vec![set(&[(WINDOW, 0)]), asked(), priority(1, 0, 255), window(1, 1)], AnyData),
        row("generic/2/4", "RST_STREAM on a half-closed stream", vec![asked(), reset(1, 8), ping(false, &[0; 8])], PongOrEnd([0; 8])),
        row("generic/2/5", "PRIORITY on a closed stream", vec![asked(), Step::EndStream, priority(1, 0, 255), ping(false, &[0; 8])], Pong([0; 8])),
        row("generic/3.1/1", "DATA", vec![posting(), data(1, END_STREAM, b"test")], Head(1)),
        row("generic/3.1/2", "DATA twice", vec![posting(), data(1, 0, b"test"), data(1, END_STREAM, b"test")], Head(1)),
        row("generic/3.1/3", "DATA with padding", vec![posting(), data(1, END_STREAM | PADDED, b"\x06test\0\0\0\0\0\0")], Head(1)),
        row("generic/3.2/1", "HEADERS", vec![asked()], Head(1)),
        row("generic/3.2/2", "HEADERS with padding", vec![headers(1, WHOLE | PADDED, &[&[8][..], &first, &[0; 8]].concat())], Head(1)),
        row("generic/3.2/3", "HEADERS with priority", vec![headers(1, WHOLE | PRIORITY, &[&[0, 0, 0, 0, 255][..], &first].concat())], Head(1)),
        row("generic/3.3/1", "PRIORITY with 1", vec![priority(1, 0, 0), asked()], Head(1)),
        row("generic/3.3/2", "PRIORITY with 256", vec![priority(1, 0, 255), asked()], Head(1)),
        row("generic/3.3/3", "PRIORITY with a dependency", vec![priority(3, 1, 0), asked()], Head(1)),
        row("generic/3.3/4", "PRIORITY with exclusive", vec![priority(1, 1 << 31, 0), asked()], Head(1)),
        row("generic/3.3/5", "PRIORITY for an idle stream, then a lower one", vec![priority(3, 0, 255), asked()], Head(1)),
        row("generic/3.4/1", "RST_STREAM", vec![open(), reset(1, 8), ping(false, &[0; 8])], PongOrEnd([0; 8])),
        row("generic/3.5/1", "SETTINGS", vec![set(&[(1, 4096), (2, 1), (3, 100), (4, 65_535), (5, 16_384), (6, 100)])], Acknowledged),
        row("generic/3.7/1", "PING", vec![ping(false, H2SPEC)], Pong(*H2SPEC)),
        row("generic/3.8/1", "GOAWAY", vec![goaway(0, 0, b"h2spec")], End),
        row("generic/3.9/1", "WINDOW_UPDATE of the connection", vec![window(0, 1), ping(false, &[0; 8])], AnyPing),
        row("generic/3.9/2", "WINDOW_UPDATE of a stream", vec![asked(), window(1, 1)], AnyHead),
        row("generic/3.10/1", "CONTINUATION", vec![headers(1, END_STREAM, &first[..5]), continuation(1, END_HEADERS, &first[5..])], Head(1)),
        row("generic/3.10/2", "CONTINUATION twice", vec![headers(1, END_STREAM, &first[..5]), continuation(1, 0, &first[5..10]), continuation(1, END_HEADERS, &first[10..])], Head(1)),
        row("generic/4/1", "GET", vec![asked()], Head(1)),
        row("generic/4/2", "HEAD", vec![headers(1, WHOLE, &request("HEAD", &[]))], Head(1)),
        row("generic/4/3", "POST", vec![posting(), data(1, END_STREAM, b"test")], Head(1)),
        row("generic/4/4", "POST with trailers", vec![headers(1, END_HEADERS, &request("POST", &[("trailer", "x-test")])), data(1, 0, b"test"), headers(1, WHOLE, &block(&[("x-test", "ok")]))], Head(1)),
        row("generic/5/1", "an indexed field", vec![get_and(b"\xba")], Head(1)),
        row("generic/5/2", "incremental indexing, indexed name", vec![get_and(&huffman(0x40))], Head(1)),
        row("generic/5/3", "incremental indexing, indexed name, Huffman", vec![get_and(&name_and_value(0x40))], Head(1)),
        row("generic/5/4", "incremental indexing, new name", vec![get_and(&new(0x40))], Head(1)),
        row("generic/5/5", "incremental indexing, new name, Huffman", vec![get_and(&new_huffman(0x40))], Head(1)),
        row("generic/5/6", "without indexing, indexed name", vec![get_and(&name_and_value(0))], Head(1)),
        row("generic/5/7", "without indexing, indexed name, Huffman", vec![get_and(&huffman(0))], Head(1)),
        row("generic/5/8", "without indexing, new name", vec![get_and(&new(0))], Head(1)),
        row("generic/5/9", "without indexing, new name, Huffman", vec![get_and(&new_huffman(0))], Head(1)),
        row("generic/5/10", "never indexed, indexed name", vec![get_and(&name_and_value(0x10))], Head(1)),
        row("generic/5/11", "never indexed, indexed name, Huffman", vec![get_and(&huffman(0x10))], Head(1)),
        row("generic/5/12", "never indexed, new name", vec![get_and(&new(0x10))], Head(1)),
        row("generic/5/13", "never indexed, new name, Huffman", vec![get_and(&new_huffman(0x10))], Head(1)),
        row("generic/5/14", "a size update", vec![get_behind(b"\x20")], Head(1)),
        row("generic/5/15", "two size updates", vec![get_behind(b"\x20\x3f\xe1\x1f")], Head(1)),
    ]
}

#[rustfmt::skip]
fn http2_3_to_5() -> Vec<Row> {
    let common = get();
    let large = [&get()[..], &dummies(5)].concat();
    let unknown = || raw(0x16, 0, 0, &[0; 8]);
    let closed = |last: Step| vec![asked(), Step::EndStream, last];
    let self_dependent = [&[0, 0, 0, 1, 255][..], &get()].concat();
    let many = (0..=100).map(|n| headers(2 * n + 1, WHOLE, &get()));
    vec![
        row("http2/4.1/1", "a frame of an unknown type", vec![unknown(), ping(false, &[0; 8])], AnyPing),
        row("http2/4.1/2", "an undefined flag", vec![raw(0x6, 0x16, 0, &[0; 8])], AnyPing),
        row("http2/4.1/3", "the reserved bit", vec![raw(0x6, 0x16, 1 << 31, &[0; 8])], AnyPing),
        row("http2/4.2/1", "DATA of 2^14 bytes", vec![posting(), data(1, END_STREAM, &[b'x'; 16_384])], AnyHead),
        row("http2/4.2/2", "DATA that is too large", vec![posting(), data(1, END_STREAM, &[b'x'; 16_385])], OfStream(FRAME_SIZE)),
        row("http2/4.2/3", "HEADERS that are too large", vec![headers(1, WHOLE, &large)], Connection(FRAME_SIZE)),
        row("http2/4.3/1", "an invalid block", vec![raw(0x1, WHOLE, 1, b"\x40")], Connection(COMPRESSION)),
        row("http2/4.3/2", "PRIORITY inside of a block", vec![headers(1, 0, &common), priority(1, 0, 255), continuation(1, END_HEADERS, &dummies(1))], Connection(PROTOCOL)),
        row("http2/4.3/3", "HEADERS of another stream inside of a block", vec![headers(1, 0, &common), headers(3, WHOLE, &common), continuation(1, END_HEADERS, &dummies(1))], Connection(PROTOCOL)),
        row("http2/5.1/1", "idle: DATA", vec![data(1, END_STREAM, b"test")], Connection(PROTOCOL)),
        row("http2/5.1/2", "idle: RST_STREAM", vec![reset(1, 8)], Connection(PROTOCOL)),
        row("http2/5.1/3", "idle: WINDOW_UPDATE", vec![window(1, 100)], Connection(PROTOCOL)),
        row("http2/5.1/4", "idle: CONTINUATION", vec![continuation(1, END_HEADERS, &common)], Connection(PROTOCOL)),
        row("http2/5.1/5", "half-closed: DATA", vec![asked(), data(1, END_STREAM, b"test")], OfStream(CLOSED)),
        row("http2/5.1/6", "half-closed: HEADERS", vec![asked(), asked()], OfStream(CLOSED)),
        row("http2/5.1/7", "half-closed: CONTINUATION", vec![asked(), continuation(1, END_HEADERS, &common)], OfStream(CLOSED_OR_PROTOCOL)),
        row("http2/5.1/8", "closed by RST_STREAM: DATA", vec![open(), reset(1, 8), data(1, END_STREAM, b"test")], OfStream(CLOSED)),
        row("http2/5.1/9", "closed by RST_STREAM: HEADERS", vec![open(), reset(1, 8), asked()], OfStream(CLOSED)),
        row("http2/5.1/10", "closed by RST_STREAM: CONTINUATION", vec![open(), reset(1, 8), continuation(1, END_HEADERS, &dummies(1))], OfStream(CLOSED_OR_PROTOCOL)),
        row("http2/5.1/11", "closed: DATA", closed(data(1, END_STREAM, b"test")), Connection(CLOSED)),
        row("http2/5.1/12", "closed: HEADERS", closed(asked()), Connection(CLOSED)),
        row("http2/5.1/13", "closed: CONTINUATION", closed(continuation(1, END_HEADERS, &dummies(1))), Connection(CLOSED_OR_PROTOCOL)),
        row("http2/5.1.1/1", "an even number", vec![headers(2, WHOLE, &common)], Connection(PROTOCOL)),
        row("http2/5.1.1/2", "a number below the last", vec![headers(5, WHOLE, &common), headers(3, WHOLE, &common)], Connection(PROTOCOL)),
        row("http2/5.1.1/3", "HEADERS twice", vec![headers(5, WHOLE, &common), headers(5, WHOLE, &common)], OfStream(CLOSED)),
        row("http2/5.1.2/1", "more streams than are allowed", [set(&[(WINDOW, 0)])].into_iter().chain(many).collect(), OfStream(REFUSED)),
        row("http2/5.3.1/1", "HEADERS that depend on themselves", vec![headers(1, WHOLE | PRIORITY, &self_dependent)], OfStream(PROTOCOL)),
        row("http2/5.3.1/2", "PRIORITY that depends on itself", vec![priority(1, 1, 255)], OfStream(PROTOCOL)),
        row("http2/5.4.1/1", "the connection ends after an error", vec![raw(0x6, 0, 3, &[0; 8])], End),
        row("http2/5.4.1/2", "GOAWAY after an error", vec![raw(0x6, 0, 3, &[0; 8])], AnyGoaway),
        row("http2/5.5/1", "an unknown frame", vec![unknown(), ping(false, &[0; 8])], AnyPing),
        row("http2/5.5/2", "an unknown frame inside of a block", vec![headers(1, END_STREAM, &common), unknown()], Connection(PROTOCOL)),
    ]
}

#[rustfmt::skip]
fn http2_6() -> Vec<Row> {
    let (common, post, dummy) = (get(), post(), dummies(1));
    let padded = [&[common.len() as u8 + 2][..], &common].concat();
    let four = || headers(1, END_HEADERS, &request("POST", &[("content-length", "4")]));
    // Nine bytes are announced, and eight come: the length alone is enough.
    let mut short = frame_of(0x4, 0, 0, b"\0\x03\0\0\0\x64\0\x02\0");
    short.pop();
    vec![
        row("http2/6.1/1", "DATA on stream 0", vec![data(0, END_STREAM, b"test")], Connection(PROTOCOL)),
        row("http2/6.1/2", "DATA on a stream that is not open", vec![headers(1, WHOLE, &post), data(1, END_STREAM, b"test")], OfStream(CLOSED)),
        row("http2/6.1/3", "DATA with too much padding", vec![four(), data(1, END_STREAM | PADDED, b"\x06Test")], Connection(PROTOCOL)),
        row("http2/6.2/1", "HEADERS, then PRIORITY", vec![headers(1, 0, &common), priority(1, 0, 255), continuation(1, END_HEADERS, &dummy)], Connection(PROTOCOL)),
        row("http2/6.2/2", "HEADERS, then HEADERS of another stream", vec![headers(1, 0, &common), headers(3, WHOLE, &common), continuation(1, END_HEADERS, &dummy)], Connection(PROTOCOL)),
        row("http2/6.2/3", "HEADERS on stream 0", vec![headers(0, WHOLE, &common)], Connection(PROTOCOL)),
        row("http2/6.2/4", "HEADERS with too much padding", vec![headers(1, WHOLE | PADDED, &padded)], OfStream(PROTOCOL)),
        row("http2/6.3/1", "PRIORITY on stream 0", vec![priority(0, 0, 255)], Connection(PROTOCOL)),
        row("http2/6.3/2", "PRIORITY of four bytes", vec![asked(), raw(0x2, 0, 1, b"\x80\0\0\x01")], OfStream(FRAME_SIZE)),
        row("http2/6.3/3", "PRIORITY for an idle stream, then a lower one", vec![priority(3, 0, 255), asked()], AnyHead),
        row("http2/6.4/1", "RST_STREAM on stream 0", vec![reset(0, 8)], Connection(PROTOCOL)),
        row("http2/6.4/2", "RST_STREAM on an idle stream", vec![reset(1, 8)], Connection(PROTOCOL)),
        row("http2/6.4/3", "RST_STREAM of three bytes", vec![asked(), raw(0x3, 0, 1, &[0; 3])], OfStream(FRAME_SIZE)),
        row("http2/6.5/1", "an acknowledgement with content", vec![raw(0x4, 1, 0, &[0])], Connection(FRAME_SIZE)),
        row("http2/6.5/2", "SETTINGS on a stream", vec![raw(0x4, 0, 1, b"\0\x03\0\0\0\x64")], Connection(PROTOCOL)),
        row("http2/6.5/3", "SETTINGS of nine bytes", vec![Step::Send(short)], OfStream(SIZE_OR_PROTOCOL)),
        row("http2/6.5.2/1", "ENABLE_PUSH of 2", vec![set(&[(2, 2)])], Connection(PROTOCOL)),
        row("http2/6.5.2/2", "INITIAL_WINDOW_SIZE of 2^31", vec![set(&[(WINDOW, 1 << 31)])], Connection(FLOW)),
        row("http2/6.5.2/3", "MAX_FRAME_SIZE of 16,383", vec![set(&[(5, 16_383)])], Connection(PROTOCOL)),
        row("http2/6.5.2/4", "MAX_FRAME_SIZE of 2^24", vec![set(&[(5, 1 << 24)])], Connection(PROTOCOL)),
        row("http2/6.5.2/5", "an unknown setting", vec![set(&[(0xff, 1)]), ping(false, &[0; 8])], AnyPing),
        row("http2/6.5.3/1", "INITIAL_WINDOW_SIZE twice", vec![set(&[(WINDOW, 100), (WINDOW, 1)]), Step::Settings, asked()], Length(1)),
        row("http2/6.5.3/2", "SETTINGS are acknowledged", vec![set(&[(2, 0)])], Acknowledged),
        row("http2/6.7/1", "PING", vec![ping(false, H2SPEC)], Pong(*H2SPEC)),
        row("http2/6.7/2", "an answer to no PING", vec![ping(true, b"invalid\0"), ping(false, H2SPEC)], Pong(*H2SPEC)),
        row("http2/6.7/3", "PING on a stream", vec![raw(0x6, 0, 1, &[0; 8])], Connection(PROTOCOL)),
        row("http2/6.7/4", "PING of six bytes", vec![raw(0x6, 0, 0, &[0; 6])], Connection(FRAME_SIZE)),
        row("http2/6.8/1", "GOAWAY on a stream", vec![raw(0x7, 0, 1, &[0; 8])], Connection(PROTOCOL)),
        row("http2/6.9/1", "WINDOW_UPDATE by 0", vec![window(0, 0)], Connection(PROTOCOL)),
        row("http2/6.9/2", "WINDOW_UPDATE by 0 of a stream", vec![open(), window(1, 0)], OfStream(PROTOCOL)),
        row("http2/6.9/3", "WINDOW_UPDATE of three bytes", vec![raw(0x8, 0, 0, &[0, 0, 1])], Connection(FRAME_SIZE)),
        row("http2/6.9.1/1", "a window of one byte", vec![set(&[(WINDOW, 1)]), Step::Settings, asked()], Length(1)),
        row("http2/6.9.1/2", "a window above 2^31 - 1", vec![window(0, MOST), window(0, MOST)], Goaway(Code::FLOW_CONTROL_ERROR)),
        row("http2/6.9.1/3", "a stream's window above 2^31 - 1", vec![open(), window(1, MOST), window(1, MOST)], Reset(Code::FLOW_CONTROL_ERROR)),
        row("http2/6.9.2/1", "a setting changes an open stream's window", vec![set(&[(WINDOW, 0)]), Step::Settings, asked(), set(&[(WINDOW, 1)]), Step::Settings], Length(1)),
        row("http2/6.9.2/2", "a window below zero", vec![set(&[(WINDOW, 3)]), Step::Settings, asked(), Step::Data, set(&[(WINDOW, 2)]), Step::Settings, window(1, 2)], Length(1)),
        row("http2/6.9.2/3", "INITIAL_WINDOW_SIZE of 2^31", vec![set(&[(WINDOW, 1 << 31)])], Connection(FLOW)),
        row("http2/6.10/1", "CONTINUATION twice", vec![headers(1, END_STREAM, &common), continuation(1, 0, &dummy), continuation(1, END_HEADERS, &dummy)], AnyHead),
        row("http2/6.10/2", "CONTINUATION, then DATA", vec![headers(1, 0, &post), continuation(1, 0, &dummy), data(1, END_STREAM, b"test")], Connection(PROTOCOL)),
        row("http2/6.10/3", "CONTINUATION on stream 0", vec![headers(1, END_STREAM, &common), continuation(0, END_HEADERS, &dummy)], Connection(PROTOCOL)),
        row("http2/6.10/4", "CONTINUATION behind the block's end", vec![asked(), continuation(1, END_HEADERS, &dummy)], Connection(PROTOCOL)),
        row("http2/6.10/5", "CONTINUATION behind the last CONTINUATION", vec![headers(1, END_STREAM, &common), continuation(1, END_HEADERS, &dummy), continuation(1, END_HEADERS, &dummy)], Connection(PROTOCOL)),
        row("http2/6.10/6", "CONTINUATION behind DATA", vec![headers(1, 0, &post), data(1, END_STREAM, b"test"), continuation(1, 0, &dummy), continuation(0, END_HEADERS, &dummy)], Connection(PROTOCOL)),
    ]
}

#[rustfmt::skip]
fn http2_7_and_8() -> Vec<Row> {
    let only = |fields: &[(&str, &str)]| headers(1, WHOLE, &block(fields));
    let [method, scheme, path, authority] = COMMON;
    let one = || headers(1, END_HEADERS, &request("POST", &[("content-length", "1")]));
    let promise = [&3_u32.to_be_bytes()[..], &get()].concat();
    vec![
        row("http2/7/1", "GOAWAY with an unknown code", vec![goaway(0, 0xff, b"")], End),
        row("http2/7/2", "RST_STREAM with an unknown code", vec![posting(), reset(1, 0xff), ping(false, &[0; 8])], AnyPing),
        row("http2/8.1/1", "trailers without END_STREAM", vec![posting(), data(1, 0, b"test"), headers(1, END_HEADERS, &block(&[("x-test", "ok")]))], OfStream(PROTOCOL)),
        row("http2/8.1.2/1", "upper case", vec![get_with("X-TEST", "ok")], OfStream(PROTOCOL)),
        row("http2/8.1.2.1/1", "an unknown pseudo-field", vec![get_with(":test", "ok")], OfStream(PROTOCOL)),
        row("http2/8.1.2.1/2", "a pseudo-field of responses", vec![get_with(":status", "200")], OfStream(PROTOCOL)),
        row("http2/8.1.2.1/3", "a pseudo-field in trailers", vec![posting(), data(1, 0, b"test"), headers(1, END_HEADERS, &block(&[(":method", "POST")]))], OfStream(PROTOCOL)),
        row("http2/8.1.2.1/4", "a pseudo-field behind a field", vec![only(&[("x-test", "ok"), method, scheme, path, authority])], OfStream(PROTOCOL)),
        row("http2/8.1.2.2/1", "connection", vec![get_with("connection", "keep-alive")], OfStream(PROTOCOL)),
        row("http2/8.1.2.2/2", "te with more than trailers", vec![headers(1, WHOLE, &request("GET", &[("trailers", "test"), ("te", "trailers, deflate")]))], OfStream(PROTOCOL)),
        row("http2/8.1.2.3/1", "an empty path", vec![only(&[method, scheme, (":path", ""), authority])], OfStream(PROTOCOL)),
        row("http2/8.1.2.3/2", "no method", vec![only(&[path, authority])], OfStream(PROTOCOL)),
        row("http2/8.1.2.3/3", "no scheme", vec![only(&[method, path, authority])], OfStream(PROTOCOL)),
        row("http2/8.1.2.3/4", "no path", vec![only(&[method, scheme, authority])], OfStream(PROTOCOL)),
        row("http2/8.1.2.3/5", "two methods", vec![get_with(":method", "GET")], OfStream(PROTOCOL)),
        row("http2/8.1.2.3/6", "two schemes", vec![get_with(":scheme", "http")], OfStream(PROTOCOL)),
        row("http2/8.1.2.3/7", "two methods that differ", vec![get_with(":method", "/")], OfStream(PROTOCOL)),
        row("http2/8.1.2.6/1", "a wrong content-length", vec![one(), data(1, END_STREAM, b"test")], OfStream(PROTOCOL)),
        row("http2/8.1.2.6/2", "a wrong content-length of two frames", vec![one(), data(1, 0, b"test"), data(1, END_STREAM, b"test")], OfStream(PROTOCOL)),
        row("http2/8.2/1", "PUSH_PROMISE", vec![raw(0x5, END_HEADERS, 1, &promise)], Connection(PROTOCOL)),
    ]
}

#[rustfmt::skip]
fn hpack() -> Vec<Row> {
    vec![
        row("hpack/2.3.3/1", "an index that is not there", vec![get_and(b"\xc6")], Connection(COMPRESSION)),
        row("hpack/2.3.3/2", "a name whose index is not there", vec![get_and(b"\x7f\x07\0")], Connection(COMPRESSION)),
        row("hpack/4.2/1", "a size update at the end", vec![get_and(b"\x21")], Connection(COMPRESSION)),
        row("hpack/5.2/1", "padding of more than seven bits", vec![get_and(b"\0\x85\xf2\xb2\x4a\x84\xff\x84\x49\x50\x9f\xff")], Connection(COMPRESSION)),
        row("hpack/5.2/2", "padding of zeros", vec![get_and(b"\0\x85\xf2\xb2\x4a\x84\xff\x83\x49\x50\x90")], Connection(COMPRESSION)),
        row("hpack/5.2/3", "EOS inside of a string", vec![get_and(b"\0\x85\xf2\xb2\x4a\x87\xff\xff\xff\xfd\x25\x42\x7f")], Connection(COMPRESSION)),
        row("hpack/6.1/1", "index 0", vec![get_and(b"\x80")], Connection(COMPRESSION)),
        row("hpack/6.3/1", "a size update above the setting", vec![get_behind(b"\x3f\xe2\x1f")], Connection(COMPRESSION)),
    ]
}

/// What comes before there is a connection of HTTP/2, so without a handshake.
#[rustfmt::skip]
fn openings() -> Vec<Row> {
    let opening = || vec![Step::Send(PREFACE.to_vec()), Step::Send(settings(&[(WINDOW, 65_535)]))];
    vec![
        row("generic/1/1", "the server's SETTINGS come first", opening(), OurSettings),
        row("http2/3.5/1", "the server's SETTINGS come first", opening(), OurSettings),
        row("http2/3.5/2", "an invalid preface", vec![Step::Send(b"INVALID CONNECTION PREFACE\r\n\r\n".to_vec())], End),
    ]
}

/// All rows, and whether a handshake precedes them.
fn rows() -> Vec<(bool, Row)> {
    let parts = [generic(), http2_3_to_5(), http2_6(), http2_7_and_8(), hpack()];
    let rest = parts.into_iter().flatten().map(|row| (true, row));
    openings().into_iter().map(|row| (false, row)).chain(rest).collect()
}

/// The two kinds of handlers: those that read what they are sent, and those that answer at once.
async fn reads(mut request: Request<'_>, response: Response<'_>) -> Outcome {
    while request.chunk().await?.is_some() {}
    response.end("hello, h2spec\n").await
}

async fn answers(_request: Request<'_>, response: Response<'_>) -> Outcome {
    response.end("hello, h2spec\n").await
}

fn serves(options: Options, handler: &str) -> wirebook_http2::Server {
    if handler == "reads" { serve(options, reads) } else { serve(options, answers) }
}

async fn run(wire: &Wire<impl Stream>, shakes: bool, row: &Row, pace: Pace) -> Result<(), String> {
    if shakes {
        wire.send(PREFACE).await;
        wire.shake_hands().await?;
    }
    wire.play(row, pace).await
}

#[test]
fn each_case_has_one_row() {
    let rows = rows();
    assert_eq!(rows.len(), 149);
    for (at, (_, row)) in rows.iter().enumerate() {
        assert!(rows[..at].iter().all(|(_, other)| other.id != row.id), "{} stands twice", row.id);
    }
}

#[test]
fn the_server_passes_each_row_at_each_pace() {
    let mut faults = Vec::new();
    for handler in ["reads", "answers"] {
        for pace in Pace::ALL {
            for (shakes, row) in rows() {
                let (id, what) = (row.id, row.what);
                let result = simulate(async move {
                    serves(Options::default(), handler);
                    let wire = Wire::new(SimStream::connect(ADDRESS).await.expect("a server"), SIMULATED);
                    let result = run(&wire, shakes, &row, pace).await;
                    net::stop();
                    result
                });
                faults.extend(result.err().map(|error| format!("{id} ({what}), {handler}, {pace:?}: {error}")));
            }
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// A connection of its own for each of the rows, frame by frame: each would wait for the system to hear of the last.
async fn rows_over<S: Stream>(
    handler: &str,
    connect: impl AsyncFn(TcpStream) -> io::Result<S>,
    address: SocketAddr,
) -> Vec<String> {
    let mut faults = Vec::new();
    for (shakes, row) in rows() {
        let result = async {
            let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
            stream.set_nodelay(true).map_err(|error| error.to_string())?;
            let stream = connect(stream).await.map_err(|error| error.to_string())?;
            run(&Wire::new(stream, REAL), shakes, &row, Pace::OneByOne).await
        };
        faults.extend(result.await.err().map(|error| format!("{} ({}), {handler}: {error}", row.id, row.what)));
    }
    faults
}

#[test]
fn the_server_passes_each_row_over_tcp() {
    let faults = net::run(async {
        let mut faults = Vec::new();
        for (handler, allow_http1) in [("reads", true), ("answers", false)] {
            let options = Options { allow_http1, ..Options::default() };
            let server = if handler == "reads" {
                wirebook_http2::serve_with("127.0.0.1:0", options, reads)?
            } else {
                wirebook_http2::serve_with("127.0.0.1:0", options, answers)?
            };
            let address = server.local_addr().expect("an address");
            faults.extend(rows_over(handler, async |stream| Ok(stream), address).await);
        }
        net::stop();
        Ok::<_, io::Error>(faults)
    });
    let faults = faults.expect("a loop that runs");
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// As `h2spec -t` does it.
#[test]
fn the_server_passes_each_row_over_tls() {
    let authority = Authority::default();
    let identity = authority.sign(&["localhost"], Time::Now).identity();
    let connector = authority.connector(&Default::default()).offering(&["h2"]);
    let faults = net::run(async move {
        let server = serve_secure_with("127.0.0.1:0", &identity, Options::default(), reads)?;
        let address = server.local_addr().expect("an address");
        let faults = rows_over("TLS", async |stream| connector.connect(stream, "localhost").await, address).await;
        net::stop();
        Ok::<_, io::Error>(faults)
    });
    let faults = faults.expect("a loop that runs");
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}
