//! The reader's program: built with Cargo, run as a process of its own, asked over its standard input and output.
//!
//! It is code that nobody has seen. It may loop, panic, ask for all memory, print without end or end in the middle of a word,
//! so everything that is waited for has a bound in time, everything that is read has one in bytes, the process has one in
//! memory and processor time (on Linux), and it is killed with its children when it is no longer wanted.

use std::io::{self, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

/// Time for one question. The slowest of our answers takes a few milliseconds in a debug build.
pub(crate) const ANSWER_TIME: Duration = Duration::from_secs(2);
/// Time for a race, in which the code runs again and again.
pub(super) const RACE_TIME: Duration = Duration::from_secs(20);
/// Time for `cargo build`.
const BUILD_TIME: Duration = Duration::from_secs(300);
/// Address space of the process. The longest input of a race has 24 MB.
const MEMORY: u64 = 512 << 20;
/// Processor time in all: what is left behind when we are killed ends by itself.
const PROCESSOR_SECONDS: u64 = 120;
/// Bytes of one answer. The longest right one has 260 KB.
const MAX_ANSWER: usize = 2 << 20;
/// Bytes that are kept of what the code prints beside its answers.
const MAX_PRINTED: usize = 4 << 10;

/// Around an answer.
const STX: u8 = 2;
const ETX: u8 = 3;

/// Why there is no answer: a sentence for a person, and what the program said last.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Trouble {
    pub(crate) sentence: String,
    pub(crate) said: String,
}

impl Trouble {
    fn new(sentence: impl Into<String>, said: impl Into<String>) -> Trouble {
        Trouble { sentence: sentence.into(), said: said.into() }
    }
}

/// Builds the crate; gives the program's path.
///
/// # Errors
///
/// What the compiler said.
pub(crate) fn build(root: &Path, release: bool) -> Result<PathBuf, Trouble> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--offline", "--quiet", "--bin", "reader", "--message-format", "json-render-diagnostics"]);
    command.arg("--manifest-path").arg(root.join("Cargo.toml")).arg("--target-dir").arg(root.join("target"));
    command.args(release.then_some("--release")).stdin(Stdio::null());
    let mut process = Process::start(command)
        .map_err(|error| Trouble::new(format!("Cargo cannot be started ({error}); is it installed?"), ""))?;
    let (messages, fault) = process.collect(Instant::now() + BUILD_TIME, MAX_ANSWER);
    let said = process.stderr();
    if let Some(fault) = fault {
        return Err(Trouble::new(format!("Cargo {fault}."), said));
    }
    if !process.wait().is_some_and(|status| status.success()) {
        return Err(Trouble::new("Your crate does not compile.", said));
    }
    let messages = String::from_utf8_lossy(&messages);
    let mut messages = messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let program = messages.find_map(|message| message["executable"].as_str().map(PathBuf::from));
    program.ok_or_else(|| Trouble::new("Cargo built no program named reader; is Cargo.toml as it was?", said))
}

/// A running reader's program.
pub(crate) struct Reader {
    process: Process,
    questions: Sender<Vec<u8>>,
    /// What has come behind the last answer.
    rest: Vec<u8>,
}

/// An answer, and what the code printed beside it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) lines: Vec<String>,
    pub(crate) printed: String,
}

impl Reader {
    /// Starts the program, under its limits.
    pub(crate) fn start(program: &Path) -> Result<Reader, Trouble> {
        let mut command = Command::new(program);
        command.stdin(Stdio::piped()).env("RUST_BACKTRACE", "0");
        let cannot = |error: io::Error| Trouble::new(format!("Your program cannot be started: {error}."), "");
        let mut process = Process::start(command).map_err(cannot)?;
        // It has asked for nothing yet: it waits for its first question.
        limit(&process.child).map_err(cannot)?;
        let (questions, written) = mpsc::channel::<Vec<u8>>();
        if let Some(mut stdin) = process.child.stdin.take() {
            // A thread, because a program that reads nothing would hold us up; it ends when the program does.
            thread::spawn(move || {
                for question in written {
                    if stdin.write_all(&question).and_then(|()| stdin.flush()).is_err() {
                        return;
                    }
                }
            });
        }
        Ok(Reader { process, questions, rest: Vec::new() })
    }

