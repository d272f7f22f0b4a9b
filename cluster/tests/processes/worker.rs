//! What a worker of these tests does.

use std::{env, io, time::Duration};
use wirebook_cluster::{Options, Worker, run};
use wirebook_http1::{self as http1, Outcome, Request, Response};
use wirebook_net::{self as net, Stream, unix::UnixStream};

/// What a worker does, beside serving.
pub(crate) const TASK: &str = "CLUSTER_TEST_TASK";
/// Where it listens.
pub(crate) const PORT: &str = "CLUSTER_TEST_PORT";

/// Not a test, but what a worker runs.
#[test]
fn the_worker() {
    if env::var_os("NODE_UNIQUE_ID").is_none() {
        return;
    }
    let ended = run(Options::default(), work);
    if let Err(error) = &ended {
        eprintln!("a worker failed: {error}");
    }
    std::process::exit(i32::from(ended.is_err()));
}

async fn work(worker: Worker) -> io::Result<()> {
    let task = env::var(TASK).unwrap_or_default();
    let port: u16 = env::var(PORT).ok().and_then(|port| port.parse().ok()).unwrap_or(0);
    let me = worker.identity();
    match &*task {
        "dies" => std::process::exit(3),
        "dies in generation 2" if me.generation >= 2 => std::process::exit(4),
        // Long enough for whoever wants to disturb it.
        "slow later" if me.generation >= 2 => net::sleep(Duration::from_secs(3)).await,
        "garbage" => return garbage(&worker).await,
        "flood" => return flood(&worker).await,
        _ => {}
    }
    let options = http1::server::Options { idle_timeout: Duration::from_secs(20), ..Default::default() };
    let shown = worker.clone();
    let answer =
        async move |request: Request<'_>, response: Response<'_>| -> Outcome { reply(&shown, request, response).await };
    worker.listen(("127.0.0.1", port), |listener| http1::serve_on(listener, options, answer)).await?;
    if task == "two ports" {
        let shown = worker.clone();
        let answer = async move |request: Request<'_>, response: Response<'_>| -> Outcome {
            reply(&shown, request, response).await
        };
        worker.listen("127.0.0.1:0", |listener| http1::serve_on(listener, Default::default(), answer)).await?;
    }
    let _kept = (task == "full").then(fill);
    worker.serve().await
}

async fn reply(worker: &Worker, request: Request<'_>, response: Response<'_>) -> Outcome {
    let me = worker.identity();
    let text = format!("{} {} {}", me.worker, me.slot, std::process::id());
    match request.path() {
        "/slow" => {
            net::sleep(Duration::from_millis(700)).await;
            response.end(&text).await
        }
        "/bow" => {
            worker.bow().await?;
            response.end(&text).await
        }
        "/exit" => std::process::exit(9),
        "/descriptors" => {
            let count = std::fs::read_dir("/proc/self/fd")?.count();
            response.end(&format!("{count}")).await
        }
        "/long" => {
            worker.told_to_end().await;
            response.end("the end").await
        }
        _ => response.end(&text).await,
    }
}

/// Leaves no descriptor for the next connection.
fn fill() -> Vec<std::fs::File> {
    let limit = rustix::process::Rlimit { current: Some(64), maximum: Some(64) };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, limit).expect("a lower limit");
    let mut filler: Vec<std::fs::File> = std::iter::from_fn(|| std::fs::File::open("/dev/null").ok()).collect();
    filler.pop();
    filler
}

/// Breaks the channel's rules by hand, in a way that the number of the worker chooses.
async fn garbage(worker: &Worker) -> io::Result<()> {
    let deep = format!("{}{}\n", "[".repeat(100_000), "]".repeat(100_000));
    let said: Vec<u8> = match worker.identity().worker % 5 {
        0 => b"\xff\xfe\n".to_vec(),
        1 => deep.into_bytes(),
        2 => [vec![b'7'; 2 << 20], b"\n".to_vec()].concat(),
        3 => b"{\"cmd\":\"NODE_CLUSTER\",\"act\":\"fly\"}\n".to_vec(),
        _ => b"{\"cmd\":\"NODE_CLUSTER\",\"act\":\"ready\"}\n{\"cmd\":\"NODE_CLUSTER\",\"act\":\"ready\"}\n".to_vec(),
    };
    // That the master does not listen to the end is its right.
    let _ = UnixStream::from_fd(copy_of_the_channel()?)?.write_all(&said).await;
    net::sleep(Duration::from_secs(60)).await;
    Ok(())
}

/// This program has several threads, and so its environment still says which descriptor the channel is.
fn copy_of_the_channel() -> io::Result<std::os::fd::OwnedFd> {
    let number = env::var(wirebook_process::CHANNEL_FD).ok().and_then(|number| number.parse().ok());
    let this = rustix::process::pidfd_open(rustix::process::getpid(), rustix::process::PidfdFlags::empty())?;
    let flags = rustix::process::PidfdGetfdFlags::empty();
    Ok(rustix::process::pidfd_getfd(this, number.expect("a channel"), flags)?)
}

/// Row net-47: reports without an end, as messages and as lines.
async fn flood(worker: &Worker) -> io::Result<()> {
    for number in 0..200_000 {
        worker.channel().send(&format!("report {number}")).await?;
        eprintln!("line {number}");
    }
    worker.channel().send("flooded").await?;
    worker.serve().await
}
