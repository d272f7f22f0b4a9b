//! Descriptors between processes: sent, received, checked by the kernel's word, and never leaked (rows net-36 to net-38). A process
//! of its own, because its descriptors are counted and limited.

use rustix::{
    fs::{Mode, OFlags},
    net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg},
};
use std::{
    fs::File,
    future::Future,
    io::{self, IoSlice, Read, Write},
    mem::MaybeUninit,
    os::fd::{AsFd, OwnedFd},
    os::unix::net::UnixStream as StdUnixStream,
};
use wirebook_net::{
    self as net, Carrier, Listener, MAX_DESCRIPTORS, SocketKind, Stream,
    pipe::{self, PipeReader, PipeWriter, Watched},
    sim::{self, SimHandle, SimStream},
    tcp::{TcpListener, TcpStream},
    udp::UdpSocket,
    unix::{UnixDatagram, UnixListener, UnixStream},
};

/// Runs it on a thread of its own with its own table of descriptors, so that other tests do not disturb the counting.
fn alone<F: Future<Output = ()> + 'static>(test: impl FnOnce() -> F + Send + 'static) {
    let work = move || {
        #[allow(unsafe_code)]
        // SAFETY: nothing but this thread has its table of descriptors from here on, and it owns none yet.
        let result = unsafe { libc::unshare(libc::CLONE_FILES) };
        assert_eq!(result, 0);
        net::block_on(test()).unwrap();
    };
    std::thread::spawn(work).join().unwrap();
}

/// Descriptors of this thread.
fn open() -> usize {
    std::fs::read_dir("/proc/thread-self/fd").unwrap().count()
}

async fn hand_over(descriptor: OwnedFd) -> OwnedFd {
    let (one, other) = UnixStream::pair().unwrap();
    assert_eq!(one.send_with(b"x", &[&descriptor]).await.unwrap(), 1);
    drop(descriptor);
    let (mut bytes, mut came) = ([0; 8], Vec::new());
    let received = other.receive_with(&mut bytes, &mut came).await.unwrap();
    assert_eq!((received.length, received.cut, came.len()), (1, false, 1));
    let flags = rustix::io::fcntl_getfd(&came[0]).unwrap();
    assert!(flags.contains(rustix::io::FdFlags::CLOEXEC), "no child inherits what came");
    came.remove(0)
}

#[test]
fn every_kind_of_socket_works_where_it_has_come_to() {
    alone(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let listener = TcpListener::from_fd(hand_over(listener.into_fd()).await).unwrap();
        let client = TcpStream::connect(address).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        let server = TcpStream::from_fd(hand_over(server.into_fd()).await).unwrap();
        let client = TcpStream::from_fd(hand_over(client.into_fd()).await).unwrap();
        client.write_all(b"ping").await.unwrap();
        let mut bytes = [0; 8];
        assert_eq!(server.read(&mut bytes).await.unwrap(), 4);

        let path = std::env::temp_dir().join(format!("wirebook-hand-over-{}", std::process::id()));
        let listener = UnixListener::bind(&path).unwrap();
        let listener = UnixListener::from_fd(hand_over(listener.into_fd()).await).unwrap();
        let client = UnixStream::from_fd(hand_over(UnixStream::connect(&path).await.unwrap().into_fd()).await).unwrap();
        let (server, _) = listener.accept().await.unwrap();
        client.write_all(b"ping").await.unwrap();
        assert_eq!(server.read(&mut bytes).await.unwrap(), 4);
        drop(listener);
        assert!(path.exists(), "the file is whoever's made it");
        std::fs::remove_file(&path).unwrap();

        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let socket = UdpSocket::from_fd(hand_over(socket.into_fd()).await).unwrap();
        assert_eq!(socket.local_addr().unwrap(), address);
        UnixDatagram::from_fd(hand_over(UnixDatagram::unbound().unwrap().into_fd()).await).unwrap();
    });
}

