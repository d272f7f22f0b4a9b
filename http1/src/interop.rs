//! Conversions to and from the types of the [`http`] crate, which most of Rust's HTTP programs share: feature `http`.
//!
//! | here | there | |
//! |---|---|---|
//! | [`Version`] | [`http::Version`] | always; back, if it is 1.0 or 1.1 |
//! | [`FieldLines`] | [`HeaderMap`] | names become lower case; lines with the same name keep their order |
//! | [`FieldBlock`] | `&HeaderMap` | if it is small enough for a head |
//! | [`RequestHead`] | [`http::Request`] | if [`Uri`](http::Uri) takes the target |
//! | [`ResponseHead`] | [`http::Response`] | its reason phrase is lost |
//!
//! Their heads own what is in them, and ours borrow it; so the way back, [`request_head`] and [`response_head`], takes a
//! [`FieldBlock`] as room. A method is `head.method`, for [`http::Method::from_bytes`], and a status is `head.status`, for
//! [`http::StatusCode::from_u16`].
//!
//! A parser of ours lets nothing through that their types refuse but some targets; it is still their types that decide, so
//! what they refuse is an error and not a panic.
//!
//! ```
//! use wirebook_http1::parser::{self, Fields, Limits, Progress};
//! use wirebook_http1::{Connection, Event, FieldBlock, interop};
//!
//! // Bytes to their request.
//! let input = b"GET /tea?milk HTTP/1.1\r\nHost: example.org\r\nAccept: text/plain\r\n\r\n";
//! let mut fields = Fields::new();
//! let head = parser::request(input, &mut fields, &mut Progress::default(), &Limits::default())?.expect("a whole head");
//! let request = http::Request::try_from(head)?;
//! assert_eq!((request.uri().query(), &request.headers()["accept"]), (Some("milk"), &"text/plain".parse()?));
//!
//! // Their response to bytes.
//! let mut connection = Connection::server();
//! connection.receive(input, &mut fields)?;
//! connection.receive(b"", &mut fields)?;
//! let response = http::Response::builder().status(204).header("x-tea", "ready").body(())?;
//! let (mut room, mut out) = (FieldBlock::default(), Vec::new());
//! connection.send(Event::Response(interop::response_head(&response, &mut room)?), &mut out)?;
//! assert_eq!(out, b"HTTP/1.1 204 No Content\r\nx-tea: ready\r\n\r\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::parser::{FieldLines, RequestHead, ResponseHead, Version};
use crate::{FieldBlock, Misuse};
use http::header::{HOST, HeaderMap, HeaderName, HeaderValue};

impl From<Version> for http::Version {
    fn from(version: Version) -> Self {
        match version {
            Version::Http10 => http::Version::HTTP_10,
            Version::Http11 => http::Version::HTTP_11,
            Version::Http2 => http::Version::HTTP_2,
        }
    }
}

/// Fails with [`Misuse::Version`] for HTTP/0.9, 2 and 3.
impl TryFrom<http::Version> for Version {
    type Error = Misuse;

    fn try_from(version: http::Version) -> Result<Self, Misuse> {
        match version {
            http::Version::HTTP_10 => Ok(Version::Http10),
            http::Version::HTTP_11 => Ok(Version::Http11),
            _ => Err(Misuse::Version),
        }
    }
}

impl TryFrom<FieldLines<'_>> for HeaderMap {
    type Error = http::Error;

    fn try_from(lines: FieldLines<'_>) -> Result<Self, http::Error> {
        let mut map = HeaderMap::with_capacity(lines.len());
        for (name, value) in lines.iter() {
            map.try_append(HeaderName::from_bytes(name)?, HeaderValue::from_bytes(value)?)?;
        }
        Ok(map)
    }
}

/// Fails with [`Misuse::FieldsTooLarge`].
impl TryFrom<&HeaderMap> for FieldBlock {
    type Error = Misuse;

    fn try_from(map: &HeaderMap) -> Result<Self, Misuse> {
        let mut block = FieldBlock::default();
        push_all(map, &mut block)?;
        Ok(block)
    }
}

impl TryFrom<RequestHead<'_>> for http::Request<()> {
    type Error = http::Error;

    fn try_from(head: RequestHead<'_>) -> Result<Self, http::Error> {
        let mut request = http::Request::builder().method(head.method).uri(head.target).version(head.version.into());
        if let Some(headers) = request.headers_mut() {
            *headers = head.fields.try_into()?;
        }
        request.body(())
    }
}

impl TryFrom<ResponseHead<'_>> for http::Response<()> {
    type Error = http::Error;

    fn try_from(head: ResponseHead<'_>) -> Result<Self, http::Error> {
        let mut response = http::Response::builder().status(head.status).version(head.version.into());
        if let Some(headers) = response.headers_mut() {
            *headers = head.fields.try_into()?;
        }
        response.body(())
    }
}

