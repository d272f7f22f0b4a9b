//! A master in a process of its own: this test program started again; and a guest, which knows no master.

use crate::{
    kit::{options, signal, under_load},
    worker::{PORT, TASK},
};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::{
    cell::Cell,
    env, fs, io,
    net::SocketAddr,
    os::unix::net::UnixDatagram,
    path::Path,
    process::{Child, Command, Stdio},
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};
use tempfile::TempDir;
use wirebook_cluster::{
    Guests, News, Options, Policy, Program, govern,
    host::{Background, Daemon, Listing, LogOptions, Place, Reply, Request, Side, ask, detach},
};
use wirebook_http1 as http1;
use wirebook_net as net;
use wirebook_process::passed;

/// A guest says again and again how it is.
pub(crate) const CHATTERS: &str = "CLUSTER_TEST_CHATTERS";
/// What the master is like, as JSON.
pub(crate) const MASTER: &str = "CLUSTER_TEST_MASTER";

/// Not a test, but a master.
#[test]
fn the_master() {
    let Ok(wanted) = env::var(MASTER) else { return };
    if env::var_os("NODE_UNIQUE_ID").is_some() || env::var_os("WIREBOOK_UNIQUE_ID").is_some() {
        return;
    }
    let wanted: Value = serde_json::from_str(&wanted).unwrap();
    let text = |name: &str| wanted[name].as_str().map(String::from);
    let place = Place::within(Path::new(&text("folder").unwrap()), "test").unwrap();
    let policy = match wanted["policy"].as_str() {
        Some("shared") => Policy::Shared,
        Some("reuse-port") => Policy::ReusePort,
        _ => Policy::RoundRobin,
    };
    let words = |name: &str| -> Vec<String> {
        wanted[name].as_array().into_iter().flatten().filter_map(|word| word.as_str().map(String::from)).collect()
    };
    let program = match &words("program")[..] {
        [path, arguments @ ..] => Program { path: path.into(), arguments: arguments.iter().map(Into::into).collect() },
        [] => Program {
            path: env::current_exe().unwrap(),
            arguments: ["--exact", "worker::the_worker", "--nocapture"].map(Into::into).to_vec(),
        },
    };
    let told_at_first_port = wanted["told at first port"].as_bool() == Some(true);
    let log = LogOptions { file: Some(place.log()), ..LogOptions::default() };
    let time = |name: &str| wanted[name].as_u64().map(Duration::from_millis);
    let mut usual = under_load(options(wanted["workers"].as_u64().unwrap_or(1) as usize, policy));
    usual.supervisor.beat = time("beat").unwrap_or(usual.supervisor.beat);
    usual.supervisor.start_timeout = time("worker's start").unwrap_or(usual.supervisor.start_timeout);
    let options = Options {
        listen: words("listen"),
        program: Some(program),
        guests: wanted["guests"].as_u64().map(|after| Guests { ready_after: Duration::from_millis(after) }),
        log: Some(log.clone()),
        user: wanted["user"].as_u64().map(|user| (user as u32, user as u32)),
        place: Some(place),
        news: Some(Rc::new(move |news| {
            if told_at_first_port && matches!(news, News::Listening { .. }) {
                signal(std::process::id() as i32, Signal::TERM);
            }
        })),
        ..usual
    };
    let daemon = wanted["daemon"].as_bool() == Some(true);
    let forgets = wanted["forgets"].as_bool() == Some(true);
    let usual = Daemon::default();
    let start_timeout = time("start timeout").unwrap_or(usual.start_timeout);
    let kill_after = time("kill after").unwrap_or(usual.kill_after);
    let code = net::block_on(async move {
        let background = if daemon {
            match detach(&Daemon { output: log.file, start_timeout, kill_after }).await {
                Ok(Side::Background(background)) if forgets => {
                    // Whoever started it, it is deaf to all, and lives on.
                    let _deaf = net::signals(&[net::SIGTERM]);
                    let pid_file = options.place.as_ref().expect("a place").pid_file();
                    fs::write(pid_file, std::process::id().to_string()).unwrap();
                    drop(background);
                    net::sleep(Duration::from_secs(60)).await;
                    return 0;
                }
                Ok(Side::Background(background)) => background,
                Ok(Side::Starter { pid, said }) => {
                    println!("it serves {pid} {said}");
                    net::stop();
                    return 0;
                }
                Err(error) => {
                    println!("it fails: {error}");
                    net::stop();
                    return 1;
                }
            }
        } else {
            Background::default()
        };
        let code = govern(options, background).await;
        net::stop();
        code.unwrap_or_else(|error| {
            println!("it fails: {error}");
            1
        })
    });
    std::process::exit(i32::from(code.unwrap()));
}

