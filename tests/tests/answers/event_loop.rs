//! Answers of "The event loop".

use std::{
    cell::RefCell,
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    rc::Rc,
    thread,
    time::Duration,
};
use wirebook_net as net;

type Said = Rc<RefCell<Vec<&'static str>>>;

/// What a program says, in its order: a function of virtual time and of nothing else.
fn told(program: impl AsyncFnOnce(Said) + 'static) -> Vec<&'static str> {
    let said = Said::default();
    let inner = said.clone();
    net::sim::run(1, async move { program(inner).await }).expect("it ends");
    said.take()
}

// ANCHOR: threads
/// Sends back what each client sends. A thread for each of them.
fn serve(listener: &TcpListener) -> io::Result<()> {
    for connection in listener.incoming() {
        let mut connection = connection?;
        thread::spawn(move || {
            let mut bytes = [0; 1024];
            while let Ok(count @ 1..) = connection.read(&mut bytes) {
                if connection.write_all(&bytes[..count]).is_err() {
                    break;
                }
            }
        });
    }
    Ok(())
}
// ANCHOR_END: threads

#[test]
fn a_thread_for_each_serves_the_second_while_the_first_is_silent() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || serve(&listener));
    let _silent = TcpStream::connect(address)?;
    let mut client = TcpStream::connect(address)?;
    client.write_all(b"tea")?;
    let mut echo = [0; 3];
    client.read_exact(&mut echo)?;
    assert_eq!(&echo, b"tea");
    Ok(())
}

// ANCHOR: tick_first
/// Says in which order a tick and a microtask run that were queued by the same callback.
fn tick_first(say: impl Fn(&'static str) + Clone + 'static) {
    let (first, second) = (say.clone(), say);
    net::queue_microtask(move || second("microtask"));
    net::next_tick(move || first("tick"));
}
// ANCHOR_END: tick_first

#[test]
fn a_tick_runs_before_a_microtask_that_was_queued_earlier() {
    let said = told(async |said: Said| {
        net::set_timeout(move || tick_first(move |word| said.borrow_mut().push(word)), Duration::ZERO);
        net::sleep(Duration::from_millis(5)).await;
    });
    assert_eq!(said, ["tick", "microtask"]);
}

// ANCHOR: from_the_end
/// Like `set_interval`, but the period counts from the end of a call. `count` calls are made.
fn from_the_end(mut call: impl FnMut() + 'static, period: Duration, count: usize) {
    if count > 0 {
        net::set_timeout(
            move || {
                call();
                from_the_end(call, period, count - 1);
            },
            period,
        );
    }
}
// ANCHOR_END: from_the_end

#[test]
fn a_period_from_the_end_is_set_anew_by_each_call() -> io::Result<()> {
    net::sim::run(1, async {
        let started = net::now();
        let at = Rc::new(RefCell::new(Vec::new()));
        let times = at.clone();
        from_the_end(move || times.borrow_mut().push(net::now() - started), Duration::from_millis(10), 3);
        net::sleep(Duration::from_millis(100)).await;
        let at: Vec<u128> = at.take().iter().map(Duration::as_millis).collect();
        assert_eq!(at, [10, 20, 30]);
    })
}

// ANCHOR: in_pieces
/// Adds up a long list, a thousand numbers in a turn, so that others run in between.
async fn in_pieces(numbers: &[u64]) -> u64 {
    let mut sum = 0;
    for piece in numbers.chunks(1_000) {
        sum += piece.iter().sum::<u64>();
        net::yield_now().await;
    }
    sum
}
// ANCHOR_END: in_pieces

#[test]
fn who_yields_lets_an_immediate_run() -> io::Result<()> {
    net::sim::run(1, async {
        let others = Rc::new(RefCell::new(0));
        let counter = others.clone();
        let ticking = net::spawn(async move {
            loop {
                *counter.borrow_mut() += 1;
                net::yield_now().await;
            }
        });
        let numbers: Vec<u64> = (0..10_000).collect();
        assert_eq!(in_pieces(&numbers).await, 49_995_000);
        assert!(*others.borrow() >= 9, "{} turns of somebody else", others.borrow());
        ticking.abort();
    })
}

// ANCHOR: wheel
/// A timing wheel of 64 places of a millisecond: setting and cancelling a timer takes the same time, however many there are.
struct Wheel {
    /// In each place the timers whose moment, modulo 64, is that place: key and moment.
    places: Vec<Vec<(u64, u64)>>,
    now: u64,
    next_key: u64,
}

impl Wheel {
    fn new() -> Wheel {
        Wheel { places: vec![Vec::new(); 64], now: 0, next_key: 0 }
    }

    /// Sets a timer and gives the key and place by which it is cancelled.
    fn set(&mut self, after: u64) -> (u64, usize) {
        let at = self.now + after.max(1);
        let place = (at % 64) as usize;
        self.next_key += 1;
        self.places[place].push((self.next_key, at));
        (self.next_key, place)
    }

    fn cancel(&mut self, (key, place): (u64, usize)) {
        self.places[place].retain(|(other, _)| *other != key);
    }

    /// A millisecond passes. Gives the timers that are due, the oldest first.
    fn turn(&mut self) -> Vec<u64> {
        self.now += 1;
        let now = self.now;
        let place = &mut self.places[(now % 64) as usize];
        // Those of a later round of the wheel stay.
        let (due, later) = std::mem::take(place).into_iter().partition(|(_, at)| *at == now);
        *place = later;
        let due: Vec<(u64, u64)> = due;
        due.into_iter().map(|(key, _)| key).collect()
    }
}
// ANCHOR_END: wheel

#[test]
fn a_wheel_fires_what_a_list_would() {
    let mut wheel = Wheel::new();
    let mut list: Vec<(u64, u64)> = Vec::new();
    let mut random = 1_u64;
    for _ in 0..2_000 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let after = (random >> 40) % 300;
        let timer = wheel.set(after);
        list.push((timer.0, wheel.now + after.max(1)));
        if random >> 63 == 1 {
            wheel.cancel(timer);
            list.pop();
        }
        let fired = wheel.turn();
        let due: Vec<u64> = list.iter().filter(|(_, at)| *at == wheel.now).map(|(key, _)| *key).collect();
        list.retain(|(_, at)| *at != wheel.now);
        assert_eq!(fired, due);
    }
}
