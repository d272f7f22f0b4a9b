//! The answer's body. Each of these ends a handler: what they give is the proof that somebody has answered.

use super::{Answer, Body, Context, Done, Failure, Source};
use crate::trust::{location, safe_target};
use serde::Serialize;
use std::{borrow::Cow, fs::File, mem, ops::Range};
use wirebook_http1::{Outcome, Request, Response, reason};

/// Characters that the name of a function in a query may have.
const LONGEST_CALLBACK: usize = 64;

impl<'r> Context<'r> {
    /// Answers with text.
    ///
    /// # Errors
    ///
    /// None, but where fields are too many: so it is with all that follow.
    pub fn text(&mut self, text: impl Into<Cow<'static, str>>) -> Answer {
        self.whole("text/plain; charset=utf-8", into_bytes(text.into()))
    }

    /// Answers with a page. What was typed by somebody is escaped by whoever made the page.
    ///
    /// # Errors
    ///
    /// See [`text`](Self::text).
    pub fn html(&mut self, page: impl Into<Cow<'static, str>>) -> Answer {
        self.whole("text/html; charset=utf-8", into_bytes(page.into()))
    }

    /// Answers with JSON.
    ///
    /// # Errors
    ///
    /// 500 for what has no JSON, such as a map with keys that are no texts.
    pub fn json(&mut self, value: &(impl Serialize + ?Sized)) -> Answer {
        let json = serde_json::to_vec(value)?;
        self.whole("application/json", json.into())
    }

