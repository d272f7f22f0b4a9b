//! What carries content over TLS: records that are full. A frame and its header that were a little longer than a record would take two, and
//! what is left over from a write would take a write of its own.

use crate::peer::{ADDRESS, simulate};
use std::sync::Arc;
use wirebook_http2::client::Session;
use wirebook_http2::server::Options;
use wirebook_http2::{self as http2, Config, Request, Response};
use wirebook_net::sim::{SimListener, SimStream};
use wirebook_net::{self as net};
use wirebook_tests::tls::{Authority, Tapped};
use wirebook_tls::record::{Kind, records};
use wirebook_tls::{SMALL_RECORD, TlsListener, TlsStream, WARM_AFTER};

const CONTENT: usize = 2 << 20;

/// Records of content, at most: the small ones of the beginning, the full ones, and a few for heads and ends.
const MOST: usize = WARM_AFTER / SMALL_RECORD + 1 + CONTENT / (16 * 1024) + 1 + 12;

#[test]
fn content_goes_in_full_records() {
    for streams in [1, 2, 8] {
        let count = simulate(async move {
            let authority = Authority::default();
            let tls = wirebook_tls::Options { protocols: vec!["h2".into()], ..Default::default() };
            let acceptor = authority.acceptor(&["localhost"], &tls);
            let listener = TlsListener::new(SimListener::bind(ADDRESS).expect("a free address"), acceptor);
            let handler =
                async move |_: Request<'_>, response: Response<'_>| response.end(vec![b'x'; CONTENT / streams]).await;
            let protocol = |stream: &TlsStream<SimStream>| stream.protocol();
            let _server = http2::serve_secure_on(listener, Options::default(), handler, protocol);
            let socket = Tapped::new(SimStream::connect(ADDRESS).await.expect("a server"));
            let came = socket.read.clone();
            let connector = authority.connector(&tls).offering(&["h2"]);
            let stream = connector.connect(socket, "localhost").await.expect("a handshake");
            // Windows that never shut.
            let config = Config { stream_window: 1 << 30, connection_window: 1 << 30, ..Config::default() };
            let session = Session::over(stream, "localhost", Arc::new(config));
            let asking: Vec<_> = (0..streams)
                .map(|_| {
                    let session = session.clone();
                    net::spawn(async move {
                        let mut answer = session.request("GET", "/").send("").await.expect("an answer");
                        answer.bytes(CONTENT).await.expect("its content").len()
                    })
                })
                .collect();
            let mut length = 0;
            for one in asking {
                length += one.await.expect("a task");
            }
            assert_eq!(length, CONTENT);
            net::stop();
            records(&came.borrow()).filter(|record| record.kind == Kind::ApplicationData).count()
        });
        println!("{streams} streams: {count} records");
        assert!(count <= MOST, "{streams} streams: {count} records, of {MOST}");
    }
}
