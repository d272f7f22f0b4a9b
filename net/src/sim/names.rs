//! Who has which address: listeners, and sockets for datagrams.

use super::connection::Pending;
use crate::kernel::Key;
use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, VecDeque},
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    rc::{Rc, Weak},
};

/// First of the ports that are given to those who ask for none (RFC 6335, section 6).
const FIRST_FREE_PORT: u16 = 49152;

/// A listening address: who waits to be accepted, and the listener's source.
#[derive(Default)]
pub(super) struct Accepting {
    pub(super) queue: RefCell<VecDeque<Pending>>,
    pub(super) source: Cell<Option<Key>>,
}

/// Where the datagrams of one socket arrive.
#[derive(Default)]
pub(super) struct Mailbox {
    pub(super) arrived: RefCell<VecDeque<(SocketAddr, Vec<u8>)>>,
    pub(super) source: Cell<Option<Key>>,
}

#[derive(Default)]
struct Names {
    listeners: HashMap<SocketAddr, Rc<Accepting>>,
    mailboxes: HashMap<SocketAddr, Weak<Mailbox>>,
    ports_given: u16,
}

thread_local!(static NAMES: RefCell<Names> = RefCell::default());

/// Forgets all names: a simulation begins, or has ended.
pub(super) fn forget_all() {
    let names = NAMES.take();
    drop(names);
}

fn with_names<R>(f: impl FnOnce(&mut Names) -> R) -> R {
    NAMES.with(|names| f(&mut names.borrow_mut()))
}

impl Names {
    /// The address itself, or with a port that nobody has in place of port 0.
    fn with_port(&mut self, address: SocketAddr) -> SocketAddr {
        if address.port() != 0 {
            return address;
        }
        let port = FIRST_FREE_PORT + self.ports_given;
        self.ports_given = (self.ports_given + 1) % (u16::MAX - FIRST_FREE_PORT);
        SocketAddr::new(address.ip(), port)
    }
}

/// An address for one who connects.
pub(super) fn client_address() -> SocketAddr {
    with_names(|names| names.with_port((IpAddr::V4(Ipv4Addr::LOCALHOST), 0).into()))
}

pub(super) fn listen(address: SocketAddr) -> io::Result<(SocketAddr, Rc<Accepting>)> {
    with_names(|names| {
        let address = names.with_port(address);
        if names.listeners.contains_key(&address) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        let accepting = Rc::<Accepting>::default();
        names.listeners.insert(address, accepting.clone());
        Ok((address, accepting))
    })
}

pub(super) fn unlisten(address: SocketAddr) {
    let removed = NAMES.try_with(|names| names.borrow_mut().listeners.remove(&address));
    drop(removed);
}

/// Who listens at `address`, or at every address with its port.
pub(super) fn listener(address: SocketAddr) -> Option<Rc<Accepting>> {
    with_names(|names| names.listeners.get(&address).or_else(|| names.listeners.get(&everywhere(address))).cloned())
}

pub(super) fn open_mailbox(address: SocketAddr, mailbox: &Rc<Mailbox>) -> io::Result<SocketAddr> {
    with_names(|names| {
        let address = names.with_port(address);
        if names.mailboxes.get(&address).is_some_and(|mailbox| mailbox.strong_count() > 0) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        names.mailboxes.insert(address, Rc::downgrade(mailbox));
        Ok(address)
    })
}

pub(super) fn mailbox(address: SocketAddr) -> Option<Rc<Mailbox>> {
    with_names(|names| names.mailboxes.get(&address).or_else(|| names.mailboxes.get(&everywhere(address)))?.upgrade())
}

fn everywhere(address: SocketAddr) -> SocketAddr {
    let ip: IpAddr = if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    SocketAddr::new(ip, address.port())
}
