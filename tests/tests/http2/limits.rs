//! Each bound, at it and one above it.

use crate::peer::{Peer, serve, simulate, with};
use crate::server::handler;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use wirebook_http2::server::Options;
use wirebook_http2::{Code, Event, Request, Response};
use wirebook_net::{self as net};

#[test]
fn streams_at_a_time() {
    simulate(async {
        serve(with(|config| config.max_concurrent_streams = 2), handler);
        let peer = Peer::connect().await;
        // Before it has read the server's SETTINGS a client may believe in more.
        let streams: Vec<_> = (0..3).map(|_| peer.open("GET", "/slow", &[], true)).collect();
        assert_eq!(peer.whole(streams[2]).await.reset, Some(Code::REFUSED_STREAM));
        assert_eq!(peer.next_stream(), None, "now it knows");
        for stream in &streams[..2] {
            assert_eq!(peer.whole(*stream).await.text(), "slow");
        }
        assert_eq!(peer.get("/tea").await.text(), "/tea");
        net::stop();
    });
}

/// A handler that does not let itself be dropped holds its place, though its stream is gone.
#[test]
fn handlers_at_a_time() {
    simulate(async {
        let most = Rc::new(Cell::new((0, 0)));
        let counted = most.clone();
        serve(
            with(|config| config.max_concurrent_streams = 5),
            async move |mut request: Request<'_>, response: Response<'_>| {
                let (now, most) = counted.get();
                counted.set((now + 1, most.max(now + 1)));
                request.closed().await;
                net::sleep(Duration::from_secs(1)).await;
                counted.set((counted.get().0 - 1, counted.get().1));
                response.end("").await
            },
        );
        let peer = Peer::connect().await;
        for _ in 0..20 {
            for _ in 0..5 {
                let stream = peer.open("GET", "/", &[], true);
                peer.flush().await;
                net::sleep(Duration::from_millis(10)).await;
                peer.say(Event::Reset { stream, code: Code::CANCEL }).expect("an open stream");
            }
            peer.flush().await;
            net::timeout(Duration::from_millis(100), peer.turn()).await.unwrap_or_default();
        }
        assert_eq!(most.get().1, 5);
        net::stop();
    });
}

#[test]
fn bytes_of_a_body() {
    simulate(async {
        let troubles = Arc::new(Mutex::new(Vec::new()));
        let mut options = Options::default();
        let heard = troubles.clone();
        options.http.hooks.client_error =
            Some(Arc::new(move |trouble| heard.lock().expect("a lock").push(trouble.status())));
        options.http.max_body = 1000;
        serve(options, handler);
        let peer = Peer::connect().await;
        for (length, said, status) in [(1000, true, 200), (1000, false, 200), (1001, true, 413), (1001, false, 413)] {
            let text = length.to_string();
            let fields = [("content-length", text.as_str())];
            let stream = peer.open("POST", "/whole", if said { &fields } else { &[] }, false);
            if status == 200 || !said {
                peer.upload(stream, &vec![0; length]).await;
            }
            let answer = peer.whole(stream).await;
            assert_eq!(answer.status, status, "{length} {said} {}", answer.text());
        }
        assert_eq!(*troubles.lock().expect("a lock"), [413, 413]);
        net::stop();
    });
}

#[test]
fn nothing_is_taken_where_nothing_is_allowed() {
    simulate(async {
        let mut options = Options::default();
        options.http.max_body = 0;
        serve(options, handler);
        let peer = Peer::connect().await;
        let stream = peer.open("POST", "/whole", &[], false);
        peer.upload(stream, b"").await;
        assert_eq!(peer.whole(stream).await.text(), "0 bytes");
        let stream = peer.open("POST", "/whole", &[], false);
        peer.upload(stream, b"1").await;
        assert_eq!(peer.whole(stream).await.status, 413);
        net::stop();
    });
    simulate(async {
        serve(with(|config| config.max_concurrent_streams = 0), handler);
        let peer = Peer::connect().await;
        assert_eq!(peer.get("/tea").await.reset, Some(Code::REFUSED_STREAM));
        net::stop();
    });
}

/// Bounds that leave no room do not make anybody spin: the handler waits, and is not waited for for ever.
#[test]
fn no_room_at_all() {
    simulate(async {
        serve(with(|config| (config.max_out, config.stream_window) = (0, 0)), handler);
        let peer = Peer::connect().await;
        let stream = peer.open("GET", "/tea", &[], true);
        net::timeout(Duration::from_secs(100), peer.whole(stream)).await.unwrap_err();
        assert_eq!(peer.answer(stream).status, 200);
        let stream = peer.open("POST", "/whole", &[], false);
        peer.turn().await;
        assert_eq!(peer.room(stream), 0);
        net::stop();
    });
}

/// A client that asks and does not read holds no more than a bound.
#[test]
fn answers_that_nobody_reads() {
    simulate(async {
        let asked = Rc::new(Cell::new(0));
        let counted = asked.clone();
        let large = "x".repeat(2000);
        serve(Options::default(), async move |_: Request<'_>, response: Response<'_>| {
            counted.set(counted.get() + 1);
            // No two are the same, or the table would make them one byte.
            response.header("x-large", format!("{}{large}", counted.get())).end("").await
        });
        let peer = Peer::connect().await;
        assert_eq!(peer.get("/").await.status, 200);
        // In the raw: the core would wait for the answers. Each opens a stream, whole.
        let mut stream = 3_u32;
        let asking = async {
            loop {
                let mut frame = vec![0, 0, 4, 1, 5];
                frame.extend_from_slice(&stream.to_be_bytes());
                // GET, http, /, and the host that the table has since the first request.
                frame.extend_from_slice(&[0x82, 0x86, 0x84, 0xbe]);
                peer.raw(&frame).await;
                stream += 2;
                net::yield_now().await;
            }
        };
        net::timeout(Duration::from_secs(5), asking).await.unwrap_or(());
        // 64 KiB are on the way, and the rest waits here: 256 KiB, and what one read has let in.
        let kept = asked.get() * 2000;
        assert!((256 * 1024..1024 * 1024).contains(&kept), "{kept} bytes of answers");
        net::stop();
    });
}
