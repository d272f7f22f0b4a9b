//! Children with channels: this test program started again, as its own child; so it is a program of its own.

use serde_json::{Value, json};
use std::{
    fs, io,
    io::Read,
    os::fd::OwnedFd,
    os::unix::process::CommandExt,
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use wirebook_net::{
    self as net, Carrier, Listener, SIGKILL, SIGTERM, SocketKind, Stream, pipe,
    tcp::{TcpListener, TcpStream},
    udp::UdpSocket,
    unix::{UnixListener, UnixStream},
};
use wirebook_process::{
    CHANNEL_FD, Channel, Child, Event, Framing, Handle, Kind, Limits, Violation, events, fork, fork_of, parent,
};

/// What the child does, by the first word that it hears.
#[test]
fn the_child() {
    if std::env::var_os(CHANNEL_FD).is_none() {
        return;
    }
    let result = net::block_on(async {
        let channel = parent()?.expect("a channel");
        assert!(parent().is_err(), "it is taken once");
        let task: String = channel.next().await?.expect("a task").parse()?;
        match &*task {
            "echo" => echo(&channel).await,
            "grandchild" => {
                let run = wirebook_process::exec("echo \"${NODE_CHANNEL_FD-none}\"; ls /proc/self/fd | wc -l", [""; 0]);
                let said = String::from_utf8(run.run().await?.stdout).unwrap();
                channel.send(&said).await
            }
            "exit" => std::process::exit(7),
            "garbage" => {
                let stream = UnixStream::from_fd(rustix::stdio::stdin().try_clone_to_owned()?);
                assert!(stream.is_err(), "the standard input is no channel");
                Ok(())
            }
            "full" => full(&channel).await,
            "sleep" => loop {
                net::sleep(Duration::from_secs(1000)).await;
            },
            other => panic!("{other} is no task"),
        }
    });
    result.unwrap().unwrap();
    // The test harness would go on.
    std::process::exit(0);
}

/// Sends back what it hears, and of what rides on it, what it is.
async fn echo(channel: &Channel) -> io::Result<()> {
    while let Some(message) = channel.next().await? {
        let mut said: Value = message.parse()?;
        if let Some(handle) = message.handle {
            let kind = SocketKind::of(&handle.carried)?;
            said = json!({ "kind": format!("{kind:?}"), "said": said });
            match handle.kind {
                Kind::Server if kind == SocketKind::TcpListener => {
                    let (stream, _) = TcpListener::try_from(handle)?.accept().await?;
                    stream.write_all(b"from the child").await?;
                }
                Kind::Socket if kind == SocketKind::TcpStream => {
                    TcpStream::try_from(handle)?.write_all(b"from the child").await?;
                }
                _ => {}
            }
        } else if said == "listen" {
            let listener = TcpListener::bind("127.0.0.1:0")?;
            channel.send_with(&listener.local_addr()?.port(), listener).await?;
            continue;
        }
        channel.send(&said).await?;
    }
    Ok(())
}

/// Has no room for a descriptor, says so, and then has.
async fn full(channel: &Channel) -> io::Result<()> {
    let mut filler = Vec::new();
    while let Ok(file) = fs::File::open("/dev/null") {
        filler.push(file);
    }
    channel.send("full").await?;
    let room = net::spawn(async move {
        net::sleep(Duration::from_millis(1)).await;
        filler.clear();
    });
    let message = channel.next().await?.expect("a message");
    room.await.unwrap();
    channel.send(&json!({ "came": message.handle.is_some() })).await
}

fn start(task: &str) -> impl Future<Output = (Child, Channel)> {
    start_with(task, Framing::Lines, Limits::default())
}

async fn start_with(task: &str, framing: Framing, limits: Limits) -> (Child, Channel) {
    let fork = fork(["--exact", "the_child", "--nocapture"]).unwrap().channel(framing).limits(limits);
    let (child, channel) = fork.with(|spawn| spawn.stdout(wirebook_process::Io::Null)).start().unwrap();
    channel.send(task).await.unwrap();
    (child, channel)
}

#[test]
fn messages_go_both_ways_and_events_come_in_order() {
    for framing in [Framing::Lines, Framing::Lengths] {
        net::block_on(async move {
            let (child, channel) = start_with("echo", framing, Limits::default()).await;
            let mut events = events(&child, &channel);
            assert!(matches!(events.next().await, Some(Event::Online)));
            for number in 0..1000 {
                channel.send(&json!({ "n": number, "text": "x".repeat(number) })).await.unwrap();
                let Some(Event::Message(message)) = events.next().await else { panic!("no message") };
                assert_eq!(message.parse::<Value>().unwrap()["n"], number);
            }
            channel.disconnect();
            let mut names = Vec::new();
            while let Some(event) = events.next().await {
                names.push(match event {
                    Event::Disconnect => "disconnect".to_string(),
                    Event::Exit(exit) => format!("exit {:?}", exit.code),
                    Event::Close(exit) => format!("close {:?}", exit.code),
                    other => panic!("{other:?}"),
                });
            }
            assert_eq!(names, ["disconnect", "exit Some(0)", "close Some(0)"]);
        })
        .unwrap();
    }
}

#[test]
fn a_hundred_sockets_and_a_listener() {
    net::block_on(async {
        let (child, channel) = start("echo").await;
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut bytes = [0; 32];
        for number in 0..100 {
            let client = TcpStream::connect(address).await.unwrap();
            let (server, _) = listener.accept().await.unwrap();
            channel.send_with(&number, server).await.unwrap();
            let answer: Value = channel.next().await.unwrap().unwrap().parse().unwrap();
            assert_eq!(answer, json!({ "kind": "TcpStream", "said": number }));
            let count = client.read(&mut bytes).await.unwrap();
            assert_eq!(&bytes[..count], b"from the child");
            assert_eq!(client.read(&mut bytes).await.unwrap(), 0, "no copy is left here");
        }
        channel.send_with("listener", listener).await.unwrap();
        let client = TcpStream::connect(address).await.unwrap();
        let count = client.read(&mut bytes).await.unwrap();
        assert_eq!(&bytes[..count], b"from the child");
        channel.next().await.unwrap();
        // Of every kind, and from the child, too.
        let folder = tempfile::tempdir().unwrap();
        let unix = UnixListener::bind(folder.path().join("socket")).unwrap();
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let (one, _other) = UnixStream::pair().unwrap();
        let kinds = [(Handle::from(unix), "UnixListener"), (udp.into(), "Udp4"), (one.into(), "UnixStream")];
        for (handle, kind) in kinds {
            channel.send_with(&1, handle).await.unwrap();
            let answer: Value = channel.next().await.unwrap().unwrap().parse().unwrap();
            assert_eq!(answer["kind"], kind);
        }
        channel.send("listen").await.unwrap();
        let message = channel.next().await.unwrap().unwrap();
        let port: u16 = message.parse().unwrap();
        let listener = TcpListener::try_from(message.handle.unwrap()).unwrap();
        assert_eq!(listener.local_addr().unwrap().port(), port);
        channel.disconnect();
        while channel.next().await.unwrap().is_some() {}
        assert!(child.exited().await.success());
    })
    .unwrap();
}

/// Rule 2: a grandchild hears of no channel, and has none.
#[test]
fn a_grandchild_has_no_channel() {
    net::block_on(async {
        let (_child, channel) = start("grandchild").await;
        let said: String = channel.next().await.unwrap().unwrap().parse().unwrap();
        let (channel_fd, open) = said.trim().split_once('\n').unwrap();
        assert_eq!(channel_fd, "none");
        assert!(open.parse::<u32>().unwrap() <= 4, "three streams, and the folder that is listed: {open}");
    })
    .unwrap();
}

#[test]
fn a_child_that_is_gone() {
    net::block_on(async {
        let (child, channel) = start("exit").await;
        assert!(channel.next().await.unwrap().is_none());
        assert_eq!(child.exited().await.code, Some(7));
        while channel.send("to nobody").await.is_ok() {}
        let (child, channel) = start("sleep").await;
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        channel.send_with("it will not take it", listener).await.unwrap();
        child.kill(SIGKILL).unwrap();
        while let Ok(Some(_)) = channel.next().await {}
        assert_eq!(child.exited().await.signal, Some(SIGKILL));
        // What it had not taken is whole, and another's.
        let mut back = channel.take_back();
        assert_eq!((back.len(), back[0].json()), (1, "\"it will not take it\""));
        let listener = TcpListener::try_from(back.remove(0).handle.unwrap()).unwrap();
        assert_eq!(listener.local_addr().unwrap(), address);
    })
    .unwrap();
}

/// The parent's death is the end of the channel: nobody else has its other end.
#[test]
fn a_parent_that_is_gone() {
    if std::env::var_os("WIREBOOK_MIDDLE").is_some() {
        let pid = net::block_on(async {
            let (child, channel) = start("echo").await;
            channel.send("are you there").await.unwrap();
            channel.next().await.unwrap().unwrap();
            // A sibling, which must not keep the other's channel open.
            let (sibling, _) = start("sleep").await;
            println!("\nchildren {} {}", child.id(), sibling.id());
            loop {
                net::sleep(Duration::from_secs(1000)).await;
            }
        });
        return pid.unwrap();
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "a_parent_that_is_gone", "--nocapture"]).env("WIREBOOK_MIDDLE", "1");
    let mut middle = command.stdout(Stdio::piped()).process_group(0).spawn().unwrap();
    let mut said = String::new();
    let mut stdout = middle.stdout.take().unwrap();
    while !said.contains("children") || !said.ends_with('\n') {
        let mut bytes = [0; 256];
        let count = stdout.read(&mut bytes).unwrap();
        said += std::str::from_utf8(&bytes[..count]).unwrap();
    }
    let pids: Vec<i32> = said
        .lines()
        .find_map(|line| line.strip_prefix("children "))
        .unwrap()
        .split(' ')
        .map(|pid| pid.parse().unwrap())
        .collect();
    middle.kill().unwrap();
    middle.wait().unwrap();
    let began = Instant::now();
    while fs::read_to_string(format!("/proc/{}/stat", pids[0])).is_ok_and(|stat| !stat.contains(") Z ")) {
        assert!(began.elapsed() < Duration::from_secs(30), "it does not see that its parent is gone");
        std::thread::yield_now();
    }
    let sibling = rustix::process::Pid::from_raw(pids[1]).unwrap();
    rustix::process::kill_process(sibling, rustix::process::Signal::KILL).unwrap();
}

