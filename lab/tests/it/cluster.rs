//! `wirebook cluster` as an operator meets it.

use super::complaint;
use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Output, Stdio},
};
use tempfile::TempDir;

const WIREBOOK: &str = env!("CARGO_BIN_EXE_wirebook");

/// A place of its own for clusters; what runs there is ended with it.
struct Home(TempDir);

impl Home {
    fn new() -> Home {
        Home(tempfile::tempdir().expect("a folder"))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(WIREBOOK);
        command.arg("cluster").args(arguments).env("XDG_RUNTIME_DIR", self.0.path()).env("COLUMNS", "80");
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program starts")
    }

    /// What it prints, when all is well.
    fn says(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        let said = text(&output.stdout);
        assert!(said.lines().all(|line| line.chars().count() <= 80), "80 columns: {said}");
        said
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.says_wide(&[arguments, &["--json"]].concat())).expect("JSON")
    }

    fn says_wide(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        text(&output.stdout)
    }

    /// What it complains of.
    fn complains(&self, arguments: &[&str]) -> String {
        complaint(&self.run(arguments))
    }

    /// A program that writes a line, and waits to be told to leave.
    fn start(&self, name: &str) -> Value {
        let start = ["start", "--name", name, "--listen", "127.0.0.1:0", "--workers", "2", "--ready-after", "10ms"];
        let program = ["--daemon", "--json", "--", "sh", "-c", "echo $LISTEN_FDS is given; exec sleep 1000"];
        serde_json::from_str(&self.says_wide(&[&start[..], &program].concat())).expect("JSON")
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let Ok(entries) = fs::read_dir(self.0.path().join("wirebook-cluster")) else { return };
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.extension().is_some_and(|kind| kind == "pid")
                && let Ok(pid) = fs::read_to_string(path)
            {
                Command::new("kill").args(["-KILL", pid.trim()]).status().ok();
            }
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A process that is ended when this is dropped.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn any_program_is_kept_alive() {
    let home = Home::new();
    assert!(home.says(&["list"]).starts_with("no cluster of this user runs\ntry: "));
    assert_eq!(home.json(&["list"]), serde_json::json!([]));
    let started = home.start("web");
    let listing = home.json(&["describe"]);
    assert_eq!((&listing["name"], &listing["pid"]), (&started["name"], &started["pid"]));
    assert_eq!((&listing["addresses"], &listing["state"]), (&started["addresses"], &Value::from("serves")));
    let described = home.says(&["describe", "web"]);
    for word in ["sh -c", "WORKER", "GENERATION", "ready", "web.log", "round-robin"] {
        assert!(described.contains(word), "{word} is not in\n{described}");
    }
    assert!(home.says(&["list"]).lines().nth(1).is_some_and(|line| line.starts_with("web ") && line.contains(" 2/2 ")));
    assert_eq!(home.says(&["reload"]), "web: all workers are of generation 2\n");
    assert_eq!(home.says(&["scale", "1", "web"]), "web: 1 worker is wanted\n");
    assert_eq!(home.says(&["scale", "web", "2"]), "web: 2 workers are wanted\n");
    for wrong in [&["scale", "0"][..], &["scale", "257", "web"], &["scale", "web", "257"], &["scale", "web"]] {
        let said = home.complains(wrong);
        let word = wrong.iter().rev().find(|word| word.parse::<u32>().is_ok()).unwrap_or(&"web");
        assert!(said.contains(&format!("{word} is no number of workers")), "{said}");
        assert!(said.contains("A cluster has 1 to 256 workers"), "{said}");
    }
    let logs = home.says(&["logs", "web", "-n", "1000"]);
    assert!(
        logs.contains("     1 | 1 is given\n") && logs.contains("master | all workers are of generation 2\n"),
        "{logs}"
    );
    assert_eq!(home.says(&["logs", "-n", "1"]).lines().count(), 1);
    assert_eq!(home.says(&["logs", "--reopen"]), "web: the log is opened anew\n");
    // A second one: names must be said now.
    home.start("api");
    let said = home.complains(&["reload"]);
    assert!(said.contains("Several clusters run: api, web."), "{said}");
    assert!(home.complains(&["stop", "shop"]).contains("No cluster shop runs."));
    assert_eq!(home.says(&["stop", "web"]), "web: all have ended\n");
    assert_eq!(home.says(&["stop", "--now"]), "api: all have ended\n");
    assert!(home.complains(&["stop"]).contains("No cluster of this user runs."));
    // The name is free at once.
    home.start("web");
}

#[test]
fn what_does_not_start_says_why() {
    let home = Home::new();
    assert!(home.complains(&["start", "--", "no-such-program"]).contains("There is no program no-such-program."));
    assert!(home.complains(&["start", "--name", "../x", "--", "sh"]).contains("is no name"));
    assert!(home.complains(&["start", "--user", "nobody-at-all", "--", "sh"]).contains("There is no user"));
    for workers in ["0", "257", "-1"] {
        let misused = home.run(&["start", &format!("--workers={workers}"), "--", "sh"]);
        assert!(misused.status.code() == Some(2) && text(&misused.stderr).contains("1..=256"), "{misused:?}");
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    for more in [&[][..], &["--daemon"]] {
        let arguments = [&["start", "--listen", &address][..], more, &["--", "sh"]].concat();
        let said = home.complains(&arguments);
        assert!(said.contains(&format!("cannot listen on {address}")), "{said}");
    }
    // One port that can be had beside one that cannot is not kept, and nobody stays who could not be told to leave.
    let said = home.complains(&["start", "--listen", "127.0.0.1:0", "--listen", &address, "--", "sh"]);
    assert!(said.contains(&format!("cannot listen on {address}")), "{said}");
    fs::create_dir(home.0.path().join("wirebook-cluster/web.socket")).expect("a folder in its way");
    assert!(home.complains(&["start", "--name", "web", "--", "sleep", "1000"]).contains("directory"));
    let said = home.complains(&["start", "--daemon", "--", "false"]);
    assert!(said.contains("too many workers have died before they served") && said.contains("false.log"), "{said}");
    assert!(home.says(&["list"]).starts_with("no cluster"), "nothing of it stays");
    let usage = home.run(&["start"]);
    assert_eq!(usage.status.code(), Some(2));
}

#[test]
fn in_front_of_a_terminal() {
    let home = Home::new();
    let start = ["start", "--workers", "1", "--ready-after", "10ms", "--", "sh", "-c", "echo hello; exec sleep 1000"];
    let mut master = Ended(home.command(&start).stdout(Stdio::piped()).spawn().expect("it starts"));
    let lines = BufReader::new(master.0.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    let mut lines = lines.skip_while(|line| !line.ends_with("hello"));
    assert_eq!(lines.next().as_deref(), Some("     1 | hello"));
    // A closed pipe is quiet.
    let mut follow =
        Ended(home.command(&["logs", "sh", "-f"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    let mut first = String::new();
    BufReader::new(follow.0.stdout.take().expect("a pipe")).read_line(&mut first).expect("a line");
    assert!(first.contains(" | "), "{first}");
    assert_eq!(home.says(&["reload"]), "sh: all workers are of generation 2\n");
    assert_eq!(follow.0.wait().expect("it ends").code(), Some(0));
    let mut complaint = String::new();
    std::io::Read::read_to_string(&mut follow.0.stderr.take().expect("a pipe"), &mut complaint).expect("text");
    assert_eq!(complaint, "");
    Command::new("kill").args(["-TERM", &master.0.id().to_string()]).status().expect("kill runs");
    assert_eq!(master.0.wait().expect("it ends").code(), Some(0));
    assert!(home.complains(&["describe"]).contains("No cluster of this user runs."));
}

/// What a worker writes moves no operator's cursor, and cannot stand there as another's line; a pipe is given what was written.
#[test]
fn a_terminal_obeys_no_worker() {
    const WRITES: &str = r#"printf 'tea\033[2J\rmaster | all is well\302\2331A\n'"#;
    const SHOWN: &str = r"     1 | tea^[[2J^Mmaster | all is well\u{9b}1A";
    let home = Home::new();
    let start = ["start", "--name", "web", "--workers", "1", "--ready-after", "10ms", "--daemon", "--", "sh", "-c"];
    home.says(&[&start[..], &[&format!("{WRITES}; : '\x1b[2J'; exec sleep 1000")]].concat());
    let piped = home.says_wide(&["logs", "web", "-n", "1000"]);
    assert!(piped.contains("     1 | tea\x1b[2J\rmaster | all is well\u{9b}1A\n"), "{piped:?}");
    let is_told = |text: &str| text.replace("\r\n", "\n").contains(|sign: char| sign.is_control() && sign != '\n');
    let json = home.says_wide(&["logs", "web", "-n", "1000", "--json"]);
    assert!(json.contains(r"tea\u001b[2J\rmaster | all is well\u009b1A") && !is_told(&json), "{json:?}");
    // A program whose words have such signs.
    let described = home.says(&["describe", "web"]);
    assert!(!is_told(&described), "{described:?}");
    if Command::new("script").arg("--version").output().is_err() {
        assert!(std::env::var("CI").is_err(), "CI has a terminal");
        return eprintln!("SKIPPED: a terminal obeys no worker: there is no terminal (script)");
    }
    let at_a_terminal = |arguments: &str| {
        let command = format!("exec {WIREBOOK} cluster {arguments}");
        let mut script = Command::new("script");
        script.args(["-qec", &command, "/dev/null"]).env("XDG_RUNTIME_DIR", home.0.path()).env("COLUMNS", "80");
        let output = script.stdin(Stdio::null()).output().expect("it starts");
        assert!(output.status.success(), "{output:?}");
        text(&output.stdout)
    };
    for arguments in ["logs web -n 1000", "logs web -n 1000 --json"] {
        let shown = at_a_terminal(arguments);
        assert!(!is_told(&shown), "{shown:?}");
        assert!(shown.contains(SHOWN) != arguments.contains("json"), "{shown:?}");
    }
    // The worker ends its master, so that this ends.
    let program = format!("{WRITES}; kill -TERM $PPID; exec sleep 1000").replace('\'', r"'\''");
    let shown = at_a_terminal(&format!("start --name own --workers 1 --ready-after 10ms -- sh -c '{program}'"));
    assert!(shown.contains(SHOWN) && !is_told(&shown), "{shown:?}");
}

/// The longest line of a worker, of signs that JSON writes in six octets, and a command line of megabytes: an operator is answered.
#[test]
fn what_is_long_reaches_the_operator() {
    let home = Home::new();
    let long = "\x01".repeat(100_000);
    let start = ["start", "--name", "web", "--workers", "1", "--ready-after", "10ms", "--daemon", "--", "sh", "-c"];
    let script = ["head -c 65536 /dev/zero | tr '\\0' '\\1'; echo; exec sleep 1000", &long, &long, &long];
    home.says(&[&start[..], &script].concat());
    let described = home.json(&["describe"]);
    let words = described["program"].as_array().expect("words");
    assert!(words.len() == 4 && words[3].as_str().is_some_and(|word| word.ends_with("\x01…")), "{}", words.len());
    home.says(&["describe"]);
    home.says(&["list"]);
    let lines = || home.says_wide(&["logs", "web", "-n", "1000", "--json"]);
    while !lines().lines().any(|line| line.matches("\\u0001").count() == 65_536) {}
}

#[test]
fn help_reads_well() {
    let home = Home::new();
    for arguments in [&["--help"][..], &["start", "--help"], &["logs", "--help"]] {
        home.says(arguments);
    }
    let help = home.says(&["--help"]);
    for word in ["start", "list", "describe", "reload", "scale", "stop", "logs", "LISTEN_FDS", "Try:"] {
        assert!(help.contains(word), "{word} is not in\n{help}");
    }
}
