//! A hand-over as bare as can be: a second process, a copy that is kept, and an answer before it is dropped. Nothing is checked, no
//! message is read, and nobody's death is survived. What it costs above a plain accept is the system's, on this machine.

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, sendmsg,
};
use std::{
    io::{self, IoSlice, IoSliceMut, Read, Write},
    mem::MaybeUninit,
    net::{TcpListener, TcpStream},
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::UnixStream,
    },
    process::Command,
};

/// Space for one descriptor.
type Beside = [MaybeUninit<u8>; rustix::cmsg_space!(ScmRights(1))];

/// Accepts, and gives each connection to a child.
pub(crate) fn give() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let (mut channel, end) = UnixStream::pair()?;
    let taker = Command::new(std::env::current_exe()?).arg("--taker").stdin(OwnedFd::from(end)).spawn()?;
    println!("worker {}", taker.id());
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (connection, _) = listener.accept()?;
        let given = [connection.as_fd()];
        let mut space: Beside = [MaybeUninit::uninit(); _];
        let mut beside = SendAncillaryBuffer::new(&mut space);
        beside.push(SendAncillaryMessage::ScmRights(&given));
        sendmsg(&channel, &[IoSlice::new(b"c")], &mut beside, SendFlags::NOSIGNAL)?;
        channel.read_exact(&mut [0])?;
    }
}

/// Takes them, until the giver is gone.
pub(crate) fn take() -> io::Result<()> {
    let channel = io::stdin().as_fd().try_clone_to_owned()?;
    let mut answers = UnixStream::from(channel.try_clone()?);
    loop {
        let (mut byte, mut space): ([u8; 1], Beside) = ([0], [MaybeUninit::uninit(); _]);
        let mut beside = RecvAncillaryBuffer::new(&mut space);
        let came = recvmsg(&channel, &mut [IoSliceMut::new(&mut byte)], &mut beside, RecvFlags::CMSG_CLOEXEC)?;
        if came.bytes == 0 {
            return Ok(());
        }
        for message in beside.drain() {
            let RecvAncillaryMessage::ScmRights(descriptors) = message else { continue };
            for connection in descriptors {
                answers.write_all(b"t")?;
                // Who is gone meanwhile is told nothing.
                let _ = TcpStream::from(connection).write_all(b"1\n");
            }
        }
    }
}
