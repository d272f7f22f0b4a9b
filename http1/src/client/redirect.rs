//! Fetching a URL, with the redirects that are safe to follow (RFC 9110 §15.4).

use super::options::Options;
use super::request::request;
use super::response::Response;
use super::url::Url;
use crate::agent::error::Error;
use crate::{FieldBlock, Misuse};
use percent_encoding::{CONTROLS, percent_encode};
use std::borrow::Cow;

/// Fields that are told to one origin alone. `host` names it; the others are secrets.
const SECRET: [&str; 4] = ["host", "authorization", "proxy-authorization", "cookie"];

/// Fields that speak of a body, and go with it (Fetch §4.4, step 13 of an HTTP-redirect fetch; RFC 9110 §15.4.4).
const OF_THE_BODY: [&str; 8] = [
    "content-encoding",
    "content-language",
    "content-length",
    "content-location",
    "content-type",
    "expect",
    "trailer",
    "transfer-encoding",
];

/// Gets a URL, by GET or HEAD; `options` give everything but the host, the port and the path. See [`fetch`].
///
/// ```no_run
/// # async fn example() -> Result<(), wirebook_http1::client::Error> {
/// use wirebook_http1::client::{Options, get};
///
/// let mut response = get("http://example.org/", &Options { max_redirects: 5, ..Options::default() }).await?;
/// println!("{}", response.bytes(1 << 20).await?.escape_ascii());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`Error::Option`] for methods other than GET and HEAD; those of [`fetch`].
pub async fn get(url: &str, options: &Options<'_>) -> Result<Response, Error> {
    if !matches!(options.method, "GET" | "HEAD") {
        return Err(Error::Option("get has no body to send: fetch takes one"));
    }
    fetch(url, options, "").await
}

/// Sends a request with its body to a URL; `options` give everything but the host, the port and the path.
///
/// At most [`Options::max_redirects`] redirects are followed, and as browsers follow them: 307 and 308 send method and
/// body again; 301 and 302 make a POST, and 303 all but HEAD, a GET without one. They lead only to `http:` and `https:`
/// URLs, and from `https:` to `http:` only with [`Options::allow_downgrade`]. User and password, `authorization` and
/// `cookie` do not go to another origin, nor back from there. A redirect's own body is not waited for.
///
/// ```no_run
/// # async fn example() -> Result<(), wirebook_http1::client::Error> {
/// use wirebook_http1::client::{Options, fetch};
///
/// let options = Options { method: "POST", max_redirects: 5, ..Options::default() };
/// let response = fetch("http://example.org/tea", &options, "milk").await?;
/// println!("{}", response.status());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`Error::Option`] for a URL that is none, and for CONNECT, which asks for no URL; [`Error::Redirect`]; those of a
/// request.
pub async fn fetch(url: &str, options: &Options<'_>, body: impl AsRef<[u8]>) -> Result<Response, Error> {
    if options.method == "CONNECT" {
        return Err(Error::Option("CONNECT asks for a tunnel and not for a URL"));
    }
    let first = Url::parse(url)?;
    let mut hop = Hop { url: first.clone(), method: options.method, body: body.as_ref(), at_home: true, bare: false };
    let mut followed = 0;
    loop {
        let response = hop.ask(options).await?;
        if options.max_redirects == 0 {
            return Ok(response);
        }
        let Some(location) = location(&response)? else { return Ok(response) };
        let next = target(&hop.url, &location, options)?;
        if followed == options.max_redirects {
            return Err(Error::Redirect("too many redirects"));
        }
        followed += 1;
        let status = response.status();
        // What has arrived of its body is read, and the rest is not waited for.
        drop(response);
        hop.follow(next, status);
        hop.at_home &= hop.url.is_same_origin(&first);
    }
}

/// One request on the way.
struct Hop<'o> {
    url: Url,
    method: &'o str,
    body: &'o [u8],
    /// Every request so far was for the first origin: its secrets may be told.
    at_home: bool,
    /// The body was dropped on the way.
    bare: bool,
}

impl Hop<'_> {
    async fn ask(&self, options: &Options<'_>) -> Result<Response, Error> {
        let headers: Vec<_> = options.headers.iter().filter(|header| self.passes_on(header.0)).copied().collect();
        let fields = options.fields.map(|fields| self.pass_on(fields)).transpose()?;
        let exchange = Options {
            method: self.method,
            host: &self.url.host,
            port: self.url.port,
            path: &self.url.path,
            secure: self.url.secure,
            headers: &headers,
            fields: fields.as_deref(),
            auth: self.url.auth.as_deref().or(options.auth.filter(|_| self.at_home)),
            ..*options
        };
        request(&exchange).await?.end(self.body).await
    }

    fn passes_on(&self, name: &str) -> bool {
        let is_of = |names: &[&str]| names.iter().any(|other| name.eq_ignore_ascii_case(other));
        (self.at_home || !is_of(&SECRET)) && !(self.bare && is_of(&OF_THE_BODY))
    }

    fn pass_on<'f>(&self, fields: &'f FieldBlock) -> Result<Cow<'f, FieldBlock>, Misuse> {
        if self.at_home && !self.bare {
            return Ok(Cow::Borrowed(fields));
        }
        let mut passed = FieldBlock::default();
        for (name, value) in
            fields.lines().iter().filter(|line| str::from_utf8(line.0).is_ok_and(|n| self.passes_on(n)))
        {
            passed.push(name, value)?;
        }
        Ok(Cow::Owned(passed))
    }

    /// RFC 9110 §15.4.2 to §15.4.4 let a client turn a POST into a GET, and browsers all do; §15.4.8 and §15.4.9 forbid it.
    fn follow(&mut self, mut next: Url, status: u16) {
        if status == 303 && self.method != "HEAD" || matches!(status, 301 | 302) && self.method == "POST" {
            (self.method, self.body, self.bare) = ("GET", b"", true);
        }
        if next.auth.is_none() && next.is_same_origin(&self.url) {
            next.auth = self.url.auth.take();
        }
        self.url = next;
    }
}

/// Where a redirect leads; `None` for other responses. 300 leaves the choice to a person.
///
/// A URL is ASCII, and what is sent is often not. As in browsers, bytes that are UTF-8 are text, and other ones are
/// percent-encoded as they are.
fn location(response: &Response) -> Result<Option<String>, Error> {
    if !matches!(response.status(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let headers = response.headers();
    let mut locations = headers.get_all("location");
    let Some(location) = locations.next() else { return Ok(None) };
    if locations.any(|other| other != location) {
        return Err(Error::Redirect("the redirect leads to several places"));
    }
    Ok(Some(match str::from_utf8(location) {
        Ok(text) => text.to_owned(),
        // Of ASCII only the control characters are encoded, which no field value has.
        Err(_) => percent_encode(location, CONTROLS).to_string(),
    }))
}

fn target(from: &Url, location: &str, options: &Options<'_>) -> Result<Url, Error> {
    let next = from.join(location).map_err(|_| Error::Redirect("the redirect leads to no http: or https: URL"))?;
    if from.secure && !next.secure && !options.allow_downgrade {
        return Err(Error::Redirect("the redirect leads from https: to http:"));
    }
    if options.socket_path.is_some() && !next.is_same_origin(from) {
        return Err(Error::Redirect("the redirect leads away from the Unix socket"));
    }
    Ok(next)
}
