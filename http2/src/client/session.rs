//! A connection to a server: many requests side by side.

use super::error::Error;
use super::line::{Line, Talk};
use super::response::{Opened, Response, Streamed};
use super::upload::{Answer, Upload, finish, offer};
#[cfg(doc)]
use crate::Misuse;
use crate::wire::StreamId;
use crate::{Config, Event};
use std::cell::Cell;
use std::fmt;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use wirebook_http1::FieldBlock;
#[cfg(feature = "tls")]
use wirebook_http1::client::Origin;
use wirebook_http1::parser::{FieldLines, RequestHead};
use wirebook_net::tcp::TcpStream;
use wirebook_net::{self as net, Address, Stream};

/// A connection to a server. Clones are the same connection; it ends when it is closed, when the last of them is dropped, when it has idled for
/// [`Config::idle_timeout`], or when the server ends it. What has been asked by then is answered.
///
/// ```no_run
/// use wirebook_http2::client::Session;
/// use wirebook_net as net;
///
/// net::run(async {
///     let session = Session::connect("127.0.0.1:8000").await?;
///     let mut answer = session.request("GET", "/tea").send("").await?;
///     println!("{} {:?}", answer.status(), answer.bytes(1024).await?);
///     session.close();
///     Ok::<(), Box<dyn std::error::Error>>(())
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Session {
    line: Rc<Held>,
    authority: Rc<str>,
}

/// A line that somebody may still make requests on.
struct Held(Rc<Line>);

impl Deref for Held {
    type Target = Rc<Line>;

    fn deref(&self) -> &Rc<Line> {
        &self.0
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.link.core().shutdown();
        self.link.wake();
    }
}

impl Session {
    /// Connects in clear text, with a server that is known to speak HTTP/2 (RFC 9113 §3.3).
    ///
    /// # Errors
    ///
    /// Those of [`TcpStream::connect`].
    pub async fn connect(address: impl Address) -> Result<Session, Error> {
        let stream = TcpStream::connect(address).await?;
        let authority = stream.peer_addr()?.to_string();
        Ok(Session::over(stream, &authority, Arc::default()))
    }

    /// Connects over TLS, and agrees on HTTP/2 there: it is offered alone, whatever the connector offers.
    ///
    /// # Errors
    ///
    /// Those of [`TcpStream::connect`] and of [`wirebook_tls::Connector::connect`]; [`Error::NotSpoken`].
    #[cfg(feature = "tls")]
    pub async fn connect_secure(host: &str, port: u16, connector: &wirebook_tls::Connector) -> Result<Session, Error> {
        let stream = TcpStream::connect((host, port)).await?;
        let stream = connector.offering(&[wirebook_tls::HTTP2]).connect(stream, host).await?;
        if stream.protocol().as_deref() != Some(wirebook_tls::HTTP2) {
            return Err(Error::NotSpoken);
        }
        let origin = Origin { secure: true, host: host.to_owned(), port, local_address: None, socket_path: None };
        Ok(Session::over(stream, &origin.authority(), Arc::default()))
    }

    /// On a stream of any kind, whose other end is known to speak HTTP/2; `authority` is the host of the requests.
    pub fn over(stream: impl Stream + 'static, authority: &str, config: Arc<Config>) -> Session {
        Session { line: Rc::new(Held(Line::begin(Rc::new(stream), config))), authority: authority.into() }
    }

    /// A request, to be sent by [`Request::send`].
    pub fn request<'a>(&self, method: &'a str, target: &'a str) -> Request<'a> {
        let mut fields = FieldBlock::default();
        let misuse = fields.push("host", self.authority.as_bytes()).err();
        Request { line: self.line.clone(), method, target, fields, misuse, patient: false }
    }

    /// Asks whether the server is there; gives how long its answer took.
    ///
    /// # Errors
    ///
    /// Why the connection has ended: [`Config::ping_timeout`] is one reason.
    pub async fn ping(&self) -> Result<Duration, Error> {
        thread_local!(static LAST: Cell<u64> = const { Cell::new(0) });
        let data = LAST.with(|last| last.replace(last.get() + 1)).to_be_bytes();
        let begin = net::now();
        let sent = self.line.link.say(|core, out| core.send(Event::Ping(data), out));
        sent.map_err(|misuse| self.line.end().unwrap_or(misuse.into()))?;
        let answered = || match self.line.pong.get() {
            Some(pong) if pong == data => Some(Ok(net::now() - begin)),
            _ => self.line.end().map(Err),
        };
        self.line.changed.until(answered).await
    }

    /// Takes no more requests; those that have been made are answered, then the connection ends.
    pub fn close(&self) {
        self.line.link.core().shutdown();
        self.line.link.wake();
    }

    /// Whether a further request may be made.
    pub fn is_open(&self) -> bool {
        self.line.leaving().is_none()
    }

    /// Waits until the connection has ended.
    pub async fn closed(&self) {
        self.line.changed.until(|| self.line.end().map(drop)).await;
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("authority", &self.authority).field("is_open", &self.is_open()).finish()
    }
}

/// A request that has not been sent.
#[must_use = "a request is sent by `send`"]
pub struct Request<'a> {
    line: Rc<Held>,
    method: &'a str,
    target: &'a str,
    fields: FieldBlock,
    misuse: Option<wirebook_http1::Misuse>,
    patient: bool,
}

