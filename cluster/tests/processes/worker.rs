//! What a worker of these tests does.

use std::{env, future::Future, io, pin::Pin, time::Duration};
use wirebook_cluster::{
    Agent, Drain, Listener, MAX_PORTS, Messenger, Options, Phase, Worker,
    messenger::{To, Who},
    run_with_agent,
    schedule::{Job, When, Whom},
};
use wirebook_http1::{self as http1, Outcome, Request, Response};
use wirebook_net::{self as net, Stream, unix::UnixStream};

/// What a worker does, beside serving.
pub(crate) const TASK: &str = "CLUSTER_TEST_TASK";
/// A file that the first agent makes, and a second one finds.
pub(crate) const AGAIN: &str = "CLUSTER_TEST_AGAIN";
/// Where it listens.
pub(crate) const PORT: &str = "CLUSTER_TEST_PORT";

/// Not a test, but what a worker runs.
#[test]
fn the_worker() {
    if env::var_os("NODE_UNIQUE_ID").is_none() {
        return;
    }
    let ended = run_with_agent(Options::default(), assist, work);
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
        "slow later" if me.generation >= 2 => net::sleep(Duration::from_millis(1500)).await,
        "garbage" => return garbage(&worker).await,
        "flood" => return flood(&worker).await,
        "slow start" => net::sleep(Duration::from_millis(400)).await,
        "forges" => return forges(&worker).await,
        "closes" => return closes().await,
        "accepts nothing" if me.worker == 1 => {
            worker.listen(("127.0.0.1", port), Idler).await?;
            return worker.serve().await;
        }
        "says" => return crate::words::say(&worker).await,
        "says much" => {
            let much = "\u{9b}".repeat(500_000);
            say_by_hand(format!("{{\"cmd\":\"NODE_CLUSTER\",\"act\":\"{much}\"}}\n").as_bytes()).await?;
            net::sleep(Duration::from_secs(60)).await;
        }
        _ => {}
    }
    if task != "hears nothing" {
        net::spawn(report(format!("worker {}", me.worker), worker.messenger(), worker.channel().clone()));
    }
    worker.jobs().on("slow", done(&worker, "slow", 150)).on("quick", done(&worker, "quick", 0));
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
    if task == "many ports" {
        // One more than there may be: it has one already.
        let mut refused = Ok(());
        for _ in 0..MAX_PORTS {
            let listen = worker.listen("127.0.0.1:0", |listener| {
                http1::serve_on(listener, Default::default(), async |_: Request<'_>, response: Response<'_>| {
                    response.end("").await
                })
            });
            assert!(refused.is_ok(), "the last one is refused");
            refused = listen.await.map(drop);
        }
        worker.channel().send(&refused.expect_err("a bound").to_string()).await?;
    }
    let _kept = (task == "full").then(fill);
    worker.serve().await
}

/// What the agent of these tests does.
async fn assist(agent: Agent) -> io::Result<()> {
    let task = env::var(TASK).unwrap_or_default();
    let again = env::var(AGAIN).is_ok_and(|path| std::path::Path::new(&path).exists());
    if task == "agent dies" || (task == "new agent dies" && again) {
        std::process::exit(5);
    }
    if let Ok(path) = env::var(AGAIN) {
        std::fs::write(path, "")?;
    }
    if task == "schedules" {
        let job = |name: &str, interval, whom| {
            let when = When::every(Duration::from_millis(interval)).expect("an interval");
            Job { name: name.into(), when, whom, at_once: false }
        };
        let jobs = [job("slow", 20, Whom::One), job("quick", 30, Whom::All), job("nobody's", 10, Whom::All)];
        jobs.into_iter().try_for_each(|job| agent.schedule(job)).map_err(io::Error::other)?;
    }
    net::spawn(report("agent".into(), agent.messenger(), agent.channel().clone()));
    net::spawn(answer(agent.messenger()));
    agent.serve().await
}

/// Says to all, when all are there, that it is.
async fn answer(messenger: Messenger) {
    if messenger.all_ready().await {
        messenger.send(To::All, "all ready", &messenger.workers().len()).await.expect("a master");
    }
}

