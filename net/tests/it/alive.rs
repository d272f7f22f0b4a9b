//! What keeps the loop alive, line by line of `kernel/alive.rs`; and that nothing else does.
//!
//! A loop that is not alive ends, and then `block_on` gives an error or its value: a test that hangs has found a fault. So
//! each program runs on a thread of its own with a time-out.

use std::{
    cell::{Cell, RefCell},
    future::{Future, pending, poll_fn},
    io,
    rc::Rc,
    sync::mpsc,
    task::{Poll, Waker},
    time::Duration,
};
use wirebook_net::{
    self as net, JoinError, JoinHandle, Listener, Resume, SharedSignal, Signal, Stream, sim,
    tcp::{TcpListener, TcpStream},
};

/// The error of a program that can never finish; what it is told by.
const NEVER: &str = "can never finish";

/// Runs a program that must end, and gives what became of it.
fn ends<F: Future<Output = ()> + 'static>(program: impl FnOnce() -> F + Send + 'static) -> io::Result<()> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(net::block_on(program())));
    receiver.recv_timeout(Duration::from_secs(10)).expect("the loop goes on although nothing can happen any more")
}

fn never_finishes<F: Future<Output = ()> + 'static>(program: impl FnOnce() -> F + Send + 'static) {
    let error = ends(program).expect_err("nothing can wake the main future");
    assert!(error.to_string().contains(NEVER), "{error}");
}

#[test]
fn the_task_that_never_wakes() {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(net::run(async { net::spawn(pending::<()>()).await })));
    let result = receiver.recv_timeout(Duration::from_secs(10)).expect("an error and no hang");
    assert!(matches!(result, Err(JoinError::Loop(text)) if text.contains(NEVER)));
}

/// Tasks that wait for each other's end, in a ring of any length, with the main future in it or beside it.
#[test]
fn rings_of_join_handles() {
    for length in [1, 2, 3, 50] {
        never_finishes(move || async move {
            let handles: Rc<RefCell<Vec<Option<JoinHandle<()>>>>> = Rc::default();
            for number in 0..length {
                let ring = handles.clone();
                let task = net::spawn(async move {
                    let next = ring.borrow_mut()[(number + 1) % length].take();
                    next.expect("each is awaited once").await.ok();
                });
                handles.borrow_mut().push(Some(task));
            }
            net::yield_now().await;
            pending().await
        });
    }
}

#[test]
fn rings_of_signals() {
    never_finishes(|| async {
        let (one, other) = (Rc::new((Signal::new(), Cell::new(false))), Rc::new((Signal::new(), Cell::new(false))));
        let (mine, theirs) = (one.clone(), other.clone());
        let task = net::spawn(async move {
            mine.0.until(|| mine.1.get().then_some(())).await;
            theirs.1.set(true);
            theirs.0.raise();
        });
        other.0.until(|| other.1.get().then_some(())).await;
        one.1.set(true);
        one.0.raise();
        task.await.ok();
    });
}

#[test]
fn a_ring_in_a_simulation_says_its_seed() {
    let error = sim::run(7, async { net::spawn(pending::<()>()).await.is_ok() }).unwrap_err().to_string();
    assert!(error.contains("seed 7") && error.contains(NEVER), "{error}");
}

#[test]
fn nothing_that_was_aborted_or_dropped_holds_it() {
    ends(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = Rc::new(TcpStream::connect(listener.local_addr().unwrap()).await.unwrap());
        // A socket that is shared outlives the task that waited for it.
        let shared = stream.clone();
        let reading = net::spawn(async move { shared.read(&mut [0; 1]).await.is_ok() });
        net::yield_now().await;
        assert_eq!(net::alive().sockets, 1);
        reading.abort();
        assert_eq!(net::alive().sockets, 0);
        net::spawn(async move {
            let _open = stream;
            net::timeout(Duration::ZERO, pending::<()>()).await.ok();
            pending::<()>().await;
        });
    })
    .unwrap();
}

#[test]
fn an_open_socket_that_nobody_waits_for_does_not_hold_it() {
    never_finishes(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let _stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        pending().await
    });
}

struct Record(TcpStream);

impl Resume for Record {
    fn resume(self: Rc<Self>) {}
}

#[test]
fn parked_connections_hold_it_unless_unref() {
    ends(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let record = Rc::new(Record(listener.accept().await.unwrap().0));
        let parked = net::park(record.0.registration(), record.clone());
        assert_eq!((net::alive().parked, net::alive().to_string()), (1, "1 parked connection".into()));
        parked.unref();
        assert_eq!(net::alive().parked, 0);
        // It stays parked all the same, and the loop ends with it when nothing else is left.
        drop((client, record));
    })
    .unwrap();
}

