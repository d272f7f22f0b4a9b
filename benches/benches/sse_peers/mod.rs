//! The peers behind plain functions. All poll in place: no executor, no socket, no wait.

pub(crate) mod results;

use std::convert::Infallible;
use std::hint::black_box;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use eventsource_client::{Client, ClientBuilder, ReconnectOptions, SSE};
use eventsource_stream::Eventsource;
use futures_util::stream::{self, Stream, StreamExt};
use http_body::Body;
use launchdarkly_sdk_transport::{ByteStream, HttpTransport, ResponseFuture};

pub(crate) fn encode_sse_stream(payloads: &[String]) {
    for payload in payloads {
        black_box(sse_stream::Sse::default().data(black_box(&payload[..])).encode().unwrap());
    }
}

pub(crate) fn encode_axum(payloads: Vec<String>) {
    use axum::response::IntoResponse;
    use axum::response::sse::{Event, Sse};
    let events = stream::iter(payloads.into_iter().map(|payload| Ok::<_, Infallible>(Event::default().data(payload))));
    let mut body = Sse::new(events).into_response().into_body();
    let mut context = Context::from_waker(Waker::noop());
    while let Poll::Ready(Some(frame)) = Pin::new(&mut body).poll_frame(&mut context) {
        black_box(frame.unwrap());
    }
}

/// A body that yields the reads without copying them.
fn body(reads: &[Bytes]) -> impl Stream<Item = Result<Bytes, Infallible>> + Unpin + use<> {
    let owned: Vec<Bytes> = reads.to_vec();
    stream::iter(owned.into_iter().map(Ok))
}

fn count<S: Stream + Unpin>(mut stream: S, is_event: impl Fn(&S::Item) -> bool, enough: usize) -> usize {
    let mut context = Context::from_waker(Waker::noop());
    let mut events = 0;
    while events < enough {
        let Poll::Ready(Some(item)) = stream.poll_next_unpin(&mut context) else { break };
        events += usize::from(is_event(black_box(&item)));
    }
    events
}

pub(crate) fn decode_sse_stream(reads: &[Bytes], enough: usize) -> usize {
    count(sse_stream::SseByteStream::new(body(reads)), |item| item.is_ok(), enough)
}

pub(crate) fn decode_sseer(reads: &[Bytes], enough: usize) -> usize {
    let stream = std::pin::pin!(sseer::event_stream::EventStream::new(body(reads)));
    count(stream, |item| item.is_ok(), enough)
}

pub(crate) fn decode_eventsource_stream(reads: &[Bytes], enough: usize) -> usize {
    count(body(reads).eventsource(), |item| item.is_ok(), enough)
}

pub(crate) fn decode_sse_core(reads: &[Bytes], _: usize) -> usize {
    let mut decoder = sse_core::SseDecoder::new();
    let mut events = 0;
    for read in reads {
        let mut read: &[u8] = black_box(read);
        while let Some(event) = decoder.next(&mut read) {
            black_box(event.unwrap());
            events += 1;
        }
    }
    events
}

pub(crate) fn decode_sse_parse(reads: &[Bytes], _: usize) -> usize {
    let mut parser = sse_parse::SseParser::new();
    let mut events = 0;
    for read in reads {
        parser.feed(black_box(read));
        while let Some(event) = parser.next_event() {
            black_box(event);
            events += 1;
        }
    }
    events
}

/// Its parser is private: the client is given a transport that answers from memory.
#[derive(Clone)]
struct Memory(Vec<Bytes>);

impl HttpTransport for Memory {
    fn request(&self, _: http::Request<Option<Bytes>>) -> ResponseFuture {
        let body: ByteStream = Box::pin(stream::iter(self.0.clone().into_iter().map(Ok)));
        let response = http::Response::builder().status(200).header("content-type", "text/event-stream").body(body);
        Box::pin(async move { Ok(response.unwrap()) })
    }
}

pub(crate) fn decode_eventsource_client(reads: &[Bytes], enough: usize) -> usize {
    let client = ClientBuilder::for_url("http://memory.test/")
        .unwrap()
        .reconnect(ReconnectOptions::reconnect(false).build())
        .build_with_transport(Memory(reads.to_vec()));
    count(client.stream(), |item| matches!(item, Ok(SSE::Event(_))), enough)
}