/// Row net-38: the receiver is at its limit of descriptors. It asks again until it has room, and the sender's copy waits.
#[test]
fn net_38_a_child_without_room_for_a_descriptor() {
    net::block_on(async {
        let limits = Limits { retries: usize::MAX, ..Limits::default() };
        let (child, channel) = start_with("full", Framing::Lines, limits).await;
        assert_eq!(channel.next().await.unwrap().unwrap().json(), "\"full\"");
        channel.send_with("a listener", TcpListener::bind("127.0.0.1:0").unwrap()).await.unwrap();
        let answer: Value = channel.next().await.unwrap().unwrap().parse().unwrap();
        assert_eq!(answer, json!({ "came": true }));
        assert!(child.exited().await.success());
    })
    .unwrap();
}

/// Row net-36, over a channel: what is not what it is called is closed, counted, and costs nothing else.
#[test]
fn net_36_a_descriptor_that_is_no_socket() {
    net::block_on(async {
        let (one, two) = UnixStream::pair().unwrap();
        let channel = Channel::new(two, Framing::Lines, Limits::default());
        let line = |kind: &str| format!("{{\"cmd\":\"NODE_HANDLE\",\"type\":\"{kind}\",\"msg\":\"{kind}\"}}\n");
        let wrong: Vec<OwnedFd> = vec![
            fs::File::open("Cargo.toml").unwrap().into(),
            fs::File::open("/").unwrap().into(),
            pipe::ends().unwrap().0,
            std::net::UdpSocket::bind("127.0.0.1:0").unwrap().into(),
        ];
        for descriptor in wrong {
            for kind in ["net.Server", "net.Socket", "net.Native"] {
                one.send_with(line(kind).as_bytes(), &[&descriptor]).await.unwrap();
                let message = channel.next().await.unwrap().unwrap();
                assert!(message.handle.is_none() && message.parse::<String>().unwrap() == kind);
            }
        }
        assert_eq!(channel.wrong_handles(), 12);
        let mut answers = vec![0; 1024];
        let count = one.read(&mut answers).await.unwrap();
        assert_eq!(&answers[..count], "{\"cmd\":\"NODE_HANDLE_ACK\"}\n".repeat(12).as_bytes());
    })
    .unwrap();
}

