//! Row net-05: a thousand signals a second interrupt every system call, and no request fails; and Ctrl-C as an event. A process of
//! its own, because signals are the process's.
#![allow(unsafe_code)]

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use wirebook_net::{
    self as net, Listener, Stream,
    tcp::{TcpListener, TcpStream},
};

static SIGNALS: AtomicU32 = AtomicU32::new(0);

extern "C" fn count(_signal: libc::c_int) {
    SIGNALS.fetch_add(1, Ordering::Relaxed);
}

/// SIGALRM `hertz` times a second, without SA_RESTART; 0 stops it.
fn alarm(hertz: i64) {
    // SAFETY: a sigaction of zeros has no flags (so no SA_RESTART) and an empty mask.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = count as extern "C" fn(libc::c_int) as usize;
    let time = libc::timeval { tv_sec: 0, tv_usec: if hertz == 0 { 0 } else { 1_000_000 / hertz } };
    let timer = libc::itimerval { it_interval: time, it_value: time };
    // SAFETY: the pointers are to locals; the handler only adds to an atomic, which is async-signal-safe.
    unsafe {
        assert_eq!(libc::sigaction(libc::SIGALRM, &raw const action, std::ptr::null_mut()), 0);
        assert_eq!(libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut()), 0);
    }
}

#[test]
fn net_05_interrupted_system_calls() {
    alarm(1000);
    let result = net::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = net::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                net::spawn(async move {
                    let mut bytes = net::buffer();
                    while let count @ 1.. = stream.read(&mut bytes).await.unwrap() {
                        stream.write_all(&bytes[..count]).await.unwrap();
                    }
                });
            }
        });
        let started = net::now();
        while net::now() - started < Duration::from_millis(700) {
            let stream = TcpStream::connect(address).await.unwrap();
            let mut bytes = [0; 64];
            for _ in 0..20 {
                stream.write_all(&[7; 64]).await.unwrap();
                let mut count = 0;
                while count < bytes.len() {
                    count += stream.read(&mut bytes[count..]).await.unwrap();
                }
                assert_eq!(bytes, [7; 64]);
            }
            net::sleep(Duration::from_millis(2)).await;
        }
        server.abort();
    });
    alarm(0);
    result.unwrap();
    assert!(SIGNALS.load(Ordering::Relaxed) > 100, "the signals came");
}

#[test]
fn ctrl_c_is_an_event() {
    net::block_on(async {
        let waiting = net::spawn(net::ctrl_c());
        net::yield_now().await;
        assert!(!waiting.is_finished());
        signal_hook::low_level::raise(signal_hook::consts::SIGINT).unwrap();
        net::timeout(Duration::from_secs(5), waiting).await.unwrap().unwrap().unwrap();
    })
    .unwrap();
}

#[test]
fn sets_of_signals_say_which_came() {
    net::block_on(async {
        let mut signals = net::signals(&[net::SIGHUP, net::SIGUSR2, net::SIGHUP]);
        for number in [net::SIGHUP, net::SIGUSR2, net::SIGUSR2, net::SIGHUP] {
            signal_hook::low_level::raise(number).unwrap();
            let came = net::timeout(Duration::from_secs(5), &mut signals).await.unwrap().unwrap();
            assert_eq!(came, number);
        }
        // Those that came at once are told one by one, and nothing is told twice.
        signal_hook::low_level::raise(net::SIGUSR2).unwrap();
        signal_hook::low_level::raise(net::SIGHUP).unwrap();
        let mut both = [(&mut signals).await.unwrap(), (&mut signals).await.unwrap()];
        both.sort_unstable();
        assert_eq!(both, [net::SIGHUP, net::SIGUSR2]);
        assert!(net::timeout(Duration::from_millis(20), &mut signals).await.is_err());
    })
    .unwrap();
}

#[test]
fn sigterm_asks_to_stop_as_well() {
    net::run(async {
        let waiting = net::spawn(net::ctrl_c());
        net::yield_now().await;
        signal_hook::low_level::raise(net::SIGTERM).unwrap();
        net::timeout(Duration::from_secs(5), waiting).await??
    })
    .unwrap();
}

#[test]
fn what_cannot_be_caught_is_an_error() {
    net::block_on(async {
        for numbers in [&[libc::SIGKILL][..], &[net::SIGTERM, libc::SIGSEGV], &[], &[-1], &[9999]] {
            let error = net::signals(numbers).await.unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "{numbers:?}: {error}");
        }
    })
    .unwrap();
}
