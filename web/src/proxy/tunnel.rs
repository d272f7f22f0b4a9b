//! Connections that become WebSockets on their way through (RFC 9110 §7.8): from then on bytes pass in both directions, as they come.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::io;
use std::net::Shutdown;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::{Duration, Instant};
use wirebook_http1::client::Upgraded;
use wirebook_net::{self as net, Stream};

/// Bytes that pass at a time in one direction. No more is kept: who reads slowly is sent to slowly.
const PIECE: usize = 16 * 1024;

/// What WebSockets may take that pass through a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tunnels {
    /// How long both sides may be silent, or one may not read: five minutes. Zero: not at all; `Duration::MAX`: for ever.
    pub idle: Duration,
    /// How many there may be at once: 1,000. One more is a 503. 0: none; `usize::MAX`: any number.
    pub most: usize,
}

impl Default for Tunnels {
    fn default() -> Self {
        Tunnels { idle: Duration::from_secs(300), most: 1_000 }
    }
}

/// The tunnels that are open.
#[derive(Clone, Default)]
pub(super) struct Open(Rc<Cell<usize>>);

/// One of them; it is counted until it is dropped.
pub(super) struct Opened(Rc<Cell<usize>>);

impl Open {
    /// One more, if there is room.
    pub(super) fn one(&self, most: usize) -> Option<Opened> {
        let open = self.0.get();
        (open < most).then(|| {
            self.0.set(open + 1);
            Opened(self.0.clone())
        })
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// Passes bytes in both directions until both have ended, one breaks, or nothing has moved for too long.
pub(super) async fn join(client: &Upgraded, origin: &Upgraded, idle: Duration) {
    let moved = Cell::new(net::now());
    let (there, back) = (pin!(pass(client, origin, &moved)), pin!(pass(origin, client, &moved)));
    let (mut ways, mut are_over) = ([there, back], [false, false]);
    let mut late = pin!(net::sleep(idle));
    poll_fn(|context| {
        for (way, is_over) in ways.iter_mut().zip(&mut are_over) {
            if !*is_over && let Poll::Ready(ended) = way.as_mut().poll(context) {
                *is_over = true;
                if ended.is_err() {
                    return Poll::Ready(());
                }
            }
        }
        if are_over == [true, true] {
            return Poll::Ready(());
        }
        while late.as_mut().poll(context).is_ready() {
            let left = idle.saturating_sub(net::now().saturating_duration_since(moved.get()));
            if left.is_zero() {
                return Poll::Ready(());
            }
            late.set(net::sleep(left));
        }
        Poll::Pending
    })
    .await;
}

/// One direction, to its end; the other side hears of the end.
async fn pass(from: &Upgraded, to: &Upgraded, moved: &Cell<Instant>) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    loop {
        let count = from.read(&mut piece).await?;
        moved.set(net::now());
        if count == 0 {
            return to.shutdown(Shutdown::Write);
        }
        to.write_all(&piece[..count]).await?;
        moved.set(net::now());
    }
}