#[test]
fn net_36_the_kernel_says_what_a_descriptor_is() {
    alone(|| async {
        let before = open();
        let refused = |descriptor: OwnedFd| {
            let copies = || descriptor.try_clone().unwrap();
            assert!(TcpListener::from_fd(copies()).is_err());
            assert!(TcpStream::from_fd(copies()).is_err());
            assert!(UdpSocket::from_fd(copies()).is_err());
            assert!(UnixListener::from_fd(copies()).is_err());
            assert!(UnixStream::from_fd(copies()).is_err());
            assert!(UnixDatagram::from_fd(copies()).is_err());
        };
        refused(File::open("Cargo.toml").unwrap().into());
        refused(File::open("/").unwrap().into());
        refused(pipe::ends().unwrap().0);
        refused(rustix::fs::open("/", OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).unwrap());
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        refused(socket.into());
        // A connection that its peer has reset.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().unwrap();
        socket2::SockRef::from(&client).set_linger(Some(std::time::Duration::ZERO)).unwrap();
        drop(client);
        (&server).read(&mut [0]).unwrap_err();
        refused(server.into());
        // A connection is no listener, and a listener no connection.
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        assert_eq!(SocketKind::of(&client).unwrap(), SocketKind::TcpStream);
        assert!(TcpListener::from_fd(client.into()).is_err());
        assert_eq!(SocketKind::of(&listener).unwrap(), SocketKind::TcpListener);
        assert!(TcpStream::from_fd(listener.into()).is_err());
        assert_eq!(SocketKind::of(&std::net::UdpSocket::bind("[::1]:0").unwrap()).unwrap(), SocketKind::Udp6);
        assert_eq!(open(), before, "what is refused is closed");
    });
}

#[test]
fn net_37_one_253_and_254_descriptors_and_none_without_a_byte() {
    alone(|| async {
        let before = open();
        let (one, other) = UnixStream::pair().unwrap();
        let null: OwnedFd = File::open("/dev/null").unwrap().into();
        for count in [0, 1, MAX_DESCRIPTORS] {
            assert_eq!(one.send_with(b"x", &vec![&null; count]).await.unwrap(), 1);
            let (mut bytes, mut came) = ([0; 8], Vec::new());
            let received = other.receive_with(&mut bytes, &mut came).await.unwrap();
            assert_eq!((received.length, received.cut, came.len()), (1, false, count));
        }
        let invalid = |result: io::Result<usize>| assert_eq!(result.unwrap_err().kind(), io::ErrorKind::InvalidInput);
        invalid(one.send_with(b"x", &vec![&null; MAX_DESCRIPTORS + 1]).await);
        invalid(one.send_with(b"", &[&null]).await);
        assert_eq!(one.send_with(b"", &[]).await.unwrap(), 0);
        // A plain read takes no descriptor, and the system closes it.
        one.send_with(b"x", &[&null]).await.unwrap();
        assert_eq!(other.read(&mut [0; 8]).await.unwrap(), 1);
        drop((one, other, null));
        assert_eq!(open(), before);
    });
}

#[test]
fn bytes_before_a_descriptor_share_its_read_and_bytes_behind_it_do_not() {
    alone(|| async {
        let (one, other) = UnixStream::pair().unwrap();
        let null: OwnedFd = File::open("/dev/null").unwrap().into();
        one.write_all(b"before").await.unwrap();
        one.send_with(b"with", &[&null]).await.unwrap();
        one.send_with(b"second", &[&null]).await.unwrap();
        one.write_all(b"behind").await.unwrap();
        let (mut bytes, mut came) = ([0; 64], Vec::new());
        let mut reads = Vec::new();
        for _ in 0..3 {
            let received = other.receive_with(&mut bytes, &mut came).await.unwrap();
            reads.push((String::from_utf8_lossy(&bytes[..received.length]).into_owned(), came.len()));
        }
        assert_eq!(reads, [("beforewith".into(), 1), ("second".into(), 2), ("behind".into(), 2)]);
    });
}

#[test]
fn net_38_a_receiver_without_room_is_told_and_goes_on() {
    alone(|| async {
        let (one, other) = UnixStream::pair().unwrap();
        let null: OwnedFd = File::open("/dev/null").unwrap().into();
        let mut filler = Vec::new();
        // The limit is the process's and the table this thread's: it is filled to a limit of its own.
        let limits = rustix::process::getrlimit(rustix::process::Resource::Nofile);
        while let Ok(file) = File::open("/dev/null") {
            filler.push(file);
            assert!(limits.current.is_some_and(|limit| filler.len() as u64 <= limit));
        }
        one.send_with(b"x", &[&null]).await.unwrap();
        let (mut bytes, mut came) = ([0; 8], Vec::new());
        let received = other.receive_with(&mut bytes, &mut came).await.unwrap();
        assert_eq!((received.length, received.cut, came.len()), (1, true, 0));
        // With room for one of two, one comes.
        filler.pop();
        one.send_with(b"x", &[&null, &null]).await.unwrap();
        let received = other.receive_with(&mut bytes, &mut came).await.unwrap();
        assert_eq!((received.cut, came.len()), (true, 1));
        filler.clear();
        one.send_with(b"x", &[&null]).await.unwrap();
        let received = other.receive_with(&mut bytes, &mut came).await.unwrap();
        assert_eq!((received.cut, came.len()), (false, 2));
    });
}

