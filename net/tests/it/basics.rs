//! The loop, tasks, timers, sockets and the pool, each by its plainest use.

use std::{
    cell::{Cell, RefCell},
    future::{pending, poll_fn},
    io::{self, Write},
    rc::Rc,
    task::Poll,
    time::{Duration, Instant},
};
use wirebook_net::{
    self as net, JoinError, Listener, Stream,
    tcp::{TcpListener, TcpStream},
};

type Words = Rc<RefCell<Vec<&'static str>>>;

fn log() -> (Words, impl Fn(&'static str) -> Box<dyn FnOnce()>) {
    let log = Rc::new(RefCell::new(Vec::new()));
    let writer = log.clone();
    (log, move |word| {
        let log = writer.clone();
        Box::new(move || log.borrow_mut().push(word))
    })
}

#[test]
fn ticks_then_microtasks_then_timers_and_immediates() {
    let (words, say) = log();
    net::block_on(async move {
        net::set_timeout(say("timeout"), Duration::ZERO);
        net::queue_microtask(say("microtask"));
        net::next_tick(say("tick"));
        let task = say("task");
        net::spawn(async move { task() });
        say("main")();
    })
    .unwrap();
    assert_eq!(*words.borrow(), ["main", "tick", "microtask", "task", "timeout"]);
}

async fn echo(stream: TcpStream) {
    let mut bytes = net::buffer();
    while let Ok(count @ 1..) = stream.read(&mut bytes).await {
        if stream.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}

#[test]
fn a_tcp_server_echoes_a_megabyte() {
    let sent: Vec<u8> = (0..1_000_000u32).map(|at| (at * 7 + at / 251) as u8).collect();
    let expected = sent.clone();
    let received = net::block_on(async move {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = net::spawn(async move {
            loop {
                net::spawn(echo(listener.accept().await.unwrap().0));
            }
        });
        let client = Rc::new(TcpStream::connect(address).await.unwrap());
        let writer = client.clone();
        net::spawn(async move {
            writer.write_all(&sent).await.unwrap();
            writer.shutdown(std::net::Shutdown::Write).unwrap();
        });
        let mut received = Vec::new();
        let mut bytes = net::buffer();
        while let count @ 1.. = client.read(&mut bytes).await.unwrap() {
            received.extend_from_slice(&bytes[..count]);
        }
        server.abort();
        received
    });
    assert!(received.unwrap() == expected);
}

/// Echoes what is there whenever it is resumed, and counts how often that was.
struct Shared {
    stream: TcpStream,
    resumed: Rc<Cell<usize>>,
}

impl net::Resume for Shared {
    fn resume(self: Rc<Self>) {
        self.resumed.set(self.resumed.get() + 1);
        let mut bytes = [0; 4];
        match self.stream.try_read(&mut bytes) {
            Ok(0) => return,
            Ok(count) => assert_eq!(self.stream.try_write(&bytes[..count]).unwrap(), count),
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
        }
        net::park(self.stream.registration(), self.clone());
    }
}

#[test]
fn a_shared_record_is_parked_again_and_again() {
    net::block_on(async {
        let resumed = Rc::new(Cell::new(0));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let shared = Rc::new(Shared { stream, resumed: resumed.clone() });
        let record = Rc::downgrade(&shared);
        net::park(shared.stream.registration(), shared.clone());
        drop(shared);
        let mut bytes = [0; 16];
        for _ in 0..3 {
            client.write_all(b"ab").await.unwrap();
            assert_eq!(client.read(&mut bytes).await.unwrap(), 2);
        }
        assert_eq!(resumed.get(), 3, "once for each piece");
        // Reads of four bytes leave it readable: it is resumed without an event.
        client.write_all(b"0123456789").await.unwrap();
        let mut seen = 0;
        while seen < 10 {
            seen += client.read(&mut bytes).await.unwrap();
        }
        assert_eq!(resumed.get(), 6, "4 + 4 + 2");
        let shared = record.upgrade().unwrap();
        let parked = net::park(shared.stream.registration(), shared.clone());
        drop(shared);
        assert!(parked.close() && !parked.close() && record.upgrade().is_none());
        assert_eq!(client.read(&mut bytes).await.unwrap(), 0);
    })
    .unwrap();
}

#[test]
fn a_waker_works_from_another_thread() {
    let started = Instant::now();
    net::block_on(async {
        let mut thread = None;
        let woken = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        poll_fn(|context| {
            if woken.load(std::sync::atomic::Ordering::SeqCst) {
                return Poll::Ready(());
            }
            if thread.is_none() {
                let (waker, woken) = (context.waker().clone(), woken.clone());
                thread = Some(std::thread::spawn(move || {
                    woken.store(true, std::sync::atomic::Ordering::SeqCst);
                    waker.wake();
                }));
            }
            Poll::Pending
        })
        .await;
    })
    .unwrap();
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn who_lets_others_go_first_lets_the_sockets_too_whatever_phase_it_is() {
    net::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut peer = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let heard = Rc::new(Cell::new(false));
        let hears = heard.clone();
        net::spawn(async move { hears.set(stream.read(&mut [0; 8]).await.is_ok()) });
        let waits = Rc::new(Cell::new(None));
        let set = waits.clone();
        // Behind the sockets of a turn bytes come, somebody sets a timer, and the loop is held up for longer than that.
        net::set_immediate(move || {
            peer.write_all(b"here").unwrap();
            let looks = async move {
                assert!(!heard.get(), "timers come before the sockets");
                net::yield_now().await;
                assert!(heard.get());
            };
            net::set_timeout(move || set.set(Some(net::spawn(looks))), Duration::from_millis(1));
            net::spawn(async { std::thread::sleep(Duration::from_millis(20)) });
        });
        let task = loop {
            match waits.take() {
                Some(task) => break task,
                None => net::yield_now().await,
            }
        };
        assert_eq!(task.await, Ok(()));
    })
    .unwrap();
}

#[test]
fn aborting_drops_the_future_at_once() {
    struct Dropped(Rc<Cell<bool>>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.set(true);
        }
    }
    net::block_on(async {
        let dropped = Rc::new(Cell::new(false));
        let guard = Dropped(dropped.clone());
        let task = net::spawn(async move {
            let _guard = guard;
            pending::<()>().await;
        });
        net::yield_now().await;
        assert!(!dropped.get());
        task.abort();
        assert!(dropped.get());
        assert_eq!(task.await, Err(JoinError::Aborted));
    })
    .unwrap();
}

