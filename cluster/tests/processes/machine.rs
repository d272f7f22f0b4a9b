//! A master and its machine: found by an operator, replaced by a new one, given its ports by others, watched by systemd, in the
//! background, and the first process of a system. Here the master is a process of its own: this test program started again.

use crate::{
    kit::{Load, block_on, once, options, signal, under_load, until, until_refused},
    worker::{PORT, TASK},
};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::{
    cell::Cell,
    env, fs, io,
    io::Read,
    net::{SocketAddr, TcpListener},
    os::unix::net::UnixDatagram,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};
use tempfile::TempDir;
use wirebook_cluster::{
    Guests, Options, Policy, Program, govern,
    host::{Background, Daemon, Listing, LogOptions, MAX_OPERATORS, Place, Reply, Request, Side, ask, detach},
};
use wirebook_http1 as http1;
use wirebook_net::{self as net, Stream, unix::UnixStream};
use wirebook_process::{activated, passed};

/// What the master is like, as JSON.
const MASTER: &str = "CLUSTER_TEST_MASTER";

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
    let log = LogOptions { file: Some(place.log()), ..LogOptions::default() };
    let options = Options {
        listen: words("listen"),
        program: Some(program),
        guests: wanted["guests"].as_u64().map(|after| Guests { ready_after: Duration::from_millis(after) }),
        log: Some(log.clone()),
        user: wanted["user"].as_u64().map(|user| (user as u32, user as u32)),
        place: Some(place),
        news: Some(Rc::new(|_| {})),
        ..under_load(options(wanted["workers"].as_u64().unwrap_or(1) as usize, policy))
    };
    let daemon = wanted["daemon"].as_bool() == Some(true);
    let code = net::block_on(async move {
        let background = if daemon {
            match detach(&Daemon { output: log.file, ..Daemon::default() }).await {
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
        println!("a guest serves");
        if let Ok(path) = env::var("NOTIFY_SOCKET") {
            UnixDatagram::unbound()?.send_to(b"STATUS=well\nREADY=1\n", path)?;
        }
        net::ctrl_c().await?;
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
struct Master {
    child: Child,
    folder: TempDir,
}

impl Master {
    fn start(wanted: Value, change: impl FnOnce(&mut Command)) -> Master {
        Master::start_as(&env::current_exe().unwrap(), wanted, change)
    }

    fn start_as(program: &Path, mut wanted: Value, change: impl FnOnce(&mut Command)) -> Master {
        let folder = tempfile::tempdir().unwrap();
        wanted["folder"] = json!(folder.path().join("clusters"));
        let mut command = Command::new(program);
        command.args(["--exact", "machine::the_master", "--nocapture"]);
        command.env(MASTER, wanted.to_string()).env(TASK, "").env(PORT, "0").stdout(Stdio::null());
        change(&mut command);
        Master { child: command.spawn().unwrap(), folder }
    }

    fn place(&self) -> Place {
        Place::within(&self.folder.path().join("clusters"), "test").unwrap()
    }

    /// The process that holds the name.
    fn pid(&self) -> Option<i32> {
        fs::read_to_string(self.place().pid_file()).ok()?.trim().parse().ok()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.place().log()).unwrap_or_default()
    }

    async fn asked(&self, request: Request) -> io::Result<Reply> {
        let channel = ask(&self.place().socket(), &request).await?;
        channel.next().await?.ok_or(io::ErrorKind::UnexpectedEof)?.parse()
    }

    async fn listing(&self) -> Option<Listing> {
        match self.asked(Request::List).await {
            Ok(Reply::Listing(listing)) => Some(listing),
            _ => None,
        }
    }

    /// Waits until all serve.
    async fn serves(&self) -> Listing {
        loop {
            if let Some(listing) = self.listing().await.filter(|listing| listing.state == "serves") {
                return listing;
            }
            net::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn ended(&mut self) -> i32 {
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
struct Ended(i32);

impl Drop for Ended {
    fn drop(&mut self) {
        if is_alive(self.0) {
            signal(self.0, Signal::KILL);
        }
    }
}

fn is_alive(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z")
}

// --- an operator

#[test]
fn an_operator_is_answered() {
    block_on(async {
        let mut master = Master::start(json!({ "workers": 2, "listen": ["127.0.0.1:0"] }), |_| {});
        let listing = master.serves().await;
        assert_eq!((listing.workers.len(), listing.wanted, &*listing.name), (2, 2, "test"));
        assert_eq!((listing.pid as i32, Some(listing.pid as i32)), (master.child.id() as i32, master.pid()));
        let Ok(Reply::Done { said }) = master.asked(Request::Reload).await else { panic!("it is not reloaded") };
        assert_eq!(said, "all workers are of generation 2");
        assert!(matches!(master.asked(Request::Scale { workers: 3 }).await, Ok(Reply::Done { .. })));
        until_async(async || master.serves().await.workers.len() == 3).await;
        for workers in [0, 257] {
            assert!(matches!(master.asked(Request::Scale { workers }).await, Ok(Reply::Refused { .. })));
        }
        // The log says what happened, and a follower hears what happens.
        let channel = ask(&master.place().socket(), &Request::Logs { lines: 1000, follow: true }).await.unwrap();
        let heard = async |wanted: &str| loop {
            match channel.next().await.unwrap().expect("more").parse().unwrap() {
                Reply::Line(line) if line.text.contains(wanted) => return line,
                _ => {}
            }
        };
        assert_eq!(heard("generation 2").await.worker, 0);
        signal(master.serves().await.workers[0].pid.unwrap(), Signal::KILL);
        heard("has died: signal 9").await;
        assert!(matches!(master.asked(Request::Stop { now: false }).await, Ok(Reply::Done { .. })));
        assert_eq!(master.ended().await, 0);
        let left: Vec<PathBuf> =
            fs::read_dir(master.folder.path().join("clusters")).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(left, [master.place().log()], "the socket and the number are gone");
    });
}

/// What is no request is refused, what breaks the channel's rules ends it, and too many operators are turned away; the master
/// lives.
#[test]
fn an_operator_who_says_what_is_no_request() {
    block_on(async {
        let master = Master::start(json!({ "workers": 1, "listen": ["127.0.0.1:0"] }), |_| {});
        master.serves().await;
        let path = master.place().socket();
        let deep = format!("{}{}\n", "[".repeat(1000), "]".repeat(1000)).into_bytes();
        let long = [vec![b' '; 300 * 1024], b"\n".to_vec()].concat();
        for (said, refused) in [
            (b"{\"do\":\"fly\"}\n".to_vec(), true),
            (b"{\"do\":\"scale\"}\n".to_vec(), true),
            (b"{\"do\":\"scale\",\"workers\":-1}\n".to_vec(), true),
            (b"{\"do\":\"stop\",\"now\":true,\"and\":1}\n".to_vec(), true),
            (b"7\n".to_vec(), true),
            (b"\xff\n".to_vec(), false),
            (b"GET / HTTP/1.1\r\n\r\n".to_vec(), false),
            (deep, false),
            (long, false),
        ] {
            let stream = UnixStream::connect(&path).await.unwrap();
            // That it does not listen to the end is its right.
            let _ = stream.write_all(&said).await;
            let mut answer = vec![0; 4096];
            let count = stream.read(&mut answer).await.unwrap_or(0);
            let answer = String::from_utf8_lossy(&answer[..count]);
            assert_eq!(answer.contains("\"is\":\"refused\""), refused, "{answer}");
            assert_eq!(answer.is_empty(), !refused, "{answer}");
        }
        // As many as may be, each of whom was heard.
        let mut open = Vec::new();
        for _ in 0..MAX_OPERATORS {
            let channel = ask(&path, &Request::List).await.unwrap();
            channel.next().await.unwrap().expect("an answer");
            open.push(channel);
        }
        assert!(master.listing().await.is_none(), "the next one is turned away");
        drop(open);
        master.serves().await;
    });
}

#[test]
fn a_name_is_held_by_one() {
    block_on(async {
        let master = Master::start(json!({ "workers": 1, "listen": ["127.0.0.1:0"] }), |_| {});
        master.serves().await;
        let wanted = json!({ "folder": master.folder.path().join("clusters"), "workers": 1 });
        let mut second = Command::new(env::current_exe().unwrap());
        second.args(["--exact", "machine::the_master", "--nocapture"]).env(MASTER, wanted.to_string());
        let said = net::spawn_blocking(move || second.output().unwrap()).await.unwrap();
        let text = String::from_utf8_lossy(&said.stdout).into_owned();
        assert!(text.contains(&format!("it fails: process {} has it", master.child.id())), "{text}");
        master.serves().await;
    });
}

async fn until_async(mut check: impl AsyncFnMut() -> bool) {
    while !check().await {
        net::sleep(Duration::from_millis(10)).await;
    }
}

// --- a new master

/// SIGUSR2 under load, several times in a row, whoever accepts: nothing is lost, and the ports stay.
#[test]
fn a_new_master_takes_the_place_of_the_old() {
    block_on(async {
        for policy in ["round-robin", "shared", "reuse-port"] {
            let wanted = json!({ "workers": 2, "listen": ["127.0.0.1:0"], "policy": policy });
            let mut master = Master::start(wanted, |_| {});
            let address = master.serves().await.addresses[0];
            let load = Load::begin(address, 12, 4, Duration::from_millis(3));
            for generation in 2..4 {
                let before = master.pid().unwrap();
                signal(before, Signal::USR2);
                until(|| master.pid().is_some_and(|pid| pid != before)).await;
                let listing = master.serves().await;
                assert!(listing.workers.iter().all(|worker| worker.generation == generation), "{listing:?}");
                assert_eq!(listing.addresses, [address]);
                until(|| !is_alive(before) || before == master.child.id() as i32).await;
            }
            assert_eq!(master.ended().await, 0, "the first one has left");
            let tally = load.end().await;
            assert_eq!((&*tally.broke.borrow(), tally.hung.get()), (&vec![], 0), "{policy}");
            assert!(tally.count() > 50, "{policy}: {}", tally.count());
            assert!(matches!(master.asked(Request::Stop { now: false }).await, Ok(Reply::Done { .. })));
            until(|| master.pid().is_none()).await;
        }
    });
}

/// The old one is killed, or told to leave, while the new one starts: then there is one master, or none, and never half of one.
#[test]
fn a_master_that_ends_while_it_is_replaced() {
    block_on(async {
        let mut master = Master::start(json!({ "workers": 2, "listen": ["127.0.0.1:0"] }), |command| {
            command.env(TASK, "slow later");
        });
        let address = master.serves().await.addresses[0];
        let first = master.child.id() as i32;
        signal(first, Signal::USR2);
        // A second word while the first is obeyed is none.
        signal(first, Signal::USR2);
        until(|| starts_another(first)).await;
        signal(first, Signal::KILL);
        until(|| master.pid().is_some_and(|pid| pid != first && is_alive(pid))).await;
        let listing = master.serves().await;
        assert_eq!((listing.addresses[0], listing.workers[0].generation), (address, 2));
        once(address, "/").await.unwrap();
        let second = listing.pid as i32;
        signal(second, Signal::USR2);
        until(|| starts_another(second)).await;
        signal(second, Signal::TERM);
        until(|| !is_alive(second)).await;
        until(|| !any_master(&master)).await;
        until_refused(address).await;
        master.ended().await;
    });
}

/// Whether a process has a child that was told to take its place.
fn starts_another(master: i32) -> bool {
    processes().any(|pid| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        let is_told = environment.split(|octet| *octet == 0).any(|line| line.starts_with(b"WIREBOOK_TAKEOVER="));
        is_told && parent(pid) == Some(master)
    })
}

/// Whether there is still a master in this one's folder.
fn any_master(master: &Master) -> bool {
    let folder = master.folder.path().to_string_lossy().into_owned();
    processes().any(|pid| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        is_alive(pid) && String::from_utf8_lossy(&environment).contains(&folder)
    })
}

fn processes() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").unwrap();
    entries.flatten().filter_map(|entry| entry.file_name().to_string_lossy().parse().ok())
}

fn parent(pid: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit(") ").next()?.split(' ').nth(1)?.parse().ok()
}

/// A new binary that ends, or is no program at all, or never serves, changes nothing.
#[test]
fn a_broken_new_binary_changes_nothing() {
    block_on(async {
        let home = tempfile::tempdir().unwrap();
        let program = home.path().join("master");
        let this = env::current_exe().unwrap();
        if fs::hard_link(&this, &program).is_err() {
            fs::copy(&this, &program).unwrap();
        }
        let master = Master::start_as(&program, json!({ "workers": 2, "listen": ["127.0.0.1:0"] }), |_| {});
        let before = master.serves().await;
        let load = Load::begin(before.addresses[0], 8, 4, Duration::from_millis(2));
        for (number, broken) in ["#!/bin/sh\nexit 3\n", "no program"].into_iter().enumerate() {
            let next = home.path().join("next");
            fs::write(&next, broken).unwrap();
            fs::set_permissions(&next, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
            fs::rename(&next, &program).unwrap();
            signal(master.pid().unwrap(), Signal::USR2);
            until(|| master.log().matches("no new master, and all stays as it is").count() == number + 1).await;
        }
        let after = master.serves().await;
        let workers = |listing: &Listing| listing.workers.iter().map(|worker| worker.pid).collect::<Vec<_>>();
        assert_eq!((after.pid, workers(&after)), (before.pid, workers(&before)));
        let tally = load.end().await;
        assert_eq!((&*tally.broke.borrow(), tally.hung.get()), (&vec![], 0));
    });
}

// --- ports that others have opened

/// A guest's listener is under the number 3, whatever this process has there, and the guest answers; it is reloaded under load,
/// killed and replaced, and told to leave.
#[test]
fn a_guest_is_a_worker() {
    block_on(async {
        let guest =
            [env::current_exe().unwrap().to_string_lossy().as_ref(), "--exact", "machine::the_guest", "--nocapture"]
                .map(String::from);
        let wanted = json!({ "workers": 2, "listen": ["127.0.0.1:0"], "guests": 1_000_000, "program": guest });
        let mut master = Master::start(wanted, |_| {});
        let listing = master.serves().await;
        assert_eq!(listing.workers[0].open, None);
        let address = listing.addresses[0];
        let load = Load::begin(address, 8, 3, Duration::from_millis(2));
        assert!(matches!(master.asked(Request::Reload).await, Ok(Reply::Done { .. })));
        let slow = net::spawn(once(address, "/slow"));
        net::sleep(Duration::from_millis(100)).await;
        assert!(matches!(master.asked(Request::Reload).await, Ok(Reply::Done { .. })));
        slow.await.unwrap().unwrap();
        let tally = load.end().await;
        assert_eq!((&*tally.broke.borrow(), tally.hung.get()), (&vec![], 0));
        assert!(tally.answers.borrow().len() >= 4, "{:?}", tally.answers);
        let pid = master.serves().await.workers[0].pid.unwrap();
        signal(pid, Signal::KILL);
        until(|| !is_alive(pid)).await;
        until_async(async || master.serves().await.workers.iter().all(|worker| worker.pid != Some(pid))).await;
        once(address, "/").await.unwrap();
        assert!(master.log().contains(" | a guest serves\n"));
        assert!(matches!(master.asked(Request::Stop { now: false }).await, Ok(Reply::Done { .. })));
        assert_eq!(master.ended().await, 0);
    });
}

/// A master that is killed leaves no guest behind, though guests do not hear their channel.
#[test]
#[cfg(target_os = "linux")]
fn a_guest_outlives_no_master() {
    block_on(async {
        let wanted = json!({ "workers": 2, "listen": ["127.0.0.1:0"], "guests": 10, "program": ["/bin/sh", "-c", "exec sleep 1000"] });
        let master = Master::start(wanted, |_| {});
        let listing = master.serves().await;
        signal(listing.pid as i32, Signal::KILL);
        until(|| !listing.workers.iter().any(|worker| is_alive(worker.pid.unwrap()))).await;
        until_refused(listing.addresses[0]).await;
    });
}

/// What a service manager has opened is the master's port, whatever address the program asks for under that number.
#[test]
fn a_port_that_was_passed() {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let place = Place::within(&folder.path().join("clusters"), "test").unwrap();
        let wanted = json!({ "workers": 2, "folder": folder.path().join("clusters") });
        let program = env::current_exe().unwrap();
        let arguments = ["--exact", "machine::the_master", "--nocapture"];
        let spawn = activated(program, arguments, vec![("web:1\n".into(), listener.into())]).unwrap();
        let master = spawn.env(MASTER, wanted.to_string()).env(TASK, "").env(PORT, address.port().to_string());
        let master = master.when_parent_dies(Some(net::SIGKILL)).start().unwrap();
        until_async(async || {
            let Ok(channel) = ask(&place.socket(), &Request::List).await else { return false };
            matches!(channel.next().await, Ok(Some(said)) if said.json().contains("\"state\":\"serves\""))
        })
        .await;
        let [one, other] = [once(address, "/").await, once(address, "/").await].map(|answer| answer.unwrap().worker());
        assert_ne!(one, other);
        master.kill(net::SIGTERM).unwrap();
        assert!(master.exited().await.success());
    });
}

/// The judge: what systemd's own tool gives is taken, and served from the first connection on, which it has not accepted.
#[test]
fn systemd_opens_a_port() {
    let there = Command::new("systemd-socket-activate").arg("--version").stdout(Stdio::null()).status();
    if !there.is_ok_and(|status| status.success()) {
        assert!(env::var("CI").is_err(), "CI has systemd-socket-activate");
        eprintln!("SKIPPED: ports of systemd: there is no systemd-socket-activate");
        return;
    }
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let clusters = folder.path().join("clusters");
        let place = Place::within(&clusters, "test").unwrap();
        let wanted = json!({ "workers": 2, "folder": clusters });
        // It does not say which port it took, so one is named that is free; another may be quicker.
        for _ in 0..5 {
            let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            let mut systemd = Command::new("systemd-socket-activate")
                .args(["--listen", &free.to_string(), "--fdname", "web", "-E", MASTER, "-E", TASK, "-E", PORT])
                .arg(env::current_exe().unwrap())
                .args(["--exact", "machine::the_master", "--nocapture"])
                .env(MASTER, wanted.to_string())
                .env(TASK, "")
                .env(PORT, free.port().to_string())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let _guard = Ended(systemd.id() as i32);
            let first = loop {
                match once(free, "/").await {
                    Ok(answer) => break Some(answer),
                    Err(_) if systemd.try_wait().unwrap().is_some() => break None,
                    Err(_) => net::sleep(Duration::from_millis(20)).await,
                }
            };
            let Some(first) = first else { continue };
            // The other one serves, too, as soon as it is ready.
            while once(free, "/").await.unwrap().worker() == first.worker() {
                net::sleep(Duration::from_millis(10)).await;
            }
            // It has become the master.
            assert_eq!(fs::read_to_string(place.pid_file()).unwrap(), format!("{}\n", systemd.id()));
            signal(systemd.id() as i32, Signal::TERM);
            until(|| systemd.try_wait().unwrap().is_some()).await;
            return;
        }
        panic!("no port was free");
    });
}

/// A program of Node's and one of ours behind one port; each is killed, and both are there again.
#[test]
fn a_program_of_nodes_and_ours_share_a_port() {
    const NODE: &str = "
        const answer = (request, response) => response.end(`${process.pid} 1 node`);
        const server = require('http').createServer(answer).listen({ fd: 3 });
        process.on('SIGTERM', () => { server.close(); server.closeIdleConnections(); });
        const { NOTIFY_SOCKET } = process.env;
        if (!NOTIFY_SOCKET || process.env.NODE_UNIQUE_ID || process.env.NODE_CHANNEL_FD) process.exit(1);";
    if !Command::new("node").arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success()) {
        assert!(env::var("CI").is_err(), "CI has node");
        eprintln!("SKIPPED: Node and ours behind one port: there is no node");
        return;
    }
    block_on(async {
        let script = "if [ $((WIREBOOK_UNIQUE_ID % 2)) = 0 ]; then exec node -e \"$0\"; \
                      else exec \"$1\" --exact machine::the_guest --nocapture; fi";
        let this = env::current_exe().unwrap();
        let program = ["/bin/sh", "-c", script, NODE, this.to_str().unwrap()];
        let master = Master::start(
            json!({ "workers": 2, "listen": ["127.0.0.1:0"], "guests": 1000, "program": program }),
            |_| {},
        );
        let address = master.serves().await.addresses[0];
        let both = async || {
            let (mut node, mut ours) = (false, false);
            while !(node && ours) {
                let answer = net::timeout(Duration::from_secs(10), once(address, "/")).await.expect("it hangs");
                let Ok(answer) = answer else { continue };
                let is_node = answer.text.ends_with(" node");
                (node, ours) = (node || is_node, ours || !is_node);
                net::sleep(Duration::from_millis(5)).await;
            }
        };
        both().await;
        for worker in master.serves().await.workers {
            signal(worker.pid.unwrap(), Signal::KILL);
        }
        both().await;
    });
}