#[test]
fn ten_thousand_hand_overs_leave_nothing() {
    alone(|| async {
        let before = open();
        let (one, other) = UnixStream::pair().unwrap();
        let mut null: OwnedFd = File::open("/dev/null").unwrap().into();
        let mut bytes = [0; 8];
        for _ in 0..10_000 {
            one.send_with(b"x", &[&null]).await.unwrap();
            let mut came = Vec::new();
            other.receive_with(&mut bytes, &mut came).await.unwrap();
            null = came.remove(0);
        }
        drop((one, other, null));
        assert_eq!(open(), before);
    });
}

/// The loop of the one who gave a connection away is not woken by it any more (epoll(7), question 6), and the number can be
/// registered again.
#[test]
fn what_was_given_away_wakes_nobody_here() {
    alone(|| async {
        let (one, mut theirs) = StdUnixStream::pair().unwrap();
        one.set_nonblocking(true).unwrap();
        let mut here = UnixStream::from_fd(one.into()).unwrap();
        for _ in 0..3 {
            let descriptor = here.into_fd();
            let copy = descriptor.try_clone().unwrap();
            here = UnixStream::from_fd(descriptor).unwrap();
            theirs.write_all(b"x").unwrap();
            assert_eq!(here.read(&mut [0; 8]).await.unwrap(), 1);
            drop(copy);
        }
    });
}

/// A Unix stream says at every read of its peer that it may be written. Nobody asks for that but one who found it full.
#[test]
fn who_is_not_full_does_not_wait_for_room() {
    /// `EPOLLOUT`.
    const WRITABLE: u32 = 4;
    /// How many of this thread's sockets are watched for room, by the kernel's own list.
    fn watched() -> usize {
        let infos = std::fs::read_dir("/proc/thread-self/fdinfo").unwrap();
        let texts: Vec<String> =
            infos.filter_map(|entry| std::fs::read_to_string(entry.unwrap().path()).ok()).collect();
        let masks = texts.iter().flat_map(|text| text.lines()).filter(|line| line.starts_with("tfd:"));
        let mask = |line: &str| u32::from_str_radix(line.split_whitespace().nth(3).unwrap(), 16).unwrap();
        masks.filter(|line| mask(line) & WRITABLE != 0).count()
    }
    alone(|| async {
        let (one, other) = UnixStream::pair().unwrap();
        one.write_all(b"a few").await.unwrap();
        assert_eq!(watched(), 0);
        let block = [b'x'; 4096];
        let mut sent = 5;
        let full = loop {
            match one.try_write(&block) {
                Ok(count) => sent += count,
                Err(error) => break error.kind(),
            }
            // A turn for each, or its budget ends first.
            net::sleep(std::time::Duration::ZERO).await;
        };
        assert_eq!((full, watched()), (io::ErrorKind::WouldBlock, 1));
        let reader = net::spawn(async move {
            let mut bytes = [0; 4096];
            while sent > 0 {
                sent -= other.read(&mut bytes).await.unwrap();
            }
            other
        });
        // The writer is woken, and then it has room.
        std::future::poll_fn(|context| one.poll_writable(context)).await.unwrap();
        let other = reader.await.unwrap();
        one.write_all(b"y").await.unwrap();
        assert_eq!(watched(), 0);
        drop(other);
        assert!(one.write_all(b"z").await.is_err());
    });
}

/// A queue from which others accept wakes nobody here, and is a queue of this loop again when it is asked to.
#[test]
fn a_queue_that_rests_is_not_watched() {
    alone(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        listener.hear(false).unwrap();
        listener.hear(false).unwrap();
        let client = std::net::TcpStream::connect(address).unwrap();
        let accept = std::future::poll_fn(|context| listener.poll_accept_fd(context));
        assert!(net::timeout(std::time::Duration::from_secs(5), accept).await.is_ok(), "one may look");
        let accept = std::future::poll_fn(|context| listener.poll_accept_fd(context));
        let early = net::timeout(std::time::Duration::from_millis(20), accept);
        let (second, early) = (std::net::TcpStream::connect(address).unwrap(), early.await);
        // What was there when one looked is found, and what came later is not told.
        drop((early, second));
        let _third = std::net::TcpStream::connect(address).unwrap();
        listener.hear(true).unwrap();
        let accept = std::future::poll_fn(|context| listener.poll_accept_fd(context));
        assert!(net::timeout(std::time::Duration::from_secs(5), accept).await.is_ok());
        drop(client);
        // Its descriptor may go elsewhere, watched or not.
        listener.hear(false).unwrap();
        let again = TcpListener::from_fd(listener.into_fd()).unwrap();
        let _fourth = std::net::TcpStream::connect(address).unwrap();
        again.accept().await.unwrap();
    });
}

