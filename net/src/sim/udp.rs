//! Simulated datagrams: they are lost, doubled and overtaken as [`Faults`](super::Faults) says.

use super::{
    names::{self, Mailbox},
    network::{Network, make_ready},
};
use crate::{
    kernel::{Direction, READABLE, Registration, WRITABLE, current},
    sockets::{Address, Datagrams, Received},
};
use std::{io, net::SocketAddr, rc::Rc};

/// Longest payload of a datagram over IPv4: 65 535 bytes less the IP and UDP headers (RFC 768, RFC 791).
const MAX_PAYLOAD: usize = 65_507;

/// A simulated datagram socket.
pub struct SimUdpSocket {
    registration: Registration,
    mailbox: Rc<Mailbox>,
    address: SocketAddr,
}

impl SimUdpSocket {
    /// Binds an address; port 0 picks a free one.
    ///
    /// # Errors
    /// `AddrInUse`; `InvalidInput` for what is no address.
    ///
    /// # Panics
    /// Outside a simulation.
    pub fn bind(address: impl Address) -> io::Result<Self> {
        let address = address.target().resolve_blocking()?[0];
        let mailbox = Rc::new(Mailbox::default());
        let address = names::open_mailbox(address, &mailbox)?;
        let registration = current(|on| Registration::insert(on, WRITABLE));
        mailbox.source.set(Some(registration.key()));
        Ok(SimUdpSocket { registration, mailbox, address })
    }

    /// The address it is bound to.
    ///
    /// # Errors
    /// None; the type is that of a UDP socket.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

impl Datagrams for SimUdpSocket {
    type Address = SocketAddr;

    fn registration(&self) -> &Registration {
        &self.registration
    }

    fn try_recv_from(&self, buffer: &mut [u8]) -> io::Result<Received<SocketAddr>> {
        let next = self.registration.try_once(Direction::Read, || {
            let next = self.mailbox.arrived.borrow_mut().pop_front();
            next.ok_or(io::Error::from(io::ErrorKind::WouldBlock))
        });
        let (from, bytes) = next?;
        let length = bytes.len().min(buffer.len());
        buffer[..length].copy_from_slice(&bytes[..length]);
        Ok(Received { length, truncated: length < bytes.len(), from })
    }

    fn try_send_to(&self, bytes: &[u8], to: &SocketAddr) -> io::Result<usize> {
        if bytes.len() > MAX_PAYLOAD {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the datagram is too long"));
        }
        Network::current(|network| {
            let (loss, duplicate) = network.faults(|faults| (faults.loss, faults.duplicate));
            let copies = if network.chance(loss) { 0 } else { 1 + usize::from(network.chance(duplicate)) };
            for _ in 0..copies {
                let (from, to, bytes) = (self.address, *to, bytes.to_vec());
                network.at(network.arrival(), move || arrive(from, to, bytes));
            }
        });
        Ok(bytes.len())
    }
}

fn arrive(from: SocketAddr, to: SocketAddr, bytes: Vec<u8>) {
    Network::current(|network| {
        let Some(mailbox) = names::mailbox(to) else { return };
        if mailbox.arrived.borrow().len() < network.faults(|faults| faults.datagrams) {
            mailbox.arrived.borrow_mut().push_back((from, bytes));
            make_ready(mailbox.source.get(), READABLE);
        }
    });
}