// --- whoever watches

/// systemd hears what it needs: ready, reloading, ready, stopping; and that the master lives.
#[test]
fn systemd_is_told() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let notify = net::unix::UnixDatagram::bind(&path).unwrap();
        let mut master = Master::start(json!({ "workers": 1, "listen": ["127.0.0.1:0"] }), |command| {
            command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "200000");
        });
        let hears = async |wanted: &str| {
            let mut seen = Vec::new();
            loop {
                let mut bytes = vec![0; 512];
                let received = net::Datagrams::recv_from(&notify, &mut bytes).await.unwrap();
                let said = String::from_utf8_lossy(&bytes[..received.length]).into_owned();
                if said.starts_with(wanted) {
                    return said;
                }
                seen.push(said);
                assert!(seen.len() < 1000, "{seen:?}");
            }
        };
        hears("READY=1").await;
        hears("STATUS=1 of 1 workers serve").await;
        hears("WATCHDOG=1").await;
        signal(master.child.id() as i32, Signal::HUP);
        let said = hears("RELOADING=1").await;
        assert!(said.contains("\nMONOTONIC_USEC="), "{said}");
        hears("READY=1").await;
        signal(master.child.id() as i32, Signal::USR2);
        let said = hears("MAINPID=").await;
        let new: i32 = said[8..].trim().parse().unwrap();
        assert_eq!(master.ended().await, 0);
        hears("READY=1").await;
        signal(new, Signal::TERM);
        hears("STOPPING=1").await;
        until(|| !is_alive(new)).await;
    });
}

