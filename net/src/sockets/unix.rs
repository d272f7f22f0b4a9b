//! Unix sockets: streams and datagrams between processes of one machine, named by a path.
//!
//! A socket's file outlives its process. [`UnixListener::bind`] therefore looks at what stands in its way: a file
//! that is not a socket stays and is an error; a socket on which somebody listens stays and is an error; a socket on
//! which nobody listens is moved aside, looked at again (it must still be the same file), and removed.
//!
//! Linux has names that are no files as well, *abstract* addresses: they are gone with their socket, know no permissions, and
//! belong to a network namespace. Here each has a function of its own, such as [`UnixListener::bind_abstract`]; elsewhere
//! than on Linux these are errors of the kind `Unsupported`. Errors write such a name with an `@` in front.

use super::{
    datagram::{Datagrams, Received},
    descriptor::{Carrier, ReceivedWith, SocketKind, adopt, check_carried},
    stream::{Listener, Stream},
    tcp::{Acceptor, MAX_BUFFERS},
};
use crate::{
    ground::{cannot, cannot_now, sys},
    kernel::{self, Direction, READABLE, Registration, WRITABLE},
};
use mio::unix::SourceFd;
use socket2::{SockAddr, SockRef, Socket, Type};
use std::{
    any::Any,
    cell::Cell,
    fs,
    future::{Future, poll_fn},
    io::{self, IoSlice, Read, Write},
    net::Shutdown,
    os::{
        fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
        unix::fs::{FileTypeExt, MetadataExt, PermissionsExt},
    },
    path::{Path, PathBuf},
    task::{Context, Poll, ready},
};

pub use crate::ground::sys::Credentials;

/// Connections that wait to be accepted before the kernel makes further ones wait.
const BACKLOG: i32 = 1024;
/// How often a stale file is moved out of the way before binding is given up.
const STALE_TRIES: usize = 3;

/// Which file a socket has made, so that nobody else's is removed.
#[derive(Debug)]
struct BoundFile {
    path: PathBuf,
    device_and_inode: (u64, u64),
}

impl BoundFile {
    fn new(path: &Path) -> io::Result<Self> {
        let metadata = fs::symlink_metadata(path)?;
        Ok(BoundFile { path: path.to_owned(), device_and_inode: (metadata.dev(), metadata.ino()) })
    }

    fn is_still_there(&self) -> bool {
        fs::symlink_metadata(&self.path).is_ok_and(|now| (now.dev(), now.ino()) == self.device_and_inode)
    }
}

impl BoundFile {
    /// The file outlives its socket: no path is left to be removed.
    fn keep(mut self) {
        self.path = PathBuf::new();
    }
}

