//! What one would write first to share a port, and the answers of "One port".

use std::{
    io,
    net::{TcpListener, TcpStream},
};
use wirebook_cluster::policy::{Sticky, Turn};

// ANCHOR: obvious
/// The next worker, for the next connection.
fn next(workers: &[TcpStream], last: &mut usize) -> usize {
    *last = (*last + 1) % workers.len();
    *last
}
// ANCHOR_END: obvious

#[test]
fn the_obvious_way_gives_to_the_dead() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let dead = || TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let workers = [dead(), dead()];
    drop(listener);
    let mut last = 0;
    assert_eq!([next(&workers, &mut last), next(&workers, &mut last)], [1, 0], "whoever lives");
}

// ANCHOR: lost
/// Connects so often to two sockets that share an address, closes one of them with its queue, and counts the connections that
/// are answered.
fn answered_after_a_close(connections: usize) -> io::Result<usize> {
    use socket2::{Domain, Socket, Type};
    let listen = |address: std::net::SocketAddr| -> io::Result<TcpListener> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_reuse_port(true)?;
        socket.bind(&address.into())?;
        socket.listen(1024)?;
        Ok(socket.into())
    };
    let one = listen(([127, 0, 0, 1], 0).into())?;
    let address = one.local_addr()?;
    let other = listen(address)?;
    let clients: Vec<TcpStream> = (0..connections).map(|_| TcpStream::connect(address)).collect::<Result<_, _>>()?;
    drop(other);
    one.set_nonblocking(true)?;
    let accepted = std::iter::from_fn(|| one.accept().ok()).count();
    drop(clients);
    Ok(accepted)
}
// ANCHOR_END: lost

#[test]
#[cfg(target_os = "linux")]
fn an_hour_of_lost_connections() {
    let answered = answered_after_a_close(200).unwrap();
    assert!((1..200).contains(&answered), "{answered} of 200");
}

// ANCHOR: policy
/// In turn; but workers that were just started are cold, and have only one turn of `every` among them.
#[derive(Default)]
struct Gently {
    turn: Turn,
    cold: Vec<u64>,
    turns: usize,
}

impl Gently {
    fn next(&mut self, every: usize) -> Option<u64> {
        self.turns += 1;
        let for_the_cold = self.turns.is_multiple_of(every.max(1));
        let theirs = |worker: u64| self.cold.contains(&worker) == for_the_cold;
        // When all are cold, or none is, there is nobody to spare.
        self.turn.next(theirs).or_else(|| self.turn.next(|_| true))
    }
}
// ANCHOR_END: policy

#[test]
fn an_evening_of_a_policy() {
    let mut gently = Gently::default();
    (1..=3).for_each(|worker| gently.turn.join(worker));
    gently.cold = vec![3];
    let given: Vec<u64> = (0..400).filter_map(|_| gently.next(10)).collect();
    let count = |worker| given.iter().filter(|given| **given == worker).count();
    assert!(count(3) == 40 && count(1) > 100 && count(2) > 100);
    gently.cold = vec![1, 2, 3];
    assert!((0..9).all(|_| gently.next(usize::MAX).is_some()));
    gently.cold.clear();
    assert!((0..9).all(|_| gently.next(1).is_some()));
}

#[test]
fn whose_slot_goes_moves_and_nobody_else() {
    let keys = std::hash::RandomState::new();
    let moved = (0..1000).filter(|client| Sticky::slot(*client, 0..4, &keys) != Sticky::slot(*client, 0..3, &keys));
    let were_there = (0..1000).filter(|client| Sticky::slot(*client, 0..4, &keys) == Some(3));
    assert!(moved.eq(were_there));
}