// --- in the background, and alone

/// The recipe: the first one ends when the second serves, which is of a session of its own; whoever fails says so.
#[test]
fn a_daemon_is_started() {
    block_on(async {
        let mut master = Master::start(json!({ "workers": 1, "listen": ["127.0.0.1:0"], "daemon": true }), |command| {
            command.stdout(Stdio::piped());
        });
        assert_eq!(master.ended().await, 0);
        let mut said = String::new();
        master.child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        let words: Vec<&str> =
            said.split("it serves ").nth(1).unwrap_or_else(|| panic!("{said}")).split_whitespace().collect();
        let (pid, address): (i32, SocketAddr) = (words[0].parse().unwrap(), words[1].parse().unwrap());
        assert_eq!(master.pid(), Some(pid));
        once(address, "/").await.unwrap();
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
        assert_eq!((fields[3], fields[4]), (&*pid.to_string(), "0"), "its own session, and no terminal");
        assert_eq!(fs::read_link(format!("/proc/{pid}/fd/0")).unwrap(), Path::new("/dev/null"));
        signal(pid, Signal::TERM);
        until(|| !is_alive(pid)).await;
        assert!(master.pid().is_none());
        // One that cannot serve says so, and nothing of it stays.
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let wanted = json!({ "workers": 1, "listen": [taken.local_addr().unwrap().to_string()], "daemon": true });
        let mut master = Master::start(wanted, |command| {
            command.stdout(Stdio::piped());
        });
        assert_eq!(master.ended().await, 1);
        let mut said = String::new();
        master.child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(said.contains("it fails: cannot listen on 127.0.0.1:"), "{said}");
        assert!(master.pid().is_none());
    });
}

