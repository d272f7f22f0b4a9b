//! Rows of `tests/attacks/http1-client.jsonl` that no machine understands, or that say less than we hold ourselves to: hostile
//! servers against our client and its agent, over real sockets. The others are played by `attacks.rs`.

use serde_json::Value;
use std::cell::RefCell;
use std::io::{Read, Write};
use std::rc::{Rc, Weak};
use std::thread;
use std::time::{Duration, Instant};
use wirebook_http1::Violation;
use wirebook_http1::client::{Agent, AgentOptions, Error, Options, Origin, Timeouts, get, request};
use wirebook_net::tcp::TcpStream;
use wirebook_net::{self as net};
use wirebook_tests::allocations::measure;
use wirebook_tests::attacks::player::Player;
use wirebook_tests::attacks::row::find;

/// How long a test leaves a connection alone, so that what the server sends behind an answer has arrived.
const PAUSE: Duration = Duration::from_millis(60);

type Answer = Result<(u16, String), Error>;

fn row(id: &str) -> Value {
    find("http1-client", id).all
}

/// Plays a row's server.
fn play(id: &str) -> Player {
    Player::start(row(id)["steps"].as_array().expect("steps"))
}

/// One exchange, with a body that is sent at once.
async fn exchange(options: &Options<'_>, body: &[u8]) -> Answer {
    let mut response = request(options).await?.end(body).await?;
    let body = response.bytes(1 << 20).await?;
    Ok((response.status(), String::from_utf8(body).expect("text")))
}

/// Asks twice through one agent, with a pause between; what came of each.
fn twice(player: &Player, pause: Duration) -> (Answer, Answer) {
    let address = player.address;
    net::block_on(async move {
        let agent = Agent::default();
        let host = address.ip().to_string();
        let options = Options { host: &host, port: address.port(), agent: Some(&agent), ..Options::default() };
        let first = exchange(&options, b"").await;
        net::sleep(pause).await;
        (first, exchange(&options, b"").await)
    })
    .expect("the loop ends")
}

fn violation(error: &Error) -> Option<Violation> {
    match error {
        Error::Protocol(error) => Some(error.violation),
        _ => None,
    }
}

fn is_syntax(error: &Error) -> bool {
    matches!(violation(error), Some(Violation::Syntax(_)))
}

/// That these rows are refused, and their connections not used again, is played from the row; here is by which rule.
#[test]
fn refusals_have_their_names() {
    use Violation::{CodingUnknown, ContentLength, ContentLengthTooLarge, Incomplete};
    let named: [(&str, &[Violation]); 8] = [
        ("h1c-07", &[Incomplete]),
        ("h1c-08", &[Incomplete]),
        ("h1c-11", &[ContentLength]),
        ("h1c-12", &[ContentLength]),
        ("h1c-14", &[ContentLength]),
        ("h1c-15", &[ContentLength]),
        ("h1c-16", &[ContentLength, ContentLengthTooLarge]),
        ("h1c-19", &[CodingUnknown]),
    ];
    let refused = |id| twice(&play(id), PAUSE).0.expect_err("the response is refused");
    for (id, violations) in named {
        let error = refused(id);
        assert!(violation(&error).is_some_and(|found| violations.contains(&found)), "{id}: {error:?}");
    }
    for id in ["h1c-20", "h1c-39", "h1c-43", "h1c-44", "h1c-45", "h1c-46", "h1c-47"] {
        let error = refused(id);
        assert!(is_syntax(&error), "{id}: {error:?}");
    }
}

#[test]
fn h1c_02_fin_while_pooled() {
    let (first, second) = twice(&play("h1c-02"), PAUSE);
    assert_eq!((first.expect("a response").1, second.expect("a new connection").1), ("ok".into(), "fresh".into()));
}

#[test]
fn h1c_01_stale_keep_alive_get_is_retried_once() {
    let (first, second) = twice(&play("h1c-01"), Duration::ZERO);
    assert_eq!(first.expect("a response").1, "ok");
    assert_eq!(second.expect("the retry").1, "2");
}