/// Row net-37, over a channel: 253 descriptors at once, and descriptors beside messages that do not speak of them.
#[test]
fn net_37_descriptors_that_nobody_asked_for() {
    net::block_on(async {
        // A file of its own: the tests beside this one open others.
        let path = std::env::temp_dir().join(format!("wirebook-net-37-{}", std::process::id()));
        let file: OwnedFd = fs::File::create(&path).unwrap().into();
        fs::remove_file(&path).unwrap();
        let gone = format!("{} (deleted)", path.display());
        let open = || {
            fs::read_dir("/proc/self/fd")
                .unwrap()
                .filter(|entry| {
                    entry
                        .as_ref()
                        .is_ok_and(|entry| fs::read_link(entry.path()).is_ok_and(|to| to.as_os_str() == &*gone))
                })
                .count()
        };
        let before = open();
        assert_eq!(before, 1);
        for (count, text, violation) in [
            (1, "1\n", Violation::Unclaimed),
            (2, "{", Violation::TooManyDescriptors),
            (net::MAX_DESCRIPTORS, "{", Violation::TooManyDescriptors),
        ] {
            let (one, two) = UnixStream::pair().unwrap();
            let channel = Channel::new(two, Framing::Lines, Limits::default());
            one.send_with(text.as_bytes(), &vec![&file; count]).await.unwrap();
            let error = loop {
                match channel.next().await {
                    Ok(Some(_)) => {}
                    Ok(None) => panic!("no fault"),
                    Err(error) => break error,
                }
            };
            assert_eq!(error.to_string(), violation.to_string());
            assert_eq!(one.read(&mut [0]).await.unwrap(), 0, "the channel is closed");
        }
        let after = open();
        assert!(after <= before, "{after} are open, and {before} were");
    })
    .unwrap();
}

