//! The echo servers, each run by `--serve NAME` in a process of its own. They print their address.
//!
//! The peers get their handshake from the same few lines; what is compared is what comes after it.

use std::future::Future;
use std::rc::Rc;

use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use wirebook_net::{self as net, tcp::TcpListener};
use wirebook_websocket::handshake::accept;
use wirebook_websocket::{self as websocket, Accepted, Hub, Message, Options, Overflow};

pub(crate) const NAMES: [&str; 6] =
    ["floor", "wirebook", "wirebook by message", "fastwebsockets", "tungstenite tuned", "tungstenite"];

pub(crate) fn serve(name: &str) {
    match name {
        "floor" => floor(),
        "wirebook" => ours(),
        "wirebook by message" => by_message(),
        "wirebook broadcast" => broadcast(),
        "tungstenite broadcast" => peer(tungstenite_broadcast),
        "fastwebsockets" => peer(fastwebsockets),
        "tungstenite" => peer(tungstenite),
        "tungstenite tuned" => peer(tungstenite_tuned),
        other => panic!("{other} is not a server"),
    }
}

/// What no server can go below: it reads as many bytes as there are, and writes as many as an echo has, of whatever content.
fn floor() {
    use std::io::{Read, Write};
    let mut listener = mio::net::TcpListener::bind("127.0.0.1:0".parse().expect("an address")).expect("a free port");
    println!("listening on {}", listener.local_addr().expect("bound"));
    let mut poll = mio::Poll::new().expect("epoll");
    poll.registry().register(&mut listener, mio::Token(0), mio::Interest::READABLE).expect("epoll");
    let mut events = mio::Events::with_capacity(1024);
    // A stream, and the bytes of one frame, once they are known.
    let mut streams: Vec<(mio::net::TcpStream, usize, usize)> = Vec::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        poll.poll(&mut events, None).expect("epoll");
        for event in &events {
            if event.token() == mio::Token(0) {
                while let Ok((mut stream, _)) = listener.accept() {
                    let token = mio::Token(streams.len() + 1);
                    poll.registry().register(&mut stream, token, mio::Interest::READABLE).expect("epoll");
                    streams.push((stream, 0, 0));
                }
                continue;
            }
            let (stream, frame, kept) = &mut streams[event.token().0 - 1];
            let Ok(count @ 1..) = stream.read(&mut buffer) else { continue };
            if buffer.starts_with(b"GET") {
                let key = b"dGhlIHNhbXBsZSBub25jZQ==";
                let head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
                let answer = format!("{head}Sec-WebSocket-Accept: {}\r\n\r\n", accept(key));
                let _ = stream.write(answer.as_bytes());
                continue;
            }
            if *frame == 0 {
                let header = websocket::frame::Header::decode(&buffer).ok().flatten();
                *frame = header.map_or(1, |(header, size)| size + header.length as usize);
            }
            let whole = (*kept + count) / *frame;
            *kept = (*kept + count) % *frame;
            let mut rest = &buffer[..whole * (*frame - 4)];
            while !rest.is_empty() {
                match stream.write(rest) {
                    Ok(count) => rest = &rest[count..],
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                    Err(_) => break,
                }
            }
        }
    }
}

fn ours() {
    net::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        println!("listening on {}", listener.local_addr().expect("bound"));
        websocket::serve_on(listener, (), Options::default(), async |connection: Accepted| {
            let Accepted { mut reader, writer, .. } = connection;
            while let Some(message) = reader.next().await? {
                writer.send(message).await?;
            }
            Ok(())
        });
    })
    .expect("the loop runs");
}

/// As [`ours`], with a function for each message in place of a task for each connection.
fn by_message() {
    net::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        println!("listening on {}", listener.local_addr().expect("bound"));
        websocket::serve_messages(listener, (), Options::default(), |opened| {
            move |message: Message<'_>| {
                let _ = opened.writer.try_send(message);
            }
        });
    })
    .expect("the loop runs");
}

