//! One handler, two protocols.

use crate::peer::{ADDRESS, Peer, serve, simulate};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use wirebook_http1::{FieldBlock, Outcome, Request, Response};
use wirebook_http2::server::Options;
use wirebook_http2::{Code, Event, Failure};
use wirebook_net::sim::SimStream;
use wirebook_net::{self as net, Stream};

/// All that a handler can do, by path.
pub(crate) async fn handler(mut request: Request<'_>, mut response: Response<'_>) -> Outcome {
    match request.path() {
        "/echo" => {
            while let Some(piece) = request.chunk().await? {
                response.write(piece).await?;
            }
            response.end("").await
        }
        "/whole" => {
            let body = request.bytes(1 << 20).await?;
            response.end(format!("{} bytes", body.len())).await
        }
        "/large" => response.end(vec![b'x'; 300_000]).await,
        "/pieces" => {
            for piece in 0..5 {
                response.write(format!("piece {piece}\n")).await?;
            }
            response.end("").await
        }
        "/trailers" => {
            while request.chunk().await?.is_some() {}
            let mut trailers = FieldBlock::default();
            for (name, value) in request.trailers().iter() {
                trailers.push(name, value)?;
            }
            response.end_with_trailers("body", &trailers).await
        }
        "/hints" => {
            let mut links = FieldBlock::default();
            links.push("link", "</style.css>; rel=preload")?;
            response.informational(103, &links).await?;
            response.end("page").await
        }
        "/file" => response.end_file(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).await,
        "/fails" => Err(Failure::message("nothing works")),
        "/silent" => Ok(()),
        "/breaks" => {
            response.write("half").await?;
            Err(Failure::message("the rest is not there"))
        }
        "/aborts" => {
            response.write("half").await?;
            response.abort();
            Ok(())
        }
        "/empty" => response.status(204).end("").await,
        "/fields" => {
            response.header("X-Case", "Kept").header("Connection", "close").header("keep-alive", "1").end("").await
        }
        "/slow" => {
            net::sleep(Duration::from_secs(3)).await;
            response.end("slow").await
        }
        "/who" => {
            let text = format!(
                "{} {} {:?} {} {:?}",
                request.method(),
                request.target(),
                request.authority(),
                request.scheme(),
                request.version()
            );
            response.end(text).await
        }
        path => response.end(path).await,
    }
}

#[test]
fn a_request_is_what_it_is_in_http1() {
    simulate(async {
        serve(Options::default(), handler);
        let peer = Peer::connect().await;
        let answer = peer.get("/who?x=1").await;
        assert_eq!((answer.status, answer.text()), (200, "GET /who?x=1 Some(\"a\") http Http2"));
        assert_eq!(answer.field("content-length"), Some("33"));
        assert!(answer.field("date").is_some_and(|date| date.ends_with("GMT")), "{:?}", answer.fields);
        let mut one = SimStream::connect(ADDRESS).await.expect("the same port");
        let text = http1(&mut one, "GET /who?x=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
        assert!(text.ends_with("GET /who?x=1 Some(\"a\") http Http11"), "{text}");
        net::stop();
    });
}

/// Says something, and hears all.
async fn http1(stream: &mut SimStream, text: &str) -> String {
    stream.write_all(text.as_bytes()).await.expect("a server that reads");
    let (mut all, mut bytes) = (Vec::new(), [0; 1024]);
    while let Ok(count @ 1..) = stream.read(&mut bytes).await {
        all.extend_from_slice(&bytes[..count]);
    }
    String::from_utf8(all).expect("text")
}

#[test]
fn content_goes_both_ways_through_small_windows() {
    simulate(async {
        serve(Options::default(), handler);
        let peer = Peer::with(wirebook_http2::Config { stream_window: 5000, ..Default::default() }).await;
        let body: Vec<u8> = (0..700_000_u32).map(|n| (n % 251) as u8).collect();
        let stream = peer.open("POST", "/echo", &[], false);
        peer.upload(stream, &body[..]).await;
        let answer = peer.whole(stream).await;
        assert!(answer.ended && answer.body == body, "{} bytes", answer.body.len());
        let answer = peer.get("/large").await;
        assert_eq!((answer.body.len(), answer.field("content-length")), (300_000, Some("300000")));
        assert_eq!(peer.get("/pieces").await.text(), "piece 0\npiece 1\npiece 2\npiece 3\npiece 4\n");
        net::stop();
    });
}

#[test]
fn rfc9113_8_1_trailers_and_interim_responses() {
    simulate(async {
        serve(Options::default(), handler);
        let peer = Peer::connect().await;
        let stream = peer.open("POST", "/trailers", &[], false);
        peer.data(stream, b"some", false).expect("room");
        let mut trailers = FieldBlock::default();
        trailers.push("x-sum", "17").expect("a field");
        peer.say(Event::Trailers { stream, fields: trailers.lines() }).expect("an open stream");
        let answer = peer.whole(stream).await;
        assert_eq!((answer.text(), &answer.trailers[..]), ("body", &[("x-sum".into(), "17".into())][..]));
        let answer = peer.get("/hints").await;
        assert_eq!((&answer.interim[..], answer.text()), (&[103][..], "page"));
        net::stop();
    });
}

#[test]
fn rfc9110_10_1_1_who_waits_for_100_is_told_to_go_on_when_the_body_is_read() {
    simulate(async {
        serve(Options::default(), handler);
        let peer = Peer::connect().await;
        let expect = [("expect", "100-continue")];
        let stream = peer.open("POST", "/whole", &expect, false);
        peer.until(|peer| (peer.answer(stream).interim == [100]).then_some(())).await;
        peer.upload(stream, b"four").await;
        assert_eq!(peer.whole(stream).await.text(), "4 bytes");
        // Who is not read is not asked to send.
        let stream = peer.open("POST", "/tea", &expect, false);
        let answer = peer.whole(stream).await;
        assert_eq!((answer.interim.len(), answer.text()), (0, "/tea"));
        net::stop();
    });
}

#[test]
fn rfc9110_9_3_2_head_has_the_fields_of_get_and_nothing_else() {
    simulate(async {
        serve(Options::default(), handler);
        let peer = Peer::connect().await;
        for (path, length) in [("/large", Some("300000")), ("/tea", Some("4")), ("/pieces", None), ("/file", Some(""))]
        {
            let stream = peer.open("HEAD", path, &[], true);
            let answer = peer.whole(stream).await;
            let said = answer.field("content-length");
            assert_eq!((answer.status, answer.body.len(), answer.ended), (200, 0, true), "{path}");
            assert!(said == length || length == Some("") && said.is_some(), "{path}: {said:?}");
        }
        let answer = peer.get("/empty").await;
        assert_eq!((answer.status, answer.field("content-length"), answer.ended), (204, None, true));
        net::stop();
    });
}

#[test]
fn rfc9113_8_2_2_a_handler_need_not_know_which_fields_speak_of_a_connection() {
    simulate(async {
        serve(Options::default(), handler);
        let answer = Peer::connect().await.get("/fields").await;
        let names: Vec<_> = answer.fields.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["x-case", "date", "content-length"]);
        net::stop();
    });
}

