//! What users of other WebSocket libraries have reported, tried here. Each test names the report that it stands for; most are of
//! a kind that many libraries have had.

use std::cell::{Cell, RefCell};
use std::net::Shutdown;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use wirebook_net::sim::{self, SimListener, SimStream};
use wirebook_net::{self as net, Listener, Stream};
use wirebook_websocket::handshake::accept;
use wirebook_websocket::{self as websocket, Accepted, Code, Config, Connected, Error, Fault, Options, Reader, Writer};

const ADDRESS: &str = "10.0.0.1:80";
const SECOND: Duration = Duration::from_secs(1);

fn listener() -> SimListener {
    SimListener::bind(ADDRESS).expect("a free address")
}

async fn connect() -> Connected<SimStream> {
    let stream = SimStream::connect(ADDRESS).await.expect("it listens");
    websocket::connect_over(stream, "a", "/", Arc::new(Config::default())).await.expect("it serves")
}

/// A server that is bytes alone: it answers the handshake, and `frames` in the same write.
async fn answers(listener: &SimListener, frames: &[u8]) -> SimStream {
    let (stream, _) = listener.accept().await.expect("a client");
    let (mut head, mut bytes) = (Vec::new(), [0; 1024]);
    while !head.ends_with(b"\r\n\r\n") {
        let count = stream.read(&mut bytes).await.expect("a request");
        head.extend_from_slice(&bytes[..count]);
    }
    let head = String::from_utf8(head).expect("text");
    let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).expect("a key");
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\n\r\n",
        accept(key.as_bytes())
    );
    stream.write_all(&[answer.as_bytes(), frames].concat()).await.expect("it reads");
    stream
}

async fn all(reader: &mut Reader<SimStream>) -> (Vec<String>, Result<(), Error>) {
    let mut texts = Vec::new();
    loop {
        match reader.next().await {
            Ok(Some(message)) => texts.push(message.as_text().expect("text").to_owned()),
            Ok(None) => return (texts, Ok(())),
            Err(error) => return (texts, Err(error)),
        }
    }
}

/// websockets/ws 799: a server writes its last message and its Close at once, and ends the transport.
#[test]
fn a_message_a_close_and_the_end_of_the_transport_in_one_write() {
    for reset in [false, true] {
        sim::run(1, async move {
            let listener = listener();
            net::spawn(async move {
                let stream = answers(&listener, b"\x81\x05first\x81\x04last\x88\x07\x0f\xa1ended").await;
                let _ = stream.shutdown(if reset { Shutdown::Both } else { Shutdown::Write });
                net::sleep(SECOND).await;
            });
            let Connected { mut reader, .. } = connect().await;
            assert_eq!(all(&mut reader).await, (vec!["first".to_owned(), "last".to_owned()], Ok(())), "{reset}");
            let farewell = reader.farewell().expect("it has ended");
            assert_eq!((farewell.code, &*farewell.reason), (Code(4001), "ended"), "{reset}");
        })
        .expect("the simulation ends");
    }
}

/// oven-sh/bun 23832, fastws 11: a Close frame that comes in two packets, wherever it is cut.
#[test]
fn a_close_frame_in_two_packets() {
    let close = b"\x88\x0c\x03\xe8tidying up";
    for cut in 1..close.len() {
        sim::run(2, async move {
            let listener = listener();
            net::spawn(async move {
                let stream = answers(&listener, &close[..cut]).await;
                net::sleep(SECOND).await;
                stream.write_all(&close[cut..]).await.expect("it reads");
                net::sleep(SECOND).await;
            });
            let Connected { mut reader, .. } = connect().await;
            assert_eq!(all(&mut reader).await, (vec![], Ok(())), "{cut}");
            let farewell = reader.farewell().expect("it has ended");
            assert_eq!((farewell.code, &*farewell.reason), (Code::NORMAL, "tidying up"), "{cut}");
        })
        .expect("the simulation ends");
    }
}