/// Every text message makes one broadcast of 1 KiB to all.
fn broadcast() {
    net::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        println!("listening on {}", listener.local_addr().expect("bound"));
        let hub = Hub::new(Overflow::Drop, Some(1 << 20));
        let payload = vec![b'x'; 1024];
        websocket::serve_on(listener, (), Options::default(), async move |connection: Accepted| {
            let Accepted { mut reader, writer, .. } = connection;
            let _seat = hub.join("all", &writer);
            while reader.next().await?.is_some() {
                hub.broadcast("all", &payload[..]);
            }
            Ok(())
        });
    })
    .expect("the loop runs");
}

fn peer<F: Future<Output = ()> + 'static>(handler: fn(TcpStream, Rc<Room>) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
    let local = tokio::task::LocalSet::new();
    let room = Rc::new(Room::default());
    runtime.block_on(local.run_until(async move {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        println!("listening on {}", listener.local_addr().expect("bound"));
        loop {
            let Ok((mut stream, _)) = listener.accept().await else { continue };
            let _ = stream.set_nodelay(true);
            let room = room.clone();
            tokio::task::spawn_local(async move {
                if handshake(&mut stream).await.is_some() {
                    handler(stream, room).await;
                }
            });
        }
    }));
}

async fn handshake(stream: &mut TcpStream) -> Option<()> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        let mut byte = [0; 512];
        let count = stream.read(&mut byte).await.ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&byte[..count]);
    }
    let text = String::from_utf8(bytes).ok()?;
    let key = text.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))?;
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n\r\n",
        accept(key.as_bytes())
    );
    stream.write_all(answer.as_bytes()).await.ok()
}

async fn fastwebsockets(stream: TcpStream, _: Rc<Room>) {
    use fastwebsockets::{FragmentCollector, OpCode, WebSocket};
    let mut socket = WebSocket::after_handshake(stream, fastwebsockets::Role::Server);
    socket.set_auto_close(true);
    socket.set_writev(true);
    let mut socket = FragmentCollector::new(socket);
    while let Ok(frame) = socket.read_frame().await {
        if matches!(frame.opcode, OpCode::Text | OpCode::Binary) && socket.write_frame(frame).await.is_err() {
            return;
        }
    }
}

async fn tungstenite(stream: TcpStream, _: Rc<Room>) {
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
    while let Some(Ok(message)) = socket.next().await {
        if (message.is_text() || message.is_binary()) && socket.send(message).await.is_err() {
            return;
        }
    }
}

/// Feeds while more is there, flushes when not, and reads in 16 KiB.
async fn tungstenite_tuned(stream: TcpStream, _: Rc<Room>) {
    let config = WebSocketConfig::default().read_buffer_size(16 << 10);
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await;
    while let Some(Ok(message)) = socket.next().await {
        if (message.is_text() || message.is_binary()) && socket.feed(message).await.is_err() {
            return;
        }
        while let Some(Some(Ok(message))) = socket.next().now_or_never() {
            if (message.is_text() || message.is_binary()) && socket.feed(message).await.is_err() {
                return;
            }
        }
        if socket.flush().await.is_err() {
            return;
        }
    }
}

/// Who is there, for the broadcast.
#[derive(Default)]
pub(crate) struct Room {
    members: std::cell::RefCell<Vec<tokio::sync::mpsc::UnboundedSender<tokio_tungstenite::tungstenite::Bytes>>>,
}

/// As in the chat example of tokio-tungstenite: a channel for each connection, the payload shared.
async fn tungstenite_broadcast(stream: TcpStream, room: Rc<Room>) {
    let config = WebSocketConfig::default().read_buffer_size(4 << 10);
    let socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await;
    let (mut sink, mut messages) = socket.split();
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    room.members.borrow_mut().push(sender);
    tokio::task::spawn_local(async move {
        while let Some(payload) = receiver.recv().await {
            if sink.send(tokio_tungstenite::tungstenite::Message::Binary(payload)).await.is_err() {
                return;
            }
        }
    });
    let payload = tokio_tungstenite::tungstenite::Bytes::from(vec![b'x'; 1024]);
    while let Some(Ok(_)) = messages.next().await {
        for member in room.members.borrow().iter() {
            let _ = member.send(payload.clone());
        }
    }
}
