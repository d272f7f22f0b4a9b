//! RFC 6455 §4 and RFC 7692 §5, §7.1 as tables.

use wirebook_websocket::handshake::client::{Refused, Request};
use wirebook_websocket::handshake::server::{Offer, Policy, Refusal};
use wirebook_websocket::handshake::{Origin, accept};
use wirebook_websocket::{Config, Deflate, Negotiated};

type Fields<'a> = Vec<(&'a [u8], &'a [u8])>;

/// The field lines of `text`, one a line.
fn fields(text: &str) -> Fields<'_> {
    text.lines().filter_map(|line| line.split_once(": ")).map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect()
}

const GOOD: &str = "Host: a\nUpgrade: websocket\nConnection: Upgrade\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Version: 13\n";

#[track_caller]
fn refused(text: &str, why: Refusal, status: u16) {
    let refusal = Offer::read(b"GET", true, fields(text)).unwrap_err();
    assert_eq!((refusal, refusal.status()), (why, status));
}

#[test]
fn rfc6455_4_2_1_requests() {
    assert!(Offer::read(b"GET", true, fields(GOOD)).is_ok());
    assert_eq!(Offer::read(b"POST", true, fields(GOOD)).unwrap_err(), Refusal::Method);
    assert_eq!(Offer::read(b"GET", false, fields(GOOD)).unwrap_err(), Refusal::HttpVersion);
    refused(&GOOD.replace("Host: a\n", ""), Refusal::Host, 400);
    refused(&format!("{GOOD}Host: b\n"), Refusal::Host, 400);
    refused(&GOOD.replace("Upgrade: websocket\n", ""), Refusal::Upgrade, 400);
    refused(&GOOD.replace("websocket\n", "h2c\n"), Refusal::Upgrade, 400);
    refused(&GOOD.replace(": Upgrade", ": keep-alive"), Refusal::Connection, 400);
    refused(&GOOD.replace("dGhl", "!!!!"), Refusal::Key, 400);
    refused(&GOOD.replace("dGhl", ""), Refusal::Key, 400);
    refused(&format!("{GOOD}Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\n"), Refusal::Key, 400);
    refused(&GOOD.replace("13", "8"), Refusal::Version, 426);
    refused(&GOOD.replace("Sec-WebSocket-Version: 13\n", ""), Refusal::Version, 426);
    refused(&format!("{GOOD}Sec-WebSocket-Version: 13\n"), Refusal::Version, 426);
    refused(&format!("{GOOD}Sec-WebSocket-Protocol: a, a\n"), Refusal::Protocols, 400);
    refused(&format!("{GOOD}Sec-WebSocket-Protocol: a b\n"), Refusal::Protocols, 400);
    refused(&format!("{GOOD}Sec-WebSocket-Extensions: a; =b\n"), Refusal::Extensions, 400);
}

#[test]
fn rfc6455_4_2_1_names_and_tokens_ignore_case() {
    let text = "HOST: a\nupgrade: foo, WebSocket\nCONNECTION: keep-alive, uPGRADE\n\
        sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\nSEC-WEBSOCKET-VERSION: 13\n";
    assert!(Offer::read(b"GET", true, fields(text)).is_ok());
}

#[test]
fn rfc6455_4_4_a_wrong_version_is_told_the_right_one() {
    let mut out = Vec::new();
    Refusal::Version.write(&mut out);
    let text = String::from_utf8(out).unwrap();
    assert!(text.starts_with("HTTP/1.1 426 Upgrade Required\r\n") && text.contains("sec-websocket-version: 13\r\n"));
}

