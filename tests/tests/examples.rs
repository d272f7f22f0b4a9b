//! Every example at the terminal: it explains itself, says errors in a sentence, keeps quiet in a pipe, ends when it is asked to,
//! and leaves nothing behind. A program of its own, because nothing else needs the examples to be built.
//!
//! The examples are found by listing the folders, so a new one is held to this as well. They are other crates' and are built by
//! `cargo test` of the workspace; alone, `cargo build --examples` first.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    net::{TcpListener, TcpStream, UdpSocket},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;
use wirebook_tests::workspace::{members, root};

/// What "within a second" may be on a machine that does other things.
const A_SECOND: Duration = Duration::from_secs(4);
/// One that ends by itself, built without optimisation, on such a machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// An address where nobody listens: a port that was free a moment ago may be given to the next server, and this one is given to none.
const NOBODY: &str = "127.0.0.1:1";

/// An example, and a folder of its own in which it is started.
struct Example {
    name: String,
    /// The first line of its first comment.
    summary: String,
    help: String,
    serves: bool,
    /// It catches the signals that ask it to end, and ends in order.
    heeds: bool,
    folder: TempDir,
}

/// All that are built.
fn examples() -> Vec<Example> {
    let folders = members().into_iter().map(|krate| root().join(krate).join("examples"));
    let entries = folders.filter_map(|folder| fs::read_dir(folder).ok()).flatten();
    let mut found: Vec<Example> = entries.filter_map(|entry| read(&entry.expect("a readable folder").path())).collect();
    found.sort_by(|one, other| one.name.cmp(&other.name));
    assert!(found.len() > 20 || found.is_empty(), "only {} examples", found.len());
    found
}

fn read(path: &Path) -> Option<Example> {
    let file = if path.is_dir() { path.join("main.rs") } else { path.to_path_buf() };
    if file.extension().is_none_or(|extension| extension != "rs") {
        return None;
    }
    let source = fs::read_to_string(file).ok()?;
    let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
    if !program(&name).exists() {
        eprintln!("SKIPPED: {name} is not built; run cargo build --examples");
        return None;
    }
    let summary = source.lines().next().and_then(|line| line.strip_prefix("//! "));
    let summary = summary.unwrap_or_else(|| panic!("{name} has no first comment")).to_string();
    let serves = source.contains("terminal::listening(");
    assert!(serves || !source.contains("\"listening on"), "{name} says where it listens in its own way");
    let catches = source.find("net::ctrl_c()");
    let says = source.rfind("terminal::listening(");
    assert!(says.is_none() || catches <= says, "{name} says where it listens before it can be told to end");
    let heeds = catches.is_some() || source.contains("cluster::run(");
    let help = Command::new(program(&name)).arg("--help").env("COLUMNS", "200").output().expect("it starts");
    assert!(help.status.success(), "{name} --help: {help:?}");
    Some(Example { name, summary, help: text(&help.stdout), serves, heeds, folder: TempDir::new().expect("a folder") })
}

/// Cargo builds examples beside the tests.
fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test has a file");
    test.parent().and_then(|deps| deps.parent()).expect("target/debug").join("examples").join(name)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl Example {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program(&self.name));
        if ignores_int() {
            // The program would inherit that.
            command = Command::new("env");
            command.arg("--default-signal=INT").arg(program(&self.name));
        }
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let child = self.command(arguments).spawn().expect("it starts");
        wait(child, PATIENCE).unwrap_or_else(|| panic!("{} {arguments:?} does not end", self.name))
    }

    /// Arguments that let a server listen here.
    fn listen(&self, address: &str) -> Vec<String> {
        let of = |name: &str| self.help.contains(&format!("--{name} <"));
        match (of("addr"), of("path")) {
            (true, _) => vec!["--addr".into(), address.into()],
            (_, true) => vec!["--path".into(), self.folder.path().join("socket").display().to_string()],
            _ => panic!("{} listens, and takes neither --addr nor --path", self.name),
        }
    }

    /// Arguments that let a client connect there, once; `None` for an example that needs no other program.
    fn connect(&self, address: &str) -> Option<Vec<String>> {
        let of = |name: &str| self.help.contains(&format!("--{name} <"));
        let scheme = match self.name.split('_').next() {
            Some("ws") => "ws",
            Some("https") => "https",
            _ => "http",
        };
        let url = format!("{scheme}://{address}/");
        let arguments = match () {
            () if self.serves => return None,
            () if of("addr") => vec!["--addr".into(), address.into()],
            () if of("url") => vec!["--url".into(), url],
            () if of("server") => vec!["--server".into(), url],
            () if self.help.contains("[URL]") => vec![url],
            () => return None,
        };
        let once = if of("attempts") { vec!["--attempts".into(), "1".into()] } else { Vec::new() };
        Some([arguments, once].concat())
    }

    fn start(&self, arguments: &[String]) -> Child {
        self.command(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).spawn().expect("it starts")
    }

    /// A server that listens, what it has said, and where it is.
    fn serve(&self) -> (Child, String, String) {
        let mut child = self.start(&self.listen("127.0.0.1:0"));
        let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
        let (mut first, mut second) = (String::new(), String::new());
        output.read_line(&mut first).and_then(|_| output.read_line(&mut second)).expect("two lines");
        // Nobody reads what it says next, and that must not end it.
        std::thread::spawn(move || output.lines().for_each(drop));
        let address = first.trim_end().strip_prefix("listening on ");
        let address = address.unwrap_or_else(|| panic!("{} says {first:?} first", self.name)).to_owned();
        (child, address, second)
    }

    fn left_nothing(&self) {
        let left: Vec<_> =
            fs::read_dir(self.folder.path()).expect("a folder").map(|entry| entry.unwrap().path()).collect();
        assert!(left.is_empty(), "{} leaves {left:?} behind", self.name);
    }
}