#[test]
fn h1c_01_stale_keep_alive_post_is_not_retried() {
    let player = play("h1c-01");
    let address = player.address;
    let second = net::block_on(async move {
        let agent = Agent::default();
        let options = Options { host: "127.0.0.1", port: address.port(), agent: Some(&agent), ..Options::default() };
        exchange(&options, b"").await.expect("a response");
        exchange(&Options { method: "POST", ..options }, b"x").await
    });
    assert!(matches!(second.expect("the loop ends"), Err(Error::Connection(_))));
    assert_eq!(player.connections(), 1, "a request that may have been acted on is not sent again");
}

#[test]
fn h1c_03_unsolicited_response_on_an_idle_connection() {
    let (first, second) = twice(&play("h1c-03"), Duration::from_millis(300));
    assert_eq!(first.expect("a response").1, "ok");
    assert_eq!(second.expect("a new connection").1, "fresh");
}

#[test]
fn h1c_27_endless_header_line() {
    let player = play("h1c-27");
    let (error, cost) = measure(|| twice(&player, PAUSE).0.expect_err("the head has no end"));
    assert!(is_syntax(&error), "{error:?}");
    let most = row("h1c-27")["expect"]["mem_max"].as_i64().expect("a bound");
    assert!(cost.peak_bytes <= most, "{} bytes", cost.peak_bytes);
    assert_eq!(twice(&play("h1c-27"), PAUSE).1.expect("a new connection").1, "fresh");
}

#[test]
fn h1c_30_gzip_bomb() {
    let player = play("h1c-30");
    let row = row("h1c-30");
    let limit = row["config"]["max_decoded"].as_u64().expect("a limit");
    let ((seen, error), cost) = measure(|| {
        let port = player.address.port();
        net::block_on(async move {
            let options = Options { host: "127.0.0.1", port, ..Options::default() };
            let response = request(&options).await.expect("a connection").end("").await.expect("a head");
            let mut decoded = response.decoded(limit).expect("gzip is known");
            let mut seen = 0;
            loop {
                match decoded.chunk().await {
                    Ok(Some(piece)) => seen += piece.len() as u64,
                    Ok(None) => panic!("a bomb has no end"),
                    Err(error) => return (seen, error),
                }
            }
        })
        .expect("the loop ends")
    });
    assert!(matches!(error, Error::BodyTooLarge), "{error:?}");
    assert!(seen <= limit && seen + (32 << 10) > limit, "{seen} of {limit}");
    let most = row["expect"]["mem_max"].as_i64().expect("a bound");
    assert!(cost.peak_bytes <= most, "{} bytes", cost.peak_bytes);
}

#[test]
fn h1c_31_a_thousand_content_codings() {
    let player = play("h1c-31");
    let error = net::block_on(async move {
        let options = Options { host: "127.0.0.1", port: player.address.port(), ..Options::default() };
        let response = request(&options).await.expect("a connection").end("").await.expect("a head");
        response.decoded(1 << 20).expect_err("too many")
    });
    assert!(matches!(error.expect("the loop ends"), Error::Coding(_)));
}

#[test]
fn h1c_34_redirect_to_another_scheme() {
    let player = play("h1c-34");
    let url = format!("http://{}/", player.address);
    let error = net::block_on(async move {
        get(&url, &Options { max_redirects: 5, ..Options::default() }).await.expect_err("file: is not followed")
    });
    assert!(matches!(error.expect("the loop ends"), Error::Redirect(_)));
}

#[test]
fn h1c_35_redirect_from_https_to_http() {
    for allow_downgrade in [false, true] {
        let player = play("h1c-35");
        let address = player.address;
        let result = net::block_on(async move {
            // This connector would speak TLS; the rule is the client's.
            let agent = Agent::with_connector(AgentOptions::default(), async move |_: Origin| {
                TcpStream::connect(address).await
            });
            let options = Options { agent: Some(&agent), max_redirects: 5, allow_downgrade, ..Options::default() };
            let mut response = get("https://a/", &options).await?;
            response.bytes(100).await
        });
        match result.expect("the loop ends") {
            Ok(body) => assert!(allow_downgrade && body == b"fresh"),
            Err(error) => assert!(!allow_downgrade && matches!(error, Error::Redirect(_)), "{error:?}"),
        }
    }
}