#[test]
fn pipes_are_streams_of_one_direction() {
    alone(|| async {
        let before = open();
        let (reader, writer) = pipe::pipe().unwrap();
        let text = vec![b'x'; 1 << 20];
        let write = net::spawn(async move {
            writer.write_all(&text).await.unwrap();
            assert!(writer.try_read(&mut [0]).is_err());
        });
        let (mut bytes, mut count) = (vec![0; 1 << 16], 0);
        while let more @ 1.. = reader.read(&mut bytes).await.unwrap() {
            count += more;
        }
        write.await.unwrap();
        assert_eq!(count, 1 << 20);
        assert!(reader.try_write(b"x").is_err());
        drop(reader);
        let (reader, writer) = pipe::pipe().unwrap();
        drop(reader);
        assert_eq!(writer.write_all(b"x").await.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        drop(writer);
        assert_eq!(open(), before);
    });
}

#[test]
fn an_end_of_a_pipe_is_what_the_kernel_says_it_is() {
    alone(|| async {
        let (reader, writer) = pipe::ends().unwrap();
        assert!(PipeReader::from_fd(writer.try_clone().unwrap()).is_err());
        assert!(PipeWriter::from_fd(reader.try_clone().unwrap()).is_err());
        let file = File::open("Cargo.toml").unwrap();
        assert_eq!(PipeReader::from_fd(file.into()).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        assert!(PipeReader::from_fd(reader).is_ok() && PipeWriter::from_fd(writer).is_ok());
        let (one, other) = pipe::ends().unwrap();
        let watched = Watched::readiness(one).unwrap();
        let (mut asked, mut other) = (0, Some(other));
        let mut closes_at_first = || {
            asked += 1;
            other.take().is_none().then_some(())
        };
        watched.until(&mut closes_at_first).await.unwrap();
        assert_eq!(asked, 2, "asked now, and when it was readable");
        assert!(watched.as_fd().try_clone_to_owned().is_ok());
    });
}

/// What `send_with` does not let through: two messages of descriptors from a peer of another make.
#[test]
fn descriptors_of_a_foreign_sender_come_as_well() {
    alone(|| async {
        let (one, two) = StdUnixStream::pair().unwrap();
        let null: OwnedFd = File::open("/dev/null").unwrap().into();
        let fds = [null.as_fd()];
        let mut space = [MaybeUninit::uninit(); 256];
        let mut control = SendAncillaryBuffer::new(&mut space);
        assert!(control.push(SendAncillaryMessage::ScmRights(&fds)));
        assert!(control.push(SendAncillaryMessage::ScmRights(&fds)));
        sendmsg(&one, &[IoSlice::new(b"x")], &mut control, SendFlags::empty()).unwrap();
        let other = UnixStream::from_fd(two.into()).unwrap();
        let mut came = Vec::new();
        other.receive_with(&mut [0; 8], &mut came).await.unwrap();
        assert_eq!(came.len(), 2);
    });
}

#[test]
fn a_simulation_carries_values() {
    sim::explore(200, sim::Config::rough, |_| async {
        let (one, other) = SimStream::pair();
        let handle = SimHandle::new("a listener");
        let send = async {
            let mut text = &b"a line and what rides on it"[..];
            let count = one.send_with(text, &[&handle]).await.unwrap();
            text = &text[count..];
            one.write_all(text).await.unwrap();
            one.shutdown(std::net::Shutdown::Write).unwrap();
        };
        send.await;
        let (mut bytes, mut came, mut text) = ([0; 8], Vec::new(), Vec::new());
        loop {
            let received = other.receive_with(&mut bytes, &mut came).await.unwrap();
            assert_eq!(came.len(), 1, "it comes with the first byte");
            if received.length == 0 {
                break;
            }
            text.extend_from_slice(&bytes[..received.length]);
        }
        assert_eq!(text, b"a line and what rides on it");
        assert_eq!((came[0].get::<&str>(), handle.count()), (Some(&"a listener"), 2));
    });
    let lost = sim::run(sim::Config::from(1), async {
        sim::set_faults(sim::Faults { cut_handles: 1.0, ..sim::Faults::default() });
        let (one, other) = SimStream::pair();
        one.send_with(b"x", &[&SimHandle::new(1)]).await.unwrap();
        let mut came = Vec::new();
        let received = other.receive_with(&mut [0; 8], &mut came).await.unwrap();
        (received.cut, came.len())
    });
    assert_eq!(lost.unwrap(), (true, 0));
}
