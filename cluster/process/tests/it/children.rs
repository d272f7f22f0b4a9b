//! Children of real programs: what they inherit, how they end, and that nothing is left of them.

use std::{
    fs, io,
    os::fd::{AsRawFd, OwnedFd},
    time::{Duration, Instant},
};
use wirebook_net::{self as net, SIGKILL, SIGTERM, Stream, pipe};
use wirebook_process::{Exec, ExecError, Exit, Io, MAX_OUTPUT, Output, Spawn, exec, exec_file, spawn};

const NO_VALUES: [&str; 0] = [];
const LONG: Duration = Duration::from_secs(1000);

fn code(code: i32) -> Option<Exit> {
    Some(Exit { code: Some(code), signal: None })
}

fn killed(signal: i32) -> Option<Exit> {
    Some(Exit { code: None, signal: Some(signal) })
}

/// Whether it has ended and is not buried.
fn is_zombie(pid: i32) -> bool {
    state(pid).as_deref() == Some("Z")
}

fn state(pid: i32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit(')').next()?.split_whitespace().next().map(String::from)
}

fn runs(pid: i32) -> bool {
    state(pid).is_some_and(|state| state != "Z")
}

/// What a child has open, as it sees it itself.
const OPEN: &str = "for n in /proc/self/fd/*; do echo ${n##*/}; done";

#[test]
fn a_child_inherits_its_standard_streams_and_what_was_named_alone() {
    // A descriptor without CLOEXEC, as a library in C may have opened it.
    let leaks = fs::File::open("/dev/null").unwrap();
    rustix::io::fcntl_setfd(&leaks, rustix::io::FdFlags::empty()).unwrap();
    let named: OwnedFd = fs::File::open("/dev/null").unwrap().into();
    let number = named.as_raw_fd();
    let listing = |named: Option<OwnedFd>| async {
        // A shell alone opens nothing to list a folder but that folder.
        let run = exec(OPEN, NO_VALUES).with(|spawn| match named {
            Some(named) => spawn.keep(named),
            None => spawn,
        });
        let out = run.run().await.unwrap();
        let text = String::from_utf8(out.stdout).unwrap();
        text.lines().filter_map(|line| line.parse().ok()).collect::<Vec<i32>>()
    };
    net::block_on(async move {
        let open = listing(None).await;
        // The shell's own reading of the folder may be one more.
        assert!(open.len() <= 4 && open.starts_with(&[0, 1, 2]), "{open:?}");
        assert!(!open.contains(&leaks.as_raw_fd()) || leaks.as_raw_fd() == 3, "{open:?}");
        let with_named = listing(Some(named)).await;
        assert!(with_named.contains(&number), "{with_named:?}");
        assert_eq!(with_named.len(), open.len() + 1, "{with_named:?}");
    })
    .unwrap();
}

#[test]
fn what_was_said_and_how_it_ended() {
    net::block_on(async {
        let out = exec("printf out; printf err >&2; exit 3", NO_VALUES).run().await.unwrap();
        assert_eq!((&*out.stdout, &*out.stderr, out.exit), (&b"out"[..], &b"err"[..], code(3)));
        let out = exec("kill -9 $$", NO_VALUES).run().await.unwrap();
        assert_eq!(out.exit, killed(SIGKILL));
        let out = exec_file("cat", NO_VALUES).input(vec![b'x'; 300_000]).run().await.unwrap();
        assert_eq!((out.stdout.len(), out.exit), (300_000, code(0)));
        // It reads nothing of what it is given, and has its reasons.
        let out = exec_file("true", NO_VALUES).input(vec![b'x'; 300_000]).run().await.unwrap();
        assert_eq!(out.exit, code(0));
        // Nothing to read is an end and no wait.
        assert_eq!(exec_file("cat", NO_VALUES).run().await.unwrap().exit, code(0));
    })
    .unwrap();
}

#[test]
fn what_is_not_there_is_not_started() {
    net::block_on(async {
        let error = spawn("/no/such/program", NO_VALUES).start().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(error.to_string().starts_with("cannot start /no/such/program: "), "{error}");
        let error = exec_file("/etc/passwd", NO_VALUES).run().await.unwrap_err();
        assert!(
            matches!(&error, ExecError::Start(error) if error.kind() == io::ErrorKind::PermissionDenied),
            "{error}"
        );
        let error = exec_file("echo", ["a\0b"]).run().await.unwrap_err();
        assert!(matches!(&error, ExecError::Start(error) if error.kind() == io::ErrorKind::InvalidInput), "{error}");
        let error = spawn("true", NO_VALUES).kill_signal(4711).start().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    })
    .unwrap();
}

#[test]
fn no_value_is_read_by_a_shell() {
    let hostile = ["; touch /tmp/wirebook-injected", "$(id)", "`id`", "\"; id #", "-n", "a\nb", "*", "~", ""];
    net::block_on(async move {
        for value in hostile {
            let out = exec("printf '%s' \"$1\"", [value]).run().await.unwrap();
            assert_eq!(out.stdout, value.as_bytes());
            let out = exec_file("printf", ["%s", value]).run().await.unwrap();
            assert_eq!(out.stdout, value.as_bytes());
        }
        assert!(!std::path::Path::new("/tmp/wirebook-injected").exists());
    })
    .unwrap();
}

