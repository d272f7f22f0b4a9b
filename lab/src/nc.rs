//! `wirebook nc`: talk over a socket by hand, where there is no `nc`.

use clap::Args;
use std::io::{ErrorKind, Read, Write, stdin, stdout};
use std::net::Shutdown;
use std::path::PathBuf;
use std::rc::Rc;
use wirebook_net::{self as net, Datagrams, Stream, tcp::TcpStream, udp::UdpSocket, unix::UnixStream};
use wirebook_terminal::{Complaint, Result, at};

/// Whom to talk to. The letters are those of `nc`.
#[derive(Args)]
pub(crate) struct Options {
    /// The host
    #[arg(required_unless_present = "unix")]
    host: Option<String>,
    /// The port
    #[arg(required_unless_present = "unix")]
    port: Option<u16>,
    /// Send lines as datagrams, over UDP
    #[arg(short = 'u', conflicts_with = "unix")]
    udp: bool,
    /// The file of a Unix socket, in place of host and port
    #[arg(short = 'U', value_name = "FILE", conflicts_with_all = ["host", "port"])]
    unix: Option<PathBuf>,
    /// Send CR LF for every line end
    #[arg(short = 'C')]
    crlf: bool,
}

/// Sends standard input, prints what comes, and ends when the other side does.
pub(crate) fn run(options: Options) -> Result {
    let Options { host, port, udp, unix, crlf } = options;
    let address = (host.unwrap_or_default(), port.unwrap_or_default());
    net::run(async move {
        match unix {
            Some(path) => talk(UnixStream::connect(path).await?, crlf).await,
            None if udp => ask(address, crlf).await,
            None => talk(TcpStream::connect(address).await?, crlf).await,
        }
    })
}

async fn talk(stream: impl Stream + 'static, crlf: bool) -> Result {
    let stream = Rc::new(stream);
    let sending = stream.clone();
    net::spawn(async move {
        while let Some(input) = input(crlf).await {
            sending.write_all(&input).await?;
        }
        // The other side may still answer.
        sending.shutdown(Shutdown::Write)
    });
    let mut bytes = net::buffer();
    while let count @ 1.. = stream.read(&mut bytes).await? {
        print(&bytes[..count])?;
    }
    net::stop();
    Ok(())
}

/// A datagram has no end: this goes on until Ctrl-C.
async fn ask((host, port): (String, u16), crlf: bool) -> Result {
    let peer = net::lookup(&host, port).await?.first().copied();
    let peer = peer.ok_or_else(|| Complaint::new(format!("{host} has no address."), "name another host."))?;
    let any = if peer.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = Rc::new(UdpSocket::bind(any)?);
    socket.connect(peer)?;
    let sending = socket.clone();
    net::spawn(async move {
        while let Some(input) = input(crlf).await {
            sending.send(&input).await?;
        }
        Ok::<(), std::io::Error>(())
    });
    let mut bytes = vec![0; 65_535];
    loop {
        let received = socket.recv_from(&mut bytes).await.map_err(at(peer))?;
        print(&bytes[..received.length])?;
    }
}

/// The next piece of standard input. Reading it blocks, so the thread pool does.
async fn input(crlf: bool) -> Option<Vec<u8>> {
    let read = net::spawn_blocking(|| {
        let mut bytes = vec![0; 4096];
        let count = stdin().read(&mut bytes).unwrap_or(0);
        bytes.truncate(count);
        bytes
    });
    let bytes = read.await.ok().filter(|bytes| !bytes.is_empty())?;
    Some(if crlf { bytes.split_inclusive(|&byte| byte == b'\n').flat_map(line_end).collect() } else { bytes })
}

fn line_end(line: &[u8]) -> Vec<u8> {
    match line {
        [text @ .., b'\r', b'\n'] | [text @ .., b'\n'] => [text, b"\r\n"].concat(),
        _ => line.to_vec(),
    }
}

/// Bytes as they are; who closed the pipe has heard enough.
fn print(bytes: &[u8]) -> Result {
    match stdout().write_all(bytes).and_then(|()| stdout().flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        written => Ok(written?),
    }
}
