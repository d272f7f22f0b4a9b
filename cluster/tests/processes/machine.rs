//! A master and its machine: given its ports by others, watched by systemd, in the background, and the first process of a system.

use crate::{
    kit::{Load, block_on, once, signal, until, until_refused},
    master::{Ended, MASTER, Master, is_alive, until_async},
    worker::{PORT, TASK},
};
use rustix::process::Signal;
use serde_json::json;
use std::{
    env, fs,
    io::Read,
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};
use wirebook_cluster::host::{Place, Reply, Request, ask};
use wirebook_net as net;
use wirebook_process::activated;

// --- ports that others have opened

/// A daemon that does not begin, and what it says of that.
async fn refused(wanted: serde_json::Value) -> (Master, String) {
    let mut master = Master::start(wanted, |command| {
        command.stdout(Stdio::piped());
    });
    assert_eq!(master.ended().await, 1);
    let mut said = String::new();
    master.child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    (master, said)
}

/// A guest's listener is under the number 3, whatever this process has there, and the guest answers; it is reloaded under load,
/// killed and replaced, and told to leave.
#[test]
fn a_guest_is_a_worker() {
    block_on(async {
        let guest =
            [env::current_exe().unwrap().to_string_lossy().as_ref(), "--exact", "master::the_guest", "--nocapture"]
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
        let arguments = ["--exact", "master::the_master", "--nocapture"];
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
                .args(["--exact", "master::the_master", "--nocapture"])
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
                      else exec \"$1\" --exact master::the_guest --nocapture; fi";
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

/// Whoever reads where it listens may tell it to end, and it ends in order: its signals are caught before its first port is open.
#[test]
fn a_master_that_is_told_to_end_at_its_first_port() {
    block_on(async {
        for workers in [1, 3] {
            let wanted = json!({ "workers": workers, "listen": ["127.0.0.1:0"], "told at first port": true });
            let mut master = Master::start(wanted, |_| {});
            assert_eq!(master.ended().await, 0);
            assert!(master.pid().is_none() && !master.log().contains("has died"), "{}", master.log());
        }
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
        let (master, said) = refused(wanted).await;
        assert!(said.contains("it fails: cannot listen on 127.0.0.1:"), "{said}");
        assert!(master.pid().is_none());
    });
}

/// One that is not ready in time is ended, also when it says nothing more, and obeys nobody.
#[test]
fn a_daemon_that_forgets_who_started_it() {
    block_on(async {
        for (start_timeout, kill_after) in [(0, 0), (1000, 0), (1000, 100)] {
            let wanted = json!({ "workers": 1, "daemon": true, "forgets": true, "start timeout": start_timeout,
                                 "kill after": kill_after });
            let (master, said) = refused(wanted).await;
            assert!(said.contains("it fails: it was not ready in time"), "{said}");
            if let Some(pid) = master.pid() {
                until(|| !is_alive(pid)).await;
            }
        }
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
            .args(["--exact", "master::the_master", "--nocapture", "--test-threads=1"])
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

/// A worker that has laid down its rights does not have them by way of its master: of the administrator's ports it gets those that
/// the program names.
#[test]
fn a_port_of_the_administrators_is_named_or_refused() {
    let first_free = fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap_or_default();
    if !rustix::process::geteuid().is_root() || first_free.trim().parse().is_ok_and(|port: u16| port <= 2) {
        eprintln!("SKIPPED: the administrator's ports: this user is not root, or all ports are everybody's");
        return;
    }
    block_on(async {
        for (user, port, listen, served) in [
            (Some(65534), 2, &[][..], false),
            (Some(65534), 2, &["127.0.0.1:3"], false),
            (Some(65534), 2, &["0.0.0.0:2"], false),
            (Some(65534), 2, &["127.0.0.1:2"], true),
            (Some(65534), 0, &[], true),
            (None, 2, &[], true),
        ] {
            let wanted = json!({ "workers": 1, "user": user, "listen": listen });
            let mut master = Master::start(wanted, |command| {
                command.current_dir("/").env(PORT, port.to_string());
            });
            if served {
                let address = *master.serves().await.addresses.last().unwrap();
                once(address, "/").await.unwrap();
            } else {
                until(|| master.log().contains("127.0.0.1:2 is the administrator's")).await;
                assert!(TcpListener::bind("127.0.0.1:2").is_ok() || listen == ["0.0.0.0:2"], "nobody has it");
            }
            signal(master.child.id() as i32, Signal::TERM);
            assert_eq!(master.ended().await, 0, "{listen:?}");
        }
    });
}

/// A master that was killed leaves its sockets; the next one of its name removes them, and those of nobody who lives.
#[test]
fn what_a_killed_master_has_left() {
    block_on(async {
        let wanted = json!({ "workers": 2, "listen": ["127.0.0.1:0"], "guests": 10,
                             "program": ["/bin/sh", "-c", "exec sleep 1000"] });
        let mut first = Master::start(wanted.clone(), |_| {});
        first.serves().await;
        let clusters = first.folder.path().join("clusters");
        let ears = |pid: u32| {
            let names = fs::read_dir(&clusters).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
            names.filter(|name| name.starts_with(&format!("test.{pid}.")) && name.ends_with(".notify")).count()
        };
        let killed = first.child.id();
        assert_eq!(ears(killed), 2);
        first.child.kill().unwrap();
        first.child.wait().unwrap();
        assert_eq!(ears(killed), 2, "they are left");
        let this = env::current_exe().unwrap();
        first.child = Master::command(&this, first.folder.path(), wanted).spawn().unwrap();
        let second = first.child.id();
        until(|| first.pid() == Some(second as i32)).await;
        first.serves().await;
        assert_eq!((ears(killed), ears(second)), (0, 2));
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
