//! How a worker leaves: four phases, each with a time, and what a server must be able to do for it.

use serde::{Deserialize, Serialize};
use std::{
    cell::{Cell, RefCell},
    future::Future,
    pin::Pin,
    rc::Rc,
    time::Duration,
};
use wirebook_net as net;

/// A phase of the farewell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Each answer says that it is the last on its connection. Connections that idle are left to their clients: who closes one
    /// may meet a request that is on its way.
    LameDuck,
    /// Connections that still idle are closed. Answers are finished.
    CloseIdle,
    /// What lasts is told to end: a WebSocket with 1001, a stream of events with its end. Not all at once, or all come back
    /// at once.
    LongOnes,
    /// What is left is broken off.
    Deadline,
}

impl Phase {
    /// All of them, in order.
    pub const ALL: [Phase; 4] = [Phase::LameDuck, Phase::CloseIdle, Phase::LongOnes, Phase::Deadline];
}

// ANCHOR: drain
/// What leaves: a server of any protocol.
pub trait Drain {
    /// Begins a phase. Each comes once, in order; what a server has no use for it ignores.
    fn enter(&self, phase: Phase);

    /// Connections that are left.
    fn open(&self) -> usize;

    /// Waits until none is.
    fn gone(&self) -> Pin<Box<dyn Future<Output = ()> + '_>>;
}
// ANCHOR_END: drain

/// The times of a farewell. Each may have any value; [`Duration::MAX`] is "as long as it takes" for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Farewell {
    /// How long [`Phase::LameDuck`] lasts: 5 s, which is the time that a connection may idle. Zero skips it.
    pub lame_duck: Duration,
    /// How long [`Phase::CloseIdle`] lasts at most, before what lasts is told: 1 s. Zero: at once.
    pub close_idle: Duration,
    /// Over which time the word to end is spread among what lasts: 5 s. Zero: all at once.
    pub spread: Duration,
    /// When [`Phase::Deadline`] comes, from the beginning of all: 30 s. Zero is at once.
    pub deadline: Duration,
    /// The same, when the master is gone and nobody waits: 5 s.
    pub orphaned: Duration,
}

impl Default for Farewell {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Farewell {
            lame_duck: seconds(5),
            close_idle: seconds(1),
            spread: seconds(5),
            deadline: seconds(30),
            orphaned: seconds(5),
        }
    }
}

/// A farewell on its way: whoever has to do with connections can wait for a phase of it. Clones are the same.
///
/// [`Worker::drain`](crate::Worker::drain) is this. A program without a master can leave in the same way: it leads its servers through the
/// phases when it is told to go.
#[derive(Clone, Debug, Default)]
pub struct Leaving(Rc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    phase: Cell<Option<Phase>>,
    hurried: Cell<bool>,
    changed: net::Signal,
    /// How many have asked for their share of [`Farewell::spread`].
    asked: Cell<u32>,
    times: RefCell<Option<Farewell>>,
}

impl Leaving {
    /// The phase; `None` before the first.
    pub fn phase(&self) -> Option<Phase> {
        self.0.phase.get()
    }

    /// Waits for a phase, or a later one.
    async fn reached(&self, phase: Phase) {
        self.0.changed.until(|| self.phase().is_some_and(|now| now >= phase).then_some(())).await;
    }

    /// For one connection that lasts: waits until it is its turn to end.
    pub async fn told_to_end(&self) {
        self.reached(Phase::LongOnes).await;
        let number = self.0.asked.get();
        self.0.asked.set(number.wrapping_add(1));
        let spread = self.0.times.borrow().as_ref().map_or(Duration::ZERO, |times| times.spread);
        // Multiples of the golden ratio fill an interval evenly, however many there are.
        let share = (f64::from(number) * 0.618_033_988_749_894_9).fract();
        let wait = Duration::try_from_secs_f64(spread.as_secs_f64() * share).unwrap_or(Duration::MAX);
        let _ = net::timeout(wait, self.reached(Phase::Deadline)).await;
    }

    /// The deadline is now; also when nobody leaves yet, and then a farewell has no time at all.
    pub fn hurry(&self) {
        self.0.hurried.set(true);
        self.0.changed.raise();
    }

    // ANCHOR: leave
    /// Leads servers through the phases; ends when nothing is left, or the deadline has broken it off. Until `all_taken` has ended
    /// somebody else may still have connections for them, and idle ones are not closed yet. Once: a second farewell would begin behind the
    /// deadline of the first.
    pub async fn lead(&self, servers: &[Rc<dyn Drain>], all_taken: impl Future<Output = ()>, times: Farewell) {
        *self.0.times.borrow_mut() = Some(times);
        let began = net::now();
        let came = Cell::new(false);
        let gone = async {
            all_taken.await;
            came.set(true);
            self.0.changed.raise();
            for server in servers {
                server.gone().await;
            }
        };
        let phases = async {
            let left = || times.deadline.saturating_sub(net::now() - began);
            for (phase, lasts) in [(Phase::LameDuck, times.lame_duck), (Phase::CloseIdle, times.close_idle)] {
                self.enter(phase, servers);
                if self.wait(lasts.min(left())).await {
                    return;
                }
                let all_came = self.0.changed.until(|| (came.get() || self.0.hurried.get()).then_some(()));
                if net::timeout(left(), all_came).await.is_err() {
                    return;
                }
            }
            self.enter(Phase::LongOnes, servers);
            self.wait(left()).await;
        };
        // Whichever comes first, what is left is broken off.
        let _ = either(gone, phases).await;
        self.enter(Phase::Deadline, servers);
    }
    // ANCHOR_END: leave

