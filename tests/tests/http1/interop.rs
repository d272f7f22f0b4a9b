//! Conversions to and from the types of the `http` crate.

use http::header::{HOST, HeaderMap, HeaderValue};
use proptest::prelude::*;
use wirebook_http1::client::{self, Options, request};
use wirebook_http1::parser::{self, FieldLines, Fields, Limits, Progress, RequestHead, ResponseHead, Version};
use wirebook_http1::{Connection, Event, FieldBlock, Misuse, Outcome, Request, Response, interop, server};
use wirebook_net as net;
use wirebook_tests::server::{start, talk};

fn block(lines: &[(&str, &str)]) -> FieldBlock {
    let mut block = FieldBlock::default();
    lines.iter().for_each(|(name, value)| block.push(name, value).expect("a valid line"));
    block
}

/// What a client would put on the wire.
fn wire(request: &http::Request<()>) -> Result<String, Misuse> {
    let (mut room, mut out) = (FieldBlock::default(), Vec::new());
    Connection::client().send(Event::Request(interop::request_head(request, &mut room)?), &mut out)?;
    Ok(String::from_utf8(out).expect("text"))
}

#[test]
fn versions_go_both_ways_where_there_are_two() {
    for version in [Version::Http10, Version::Http11] {
        assert_eq!(Version::try_from(http::Version::from(version)), Ok(version));
    }
    for version in [http::Version::HTTP_09, http::Version::HTTP_2, http::Version::HTTP_3] {
        assert_eq!(Version::try_from(version), Err(Misuse::Version));
    }
}

#[test]
fn fields_keep_the_order_of_equal_names_and_obs_text() {
    let ours = block(&[("Set-Cookie", "a=1"), ("X", "\u{e9}"), ("set-cookie", "b=2"), ("Empty", "")]);
    let theirs = HeaderMap::try_from(ours.lines()).expect("what we let through they take");
    assert_eq!(theirs.get_all("set-cookie").iter().collect::<Vec<_>>(), ["a=1", "b=2"]);
    assert_eq!((theirs["x"].as_bytes(), theirs["empty"].as_bytes()), (&b"\xC3\xA9"[..], &b""[..]));
    let back = FieldBlock::try_from(&theirs).expect("they came from a block");
    assert_eq!(back.lines().get_all("Set-Cookie").collect::<Vec<_>>(), [b"a=1", b"b=2"]);
    assert_eq!(back.lines().len(), 4);
}

#[test]
fn too_many_fields_for_a_head_are_refused() {
    let mut map = HeaderMap::new();
    for _ in 0..parser::MAX_FIELDS {
        map.append("a", HeaderValue::from_static("b"));
    }
    assert!(FieldBlock::try_from(&map).is_ok());
    map.append("a", HeaderValue::from_static("b"));
    assert_eq!(FieldBlock::try_from(&map).unwrap_err(), Misuse::FieldsTooLarge);
}

#[test]
fn a_request_of_each_form_of_target_becomes_theirs() {
    for (method, target) in
        [("GET", "/a/b?c=d"), ("GET", "http://a:81/b"), ("OPTIONS", "*"), ("CONNECT", "a:443"), ("M-SEARCH", "/")]
    {
        let fields = block(&[("Host", "a")]);
        let head = RequestHead::new(method.as_bytes(), target.as_bytes(), fields.lines());
        let theirs = http::Request::try_from(head).expect(target);
        assert_eq!((theirs.method().as_str(), theirs.uri().to_string().as_str()), (method, target));
        assert_eq!((theirs.version(), theirs.headers()[HOST].as_bytes()), (http::Version::HTTP_11, &b"a"[..]));
    }
    // A target that they do not take is an error, not a panic.
    let long = format!("/{}", "a".repeat(65_535));
    assert!(http::Request::try_from(RequestHead::new(b"GET", long.as_bytes(), FieldLines::default())).is_err());
}

#[test]
fn a_request_of_theirs_is_sent_in_the_form_of_its_method() {
    let of = |method: &str, uri: &str| http::Request::builder().method(method).uri(uri).body(()).expect("a request");
    let rows = [
        ("GET", "http://u:p@a:81/b?c", "GET /b?c HTTP/1.1\r\nhost: a:81\r\n\r\n"),
        ("GET", "http://a", "GET / HTTP/1.1\r\nhost: a\r\n\r\n"),
        ("CONNECT", "a:443", "CONNECT a:443 HTTP/1.1\r\nhost: a:443\r\n\r\n"),
    ];
    for (method, uri, bytes) in rows {
        assert_eq!(wire(&of(method, uri)).as_deref(), Ok(bytes));
    }
    let named = |uri: &str| http::Request::builder().method("OPTIONS").uri(uri).header("host", "b").body(()).unwrap();
    assert_eq!(wire(&named("*")).as_deref(), Ok("OPTIONS * HTTP/1.1\r\nhost: b\r\n\r\n"));
    assert_eq!(wire(&named("http://a/")).as_deref(), Ok("OPTIONS / HTTP/1.1\r\nhost: b\r\n\r\n"), "a Host of its own");
    assert_eq!(wire(&of("GET", "/")), Err(Misuse::Host));
    assert_eq!(wire(&of("CONNECT", "/")), Err(Misuse::RequestLine));
    let mut two = of("GET", "http://a/");
    *two.version_mut() = http::Version::HTTP_2;
    assert_eq!(wire(&two), Err(Misuse::Version));
    *two.version_mut() = http::Version::HTTP_10;
    assert!(wire(&two).expect("a request").starts_with("GET / HTTP/1.0\r\n"));
}