#[test]
fn a_panic_stays_in_its_task_or_job() {
    net::block_on(async {
        let task = net::spawn(async { panic!("in the task") }).await;
        assert_eq!(task, Err::<(), _>(JoinError::Panicked("in the task".into())));
        let job = net::spawn_blocking(|| panic!("in job {}", 7)).await;
        assert_eq!(job, Err::<(), _>(JoinError::Panicked("in job 7".into())));
        assert_eq!(net::spawn_blocking(|| 5).await, Ok(5));
    })
    .unwrap();
}

#[test]
fn a_future_that_nobody_can_wake_is_an_error_and_not_a_hang() {
    assert!(net::block_on(pending::<()>()).is_err());
}

#[test]
fn a_task_that_wakes_itself_forever_lets_the_others_run() {
    net::block_on(async {
        let busy = net::spawn(poll_fn(|context| {
            context.waker().wake_by_ref();
            Poll::<()>::Pending
        }));
        net::sleep(Duration::from_millis(3)).await;
        busy.abort();
    })
    .unwrap();
}

#[test]
fn timers_fire_in_order_and_cancelled_ones_do_not() {
    let (words, say) = log();
    net::block_on(async move {
        net::set_timeout(say("late"), Duration::from_millis(9));
        net::set_timeout(say("early"), Duration::from_millis(3));
        let never = net::set_timeout(say("never"), Duration::from_millis(5));
        net::set_timeout(say("unheld"), Duration::from_secs(3600)).unref();
        net::clear(never);
    })
    .unwrap();
    assert_eq!(*words.borrow(), ["early", "late"]);
}

#[test]
fn a_timeout_drops_its_future() {
    net::block_on(async {
        assert!(net::timeout(Duration::from_millis(1), pending::<()>()).await.is_err());
        assert_eq!(net::timeout(Duration::from_secs(9), async { 4 }).await, Ok(4));
    })
    .unwrap();
}

/// A stream that outlives its loop tells so in the next one, instead of waiting for an event that cannot come.
#[test]
fn a_stream_of_a_loop_that_has_ended_is_an_error() {
    let mut streams = net::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (client, listener.accept().await.unwrap().0)
    })
    .unwrap();
    for _ in 0..2 {
        streams = net::block_on(async move {
            assert!(net::timeout(Duration::from_secs(5), streams.0.read(&mut [0; 4])).await.unwrap().is_err());
            streams
        })
        .unwrap();
    }
}

/// As an uncaught exception ends Node: whatever else would have gone on.
#[test]
fn a_panic_in_the_main_future_ends_the_loop() {
    let error = net::block_on(async {
        net::spawn(async {
            loop {
                net::sleep(Duration::from_secs(3600)).await;
            }
        });
        net::sleep(Duration::from_millis(1)).await;
        panic!("nobody catches this");
    })
    .unwrap_err();
    assert!(error.to_string().contains("nobody catches this"), "{error}");
}