#[test]
fn unref_keeps_what_is_parked_working() {
    struct Echo(TcpStream, Rc<Cell<bool>>);
    impl Resume for Echo {
        fn resume(self: Rc<Self>) {
            self.1.set(true);
        }
    }
    ends(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let resumed = Rc::new(Cell::new(false));
        let echo = Rc::new(Echo(listener.accept().await.unwrap().0, resumed.clone()));
        net::park(echo.0.registration(), echo.clone()).unref();
        client.write_all(b"x").await.unwrap();
        while !resumed.get() {
            net::yield_now().await;
        }
    })
    .unwrap();
}

#[test]
fn a_waker_that_somebody_outside_has_holds_it() {
    ends(|| async {
        let (sender, wakers) = mpsc::channel::<Waker>();
        let thread = std::thread::spawn(move || {
            let waker = wakers.recv().unwrap();
            std::thread::park_timeout(Duration::from_millis(20));
            waker.wake();
        });
        let mut sender = Some(sender);
        let task = net::spawn(poll_fn(move |context| match sender.take() {
            Some(sender) => {
                sender.send(context.waker().clone()).unwrap();
                Poll::Pending
            }
            None => Poll::Ready(()),
        }));
        net::yield_now().await;
        task.await.unwrap();
        thread.join().unwrap();
    })
    .unwrap();
}

/// When the last share of a waker is gone unused, nobody can wake the task any more.
#[test]
fn a_waker_that_was_dropped_does_not() {
    never_finishes(|| async {
        let mut kept = None;
        poll_fn(|context| {
            kept = Some(context.waker().clone());
            Poll::<()>::Ready(())
        })
        .await;
        drop(kept);
        pending().await
    });
}

#[test]
fn a_shared_signal_holds_it_until_another_thread_raises_it() {
    ends(|| async {
        let (signal, flag) = (SharedSignal::new(), std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false)));
        let (theirs, raised) = (signal.clone(), flag.clone());
        std::thread::spawn(move || {
            std::thread::park_timeout(Duration::from_millis(20));
            raised.store(true, std::sync::atomic::Ordering::SeqCst);
            theirs.raise();
        });
        signal.until(|| flag.load(std::sync::atomic::Ordering::SeqCst).then_some(())).await;
    })
    .unwrap();
}

/// No raise is lost, whichever comes first; tasks wait in the order in which they came; and one that polls again has one
/// place.
#[test]
fn signals_lose_nothing_and_keep_nobody_twice() {
    net::block_on(async {
        let (signal, order) = (Rc::new((Signal::new(), Cell::new(0))), Rc::new(RefCell::new(Vec::new())));
        for number in 1..=3 {
            let (signal, order) = (signal.clone(), order.clone());
            net::spawn(async move {
                signal.0.until(|| (signal.1.get() >= 1).then_some(())).await;
                order.borrow_mut().push(number);
            });
        }
        net::yield_now().await;
        assert_eq!(format!("{:?}", signal.0), "Signal { waiting: 3 }");
        signal.0.raise();
        net::yield_now().await;
        assert!(order.borrow().is_empty(), "raised, and still not true");
        assert_eq!(format!("{:?}", signal.0), "Signal { waiting: 3 }");
        signal.1.set(1);
        signal.0.raise();
        signal.0.raise();
        net::yield_now().await;
        assert_eq!(*order.borrow(), [1, 2, 3]);
        // Already true: no wait at all.
        signal.0.until(|| Some(())).await;
        // A wait that is dropped leaves its place; a poll function that is polled again keeps the one it has.
        net::timeout(Duration::from_millis(1), signal.0.until(|| None::<()>)).await.unwrap_err();
        assert_eq!(format!("{:?}", signal.0), "Signal { waiting: 0 }");
        let mut polls = 0;
        poll_fn(|context| {
            polls += 1;
            assert!(signal.0.poll_until(context, || None::<()>).is_pending());
            context.waker().wake_by_ref();
            if polls == 3 { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        assert_eq!(format!("{:?}", signal.0), "Signal { waiting: 1 }");
        signal.0.raise();
        assert_eq!(format!("{:?}", signal.0), "Signal { waiting: 0 }");
    })
    .unwrap();
}

#[test]
fn everything_that_holds_it_is_counted() {
    net::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let accepting = net::spawn(async move { listener.accept().await.is_ok() });
        // Longer than a busy machine needs to come to the question.
        net::set_timeout(|| {}, Duration::from_millis(30));
        net::set_timeout(|| {}, Duration::from_secs(3600)).unref();
        let job = net::spawn_blocking(|| std::thread::park_timeout(Duration::from_millis(30)));
        net::yield_now().await;
        net::set_immediate(|| {});
        let alive = net::alive();
        assert_eq!((alive.queued, alive.timers, alive.jobs, alive.sockets), (1, 1, 1, 1), "{alive}");
        assert_eq!(alive.to_string(), "1 ready to run, 1 timer, 1 job, 1 socket");
        job.await.unwrap();
        accepting.abort();
    })
    .unwrap();
}
