//! Listeners that a child is given as systemd gives them, and what a child makes of what it was told.

use std::{
    env, fs, io,
    net::TcpListener,
    os::fd::{AsRawFd, OwnedFd},
    process::Command,
    time::Duration,
};
use wirebook_net::{self as net, Stream};
use wirebook_process::{Io, MAX_PASSED, UNNAMED, activated, bury_orphans, fork_by, inherited, passed};

/// What a child is to do, where it is this program.
const TASK: &str = "GIVEN_TASK";

/// Not a test, but a child.
#[test]
fn the_given() {
    if env::var_os(TASK).is_none() {
        return;
    }
    let taken = passed();
    match &taken {
        Ok(taken) => {
            let names: Vec<&str> = taken.iter().map(|passed| &*passed.name).collect();
            println!("taken {} {}", taken.len(), names.join(","));
        }
        Err(error) => println!("refused {:?} {error}", error.kind()),
    }
    if taken.is_ok_and(|taken| !taken.is_empty()) {
        let again = passed().expect_err("they are taken once");
        println!("again {:?}", again.kind());
    }
    std::process::exit(0);
}

fn listeners(count: usize) -> Vec<(String, OwnedFd)> {
    (0..count).map(|number| (format!("port:{number}\n"), TcpListener::bind("127.0.0.1:0").unwrap().into())).collect()
}

fn link(descriptor: &OwnedFd) -> String {
    fs::read_link(format!("/proc/self/fd/{}", descriptor.as_raw_fd())).unwrap().display().to_string()
}

/// They stand from number 3 on, in order, however many there are and wherever they stood here, and nothing else is there.
#[test]
fn listeners_have_their_places() {
    net::block_on(async {
        for count in [0, 1, 3, 40] {
            let given = listeners(count);
            let links: Vec<String> = given.iter().map(|(_, descriptor)| link(descriptor)).collect();
            let script = "echo \"$LISTEN_FDS:$LISTEN_FDNAMES:$((LISTEN_PID - $$))\"; \
                          cd /proc/$$/fd; for fd in *; do [ $fd -lt 3 ] || echo \"$fd $(readlink $fd)\"; done | sort -n";
            let spawn = activated("/bin/sh", ["-c", script], given).unwrap().stdout(Io::Pipe);
            let mut child = spawn.start().unwrap();
            let said = all(child.stdout.take().unwrap()).await.unwrap();
            let mut lines = said.lines();
            let names: Vec<String> = (0..count).map(|number| format!("port_{number}_")).collect();
            assert_eq!(lines.next().unwrap(), format!("{count}:{}:0", names.join(":")));
            let wanted: Vec<String> = links.iter().zip(3..).map(|(link, number)| format!("{number} {link}")).collect();
            // A pipe that the shell itself has for a moment is no socket.
            let seen: Vec<&str> = lines.filter(|line| line.contains("socket:")).collect();
            assert_eq!(seen, wanted);
            assert!(child.exited().await.success());
        }
    })
    .unwrap();
}

async fn all(pipe: impl Stream) -> io::Result<String> {
    let (mut said, mut bytes) = (Vec::new(), vec![0; 4096]);
    while let count @ 1.. = pipe.read(&mut bytes).await? {
        said.extend_from_slice(&bytes[..count]);
    }
    Ok(String::from_utf8_lossy(&said).into_owned())
}

/// A channel stands aside, under a name that Node does not know; what was to be kept under a place's number is refused.
#[test]
fn a_channel_beside_listeners() {
    net::block_on(async {
        let script =
            "[ $WIREBOOK_CHANNEL_FD -ge 8 ] && [ -z \"$NODE_CHANNEL_FD\" ] && echo '\"well\"' >&$WIREBOOK_CHANNEL_FD";
        // Not every shell writes to a number above nine.
        let fork = fork_by(activated("bash", ["-c", script], listeners(5)).unwrap()).private();
        let (child, channel) = fork.start().unwrap();
        let said = channel.next().await.unwrap();
        if child.exited().await.code != Some(127) {
            assert_eq!(said.expect("a word").json(), "\"well\"");
        }
        let placed: OwnedFd = fs::File::open("/dev/null").unwrap().into();
        let number = placed.as_raw_fd();
        let spawn = activated("/bin/true", [""; 0], listeners(number as usize)).unwrap();
        assert_eq!(spawn.keep(placed).start().unwrap_err().kind(), io::ErrorKind::InvalidInput);
        // A program that is not there is what the shell says of it.
        let child = activated("/no/such/program", [""; 0], listeners(1)).unwrap().start().unwrap();
        assert_eq!(child.exited().await.code, Some(127));
    })
    .unwrap();
}

