//! One connection of an event source: the request on its way out, the head of the answer, and its body without framing.

use std::io;
use std::ops::Range;

use wirebook_http1::client::MAX_INFORMATIONAL;
use wirebook_http1::parser::{Fields, RequestHead};
use wirebook_http1::{self as http1, FieldBlock};
use wirebook_net::{self as net, Stream};

use super::head::{OwnedHead, head_of, unreachable};
use crate::source::error::Cause;
use crate::source::url::Url;

/// Where the body of an answer comes from.
pub(super) enum Wire<S> {
    /// A connection of one's own.
    Stream(Received<S>),
    /// An agent.
    #[cfg(feature = "tls")]
    Answer(super::answer::Answer),
}

impl<S: Stream> Wire<S> {
    /// One read behind what is left; 0 at the end.
    pub(super) async fn fill(&mut self) -> Result<usize, Cause> {
        match self {
            // Its kernel found nobody at the other end.
            Wire::Stream(received) => received.fill().await.map_err(|error| match error.kind() {
                io::ErrorKind::TimedOut => Cause::Silence,
                _ => Cause::Broken,
            }),
            #[cfg(feature = "tls")]
            Wire::Answer(answer) => answer.fill().await,
        }
    }

    /// The piece of the body that was not decoded yet.
    pub(super) fn body(&self) -> &[u8] {
        match self {
            Wire::Stream(received) => &received.inbox[received.body.clone()],
            #[cfg(feature = "tls")]
            Wire::Answer(answer) => answer.body(),
        }
    }

    /// The decoder has taken so many bytes of it.
    pub(super) fn consume(&mut self, count: usize) {
        match self {
            Wire::Stream(received) => received.body.start += count,
            #[cfg(feature = "tls")]
            Wire::Answer(answer) => answer.consume(count),
        }
    }

    /// The next piece of the body, if it is here.
    pub(super) fn next_part(&mut self) -> Part {
        match self {
            Wire::Stream(received) => received.next_part(),
            #[cfg(feature = "tls")]
            Wire::Answer(_) => Part::Missing,
        }
    }

    /// What the end of the transport means: the end of the body, or a message that was cut short.
    pub(super) fn end(&mut self) -> Cause {
        match self {
            Wire::Stream(received) => received.end(),
            #[cfg(feature = "tls")]
            Wire::Answer(_) => Cause::Ended,
        }
    }
}

/// A connection, and what came over it.
pub(super) struct Received<S> {
    stream: S,
    http: http1::Connection,
    fields: Box<Fields>,
    inbox: Vec<u8>,
    /// Bytes of `inbox` that the HTTP connection has used.
    used: usize,
    /// The part of `inbox` that is body and was not decoded yet.
    body: Range<usize>,
}

pub(super) enum Part {
    Body,
    End(Cause),
    Missing,
}

/// Connects, asks, and reads the head of the answer.
pub(super) async fn attempt<S: Stream>(
    connecting: impl Future<Output = io::Result<S>>,
    url: Url,
    fields: FieldBlock,
) -> Result<(Wire<S>, OwnedHead), Cause> {
    let stream = connecting.await.map_err(|error| unreachable(&error))?;
    let mut http = http1::Connection::client();
    let mut request = Vec::new();
    let head = RequestHead::new(b"GET", url.target().as_bytes(), fields.lines());
    // URL and fields were tried when the event source was made.
    let sent = http.send(http1::Event::Request(head), &mut request);
    sent.and_then(|()| http.send(http1::Event::End(Default::default()), &mut request)).map_err(|_| Cause::Broken)?;

    stream.write_all(&request).await.map_err(|_| Cause::Broken)?;
    let mut wire = Received { stream, http, fields: Box::default(), inbox: Vec::new(), used: 0, body: 0..0 };
    let mut informational = 0;
    loop {
        if let Some(head) = wire.next_head(&mut informational)? {
            return Ok((Wire::Stream(wire), head));
        }
        if wire.fill().await.map_err(|_| Cause::Broken)? == 0 {
            return Err(Cause::Ended);
        }
    }
}

impl<S: Stream> Received<S> {
    /// One read behind what is left; 0 at the end of the stream. What was used is dropped first.
    async fn fill(&mut self) -> io::Result<usize> {
        self.inbox.drain(..self.used);
        (self.used, self.body) = (0, 0..0);
        self.stream.readable().await?;
        let mut buffer = net::buffer();
        let count = self.stream.read(&mut buffer).await?;
        self.inbox.extend_from_slice(&buffer[..count]);
        Ok(count)
    }

    /// The head of the final response, if it is there; those before it (1xx) are skipped, within a bound.
    fn next_head(&mut self, informational: &mut u32) -> Result<Option<OwnedHead>, Cause> {
        loop {
            let (used, event) =
                self.http.receive(&self.inbox[self.used..], &mut self.fields).map_err(Cause::NotHttp)?;
            self.used += used;
            match event {
                Some(http1::Event::Response(head)) if head.status >= 200 => {
                    return head_of(head.status, &head.fields).map(Some);
                }
                Some(_) if *informational == MAX_INFORMATIONAL => return Err(Cause::TooManyInformational),
                Some(_) => *informational += 1,
                None => return Ok(None),
            }
        }
    }

    /// The next piece of the body.
    fn next_part(&mut self) -> Part {
        let input = &self.inbox[self.used..];
        match self.http.receive(input, &mut self.fields) {
            Ok((used, Some(http1::Event::Data(data)))) => {
                // Where the piece lies in the inbox: it has to outlive this borrow.
                let start = self.used + (data.as_ptr().addr() - input.as_ptr().addr());
                self.body = start..start + data.len();
                self.used += used;
                Part::Body
            }
            Ok((used, None)) => {
                self.used += used;
                Part::Missing
            }
            Ok((_, Some(_))) => Part::End(Cause::Ended),
            Err(error) => Part::End(Cause::NotHttp(error)),
        }
    }

    /// What the end of the transport means: the end of the body, or a message that was cut short.
    fn end(&mut self) -> Cause {
        if self.http.receive_eof().is_ok() { Cause::Ended } else { Cause::Broken }
    }
}