#[test]
fn responses_go_both_ways() {
    let fields = block(&[("ETag", "\"a\"")]);
    for status in [100, 204, 304, 599] {
        let theirs =
            http::Response::try_from(ResponseHead::new(status, fields.lines())).expect("a status of three digits");
        let mut room = FieldBlock::default();
        let back = interop::response_head(&theirs, &mut room).expect("it came from us");
        assert_eq!((theirs.status().as_u16(), back.status, back.version), (status, status, Version::Http11));
        assert_eq!(back.fields.get("etag"), Some(&b"\"a\""[..]));
    }
    let mut newer = http::Response::new(());
    *newer.version_mut() = http::Version::HTTP_3;
    assert_eq!(interop::response_head(&newer, &mut FieldBlock::default()).unwrap_err(), Misuse::Version);
}

#[test]
fn a_handler_and_a_client_speak_in_their_types() {
    async fn handler(request: Request<'_>, response: Response<'_>) -> Outcome {
        let theirs = http::Request::try_from(&request)?;
        let query = theirs.uri().query().unwrap_or_default().to_owned();
        let answer = http::Response::builder().status(201).header("x-method", theirs.method().as_str()).body(query)?;
        response.like(&answer).end(answer.body()).await
    }
    let address = start(server::Options::default(), handler);
    let text = talk(address, b"PUT /?tea HTTP/1.1\r\nHost: a\r\n\r\n").text();
    assert!(text.starts_with("HTTP/1.1 201 Created\r\nx-method: PUT\r\n") && text.ends_with("\r\n\r\ntea"), "{text}");

    let wanted =
        http::Request::put(format!("http://{address}/?milk")).header("x", "y").body("body").expect("a request");
    let asked = net::block_on(async move {
        let mut fields = FieldBlock::default();
        let mut response = request(&Options::like(&wanted, &mut fields)?).await?.end(wanted.body()).await?;
        let theirs = http::Response::try_from(&response).expect("a head");
        let body = response.bytes(100).await?;
        Ok::<_, client::Error>(theirs.map(|()| body))
    });
    let theirs = asked.expect("the loop ends").expect("a response");
    assert_eq!((theirs.status(), theirs.headers()["x-method"].as_bytes()), (http::StatusCode::CREATED, &b"PUT"[..]));
    assert_eq!((theirs.body().as_slice(), theirs.version()), (&b"milk"[..], http::Version::HTTP_11));
}

#[test]
fn a_url_says_where_a_request_goes() {
    let mut fields = FieldBlock::default();
    let of = |uri: &str| http::Request::get(uri).body(()).expect("a request");
    let (tls, plain) = (of("https://a/b"), of("http://[::1]:8/b?c"));
    let options = Options::like(&tls, &mut fields).expect("a URL");
    assert_eq!((options.host, options.port, options.path, options.secure), ("a", 443, "/b", true));
    let options = Options::like(&plain, &mut fields).expect("a URL");
    assert_eq!((options.host, options.port, options.path, options.secure), ("[::1]", 8, "/b?c", false));
    for refused in ["/b", "ftp://a/b"] {
        assert!(matches!(Options::like(&of(refused), &mut fields), Err(client::Error::Option(_))), "{refused}");
    }
}

proptest! {
    /// Whatever our parser takes, their fields take, and give back the same.
    #[test]
    fn parsed_fields_are_theirs_too(lines in prop::collection::vec(("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}", "[\t -~]{0,20}"), 0..20)) {
        let mut text = String::from("GET / HTTP/1.1\r\n");
        lines.iter().for_each(|(name, value)| text.push_str(&format!("{name}: {value}\r\n")));
        text.push_str("\r\n");
        let mut fields = Fields::new();
        let head = parser::request(text.as_bytes(), &mut fields, &mut Progress::default(), &Limits::default())
            .expect("valid").expect("whole");
        let theirs = http::Request::try_from(head).expect("what we take");
        prop_assert_eq!(theirs.headers().len(), lines.len());
        for (name, _) in head.fields.iter() {
            let name = std::str::from_utf8(name).expect("a token");
            let ours: Vec<&[u8]> = head.fields.get_all(name).collect();
            let values: Vec<&[u8]> = theirs.headers().get_all(name).iter().map(HeaderValue::as_bytes).collect();
            prop_assert_eq!(ours, values);
        }
    }
}
