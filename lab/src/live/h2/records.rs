//! The widget of TLS records: a real handshake, and a request and its answer behind it, as somebody on the way sees them.
//!
//! Client and server are our own, over the simulated network. Between them stands a tap.

use crate::live::answer::escape;
use crate::live::picture::{table, text};
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::rc::Rc;
use wirebook_net::sim::{self, SimListener, SimStream};
use wirebook_net::{self as net, Listener, Registration, Stream};
use wirebook_tls::record::{HEADER, Kind, client_hello, records};
use wirebook_tls::{Acceptor, Connector, Identity, Options, Roots};

const ADDRESS: &str = "10.0.0.1:443";
const REQUEST: &[u8] = b"GET /tea HTTP/1.1\r\nHost: localhost\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ngreen tea";
/// Bytes of a record that are shown.
const SHOWN: usize = 32;

/// What the two ends offer above TLS.
const OFFERS: [(&str, &[&str]); 4] =
    [("h2 and http/1.1", &["h2", "http/1.1"]), ("http/1.1", &["http/1.1"]), ("h2", &["h2"]), ("nothing", &[])];

/// The lists to choose from.
pub(crate) fn choices() -> Vec<(&'static str, &'static str, Vec<String>)> {
    let all = || OFFERS.iter().map(|(name, _)| (*name).to_owned()).collect();
    vec![("client", "what the client offers", all()), ("server", "what the server offers", all())]
}

/// The body of a widget's request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ask {
    client: String,
    server: String,
}

/// What was heard on the way, and what the two ends know besides.
#[derive(Debug, Serialize)]
pub(crate) struct Heard {
    pub(crate) records: Vec<Record>,
    pub(crate) protocol: Option<String>,
    pub(crate) version: Option<&'static str>,
    /// Why there was no conversation.
    pub(crate) refused: Option<String>,
}

/// One record.
#[derive(Debug, Serialize)]
pub(crate) struct Record {
    pub(crate) from: &'static str,
    pub(crate) kind: String,
    number: u8,
    version: String,
    length: usize,
    header: String,
    bytes: String,
    /// What can be read of it without a key.
    pub(crate) says: Vec<String>,
    /// What is in it, as the two ends know.
    pub(crate) holds: &'static str,
}

/// Answers a request of the widget.
pub(crate) fn answer(ask: Ask) -> Result<Heard, String> {
    let named = |name: &str| OFFERS.iter().find(|(known, _)| *known == name).map(|(_, offer)| *offer);
    let client = named(&ask.client).ok_or_else(|| format!("There is no offer called {:?}.", ask.client))?;
    let server = named(&ask.server).ok_or_else(|| format!("There is no offer called {:?}.", ask.server))?;
    hear(client, server)
}

/// Lets the two ends meet, on a thread of their own: this one has a loop already.
///
/// # Errors
///
/// One sentence where there could be no conversation at all.
pub(crate) fn hear(client: &'static [&'static str], server: &'static [&'static str]) -> Result<Heard, String> {
    let met = std::thread::spawn(move || sim::run(1, meet(client, server)).map_err(|error| error.to_string()));
    let met = met.join().map_err(|_| "The simulation ended early.")?;
    met?.map_err(|error| error.to_string())
}