/// Whether whoever runs the tests ignores SIGINT, as what a shell runs in the background does.
fn ignores_int() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")?.trim().get(..));
    ignored.and_then(|mask| u64::from_str_radix(mask, 16).ok()).is_some_and(|mask| mask & 1 << (libc::SIGINT - 1) != 0)
}

/// Waits until the process catches both signals: of a server whose words nobody reads there is no other sign that it serves.
fn await_handlers(child: &Child) {
    const BOTH: u64 = 1 << (libc::SIGINT - 1) | 1 << (libc::SIGTERM - 1);
    let catches_both = || {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"))?;
        Some(u64::from_str_radix(caught.trim(), 16).ok()? & BOTH == BOTH)
    };
    let began = Instant::now();
    while catches_both() == Some(false) && began.elapsed() < Duration::from_millis(500) {
        std::thread::yield_now();
    }
}

/// What the process has said when it ended; killed, where it does not end in time.
fn wait(mut child: Child, limit: Duration) -> Option<Output> {
    let mut streams: [Option<Box<dyn Read + Send>>; 2] =
        [child.stdout.take().map(|out| Box::new(out) as _), child.stderr.take().map(|out| Box::new(out) as _)];
    let readers = streams.each_mut().map(|stream| {
        let mut stream = stream.take();
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            stream.as_mut().map(|stream| stream.read_to_end(&mut bytes));
            bytes
        })
    });
    let began = Instant::now();
    let status: Option<ExitStatus> = loop {
        match child.try_wait().expect("a child") {
            Some(status) => break Some(status),
            None if began.elapsed() > limit => break None,
            None => std::thread::yield_now(),
        }
    };
    if status.is_none() {
        child.kill().and_then(|()| child.wait()).expect("it can be killed");
    }
    let [stdout, stderr] = readers.map(|reader| reader.join().expect("a reader"));
    Some(Output { status: status?, stdout, stderr })
}

fn end(name: &str, signal: i32, child: Child) -> Output {
    let word = if signal == libc::SIGINT { "-INT" } else { "-TERM" };
    assert!(Command::new("kill").args([word, &child.id().to_string()]).status().expect("kill runs").success());
    let output = wait(child, A_SECOND).unwrap_or_else(|| panic!("{name} goes on after {word}"));
    // 130 is what a shell says of SIGINT.
    let by_signal = output.status.signal() == Some(signal) || output.status.code() == Some(130);
    assert!(output.status.success() || by_signal, "{name} ends with {output:?} at {word}");
    output
}

/// An error is a sentence with the name of the thing, and no debugging output.
fn complains(name: &str, output: &Output, about: &str) {
    let said = text(&output.stderr);
    assert!(output.status.code().is_some_and(|code| code != 0), "{name}: {output:?}");
    assert!(said.contains(about), "{name} does not name {about}: {said}");
    for word in ["panicked", "Os {", "Custom {", "Err(", "os error"] {
        assert!(!said.contains(word), "{name}: {said}");
    }
}

/// A port that is taken for TCP and for UDP, where nobody answers.
fn taken() -> (TcpListener, UdpSocket, String) {
    loop {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        if let Ok(socket) = UdpSocket::bind(address) {
            return (listener, socket, address.to_string());
        }
    }
}