#[test]
fn h1c_37_user_information_stays_out_of_host_and_target() {
    let player = play("h1c-37");
    let port = player.address.port();
    let url = row("h1c-37")["config"]["url"].as_str().expect("a URL").replace("PORT", &port.to_string());
    net::block_on(async move { get(&url, &Options::default()).await.expect("a response") }).expect("the loop ends");
    let heard = player.heard(0);
    assert!(heard.starts_with("GET / HTTP/1.1\r\n"), "{heard}");
    assert!(heard.contains(&format!("host: 127.0.0.1:{port}\r\n")), "{heard}");
    assert!(heard.contains("authorization: Basic dTpw\r\n"), "{heard}");
    assert!(!heard.contains("u:p"), "{heard}");
}

#[test]
fn h1c_41_status_line_without_a_reason() {
    let (first, second) = twice(&play("h1c-41"), PAUSE);
    assert_eq!(first.expect("tolerated").0, 200);
    assert_eq!(second.expect("a response").1, "stale", "nothing speaks against using the connection again");
}

#[test]
fn h1c_49_final_response_while_the_upload_is_unfinished() {
    let player = play("h1c-49");
    let config = row("h1c-49")["config"].clone();
    let length = config["body_bytes"].as_u64().expect("a size") as usize;
    let port = player.address.port();
    let (status, second) = net::block_on(async move {
        let agent = Agent::default();
        let options = Options { host: "127.0.0.1", port, agent: Some(&agent), ..Options::default() };
        let post = Options { method: config["method"].as_str().expect("a method"), ..options };
        let status = exchange(&post, &vec![b'x'; length]).await.expect("the refusal").0;
        (status, exchange(&options, b"").await.expect("a new connection").1)
    })
    .expect("the loop ends");
    assert_eq!((status, &*second), (403, "fresh"));
    assert!(player.heard(0).len() < length, "the upload is stopped");
}

#[test]
fn h1c_50_continue_never_comes() {
    let player = play("h1c-50");
    let port = player.address.port();
    let started = Instant::now();
    let answer = net::block_on(async move {
        let headers = [("expect", "100-continue")];
        let options = Options { method: "POST", host: "127.0.0.1", port, headers: &headers, ..Options::default() };
        exchange(&options, b"body").await
    });
    assert_eq!(answer.expect("the loop ends").expect("an answer").0, 200);
    assert!(player.heard(0).ends_with("body"));
    // The server waits two seconds, and finds the body there.
    assert!(started.elapsed() < Duration::from_millis(3500));
}

#[test]
fn h1c_51_417_to_expect() {
    let player = play("h1c-51");
    let port = player.address.port();
    let answer = net::block_on(async move {
        let headers = [("expect", "100-continue"), ("x", "y")];
        let options = Options { method: "POST", host: "127.0.0.1", port, headers: &headers, ..Options::default() };
        exchange(&options, b"body").await
    });
    assert_eq!(answer.expect("the loop ends").expect("the repetition is answered").1, "fresh");
    assert!(player.heard(0).contains("expect: 100-continue") && !player.heard(0).contains("body"));
    let again = player.heard(1);
    assert!(!again.contains("expect") && again.contains("x: y\r\n") && again.ends_with("\r\n\r\nbody"), "{again}");
}

#[test]
fn h1c_53_absurd_keep_alive_hint() {
    let (first, second) = twice(&play("h1c-53"), PAUSE);
    assert_eq!(first.expect("a response").0, 200);
    assert_eq!(second.expect("a response").1, "stale", "the hint is ignored");
}

#[test]
fn h1c_54_origins_are_kept_apart() {
    let base = Options { host: "a", port: 1, ..Options::default() };
    let path = std::path::Path::new("/a.sock");
    let others = [
        ("port", Options { port: 2, ..base }),
        ("host", Options { host: "b", ..base }),
        ("scheme", Options { secure: true, ..base }),
        ("local address", Options { local_address: Some("127.0.0.2".parse().expect("an address")), ..base }),
        ("Unix socket", Options { socket_path: Some(path), ..base }),
    ];
    for (what, other) in others {
        let player = Player::start(&[] as &[Value]);
        let address = player.address;
        let reused = net::block_on(async move {
            let connect = async move |_: Origin| TcpStream::connect(address).await;
            let agent = Agent::with_connector(AgentOptions::default(), connect);
            exchange(&Options { agent: Some(&agent), ..base }, b"").await.expect("an answer");
            // The same origin, written in another way, is the same.
            let shout = request(&Options { agent: Some(&agent), host: "A", ..base }).await.expect("a connection");
            assert!(shout.is_reused());
            drop(shout);
            exchange(&Options { agent: Some(&agent), ..base }, b"").await.expect("an answer");
            request(&Options { agent: Some(&agent), ..other }).await.expect("a connection").is_reused()
        });
        assert!(!reused.expect("the loop ends"), "a connection was shared between origins that differ in: {what}");
    }
}