/// As the first process of a system: orphans are buried, and SIGTERM, which has no default there, ends all in order.
#[test]
fn the_first_process_of_a_system() {
    let script = "(sleep 0.05 & exit 0); (sleep 0.06 & exit 0); (sleep 0.07 & exit 0); echo orphans; sleep 1000";
    let wanted = move |folder: &Path| {
        json!({ "workers": 1, "listen": ["127.0.0.1:0"], "guests": 10, "program": ["/bin/sh", "-c", script],
                "folder": folder })
    };
    let works =
        Command::new("unshare").args(["--pid", "--fork", "--mount-proc", "true"]).stderr(Stdio::null()).status();
    if !works.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: the first process of a system: this user may not make one (unshare --pid)");
        return;
    }
    block_on(async move {
        let folder = tempfile::tempdir().unwrap();
        let clusters = folder.path().join("clusters");
        let place = Place::within(&clusters, "test").unwrap();
        let mut unshare = Command::new("unshare")
            .args(["--pid", "--fork", "--mount-proc", "--kill-child"])
            .arg(env::current_exe().unwrap())
            .args(["--exact", "machine::the_master", "--nocapture", "--test-threads=1"])
            .env(MASTER, wanted(&clusters).to_string())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        until(|| fs::read_to_string(place.pid_file()).is_ok_and(|pid| pid == "1\n")).await;
        let children = |pid: u32| {
            let list = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
            list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<u32>>()
        };
        until(|| children(unshare.id()).len() == 1).await;
        let first = children(unshare.id())[0];
        let all = || {
            let threads = fs::read_dir(format!("/proc/{first}/task")).unwrap();
            let lists =
                threads.flatten().map(|thread| fs::read_to_string(thread.path().join("children")).unwrap_or_default());
            lists.collect::<String>().split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<i32>>()
        };
        // They end one after the other; in the end the worker is its only child.
        until(|| {
            fs::read_to_string(place.log()).is_ok_and(|log| log.contains("serves") && log.contains(" | orphans\n"))
        })
        .await;
        until(|| all().len() == 1 && all().into_iter().all(is_alive)).await;
        signal(first as i32, Signal::TERM);
        until(|| unshare.try_wait().unwrap().is_some()).await;
        assert_eq!(unshare.wait().unwrap().code(), Some(0));
    });
}

