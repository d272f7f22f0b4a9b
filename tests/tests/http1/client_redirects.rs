//! Redirects: where they lead, what goes with them, and what is never waited for.

use std::rc::Rc;
use std::time::Duration;
use wirebook_http1::FieldBlock;
use wirebook_http1::client::{Agent, AgentOptions, Error, Options, Origin, Response, fetch, get};
use wirebook_net::sim::{SimListener, SimStream};
use wirebook_net::{self as net, Listener, Stream};
use wirebook_tests::http1_world::{Log, Peer, counts, simulate};

/// A net of servers: whatever host is asked for, `answer` is given the host, the request and the connection's number.
fn web(options: AgentOptions, answer: impl Fn(&str, &str) -> Option<Vec<u8>> + 'static) -> (Agent, Log) {
    let (log, answer) = (Log::default(), Rc::new(answer));
    let noted = log.clone();
    let agent = Agent::with_connector(options, async move |origin: Origin| {
        let address = format!("10.0.0.{}:{}", origin.host.len(), origin.port);
        if let Ok(listener) = SimListener::bind(&*address) {
            let (answer, noted) = (answer.clone(), noted.clone());
            net::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let (answer, noted, host) = (answer.clone(), noted.clone(), origin.host.clone());
                    net::spawn(async move {
                        let peer = Peer { stream, number: 0, unused: Default::default() };
                        noted.note(format!("connection to {host}"));
                        while let Some(head) = peer.head().await {
                            let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split('\r').next());
                            let body = peer.body(length.map_or(0, |text| text.parse().expect("a length"))).await;
                            let request = format!("{head}{}", String::from_utf8_lossy(&body));
                            noted.note(request.clone());
                            match answer(&host, &request) {
                                Some(bytes) => drop(peer.stream.write_all(&bytes).await),
                                None => std::future::pending().await,
                            }
                        }
                    });
                }
            });
        }
        SimStream::connect(&*address).await
    });
    (agent, log)
}

fn redirect(status: u16, location: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 {status} \r\nContent-Length: 0\r\nLocation: ").as_bytes(), location, b"\r\n\r\n"].concat()
}

fn ok() -> Vec<u8> {
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_vec()
}

fn following(agent: &Agent) -> Options<'_> {
    Options { agent: Some(agent), max_redirects: 5, ..Options::default() }
}

/// The requests, in the order in which they came.
fn requests(log: &Log) -> Vec<String> {
    log.0.borrow().iter().filter(|line| line.contains(" HTTP/1.1\r\n")).cloned().collect()
}

#[test]
fn locations_are_read_as_browsers_read_them() {
    for (location, target) in [
        (&b"/b"[..], "/b"),
        (b"b", "/x/b"),
        (b"?q", "/x/a?q"),
        ("/t\u{e9}?\u{e9}".as_bytes(), "/t%C3%A9?%C3%A9"),
        // Latin-1, which is no UTF-8: the bytes as they are.
        (b"/t\xe9?\xe9", "/t%E9?%E9"),
        (b"\xff", "/x/%FF"),
        (b"/a b", "/a%20b"),
        (b"  /a  ", "/a"),
        (b"/a\tb", "/ab"),
        (b"\\b\\c", "/b/c"),
        (b"/%e9%zz", "/%e9%zz"),
        (b"/a#b", "/a"),
        (b"/\"<>", "/%22%3C%3E"),
    ] {
        simulate(async move {
            let (agent, log) = web(AgentOptions::default(), move |_, request| match request.contains(" /x/a HTTP") {
                true => Some(redirect(302, location)),
                false => Some(ok()),
            });
            let what = location.escape_ascii().to_string();
            let response = get("http://a/x/a", &following(&agent)).await;
            assert_eq!(response.expect("an answer").status(), 200, "{what}");
            assert!(
                requests(&log)[1].starts_with(&format!("GET {target} HTTP/1.1\r\n")),
                "{what}: {:?}",
                requests(&log)
            );
        });
    }
}

#[test]
fn locations_that_lead_nowhere_are_true_errors() {
    for location in
        [&b"http://"[..], b"http://a b/", b"//[", b"file:///a", b"javascript:x", b"http://\xe9/", b"http://a:x/"]
    {
        simulate(async move {
            let (agent, log) = web(AgentOptions::default(), move |_, _| Some(redirect(301, location)));
            match get("http://a/", &following(&agent)).await {
                Err(Error::Redirect(why)) => assert!(!why.contains("many"), "{why}"),
                other => panic!("{}: {other:?}", location.escape_ascii()),
            }
            assert_eq!(requests(&log).len(), 1);
        });
    }
}