/// What went either way.
type Log = Rc<RefCell<Vec<(&'static str, Vec<u8>)>>>;

async fn meet(client: &[&str], server: &[&str]) -> io::Result<Heard> {
    let offer = |protocols: &[&str]| Options {
        protocols: protocols.iter().map(|one| (*one).into()).collect(),
        ..Options::default()
    };
    let identity = Identity::dev().map_err(io::Error::other)?;
    let acceptor = Acceptor::new(&identity, &offer(server)).map_err(io::Error::other)?;
    let authority = identity.development().map(|made| made.authority_pem.clone()).unwrap_or_default();
    let roots = Roots::none().pem(authority.as_bytes()).map_err(io::Error::other)?;
    let connector = Connector::new(roots, &offer(client)).map_err(io::Error::other)?;
    let listener = SimListener::bind(ADDRESS)?;
    let log = Log::default();
    let heard = log.clone();
    let serving = net::spawn(async move {
        let (stream, _) = listener.accept().await?;
        let stream = acceptor.accept(Tap { stream, log: heard })?;
        let mut bytes = [0; 256];
        stream.read(&mut bytes).await?;
        stream.write_all(ANSWER).await?;
        stream.shutdown(Shutdown::Write)?;
        // The client's own end is heard, too.
        while stream.read(&mut bytes).await? > 0 {}
        io::Result::Ok(())
    });
    let socket = SimStream::connect(ADDRESS).await?;
    let (mut protocol, mut version, mut refused) = (None, None, None);
    match connector.connect(socket, "localhost").await {
        Ok(stream) => {
            stream.write_all(REQUEST).await?;
            let mut bytes = [0; 256];
            while stream.read(&mut bytes).await? > 0 {}
            (protocol, version) = (stream.protocol(), stream.version());
            stream.shutdown(Shutdown::Write)?;
        }
        Err(error) => refused = Some(error.to_string()),
    }
    // Who refuses ends with an error of its own.
    let _ = serving.await;
    let log = log.take();
    Ok(Heard { records: told(&log, refused.is_some()), protocol, version, refused })
}

/// The records of both directions, in the order in which they were whole.
fn told(log: &[(&'static str, Vec<u8>)], refused: bool) -> Vec<Record> {
    let mut told: Vec<Record> = Vec::new();
    let mut rest: [(&str, Vec<u8>, usize); 2] = [("client", Vec::new(), 0), ("server", Vec::new(), 0)];
    for (from, bytes) in log {
        let (_, so_far, at) = rest.iter_mut().find(|(side, ..)| side == from).expect("two sides");
        so_far.extend_from_slice(bytes);
        let mut next = *at;
        for record in records(&so_far[*at..]) {
            let whole = &so_far[*at + record.at..*at + record.end()];
            next = *at + record.end();
            let (says, name) = clear(record.kind, record.payload);
            told.push(Record {
                from,
                kind: name,
                number: whole[0],
                version: format!("{}.{}", record.version[0], record.version[1]),
                length: record.payload.len(),
                header: hex(&whole[..HEADER]),
                bytes: hex(&record.payload[..record.payload.len().min(SHOWN)]),
                says,
                holds: "",
            });
        }
        *at = next;
    }
    let sealed = |side: &str, told: &[Record]| -> Vec<usize> {
        (0..told.len()).filter(|at| told[*at].from == side && told[*at].number == 23).collect()
    };
    // Behind the handshake the client says Finished, its request and its end; the server its part of the handshake, then tickets,
    // the answer, the end.
    let holds = |told: &mut Vec<Record>, places: Vec<usize>, first: &'static str, last: [&'static str; 2]| {
        let count = places.len();
        for (nth, place) in places.into_iter().enumerate() {
            told[place].holds = match () {
                () if refused => "an alert, or a part of the handshake",
                () if nth == 0 => first,
                () if nth + 2 == count => last[0],
                () if nth + 1 == count => last[1],
                () => "more of the handshake, or a ticket for the next time",
            };
        }
    };
    let (ours, theirs) = (sealed("client", &told), sealed("server", &told));
    holds(&mut told, ours, "Finished", ["the request", "close_notify"]);
    holds(
        &mut told,
        theirs,
        "the protocol that was chosen, the certificate, the proof, Finished",
        ["the answer", "close_notify"],
    );
    told
}

/// What a record says in the clear, and its name.
fn clear(kind: Kind, payload: &[u8]) -> (Vec<String>, String) {
    match (kind, payload.first()) {
        (Kind::Handshake, Some(1)) => {
            let Some(hello) = client_hello(payload) else { return (Vec::new(), "a part of ClientHello".into()) };
            let versions = hello.versions.iter().map(|version| match version {
                [3, 4] => "TLS 1.3".into(),
                [3, 3] => "TLS 1.2".into(),
                [major, minor] => format!("{major}.{minor}"),
            });
            let mut says = vec![format!("{} cipher suites", hello.suites.len())];
            says.push(format!("versions: {}", versions.collect::<Vec<String>>().join(", ")));
            says.extend(hello.server_name.map(|name| format!("the name: {}", escape(name.as_bytes()))));
            says.push(match hello.protocols.len() {
                0 => "no ALPN".into(),
                _ => format!("ALPN: {}", hello.protocols.join(", ")),
            });
            (says, "ClientHello".into())
        }
        (Kind::Handshake, Some(2)) => {
            (vec!["the server's half of the key exchange, and the cipher".into()], "ServerHello".into())
        }
        (Kind::Handshake, _) => (Vec::new(), "handshake".into()),
        (Kind::ChangeCipherSpec, _) => {
            (vec!["nothing: it is there for devices that know TLS 1.2 alone".into()], "ChangeCipherSpec".into())
        }
        (Kind::Alert, _) => (alert(payload), "alert".into()),
        (Kind::ApplicationData, _) => (Vec::new(), "application_data".into()),
        (Kind::Other(number), _) => (Vec::new(), format!("type {number}")),
    }
}

/// An alert that nobody has encrypted: there was no key yet.
fn alert(payload: &[u8]) -> Vec<String> {
    let name = match payload.get(1) {
        Some(0) => "close_notify".into(),
        Some(40) => "handshake_failure".into(),
        Some(120) => "no_application_protocol".into(),
        Some(number) => format!("number {number}"),
        None => "not whole".into(),
    };
    vec![name]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

/// A stream that tells what goes over it; it stands at the server's end.
struct Tap {
    stream: SimStream,
    log: Log,
}

impl Stream for Tap {
    fn registration(&self) -> &Registration {
        self.stream.registration()
    }

    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.try_read(buffer)?;
        self.log.borrow_mut().push(("client", buffer[..count].to_vec()));
        Ok(count)
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.stream.try_write(bytes)?;
        self.log.borrow_mut().push(("server", bytes[..count].to_vec()));
        Ok(count)
    }

    fn try_write_vectored(&self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        let first = buffers.iter().find(|buffer| !buffer.is_empty());
        first.map_or(Ok(0), |buffer| self.try_write(buffer))
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.stream.shutdown(how)
    }

    fn socket(&self) -> Option<&dyn Any> {
        self.stream.socket()
    }
}

/// A handshake as a table, for the book.
pub(crate) fn drawing() -> String {
    let records = hear(OFFERS[0].1, OFFERS[0].1).map(|heard| heard.records).unwrap_or_default();
    let rows = records.iter().map(|record| {
        let cells = [record.from.into(), record.kind.clone(), record.says.join("; "), record.holds.into()];
        (format!("wb-{}", record.from), cells.map(|cell: String| text(&cell)).into())
    });
    table(&["who", "record", "in the clear", "what is in it"], rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_hears_the_name_and_neither_the_request_nor_what_was_chosen() {
        let heard = hear(OFFERS[0].1, OFFERS[0].1).expect("a conversation");
        assert_eq!((heard.protocol.as_deref(), heard.version, &heard.refused), (Some("h2"), Some("TLS 1.3"), &None));
        let first = &heard.records[0];
        assert_eq!((first.from, &*first.kind), ("client", "ClientHello"));
        assert!(first.says.iter().any(|says| says == "the name: localhost"), "{:?}", first.says);
        assert!(first.says.iter().any(|says| says == "ALPN: h2, http/1.1"), "{:?}", first.says);
        let sides = |side: &str| heard.records.iter().filter(|record| record.from == side).collect::<Vec<_>>();
        assert_eq!(sides("server")[0].kind, "ServerHello");
        let sealed: Vec<_> = heard.records.iter().filter(|record| record.kind == "application_data").collect();
        assert!(sealed.len() >= 5 && sealed.iter().all(|record| record.says.is_empty()), "{sealed:?}");
        assert!(sides("client").iter().any(|record| record.holds == "the request"));
        assert!(sides("server").iter().any(|record| record.holds == "the answer"));
    }

    #[test]
    fn the_server_chooses_and_who_has_nothing_in_common_does_not_talk() {
        let offer = |name: &str| OFFERS.iter().find(|(known, _)| *known == name).unwrap().1;
        let chosen = |client, server| hear(offer(client), offer(server)).unwrap().protocol;
        assert_eq!(chosen("h2 and http/1.1", "http/1.1").as_deref(), Some("http/1.1"));
        assert_eq!(chosen("nothing", "h2"), None);
        let none = hear(offer("h2"), offer("http/1.1")).unwrap();
        assert!(none.refused.is_some(), "{none:?}");
        assert!(
            none.records.iter().any(|record| record.kind == "alert" || record.kind == "application_data"),
            "{none:?}"
        );
    }
}
