//! The naive program of "TCP", its cure, and the answers.

use std::{
    cell::RefCell,
    io, mem,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};
use wirebook_net::{
    self as net, Listener, Signal, Stream,
    sim::{self, SimListener, SimStream},
};

// ANCHOR: naive
/// Greets a client by the name that it sends.
async fn greet<S: Stream>(stream: S) -> io::Result<()> {
    let mut bytes = net::buffer();
    let count = stream.read(&mut bytes).await?;
    let name = String::from_utf8_lossy(&bytes[..count]);
    stream.write_all(format!("hello {}\n", name.trim_end()).as_bytes()).await
}
// ANCHOR_END: naive

// ANCHOR: line
const MAX_LINE: usize = 1_000;

/// The next line, or `None` at the end. What came behind it stays in `kept` for the next call.
async fn line<S: Stream>(stream: &S, kept: &mut Vec<u8>) -> io::Result<Option<String>> {
    loop {
        if let Some(end) = kept.iter().position(|&byte| byte == b'\n') {
            let rest = kept.split_off(end + 1);
            let line = mem::replace(kept, rest);
            return Ok(Some(String::from_utf8_lossy(&line[..end]).into_owned()));
        }
        if kept.len() >= MAX_LINE {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut bytes = net::buffer();
        match stream.read(&mut bytes).await? {
            0 => return Ok(None),
            count => kept.extend_from_slice(&bytes[..count]),
        }
    }
}
// ANCHOR_END: line

async fn greet_whole<S: Stream>(stream: S) -> io::Result<()> {
    match line(&stream, &mut Vec::new()).await? {
        Some(name) => stream.write_all(format!("hello {name}\n").as_bytes()).await,
        None => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// What a client reads whose name comes in two packets.
async fn greeted(patient: bool) -> io::Result<String> {
    let listener = SimListener::bind("10.0.0.1:7")?;
    let client = SimStream::connect("10.0.0.1:7").await?;
    let (server, _) = listener.accept().await?;
    net::spawn(async move { if patient { greet_whole(server).await } else { greet(server).await } });
    client.write_all(b"Ad").await?;
    net::sleep(Duration::from_millis(50)).await;
    client.write_all(b"a\n").await?;
    let mut bytes = net::buffer();
    let count = client.read(&mut bytes).await?;
    Ok(String::from_utf8_lossy(&bytes[..count]).into_owned())
}

#[test]
fn a_name_in_two_packets_breaks_the_naive_server() -> io::Result<()> {
    assert_eq!(sim::run(1, greeted(false))??, "hello Ad\n");
    assert_eq!(sim::run(1, greeted(true))??, "hello Ada\n");
    Ok(())
}

#[test]
fn a_line_without_end_is_refused() -> io::Result<()> {
    sim::run(1, async {
        let listener = SimListener::bind("10.0.0.1:7")?;
        let client = SimStream::connect("10.0.0.1:7").await?;
        let (server, _) = listener.accept().await?;
        client.write_all(b"one\ntwo\n").await?;
        let mut kept = Vec::new();
        assert_eq!(line(&server, &mut kept).await?.as_deref(), Some("one"));
        assert_eq!(line(&server, &mut kept).await?.as_deref(), Some("two"));
        client.write_all(&[b'x'; MAX_LINE]).await?;
        assert_eq!(line(&server, &mut kept).await.map_err(|error| error.kind()), Err(io::ErrorKind::InvalidData));
        io::Result::Ok(())
    })?
}

// ANCHOR: pair
/// Two listeners as one, so that one server accepts from both.
struct Pair<L>(L, L);

impl<L: Listener> Listener for Pair<L> {
    type Stream = L::Stream;
    type Address = L::Address;

    fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<(L::Stream, L::Address)>> {
        match self.0.poll_accept(context) {
            // Both have seen the context now: each wakes the task.
            Poll::Pending => self.1.poll_accept(context),
            ready => ready,
        }
    }
}
// ANCHOR_END: pair

#[test]
fn a_pair_accepts_from_both() -> io::Result<()> {
    sim::run(1, async {
        let pair = Pair(SimListener::bind("10.0.0.1:7")?, SimListener::bind("10.0.0.1:8")?);
        for address in ["10.0.0.1:8", "10.0.0.1:7", "10.0.0.1:8"] {
            let connecting = net::spawn(async move { SimStream::connect(address).await });
            let (stream, _) = pair.accept().await?;
            assert_eq!(stream.local_addr().map(|own| own.to_string()).as_deref(), Some(address));
            connecting.await.map_err(io::Error::other)??;
        }
        io::Result::Ok(())
    })?
}

// ANCHOR: outbox
/// What one reader of a room has not taken yet: at most so many bytes.
struct Outbox {
    max_bytes: usize,
    waiting: RefCell<Vec<u8>>,
    more: Signal,
}

impl Outbox {
    /// Takes a message, or says `false`: this reader is too slow, and is to be put out.
    fn push(&self, message: &[u8]) -> bool {
        let mut waiting = self.waiting.borrow_mut();
        if waiting.len() + message.len() > self.max_bytes {
            return false;
        }
        waiting.extend_from_slice(message);
        drop(waiting);
        self.more.raise();
        true
    }

    /// Writes to the reader for as long as it reads. One task for each reader runs this.
    async fn write_to<S: Stream>(&self, stream: &S) -> io::Result<()> {
        loop {
            let bytes = self
                .more
                .until(|| {
                    let bytes = mem::take(&mut *self.waiting.borrow_mut());
                    (!bytes.is_empty()).then_some(bytes)
                })
                .await;
            // Here the task waits for "drain", and the outbox fills meanwhile.
            stream.write_all(&bytes).await?;
        }
    }
}
// ANCHOR_END: outbox

#[test]
fn an_outbox_waits_for_a_slow_reader_but_not_for_ever() -> io::Result<()> {
    sim::run(1, async {
        let listener = SimListener::bind("10.0.0.1:7")?;
        let client = SimStream::connect("10.0.0.1:7").await?;
        let (server, _) = listener.accept().await?;
        let outbox = Rc::new(Outbox { max_bytes: 64 << 10, waiting: RefCell::default(), more: Signal::new() });
        let own = outbox.clone();
        net::spawn(async move { own.write_to(&server).await });
        let message = [b'x'; 1_000];
        let mut sent = 0;
        while outbox.push(&message) {
            sent += message.len();
            net::sleep(Duration::from_millis(1)).await;
        }
        assert!(sent > 64 << 10, "the kernel's buffers and then the outbox: {sent}");
        let (mut bytes, mut read) = (vec![0; 16 << 10], 0);
        while read < sent {
            read += client.read(&mut bytes).await?;
        }
        net::sleep(Duration::from_millis(1)).await;
        assert!(outbox.push(&message), "there is room again");
        io::Result::Ok(())
    })?
}