/// Workers that are another user have nothing of the administrator's.
#[test]
fn workers_of_another_user() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("SKIPPED: workers of another user: only root may change its user");
        return;
    }
    block_on(async {
        let script = "echo user $(id -u) groups $(id -G); sleep 1000";
        let wanted = json!({ "workers": 1, "listen": ["127.0.0.1:0"], "guests": 10, "user": 65534,
                             "program": ["/bin/sh", "-c", script] });
        let master = Master::start(wanted, |command| {
            command.current_dir("/");
        });
        until(|| master.log().contains("     1 | user 65534 groups 65534\n")).await;
    });
}

/// Row net-47 with lines: a worker that writes without an end costs the master neither memory nor its ears.
#[test]
fn net_47_a_flood_of_lines() {
    block_on(async {
        let wanted = json!({ "workers": 1, "listen": ["127.0.0.1:0"], "guests": 10,
                             "program": ["/bin/sh", "-c", "exec yes 0123456789012345678901234567890123456789"] });
        let master = Master::start(wanted, |_| {});
        let resident = || {
            let status = fs::read_to_string(format!("/proc/{}/statm", master.child.id())).unwrap();
            status.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * rustix::param::page_size()
        };
        master.serves().await;
        let before = resident();
        // Follows, and reads nothing.
        let deaf = ask(&master.place().socket(), &Request::Logs { lines: 10, follow: true }).await.unwrap();
        until(|| fs::metadata(format!("{}.1", master.place().log().display())).is_ok()).await;
        let grown = resident().saturating_sub(before);
        assert!(grown <= 16 << 20, "{grown} octets");
        let began = net::now();
        master.listing().await.expect("it hears");
        println!("{grown} octets more; an answer in {:?}", net::now() - began);
        drop(deaf);
    });
}