/// snapview/tokio-tungstenite 230: a loop that goes on after an error takes the processor for itself.
#[test]
fn an_error_is_told_once_and_then_the_end() {
    sim::run(3, async {
        let turns = Rc::new(Cell::new(0));
        let count = turns.clone();
        websocket::serve_on(listener(), (), Options::default(), async move |accepted: Accepted<SimStream>| {
            let Accepted { mut reader, .. } = accepted;
            loop {
                count.set(count.get() + 1);
                match reader.next().await {
                    Ok(Some(_)) | Err(_) => {}
                    Ok(None) => return Ok(()),
                }
            }
        });
        for end in [Shutdown::Write, Shutdown::Both] {
            let stream = SimStream::connect(ADDRESS).await.expect("it listens");
            let head = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
            stream.write_all(head.as_bytes()).await.expect("it reads");
            net::sleep(SECOND).await;
            stream.shutdown(end).expect("open");
            net::sleep(SECOND).await;
        }
        assert_eq!(turns.get(), 4, "for each: the error, and the end");
    })
    .expect("the simulation ends");
}

/// gorilla/websocket and others: a handler that panics leaves its client with a broken connection and no word.
#[test]
fn a_panic_in_a_handler_ends_that_connection_alone_and_the_client_is_told() {
    sim::run(4, async {
        let dropped = Rc::new(Cell::new(false));
        let seen = dropped.clone();
        websocket::serve_on(listener(), (), Options::default(), async move |accepted: Accepted<SimStream>| {
            struct Told(Rc<Cell<bool>>);
            impl Drop for Told {
                fn drop(&mut self) {
                    self.0.set(true);
                }
            }
            let Accepted { mut reader, writer, .. } = accepted;
            let _told = Told(seen.clone());
            while let Some(message) = reader.next().await? {
                assert_ne!(message.as_text(), Some("panic"));
                writer.send(message).await?;
            }
            Ok(())
        });
        let (mut one, mut other) = (connect().await, connect().await);
        one.writer.send("before").await.expect("open");
        one.writer.send("panic").await.expect("open");
        assert_eq!(all(&mut one.reader).await, (vec!["before".to_owned()], Ok(())));
        assert_eq!(one.reader.farewell().map(|close| close.code), Some(Code::INTERNAL_ERROR));
        assert!(dropped.get(), "what the handler held is dropped");
        other.writer.send("still there").await.expect("open");
        other.writer.close(Code::NORMAL, "").expect("open");
        assert_eq!(all(&mut other.reader).await, (vec!["still there".to_owned()], Ok(())));
    })
    .expect("the simulation ends");
}

/// snapview/tungstenite 506, 508: a program that sends, closes and ends has not sent, or hangs for half a minute.
#[test]
fn a_program_that_sends_and_ends_has_sent() {
    for closes in [false, true] {
        let heard = Arc::new(std::sync::Mutex::new(Vec::new()));
        let (told, address) = (heard.clone(), std::sync::mpsc::channel());
        let server = std::thread::spawn(move || {
            net::block_on(async move {
                let server = websocket::serve("127.0.0.1:0", async move |mut reader: Reader, _writer: Writer| {
                    while let Some(message) = reader.next().await? {
                        told.lock().expect("no panic").push(message.as_text().expect("text").to_owned());
                    }
                    told.lock().expect("no panic").push(format!("{}", reader.farewell().expect("ended").code));
                    net::stop();
                    Ok(())
                });
                address.0.send(*server.expect("a free port").local_addr()).expect("the test waits");
            })
            .expect("the loop runs");
        });
        let address = address.1.recv().expect("it serves");
        let begun = std::time::Instant::now();
        net::run(async move {
            let (_reader, writer) = websocket::connect(&format!("ws://{address}/")).await?;
            for i in 0..100 {
                writer.send(format!("{i}")).await?;
            }
            if closes {
                writer.close(Code(4321), "")?;
            }
            Ok::<_, Fault>(())
        })
        .expect("no fault");
        assert!(begun.elapsed() < 2 * SECOND, "{:?}", begun.elapsed());
        server.join().expect("no panic");
        let mut expected: Vec<String> = (0..100).map(|i| i.to_string()).collect();
        expected.push(if closes { "4321" } else { "1000" }.to_owned());
        assert_eq!(*heard.lock().expect("no panic"), expected);
    }
}

/// python-websockets 68: a pong in two packets, one for its header and one for its payload, which some servers cannot read.
#[test]
fn an_answer_leaves_in_one_write() {
    sim::run(5, async {
        let listener = listener();
        let pieces = Rc::new(RefCell::new(Vec::new()));
        let seen = pieces.clone();
        net::spawn(async move {
            let stream = answers(&listener, b"\x89\x05hello").await;
            let mut bytes = [0; 1024];
            while let Ok(count @ 1..) = stream.read(&mut bytes).await {
                seen.borrow_mut().push(count);
            }
        });
        let Connected { reader: _reader, writer, .. } = connect().await;
        net::sleep(SECOND).await;
        writer.send("x").await.expect("open");
        net::sleep(SECOND).await;
        assert_eq!(*pieces.borrow(), [2 + 4 + 5, 2 + 4 + 1]);
    })
    .expect("the simulation ends");
}