#[test]
fn ten_thousand_hand_overs_leave_nothing() {
    net::block_on(async {
        let (child, channel) = start_with("echo", Framing::Lines, Limits { window: 16, ..Limits::default() }).await;
        let listener = TcpListener::bind("127.0.0.1:0").unwrap().into_fd();
        let sockets = |pid: i32| {
            let entries = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().flatten();
            entries
                .filter(|entry| fs::read_link(entry.path()).is_ok_and(|to| to.to_string_lossy().starts_with("socket")))
                .count()
        };
        channel.send("ready?").await.unwrap();
        channel.next().await.unwrap();
        let before = sockets(child.id());
        let reader = {
            let channel = channel.clone();
            net::spawn(async move {
                for _ in 0..10_000 {
                    channel.next().await.unwrap().unwrap();
                }
            })
        };
        for _ in 0..10_000 {
            let handle = Handle { kind: Kind::Native, carried: listener.try_clone().unwrap() };
            channel.send_with(&1, handle).await.unwrap();
        }
        reader.await.unwrap();
        assert_eq!((sockets(child.id()), channel.unanswered()), (before, 0));
        child.kill(SIGTERM).unwrap();
    })
    .unwrap();
}

#[test]
fn an_environment_that_speaks_of_no_channel() {
    let program = std::env::current_exe().unwrap();
    for (number, mode) in [
        ("99", "json"),
        ("1", "json"),
        ("-1", "json"),
        ("x", "json"),
        ("", "json"),
        ("5", "v8"),
        ("99999999999", "json"),
    ] {
        let mut command = Command::new(&program);
        command.args(["--exact", "the_child"]).env(CHANNEL_FD, number).env("NODE_CHANNEL_SERIALIZATION_MODE", mode);
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains("InvalidInput"), "{number} {mode}: {said}");
    }
    let _ = fork_of("true", [""; 0]);
}
