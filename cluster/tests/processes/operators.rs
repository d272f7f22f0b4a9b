//! Who has a master in hand: operators, who find it by its name and ask it; and a new master, which takes its place.

use crate::{
    kit::{Load, block_on, is_nobody, once, signal, until, until_refused},
    master::{MASTER, Master, is_alive, until_async},
    worker::TASK,
};
use rustix::process::Signal;
use serde_json::json;
use std::{
    env, fs,
    io::{Read, Write},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};
use wirebook_cluster::host::{Listing, MAX_OPERATORS, Reply, Request, ask};
use wirebook_net::{self as net, Stream, unix::UnixStream};

/// The socket at which somebody else asks.
const STRANGER: &str = "CLUSTER_TEST_STRANGER";

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

/// Not a test, but somebody else at the control socket.
#[test]
fn the_stranger() {
    let Ok(path) = env::var(STRANGER) else { return };
    let mut stream = std::os::unix::net::UnixStream::connect(path).expect("the door is open");
    // That nobody listens to the end is right.
    let _ = stream.write_all(b"{\"do\":\"stop\",\"now\":true}\n");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    std::process::exit(i32::from(!answer.is_empty()));
}

/// The folder is this user's alone, and so is the socket; and whoever comes in all the same, because somebody has opened both, is not
/// answered: the kernel says who that is.
#[test]
fn somebody_else_at_the_control_socket() {
    block_on(async {
        let master = Master::start(json!({ "workers": 1, "listen": ["127.0.0.1:0"] }), |_| {});
        let before = master.serves().await;
        let socket = master.place().socket();
        let folder = socket.parent().unwrap().to_owned();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&socket)), (0o700, 0o600));
        if !rustix::process::geteuid().is_root() {
            return eprintln!("SKIPPED: somebody else at the control socket: only root may be another user");
        }
        for path in [master.folder.path(), &folder, &socket] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
        }
        let mut stranger = Command::new(env::current_exe().unwrap());
        stranger.args(["--exact", "operators::the_stranger", "--nocapture"]).env(STRANGER, &socket);
        stranger.uid(64_737).gid(64_737).current_dir("/").stdout(Stdio::null());
        let Ok(mut stranger) = stranger.spawn() else {
            return eprintln!("SKIPPED: somebody else at the control socket: another user cannot run this program");
        };
        until(|| stranger.try_wait().unwrap().is_some()).await;
        assert!(stranger.wait().unwrap().success(), "it was answered");
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
        assert_eq!(master.serves().await.pid, before.pid);
    });
}

#[test]
fn a_name_is_held_by_one() {
    block_on(async {
        let master = Master::start(json!({ "workers": 1, "listen": ["127.0.0.1:0"] }), |_| {});
        master.serves().await;
        let wanted = json!({ "folder": master.folder.path().join("clusters"), "workers": 1 });
        let mut second = Command::new(env::current_exe().unwrap());
        second.args(["--exact", "master::the_master", "--nocapture"]).env(MASTER, wanted.to_string());
        let said = net::spawn_blocking(move || second.output().unwrap()).await.unwrap();
        let text = String::from_utf8_lossy(&said.stdout).into_owned();
        assert!(text.contains(&format!("it fails: process {} has it", master.child.id())), "{text}");
        master.serves().await;
    });
}

// --- what the system refuses

/// A system that gives no process (`ulimit -u`) ends no master: it answers, keeps what it has, and goes on trying; a reload and a new
/// master are refused, and change nothing.
#[test]
fn a_system_that_gives_no_process() {
    if !is_nobody("operators::a_system_that_gives_no_process") {
        return;
    }
    block_on(async {
        let mut master = Master::start(json!({ "workers": 2, "listen": ["127.0.0.1:0"] }), |_| {});
        let pid = rustix::process::Pid::from_child(&master.child);
        let limit = |processes: Option<u64>| {
            let resource = rustix::process::Resource::Nproc;
            let maximum = rustix::process::getrlimit(resource).maximum;
            let new = rustix::process::Rlimit { current: processes.or(maximum), maximum };
            rustix::process::prlimit(Some(pid), resource, new).unwrap();
        };
        let before = master.serves().await;
        let address = before.addresses[0];
        limit(Some(0));
        assert!(matches!(master.asked(Request::Reload).await, Ok(Reply::Refused { .. })));
        signal(pid.as_raw_nonzero().get(), Signal::USR2);
        until(|| master.log().contains("no new master, and all stays as it is: cannot start ")).await;
        once(address, "/").await.unwrap();
        before.workers.iter().for_each(|worker| signal(worker.pid.unwrap(), Signal::KILL));
        // Its slots do not rest, and still there is time for whoever asks.
        until(|| master.log().matches("cannot start ").count() > 10).await;
        until_async(async || master.listing().await.is_some_and(|listing| listing.state != "serves")).await;
        limit(None);
        let after = master.serves().await;
        assert_eq!((after.pid, after.addresses[0]), (before.pid, address));
        once(address, "/").await.unwrap();
        limit(Some(0));
        signal(after.workers[0].pid.unwrap(), Signal::KILL);
        let told = master.log().len();
        until(|| master.log()[told..].contains("cannot start ")).await;
        signal(pid.as_raw_nonzero().get(), Signal::TERM);
        assert_eq!(master.ended().await, 0);
    });
}

/// A program that is gone, where slots do not rest and no number of deaths is too many: the master goes on trying, and hears.
#[test]
fn a_program_that_is_gone() {
    block_on(async {
        for guests in [json!(null), json!(10)] {
            let wanted = json!({ "workers": 2, "listen": ["127.0.0.1:0"], "guests": guests, "program": ["/no/such"] });
            let mut master = Master::start(wanted, |_| {});
            until_async(async || master.listing().await.is_some()).await;
            // Between two questions there are some turns of its loop, and in a turn one attempt for each worker.
            let attempts = || master.log().matches("cannot start").count();
            let before = attempts();
            for _ in 0..4 {
                assert!(master.listing().await.is_some());
            }
            assert!(attempts() - before < 2_000, "{} attempts between five questions", attempts() - before);
            assert!(matches!(master.asked(Request::Stop { now: false }).await, Ok(Reply::Done { .. })));
            assert_eq!(master.ended().await, 0);
        }
    });
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
        let wanted = json!({ "workers": 2, "listen": ["127.0.0.1:0"], "worker's start": 1000 });
        let master = Master::start_as(&program, wanted, |_| {});
        let before = master.serves().await;
        let load = Load::begin(before.addresses[0], 8, 4, Duration::from_millis(2));
        for (number, broken) in
            ["#!/bin/sh\nexit 3\n", "no program", "#!/bin/sh\nexec sleep 1000\n"].into_iter().enumerate()
        {
            let next = home.path().join("next");
            fs::write(&next, broken).unwrap();
            fs::set_permissions(&next, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
            fs::rename(&next, &program).unwrap();
            signal(master.pid().unwrap(), Signal::USR2);
            until(|| master.log().matches("no new master, and all stays as it is").count() == number + 1).await;
        }
        // It was waited for as long as two workers may need, and five seconds more.
        assert!(master.log().contains("it did not serve in time"), "{}", master.log());
        let after = master.serves().await;
        let workers = |listing: &Listing| listing.workers.iter().map(|worker| worker.pid).collect::<Vec<_>>();
        assert_eq!((after.pid, workers(&after)), (before.pid, workers(&before)));
        let tally = load.end().await;
        assert_eq!((&*tally.broke.borrow(), tally.hung.get()), (&vec![], 0));
    });
}