/// python-websockets 1005: a peer that sends a long message slowly answers no ping in the middle of it, and is taken for dead.
#[test]
fn who_sends_a_long_message_slowly_is_alive() {
    sim::run(sim::Config { limit: 3600 * SECOND, ..6.into() }, async {
        let listener = listener();
        net::spawn(async move {
            let stream = answers(&listener, b"\x82\x7e\x01\x00").await;
            for _ in 0..256 {
                net::sleep(5 * SECOND).await;
                stream.write_all(b"!").await.expect("it reads");
            }
            net::sleep(SECOND).await;
        });
        let Connected { mut reader, .. } = connect().await;
        assert_eq!(reader.next().await.expect("no error").expect("a message").as_bytes(), [b'!'; 256]);
    })
    .expect("the simulation ends");
}

/// denoland/fastwebsockets and others: an address whose port is empty, which the URL's grammar allows.
#[test]
fn an_empty_port_is_no_port() {
    net::block_on(async {
        // Nobody listens there; that it is tried at all is the point.
        let fault = websocket::connect("ws://127.0.0.1:/").await.err();
        assert!(!matches!(fault, Some(Fault::Io(std::io::ErrorKind::InvalidInput)) | Some(Fault::Url)), "{fault:?}");
    })
    .expect("the loop runs");
}

/// The bytes that the chapters' links bring into a widget, and where they are cut.
fn linked(page: &str, widget: &str) -> Vec<(Vec<u8>, usize)> {
    use base64::Engine;
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../book/src").join(page);
    let text = std::fs::read_to_string(page).expect("a chapter");
    let start = format!("#{widget}.input=");
    let links = text.split(&start).skip(1).filter_map(|rest| rest.split(')').next());
    let links = links.map(|link| {
        let (input, cut) = link.split_once('&').unwrap_or((link, ""));
        let input = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(input).expect("base64");
        let cut = cut.split_once('=').map_or(input.len(), |(_, cut)| cut.parse().expect("a number"));
        (input, cut)
    });
    links.collect()
}

#[test]
fn the_links_into_the_frame_widget_show_what_the_chapter_says() {
    use wirebook_websocket::{Close, Connection, Event, Message};
    let read = |bytes: &[u8], cut: usize| {
        let mut server = Connection::server(Arc::default(), None, std::time::Instant::now());
        let (mut bytes, mut used, mut events) = (bytes.to_vec(), 0, Vec::new());
        for end in [cut, bytes.len()] {
            let (count, event) = server.receive(&mut bytes[used..end])?;
            used += count;
            events.extend(event.map(|event| match event {
                Event::Message(message) => Event::Message(message.into_owned()),
                Event::Close(close) => Event::Close(close.into_owned()),
                other => panic!("{other:?}"),
            }));
        }
        Ok(events)
    };
    let links = linked("websocket/messages.md", "frame");
    let shown: Vec<_> = links.iter().map(|(bytes, cut)| read(bytes, *cut)).collect();
    let text = Event::Message(Message::text("5 €"));
    let close = Event::Close(Close::new(Code::NORMAL, "tidying up"));
    assert_eq!(shown, [Err(Error::ReservedBits), Ok(vec![text]), Ok(vec![close])]);
}

#[test]
fn the_links_into_the_event_stream_widget_show_what_the_chapter_says() {
    use wirebook_sse::Decoder;
    let links = linked("sse/event-stream.md", "event-stream");
    let shown = links.iter().map(|(bytes, cut)| {
        let mut decoder = Decoder::new(Default::default(), "");
        let mut data = Vec::new();
        for mut piece in [&bytes[..*cut], &bytes[*cut..]] {
            while !piece.is_empty() {
                let (used, event) = decoder.receive(piece).expect("within bounds");
                data.extend(event.map(|event| event.data.to_owned()));
                piece = &piece[used..];
            }
        }
        data
    });
    assert_eq!(shown.collect::<Vec<_>>(), [vec!["first"], vec!["1\n2"]]);
}
