//! The answers of "TLS: the handshake and its records" and of "Certificates".

use wirebook_net::sim::{self, Fault, SimListener, SimStream};
use wirebook_net::{self as net, Listener, Stream};
use wirebook_tests::tls::{Authority, Signed, Time, self_signed};
use wirebook_tls::record::{Kind, client_hello, records};
use wirebook_tls::{Acceptor, Connector, Error, Refusal, Roots, TlsStream};

const ADDRESS: &str = "10.0.0.1:443";

/// A client and a server that meet; what the client says of it.
fn meet(server: &Signed, client: Connector, name: &'static str) -> Result<(), Error> {
    let acceptor = Acceptor::new(&server.identity(), &Default::default()).expect("a key");
    let met = sim::run(1, async move {
        let listener = SimListener::bind(ADDRESS).expect("an address");
        net::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a client");
            let stream = acceptor.accept(stream).expect("a stream");
            let _ = stream.read(&mut [0; 10]).await;
        });
        let socket = SimStream::connect(ADDRESS).await.expect("a listener");
        client.connect(socket, name).await.map(drop)
    });
    met.expect("a simulation").map_err(|error| Error::of(&error).expect("an error of TLS").clone())
}

fn believing(roots: Roots) -> Connector {
    Connector::new(roots, &Default::default()).expect("roots")
}

/// The first bytes of a client that wants to speak with `tea.example`.
fn first_bytes() -> Vec<u8> {
    let bytes = sim::run(1, async {
        let listener = SimListener::bind(ADDRESS).expect("an address");
        net::spawn(async {
            let socket = SimStream::connect(ADDRESS).await.expect("a listener");
            let _ = believing(Roots::none()).connect(socket, "tea.example").await;
        });
        let (stream, _) = listener.accept().await.expect("a client");
        let mut bytes = net::buffer();
        let count = stream.read(&mut bytes).await.expect("a hello");
        bytes[..count].to_vec()
    });
    bytes.expect("a simulation")
}

#[test]
fn a_client_says_hello_in_one_record() {
    let bytes = first_bytes();
    // ANCHOR: records
    for record in records(&bytes) {
        println!("{:?}, {} bytes at {}", record.kind, record.payload.len(), record.at);
    }
    // ANCHOR_END: records
    let kinds: Vec<Kind> = records(&bytes).map(|record| record.kind).collect();
    assert_eq!(kinds, [Kind::Handshake]);
}

// ANCHOR: name
/// The name that a client asks for; `None` for what is no hello, or not all of one.
fn name(bytes: &[u8]) -> Option<String> {
    let first = records(bytes).next()?;
    client_hello(first.payload)?.server_name
}
// ANCHOR_END: name

#[test]
fn the_name_is_in_the_clear() {
    let bytes = first_bytes();
    assert_eq!(name(&bytes).as_deref(), Some("tea.example"));
    for cut in 0..bytes.len() {
        assert_eq!(name(&bytes[..cut]), None);
    }
}

// ANCHOR: cut
/// What a client makes of an answer that lasts until the connection ends, if that ends at `byte`.
fn read_until(byte: u64, acceptor: Acceptor, connector: Connector) -> std::io::Result<Vec<u8>> {
    let read = sim::run(1, async move {
        let listener = SimListener::bind(ADDRESS)?;
        net::spawn(async move {
            let (socket, _) = listener.accept().await?;
            socket.script([(byte, Fault::End)]);
            let stream = acceptor.accept(socket)?;
            stream.write_all(b"pay 100 to Ann and 900 to Bob").await?;
            stream.shutdown(std::net::Shutdown::Write)
        });
        let stream = connector.connect(SimStream::connect(ADDRESS).await?, "tea.example").await?;
        all(&stream).await
    });
    read.expect("a simulation")
}

async fn all(stream: &TlsStream<SimStream>) -> std::io::Result<Vec<u8>> {
    let (mut all, mut bytes) = (Vec::new(), [0; 100]);
    loop {
        match stream.read(&mut bytes).await? {
            0 => return Ok(all),
            count => all.extend_from_slice(&bytes[..count]),
        }
    }
}
// ANCHOR_END: cut

#[test]
fn no_cut_is_taken_for_the_end() {
    let authority = Authority::default();
    let acceptor = authority.acceptor(&["tea.example"], &Default::default());
    let whole = |byte| {
        // A connector of its own each time: who has met before says less.
        read_until(byte, acceptor.clone(), authority.connector(&Default::default()))
    };
    for byte in (1..2_000).step_by(7) {
        if let Ok(read) = whole(byte) {
            assert_eq!(read, b"pay 100 to Ann and 900 to Bob", "at {byte}");
        }
    }
    assert!(whole(100).is_err() && whole(5_000).is_ok());
}

#[test]
fn each_fault_has_its_name() {
    let authority = Authority::default();
    let client = || authority.connector(&Default::default());
    let stranger = Authority::new("a stranger");
    // ANCHOR: refused
    let right = authority.sign(&["tea.example"], Time::Now);
    assert_eq!(meet(&right, client(), "tea.example"), Ok(()));

    let refused = |server: &Signed, name| meet(server, client(), name).unwrap_err().to_string();
    let other = refused(&right, "coffee.example");
    assert_eq!(other, "the certificate is for another name: tea.example");
    let old = refused(&authority.sign(&["tea.example"], Time::Past), "tea.example");
    assert_eq!(old, "the certificate has expired");
    let strange = refused(&stranger.sign(&["tea.example"], Time::Now), "tea.example");
    assert_eq!(strange, "the certificate is signed by an authority that is not trusted here");
    let alone = refused(&self_signed(&["tea.example"]), "tea.example");
    assert_eq!(alone, "the certificate is signed by itself alone, and not trusted here");
    // ANCHOR_END: refused
}

#[test]
fn an_authority_of_ones_own_is_believed() -> Result<(), Box<dyn std::error::Error>> {
    // ANCHOR: authority
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

    let (authority_key, key) = (KeyPair::generate()?, KeyPair::generate()?);
    let mut authority = CertificateParams::new([])?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let root = authority.self_signed(&authority_key)?.pem();
    let server = CertificateParams::new(["tea.example".to_owned()])?;
    let server = server.signed_by(&key, &Issuer::new(authority, authority_key))?;
    let signed = Signed { certificate: server.pem(), key: key.serialize_pem() };

    let client = believing(Roots::none().pem(root.as_bytes())?);
    assert_eq!(meet(&signed, client, "tea.example"), Ok(()));
    // ANCHOR_END: authority
    Ok(())
}

#[test]
fn a_pin_refuses_what_is_right() -> Result<(), Box<dyn std::error::Error>> {
    let authority = Authority::default();
    // ANCHOR: pinned
    let yesterday = authority.sign(&["tea.example"], Time::Now);
    let today = authority.sign(&["tea.example"], Time::Now);

    let roots = Roots::none().pinned_pem(yesterday.certificate.as_bytes())?;
    assert_eq!(meet(&yesterday, believing(roots.clone()), "tea.example"), Ok(()));
    let refused = meet(&today, believing(roots), "tea.example");
    assert_eq!(refused, Err(Error::Certificate(Refusal::NotPinned)));
    // ANCHOR_END: pinned
    Ok(())
}
