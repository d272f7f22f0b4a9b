//! The end of a loop: whatever destructors do, the thread is free afterwards and nobody is harmed.

use std::{
    cell::{Cell, RefCell},
    future::{pending, poll_fn},
    rc::Rc,
    sync::mpsc,
    task::{Poll, Waker},
    time::{Duration, Instant},
};
use wirebook_net::{self as net, JoinError};

struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("a destructor panics");
    }
}

struct Counts(Rc<Cell<usize>>);

impl Drop for Counts {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

/// In tasks, timers and intervals.
#[test]
fn a_destructor_that_panics_costs_nobody_else_anything() {
    let dropped = Rc::new(Cell::new(0));
    let counts = |_| Counts(dropped.clone());
    let mut others = (0..4).map(counts).collect::<Vec<_>>();
    let value = net::block_on(async move {
        let bomb = PanicsWhenDropped;
        net::spawn(async move {
            let _bomb = bomb;
            pending::<()>().await;
        });
        for other in [others.pop(), others.pop()] {
            net::spawn(async move {
                let _other = other;
                pending::<()>().await;
            });
        }
        let (bomb, other) = (PanicsWhenDropped, others.pop());
        net::set_timeout(move || drop(bomb), Duration::from_secs(3600));
        net::set_timeout(move || drop(other), Duration::from_secs(3600));
        net::yield_now().await;
        let (bomb, other) = (PanicsWhenDropped, others.pop());
        net::set_interval(move || assert!(size_of_val(&bomb) == 0), Duration::from_secs(3600));
        net::set_interval(move || assert!(other.is_some()), Duration::from_secs(3600));
        net::stop();
        pending::<u8>().await
    });
    assert!(value.is_err(), "the main future did not finish");
    assert_eq!(dropped.get(), 4);
    assert_eq!(net::block_on(async { 7 }).unwrap(), 7, "the thread is free for another loop");
}

#[test]
fn a_panic_of_a_callback_frees_the_thread_too() {
    let result = std::panic::catch_unwind(|| {
        net::block_on(async {
            net::spawn(async {
                let _bomb = PanicsWhenDropped;
                pending::<()>().await;
            });
            net::set_timeout(|| panic!("a callback panics"), Duration::from_millis(1));
            pending::<()>().await;
        })
    });
    assert!(result.is_err());
    assert_eq!(net::block_on(async { 7 }).unwrap(), 7);
}

/// Aborting is the other time at which the destructors of a task run: the panic is the task's.
#[test]
fn a_destructor_that_panics_when_its_task_is_aborted_is_a_panic_of_the_task() {
    net::block_on(async {
        let task = net::spawn(async {
            let _bomb = PanicsWhenDropped;
            pending::<()>().await;
        });
        net::yield_now().await;
        task.abort();
        assert_eq!(task.await, Err(JoinError::Panicked("a destructor panics".into())));
        let task = net::spawn(async {
            let _bomb = PanicsWhenDropped;
        });
        assert_eq!(task.await, Err(JoinError::Panicked("a destructor panics".into())));
    })
    .unwrap();
}

/// A waker may outlive its loop and be woken or dropped on any thread, also when the loop was torn down in a panic.
#[test]
fn wakers_outlive_the_loop_on_other_threads() {
    let (sender, wakers) = mpsc::channel::<Waker>();
    let other = std::thread::spawn(move || {
        for (number, waker) in wakers.into_iter().enumerate() {
            if number % 2 == 0 {
                waker.wake_by_ref();
            }
            drop(waker);
        }
    });
    for _ in 0..20 {
        let sender = sender.clone();
        let error = net::block_on(async move {
            for _ in 0..20 {
                let sender = sender.clone();
                net::spawn(async move {
                    let _bomb = PanicsWhenDropped;
                    poll_fn(|context| {
                        sender.send(context.waker().clone()).unwrap();
                        Poll::<()>::Pending
                    })
                    .await;
                });
            }
            net::yield_now().await;
            net::stop();
            pending::<()>().await;
        });
        assert!(error.is_err());
    }
    drop(sender);
    other.join().expect("no waker did any harm");
}

/// What destructors start while the loop is torn down is torn down as well.
#[test]
fn destructors_may_use_the_loop() {
    struct StartsMore(Rc<RefCell<Vec<&'static str>>>);
    impl Drop for StartsMore {
        fn drop(&mut self) {
            let log = self.0.clone();
            log.borrow_mut().push("dropped");
            net::set_timeout(move || log.borrow_mut().push("never"), Duration::from_millis(1));
            drop(net::spawn(async { unreachable!("the loop has ended") }));
            assert!(net::block_on(async {}).is_err(), "a loop still runs on this thread");
        }
    }
    let log = Rc::new(RefCell::new(Vec::new()));
    let theirs = log.clone();
    net::block_on(async move {
        net::spawn(async move {
            let _starts = StartsMore(theirs);
            pending::<()>().await;
        });
        net::yield_now().await;
        net::stop();
    })
    .unwrap();
    assert_eq!(*log.borrow(), ["dropped"]);
}

/// Ten times as many tasks and timers take about ten times as long to tear down, and not a hundred times.
#[test]
fn tearing_down_is_linear() {
    let time = |count: usize| {
        let began = Rc::new(Cell::new(Instant::now()));
        let theirs = began.clone();
        net::block_on(async move {
            for _ in 0..count {
                net::spawn(pending::<()>());
                net::set_timeout(|| {}, Duration::from_secs(3600));
            }
            net::yield_now().await;
            net::stop();
            theirs.set(Instant::now());
        })
        .unwrap();
        began.get().elapsed()
    };
    // The best of several, as the machine may be busy.
    let best = |count| (0..4).map(|_| time(count)).min().expect("five runs");
    let (few, many) = (best(10_000), best(100_000));
    assert!(many < few * 40 + Duration::from_millis(20), "{few:?} for 10 000 and {many:?} for 100 000");
}
