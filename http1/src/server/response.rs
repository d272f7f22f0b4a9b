//! The response, as a handler writes it.

use super::carrier::Carrier;
use super::draft::Draft;
use super::exchange::Exchange;
use super::failure::{Failure, Outcome};
use super::files::{self, Reading, Validators, Wanted, weigh};
use super::request::{self, Request};
use crate::buffers::MAX_GATHERED;
use crate::connection::{Event, FieldBlock, Misuse};
use crate::parser::{FieldLines, RequestHead, ResponseHead, Version};
use crate::upgraded::Upgraded;
use std::cell::{Ref, RefMut};
use std::fmt;
use std::fs::{File, Metadata};
use std::mem;
use std::ops::RangeBounds;
use std::path::PathBuf;
use std::time::SystemTime;

/// A response to be written to: [`status`](Self::status) and [`header`](Self::header) first, then
/// [`end`](Self::end) with the whole body, or [`write`](Self::write) and `end` piece by piece.
///
/// The server adds `Date`, the framing (`Content-Length` where the body is known at once, else chunks, else the end of the
/// connection for HTTP/1.0), and `Connection` where it is needed.
pub struct Response<'r> {
    way: Way<'r>,
}

/// How it goes.
#[derive(Clone, Copy)]
enum Way<'r> {
    One(&'r Exchange<'r>),
    Other(&'r dyn Carrier),
}

impl<'r> Response<'r> {
    pub(super) fn of(exchange: &'r Exchange<'r>) -> Self {
        Response { way: Way::One(exchange) }
    }

    /// A response that another protocol carries.
    #[doc(hidden)]
    pub fn carried(carrier: &'r dyn Carrier) -> Self {
        Response { way: Way::Other(carrier) }
    }