#[test]
fn h1c_55_ten_thousand_origins() {
    let player = Player::start(&[] as &[Value]);
    let address = player.address;
    let most = row("h1c-55")["expect"]["fd_max"].as_u64().expect("a bound") as usize;
    net::block_on(async move {
        let open: Rc<RefCell<Vec<Weak<TcpStream>>>> = Rc::default();
        let noted = open.clone();
        let agent = Agent::with_connector(AgentOptions::default(), async move |_: Origin| {
            let stream = Rc::new(TcpStream::connect(address).await?);
            noted.borrow_mut().push(Rc::downgrade(&stream));
            Ok(stream)
        });
        let count = || {
            open.borrow_mut().retain(|stream| stream.strong_count() > 0);
            open.borrow().len()
        };
        // One after the other: what idles longest gives way. `.ci/run poisoning` asks for all ten thousand.
        let apart = wirebook_tests::asked("WIREBOOK_TRIALS", 3_000).saturating_sub(2_000).max(500);
        for number in 0..apart {
            let host = format!("h{number}");
            let options = Options { host: &host, agent: Some(&agent), ..Options::default() };
            exchange(&options, b"").await.expect("an answer");
            assert!(count() <= most && agent.sockets() + agent.free() <= most);
        }
        let host = format!("h{}", apart - 1);
        let last = Options { host: &host, agent: Some(&agent), ..Options::default() };
        assert!(request(&last).await.expect("a connection").is_reused(), "the youngest are kept");
        // All at once: what finds no place waits, and what finds no place to wait is told so.
        let mut tasks = Vec::new();
        for number in 0..2_000 {
            let agent = agent.clone();
            tasks.push(net::spawn(async move {
                let host = format!("x{number}");
                // As long as it takes: that a place comes late is no fault here.
                let timeouts = Timeouts { connect: Duration::MAX, ..Timeouts::default() };
                exchange(&Options { host: &host, agent: Some(&agent), timeouts, ..Options::default() }, b"").await
            }));
        }
        let (mut done, mut full) = (0, 0);
        for task in tasks {
            assert!(count() <= most);
            match task.await.expect("no panic") {
                Ok(_) => done += 1,
                Err(Error::QueueFull) => full += 1,
                Err(error) => panic!("{error:?}"),
            }
        }
        let queue = agent.options().max_queued;
        assert_eq!((done, full), (most + queue, 2_000 - most - queue));
        assert_eq!((agent.requests(), agent.sockets()), (0, 0));
    })
    .expect("the loop ends");
}

#[test]
fn an_upload_holds_little_whatever_its_server_says_and_when() {
    const PIECE: usize = 64 << 10;
    const WHOLE: usize = 64 << 20;
    for early in [false, true] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
            let mut bytes = vec![0; 1 << 20];
            let mut taken = stream.read(&mut bytes).expect("a head");
            if early {
                stream.write_all(answer).expect("a client");
            }
            while taken < WHOLE {
                taken += stream.read(&mut bytes).expect("a client");
            }
            if !early {
                stream.write_all(answer).expect("a client");
            }
        });
        let (status, cost) = measure(|| {
            net::block_on(async move {
                let options = Options { method: "POST", host: "127.0.0.1", port, ..Options::default() };
                let mut upload = request(&options).await.expect("a connection");
                let piece = [b'x'; PIECE];
                for _ in 0..WHOLE / PIECE {
                    // Who does not care for the answer is not made to.
                    upload.write(&piece).await.expect("a server that reads");
                }
                upload.end("").await.expect("an answer").status()
            })
            .expect("the loop ends")
        });
        assert_eq!(status, 200);
        assert!(cost.peak_bytes < 1 << 20, "{early}: {} bytes", cost.peak_bytes);
    }
}