/// The head of a request as a client sends it to the server itself: the target has the form that the method asks for
/// (RFC 9112 §3.2), and `Host` is added from the URI where it is missing. `fields` is overwritten.
///
/// # Errors
///
/// [`Misuse::Version`]; [`Misuse::RequestLine`] for CONNECT without an authority; [`Misuse::FieldsTooLarge`].
pub fn request_head<'a, B>(
    request: &'a http::Request<B>,
    fields: &'a mut FieldBlock,
) -> Result<RequestHead<'a>, Misuse> {
    let target = lay_out(request, fields)?;
    let mut head = RequestHead::new(request.method().as_str().as_bytes(), target.as_bytes(), fields.lines());
    head.version = request.version().try_into()?;
    Ok(head)
}

/// Puts the fields of a request into the block, and gives its target.
fn lay_out<'a, B>(request: &'a http::Request<B>, fields: &mut FieldBlock) -> Result<&'a str, Misuse> {
    let uri = request.uri();
    fields.clear();
    if let Some(authority) = uri.authority().filter(|_| !request.headers().contains_key(HOST)) {
        // RFC 9110 §7.2: without the user information.
        let host = authority.as_str().rsplit('@').next().unwrap_or_default();
        fields.push("host", host)?;
    }
    push_all(request.headers(), fields)?;
    Ok(match (request.method(), uri.path_and_query()) {
        (&http::Method::CONNECT, _) => uri.authority().ok_or(Misuse::RequestLine)?.as_str(),
        (_, Some(path)) => path.as_str(),
        (_, None) => "/",
    })
}

/// The head of a response. `fields` is overwritten.
///
/// # Errors
///
/// [`Misuse::Version`], [`Misuse::FieldsTooLarge`].
pub fn response_head<'a, B>(
    response: &http::Response<B>,
    fields: &'a mut FieldBlock,
) -> Result<ResponseHead<'a>, Misuse> {
    fields.clear();
    push_all(response.headers(), fields)?;
    let mut head = ResponseHead::new(response.status().as_u16(), fields.lines());
    head.version = response.version().try_into()?;
    Ok(head)
}

fn push_all(map: &HeaderMap, block: &mut FieldBlock) -> Result<(), Misuse> {
    map.iter().try_for_each(|(name, value)| block.push(name.as_str(), value.as_bytes()))
}

#[cfg(feature = "net")]
mod drivers {
    use super::lay_out;
    use crate::{FieldBlock, client, server};
    use http::header::HeaderMap;

    /// The head; the body is read from the request.
    impl TryFrom<&server::Request<'_>> for http::Request<()> {
        type Error = http::Error;

        fn try_from(request: &server::Request<'_>) -> Result<Self, http::Error> {
            (*request.head()).try_into()
        }
    }

    impl server::Response<'_> {
        /// Takes over the status and the fields of a response of the `http` crate; its body is yours to
        /// [`end`](Self::end) with.
        ///
        /// ```no_run
        /// # async fn handler(_: wirebook_http1::Request<'_>, response: wirebook_http1::Response<'_>) -> wirebook_http1::Outcome {
        /// let answer = http::Response::builder().status(201).header("location", "/tea/1").body("made")?;
        /// response.like(&answer).end(answer.body()).await
        /// # }
        /// ```
        #[must_use = "the response is written by `end`"]
        pub fn like<B>(mut self, response: &http::Response<B>) -> Self {
            self = self.status(response.status().as_u16());
            for (name, value) in response.headers() {
                self = self.header(name.as_str(), value.as_bytes());
            }
            self
        }
    }

    /// The head; the body is read from the response.
    impl TryFrom<&client::Response> for http::Response<()> {
        type Error = http::Error;

        fn try_from(response: &client::Response) -> Result<Self, http::Error> {
            let mut head = http::Response::builder().status(response.status()).version(response.version().into());
            if let Some(headers) = head.headers_mut() {
                *headers = HeaderMap::try_from(response.headers())?;
            }
            head.body(())
        }
    }

    impl<'o> client::Options<'o> {
        /// Options for a request of the `http` crate, whose URI says where it goes. `fields` is overwritten.
        ///
        /// ```no_run
        /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
        /// use wirebook_http1::client::{Options, request};
        /// use wirebook_http1::FieldBlock;
        ///
        /// let wanted = http::Request::get("http://127.0.0.1:8000/tea").header("accept", "text/plain").body("")?;
        /// let mut fields = FieldBlock::default();
        /// let response = request(&Options::like(&wanted, &mut fields)?).await?.end(wanted.body()).await?;
        /// println!("{}", http::Response::try_from(&response)?.status());
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// # Errors
        ///
        /// [`client::Error::Option`] for a URI without a host or of another scheme than http and https, and what
        /// [`request_head`](crate::interop::request_head) refuses. The client speaks HTTP/1.1, whatever version the request has.
        pub fn like<B>(request: &'o http::Request<B>, fields: &'o mut FieldBlock) -> Result<Self, client::Error> {
            let uri = request.uri();
            let secure = match uri.scheme_str() {
                Some("http") => false,
                Some("https") => true,
                // The target of CONNECT has none.
                None if request.method() == http::Method::CONNECT => false,
                _ => return Err(client::Error::Option("the URL's scheme is neither http nor https")),
            };
            let host = uri.host().ok_or(client::Error::Option("the URL has no host"))?;
            let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
            let path = lay_out(request, fields)?;
            let method = request.method().as_str();
            Ok(client::Options { method, host, port, path, secure, fields: Some(fields), ..client::Options::default() })
        }
    }
}
