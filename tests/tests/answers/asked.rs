//! An application of the web layer in the simulated network, asked one thing.

use std::net::Shutdown;
use wirebook_net::sim::{self, SimListener, SimStream};
use wirebook_net::{self as net, Stream};
use wirebook_web::{Options, Router};

/// What comes back, piece by piece, each with the milliseconds since it was asked for.
pub(super) fn pieces(router: Router, options: Options, request: &str) -> Vec<(u128, String)> {
    let request = request.to_owned();
    let pieces = sim::run(1, async move {
        let app = router.into_app(options).expect("routes that can be");
        let server = app.serve_on(SimListener::bind("10.0.0.1:80").expect("a free address"));
        let client = SimStream::connect("10.0.0.1:80").await.expect("the server listens");
        let began = net::now();
        client.write_all(request.as_bytes()).await.expect("the server reads");
        client.shutdown(Shutdown::Write).ok();
        let (mut pieces, mut bytes) = (Vec::new(), [0; 8192]);
        while let Ok(count @ 1..) = client.read(&mut bytes).await {
            let text = String::from_utf8_lossy(&bytes[..count]).into_owned();
            pieces.push(((net::now() - began).as_millis(), text));
        }
        server.close();
        pieces
    });
    pieces.expect("the loop runs")
}

/// The whole answer, as it went over the wire.
pub(super) fn answer(router: Router, options: Options, request: &str) -> String {
    pieces(router, options, request).into_iter().map(|(_, text)| text).collect()
}

/// Options that write nothing on standard error.
pub(super) fn quiet() -> Options {
    Options { on_error: None, ..Options::default() }
}

/// A GET of a path, with fields such as `cookie: a=b`.
pub(super) fn get(path: &str, fields: &[&str]) -> String {
    let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
    format!("GET {path} HTTP/1.1\r\nHost: tea.example\r\n{fields}\r\n")
}