#[test]
fn files_and_conditions_are_answered_as_in_http1() {
    simulate(async {
        serve(Options::default(), handler);
        let peer = Peer::connect().await;
        let all = peer.get("/file").await;
        assert!(all.text().contains("wirebook-tests"));
        let tag = all.field("etag").expect("a tag").to_owned();
        let stream = peer.open("GET", "/file", &[("range", "bytes=1-7")], true);
        let part = peer.whole(stream).await;
        assert_eq!((part.status, part.text()), (206, &all.text()[1..8]));
        let stream = peer.open("GET", "/file", &[("if-none-match", &tag)], true);
        let same = peer.whole(stream).await;
        assert_eq!((same.status, same.body.len(), same.ended), (304, 0, true));
        net::stop();
    });
}

#[test]
fn a_handler_that_fails_costs_its_own_stream_alone() {
    simulate(async {
        let failures = Arc::new(Mutex::new(Vec::new()));
        let mut options = Options::default();
        let heard = failures.clone();
        options.http.hooks.handler_error =
            Some(Arc::new(move |failure| heard.lock().expect("a lock").push(failure.to_string())));
        serve(options, handler);
        let peer = Peer::connect().await;
        let answer = peer.get("/fails").await;
        assert_eq!((answer.status, answer.text()), (500, "500 Internal Server Error: the handler gave no answer\n"));
        assert_eq!(peer.get("/silent").await.status, 500);
        let answer = peer.get("/breaks").await;
        assert_eq!((answer.status, answer.text(), answer.reset), (200, "half", Some(Code::INTERNAL_ERROR)));
        assert_eq!(peer.get("/aborts").await.reset, Some(Code::INTERNAL_ERROR));
        let stream = peer.open("CONNECT", "b:443", &[], false);
        assert_eq!(peer.whole(stream).await.status, 501);
        assert_eq!(peer.get("/tea").await.text(), "/tea");
        let failures = failures.lock().expect("a lock");
        assert_eq!(failures[..2], ["nothing works", "the rest is not there"]);
        assert_eq!(failures[2..], ["the message part is out of turn"], "a tunnel is not agreed to by an answer");
        net::stop();
    });
}

#[test]
fn a_handler_that_panics_costs_its_own_stream_alone() {
    simulate(async {
        serve(Options::default(), async |request: Request<'_>, response: Response<'_>| {
            assert!(request.path() != "/panics", "as it must");
            response.end("fine").await
        });
        let peer = Peer::connect().await;
        assert_eq!(peer.get("/panics").await.reset, Some(Code::INTERNAL_ERROR));
        assert_eq!(peer.get("/tea").await.text(), "fine");
        net::stop();
    });
}

#[test]
fn rfc9113_8_1_who_is_answered_early_may_stop_sending() {
    simulate(async {
        serve(Options::default(), handler);
        let peer = Peer::connect().await;
        let stream = peer.open("POST", "/tea", &[], false);
        peer.data(stream, &[0; 1000], false).expect("room");
        peer.until(|peer| peer.answer(stream).reset).await;
        let answer = peer.answer(stream);
        assert_eq!((answer.text(), answer.ended, answer.reset), ("/tea", true, Some(Code::NO_ERROR)));
        net::stop();
    });
}

