//! Every public duration and limit of this crate at 0, at 1 and at its maximum: a meaning, and never a panic or a spin.

use std::{
    cell::Cell,
    future::pending,
    rc::Rc,
    time::{Duration, Instant},
};
use wirebook_net::{
    self as net, Idle, Stream,
    sim::{self, Config, Faults, SimListener, SimStream},
};

const NANO: Duration = Duration::from_nanos(1);

#[test]
fn sleep_and_timeout() {
    sim::run(1, async {
        let began = net::now();
        net::sleep(Duration::ZERO).await;
        net::sleep(NANO).await;
        assert!(net::now() - began < Duration::from_millis(1));
        assert!(net::timeout(Duration::ZERO, pending::<()>()).await.is_err());
        assert!(net::timeout(NANO, pending::<()>()).await.is_err());
        assert_eq!(net::timeout(Duration::ZERO, async { 1 }).await, Ok(1), "what is ready is not too late");
        assert_eq!(net::timeout(Duration::MAX, async { 1 }).await, Ok(1));
        assert!(net::timeout(Duration::from_secs(1), net::sleep(Duration::MAX)).await.is_err());
    })
    .unwrap();
}

#[test]
fn timers() {
    let fired = Rc::new(Cell::new(0));
    let count = |by: usize| {
        let fired = fired.clone();
        move || fired.set(fired.get() + by)
    };
    let (zero, one, never, interval) = (count(1), count(10), count(100), count(1000));
    net::block_on(async move {
        net::set_timeout(zero, Duration::ZERO);
        net::set_timeout(one, NANO);
        net::set_timeout(never, Duration::MAX).unref();
        net::set_interval(interval, Duration::MAX).unref();
        let ticks = Rc::new(Cell::new(0));
        let counter = ticks.clone();
        let fast = net::set_interval(move || counter.set(counter.get() + 1), Duration::ZERO);
        let began = Instant::now();
        while ticks.get() < 5 {
            net::sleep(Duration::from_millis(1)).await;
        }
        assert!(began.elapsed() >= Duration::from_millis(4), "a period is at least a millisecond");
        net::clear(fast);
    })
    .unwrap();
    assert_eq!(fired.get(), 11);
}

/// Node counts an interval from the beginning of the call before, so a slow callback does not add its own time.
#[test]
fn an_interval_is_counted_from_the_beginning_of_the_call() {
    let period = Duration::from_millis(40);
    let begins = Rc::new(std::cell::RefCell::new(Vec::new()));
    let log = begins.clone();
    net::block_on(async move {
        let done = begins.clone();
        let ticking = net::set_interval(
            move || {
                begins.borrow_mut().push(Instant::now());
                let busy = Instant::now();
                while busy.elapsed() < period / 2 {}
            },
            period,
        );
        while done.borrow().len() < 6 {
            net::sleep(Duration::from_millis(1)).await;
        }
        net::clear(ticking);
    })
    .unwrap();
    let gaps: Vec<Duration> = log.borrow().windows(2).map(|pair| pair[1] - pair[0]).collect();
    let shortest = *gaps.iter().min().expect("five gaps");
    assert!(shortest >= period && shortest < period * 5 / 4, "{gaps:?}");
}

async fn pair() -> (SimStream, SimStream) {
    use wirebook_net::Listener;
    let listener = SimListener::bind("10.0.0.1:1").unwrap();
    let client = SimStream::connect("10.0.0.1:1").await.unwrap();
    (client, listener.accept().await.unwrap().0)
}

#[test]
fn idle_limits() {
    for limit in [Duration::ZERO, NANO] {
        sim::run(1, async move {
            let (_client, server) = pair().await;
            let error = Idle::new(server, limit).read(&mut [0; 1]).await.unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
        })
        .unwrap();
    }
    sim::run(1, async {
        let (client, server) = pair().await;
        net::spawn(async move {
            net::sleep(Duration::from_secs(600)).await;
            client.write_all(b"x").await.unwrap();
        });
        assert_eq!(Idle::new(server, Duration::MAX).read(&mut [0; 1]).await.unwrap(), 1, "MAX is no limit");
    })
    .unwrap();
}

#[test]
fn limits_of_a_simulation() {
    let past = |limit| {
        let config = Config { limit, ..Config::from(3) };
        sim::run(config, async { net::sleep(Duration::from_secs(1)).await })
    };
    for limit in [Duration::ZERO, NANO] {
        let error = past(limit).unwrap_err().to_string();
        assert!(error.contains("seed 3") && error.contains("limit") && error.contains("virtual time"), "{error}");
    }
    past(Duration::MAX).unwrap();
}

#[test]
fn faults_at_their_edges() {
    let none = Faults { window: 0, datagrams: 0, backlog: 0, ..Faults::default() };
    let config = Config { faults: none, limit: Duration::from_secs(60), ..Config::from(1) };
    let refused = sim::run(config, async {
        let _listener = SimListener::bind("10.0.0.1:1").unwrap();
        SimStream::connect("10.0.0.1:1").await.map(drop)
    });
    assert_eq!(refused.unwrap().unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused, "nobody may wait");
    let most = Faults {
        latency_min: Duration::MAX,
        latency_max: Duration::MAX,
        window: usize::MAX,
        datagrams: usize::MAX,
        backlog: usize::MAX,
        ..Faults::default()
    };
    let config = Config { faults: most, limit: Duration::from_secs(60), ..Config::from(1) };
    let error = sim::run(config, async {
        let _listener = SimListener::bind("10.0.0.1:1").unwrap();
        SimStream::connect("10.0.0.1:1").await.map(drop)
    });
    assert!(error.unwrap_err().to_string().contains("limit"), "what never arrives is past every limit");
}
