//! The thread pool: jobs that are aborted, jobs that never end, and what is no file. A process of its own, because it fills the pool.

use std::{
    io::ErrorKind,
    os::unix::{fs::FileTypeExt, net::UnixListener},
    path::PathBuf,
    process::Command,
    sync::{Mutex, MutexGuard, PoisonError, mpsc},
    time::Duration,
};
use wirebook_net::{self as net, JoinError};

/// The pool is the process's, so tests that fill it go one after the other.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Jobs that run until the senders are dropped, one for each thread.
async fn fill_the_pool() -> Vec<(mpsc::Sender<()>, net::JoinHandle<()>)> {
    let mut jobs = Vec::new();
    for _ in 0..net::pool_load().threads {
        let (end, ended) = mpsc::channel::<()>();
        jobs.push((end, net::spawn_blocking(move || ended.recv().unwrap_or(()))));
    }
    while net::pool_load().running < jobs.len() {
        net::yield_now().await;
    }
    jobs
}

#[test]
fn an_aborted_job_is_aborted_whether_it_runs_or_has_run() {
    let _alone = alone();
    net::block_on(async {
        let (begun, begins) = mpsc::channel();
        let (end, ended) = mpsc::channel::<()>();
        let job = net::spawn_blocking(move || {
            begun.send(()).unwrap();
            ended.recv().unwrap_or(());
            "result"
        });
        begins.recv().unwrap();
        job.abort();
        assert!(job.is_finished());
        drop(end);
        // The job ends, and its end must not take the place of the abort.
        while net::pool_load().running > 0 {
            net::yield_now().await;
        }
        assert_eq!(job.await, Err(JoinError::Aborted));

        let job = net::spawn_blocking(|| "result");
        while !job.is_finished() {
            net::yield_now().await;
        }
        job.abort();
        assert_eq!(job.await, Ok("result"), "what is finished keeps its result");
    })
    .unwrap();
}

#[test]
fn a_job_that_waits_is_taken_out_and_holds_nothing() {
    let _alone = alone();
    net::block_on(async {
        let jobs = fill_the_pool().await;
        let waiting = net::spawn_blocking(|| unreachable!("it is aborted before a thread is free"));
        assert_eq!(net::pool_load().waiting, 1);
        let before = net::alive().jobs;
        waiting.abort();
        assert_eq!(net::alive().jobs, before - 1);
        assert_eq!(net::pool_load().waiting, 0);
        assert_eq!(waiting.await, Err::<(), _>(JoinError::Aborted));
        for (end, job) in jobs {
            drop(end);
            job.await.unwrap();
        }
    })
    .unwrap();
}

#[test]
fn a_full_pool_can_be_seen() {
    let _alone = alone();
    net::block_on(async {
        let jobs = fill_the_pool().await;
        let waiting = net::spawn_blocking(|| ());
        let load = net::pool_load();
        assert_eq!((load.running, load.waiting), (load.threads, 1));
        for (end, job) in jobs {
            drop(end);
            job.await.unwrap();
        }
        waiting.await.unwrap();
        while net::pool_load().running > 0 {
            net::yield_now().await;
        }
        assert_eq!(net::pool_load().waiting, 0);
        assert_eq!(net::pool_load().longest_wait, Duration::ZERO);
    })
    .unwrap();
}

/// A directory of its own, with one of everything that is no regular file.
struct Zoo(PathBuf);

impl Zoo {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("wirebook-zoo-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        let fifo = path.join("fifo");
        assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        assert!(fifo.metadata().unwrap().file_type().is_fifo());
        drop(UnixListener::bind(path.join("socket")).unwrap());
        std::os::unix::fs::symlink(&fifo, path.join("link-to-fifo")).unwrap();
        std::fs::write(path.join("file"), "content").unwrap();
        std::os::unix::fs::symlink(path.join("file"), path.join("link-to-file")).unwrap();
        Zoo(path)
    }
}

impl Drop for Zoo {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// Twice as many as there are threads: each that blocked one would stop all.
#[test]
fn what_is_no_regular_file_is_an_error_at_once() {
    let _alone = alone();
    let zoo = Zoo::new();
    let path = zoo.0.clone();
    net::block_on(async move {
        let animals =
            [path.join("fifo"), path.join("link-to-fifo"), path.join("socket"), "/dev/zero".into(), "/dev/null".into()];
        for animal in animals.iter().cycle().take(2 * animals.len()) {
            let soon = |what| format!("{what} {} is an error at once", animal.display());
            let read = net::timeout(Duration::from_secs(20), net::read_file(animal)).await;
            let error = read.unwrap_or_else(|_| panic!("{}", soon("reading"))).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
            assert_eq!(error.to_string(), format!("cannot read {}: it is not a regular file", animal.display()));
            let written = net::timeout(Duration::from_secs(20), net::write_file(animal, "x")).await;
            let error = written.unwrap_or_else(|_| panic!("{}", soon("writing"))).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
            assert_eq!(error.to_string(), format!("cannot write {}: it is not a regular file", animal.display()));
            let opened = net::spawn_blocking({
                let animal = animal.clone();
                move || net::open_regular(animal)
            });
            assert_eq!(opened.await.unwrap().unwrap_err().kind(), ErrorKind::InvalidInput);
            assert!(net::stat(animal).await.is_ok(), "asking about it is no error");
        }
        assert_eq!(net::read_file(path.join("link-to-file")).await.unwrap(), b"content");
        net::write_file(path.join("link-to-file"), "new").await.unwrap();
        assert_eq!(net::read_file(path.join("file")).await.unwrap(), b"new", "what was longer is cut");
        let missing = net::read_file(path.join("missing")).await.unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NotFound);
        assert!(missing.to_string().starts_with("cannot read "), "{missing}");
        assert_eq!(net::read_file(&path).await.unwrap_err().kind(), ErrorKind::IsADirectory);
        assert_eq!(net::write_file(&path, "x").await.unwrap_err().kind(), ErrorKind::IsADirectory);
        assert!(!net::read_file("/proc/self/status").await.unwrap().is_empty(), "a regular file without a length");
    })
    .unwrap();
}