#[test]
fn every_example_explains_itself() {
    for example in examples() {
        let Example { name, summary, help, .. } = &example;
        let flat = help.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.starts_with(summary), "{name} does not begin with {summary:?}:\n{help}");
        assert!(help.contains(&format!("Usage: {name}")) && flat.contains(&format!("--example {name}")), "{help}");
        assert!(help.lines().all(|line| line.chars().count() <= 80), "80 columns:\n{help}");
        let output = example.run(&["--no-such-thing"]);
        assert_eq!(output.status.code(), Some(64), "{name}: {output:?}");
        complains(name, &output, "--no-such-thing");
    }
}

#[test]
fn every_server_ends_at_both_signals_and_has_said_what_to_try() {
    for example in examples().iter().filter(|example| example.serves) {
        for signal in [libc::SIGINT, libc::SIGTERM] {
            let (child, address, second) = example.serve();
            // An idle connection does not hold it.
            let open = TcpStream::connect(&address);
            assert!(
                open.is_ok() || !example.help.contains("--addr") || example.name.contains("udp"),
                "{}",
                example.name
            );
            let names_it = address.rsplit(':').all(|part| second.contains(part));
            assert!(second.starts_with("try: ") && names_it, "{} says {second:?}", example.name);
            assert!(second.chars().count() <= 81, "80 columns: {second}");
            // From its first line on it can be told to end.
            let output = end(&example.name, signal, child);
            assert!(output.status.success() || !example.heeds, "{}: {output:?}", example.name);
        }
        example.left_nothing();
    }
}

#[test]
fn every_client_ends_at_both_signals_while_it_waits() {
    let (silent, socket, address) = taken();
    for example in examples() {
        let Some(arguments) = example.connect(&address) else { continue };
        for signal in [libc::SIGINT, libc::SIGTERM] {
            let mut child = example.command(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
            // It waits for an answer, and not for the end of its input.
            let child = child.stdin(Stdio::piped()).spawn().expect("it starts");
            let udp = example.name.contains("udp");
            let _connected = (!udp).then(|| silent.accept().expect("it connects"));
            assert!(!udp || socket.recv(&mut [0; 64]).is_ok(), "it asks");
            end(&example.name, signal, child);
        }
        example.left_nothing();
    }
}

#[test]
fn every_server_says_that_its_port_is_taken() {
    let (_listener, _socket, address) = taken();
    for example in examples().iter().filter(|example| example.serves) {
        let arguments = example.listen(&address);
        let _file = std::os::unix::net::UnixListener::bind(example.folder.path().join("socket"));
        let output = example.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        complains(&example.name, &output, &arguments[1]);
        assert!(text(&output.stderr).contains(" hint: "), "{}: {output:?}", example.name);
        let output = example.run(&[&arguments[0], "/no/such/place:x"]);
        complains(&example.name, &output, "/no/such/place:x");
    }
}

#[test]
fn every_client_says_that_nobody_listens() {
    for example in examples() {
        let Some(arguments) = example.connect(NOBODY) else { continue };
        let output = example.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        complains(&example.name, &output, NOBODY);
        example.left_nothing();
    }
}

#[test]
fn every_example_is_quiet_in_a_closed_pipe() {
    for example in examples() {
        let arguments = if example.serves { Some(example.listen("127.0.0.1:0")) } else { example.connect(NOBODY) };
        for help in [true, false] {
            let (reader, writer) = std::io::pipe().expect("a pipe");
            drop(reader);
            let arguments = if help { vec!["--help".into()] } else { arguments.clone().unwrap_or_default() };
            let child =
                example.command(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).stdout(writer).spawn();
            let child = child.expect("it starts");
            let output = if example.serves && !help {
                // Serving is its work, whoever reads what it says.
                await_handlers(&child);
                end(&example.name, libc::SIGTERM, child)
            } else {
                wait(child, PATIENCE).unwrap_or_else(|| panic!("{} goes on where nobody hears it", example.name))
            };
            assert!(!text(&output.stderr).contains("panicked"), "{}: {output:?}", example.name);
            let is_refused = !example.serves && example.connect(NOBODY).is_some();
            assert!(output.status.success() || example.serves || is_refused, "{}: {output:?}", example.name);
            assert!(output.stderr.is_empty() || is_refused, "{}: {output:?}", example.name);
        }
        example.left_nothing();
    }
}

#[test]
fn the_file_of_a_socket_goes_with_its_server() {
    for example in examples().iter().filter(|example| example.help.contains("--path <")) {
        let (child, path, _) = example.serve();
        assert!(Path::new(&path).exists());
        end(&example.name, libc::SIGTERM, child);
        assert!(!Path::new(&path).exists());
    }
}