    /// Asks for the lines of one input in these pieces.
    pub(crate) fn ask(&mut self, stage: &str, pieces: &[&[u8]], time: Duration) -> Result<Answer, Trouble> {
        self.question("ask", stage, pieces, time)
    }

    /// Has the code race on these inputs.
    pub(super) fn race(&mut self, stage: &str, inputs: &[&[u8]]) -> Result<Answer, Trouble> {
        self.question("race", stage, inputs, RACE_TIME)
    }

    fn question(&mut self, verb: &str, stage: &str, pieces: &[&[u8]], time: Duration) -> Result<Answer, Trouble> {
        let mut question = format!("{verb} {stage} {}\n", pieces.len()).into_bytes();
        for piece in pieces {
            question.extend_from_slice(format!("{}\n", piece.len()).as_bytes());
            question.extend_from_slice(piece);
        }
        // If the program has ended, the answer that does not come says so.
        let _ = self.questions.send(question);
        let deadline = Instant::now() + time;
        let mut heard = std::mem::take(&mut self.rest);
        let mut searched = 0;
        loop {
            if let Some(end) = heard[searched..].iter().position(|&byte| byte == ETX).map(|at| searched + at) {
                self.rest = heard.split_off(end + 1);
                return Ok(understood(&heard[..end]));
            }
            searched = heard.len();
            if heard.len() > MAX_ANSWER {
                let sentence = format!("Your code printed more than {MAX_ANSWER} bytes and no answer among them.");
                return Err(Trouble::new(sentence, printed(&heard)));
            }
            match self.process.hear(deadline) {
                Heard::Bytes(bytes) => heard.extend_from_slice(&bytes),
                Heard::Nothing => {
                    let sentence = format!(
                        "Your code gave no answer within {} seconds: it loops, or waits for what does not come.",
                        time.as_secs()
                    );
                    return Err(Trouble::new(sentence, printed(&heard)));
                }
                Heard::End => return Err(self.ended(&heard)),
            }
        }
    }

    /// Why a program that should have answered has ended.
    fn ended(&mut self, heard: &[u8]) -> Trouble {
        let status = self.process.wait();
        let said = self.process.stderr();
        let panicked = said.split_once("panicked at ").and_then(|(_, rest)| rest.lines().next());
        let sentence = match (panicked, status) {
            (Some(place), _) => format!("Your code panicked at {}", place.trim_end_matches(':')),
            _ if said.contains("memory allocation of") => {
                format!("Your code asked for more memory than the {} MB that it may have.", MEMORY >> 20)
            }
            _ if said.contains("overflowed its stack") => {
                "Your code calls itself without end: the stack is full.".into()
            }
            (None, Some(status)) => match (status.signal(), status.code()) {
                (Some(signal), _) => format!("Your program was ended by signal {signal} before it answered."),
                (_, Some(code)) => format!("Your program ended by itself, with exit code {code}, before it answered."),
                _ => "Your program ended before it answered.".into(),
            },
            (None, None) => "Your program closed its output and did not end.".into(),
        };
        let printed = printed(heard);
        Trouble::new(sentence, [said.trim_end(), printed.trim_end()].join("\n").trim().to_string())
    }
}

/// The answer behind the last STX; what stands before that is the reader's own.
fn understood(heard: &[u8]) -> Answer {
    let start = heard.iter().rposition(|&byte| byte == STX).unwrap_or(heard.len());
    let lines = String::from_utf8_lossy(heard.get(start + 1..).unwrap_or_default());
    Answer { lines: lines.lines().map(visible).collect(), printed: printed(&heard[..start]) }
}

/// What was printed, as far as we keep it, without what would move a terminal's cursor.
fn printed(heard: &[u8]) -> String {
    let kept = &heard[..heard.len().min(MAX_PRINTED)];
    let text = String::from_utf8_lossy(kept);
    text.trim().lines().map(visible).collect::<Vec<_>>().join("\n")
}