    fn enter(&self, phase: Phase, servers: &[Rc<dyn Drain>]) {
        self.0.phase.set(Some(phase));
        servers.iter().for_each(|server| server.enter(phase));
        self.0.changed.raise();
    }

    /// Waits so long; true when it was told to hurry.
    async fn wait(&self, time: Duration) -> bool {
        let hurried = self.0.changed.until(|| self.0.hurried.get().then_some(()));
        if time == Duration::MAX {
            hurried.await;
            return true;
        }
        net::timeout(time, hurried).await.is_ok()
    }
}

/// What happens once in a process. In a box it is compiled with this crate, and not again in each program that waits for it.
pub(crate) type Once<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Waits for one of them.
pub(crate) async fn either<A, B>(one: impl Future<Output = A>, other: impl Future<Output = B>) -> Result<A, B> {
    use std::task::Poll;
    let (mut one, mut other) = (std::pin::pin!(one), std::pin::pin!(other));
    std::future::poll_fn(|context| {
        if let Poll::Ready(value) = one.as_mut().poll(context) {
            return Poll::Ready(Ok(value));
        }
        other.as_mut().poll(context).map(Err)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use wirebook_net::sim;

    /// A server whose connections never end; when it entered which phase, in milliseconds.
    #[derive(Default)]
    struct Lasting(RefCell<Vec<u128>>, Cell<Option<std::time::Instant>>);

    impl Drain for Lasting {
        fn enter(&self, _: Phase) {
            let began = self.1.get().unwrap_or_else(net::now);
            self.0.borrow_mut().push((net::now() - began).as_millis());
        }

        fn open(&self) -> usize {
            1
        }

        fn gone(&self) -> Pin<Box<dyn Future<Output = ()> + '_>> {
            Box::pin(std::future::pending())
        }
    }

    /// When each phase begins, and when three connections that last are told to end; within a thousand seconds.
    fn play(times: Farewell) -> (Vec<u128>, Vec<u128>) {
        let played = sim::run(20, async move {
            let server = Rc::new(Lasting::default());
            let (began, leaving) = (net::now(), Leaving::default());
            server.1.set(Some(began));
            let told = Rc::new(RefCell::new(Vec::new()));
            for _ in 0..3 {
                let (leaving, told) = (leaving.clone(), told.clone());
                net::spawn(async move {
                    leaving.told_to_end().await;
                    told.borrow_mut().push((net::now() - began).as_millis());
                });
            }
            let servers: [Rc<dyn Drain>; 1] = [server.clone()];
            let long = Duration::from_secs(1000);
            let _ = net::timeout(long, leaving.lead(&servers, async {}, times)).await;
            net::yield_now().await;
            net::stop();
            (server.0.take(), told.take())
        });
        played.unwrap()
    }

    #[test]
    fn every_time_has_its_edges() {
        let (zero, one, max) = (Duration::ZERO, Duration::from_millis(1), Duration::MAX);
        let normal = Farewell::default();
        let lame = |lame_duck| Farewell { lame_duck, ..normal };
        let idle = |close_idle| Farewell { close_idle, ..normal };
        let all = |deadline| Farewell { deadline, ..normal };
        for (times, wanted) in [
            (normal, &[0, 5000, 6000, 30_000][..]),
            (lame(zero), &[0, 0, 1000, 30_000]),
            (lame(one), &[0, 1, 1001, 30_000]),
            (lame(max), &[0, 30_000, 30_000, 30_000]),
            (idle(zero), &[0, 5000, 5000, 30_000]),
            (idle(max), &[0, 5000, 30_000, 30_000]),
            (all(zero), &[0, 0, 0, 0]),
            (all(one), &[0, 1, 1, 1]),
            (all(Duration::from_millis(5000)), &[0, 5000, 5000, 5000]),
            (all(Duration::from_millis(5001)), &[0, 5000, 5001, 5001]),
            (all(max), &[0, 5000, 6000]),
        ] {
            assert_eq!(play(times).0, wanted, "{times:?}");
        }
        let told = |spread| play(Farewell { spread, ..normal }).1;
        assert_eq!(told(zero), [6000, 6000, 6000], "all at once");
        let near =
            |times: Vec<u128>, wanted: [u128; 3]| times.iter().zip(wanted).all(|(at, wanted)| at.abs_diff(wanted) <= 5);
        assert!(near(told(normal.spread), [6000, 7180, 9090]), "{:?}", told(normal.spread));
        assert!(near(told(max), [6000, 30_000, 30_000]), "{:?}", told(max));
    }
}
