//! The fuzz targets of TLS without a fuzzer: what they hold is held of a real hello, cut and changed at every place.

use wirebook_net::sim::{self, SimListener, SimStream};
use wirebook_net::{Listener, Stream};
use wirebook_tests::tls_fuzz;
use wirebook_tls::record::{client_hello, records};
use wirebook_tls::{Connector, Identity, Options, Roots};

/// What a client says first.
fn hello() -> Vec<u8> {
    sim::run(1, async {
        let listener = SimListener::bind("10.0.0.1:443").expect("a free address");
        wirebook_net::spawn(async {
            let roots = Roots::web().expect("roots");
            let connector = Connector::new(roots, &Options::default()).expect("a connector");
            let stream = SimStream::connect("10.0.0.1:443").await.expect("somebody listens");
            drop(connector.connect(stream, "example.org").await);
        });
        let (stream, _) = listener.accept().await.expect("a client");
        let mut bytes = vec![0; 4096];
        let count = stream.read(&mut bytes).await.expect("a hello");
        bytes.truncate(count);
        wirebook_net::stop();
        bytes
    })
    .expect("the loop runs")
}

#[test]
fn a_hello_that_is_cut_or_changed_anywhere_breaks_no_rule() {
    let hello = hello();
    let first = records(&hello).next().expect("a record");
    assert_eq!(client_hello(first.payload).and_then(|hello| hello.server_name).as_deref(), Some("example.org"));
    for at in 0..hello.len() {
        tls_fuzz::record(&hello[..at]);
        for value in [0, 1, hello[at] ^ 0x80, hello[at].wrapping_add(1), 0xff] {
            let mut changed = hello.clone();
            changed[at] = value;
            // The payload alone as well, so that a broken header hides nothing.
            tls_fuzz::record(&changed);
            tls_fuzz::record(&changed[5..]);
        }
    }
}

#[test]
fn a_certificate_that_is_changed_anywhere_is_an_error_or_an_identity() {
    let made = Identity::dev().expect("a certificate");
    let text = made.development().expect("ours").authority_pem.clone().into_bytes();
    for at in (0..text.len()).step_by(3) {
        let mut changed = text.clone();
        changed[at] = b'-';
        tls_fuzz::pem(&changed);
        tls_fuzz::pem(&text[..at]);
        changed.insert(at, b'\n');
        tls_fuzz::pem(&changed);
    }
}