#[test]
fn output_at_its_bound_and_one_over_it() {
    let say = |count: &'static str| exec("head -c \"$1\" /dev/zero", [count]);
    net::block_on(async move {
        assert_eq!(MAX_OUTPUT, 1 << 20);
        let out = say("1048576").run().await.unwrap();
        assert_eq!((out.stdout.len(), out.exit), (MAX_OUTPUT, code(0)));
        let Err(ExecError::OutputTooLong(out)) = say("1048577").run().await else { panic!("one too many") };
        assert_eq!(out.stdout.len(), MAX_OUTPUT);
        for (most, said, fits) in [(0, "0", true), (0, "1", false), (1, "1", true), (1, "2", false)] {
            assert_eq!(say(said).max_output(most).run().await.is_ok(), fits, "{said} of {most}");
        }
        assert_eq!(say("3000000").max_output(usize::MAX).run().await.unwrap().stdout.len(), 3_000_000);
        // One that never stops talking is killed for that, and what it has started, too.
        let began = Instant::now();
        let Err(ExecError::OutputTooLong(out)) = exec("yes | cat >&2", NO_VALUES).run().await else {
            panic!("too much")
        };
        assert_eq!(out.stderr.len(), MAX_OUTPUT);
        assert!(began.elapsed() < Duration::from_secs(20));
    })
    .unwrap();
}

/// Runs what never ends by itself. It has 50 ms, and more where that is too little for it to say a word: then it has done all that stands
/// before that word.
async fn timed_out(what: impl Fn() -> Exec) -> Output {
    let mut limit = Duration::from_millis(50);
    loop {
        let Err(ExecError::TimedOut(out)) = what().timeout(limit).run().await else { panic!("it never ends") };
        if !out.stdout.is_empty() {
            return out;
        }
        limit *= 2;
    }
}

#[test]
fn time_that_is_up() {
    net::block_on(async {
        let soon = Duration::from_millis(50);
        let out = timed_out(|| exec("echo begun; sleep 1000", NO_VALUES)).await;
        assert_eq!((&*out.stdout, out.exit), (&b"begun\n"[..], killed(SIGTERM)));
        // One that does not listen.
        let deaf = "trap '' TERM; echo begun; while :; do sleep 1000; done";
        let out = timed_out(|| exec(deaf, NO_VALUES).with(|spawn| spawn.kill_after(soon))).await;
        assert_eq!(out.exit, killed(SIGKILL));
        // A grandchild that holds the output when the child has gone.
        let out = timed_out(|| exec("sleep 1000 & echo $!", NO_VALUES)).await;
        let grandchild: i32 = String::from_utf8(out.stdout).unwrap().trim().parse().unwrap();
        while runs(grandchild) {
            net::sleep(Duration::from_millis(1)).await;
        }
        // With no time between the two, the second comes at once, and the end is still told.
        let out = timed_out(|| exec(deaf, NO_VALUES).with(|spawn| spawn.kill_after(Duration::ZERO))).await;
        assert_eq!(out.exit, killed(SIGKILL));
        // 0 is at once, the longest is never, and there is none by default.
        let Err(ExecError::TimedOut(_)) = exec_file("sleep", ["1000"]).timeout(Duration::ZERO).run().await else {
            panic!("no time at all")
        };
        assert!(exec_file("true", NO_VALUES).timeout(Duration::MAX).run().await.is_ok());
        assert!(exec_file("true", NO_VALUES).timeout(LONG).run().await.is_ok());
        let child = spawn("sleep", ["1000"]).timeout(soon).start().unwrap();
        assert_eq!(Some(child.exited().await), killed(SIGTERM));
        let child = spawn("sleep", ["1000"]).timeout(soon).kill_signal(SIGKILL).start().unwrap();
        assert_eq!(Some(child.closed().await), killed(SIGKILL));
    })
    .unwrap();
}

/// One that has left the group cannot be killed with it, and holds the output: five seconds, and what was said until then is given.
#[test]
fn who_has_left_the_group_is_not_waited_for() {
    net::block_on(async {
        let soon = |spawn: Spawn| spawn.kill_after(Duration::from_millis(50));
        let begun = net::now();
        let out = timed_out(|| exec("setsid sleep 1000 & echo $!; wait", NO_VALUES).with(soon)).await;
        let lasted = net::now() - begun;
        let stays = String::from_utf8(out.stdout).unwrap().trim().parse().unwrap();
        assert!(lasted >= Duration::from_secs(5), "{lasted:?}");
        assert_eq!(out.exit, killed(SIGTERM));
        assert!(runs(stays));
        rustix::process::kill_process(rustix::process::Pid::from_raw(stays).unwrap(), rustix::process::Signal::KILL)
            .unwrap();
    })
    .unwrap();
}