/// A guest: a program that takes what systemd gives, and knows no master.
#[test]
fn the_guest() {
    if env::var_os("LISTEN_FDS").is_none() {
        return;
    }
    let served = net::block_on(async {
        let given = passed()?.pop().expect("a listener");
        assert!(given.name.starts_with("127.0.0.1_"), "{}", given.name);
        let listener = net::tcp::TcpListener::from_fd(given.descriptor)?;
        let answer = async |request: http1::Request<'_>, response: http1::Response<'_>| {
            if request.path() == "/slow" {
                net::sleep(Duration::from_millis(700)).await;
            }
            response.end(format!("{0} 0 {0}", std::process::id())).await
        };
        let stopped = Rc::new(Cell::new(false));
        let listener = UntilStopped { listener, stopped: stopped.clone() };
        let server = http1::serve_on(listener, http1::server::Options::default(), answer);
        let stop = net::ctrl_c();
        println!("a guest serves");
        if let Ok(path) = env::var("NOTIFY_SOCKET") {
            let socket = UnixDatagram::unbound()?;
            socket.send_to(b"STATUS=well\nREADY=1\n", &path)?;
            if env::var_os(CHATTERS).is_some() {
                net::spawn(async move {
                    loop {
                        // That nobody listens to the end is right.
                        let _ = socket.send_to(b"STATUS=well\n", &path);
                        net::sleep(Duration::from_millis(20)).await;
                    }
                });
            }
        }
        stop.await?;
        // What it has accepted it serves; what is in the queue is others'.
        stopped.set(true);
        server.retire();
        net::sleep(Duration::from_secs(1)).await;
        server.close();
        server.closed().await;
        net::stop();
        io::Result::Ok(())
    });
    served.unwrap().unwrap();
    std::process::exit(0);
}

/// Accepts nothing any more when it is told so, and lets the queue be.
struct UntilStopped {
    listener: net::tcp::TcpListener,
    stopped: Rc<Cell<bool>>,
}

impl net::Listener for UntilStopped {
    type Stream = net::tcp::TcpStream;
    type Address = SocketAddr;

    fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<(net::tcp::TcpStream, SocketAddr)>> {
        if self.stopped.get() { Poll::Pending } else { net::Listener::poll_accept(&self.listener, context) }
    }
}

/// A master in a process of its own. Dropping it ends it, and whoever has taken its place.
pub(crate) struct Master {
    pub(crate) child: Child,
    pub(crate) folder: TempDir,
}

impl Master {
    pub(crate) fn start(wanted: Value, change: impl FnOnce(&mut Command)) -> Master {
        Master::start_as(&env::current_exe().unwrap(), wanted, change)
    }

    pub(crate) fn start_as(program: &Path, wanted: Value, change: impl FnOnce(&mut Command)) -> Master {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Master::command(program, folder.path(), wanted);
        change(&mut command);
        Master { child: command.spawn().unwrap(), folder }
    }

    /// What starts one whose place is in that folder.
    pub(crate) fn command(program: &Path, folder: &Path, mut wanted: Value) -> Command {
        wanted["folder"] = json!(folder.join("clusters"));
        let mut command = Command::new(program);
        command.args(["--exact", "master::the_master", "--nocapture"]);
        command.env(MASTER, wanted.to_string()).env(TASK, "").env(PORT, "0").stdout(Stdio::null());
        command
    }

    pub(crate) fn place(&self) -> Place {
        Place::within(&self.folder.path().join("clusters"), "test").unwrap()
    }

    /// The process that holds the name.
    pub(crate) fn pid(&self) -> Option<i32> {
        fs::read_to_string(self.place().pid_file()).ok()?.trim().parse().ok()
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.place().log()).unwrap_or_default()
    }

    pub(crate) async fn asked(&self, request: Request) -> io::Result<Reply> {
        let channel = ask(&self.place().socket(), &request).await?;
        channel.next().await?.ok_or(io::ErrorKind::UnexpectedEof)?.parse()
    }

    pub(crate) async fn listing(&self) -> Option<Listing> {
        match self.asked(Request::List).await {
            Ok(Reply::Listing(listing)) => Some(listing),
            _ => None,
        }
    }

    /// Waits until all serve.
    pub(crate) async fn serves(&self) -> Listing {
        loop {
            if let Some(listing) = self.listing().await.filter(|listing| listing.state == "serves") {
                return listing;
            }
            net::sleep(Duration::from_millis(10)).await;
        }
    }

    pub(crate) async fn ended(&mut self) -> i32 {
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            net::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Master {
    fn drop(&mut self) {
        // Workers go with their master. Whoever holds the name now may be another process than the first.
        let holder = self.pid();
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(holder) = holder.filter(|pid| is_alive(*pid)) {
            signal(holder, Signal::KILL);
        }
    }
}

/// A process that ends with this, also where a test fails.
pub(crate) struct Ended(pub(crate) i32);

impl Drop for Ended {
    fn drop(&mut self) {
        if is_alive(self.0) {
            signal(self.0, Signal::KILL);
        }
    }
}

pub(crate) fn is_alive(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z")
}

pub(crate) async fn until_async(mut check: impl AsyncFnMut() -> bool) {
    while !check().await {
        net::sleep(Duration::from_millis(10)).await;
    }
}
