//! A chat over TCP: what one says, all others read; a slow reader is dropped and slows nobody.
//!
//! Run: cargo run --example tcp_chat -- --addr 127.0.0.1:7001        (then twice: nc 127.0.0.1 7001)

use std::{cell::RefCell, collections::BTreeMap, io, rc::Rc};
use wirebook_net::{self as net, Listener, Stream, tcp::TcpListener};
use wirebook_terminal as terminal;

type Room = Rc<RefCell<BTreeMap<u64, Rc<dyn Stream>>>>;

fn main() -> terminal::Result {
    let addr = terminal::address(include_str!("tcp_chat.rs"), "127.0.0.1:7001");
    net::run(async move {
        let listener = TcpListener::bind(addr)?;
        let here = listener.local_addr()?;
        let stop = net::ctrl_c();
        terminal::listening(here, &[&terminal::netcat(format_args!("{} {}", here.ip(), here.port()))]);
        net::spawn(serve(listener));
        stop.await?;
        net::stop();
        Ok(())
    })
}

// ANCHOR: chat
async fn serve<L: Listener>(listener: L) -> io::Result<()> {
    let room = Room::default();
    for number in 1.. {
        let (stream, _) = listener.accept().await?;
        let (stream, room) = (Rc::new(stream), room.clone());
        room.borrow_mut().insert(number, stream.clone());
        net::spawn(async move {
            say(&room, number, format!("{number} has come\n").as_bytes());
            listen(&room, number, &*stream).await.ok();
            room.borrow_mut().remove(&number);
            say(&room, number, format!("{number} has gone\n").as_bytes());
        });
    }
    Ok(())
}

async fn listen<S: Stream>(room: &Room, number: u64, stream: &S) -> io::Result<()> {
    let mut bytes = net::buffer();
    while let count @ 1.. = stream.read(&mut bytes).await? {
        say(room, number, &[format!("{number}: ").as_bytes(), &bytes[..count]].concat());
    }
    Ok(())
}

/// Writes to everybody else. Who cannot take it all at once has stopped reading, and is put out.
fn say(room: &Room, from: u64, message: &[u8]) {
    room.borrow_mut().retain(|number, stream| {
        *number == from || stream.try_write(message).is_ok_and(|count| count == message.len()) || {
            stream.shutdown(std::net::Shutdown::Both).ok();
            false
        }
    });
}
// ANCHOR_END: chat