#[test]
fn a_wait_that_is_dropped_leaves_nobody() {
    net::block_on(async {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_owned();
        {
            let run = exec("sleep 1000 & echo $$ $! > \"$1\"; wait", [&path]).run();
            let mut run = std::pin::pin!(run);
            let has_begun = async {
                while fs::read_to_string(&path).unwrap().len() < 4 {
                    net::sleep(Duration::from_millis(1)).await;
                }
            };
            let mut has_begun = std::pin::pin!(has_begun);
            std::future::poll_fn(|context| {
                assert!(run.as_mut().poll(context).is_pending());
                has_begun.as_mut().poll(context)
            })
            .await;
        }
        for pid in fs::read_to_string(&path).unwrap().split_whitespace() {
            while runs(pid.parse().unwrap()) {
                net::sleep(Duration::from_millis(1)).await;
            }
        }
    })
    .unwrap();
}

#[test]
fn a_child_is_told_by_signals() {
    net::block_on(async {
        let child = spawn("sleep", ["1000"]).start().unwrap();
        assert_eq!((child.kill(0).unwrap(), child.ended()), (true, None));
        assert_eq!(child.kill(4711).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert!(child.kill(SIGTERM).unwrap());
        assert_eq!(Some(child.exited().await), killed(SIGTERM));
        assert_eq!(child.ended(), killed(SIGTERM));
        assert!(!child.kill(SIGTERM).unwrap() && !child.kill(0).unwrap(), "its number may be another's by now");
    })
    .unwrap();
}

/// Row net-35: a thousand ends, many at a time, and no zombie. `waitpid(-1)` is not ours: a child that somebody else has started
/// is theirs to ask for.
#[test]
fn net_35_a_thousand_ends_and_no_zombie() {
    let pids = net::block_on(async {
        let mut pids = Vec::new();
        let mut theirs = std::process::Command::new("true").spawn().unwrap();
        for round in 0..25 {
            let children: Vec<_> =
                (0..40).map(|_| spawn("true", NO_VALUES).group(round % 2 == 0).start().unwrap()).collect();
            pids.extend(children.iter().map(wirebook_process::Child::id));
            if round % 3 == 0 {
                // Nobody asks for these.
                drop(children);
            } else {
                for child in children {
                    assert!(child.exited().await.success());
                }
            }
        }
        assert!(theirs.wait().unwrap().success());
        pids
    })
    .unwrap();
    // The loop has ended with the last child.
    assert_eq!(pids.len(), 1000);
    assert_eq!(pids.into_iter().find(|pid| is_zombie(*pid)), None);
}

#[test]
fn pipes_go_both_ways() {
    net::block_on(async {
        let mut child = spawn("tr", ["a-z", "A-Z"]).stdin(Io::Pipe).stdout(Io::Pipe).start().unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let text = vec![b'x'; 500_000];
        let write = net::spawn(async move { stdin.write_all(&text).await });
        let mut said = Vec::new();
        let mut bytes = net::buffer();
        while let count @ 1.. = stdout.read(&mut bytes).await.unwrap() {
            said.extend_from_slice(&bytes[..count]);
        }
        write.await.unwrap().unwrap();
        assert!(said.len() == 500_000 && said.iter().all(|octet| *octet == b'X'));
        assert!(child.exited().await.success());
        // One child's output is another's input, without a look at it.
        let (reader, writer) = pipe::ends().unwrap();
        let one = spawn("echo", ["from one to another"]).stdout(Io::Descriptor(writer)).start().unwrap();
        let mut other = spawn("cat", NO_VALUES).stdin(Io::Descriptor(reader)).stdout(Io::Pipe).start().unwrap();
        let mut bytes = [0; 64];
        let count = other.stdout.take().unwrap().read(&mut bytes).await.unwrap();
        assert_eq!(&bytes[..count], b"from one to another\n");
        assert!(one.closed().await.success() && other.closed().await.success());
    })
    .unwrap();
}

/// One that talks and is not heard: `close` hears it out.
#[test]
fn close_is_the_end_of_the_output_too() {
    net::block_on(async {
        let child = spawn("head", ["-c", "1000000", "/dev/zero"]).stdout(Io::Pipe).start().unwrap();
        assert!(child.closed().await.success());
        let child = spawn("cat", NO_VALUES).stdin(Io::Pipe).start().unwrap();
        assert!(child.closed().await.success(), "its input has ended");
    })
    .unwrap();
}

#[test]
fn when_the_thread_that_started_it_ends() {
    let pid = std::thread::spawn(|| {
        net::block_on(async {
            let child = spawn("sleep", ["1000"]).when_parent_dies(Some(SIGKILL)).start().unwrap();
            let pid = child.id();
            net::stop();
            pid
        })
        .unwrap()
    })
    .join()
    .unwrap();
    let began = Instant::now();
    while runs(pid) {
        assert!(began.elapsed() < Duration::from_secs(20), "it outlives its parent");
        std::thread::yield_now();
    }
}