#[test]
fn two_locations_that_differ_are_refused_and_two_that_agree_are_one() {
    for (second, good) in [("/b", true), ("/c", false)] {
        simulate(async move {
            let (agent, _) = web(AgentOptions::default(), move |_, request| match request.starts_with("GET /b ") {
                true => Some(ok()),
                false => Some(
                    format!("HTTP/1.1 302 \r\nLocation: /b\r\nLocation: {second}\r\nContent-Length: 0\r\n\r\n").into(),
                ),
            });
            let response = get("http://a/", &following(&agent)).await;
            assert_eq!(response.is_ok(), good, "{response:?}");
        });
    }
}

#[test]
fn a_redirect_whose_body_never_ends_is_not_waited_for() {
    let endless = ["Content-Length: 100\r\n\r\nx", "Transfer-Encoding: chunked\r\n\r\n5\r\nabc", "\r\nuntil the end"];
    for (max_sockets, body) in [1, 5].into_iter().flat_map(|max| endless.map(|body| (max, body))) {
        simulate(async move {
            let options = AgentOptions { max_sockets, ..AgentOptions::default() };
            let (agent, _) = web(options, move |_, request| match request.starts_with("GET /b ") {
                true => Some(ok()),
                false => Some(format!("HTTP/1.1 302 Found\r\nLocation: /b\r\n{body}").into_bytes()),
            });
            let started = net::now();
            let mut response = get("http://a/", &following(&agent)).await.expect("an answer");
            assert_eq!(response.bytes(9).await.expect("a body"), b"ok");
            assert!(net::now() - started < Duration::from_millis(100), "{body:?}");
            assert_eq!(counts(&agent), (0, 1, 0));
        });
    }
}

#[test]
fn a_redirect_whose_body_is_there_keeps_its_connection() {
    simulate(async {
        let (agent, log) = web(AgentOptions::default(), |_, request| match request.starts_with("GET /b ") {
            true => Some(ok()),
            false => Some(b"HTTP/1.1 302 \r\nLocation: /b\r\nContent-Length: 4\r\n\r\nhere".to_vec()),
        });
        get("http://a/", &following(&agent)).await.expect("an answer");
        assert_eq!(log.0.borrow().iter().filter(|line| line.starts_with("connection")).count(), 1);
    });
}

/// What the second request has of what was in the first: `http://HOST` and a path.
fn second(
    status: u16,
    url: &'static str,
    location: &'static str,
    options: Options<'static>,
    body: &'static str,
) -> String {
    simulate(async move {
        let (agent, log) = web(AgentOptions::default(), move |_, request| match request.contains("/first ") {
            true => Some(redirect(status, location.as_bytes())),
            false => Some(ok()),
        });
        let options = Options { agent: Some(&agent), max_redirects: 1, ..options };
        assert_eq!(fetch(url, &options, body).await.expect("an answer").status(), 200);
        let all = requests(&log);
        assert_eq!(all.len(), 2);
        all[1].clone()
    })
}

const SECRETS: &[(&str, &str)] = &[
    ("Authorization", "Bearer secret"),
    ("cookie", "secret"),
    ("Proxy-Authorization", "secret"),
    ("x-plain", "plain"),
];

#[test]
fn secrets_stay_with_their_origin() {
    let options = Options { headers: SECRETS, ..Options::default() };
    for status in [301, 302, 303, 307, 308] {
        let same = second(status, "http://a/first", "/second", options, "");
        assert!(same.matches("secret").count() == 3 && same.contains("x-plain: plain"), "{same}");
        for location in ["http://bb/second", "//bb/second", "http://a:81/second", "https://a/second"] {
            let other = second(status, "http://a/first", location, options, "");
            assert!(!other.contains("secret") && other.contains("x-plain: plain"), "{location}: {other}");
        }
    }
    let basic = Options { auth: Some("u:p"), ..Options::default() };
    assert!(second(302, "http://a/first", "/second", basic, "").contains("authorization: Basic dTpw\r\n"));
    assert!(!second(302, "http://a/first", "http://bb/second", basic, "").contains("authorization"));
}

#[test]
fn fields_made_before_are_told_apart_in_the_same_way() {
    simulate(async {
        let (agent, log) = web(AgentOptions::default(), |_, request| match request.contains("/first ") {
            true => Some(redirect(302, b"http://bb/second")),
            false => Some(ok()),
        });
        let mut fields = FieldBlock::default();
        for (name, value) in SECRETS {
            fields.push(name, value).expect("a field");
        }
        get("http://a/first", &Options { fields: Some(&fields), ..following(&agent) }).await.expect("an answer");
        let all = requests(&log);
        assert_eq!(all[0].matches("secret").count(), 3);
        assert!(!all[1].contains("secret") && all[1].contains("x-plain: plain"), "{}", all[1]);
    });
}