/// What the environment says is not believed.
#[test]
fn what_is_not_given_is_not_taken() {
    let this = env::current_exe().unwrap();
    let says = |script: &str| {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", &format!("{script} exec \"$0\" --exact given::the_given --nocapture")]).arg(&this);
        let said = shell.env(TASK, "1").output().unwrap();
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        let lines = said.lines().filter(|line| ["taken", "refused", "again"].iter().any(|word| line.contains(word)));
        lines.collect::<Vec<_>>().join("\n").replace("test given::the_given ... ", "")
    };
    let many = format!("export LISTEN_PID=$$ LISTEN_FDS={};", MAX_PASSED + 1);
    for (script, wanted) in [
        ("", "taken 0 "),
        ("export LISTEN_FDS=1; exec 3</dev/null;", "taken 0 "),
        ("export LISTEN_PID=$$; exec 3</dev/null;", "taken 0 "),
        ("export LISTEN_PID=1 LISTEN_FDS=1; exec 3</dev/null;", "taken 0 "),
        ("export LISTEN_PID= LISTEN_FDS=1; exec 3</dev/null;", "taken 0 "),
        ("export LISTEN_PID=$$ LISTEN_FDS=0;", "taken 0 "),
        ("export LISTEN_PID=$$ LISTEN_FDS=x;", "refused InvalidInput"),
        ("export LISTEN_PID=$$ LISTEN_FDS=-1;", "refused InvalidInput"),
        (&many, "refused InvalidInput"),
        ("export LISTEN_PID=$$ LISTEN_FDS=500;", "refused InvalidInput"),
    ] {
        let said = says(script);
        assert!(said.starts_with(wanted), "{script}: {said}");
    }
    let said = says("export LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=web; exec 3</dev/null 4</dev/null;");
    assert_eq!(said, format!("taken 2 web,{UNNAMED}\nagain InvalidInput"));
    for number in [0, 2, -1, i32::MAX] {
        assert!(inherited(number).is_err(), "{number}");
    }
    let own = fs::File::open("/dev/null").unwrap();
    assert_eq!(inherited(own.as_raw_fd()).unwrap_err().kind(), io::ErrorKind::InvalidInput, "nobody has passed it");
}

/// Who takes in orphans buries them, and leaves its own children to who waits for them.
#[test]
#[cfg(target_os = "linux")]
fn orphans_are_buried() {
    const BURIES: &str = "GIVEN_BURIES";
    if env::var_os(BURIES).is_none() {
        // In a process of its own: others have children, too.
        let mut this = Command::new(env::current_exe().unwrap());
        this.args(["--exact", "given::orphans_are_buried", "--nocapture"]).env(BURIES, "1");
        assert!(this.status().unwrap().success());
        return;
    }
    net::block_on(async {
        rustix::process::set_child_subreaper(Some(rustix::process::getpid())).unwrap();
        let own = wirebook_process::spawn("/bin/sh", ["-c", "exit 7"]).start().unwrap();
        let parent = wirebook_process::spawn("/bin/sh", ["-c", "for n in 1 2 3; do (exit 3) & done; exit 0"]);
        assert!(parent.start().unwrap().exited().await.success());
        let mut buried = 0;
        while buried < 3 {
            buried += bury_orphans();
            net::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(own.exited().await.code, Some(7), "it was left to us");
        assert_eq!((buried, bury_orphans()), (3, 0));
    })
    .unwrap();
}
