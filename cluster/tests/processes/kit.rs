//! A master in this process, clients, and what they saw.

use crate::worker::{PORT, TASK};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    future::Future,
    io,
    net::SocketAddr,
    process::Command,
    rc::Rc,
    time::Duration,
};
use wirebook_cluster::{Farewell, Master, News, Options, Policy, Program, Workers, supervisor};
use wirebook_net::{self as net, Stream, tcp::TcpStream};

/// Tests in their full form take so many seconds: `WIREBOOK_SECONDS=60`. `None` for the short one.
pub(crate) fn full_form() -> Option<u64> {
    std::env::var("WIREBOOK_SECONDS").ok()?.parse().ok().filter(|seconds| *seconds > 0)
}

/// No test of these lasts longer.
const LONGEST: Duration = Duration::from_secs(180);
/// Whoever waits longer hangs.
pub(crate) const HANGS: Duration = Duration::from_secs(15);

pub(crate) fn block_on<T: 'static>(test: impl Future<Output = T> + 'static) -> T {
    let bounded = async {
        let result = net::timeout(LONGEST, test).await;
        net::stop();
        result
    };
    net::block_on(bounded).expect("a loop").expect("the test took too long")
}

/// A cluster of this test program.
pub(crate) struct Cluster {
    pub(crate) master: Master,
    pub(crate) address: SocketAddr,
    pub(crate) news: Rc<RefCell<Vec<News>>>,
}

/// Options that suit tests: quick, and patient with a loaded machine.
pub(crate) fn options(workers: usize, policy: Policy) -> Options {
    let unlimited = supervisor::RestartLimit { deaths: usize::MAX, ..Default::default() };
    let at_once = supervisor::BackOff { first: Duration::ZERO, ..Default::default() };
    Options {
        workers: Workers::Count(workers),
        policy,
        supervisor: supervisor::Options { limit: unlimited, back_off: at_once, ..Default::default() },
        farewell: Farewell { lame_duck: Duration::from_millis(500), ..Farewell::default() },
        ..Options::default()
    }
}

/// For clients that go on asking: an idle connection is left alone for longer than they pause, also if they stand for a while because
/// the machine has other things to do.
pub(crate) fn under_load(mut options: Options) -> Options {
    options.farewell.lame_duck = Duration::from_secs(3);
    options
}

impl Cluster {
    /// Starts it, and waits until all serve.
    pub(crate) async fn start(task: &str, options: Options) -> Cluster {
        let cluster = Cluster::begin(task, options);
        cluster.serves().await;
        let address = cluster.master.addresses()[0];
        Cluster { address, ..cluster }
    }

    /// Starts it.
    pub(crate) fn begin(task: &str, options: Options) -> Cluster {
        let news = Rc::new(RefCell::new(Vec::new()));
        let heard = news.clone();
        let hook = move |told: &News| {
            let is_flood = matches!(told, News::Message { json, .. } if json.contains("report"));
            if !is_flood {
                heard.borrow_mut().push(told.clone());
            }
        };
        let this = Program::this().expect("this program");
        // A shell in between sets the task, and is the program afterwards.
        let script =
            format!("{TASK}='{task}' {PORT}=0 exec \"$0\" --exact worker::the_worker --nocapture >/dev/null 2>&1");
        let program =
            Program { path: "/bin/sh".into(), arguments: vec!["-c".into(), script.into(), this.path.into_os_string()] };
        let options = Options { program: Some(program), news: Some(Rc::new(hook)), ..options };
        let master = Master::start(options).expect("a master");
        Cluster { master, address: SocketAddr::from(([0, 0, 0, 0], 0)), news }
    }

    pub(crate) fn ready(&self) -> usize {
        self.master.workers().iter().filter(|seen| seen.view.state == supervisor::State::Ready).count()
    }

    /// Waits until as many serve as should, and nobody else is there.
    pub(crate) async fn serves(&self) {
        until(|| {
            let workers = self.master.workers().len();
            !self.master.is_reloading() && (workers, self.ready()) == (self.master.wanted(), self.master.wanted())
        })
        .await;
    }

    pub(crate) fn pids(&self) -> Vec<i32> {
        self.master.workers().iter().filter_map(|seen| seen.pid).collect()
    }

    pub(crate) async fn end(self) {
        self.master.leave();
        assert_eq!(self.master.ended().await, 0);
    }
}

/// Whether this process runs that test and no other. If it does not, it starts one that does, and what is left to say is whether that
/// went well: a process's memory and descriptors are those of all tests that it runs.
pub(crate) fn is_alone(test: &str) -> bool {
    const ALONE: &str = "CLUSTER_TEST_ALONE";
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let this = std::env::current_exe().expect("this program");
    let output = Command::new(this).args(["--exact", test, "--nocapture"]).env(ALONE, "1").output().expect("a process");
    let said = [&output.stdout[..], &output.stderr].concat();
    println!("{}", String::from_utf8_lossy(&said));
    assert!(output.status.success(), "{}", output.status);
    false
}

