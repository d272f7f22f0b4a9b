//! A response that stays open and takes events.

use std::time::Duration;

use wirebook_http1::{Failure, Outcome, Request, Response};

use crate::codec::encoder;
use crate::codec::error::EncodeError;
use crate::codec::event::Event;

/// A response that stays open and takes events.
///
/// Every method that writes waits until the client's system has taken the bytes: a slow client slows its own stream, and
/// after the server's `write_timeout` loses it.
///
/// ```no_run
/// use std::time::Duration;
/// use wirebook_http1::{self as http1, Request, Response};
/// use wirebook_net as net;
/// use wirebook_sse::{Event, server::EventStream};
///
/// net::run(async {
///     http1::serve("127.0.0.1:8000", async |request: Request<'_>, response: Response<'_>| {
///         let Some(mut stream) = EventStream::open(&request, response).await? else { return Ok(()) };
///         loop {
///             stream.send(Event::data("tick")).await?;
///             net::sleep(Duration::from_secs(1)).await;
///         }
///     })?;
///     net::ctrl_c().await
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct EventStream<'r> {
    response: Response<'r>,
    out: Vec<u8>,
}

impl<'r> EventStream<'r> {
    /// Sends the head at once, so that the client's `open` does not wait for the first event.
    ///
    /// `None` where the request wants no stream and has its answer: HEAD has been given the head, and a method other than
    /// GET has been refused (405).
    ///
    /// `no-store` keeps the stream out of caches. `no-transform` and `x-accel-buffering` tell the proxies on the way not to
    /// compress it and not to gather it: both hold events back until there are enough of them.
    ///
    /// # Errors
    ///
    /// What is wrong with the connection.
    pub async fn open(request: &Request<'_>, response: Response<'r>) -> Result<Option<Self>, Failure> {
        if !matches!(request.method(), "GET" | "HEAD") {
            response.status(405).header("allow", "GET, HEAD").end("").await?;
            return Ok(None);
        }
        let mut response = response
            .header("content-type", "text/event-stream")
            .header("cache-control", "no-store, no-transform")
            .header("x-accel-buffering", "no");
        response.write("").await?;
        if request.method() == "HEAD" {
            response.end("").await?;
            return Ok(None);
        }
        Ok(Some(EventStream { response, out: Vec::new() }))
    }

    /// Sends an event now.
    ///
    /// # Errors
    ///
    /// An event that cannot be encoded: then nothing is sent, and the stream goes on. What is wrong with the connection.
    pub async fn send(&mut self, event: Event<'_>) -> Outcome {
        self.push(event)?;
        self.flush().await
    }

    /// Adds an event to what [`flush`](Self::flush) sends.
    ///
    /// # Errors
    ///
    /// An event that cannot be encoded: nothing was added.
    pub fn push(&mut self, event: Event<'_>) -> Result<(), EncodeError> {
        encoder::encode(event, &mut self.out)
    }

    /// Adds bytes that are encoded already.
    pub(super) fn push_raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// Sends a comment now.
    ///
    /// # Errors
    ///
    /// What is wrong with the connection.
    pub async fn comment(&mut self, text: &str) -> Outcome {
        encoder::encode_comment(text, &mut self.out);
        self.flush().await
    }

    /// Sends the reconnection time now, in whole milliseconds. `Duration::MAX` keeps the client away for ever, or for as
    /// long as it lets a server do that.
    ///
    /// # Errors
    ///
    /// What is wrong with the connection.
    pub async fn retry(&mut self, time: Duration) -> Outcome {
        encoder::encode_retry(u64::try_from(time.as_millis()).unwrap_or(u64::MAX), &mut self.out);
        self.flush().await
    }

    /// Sends what was pushed, in one write.
    ///
    /// # Errors
    ///
    /// What is wrong with the connection.
    pub async fn flush(&mut self) -> Outcome {
        let result = self.response.write(&self.out).await;
        self.out.clear();
        result
    }

    /// Sends bytes that are encoded already, behind what was pushed. They are not looked at: what has not come from an
    /// [`encoder`] is the caller's to answer for.
    ///
    /// # Errors
    ///
    /// What is wrong with the connection.
    pub async fn send_raw(&mut self, bytes: &[u8]) -> Outcome {
        self.push_raw(bytes);
        self.flush().await
    }

    /// Ends the response. The client reconnects; only an answer of 204 keeps it away.
    ///
    /// # Errors
    ///
    /// What is wrong with the connection.
    pub async fn end(self) -> Outcome {
        self.response.end(self.out).await
    }
}
