//! What one would write first to start a program, why not, and the answers of "Processes".

use std::{
    fs, io,
    process::{Command, Output},
    time::Duration,
};
use wirebook_net as net;
use wirebook_process::{Child, exec, spawn};

// ANCHOR: obvious
fn count_lines(name: &str) -> io::Result<Output> {
    Command::new("sh").arg("-c").arg(format!("wc -l {name}")).output()
}
// ANCHOR_END: obvious

#[test]
fn a_name_becomes_a_command() {
    let out = count_lines("/dev/null; echo pwned").unwrap();
    assert!(String::from_utf8_lossy(&out.stdout).contains("pwned"));
}

// ANCHOR: forget
fn start_and_forget() -> io::Result<u32> {
    Ok(Command::new("true").spawn()?.id())
}
// ANCHOR_END: forget

fn state(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(stat.rsplit(')').next()?.trim()[..1].to_string())
}

#[test]
fn who_is_forgotten_is_a_zombie() {
    let pid = start_and_forget().unwrap();
    while state(pid).as_deref() != Some("Z") {
        std::thread::yield_now();
    }
}

#[test]
fn who_is_started_by_us_is_buried() {
    let pid = net::block_on(async { spawn("true", [""; 0]).start().unwrap().id() }).unwrap();
    assert_eq!(state(pid.unsigned_abs()), None);
}

// ANCHOR: pipeline
/// The first words of a text, one on each line, the most frequent first.
async fn words(text: &str, most: usize) -> io::Result<String> {
    let script = "tr -cs '[:alpha:]' '[\\n*]' | sort | uniq -c | sort -rn \
                  | head -n \"$1\" | awk '{print $2}'";
    let run = exec(script, [most.to_string()]).input(text).timeout(Duration::from_secs(10));
    let out = run.run().await?;
    Ok(String::from_utf8_lossy(&out.stdout).into_owned())
}
// ANCHOR_END: pipeline

#[test]
fn an_hour_of_words() {
    let found = net::block_on(words("tea for two, two for tea; tea", 2)).unwrap().unwrap();
    assert!(found == "tea\ntwo\n" || found == "tea\nfor\n", "{found}");
}

// ANCHOR: keep
/// Keeps a child alive: starts it again when it has ended, after a pause that doubles, and gives up when it has ended `most`
/// times in a row within `young` of its start. Says how often it was started.
async fn keep(start: impl Fn() -> io::Result<Child>, most: u32, young: Duration) -> io::Result<u32> {
    const FIRST: Duration = Duration::from_millis(1);
    const LONGEST: Duration = Duration::from_secs(30);
    let (mut starts, mut in_a_row, mut pause) = (0, 0, FIRST);
    loop {
        let began = net::now();
        let exit = start()?.exited().await;
        starts += 1;
        if exit.success() {
            return Ok(starts);
        }
        if net::now() - began >= young {
            (in_a_row, pause) = (0, FIRST);
        }
        in_a_row += 1;
        if in_a_row >= most {
            return Ok(starts);
        }
        net::sleep(pause).await;
        pause = (pause * 2).min(LONGEST);
    }
}
// ANCHOR_END: keep

#[test]
fn an_evening_of_restarts() {
    net::block_on(async {
        let young = Duration::from_secs(1000);
        assert_eq!(keep(|| spawn("false", [""; 0]).start(), 4, young).await.unwrap(), 4);
        assert_eq!(keep(|| spawn("true", [""; 0]).start(), 4, young).await.unwrap(), 1);
        // One that lives long enough is not counted with those before it; it ends by itself the third time.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("starts");
        let script = "echo >> \"$1\"; [ $(wc -l < \"$1\") -ge 3 ]";
        let third = || spawn("sh", ["-c".as_ref(), script.as_ref(), "sh".as_ref(), path.as_os_str()]).start();
        assert_eq!(keep(third, 2, Duration::ZERO).await.unwrap(), 3);
        assert!(keep(|| spawn("/no/such", [""; 0]).start(), 4, young).await.is_err());
    })
    .unwrap();
}