#[test]
fn rfc6455_1_3_the_sample_key() {
    assert_eq!(accept(b"dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

#[test]
fn rfc6455_4_2_2_the_server_chooses_a_subprotocol_by_its_own_order() {
    let policy = Policy { protocols: vec!["chat".into(), "superchat".into()], ..Policy::default() };
    let text = format!("{GOOD}Sec-WebSocket-Protocol: superchat\nSec-WebSocket-Protocol: other, chat\n");
    let offer = Offer::read(b"GET", true, fields(&text)).unwrap();
    let accepted = offer.accept(&policy, &Config::default()).unwrap();
    assert_eq!(accepted.protocol.as_deref(), Some("chat"));
    let text = format!("{GOOD}Sec-WebSocket-Protocol: Chat\n");
    let offer = Offer::read(b"GET", true, fields(&text)).unwrap();
    assert_eq!(offer.accept(&policy, &Config::default()).unwrap().protocol, None, "subprotocols do not ignore case");
}

#[test]
fn rfc6455_10_2_origins() {
    let good = Origin::Any(vec!["https://good.example".into()]);
    for (origin, allowed) in [
        ("https://good.example", true),
        ("https://GOOD.example", true),
        ("https://good.example:443", true),
        ("https://good.example.evil.com", false),
        ("https://evilgood.example", false),
        ("http://good.example", false),
        ("https://good.example:444", false),
        ("https://good.example/", false),
        ("https://good.example@evil.com", false),
        ("null", false),
        ("", false),
    ] {
        assert_eq!(good.allows(Some(origin.as_bytes()), b"a"), allowed, "{origin}");
    }
    assert!(good.allows(None, b"a"), "a program, not a page");
    let same = Origin::default();
    for (origin, host, allowed) in [
        ("http://127.0.0.1:9001", "127.0.0.1:9001", true),
        ("http://example.org", "example.org", true),
        ("https://example.org", "EXAMPLE.org:443", true),
        ("http://[::1]:80", "[::1]", true),
        ("http://example.org:8080", "example.org", false),
        ("http://evil.org", "example.org", false),
        ("null", "example.org", false),
        ("file://", "example.org", false),
    ] {
        assert_eq!(same.allows(Some(origin.as_bytes()), host.as_bytes()), allowed, "{origin} at {host}");
    }
    assert!(!Origin::Check(|origin, _| origin.is_some()).allows(None, b"a"));
    assert!(Origin::Everyone.allows(Some(b"null"), b"a"));
}

fn takeover() -> Deflate {
    Deflate { own_takeover: true, peer_takeover: true, ..Deflate::default() }
}

fn negotiate(offer: &str, wants: Deflate) -> Option<(Negotiated, String)> {
    let text = format!("{GOOD}Sec-WebSocket-Extensions: {offer}\n");
    let offer = Offer::read(b"GET", true, fields(&text)).unwrap();
    let config = Config { deflate: Some(wants), ..Config::default() };
    let accepted = offer.accept(&Policy::default(), &config).unwrap();
    Some((accepted.deflate?, accepted.extensions?))
}

#[test]
fn rfc7692_7_1_what_the_server_answers() {
    for (offer, answer) in [
        ("permessage-deflate", Some("permessage-deflate")),
        ("permessage-deflate; client_max_window_bits", Some("permessage-deflate")),
        ("permessage-deflate; server_no_context_takeover", Some("permessage-deflate; server_no_context_takeover")),
        ("permessage-deflate; client_no_context_takeover", Some("permessage-deflate; client_no_context_takeover")),
        ("permessage-deflate; server_max_window_bits=10", Some("permessage-deflate; server_max_window_bits=10")),
        ("permessage-deflate; server_max_window_bits=15", Some("permessage-deflate; server_max_window_bits=15")),
        ("permessage-deflate; client_max_window_bits=\"10\"", Some("permessage-deflate; client_max_window_bits=10")),
        ("x, permessage-deflate; server_max_window_bits=7, permessage-deflate", Some("permessage-deflate")),
        // zlib has no window of 256 bytes.
        ("permessage-deflate; server_max_window_bits=8", None),
        ("permessage-deflate; server_max_window_bits=7", None),
        ("permessage-deflate; server_max_window_bits=16", None),
        ("permessage-deflate; server_max_window_bits=09", None),
        ("permessage-deflate; server_max_window_bits=+9", None),
        ("permessage-deflate; server_max_window_bits", None),
        ("permessage-deflate; server_no_context_takeover=1", None),
        ("permessage-deflate; server_no_context_takeover; server_no_context_takeover", None),
        ("permessage-deflate; foo=1", None),
        ("permessage-bzip2", None),
    ] {
        let got = negotiate(offer, takeover());
        assert_eq!(got.as_ref().map(|(_, text)| text.as_str()), answer, "{offer}");
    }
    let (agreed, text) = negotiate("permessage-deflate", Deflate::default()).unwrap();
    assert_eq!(text, "permessage-deflate; server_no_context_takeover; client_no_context_takeover");
    assert!(!agreed.own_takeover && !agreed.peer_takeover);
    // A window that the client did not say it can be told about stays as it is; ours may be told unasked.
    let narrow = Deflate { own_window_bits: 11, peer_window_bits: 12, ..takeover() };
    assert_eq!(negotiate("permessage-deflate", narrow).unwrap().1, "permessage-deflate; server_max_window_bits=11");
    let (agreed, text) = negotiate("permessage-deflate; client_max_window_bits=14", narrow).unwrap();
    assert_eq!(text, "permessage-deflate; server_max_window_bits=11; client_max_window_bits=12");
    assert_eq!((agreed.own_window_bits, agreed.peer_window_bits), (11, 12));
}

fn answer(deflate: Option<Deflate>, text: &str) -> Result<Option<Negotiated>, Refused> {
    let mut request = Request::new("a", "/", *b"the sample nonce");
    request.deflate = deflate;
    request.protocols = vec!["chat".into()];
    request.check(101, fields(text)).map(|agreed| agreed.deflate)
}

const ANSWER: &str = "Upgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n";

#[test]
fn rfc6455_4_1_responses() {
    assert_eq!(answer(None, ANSWER), Ok(None));
    assert_eq!(answer(None, &ANSWER.replace("s3p", "AAA")), Err(Refused::Accept));
    assert_eq!(answer(None, &ANSWER.replace("s3pP", "S3pP")), Err(Refused::Accept));
    assert_eq!(answer(None, &ANSWER.replace("Upgrade: websocket\n", "")), Err(Refused::Upgrade));
    assert_eq!(answer(None, &ANSWER.replace("Connection: Upgrade\n", "")), Err(Refused::Connection));
    assert_eq!(answer(None, &format!("{ANSWER}Sec-WebSocket-Protocol: evil\n")), Err(Refused::Protocol));
    assert_eq!(answer(None, &format!("{ANSWER}Sec-WebSocket-Protocol: chat\n")), Ok(None));
    assert_eq!(
        answer(None, &format!("{ANSWER}Sec-WebSocket-Extensions: permessage-deflate\n")),
        Err(Refused::Extension)
    );
    let request = Request::new("a", "/", *b"the sample nonce");
    assert_eq!(request.check(200, fields(ANSWER)), Err(Refused::Status(200)));
}

#[test]
fn rfc7692_7_1_what_the_client_accepts() {
    let ok = |wants, params: &str| answer(Some(wants), &format!("{ANSWER}Sec-WebSocket-Extensions: {params}\n"));
    let all = takeover();
    assert_eq!(ok(all, "permessage-deflate").unwrap().unwrap().own_window_bits, 15);
    let agreed = ok(all, "permessage-deflate; client_max_window_bits=10; server_max_window_bits=9").unwrap().unwrap();
    assert_eq!((agreed.own_window_bits, agreed.peer_window_bits), (10, 9));
    assert!(!ok(all, "permessage-deflate; client_no_context_takeover").unwrap().unwrap().own_takeover);
    for bad in [
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; x",
        "permessage-deflate, permessage-deflate",
        "permessage-foo",
        "=",
    ] {
        assert_eq!(ok(all, bad), Err(Refused::Extension), "{bad}");
    }
    // What was asked for must be granted.
    assert_eq!(ok(Deflate::default(), "permessage-deflate"), Err(Refused::Extension));
    let narrow = Deflate { peer_window_bits: 10, ..takeover() };
    assert_eq!(ok(narrow, "permessage-deflate"), Err(Refused::Extension));
    assert!(ok(narrow, "permessage-deflate; server_max_window_bits=10").is_ok());
}

#[test]
fn a_request_with_what_may_not_stand_in_it_is_not_valid() {
    let invalid = |spoil: fn(&mut Request)| {
        let mut request = Request::new("a", "/", [0; 16]);
        assert!(request.is_valid());
        spoil(&mut request);
        assert!(!request.is_valid());
    };
    invalid(|request| request.host = "a\r\nX: y".into());
    invalid(|request| request.target = "/ HTTP/1.1\r\nX: y".into());
    invalid(|request| request.protocols = vec!["a b".into()]);
    invalid(|request| request.fields = vec![("Cookie".into(), "a\nb".into())]);
    invalid(|request| request.fields = vec![("Coo kie".into(), "a".into())]);
}

/// RFC 8441 §5: an extended CONNECT has what is left of the handshake without an upgrade.
#[test]
fn rfc8441_5_over_http2() {
    let text = "host: a\nsec-websocket-version: 13\nsec-websocket-protocol: tea\n";
    let offer = Offer::read_extended(b"websocket", fields(text)).unwrap();
    assert_eq!((offer.key, offer.protocols.as_slice()), (&b""[..], &["tea"][..]));
    let policy = Policy { protocols: vec!["tea".into()], ..Policy::default() };
    let acceptance = offer.accept(&policy, &Config::default()).unwrap();
    let answer: Vec<_> = acceptance.fields().collect();
    assert_eq!(answer, [("sec-websocket-protocol", "tea")], "nothing is upgraded, and nothing proved");
    let refused = |protocol: &[u8], text| Offer::read_extended(protocol, fields(text)).unwrap_err();
    assert_eq!(refused(b"teapot", text), Refusal::Upgrade);
    assert_eq!(refused(b"websocket", "host: a\nsec-websocket-version: 8\n"), Refusal::Version);
    assert_eq!(refused(b"websocket", "sec-websocket-version: 13\n"), Refusal::Host);

    let mut request = Request::new("a", "/", [7; 16]);
    request.protocols = vec!["tea".into()];
    request.fields.push(("Origin".into(), "http://a".into()));
    let asked: Vec<_> = request.extended_fields().collect();
    let pairs = asked.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    let offer = Offer::read_extended(b"websocket", pairs.chain([(&b"host"[..], &b"a"[..])])).unwrap();
    assert_eq!((offer.protocols.as_slice(), offer.origin), (&["tea"][..], Some(&b"http://a"[..])));
    assert_eq!(
        request
            .check_extended(200, answer.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())))
            .unwrap()
            .protocol
            .as_deref(),
        Some("tea")
    );
    assert_eq!(request.check_extended(204, []).unwrap().protocol, None);
    assert_eq!(request.check_extended(101, []), Err(Refused::Status(101)));
    assert_eq!(request.check_extended(200, fields("sec-websocket-protocol: milk")), Err(Refused::Protocol));
    assert_eq!(
        request.check_extended(200, fields("sec-websocket-extensions: permessage-deflate")),
        Err(Refused::Extension)
    );
}
