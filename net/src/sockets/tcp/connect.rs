//! Connecting by name: every address of a host is a candidate, and the first that answers wins.
//!
//! This is "Happy Eyeballs" (RFC 8305) in its essence: addresses of the two families alternate (section 4), attempts
//! start one after the other with a pause between them, or at once when the one before has failed (section 5), and
//! the first connection that stands ends the others.

use super::stream::TcpStream;
use crate::{
    ground::{cannot, sys},
    kernel,
    pool::lookup,
    sockets::address::{Address, Target},
};
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    collections::VecDeque,
    future::{Future, poll_fn},
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    task::Poll,
    time::Duration,
};

/// "The minimum connection attempt delay" (RFC 8305, section 5: it MUST NOT be less).
const LEAST_DELAY: Duration = Duration::from_millis(10);

/// How a connection is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectOptions {
    /// How long all attempts together, with the look-up of the name, may take. A minute by default; `None` and
    /// [`Duration::MAX`] leave it to the system (Linux gives up after two minutes), and zero is up at once.
    pub timeout: Option<Duration>,
    /// Bind this end to an address first.
    pub local: Option<SocketAddr>,
    /// How long one attempt runs before the next one starts beside it. 250 ms, the recommendation of RFC 8305,
    /// section 8, whose least, 10 ms, is also ours. [`Duration::MAX`]: the next one starts when the one before has failed.
    pub attempt_delay: Duration,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        ConnectOptions {
            timeout: Some(Duration::from_secs(60)),
            local: None,
            attempt_delay: Duration::from_millis(250),
        }
    }
}

impl TcpStream {
    /// Connects with the default [`ConnectOptions`]. A name is looked up on the thread pool.
    ///
    /// # Errors
    /// `ConnectionRefused` and the like, of the last address that was tried; `TimedOut`; those of the look-up; `InvalidInput`
    /// for a text that is no address. Each says which address it is about: "cannot connect to 127.0.0.1:80: connection
    /// refused".
    pub async fn connect(address: impl Address) -> io::Result<Self> {
        Self::connect_with(address, &ConnectOptions::default()).await
    }

    /// [`TcpStream::connect`] with options of the caller's.
    ///
    /// # Errors
    /// As [`TcpStream::connect`].
    pub async fn connect_with(address: impl Address, options: &ConnectOptions) -> io::Result<Self> {
        let target = address.target();
        let named = target.to_string();
        let connect = async {
            let addresses = match target {
                Target::Name(host, port) => {
                    lookup(&host, port).await.map_err(cannot(format!("connect to {host}:{port}")))?
                }
                known => known.known("connect to")?,
            };
            first_to_answer(alternate(addresses), options).await
        };
        match options.timeout {
            None => connect.await,
            Some(limit) => kernel::timeout(limit, connect).await.unwrap_or_else(|_| {
                let late = io::Error::new(io::ErrorKind::TimedOut, "timed out");
                Err(cannot(format!("connect to {named}"))(late))
            }),
        }
    }
}

/// Alternates the address families, beginning with that of the first address; otherwise keeps the order.
fn alternate(addresses: Vec<SocketAddr>) -> VecDeque<SocketAddr> {
    let begins_with_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (one, two): (Vec<_>, Vec<_>) = addresses.into_iter().partition(|address| address.is_ipv6() == begins_with_v6);
    let (mut one, mut two) = (one.into_iter(), two.into_iter());
    let mut order = VecDeque::new();
    loop {
        let pair = [one.next(), two.next()];
        if pair == [None, None] {
            return order;
        }
        order.extend(pair.into_iter().flatten());
    }
}

async fn first_to_answer(mut candidates: VecDeque<SocketAddr>, options: &ConnectOptions) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::InvalidInput, "no address to connect to");
    let (local, delay) = (options.local, options.attempt_delay.max(LEAST_DELAY));
    let mut attempts: Vec<Pin<Box<_>>> = Vec::new();
    loop {
        match candidates.pop_front() {
            Some(address) => attempts.push(Box::pin(async move {
                connect_one(address, local).await.map_err(cannot(format!("connect to {address}")))
            })),
            None if attempts.is_empty() => return Err(last),
            None => {}
        }
        let mut patience = pin!(kernel::sleep(delay));
        let more = !candidates.is_empty();
        let answer = poll_fn(|context| {
            for at in 0..attempts.len() {
                if let Poll::Ready(result) = attempts[at].as_mut().poll(context) {
                    drop(attempts.swap_remove(at));
                    return Poll::Ready(Some(result));
                }
            }
            if more && patience.as_mut().poll(context).is_ready() {
                return Poll::Ready(None);
            }
            Poll::Pending
        });
        match answer.await {
            Some(Ok(stream)) => return Ok(stream),
            Some(Err(error)) => last = error,
            None => {}
        }
    }
}

async fn connect_one(address: SocketAddr, local: Option<SocketAddr>) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    if let Some(local) = local {
        socket.bind(&local.into())?;
    }
    match socket.connect(&address.into()) {
        Err(error) if sys::connects_later(&error) => {}
        result => result?,
    }
    let stream = TcpStream::new(mio::net::TcpStream::from_std(socket.into()), 0)?;
    poll_fn(|context| stream.poll_connected(context)).await?;
    // A port of the ephemeral range on which nobody listens may be given to this very socket, and TCP's simultaneous
    // open then connects the socket to itself.
    if stream.local_addr()? == address {
        stream.set_linger(Some(Duration::ZERO))?;
        return Err(io::Error::new(io::ErrorKind::ConnectionRefused, "the socket connected to itself"));
    }
    Ok(stream)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_families_alternate() {
        let parse = |list: &[&str]| list.iter().map(|text| text.parse().unwrap()).collect::<Vec<_>>();
        let given = parse(&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "2.2.2.2:1"]);
        let order = parse(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1", "[::3]:1"]);
        assert_eq!(super::alternate(given), order);
        assert!(super::alternate(Vec::new()).is_empty());
    }
}