#[test]
fn requests_are_answered_side_by_side() {
    simulate(async {
        serve(Options::default(), handler);
        let peer = Peer::connect().await;
        let slow: Vec<_> = (0..10).map(|_| peer.open("GET", "/slow", &[], true)).collect();
        let quick = peer.open("GET", "/tea", &[], true);
        let before = net::now();
        peer.whole(quick).await;
        assert!(net::now() - before < Duration::from_secs(1));
        for stream in slow {
            assert_eq!(peer.whole(stream).await.text(), "slow");
        }
        assert!(net::now() - before < Duration::from_secs(4), "ten times three seconds at once");
        net::stop();
    });
}

#[test]
fn a_handler_whose_client_took_its_request_back_is_dropped_or_told() {
    simulate(async {
        let log = Rc::new(RefCell::new(Vec::new()));
        let heard = log.clone();
        serve(Options::default(), async move |mut request: Request<'_>, response: Response<'_>| {
            struct Dropped(Rc<RefCell<Vec<&'static str>>>, Cell<&'static str>);
            impl Drop for Dropped {
                fn drop(&mut self) {
                    self.0.borrow_mut().push(self.1.get());
                }
            }
            let end = Dropped(heard.clone(), Cell::new("dropped"));
            if request.path() == "/watches" {
                request.closed().await;
                end.1.set("told");
                assert!(response.end("too late").await.is_err());
                return Ok(());
            }
            net::sleep(Duration::from_secs(1000)).await;
            response.end("").await
        });
        let peer = Peer::connect().await;
        let streams = [peer.open("GET", "/waits", &[], true), peer.open("GET", "/watches", &[], true)];
        peer.flush().await;
        net::sleep(Duration::from_secs(1)).await;
        assert_eq!(log.borrow().len(), 0);
        for stream in streams {
            peer.say(Event::Reset { stream, code: Code::CANCEL }).expect("an open stream");
        }
        peer.flush().await;
        net::sleep(Duration::from_secs(1)).await;
        assert_eq!(*log.borrow(), ["dropped", "told"]);
        // And so when the connection ends.
        peer.open("GET", "/waits", &[], true);
        peer.flush().await;
        net::sleep(Duration::from_secs(1)).await;
        drop(peer);
        net::sleep(Duration::from_secs(1)).await;
        assert_eq!(*log.borrow(), ["dropped", "told", "dropped"]);
        net::stop();
    });
}

#[test]
fn rfc9113_3_4_what_is_not_the_preface_is_http1_or_an_error() {
    simulate(async {
        serve(Options::default(), handler);
        for text in [
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            "PRINT / HTTP/1.0\r\n\r\n",
            "P / HTTP/1.0\r\n\r\n",
        ] {
            let mut stream = SimStream::connect(ADDRESS).await.expect("a server");
            let mut rest = text;
            // The first bytes one by one: no read may be taken for the whole.
            while rest.len() > text.len() - 6 {
                stream.write_all(&rest.as_bytes()[..1]).await.expect("a server that reads");
                net::sleep(Duration::from_millis(1)).await;
                rest = &rest[1..];
            }
            assert!(http1(&mut stream, rest).await.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
        }
        net::stop();
    });
    simulate(async {
        serve(Options { allow_http1: false, ..Options::default() }, handler);
        assert_eq!(Peer::connect().await.get("/tea").await.text(), "/tea");
        let stream = SimStream::connect(ADDRESS).await.expect("a server");
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("a server that reads");
        let (mut all, mut bytes) = (Vec::new(), [0; 1024]);
        while let Ok(count @ 1..) = stream.read(&mut bytes).await {
            all.extend_from_slice(&bytes[..count]);
        }
        // SETTINGS, then GOAWAY with PROTOCOL_ERROR.
        assert_eq!(all[3], 4);
        assert!(all.ends_with(&[0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]), "{all:?}");
        net::stop();
    });
}

#[test]
fn a_kept_connection_of_http1_goes_on_behind_the_first_bytes() {
    simulate(async {
        serve(Options::default(), handler);
        let mut stream = SimStream::connect(ADDRESS).await.expect("a server");
        let get = |path: &str, rest: &str| format!("GET {path} HTTP/1.1\r\nHost: a\r\n{rest}\r\n");
        stream.write_all(format!("{}{}", get("/1", ""), get("/2", "")).as_bytes()).await.expect("a server that reads");
        net::sleep(Duration::from_secs(1)).await;
        let text = http1(&mut stream, &get("/3", "Connection: close\r\n")).await;
        let at = |what: &str| text.find(what).unwrap_or_else(|| panic!("{what} in {text}"));
        assert!(at("\r\n\r\n/1") < at("\r\n\r\n/2") && at("\r\n\r\n/2") < at("\r\n\r\n/3"));
        net::stop();
    });
}