fn visible(line: &str) -> String {
    line.chars().flat_map(|char| if char.is_control() { char.escape_default().collect() } else { vec![char] }).collect()
}

/// A child with its pipes read by threads, killed with all its children when dropped.
struct Process {
    child: Child,
    stdout: Receiver<Vec<u8>>,
    stderr: Receiver<Vec<u8>>,
}

enum Heard {
    Bytes(Vec<u8>),
    /// Nothing came in time.
    Nothing,
    End,
}

impl Process {
    fn start(mut command: Command) -> io::Result<Process> {
        // A process group of its own, which can be killed as one.
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).spawn()?;
        let stdout = child.stdout.take().map(|pipe| listen(pipe, false));
        let stderr = child.stderr.take().map(|pipe| listen(pipe, true));
        let nothing = || mpsc::channel().1;
        Ok(Process { child, stdout: stdout.unwrap_or_else(nothing), stderr: stderr.unwrap_or_else(nothing) })
    }

    fn hear(&self, deadline: Instant) -> Heard {
        match self.stdout.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(bytes) => Heard::Bytes(bytes),
            Err(RecvTimeoutError::Timeout) => Heard::Nothing,
            Err(RecvTimeoutError::Disconnected) => Heard::End,
        }
    }

    /// All output until the end, and what is wrong with it.
    fn collect(&self, deadline: Instant, limit: usize) -> (Vec<u8>, Option<String>) {
        let mut all = Vec::new();
        loop {
            match self.hear(deadline) {
                Heard::Bytes(bytes) => all.extend_from_slice(&bytes),
                Heard::Nothing => return (all, Some("did not end in time".into())),
                Heard::End => return (all, None),
            }
            if all.len() > limit {
                return (all, Some(format!("said more than {limit} bytes")));
            }
        }
    }

    /// The exit status of a child whose output has ended; `None` where it goes on without one.
    fn wait(&mut self) -> Option<ExitStatus> {
        let deadline = Instant::now() + Duration::from_secs(1);
        while Instant::now() < deadline {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            thread::sleep(Duration::from_millis(2));
        }
        None
    }

    /// What it said on standard error, as far as we keep it. Called when the child has ended.
    fn stderr(&self) -> String {
        let deadline = Instant::now() + Duration::from_secs(1);
        let mut all = Vec::new();
        while let Ok(bytes) = self.stderr.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            all.extend_from_slice(&bytes);
        }
        String::from_utf8_lossy(&all).into_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The group, for what the child has started; the child itself is surely ours until we have waited for it.
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads a pipe on a thread of its own. At most a few pieces wait for us; `keep_little` drops what is over a bound instead.
fn listen(mut pipe: impl Read + Send + 'static, keep_little: bool) -> Receiver<Vec<u8>> {
    const LITTLE: usize = 64 << 10;
    let (sender, receiver) = mpsc::sync_channel(if keep_little { LITTLE } else { 8 });
    thread::spawn(move || {
        let mut buffer = vec![0; 16 << 10];
        let mut kept = 0;
        while let Ok(count @ 1..) = pipe.read(&mut buffer) {
            if keep_little {
                // One message has one byte at least, so so many fit and the pipe is always emptied.
                if kept < LITTLE && sender.try_send(buffer[..count].to_vec()).is_err() {
                    return;
                }
                kept += count;
            } else if sender.send(buffer[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Bounds the process in memory, in processor time and in the files that it writes.
#[cfg(target_os = "linux")]
fn limit(child: &Child) -> io::Result<()> {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let bounds =
        [(Resource::As, MEMORY), (Resource::Cpu, PROCESSOR_SECONDS), (Resource::Fsize, 1 << 20), (Resource::Core, 0)];
    for (resource, most) in bounds {
        prlimit(pid, resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    Ok(())
}

/// Elsewhere no process can bound another one; time and output are bounded all the same.
#[cfg(not(target_os = "linux"))]
fn limit(_: &Child) -> io::Result<()> {
    Ok(())
}