/// Whether this process is not root, to whom the system refuses nothing. If it is, it starts one that is not and runs that test, and what is
/// left to say is whether that went well.
pub(crate) fn is_nobody(test: &str) -> bool {
    use std::os::unix::process::CommandExt;
    const NOBODY: u32 = 64_737;
    if !rustix::process::geteuid().is_root() {
        return true;
    }
    let this = std::env::current_exe().expect("this program");
    let mut command = Command::new(this);
    command.args(["--exact", test, "--nocapture"]).uid(NOBODY).gid(NOBODY).current_dir("/").env_remove("TMPDIR");
    match command.output() {
        Ok(output) => {
            let said = [&output.stdout[..], &output.stderr].concat();
            println!("{}", String::from_utf8_lossy(&said));
            assert!(output.status.success(), "{}", output.status);
        }
        Err(error) => eprintln!("SKIPPED: {test}: another user cannot run this program: {error}"),
    }
    false
}

/// Waits until nobody holds a port: who dies lets go of it a moment before or after others see that.
pub(crate) async fn until_refused(address: SocketAddr) {
    while TcpStream::connect(address).await.is_ok() {
        net::sleep(Duration::from_millis(2)).await;
    }
}

/// Waits until something is so.
pub(crate) async fn until(mut check: impl FnMut() -> bool) {
    while !check() {
        net::sleep(Duration::from_millis(2)).await;
    }
}

pub(crate) fn signal(pid: i32, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(pid).expect("a process");
    // That it has ended meanwhile is what others do on purpose.
    let _ = rustix::process::kill_process(pid, signal);
}

/// Stops a process, and waits until it stands: the signal reaches one thread of it, which then stops the others.
pub(crate) async fn stop(pid: i32) {
    signal(pid, rustix::process::Signal::STOP);
    let stands = |task: std::fs::DirEntry| {
        let stat = std::fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        stat.rsplit(") ").next().is_some_and(|state| state.starts_with('T'))
    };
    let tasks = format!("/proc/{pid}/task");
    until(|| std::fs::read_dir(&tasks).expect("a process").all(|task| stands(task.expect("a thread")))).await;
}

/// An answer: its status, whether the connection goes on, and the text.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) goes_on: bool,
    pub(crate) text: String,
}

impl Answer {
    /// Which worker gave it.
    pub(crate) fn worker(&self) -> u64 {
        self.text.split(' ').next().and_then(|number| number.parse().ok()).expect("a worker's number")
    }
}

/// Asks on a connection.
pub(crate) async fn ask(stream: &TcpStream, path: &str) -> io::Result<Answer> {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n").as_bytes()).await?;
    let mut read = Vec::new();
    let mut bytes = [0; 1024];
    loop {
        let count = stream.read(&mut bytes).await?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        read.extend_from_slice(&bytes[..count]);
        let text = String::from_utf8_lossy(&read);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let head = head.to_ascii_lowercase();
        let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()?.parse().ok());
        if body.len() >= length.expect("a length") {
            assert!(head.starts_with("http/1.1 200"), "{head}");
            return Ok(Answer { goes_on: !head.contains("connection: close"), text: body.to_owned() });
        }
    }
}

/// One request on a connection of its own.
pub(crate) async fn once(address: SocketAddr, path: &str) -> io::Result<Answer> {
    let stream = TcpStream::connect(address).await?;
    ask(&stream, path).await
}

/// What clients saw.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Answers, by worker.
    pub(crate) answers: RefCell<BTreeMap<u64, usize>>,
    /// Connections that broke, by the worker that had answered on them; `None` where none had yet.
    pub(crate) broke: RefCell<Vec<(Option<u64>, String)>>,
    pub(crate) hung: Cell<usize>,
    stop: Cell<bool>,
}

impl Tally {
    pub(crate) fn count(&self) -> usize {
        self.answers.borrow().values().sum()
    }
}

/// Clients that ask again and again; each keeps a connection for `kept` requests. Between two of them one waits for `pause` on
/// average, the next for less or more.
pub(crate) struct Load {
    pub(crate) tally: Rc<Tally>,
    clients: Vec<net::JoinHandle<()>>,
}

impl Load {
    pub(crate) fn begin(address: SocketAddr, clients: usize, kept: usize, pause: Duration) -> Load {
        let tally = Rc::new(Tally::default());
        let pause = |number: usize| pause.mul_f64((number % 13) as f64 / 6.0);
        let client = |number| net::spawn(client(address, number, kept, pause(number), tally.clone()));
        let clients = (0..clients).map(client).collect();
        Load { tally, clients }
    }

    pub(crate) async fn end(self) -> Rc<Tally> {
        self.tally.stop.set(true);
        for client in self.clients {
            client.await.expect("a client");
        }
        self.tally
    }
}

async fn client(address: SocketAddr, number: usize, kept: usize, pause: Duration, tally: Rc<Tally>) {
    let path = format!("/?sid={number}");
    while !tally.stop.get() {
        let mut owner = None;
        let talk = async {
            let stream = TcpStream::connect(address).await?;
            for _ in 0..kept {
                let answer = net::timeout(HANGS, ask(&stream, &path)).await.inspect_err(|_| {
                    tally.hung.set(tally.hung.get() + 1);
                })??;
                owner = Some(answer.worker());
                *tally.answers.borrow_mut().entry(answer.worker()).or_default() += 1;
                if !answer.goes_on || tally.stop.get() {
                    break;
                }
                net::sleep(pause).await;
            }
            io::Result::Ok(())
        };
        if let Err(error) = talk.await {
            tally.broke.borrow_mut().push((owner, error.to_string()));
        }
    }
}