impl Drop for BoundFile {
    fn drop(&mut self) {
        if self.is_still_there() {
            // A file that cannot be removed is stale, and the next bind deals with it.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The checks of [`SockAddr::unix`], by name: a path of 108 bytes or more, or with a NUL inside, is refused.
fn address(path: &Path) -> io::Result<SockAddr> {
    if path.as_os_str().as_encoded_bytes().contains(&0) || path.as_os_str().is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the path of a socket is not empty and has no NUL"));
    }
    SockAddr::unix(path)
}

/// How errors write an abstract name.
fn at(name: &[u8]) -> String {
    format!("@{}", name.escape_ascii())
}

fn unix_socket(kind: Type) -> io::Result<Socket> {
    let socket = Socket::new(socket2::Domain::UNIX, kind, None)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Binds `socket` to `path`, after removing a stale socket file.
fn bind(socket: &Socket, path: &Path) -> io::Result<BoundFile> {
    let address = address(path)?;
    for _ in 0..STALE_TRIES {
        match socket.bind(&address) {
            Ok(()) => return BoundFile::new(path),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => remove_stale(path, &address, socket.r#type()?)?,
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AddrInUse.into())
}

/// Removes the file of a socket that nobody has open any more, because its process was killed. What [`UnixListener::bind`] and
/// [`UnixDatagram::bind`] do at the path that they are given, for a path that nobody binds again. Of either kind; it does not wait.
///
/// # Errors
/// `AddrInUse` when somebody listens there, or the file is no socket; those of the file system. A path where nothing is, is none.
pub fn remove_left(path: &Path) -> io::Result<()> {
    // Whether there is anybody the kernel says before it looks of which kind that one is.
    remove_stale(path, &address(path)?, Type::DGRAM)
}

fn remove_stale(path: &Path, address: &SockAddr, kind: Type) -> io::Result<()> {
    let before = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if !before.file_type().is_socket() {
        return Err(io::Error::new(io::ErrorKind::AddrInUse, "the path is a file that is not a socket"));
    }
    let probe = unix_socket(kind)?;
    match probe.connect(address) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
        // Also when its queue is full (`WouldBlock`) or it is of the other kind: somebody is there.
        _ => return Err(io::Error::new(io::ErrorKind::AddrInUse, "somebody listens at this path")),
    }
    let mut aside = path.as_os_str().to_owned();
    aside.push(format!(".stale-{}", std::process::id()));
    fs::rename(path, &aside)?;
    let moved = fs::symlink_metadata(&aside)?;
    if (moved.dev(), moved.ino()) == (before.dev(), before.ino()) {
        return fs::remove_file(&aside);
    }
    // Another process was quicker and put its living socket there: give it its name back.
    let restored = fs::hard_link(&aside, path);
    fs::remove_file(&aside)?;
    restored.and(Err(io::Error::new(io::ErrorKind::AddrInUse, "somebody listens at this path")))
}

/// A Unix stream socket that listens. Dropping it removes its file, if it has one that is still the one that it made.
#[derive(Debug)]
pub struct UnixListener {
    acceptor: Acceptor,
    io: mio::net::UnixListener,
    file: Option<BoundFile>,
}

impl UnixListener {
    /// Listens at `path`; the file's permissions are those that the umask leaves.
    ///
    /// # Errors
    /// `AddrInUse` when somebody listens there or the path is no socket; `InvalidInput` for a path of 108 bytes or more
    /// or with a NUL inside; `PermissionDenied`, `NotFound`. Each says which path it is about.
    pub fn bind(path: impl AsRef<Path>) -> io::Result<Self> {
        Self::bind_file(path.as_ref(), None)
    }

    /// As [`UnixListener::bind`], with these permission bits on the file (`0o600`: this user alone). They are set before
    /// anybody can connect.
    ///
    /// # Errors
    /// As [`UnixListener::bind`].
    pub fn bind_with_mode(path: impl AsRef<Path>, mode: u32) -> io::Result<Self> {
        Self::bind_file(path.as_ref(), Some(mode))
    }

    fn bind_file(path: &Path, mode: Option<u32>) -> io::Result<Self> {
        let listen = || {
            let socket = unix_socket(Type::STREAM)?;
            let file = bind(&socket, path)?;
            if let Some(mode) = mode {
                fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
            }
            Self::listen(socket, Some(file))
        };
        listen().map_err(cannot(format!("listen on {}", path.display())))
    }

    /// Listens at an abstract name, of 1 to 107 bytes of any value. There is no file, and everybody in this network
    /// namespace may connect: [`UnixStream::peer_credentials`] says who did.
    ///
    /// ```
    /// # if cfg!(target_os = "linux") {
    /// use wirebook_net::{self as net, unix::{UnixListener, UnixStream}};
    /// net::block_on(async {
    ///     let name = format!("wirebook-example-{}", std::process::id());
    ///     let _listener = UnixListener::bind_abstract(&name)?;
    ///     UnixStream::connect_abstract(&name).await
    /// }).unwrap().unwrap();
    /// # }
    /// ```
    ///
    /// # Errors
    /// `AddrInUse`; `InvalidInput` for a name that is empty or too long; `Unsupported` elsewhere than on Linux.
    pub fn bind_abstract(name: impl AsRef<[u8]>) -> io::Result<Self> {
        let name = name.as_ref();
        let listen = || {
            let address = sys::abstract_address(name)?;
            let socket = unix_socket(Type::STREAM)?;
            socket.bind(&address)?;
            Self::listen(socket, None)
        };
        listen().map_err(cannot(format!("listen on {}", at(name))))
    }

    fn listen(socket: Socket, file: Option<BoundFile>) -> io::Result<Self> {
        socket.listen(BACKLOG)?;
        let mut io = mio::net::UnixListener::from_std(socket.into());
        Ok(UnixListener { acceptor: Acceptor::new(Registration::new(&mut io, READABLE)?), io, file })
    }

    /// The listener that a descriptor is. Its file is whoever's made it, and stays when this is dropped.
    ///
    /// # Errors
    /// `InvalidInput` when the kernel says that it is something else; those of [`SocketKind::of`](crate::SocketKind::of).
    pub fn from_fd(descriptor: OwnedFd) -> io::Result<Self> {
        let mut io = adopt(descriptor, &[SocketKind::UnixListener])?;
        Ok(UnixListener { acceptor: Acceptor::new(Registration::new(&mut io, READABLE)?), io, file: None })
    }

    /// Takes the socket out of the loop and gives its descriptor, for another loop, process or library. Its file is removed
    /// by nobody from now on, since others may listen at it.
    pub fn into_fd(mut self) -> OwnedFd {
        if let Some(file) = self.file.take() {
            file.keep();
        }
        self.acceptor.forget(&mut self.io);
        self.io.into()
    }

    /// The path it listens at; `None` for an abstract name.
    pub fn path(&self) -> Option<&Path> {
        self.file.as_ref().map(|file| &*file.path)
    }
}

impl Listener for UnixListener {
    type Stream = UnixStream;
    type Address = std::os::unix::net::SocketAddr;

    fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<(UnixStream, Self::Address)>> {
        self.acceptor.poll(context, || {
            let (io, address) = self.io.accept()?;
            Ok((UnixStream::new(io)?, address))
        })
    }
}

/// A Unix stream.
#[derive(Debug)]
pub struct UnixStream {
    registration: Registration,
    io: mio::net::UnixStream,
    /// Whether an event says that it may be written.
    hears_writes: Cell<bool>,
}

impl UnixStream {
    /// Writable, which a stream is that is connected.
    fn new(mut io: mio::net::UnixStream) -> io::Result<Self> {
        let registration = Registration::hearing(&mut io, WRITABLE, false)?;
        Ok(UnixStream { registration, io, hears_writes: Cell::new(false) })
    }

    // ANCHOR: write
    /// Writes up to `asked` bytes. Unlike TCP's, a Unix stream says at every read of its peer that it may be written, and so each
    /// message would wake its sender once more, for nothing. So nobody listens to that but one who found it full.
    fn write_by(&self, asked: usize, operation: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
        let result = self.registration.try_stream(Direction::Write, asked, operation);
        let full = match &result {
            Ok(moved) => *moved < asked,
            Err(error) => error.kind() == io::ErrorKind::WouldBlock,
        };
        if full != self.hears_writes.get() {
            let heard = self.registration.hear_writes(&mut SourceFd(&self.io.as_raw_fd()), full);
            match (&result, heard) {
                (_, Ok(())) => self.hears_writes.set(full),
                // Who would wait now would wait for ever.
                (Err(_), Err(error)) => return Err(error),
                // What is written is written; whoever is to wait asks again first.
                (Ok(_), Err(_)) => {}
            }
        }
        result
    }
    // ANCHOR_END: write

    /// Connects to the socket at `path`. When its queue of waiting connections is full, waits for room.
    ///
    /// # Errors
    /// `NotFound`, `ConnectionRefused`, `PermissionDenied`; `InvalidInput` for a path that cannot be one.
    pub async fn connect(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        Self::connect_to(address(path)).await.map_err(cannot(format!("connect to {}", path.display())))
    }

    /// Connects to an abstract name; see [`UnixListener::bind_abstract`].
    ///
    /// # Errors
    /// `ConnectionRefused` when nobody has that name; `InvalidInput` for a name that cannot be one; `Unsupported` elsewhere
    /// than on Linux.
    pub async fn connect_abstract(name: impl AsRef<[u8]>) -> io::Result<Self> {
        let name = name.as_ref();
        Self::connect_to(sys::abstract_address(name)).await.map_err(cannot(format!("connect to {}", at(name))))
    }

    async fn connect_to(address: io::Result<SockAddr>) -> io::Result<Self> {
        let address = address?;
        loop {
            let socket = unix_socket(Type::STREAM)?;
            match socket.connect(&address) {
                Ok(()) => return Self::new(mio::net::UnixStream::from_std(socket.into())),
                // The kernel has no event for "there is room in the queue" (connect(2), EAGAIN).
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    kernel::sleep(std::time::Duration::from_millis(1)).await;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The stream that a descriptor is.
    ///
    /// # Errors
    /// `InvalidInput` when the kernel says that it is something else; those of [`SocketKind::of`](crate::SocketKind::of).
    pub fn from_fd(descriptor: OwnedFd) -> io::Result<Self> {
        Self::new(adopt(descriptor, &[SocketKind::UnixStream])?)
    }

    /// Takes the socket out of the loop and gives its descriptor, for another loop, process or library.
    pub fn into_fd(mut self) -> OwnedFd {
        self.registration.forget(&mut self.io);
        self.io.into()
    }

    /// Two streams that are connected to each other.
    ///
    /// # Errors
    /// Those of `socketpair`.
    pub fn pair() -> io::Result<(Self, Self)> {
        let (one, two) = mio::net::UnixStream::pair()?;
        Ok((Self::new(one)?, Self::new(two)?))
    }

    /// Who is at the other end, as the kernel knows it.
    ///
    /// # Errors
    /// Those of `getsockopt`.
    pub fn peer_credentials(&self) -> io::Result<Credentials> {
        sys::peer_credentials(&self.io)
    }
}

impl Stream for UnixStream {
    fn registration(&self) -> &Registration {
        &self.registration
    }

    /// A short read proves nothing here: bytes that were sent together with a descriptor (`SCM_RIGHTS`, unix(7)) end a
    /// read although more bytes follow. The descriptor itself is not taken over; the kernel closes it.
    fn socket(&self) -> Option<&dyn Any> {
        Some(self)
    }

    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.registration.try_once(Direction::Read, || (&self.io).read(buffer))
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.write_by(bytes.len(), || (&self.io).write(bytes))
    }

    fn try_write_vectored(&self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        let buffers = &buffers[..buffers.len().min(MAX_BUFFERS)];
        let asked = buffers.iter().map(|buffer| buffer.len()).sum();
        self.write_by(asked, || (&self.io).write_vectored(buffers))
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.io.shutdown(how)
    }
}

impl Carrier for UnixStream {
    type Carried = OwnedFd;

    fn try_send_with(&self, bytes: &[u8], carried: &[&OwnedFd]) -> io::Result<usize> {
        check_carried(bytes, carried.len())?;
        let carried: Vec<BorrowedFd<'_>> = carried.iter().map(|descriptor| descriptor.as_fd()).collect();
        self.write_by(bytes.len(), || sys::send_with(&self.io, bytes, &carried))
    }

    fn try_receive_with(&self, buffer: &mut [u8], carried: &mut Vec<OwnedFd>) -> io::Result<ReceivedWith> {
        let (before, asked) = (carried.len(), buffer.len());
        let receive = || sys::receive_with(&self.io, buffer, carried);
        let (length, cut) = self.registration.try_once(Direction::Read, receive)?;
        // A read ends behind a message with descriptors. One without them, and short, ended because there was no more.
        let is_plain = sys::READS_END_BEHIND_DESCRIPTORS && !cut && carried.len() == before;
        if is_plain && (1..asked).contains(&length) {
            self.registration.found_short(Direction::Read);
        }
        Ok(ReceivedWith { length, cut })
    }
}

/// A Unix datagram socket. Datagrams arrive whole and in order; a full receiver makes the sender wait.
#[derive(Debug)]
pub struct UnixDatagram {
    registration: Registration,
    io: mio::net::UnixDatagram,
    file: Option<BoundFile>,
}

impl UnixDatagram {
    /// Binds `path`, after removing a stale socket file as [`UnixListener::bind`] does.
    ///
    /// # Errors
    /// As [`UnixListener::bind`].
    pub fn bind(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let bind = || {
            let socket = unix_socket(Type::DGRAM)?;
            let file = bind(&socket, path)?;
            Self::new(socket, Some(file))
        };
        bind().map_err(cannot(format!("bind {}", path.display())))
    }

    /// Binds an abstract name; see [`UnixListener::bind_abstract`]. Those who receive from here see no sender, since the
    /// name is no path.
    ///
    /// # Errors
    /// As [`UnixListener::bind_abstract`].
    pub fn bind_abstract(name: impl AsRef<[u8]>) -> io::Result<Self> {
        let name = name.as_ref();
        let bind = || {
            let address = sys::abstract_address(name)?;
            let socket = unix_socket(Type::DGRAM)?;
            socket.bind(&address)?;
            Self::new(socket, None)
        };
        bind().map_err(cannot(format!("bind {}", at(name))))
    }

    /// The socket that a descriptor is.
    ///
    /// # Errors
    /// `InvalidInput` when the kernel says that it is something else; those of [`SocketKind::of`](crate::SocketKind::of).
    pub fn from_fd(descriptor: OwnedFd) -> io::Result<Self> {
        Self::new(adopt(descriptor, &[SocketKind::UnixDatagram])?, None)
    }

    /// Takes the socket out of the loop and gives its descriptor; its file stays.
    pub fn into_fd(mut self) -> OwnedFd {
        if let Some(file) = self.file.take() {
            file.keep();
        }
        self.registration.forget(&mut self.io);
        self.io.into()
    }

    /// A socket without a name: it can send, and nobody can answer.
    ///
    /// # Errors
    /// Those of `socket`.
    pub fn unbound() -> io::Result<Self> {
        Self::new(unix_socket(Type::DGRAM)?, None)
    }

    /// Sends one datagram to an abstract name, when there is room for it.
    ///
    /// # Errors
    /// `ConnectionRefused` when nobody has that name; `InvalidInput` for a name that cannot be one; `Unsupported` elsewhere
    /// than on Linux.
    pub fn send_to_abstract(&self, bytes: &[u8], name: impl AsRef<[u8]>) -> impl Future<Output = io::Result<usize>> {
        let address = sys::abstract_address(name.as_ref());
        poll_fn(move |context| {
            let failed = || cannot_now(|| format!("send to {}", at(name.as_ref())));
            let address =
                address.as_ref().map_err(|error| failed()(io::Error::new(error.kind(), error.to_string())))?;
            loop {
                let send = || SockRef::from(&self.io).send_to(bytes, address);
                match self.registration.try_once(Direction::Write, send) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    result => return Poll::Ready(result.map_err(failed())),
                }
                ready!(self.registration.poll_writable(context))?;
            }
        })
    }

    fn new(socket: Socket, file: Option<BoundFile>) -> io::Result<Self> {
        let mut io = mio::net::UnixDatagram::from_std(socket.into());
        Ok(UnixDatagram { registration: Registration::new(&mut io, WRITABLE)?, io, file })
    }
}

impl Datagrams for UnixDatagram {
    /// `None`: a sender without a name.
    type Address = Option<PathBuf>;

    fn registration(&self) -> &Registration {
        &self.registration
    }

    fn try_recv_from(&self, buffer: &mut [u8]) -> io::Result<Received<Option<PathBuf>>> {
        self.registration.try_once(Direction::Read, || {
            let (length, truncated, from) = sys::receive(&self.io, buffer)?;
            Ok(Received { length, truncated, from: from.as_pathname().map(Path::to_owned) })
        })
    }

    fn try_send_to(&self, bytes: &[u8], to: &Option<PathBuf>) -> io::Result<usize> {
        let to = to.as_ref().ok_or(io::Error::new(io::ErrorKind::InvalidInput, "the peer has no name"))?;
        let sent = self.registration.try_once(Direction::Write, || self.io.send_to(bytes, to));
        sent.map_err(cannot_now(|| format!("send to {}", to.display())))
    }
}