/// Tells the master what it hears. Who is asked to answers whoever asked.
async fn report(me: String, messenger: Messenger, channel: wirebook_process::Channel) {
    while let Some(letter) = messenger.next().await {
        if letter.action == "answer" {
            messenger.send(To::One(letter.from), "answered", &std::process::id()).await.expect("a master");
        }
        let from = match letter.from {
            Who::Agent => "agent".to_owned(),
            Who::Worker(worker) => format!("worker {worker}"),
        };
        let said = format!("{me} heard {} {} of {from}", letter.action, letter.json);
        channel.send(&said).await.expect("a master");
    }
}

/// Tells the master that it begins and ends a job which lasts so long.
fn done(worker: &Worker, job: &'static str, milliseconds: u64) -> impl AsyncFn() + 'static {
    let worker = worker.clone();
    async move || {
        let me = worker.identity().worker;
        let tell = |what| {
            let (worker, text) = (worker.clone(), format!("{job} {what} in {me}"));
            async move { worker.channel().send(&text).await.expect("a master") }
        };
        tell("begins").await;
        net::sleep(Duration::from_millis(milliseconds)).await;
        tell("ends").await;
    }
}

/// To whom a path says something: `/say/workers`, `/say/process/7`.
fn to(path: &str) -> Option<To> {
    let mut names = path.strip_prefix("/say/")?.split('/');
    Some(match (names.next()?, names.next()) {
        ("all", _) => To::All,
        ("workers", _) => To::Workers,
        ("agent", _) => To::Agent,
        ("random", _) => To::Random,
        ("worker", number) => To::One(Who::Worker(number?.parse().ok()?)),
        ("process", number) => To::Process(number?.parse().ok()?),
        _ => return None,
    })
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
        path if path.starts_with("/busy") => {
            if path == "/busy/soon" {
                worker.channel().send("busy").await?;
            }
            loop {
                std::hint::spin_loop();
            }
        }
        "/exit" => std::process::exit(9),
        "/panic" => panic!("a bug"),
        "/answer" => {
            worker.messenger().send(To::Agent, "answer", &()).await?;
            response.end(&text).await
        }
        "/flood" => {
            // Two mebibytes, and an inbox holds one.
            for _ in 0..256 {
                worker.messenger().send(To::Workers, "flood", &"x".repeat(8192)).await?;
            }
            response.end(&text).await
        }
        "/missed" => response.end(&format!("{}", worker.messenger().missed())).await,
        path if path.starts_with("/say/") => {
            let to = to(path).expect("somebody to speak to");
            worker.messenger().send(to, "said", path).await?;
            response.end(&text).await
        }
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
    say_by_hand(&said).await?;
    net::sleep(Duration::from_secs(60)).await;
    Ok(())
}

/// Speaks as the agent, which it is not.
async fn forges(worker: &Worker) -> io::Result<()> {
    let said = b"{\"cmd\":\"NODE_CLUSTER\",\"act\":\"run\",\"worker\":1,\"job\":\"slow\"}\n";
    worker.ready().await?;
    say_by_hand(said).await?;
    net::sleep(Duration::from_secs(60)).await;
    Ok(())
}

/// A server that accepts nothing.
struct Idler(#[expect(dead_code, reason = "it is held, and that is all")] Listener);

impl Drain for Idler {
    fn enter(&self, _: Phase) {}

    fn open(&self) -> usize {
        0
    }

    fn gone(&self) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        Box::pin(async {})
    }
}

/// Ends its channel, and lives on.
async fn closes() -> io::Result<()> {
    UnixStream::from_fd(copy_of_the_channel()?)?.shutdown(std::net::Shutdown::Both)?;
    net::sleep(Duration::from_secs(60)).await;
    Ok(())
}

/// Says something over the channel, which its own end knows nothing of.
pub(crate) async fn say_by_hand(said: &[u8]) -> io::Result<()> {
    // That the master does not listen to the end is its right.
    let _ = UnixStream::from_fd(copy_of_the_channel()?)?.write_all(said).await;
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