    /// Answers with a script that gives JSON to the function that the query names as `callback`, for pages that cannot ask with CORS; without such
    /// a name, with JSON: Express's `res.jsonp`. Any page of any site may read it, and with the visitor's cookies.
    ///
    /// Of the name stays what names things in a script, and it is no more than 64 characters. The comment at the front keeps the
    /// name from being the first bytes of a file of another kind (CVE-2014-4671), and `nosniff` a browser from guessing one.
    ///
    /// # Errors
    ///
    /// 400 for a name of which nothing is left, or too much; those of [`json`](Self::json).
    pub fn jsonp(&mut self, value: &(impl Serialize + ?Sized)) -> Answer {
        let Some(asked) = self.query_value("callback").filter(|name| !name.is_empty()) else { return self.json(value) };
        let is_part = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | '.' | '[' | ']');
        let callback: String = asked.chars().filter(is_part).collect();
        self.ensure(!callback.is_empty() && callback.len() <= LONGEST_CALLBACK, 400, "no name of a function")?;
        // Ends of lines to scripts before ECMAScript 2019, and to JSON never.
        let json = serde_json::to_string(value)?.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
        self.set("x-content-type-options", "nosniff")?.set("content-type", "text/javascript; charset=utf-8")?;
        self.bytes(format!("/**/ typeof {callback} === 'function' && {callback}({json});").into_bytes())
    }

    /// Answers with bytes; their type is yours to say, or else `application/octet-stream`.
    ///
    /// # Errors
    ///
    /// See [`text`](Self::text).
    pub fn bytes(&mut self, bytes: impl Into<Cow<'static, [u8]>>) -> Answer {
        self.whole("application/octet-stream", bytes.into())
    }

    fn whole(&mut self, media: &str, bytes: Cow<'static, [u8]>) -> Answer {
        self.type_or(media)?;
        self.body = Body::Bytes(bytes);
        Ok(Done::new())
    }

    /// Answers with a status and no body: 204, or whatever is right.
    ///
    /// # Errors
    ///
    /// See [`text`](Self::text).
    pub fn empty(&mut self, status: u16) -> Answer {
        self.status(status).remove("content-type");
        self.body = Body::Empty;
        Ok(Done::new())
    }

    /// Answers with a status and the words that it has: Express's `sendStatus`.
    ///
    /// # Errors
    ///
    /// See [`text`](Self::text).
    pub fn send_status(&mut self, status: u16) -> Answer {
        self.status(status).text(reason(status))
    }

    /// Answers with a part of an open file, which is read as fast as the client takes it. Its type is yours to say.
    ///
    /// # Errors
    ///
    /// See [`text`](Self::text). A file that becomes shorter breaks the connection off: its client must not take what it has for the
    /// whole.
    pub fn file(&mut self, file: File, range: Range<u64>) -> Answer {
        self.type_or("application/octet-stream")?;
        self.body = Body::File(file, range);
        Ok(Done::new())
    }

    /// Answers with pieces that come in their time. Rings that are left on the way out may put another stream around it.
    ///
    /// ```no_run
    /// # use wirebook_web::{Answer, Context};
    /// async fn count(ctx: &mut Context<'_>) -> Answer {
    ///     let mut left = 3;
    ///     ctx.stream(async move || {
    ///         left -= 1;
    ///         Ok((left >= 0).then(|| format!("{left}\n").into_bytes()))
    ///     })
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// See [`text`](Self::text). A stream that fails breaks the connection off.
    pub fn stream(&mut self, source: impl Source + 'static) -> Answer {
        self.type_or("application/octet-stream")?;
        self.body = Body::Stream(Box::new(source));
        Ok(Done::new())
    }

    /// Leads the browser to another place of this server, with 302 or another status of 3xx that was set before; 304 leads nowhere.
    ///
    /// # Errors
    ///
    /// 400 for what is no [`safe_target`]: `?next=//evil.example` leads nowhere.
    pub fn redirect(&mut self, target: &str) -> Answer {
        let target = safe_target(target).ok_or_else(|| Failure::new(400, "no place of this server"))?;
        self.lead_to(target)
    }

    /// Leads the browser to another server. What a stranger gave is never to stand here.
    ///
    /// # Errors
    ///
    /// 500 for what is no `https://` or `http://` URL with a host and without credentials.
    pub fn redirect_external(&mut self, url: &str) -> Answer {
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or_default();
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let is_odd = |character: char| character.is_control() || character.is_whitespace() || character == '\\';
        if host.is_empty() || host.contains('@') || url.contains(is_odd) {
            return Err(Failure::new(500, format!("no place to lead to: {url:?}")));
        }
        self.lead_to(url)
    }

    /// Leads the browser back to the page of ours that it came from, or else to `otherwise`.
    ///
    /// # Errors
    ///
    /// Those of [`redirect`](Self::redirect).
    pub fn back(&mut self, otherwise: &str) -> Answer {
        let came_from = self.header("referer").unwrap_or_default();
        let ours = came_from.strip_prefix(&*self.origin()).and_then(safe_target);
        self.redirect(ours.unwrap_or(otherwise))
    }

    fn lead_to(&mut self, target: &str) -> Answer {
        let status = self.status_now();
        let place = location(target);
        self.set("location", &place)?.content_type("text")?;
        let leads = (300..400).contains(&status) && status != 304;
        self.status(if leads { status } else { 302 }).text(format!("Redirecting to {place}\n"))
    }

    /// Ends with a failure: its status, and words that the client sees below 500.
    ///
    /// # Errors
    ///
    /// Always.
    #[track_caller]
    pub fn fail(&self, status: u16, message: impl Into<Cow<'static, str>>) -> Answer {
        Err(Failure::new(status, message))
    }

    /// Goes on only if something holds: Koa's `ctx.assert`.
    ///
    /// # Errors
    ///
    /// A failure, where it does not.
    #[track_caller]
    pub fn ensure(&self, holds: bool, status: u16, message: impl Into<Cow<'static, str>>) -> Result<(), Failure> {
        if holds { Ok(()) } else { Err(Failure::new(status, message)) }
    }

    /// Leaves the request to the next route that fits, less specific than this one; without another it is a 404. Express's
    /// `next('route')`.
    pub fn pass(&mut self) -> Done {
        self.is_passing = true;
        Done::new()
    }

    /// Speaks HTTP by itself: for event streams, WebSockets, tunnels. The fields so far are in the response; rings that are left on the way out
    /// can change nothing any more.
    ///
    /// ```no_run
    /// # use wirebook_web::{Answer, Context};
    /// async fn hints(ctx: &mut Context<'_>) -> Answer {
    ///     ctx.raw(async |_request, mut response| {
    ///         response.write("one ").await?;
    ///         response.end("two").await
    ///     })
    ///     .await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// 500 where request or response are no longer there. What the function ends with goes to HTTP/1 and to nobody else.
    pub async fn raw<F>(&mut self, speak: F) -> Answer
    where
        F: AsyncFnOnce(Request<'r>, Response<'r>) -> Outcome,
    {
        let Some(request) = self.take_request() else { return Err(gone()) };
        let Some(response) = self.response.take() else { return Err(gone()) };
        self.lent = Some(response.hold());
        let outcome = speak(request, response).await;
        self.sent = Some(outcome);
        Ok(Done::new())
    }

    /// A hold on the answer, for whoever must know whether it has begun.
    pub(crate) fn hold(&self) -> Option<Response<'r>> {
        self.response.as_ref().map(Response::hold)
    }

    /// Takes the answer back from a handler that was given up while it spoke by itself, if nothing of it has gone out.
    pub(crate) fn take_back(&mut self) {
        self.response = self.response.take().or_else(|| self.lent.take().filter(|lent| !lent.is_begun()));
    }

    /// Whether the client asks for another protocol on its connection.
    pub(crate) fn wants_upgrade(&self) -> bool {
        self.request.as_ref().is_some_and(Request::upgrades)
    }

    /// The request, to read its body or to give it away; what is asked of its connection is asked now.
    pub(crate) fn take_request(&mut self) -> Option<Request<'r>> {
        self.remote_addr();
        self.request.take()
    }

    /// The proof that a ring of ours has answered, whose body and fields are put together.
    pub(crate) fn answered(&mut self) -> Done {
        Done::new()
    }

    /// Puts the request back that was taken.
    pub(crate) fn put_request(&mut self, request: Request<'r>) {
        self.request = Some(request);
    }

    /// The body of the answer so far.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// Takes the body out, to put another one in its place.
    pub fn take_body(&mut self) -> Body {
        mem::take(&mut self.body)
    }

    /// Puts a body in the place of the one so far; its type and the fields that describe it are yours to say.
    pub fn put_body(&mut self, body: Body) {
        self.body = body;
    }
}

fn gone() -> Failure {
    Failure::new(500, "the request was given away before")
}

fn into_bytes(text: Cow<'static, str>) -> Cow<'static, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}