impl Request<'_> {
    /// Adds these fields.
    pub(super) fn fields(mut self, fields: &FieldBlock) -> Self {
        for (name, value) in fields.lines().iter() {
            let pushed = self.fields.push(name, value);
            self.misuse = self.misuse.or(pushed.err());
        }
        self
    }

    /// Adds a field; one that may not be sent makes [`send`](Self::send) fail.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let pushed = self.fields.push(name, value);
        self.misuse = self.misuse.or(pushed.err());
        self
    }

    /// The content of the answer may take any time, as a stream of events does: [`Config::body_timeout`] and [`Config::min_body_rate`] do not
    /// end it.
    pub fn patient(mut self, patient: bool) -> Self {
        self.patient = patient;
        self
    }

    /// Sends it, waiting for a place among the streams that the server takes, and waits for the head of the answer. What has not been
    /// sent of the body by then goes on by itself. It waits as long as you do: put [`net::timeout`] around it.
    ///
    /// # Errors
    ///
    /// [`Error`]: of one that [is unprocessed](Error::is_unprocessed) the server knows nothing.
    pub async fn send(self, body: impl AsRef<[u8]>) -> Result<Response, Error> {
        let body = body.as_ref();
        if let Some(misuse) = self.misuse {
            return Err(misuse.into());
        }
        let talk = self.open(body).await?;
        let response = Streamed::new(Rc::clone(&self.line.0), talk.clone());
        // ANCHOR: send
        let mut rest = body;
        let arrived = talk.changed.until(|| {
            if !rest.is_empty() {
                match offer(&self.line, talk.id, rest, true) {
                    Ok(taken) => rest = &rest[taken..],
                    // The server wants no more of it; what it says of the request is what counts.
                    Err(_) => rest = &[],
                }
            }
            if let Some(error) = talk.failure.borrow().clone() {
                return Some(Err(error));
            }
            talk.head.borrow().is_some().then_some(Ok(()))
        });
        arrived.await?;
        // ANCHOR_END: send
        if !rest.is_empty() {
            let (line, rest) = (Rc::clone(&self.line.0), rest.to_vec());
            net::spawn(async move { finish(&line, talk.id, &rest).await });
        }
        Ok(response.arrived().into())
    }

    /// Sends the head alone, waiting for a place among the streams, and gives the two sides of the exchange: the body, to be written piece by
    /// piece, and the answer, which may come before the body is complete. Neither waits for the other.
    ///
    /// ```no_run
    /// # async fn post(session: &wirebook_http2::client::Session) -> Result<(), wirebook_http2::client::Error> {
    /// let (mut upload, answer) = session.request("POST", "/log").stream().await?;
    /// for line in ["one\n", "two\n"] {
    ///     if !upload.write(line).await? {
    ///         break; // The server has answered, and wants no more.
    ///     }
    /// }
    /// upload.end();
    /// println!("{}", answer.head().await?.status());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), of what comes before the head.
    pub async fn stream(self) -> Result<(Upload, Answer), Error> {
        if let Some(misuse) = self.misuse {
            return Err(misuse.into());
        }
        let talk = self.begin(self.fields.lines(), None, false).await?;
        let line = Rc::clone(&self.line.0);
        let response = Streamed::new(line.clone(), talk.clone());
        Ok((Upload::new(line, talk.clone()), Answer { talk, response }))
    }

    /// Asks for a tunnel that speaks `protocol` (RFC 8441): the method is CONNECT, the target a path. Waits until the server has said whether it
    /// opens any, for a place among the streams, and for the answer.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send); [`Misuse::Protocol`] where the server opens none, and [`Error::Refused`] where it does not open this one.
    pub async fn upgrade(self, protocol: &str) -> Result<Opened, Error> {
        if let Some(misuse) = self.misuse {
            return Err(misuse.into());
        }
        let line = &self.line;
        // Of one that takes no more requests `begin` tells.
        let introduced = || (line.link.core().is_introduced() || line.leaving().is_some()).then_some(());
        line.changed.until(introduced).await;
        let talk = self.begin(self.fields.lines(), Some(protocol.as_bytes()), false).await?;
        let response = Streamed::new(Rc::clone(&line.0), talk.clone());
        let response = Answer { talk, response }.arrived().await?;
        match response.status() {
            200..300 => response.into_tunnel(),
            status => Err(Error::Refused(status)),
        }
    }

    /// Opens a stream for a body that is known, when there is a place.
    async fn open(&self, body: &[u8]) -> Result<Rc<Talk>, Error> {
        let fields = self.fields.lines();
        if body.is_empty() || fields.get("content-length").is_some() {
            return self.begin(fields, None, body.is_empty()).await;
        }
        let mut fields = self.fields.clone();
        fields.push("content-length", body.len().to_string())?;
        self.begin(fields.lines(), None, false).await
    }

    /// Opens a stream, when there is a place.
    async fn begin(&self, fields: FieldLines<'_>, protocol: Option<&[u8]>, end: bool) -> Result<Rc<Talk>, Error> {
        let line = &self.line;
        let place = || {
            if let Some(why) = line.leaving() {
                return Some(Err(Error::unprocessed(why)));
            }
            let next = line.link.core().next_stream();
            next.map(Ok)
        };
        let stream: StreamId = line.changed.until(place).await?;
        self.say_head(stream, fields, protocol, end)?;
        if self.patient {
            line.link.core().be_patient(stream);
        }
        line.ask_whether_it_lives();
        let talk = Talk::new(stream);
        line.enter(talk.clone());
        Ok(talk)
    }

    fn say_head(
        &self,
        stream: StreamId,
        fields: FieldLines<'_>,
        protocol: Option<&[u8]>,
        end: bool,
    ) -> Result<(), Error> {
        let head = RequestHead::new(self.method.as_bytes(), self.target.as_bytes(), fields);
        let scheme: &[u8] = if self.line.link.stream.is_secure() { b"https" } else { b"http" };
        let event = Event::Request { stream, head, scheme, protocol, end };
        Ok(self.line.link.say(|core, out| core.send(event, out))?)
    }
}