#[test]
fn user_and_password_are_kept_on_the_same_origin_and_dropped_across() {
    let basic = "authorization: Basic dTpw\r\n";
    for location in ["/second", "second", "http://a/second", "http://a:80/second", "//A/second"] {
        let request = second(302, "http://u:p@a/first", location, Options::default(), "");
        assert!(request.contains(basic), "{location}: {request}");
    }
    for location in ["http://x:y@a/second", "http://x:y@bb/second"] {
        let request = second(302, "http://u:p@a/first", location, Options::default(), "");
        assert!(request.contains("authorization: Basic eDp5\r\n"), "{location} has its own: {request}");
    }
    for location in ["http://bb/second", "//bb/second", "http://a:81/second", "https://a/second"] {
        let request = second(302, "http://u:p@a/first", location, Options::default(), "");
        assert!(!request.contains("authorization"), "{location}: {request}");
    }
}

#[test]
fn a_secret_does_not_come_back_from_another_origin() {
    simulate(async {
        let (agent, log) = web(AgentOptions::default(), |host, request| {
            Some(match (host, request.contains("/first ")) {
                ("a", true) => redirect(302, b"http://bb/"),
                ("bb", _) => redirect(302, b"http://a/last"),
                _ => ok(),
            })
        });
        let options = Options { headers: SECRETS, auth: Some("secret:x"), ..following(&agent) };
        get("http://u:p@a/first", &options).await.expect("an answer");
        let all = requests(&log);
        assert_eq!(all.len(), 3);
        assert!(all[1..].iter().all(|request| !request.contains("secret") && !request.contains("Basic")), "{all:?}");
    });
}

#[test]
fn rfc9110_15_4_methods_and_bodies() {
    let headers = &[("content-type", "text/plain"), ("Content-Language", "en"), ("x-plain", "plain")];
    for (method, status, then, body) in [
        ("POST", 301, "GET", ""),
        ("POST", 302, "GET", ""),
        ("POST", 303, "GET", ""),
        ("POST", 307, "POST", "tea"),
        ("POST", 308, "POST", "tea"),
        ("PUT", 301, "PUT", "tea"),
        ("PUT", 302, "PUT", "tea"),
        ("PUT", 303, "GET", ""),
        ("PUT", 307, "PUT", "tea"),
        ("DELETE", 308, "DELETE", "tea"),
        ("HEAD", 303, "HEAD", ""),
        ("HEAD", 302, "HEAD", ""),
    ] {
        for location in ["/second", "http://bb/second"] {
            let options = Options { method, headers, ..Options::default() };
            let sent = if method == "HEAD" { "" } else { "tea" };
            let request = second(status, "http://a/first", location, options, sent);
            let what = format!("{method} {status}: {request}");
            assert!(request.starts_with(&format!("{then} /second HTTP/1.1\r\n")), "{what}");
            assert!(request.ends_with(&format!("\r\n\r\n{body}")), "{what}");
            assert_eq!(request.contains("content-length: 3\r\n"), body == "tea", "{what}");
            // What speaks of the body goes with it.
            let kept = body == "tea" || method == "HEAD";
            assert_eq!(request.to_lowercase().matches("content-type").count(), usize::from(kept), "{what}");
            assert_eq!(request.to_lowercase().matches("content-language").count(), usize::from(kept), "{what}");
            assert!(request.contains("x-plain: plain"), "{what}");
        }
    }
}

#[test]
fn loops_are_bounded() {
    for (max_redirects, asked) in [(0, 1), (1, 2), (5, 6), (u8::MAX, 256)] {
        simulate(async move {
            let (agent, log) = web(AgentOptions::default(), |_, _| Some(redirect(302, b"")));
            let outcome: Result<Response, Error> =
                get("http://a/", &Options { max_redirects, ..following(&agent) }).await;
            match outcome {
                Ok(response) => assert!(max_redirects == 0 && response.status() == 302),
                Err(error) => assert!(max_redirects > 0 && matches!(error, Error::Redirect(_)), "{error:?}"),
            }
            assert_eq!(requests(&log).len(), asked);
        });
    }
}

#[test]
fn what_is_no_redirect_is_a_response() {
    for head in ["300 \r\nLocation: /b", "304 \r\nLocation: /b", "305 \r\nLocation: /b", "201 \r\nLocation: /b", "302 "]
    {
        simulate(async move {
            let answer = format!("HTTP/1.1 {head}\r\nContent-Length: 0\r\n\r\n");
            let (agent, _) = web(AgentOptions::default(), move |_, _| Some(answer.clone().into_bytes()));
            let response = get("http://a/", &following(&agent)).await.expect("an answer");
            assert!(head.starts_with(&response.status().to_string()));
        });
    }
}