    #[inline]
    fn draft(&self) -> RefMut<'r, Draft> {
        match self.way {
            Way::One(exchange) => RefMut::map(exchange.answer.borrow_mut(), |answer| &mut *answer.draft),
            Way::Other(carrier) => carrier.draft().borrow_mut(),
        }
    }

    /// Another hold on the same answer, for a layer above that has to answer for a handler which it gave up. One of the two at a time is used.
    #[doc(hidden)]
    pub fn hold(&self) -> Self {
        Response { way: self.way }
    }

    /// Sets the status, 200 to 599; without it, 200. No effect once the body has begun.
    #[must_use = "the response is written by `end`"]
    pub fn status(self, status: u16) -> Self {
        self.draft().status = status;
        self
    }

    /// Adds a field. The name is a token; the value has no CR, LF, NUL or other control characters.
    ///
    /// A field that breaks a rule, or comes once the body has begun, makes the next `write` or `end` fail with a
    /// [`Misuse`], and nothing of it is sent.
    #[must_use = "the response is written by `end`"]
    pub fn header(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.draft().header(name, value);
        self
    }

    /// The status that the answer has so far, or had.
    pub fn status_now(&self) -> u16 {
        self.draft().status
    }

    /// As [`status`](Self::status), for whoever keeps the response and comes back to it.
    pub fn set_status(&mut self, status: u16) {
        let draft = &mut *self.draft();
        if !draft.begun {
            draft.status = status;
        }
    }

    /// The head is out: status and fields are what they are.
    pub fn is_begun(&self) -> bool {
        self.draft().begun
    }

    /// Waits until the server closes and waits for the answers that are on their way; of what another protocol carries, also until
    /// nobody waits for this one any more. For an answer without an end: whether the client has gone, its next write says, or
    /// [`Request::closed`](super::Request::closed).
    pub async fn closing(&self) {
        match self.way {
            Way::One(exchange) => exchange.connections.until_closing().await,
            Way::Other(carrier) => carrier.changed().until(|| carrier.is_closed().then_some(())).await,
        }
    }

    /// Looks at the fields that the answer has so far.
    pub fn fields<T>(&self, look: impl FnOnce(&FieldBlock) -> T) -> T {
        let lines = mem::take(&mut self.draft().lines);
        self.put_back(lines, |lines| look(lines))
    }

    /// Changes the fields that the answer has so far, in the connection's own room: nothing is copied.
    ///
    /// ```no_run
    /// # async fn handler(_: wirebook_http1::Request<'_>, mut response: wirebook_http1::Response<'_>) -> wirebook_http1::Outcome {
    /// response.fields_mut(|fields| fields.set("cache-control", "no-store"))??;
    /// response.end("").await
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`] once the head is out; the function is not called then.
    pub fn fields_mut<T>(&mut self, change: impl FnOnce(&mut FieldBlock) -> T) -> Result<T, Misuse> {
        if self.is_begun() {
            return Err(Misuse::OutOfTurn);
        }
        let lines = mem::take(&mut self.draft().lines);
        Ok(self.put_back(lines, change))
    }

    /// The fields that the answer has so far, for a layer above that runs nothing of a stranger's while it looks at them.
    #[doc(hidden)]
    #[inline]
    pub fn lines(&self) -> Ref<'_, FieldBlock> {
        match self.way {
            Way::One(exchange) => Ref::map(exchange.answer.borrow(), |answer| &answer.draft.lines),
            Way::Other(carrier) => Ref::map(carrier.draft().borrow(), |draft| &draft.lines),
        }
    }

    /// As [`lines`](Self::lines), to change them.
    #[doc(hidden)]
    #[inline]
    pub fn lines_mut(&mut self) -> Result<RefMut<'_, FieldBlock>, Misuse> {
        let draft = self.draft();
        if draft.begun { Err(Misuse::OutOfTurn) } else { Ok(RefMut::map(draft, |draft| &mut draft.lines)) }
    }

    /// While a function of the caller's runs, nothing is borrowed: it may ask the request for whatever it likes.
    fn put_back<T>(&self, mut lines: FieldBlock, run: impl FnOnce(&mut FieldBlock) -> T) -> T {
        let given = run(&mut lines);
        self.draft().lines = lines;
        given
    }

    /// Sends a piece of the body now, the head before the first, and waits until the client has taken most of it.
    ///
    /// # Errors
    ///
    /// A [`Misuse`] of the response, or what is wrong with the connection.
    pub async fn write(&mut self, data: impl AsRef<[u8]>) -> Outcome {
        let data = data.as_ref();
        let exchange = match self.way {
            Way::One(exchange) => exchange,
            Way::Other(carrier) => {
                carrier.begin(None)?;
                return carrier.send(data, false).await;
            }
        };
        exchange.begin(None)?;
        if data.is_empty() {
            return Ok(exchange.flush().await?);
        }
        send(exchange, data).await
    }

    /// Sends the rest of the body, and with it the response is done. If nothing was written before, its length is known.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub async fn end(self, data: impl AsRef<[u8]>) -> Outcome {
        let data = data.as_ref();
        let exchange = match self.way {
            Way::One(exchange) => exchange,
            Way::Other(carrier) => {
                carrier.begin(Some(data.len() as u64))?;
                return carrier.send(data, true).await;
            }
        };
        let whole = if data.len() <= MAX_GATHERED { exchange.send_whole(data)? } else { None };
        let pending = match whole {
            Some(pending) => pending,
            None => {
                exchange.begin(Some(data.len() as u64))?;
                send(exchange, data).await?;
                exchange.end(&FieldLines::default())?
            }
        };
        // What is small goes out with the answers to the requests behind this one.
        if pending > MAX_GATHERED {
            exchange.flush().await?;
        }
        Ok(())
    }

    /// Sends the rest of the body, and trailer fields behind it (RFC 9110 §6.5). To an HTTP/1.0 client no trailers go.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write); a trailer that would change framing or routing is a [`Misuse`].
    pub async fn end_with_trailers(mut self, data: impl AsRef<[u8]>, trailers: &FieldBlock) -> Outcome {
        self.write(data).await?;
        match self.way {
            Way::One(exchange) => {
                let chunked = exchange.answer.borrow().connection.sends_chunks();
                exchange.end(&if chunked { trailers.lines() } else { FieldLines::default() })?;
                Ok(exchange.flush().await?)
            }
            Way::Other(carrier) => carrier.end(trailers.lines()),
        }
    }

    /// Sends a file as the body: its length is known, and it is read on the thread pool, a piece at a time, as fast as the
    /// client takes it. Its type is yours to say.
    ///
    /// The answer to a GET or HEAD has `ETag` and `Last-Modified`, made from the file's time and length unless you have set
    /// them, and the request's conditions are weighed (RFC 9110 §13.2.2): it may become 304 or 412. One `Range` is answered
    /// with 206 or 416, if its `If-Range` holds; several are answered with the whole. With a status of your own, other than
    /// 200, all of the file goes out whatever was asked.
    ///
    /// # Errors
    ///
    /// Those of opening and reading the file, and as [`write`](Self::write); at once, for what is no regular file. If it
    /// cannot be opened nothing was sent, and a handler that gives the error back has its client answered with 500: look
    /// first where another answer is due.
    pub async fn end_file(self, path: impl Into<PathBuf>) -> Outcome {
        let (file, metadata) = files::open(path.into()).await?;
        let range = match self.weigh(&metadata)? {
            Wanted::Whole => 0..metadata.len(),
            Wanted::Part(range) => range,
            Wanted::NotModified | Wanted::Failed | Wanted::Unsatisfiable => return self.end("").await,
        };
        self.end_reading(Reading::seek(file, range)?).await
    }

    /// Sends those bytes of an open file as the body, with the status and the fields that you have set and no others: for
    /// files that were opened for their looks, or that have no name. The request is not asked what it wants.
    ///
    /// ```no_run
    /// # async fn handler(_: wirebook_http1::Request<'_>, response: wirebook_http1::Response<'_>) -> wirebook_http1::Outcome {
    /// let file = std::fs::File::open("tea.csv")?;
    /// response.status(206).header("content-range", "bytes 0-9/20").end_opened(file, 0..10).await
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `InvalidInput` where the range does not lie in the file, or it is no regular one: nothing was sent then. Those of
    /// reading, and as [`write`](Self::write).
    pub async fn end_opened(self, file: File, range: impl RangeBounds<u64>) -> Outcome {
        let reading = Reading::part(file, range).await?;
        self.end_reading(reading).await
    }

    /// Breaks the connection off, with whatever of the answer has not gone out: the client must not take what it has for a
    /// whole. For a body that turns out wrong after its head is out.
    pub fn abort(self) {
        match self.way {
            Way::One(exchange) => exchange.reset.set(true),
            Way::Other(carrier) => carrier.abort(),
        }
    }

    /// Sends an informational response (RFC 9110 §15.2), such as 103 with links that the client may fetch meanwhile. To an
    /// HTTP/1.0 client nothing goes.
    ///
    /// # Errors
    ///
    /// A [`Misuse`] where the status is not 102 to 199 or the final response has begun; what is wrong with the connection.
    pub async fn informational(&mut self, status: u16, fields: &FieldBlock) -> Outcome {
        if !(102..200).contains(&status) {
            return Err(Misuse::StatusLine.into());
        }
        let exchange = match self.way {
            Way::One(exchange) => exchange,
            Way::Other(carrier) => return carrier.informational(status, fields),
        };
        if exchange.answer.borrow().connection.peer_version() == Version::Http10 {
            return Ok(());
        }
        exchange.send(Event::Response(ResponseHead::new(status, fields.lines())))?;
        Ok(exchange.flush().await?)
    }

    /// Agrees to another protocol on this connection: 101 with the fields given, or 200 to CONNECT. The connection is
    /// the caller's from here on; over HTTP/2 it is one stream of it, for an extended CONNECT (RFC 8441).
    ///
    /// The request is given up for it, because what was read behind it belongs to the other protocol; its body must have
    /// been read to the end. `Connection: upgrade` is added.
    ///
    /// # Errors
    ///
    /// A [`Misuse`] where the request did not ask for it ([`Request::upgrades`](super::Request::upgrades)), and where the
    /// field `Upgrade` that you have set does not name a protocol that it asked for.
    pub async fn upgrade(self, request: Request<'_>) -> Result<Upgraded, Failure> {
        let (exchange, body) = match (self.way, &request.way) {
            (Way::One(exchange), request::Way::One(body)) => (exchange, body),
            (Way::Other(carrier), _) => {
                let stream = carrier.upgrade()?;
                carrier.draft().borrow_mut().begun = true;
                return Ok(Upgraded::new(stream, Vec::new()));
            }
            (Way::One(_), request::Way::Other(_)) => return Err(Misuse::OutOfTurn.into()),
        };
        {
            let answer = &mut *exchange.answer.borrow_mut();
            if let Some(misuse) = answer.draft.misuse {
                return Err(misuse.into());
            }
            let status = if answer.connection.answers_connect() { 200 } else { 101 };
            let head = ResponseHead::new(status, answer.draft.lines.lines());
            answer.connection.send(Event::Response(head), answer.out.end())?;
            answer.draft.begun = true;
        }
        exchange.flush().await?;
        exchange.stream.probe(exchange.options.probe_after);
        Ok(Upgraded::new(exchange.stream.clone().into_stream(), body.rest()))
    }

    /// Sends what is read of a file.
    async fn end_reading(self, mut reading: Reading) -> Outcome {
        let length = Some(reading.left());
        // To HEAD the head is the whole answer.
        let reads = self.head().method != b"HEAD";
        match self.way {
            Way::One(exchange) => {
                exchange.begin(length)?;
                while reads && let Some((piece, rest)) = reading.next().await? {
                    send(exchange, &piece).await?;
                    reading = rest;
                }
                exchange.end(&FieldLines::default())?;
                Ok(exchange.flush().await?)
            }
            Way::Other(carrier) => {
                carrier.begin(length)?;
                while reads && let Some((piece, rest)) = reading.next().await? {
                    carrier.send(&piece, false).await?;
                    reading = rest;
                }
                carrier.send(b"", true).await
            }
        }
    }

    fn head(&self) -> &'r RequestHead<'r> {
        match self.way {
            Way::One(exchange) => exchange.head,
            Way::Other(carrier) => carrier.head(),
        }
    }

    /// What a request wants of a file; status and fields say so.
    fn weigh(&self, metadata: &Metadata) -> Result<Wanted, Misuse> {
        let head = self.head();
        let answer = &mut *self.draft();
        if answer.begun || answer.status != 200 || !matches!(head.method, b"GET" | b"HEAD") {
            return Ok(Wanted::Whole);
        }
        let length = metadata.len();
        let validators = Validators::of(length, metadata.modified().ok(), SystemTime::now()).or_said(&answer.lines);
        let wanted = weigh(head.method, &head.fields, &validators, length);
        answer.lines.set("etag", &validators.tag)?;
        if let Some(modified) = validators.modified {
            answer.lines.set("last-modified", httpdate::fmt_http_date(modified))?;
        }
        answer.lines.set("accept-ranges", "bytes")?;
        answer.status = match &wanted {
            Wanted::Whole => 200,
            Wanted::Part(range) => {
                answer.lines.set("content-range", format!("bytes {}-{}/{length}", range.start, range.end - 1))?;
                206
            }
            Wanted::NotModified => 304,
            Wanted::Failed => 412,
            Wanted::Unsatisfiable => {
                answer.lines.set("content-range", format!("bytes */{length}"))?;
                416
            }
        };
        if answer.status >= 300 {
            // There is no content for it to describe.
            answer.lines.remove("content-type");
        }
        Ok(wanted)
    }
}

/// Sends content piece by piece, as the client takes it.
async fn send(exchange: &Exchange<'_>, data: &[u8]) -> Outcome {
    for piece in data.chunks(MAX_GATHERED) {
        queue(exchange, piece)?;
        exchange.flush().await?;
    }
    Ok(())
}

/// Answers to HEAD have no body, whatever the handler writes (RFC 9110 §9.3.2). Of a body that is too long, what fits
/// is sent.
fn queue(exchange: &Exchange<'_>, data: &[u8]) -> Result<(), Misuse> {
    let answer = &mut *exchange.answer.borrow_mut();
    let connection = &mut *answer.connection;
    if connection.answers_head() {
        return Ok(());
    }
    let room = connection.room_left().map_or(data.len(), |left| usize::try_from(left).unwrap_or(usize::MAX));
    let (fitting, surplus) = data.split_at(room.min(data.len()));
    connection.send_data(fitting, answer.out.end())?;
    if surplus.is_empty() { Ok(()) } else { Err(Misuse::TooManyBytes) }
}

impl fmt::Debug for Response<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let draft = self.draft();
        f.debug_struct("Response").field("status", &draft.status).field("begun", &draft.begun).finish_non_exhaustive()
    }
}
