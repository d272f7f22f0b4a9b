//! The same echo server four times. Each prints its address and serves until it is killed.

use std::{
    collections::HashMap,
    io::{self, Read, Write},
    net::TcpListener,
    os::fd::AsRawFd,
};
use wirebook_benches::sys;

/// All of them read into a buffer of this size.
const BUFFER: usize = 16 * 1024;

pub(crate) const ECHO: [&str; 4] = ["epoll", "mio", "tokio", "wirebook"];

pub(crate) fn serve(which: &str) {
    sys::allow_descriptors(20_000);
    match which {
        "epoll" => epoll().expect("the epoll server runs"),
        "mio" => mio_server().expect("the mio server runs"),
        "tokio" => tokio_server().expect("the tokio server runs"),
        "wirebook" => wirebook().expect("the wirebook server runs"),
        "wirebook-readable" => wirebook_readable().expect("the idle server runs"),
        "wirebook-parked" => wirebook_parked().expect("the parking server runs"),
        "tokio-idle" => tokio_server().expect("the tokio server runs"),
        other => panic!("no server is called {other}"),
    }
}

fn bind() -> io::Result<TcpListener> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    println!("listening on {}", listener.local_addr()?);
    Ok(listener)
}

/// As little as possible: wait, read, write.
fn epoll() -> io::Result<()> {
    let listener = bind()?;
    let epoll = sys::Epoll::new()?;
    epoll.add(listener.as_raw_fd(), false)?;
    let (mut events, mut buffer) = (sys::no_events(), vec![0; BUFFER]);
    loop {
        let ready = match epoll.wait(&mut events, -1) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            ready => ready?,
        };
        for event in ready {
            let fd = event.u64 as i32;
            if fd == listener.as_raw_fd() {
                while let Ok(fd) = sys::accept(fd) {
                    epoll.add(fd, false)?;
                }
                continue;
            }
            match sys::read(fd, &mut buffer) {
                Ok(count @ 1..) => {
                    let _ = sys::write(fd, &buffer[..count]);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                _ => sys::close(fd),
            }
        }
    }
}

/// mio, edge-triggered: reading goes on until a read was short.
fn mio_server() -> io::Result<()> {
    const LISTENER: mio::Token = mio::Token(0);
    let mut listener = mio::net::TcpListener::from_std(bind()?);
    let mut poll = mio::Poll::new()?;
    let mut events = mio::Events::with_capacity(1024);
    poll.registry().register(&mut listener, LISTENER, mio::Interest::READABLE)?;
    let (mut streams, mut next, mut buffer) = (HashMap::new(), 1, vec![0; BUFFER]);
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                while let Ok((mut stream, _)) = listener.accept() {
                    poll.registry().register(&mut stream, mio::Token(next), mio::Interest::READABLE)?;
                    streams.insert(next, stream);
                    next += 1;
                }
                continue;
            }
            let Some(stream) = streams.get_mut(&event.token().0) else { continue };
            loop {
                match stream.read(&mut buffer) {
                    Ok(count @ 1..) => {
                        let _ = stream.write(&buffer[..count]);
                        if count < buffer.len() {
                            break;
                        }
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    _ => {
                        streams.remove(&event.token().0);
                        break;
                    }
                }
            }
        }
    }
}

fn tokio_server() -> io::Result<()> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let listener = tokio::net::TcpListener::from_std(bind()?)?;
        loop {
            let (mut stream, _) = listener.accept().await?;
            tokio::spawn(async move {
                let mut buffer = vec![0; BUFFER];
                while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                    if stream.write_all(&buffer[..count]).await.is_err() {
                        return;
                    }
                }
            });
        }
    })
}

fn wirebook() -> io::Result<()> {
    use wirebook_net::{self as net, Listener, Stream};
    net::run(async {
        let listener = net::tcp::TcpListener::bind("127.0.0.1:0")?;
        println!("listening on {}", listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            net::spawn(async move {
                let mut buffer = vec![0; BUFFER];
                while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                    if stream.write_all(&buffer[..count]).await.is_err() {
                        return;
                    }
                }
            });
        }
    })
}

/// A task for each connection, and a buffer only while there is something to read.
fn wirebook_readable() -> io::Result<()> {
    use wirebook_net::{self as net, Listener, Stream};
    net::run(async {
        let listener = net::tcp::TcpListener::bind("127.0.0.1:0")?;
        println!("listening on {}", listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            net::spawn(async move {
                while stream.readable().await.is_ok() {
                    let mut bytes = net::buffer();
                    match stream.try_read(&mut bytes) {
                        Ok(count @ 1..) => drop(stream.try_write(&bytes[..count])),
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                        _ => return,
                    }
                }
            });
        }
    })
}

/// No task for a connection that is idle.
fn wirebook_parked() -> io::Result<()> {
    use wirebook_net::{self as net, Listener, Stream};
    struct Echo(net::tcp::TcpStream);
    impl net::Resume for Echo {
        fn resume(self: std::rc::Rc<Self>) {
            let mut bytes = net::buffer();
            match self.0.try_read(&mut bytes) {
                Ok(count @ 1..) => drop(self.0.try_write(&bytes[..count])),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                _ => return,
            }
            net::park(self.0.registration(), self.clone());
        }
    }
    net::run(async {
        let listener = net::tcp::TcpListener::bind("127.0.0.1:0")?;
        println!("listening on {}", listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            let echo = std::rc::Rc::new(Echo(stream));
            net::park(echo.0.registration(), echo.clone());
        }
    })
}
