//! The program as its users meet it: the site over a socket, and the words on the terminal.

use super::complaint;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::sync::LazyLock;
use tempfile::TempDir;

const WIREBOOK: &str = env!("CARGO_BIN_EXE_wirebook");

fn run(arguments: &[&str]) -> Output {
    Command::new(WIREBOOK).args(arguments).output().expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The site on a free port, ended when dropped.
struct Site {
    child: Child,
    address: String,
    /// What it renders, again for each worker that takes a dead one's place.
    _book: Option<TempDir>,
}

/// The site with the whole book, which takes its time to render: one for all tests that look at its pages.
static SITE: LazyLock<Site> = LazyLock::new(|| {
    // A static is never dropped: the shell ends the site when this process has ended, and with it the pipe that it reads.
    let mut shell = Command::new("sh");
    shell.args(["-c", "\"$0\" site --addr 127.0.0.1:0 & read -r _; kill $!", WIREBOOK]).stdin(Stdio::piped());
    Site::spawn(shell, None)
});

/// The smallest book that there is.
fn small_book() -> TempDir {
    let book = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| fs::write(book.path().join(name), text).expect("a file");
    fs::create_dir(book.path().join("src")).expect("a folder");
    write("book.toml", "[build]\nuse-default-preprocessors = false\n");
    write("src/SUMMARY.md", "[One chapter](index.md)\n");
    write("src/index.md", "# One chapter\n");
    book
}

impl Site {
    /// A site of the smallest book that there is.
    fn start_with(more: &[&str]) -> Site {
        Site::of(small_book(), more)
    }

    fn of(book: TempDir, more: &[&str]) -> Site {
        let mut command = Command::new(WIREBOOK);
        command.args(["site", "--addr", "127.0.0.1:0", "--book"]).arg(book.path()).args(more);
        Site::spawn(command, Some(book))
    }

    fn spawn(mut command: Command, book: Option<TempDir>) -> Site {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("{line:?}")).to_string();
        Site { child, address, _book: book }
    }

    /// Sends a request line with fields, and gives the head and the body of the answer.
    fn ask(&self, line: &str, fields: &str, body: &str) -> (String, String) {
        let mut stream = TcpStream::connect(&self.address).expect("the site listens");
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        write!(stream, "{line} HTTP/1.1\r\nHost: {}\r\n{fields}{length}\r\n{body}", self.address)
            .expect("the site reads");
        stream.shutdown(Shutdown::Write).expect("the site is there");
        let mut all = Vec::new();
        stream.read_to_end(&mut all).expect("the site answers");
        let all = text(&all);
        let (head, body) = all.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{all:?}"));
        (head.to_ascii_lowercase(), body.to_string())
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn field<'a>(head: &'a str, name: &str) -> &'a str {
    head.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
        .unwrap_or_else(|| panic!("no {name}: {head}"))
}

#[test]
fn pages_have_their_types_tags_and_methods() {
    let site = &*SITE;
    let (head, body) = site.ask("GET /", "", "");
    assert!(head.starts_with("http/1.1 200") && body.contains("<title>Wirebook"), "{head}");
    assert_eq!(field(&head, "content-type"), "text/html; charset=utf-8");
    let tag = field(&head, "etag").to_string();

    let (head, body) = site.ask("GET /", &format!("If-None-Match: \"x\", W/{tag}\r\n"), "");
    assert!(head.starts_with("http/1.1 304") && body.is_empty(), "{head}");
    let (head, _) = site.ask("GET /", "If-None-Match: \"x\"\r\n", "");
    assert!(head.starts_with("http/1.1 200"));

    let (head, body) = site.ask("HEAD /http1/head.html", "", "");
    assert!(head.starts_with("http/1.1 200") && body.is_empty());
    assert!(field(&head, "content-length").parse::<usize>().is_ok_and(|length| length > 5_000), "{head}");

    let plain = site.ask("GET /theme/kit/dom.js", "", "").0;
    let small = site.ask("GET /theme/kit/dom.js", "Accept-Encoding: gzip\r\n", "").0;
    let length = |head: &str| field(head, "content-length").parse::<usize>().expect("a length");
    assert_eq!((field(&small, "content-encoding"), field(&small, "vary")), ("gzip", "accept-encoding"));
    assert!(length(&small) * 2 < length(&plain), "{small}");
    let page = site.ask("GET /", "Accept-Encoding: gzip\r\n", "").0;
    assert!(!page.contains("content-encoding"), "a page shows its own bytes: {page}");
    let mime = field(&plain, "content-type").to_string();
    assert_eq!(mime, "text/javascript; charset=utf-8");
    let (head, body) = site.ask("GET /no/such", "", "");
    assert!(head.starts_with("http/1.1 404") && body.contains("mdbook-sidebar"), "the 404 page has the book's look");
    for path in ["/../Cargo.toml", "/%2e%2e/Cargo.toml", "/http1/%2E%2e/%2e%2e/Cargo.toml", "/%00", "/\\"] {
        let (head, _) = site.ask(&format!("GET {path}"), "", "");
        assert!(head.starts_with("http/1.1 400"), "{path}: {head}");
    }
    assert!(site.ask("GET /http1/", "", "").0.starts_with("http/1.1 "), "a folder");
    let (head, _) = site.ask("DELETE /", "", "");
    assert!(head.starts_with("http/1.1 405") && field(&head, "allow").starts_with("get, head"), "{head}");
}

#[test]
fn only_our_own_pages_may_ask_the_widgets() {
    let site = &*SITE;
    let json = "Content-Type: application/json\r\n";
    let body = r#"{"input":"GET / HTTP/1.1\r\nHost: a\r\n\r\n","cut":9}"#;
    let own = format!("{json}Origin: http://{}\r\n", site.address);
    let (head, answer) = site.ask("POST /live/head", &own, body);
    assert!(head.starts_with("http/1.1 200"), "{head}");
    let answer: serde_json::Value = serde_json::from_str(&answer).expect("JSON");
    assert_eq!((&answer["same"], &answer["parts"][0]["kind"]), (&true.into(), &"method".into()));

    assert!(
        site.ask("POST /live/head", &format!("{json}Origin: http://evil.example\r\n"), body)
            .0
            .starts_with("http/1.1 403")
    );
    assert!(site.ask("POST /live/head", "Content-Type: text/plain\r\n", body).0.starts_with("http/1.1 403"));
    assert!(site.ask("GET /live/head", "", "").0.starts_with("http/1.1 405"));
    assert!(site.ask("POST /live/none", json, body).0.starts_with("http/1.1 404"));
    assert!(site.ask("POST /live/head", json, "{}").0.starts_with("http/1.1 400"));
    let large = format!(r#"{{"input":"{}"}}"#, "a".repeat(17_000));
    assert!(site.ask("POST /live/head", json, &large).0.starts_with("http/1.1 400"));

    // DNS rebinding: the browser believes that this port belongs to another name.
    let mut stream = TcpStream::connect(&site.address).expect("the site listens");
    let rebound = format!(
        "POST /live/head HTTP/1.1\r\nHost: evil.example\r\n{json}Content-Length: 2\r\nConnection: close\r\n\r\n{{}}"
    );
    stream.write_all(rebound.as_bytes()).expect("the site reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the site answers");
    assert!(answer.starts_with("HTTP/1.1 421"), "{answer}");
}

#[test]
fn a_busy_port_is_one_sentence_and_a_hint() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let said = complaint(&run(&["site", "--addr", &address]));
    assert!(said.starts_with(&format!("error: {address} is in use")), "{said}");
}

#[test]
fn other_errors_are_a_sentence_and_a_hint_too() {
    for arguments in
        [&["--addr", "0.0.0.0:0"][..], &["--book", "/no/such/book"], &["dissect", "request", "/no/such/file"]]
    {
        complaint(&run(arguments));
    }
    // The same from the folder of a long name, and from who reads the arguments.
    let long = "/no/such/folder/".repeat(12) + "file of three words";
    for arguments in [&["dissect", "body", &long][..], &["render", &long], &["race", "parsers", "--svg", &long]] {
        let said = complaint_of_any_length(&run(arguments));
        assert!(said.contains("of three words"), "{said}");
    }
    for arguments in [&["dissect", "tea"][..], &["site", "--addr", "127.0.0.1:70000"], &["teapot"], &["race"]] {
        for columns in ["40", "80"] {
            let output = piped(arguments, b"", columns);
            let said = text(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
            let limit: usize = columns.parse().expect("a number");
            assert!(said.lines().all(|line| line.chars().count() <= limit), "{columns} columns: {said}");
            assert!(said.contains("--help") || said.contains("Usage: "), "what to do: {said}");
        }
    }
}

/// A word may be longer than the terminal is wide.
fn complaint_of_any_length(output: &Output) -> String {
    let said = text(&output.stderr);
    let spaced = said.lines().all(|line| line.chars().count() <= 80 || line.split_whitespace().count() <= 2);
    assert!(spaced && output.status.code() == Some(1) && said.contains("\n hint: "), "{said}");
    said
}

#[test]
fn help_and_the_examples_read_well() {
    let help = text(&run(&["--help"]).stdout);
    for word in ["site", "examples", "dissect", "--addr", "--open"] {
        assert!(help.contains(word), "{word} is not in\n{help}");
    }
    let list = text(&run(&["examples"]).stdout);
    assert!(list.contains("http_hello") && list.contains("cargo run --example http_hello"), "{list}");
    let commands = |line: &&str| line.trim_start().starts_with("$ ");
    assert!(list.lines().filter(|line| !commands(line)).all(|line| line.chars().count() <= 80), "{list}");
}

#[test]
fn dissect_prints_the_answer_of_the_widget() {
    let ask = |arguments: &[&str]| {
        let mut child = Command::new(WIREBOOK)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let input = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n";
        child.stdin.take().expect("a pipe").write_all(input).expect("the program reads");
        text(&child.wait_with_output().expect("the program ends").stdout)
    };
    let plain = ask(&["dissect", "request"]);
    assert!(plain.contains("ContentLength") && plain.contains("the answer is 400"), "{plain}");
    assert!(plain.lines().all(|line| line.chars().count() <= 80), "80 columns: {plain}");
    let json: serde_json::Value = serde_json::from_str(&ask(&["dissect", "request", "--json"])).expect("JSON");
    assert_eq!(json["fault"]["rule"], "RFC 9112 §6.3");
}

/// A command's output with this on its standard input.
fn piped(arguments: &[&str], input: &[u8], columns: &str) -> Output {
    let mut child = Command::new(WIREBOOK)
        .args(arguments)
        .env("COLUMNS", columns)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // Refused arguments end it before it reads.
    child.stdin.take().expect("a pipe").write_all(input).unwrap_or_default();
    child.wait_with_output().expect("the program ends")
}

/// Every kind, an input, and words of its answer.
const KINDS: [(&str, &[u8], &[&str]); 9] = [
    (
        "request",
        b"GET /tea HTTP/1.1\r\nHost: a\r\nAccept: text/html,application/xhtml+xml,application/xml;q=0.9\r\n\r\n",
        &["/tea", "RFC 9112 §3.2", "RFC 9110 §12.5.1"],
    ),
    ("response", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntea", &["200", "reason", "3 bytes"]),
    ("body", b"3\r\ntea\r\n0\r\nX: y\r\n\r\n", &["tea", "data", "end"]),
    ("frames", b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", &["Hello", "masking key 37 fa 21 3d"]),
    (
        "handshake",
        b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
          Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        &["101 Switching Protocols", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="],
    ),
    (
        "http2",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\x06\x01\x05\0\0\0\x01\x82\x87\x84\x01\x01a",
        &["HEADERS of stream 1, which is HalfClosedRemote then", ":method: GET", "answered with SETTINGS ACK"],
    ),
    ("event-stream", b"data: tea\n\n", &["dispatch", "tea"]),
    (
        "ipc",
        b"1\n{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":7}\n",
        &["7 with net.Socket", "NODE_HANDLE_ACK", "0–52  net.Socket beside byte 2"],
    ),
    ("template", b"<% for (const x of [1, 2]) { %><%= x %><% } %>", &["for of", "12"]),
];

#[test]
fn dissect_takes_every_kind_apart() {
    for (kind, input, words) in KINDS {
        for columns in ["40", "200"] {
            let plain = text(&piped(&["dissect", kind], input, columns).stdout);
            let limit = columns.parse::<usize>().unwrap().min(80);
            assert!(plain.lines().all(|line| line.chars().count() <= limit), "{columns} columns: {plain}");
            assert!(!plain.contains('\x1b'), "no colour in a pipe: {plain}");
            words.iter().for_each(|word| assert!(columns == "40" || plain.contains(word), "{word} is not in {plain}"));
        }
        let json = piped(&["dissect", kind, "--json"], input, "80").stdout;
        assert!(serde_json::from_slice::<serde_json::Value>(&json).is_ok_and(|json| json.is_object()), "{kind}");
    }
}

#[test]
fn a_cut_shows_what_it_leaves_wherever_it_is() {
    for (kind, input, _) in KINDS {
        for cut in 0..=input.len() {
            let output = piped(&["dissect", kind, "--cut", &cut.to_string()], input, "80");
            let (said, hint) = (text(&output.stdout), text(&output.stderr));
            match kind {
                "template" => assert!(hint.contains("is not read in pieces"), "{hint}"),
                _ => assert!(said.contains(&format!("cut at {cut}  ")) && said.contains("the same events"), "{said}"),
            }
        }
        let beyond = piped(&["dissect", kind, "--cut", &(input.len() + 1).to_string()], input, "80");
        assert_eq!(beyond.status.code(), Some(1), "{kind}: {beyond:?}");
    }
}

#[test]
fn every_command_is_quiet_in_a_closed_pipe() {
    let commands: [&[&str]; 7] = [
        &["--help"],
        &["examples"],
        &["dissect", "request", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")],
        &["dissect", "request", "--json", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")],
        &["render", "--tokens", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")],
        &["render", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")],
        &["race", "parsers", "--only", "tiny"],
    ];
    for arguments in commands {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = Command::new(WIREBOOK).args(arguments).stdout(writer).stderr(Stdio::piped()).spawn();
        let output = output.and_then(|child| child.wait_with_output()).expect("it ends");
        let said = text(&output.stderr);
        assert!(
            output.status.success() && !said.contains("panicked") && !said.contains("error"),
            "{arguments:?}: {said}"
        );
    }
}

#[test]
fn a_plot_that_cannot_be_written_is_known_before_the_race() {
    let began = std::time::Instant::now();
    let output = run(&["race", "parsers", "--svg", "/no/such/folder/plot.svg"]);
    let said = text(&output.stderr);
    assert!(said.contains("/no/such/folder/plot.svg cannot be written") && said.contains("\n hint: "), "{said}");
    assert!(output.stdout.is_empty() && began.elapsed().as_secs() < 5, "it did not race: {output:?}");
}

#[test]
fn nc_sends_its_input_and_prints_the_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port().to_string();
    let echo = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).and_then(|_| stream.write_all(&bytes)).expect("a half that is open");
        bytes
    });
    let output = piped(&["nc", "-C", "127.0.0.1", &port], b"tea\n", "80");
    assert_eq!((echo.join().expect("an echo"), output.stdout), (b"tea\r\n".to_vec(), b"tea\r\n".to_vec()));
    let refused = run(&["nc", "127.0.0.1", &port]);
    assert!(!refused.status.success() && text(&refused.stderr).contains(&format!("127.0.0.1:{port}")), "{refused:?}");
}

/// The key of a page's request, as a script reads it.
fn key(head: &str) -> String {
    field(head, "server-timing").split('"').nth(1).expect("a description").to_string()
}

#[test]
fn a_page_can_be_shown_its_own_request_and_nobody_elses() {
    let site = &*SITE;
    let post = "Content-Type: application/json\r\n";
    let (head, _) = site.ask("GET /http1/head.html?tea", "Cookie: theirs=1\r\nX-One: 1\r\n", "");
    let (other, _) = site.ask("GET /http1/head.html", "Cookie: mine=2\r\n", "");
    assert_ne!(key(&head), key(&other), "each request has its own key");
    let (status, shown) = site.ask("POST /live/page", post, &format!("{{\"key\":\"{}\"}}", key(&head)));
    assert!(status.starts_with("http/1.1 200"), "{status} {shown}");
    let shown: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
    let request = shown["request"]["input"].as_str().expect("bytes");
    assert!(
        request.starts_with("GET /http1/head.html?tea HTTP/1.1\r\nHost: ") && request.ends_with("\r\n\r\n"),
        "{request}"
    );
    assert!(request.contains("theirs=1") && !shown.to_string().contains("mine=2"), "{shown}");
    let answer = shown["answer"].as_str().expect("bytes");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\n"), "{answer}");
    assert!(answer.contains(&key(&head)), "the head of this very answer");
    let states: Vec<_> = shown["states"].as_array().expect("states").iter().map(|state| &state["event"]).collect();
    assert_eq!(states, ["before", "request", "end", "response 200", "data", "end of the response"]);
    // What the same connection reads next is no part of the page's request, nor its answer one of the page's.
    assert_eq!(shown["read"], "");
    // What nobody has, or is no key, shows nothing.
    for wrong in ["0".repeat(32), String::new()] {
        let (status, sentence) = site.ask("POST /live/page", post, &format!("{{\"key\":\"{wrong}\"}}"));
        assert!(status.starts_with("http/1.1 400") && !sentence.contains("theirs"), "{status} {sentence}");
    }
    // A file that is no page has no key, and neither has a page that is not there.
    let (style, _) = site.ask("GET /theme/kit/dom.js", "", "");
    assert!(style.starts_with("http/1.1 200") && !style.contains("server-timing"), "{style}");
    // One that the browser has already is a request too.
    let tag = field(&head, "etag").to_string();
    let (kept, _) = site.ask("GET /http1/head.html", &format!("If-None-Match: {tag}\r\n"), "");
    let (_, shown) = site.ask("POST /live/page", post, &format!("{{\"key\":\"{}\"}}", key(&kept)));
    assert!(shown.contains("HTTP/1.1 304 Not Modified") && shown.contains("\"written\":\"\""), "{shown}");
}

#[test]
fn a_stream_is_shown_by_the_key_that_its_asker_drew() {
    let site = &*SITE;
    let key = "0123456789abcdef0123456789abcdef";
    let mut stream = TcpStream::connect(&site.address).expect("the site listens");
    write!(stream, "GET /live/feed?{key} HTTP/1.1\r\nHost: {}\r\n\r\n", site.address).expect("the site reads");
    let mut first = BufReader::new(stream.try_clone().expect("a second handle"));
    let mut line = String::new();
    while !line.starts_with("id:") {
        line.clear();
        first.read_line(&mut line).expect("an event");
    }
    let body = format!("{{\"key\":\"{key}\"}}");
    let (_, shown) = site.ask("POST /live/page", "Content-Type: application/json\r\n", &body);
    let shown: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
    assert!(shown["answer"].as_str().is_some_and(|head| head.contains("text/event-stream")), "{shown}");
    assert!(shown["written"].as_str().is_some_and(|events| events.contains("id:")), "{shown}");
}

#[test]
fn a_readers_own_code_stands_beside_ours_and_cannot_hold_the_site_up() {
    let home = tempfile::tempdir().expect("a folder");
    let path = home.path().join("mine");
    let folder = path.to_str().expect("a name");
    assert!(run(&["learn", "new", folder]).status.success());
    assert!(run(&["learn", "answer", "head", "--take", "--crate", folder]).status.success());
    let site = Site::start_with(&["--learn", folder]);
    let ask = |operation: &str, body: &str| {
        let (head, answer) = site.ask(&format!("POST /live/{operation}"), "Content-Type: application/json\r\n", body);
        assert!(head.starts_with("http/1.1 200"), "{head} {answer}");
        serde_json::from_str::<serde_json::Value>(&answer).expect("JSON")
    };
    let request = r#""input":"GET / HTTP/1.1\r\nHost: a\r\n\r\n""#;
    let shown = ask("reader", &format!("{{\"stage\":\"head\",{request},\"cut\":5}}"));
    assert_eq!(shown["yours"], shown["ours"]);
    assert_eq!(shown["yours"][0], "0-27 request GET / HTTP/1.1");
    let shown = ask("head", &format!("{{{request}}}"));
    assert_eq!(shown["beside"]["name"], "your src/head.rs");
    let second = &shown["beside"]["events"][1];
    assert_eq!((&second["event"], &second["text"], &second["start"]), (&"field".into(), &"Host: a".into(), &16.into()));
    let shown = ask("reader", r#"{"stage":"escape","input":"<"}"#);
    assert_eq!((&shown["line"], &shown["yours"][0]), (&0.into(), &"output \"\"".into()));
    // While the reader's code hangs, pages are served and other widgets answer.
    let endless = "pub fn escape(text: &[u8], out: &mut Vec<u8>) { loop {} }\n";
    fs::write(path.join("src/escape.rs"), endless).expect("a file of the crate");
    let mut slow = TcpStream::connect(&site.address).expect("the site listens");
    let body = r#"{"stage":"escape","input":"<"}"#;
    write!(
        slow,
        "POST /live/reader HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        site.address,
        body.len()
    )
    .expect("the site reads");
    let (head, _) = site.ask("GET /", "", "");
    assert!(head.starts_with("http/1.1 200"), "{head}");
    slow.set_nonblocking(true).expect("a socket");
    let early = slow.read(&mut [0]).expect_err("the page came first");
    assert_eq!(early.kind(), std::io::ErrorKind::WouldBlock);
    slow.set_nonblocking(false).expect("a socket");
    let mut answer = String::new();
    slow.read_to_string(&mut answer).expect("an answer");
    assert!(answer.contains("no answer within 2 seconds"), "{answer}");
    // A folder that is no crate is a sentence before anything is served.
    let output = run(&["site", "--addr", "127.0.0.1:0", "--learn", "/"]);
    assert!(!output.status.success() && text(&output.stderr).contains("There is no crate of `wirebook learn`"));
}

/// Several processes behind one port: whoever has answered is killed, and a reader loses nothing.
#[test]
fn a_site_whose_workers_are_killed() {
    let site = Site::start_with(&["--workers", "2"]);
    let mut workers = Vec::new();
    for _ in 0..3 {
        let (head, body) = site.ask("GET /", "Connection: close\r\n", "");
        assert!(head.starts_with("http/1.1 200") && body.contains("</html>"), "{head}");
        let worker = field(&head, "x-worker").to_string();
        let pid = worker.split(' ').nth(1).expect("its process").to_string();
        assert!(Command::new("kill").args(["-KILL", &pid]).status().expect("kill is there").success());
        workers.push(worker);
        let (head, _) = site.ask("GET /", "Connection: close\r\n", "");
        assert!(head.starts_with("http/1.1 200"), "{head}");
    }
    workers.dedup();
    assert_eq!(workers.len(), 3, "another answers: {workers:?}");
    let master = site.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &master]).status().expect("kill is there").success());
}

/// A worker that renders hears nothing, and a book may be long: here it never ends, because nobody writes the chapter that it reads.
#[test]
fn a_site_that_still_renders_ends_when_it_is_told() {
    let book = small_book();
    let chapter = book.path().join("src/index.md");
    fs::remove_file(&chapter).expect("a file");
    assert!(Command::new("mkfifo").arg(&chapter).status().expect("mkfifo is there").success());
    let mut site = Site::of(book, &["--workers", "2"]);
    let master = site.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &master]).status().expect("kill is there").success());
    assert!(site.child.wait().expect("it ends").success());
}

/// What a site over TLS says that clients shall believe is there, and they get its pages with it.
#[test]
fn a_site_over_tls_is_believed_by_whoever_does_what_it_says() {
    let book = small_book();
    let mut command = Command::new(WIREBOOK);
    command.args(["site", "--tls", "--addr", "127.0.0.1:0", "--book"]).arg(book.path());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program starts");
    // Its end stays open: who closes it ends the site.
    let mut said = BufReader::new(child.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
    let mut site = Site { child, address: String::new(), _book: Some(book) };
    let hint = said.find_map(|line| Some(line.split_once("curl --cacert ")?.1.to_owned()));
    let hint = hint.expect("a command for curl");
    let (file, url) = hint.split_once(' ').expect("a file and a URL");
    // Who is answered, if only that this is no port of HTTP, finds the site past its first words.
    site.address = url.trim_start_matches("https://").trim_end_matches('/').to_owned();
    assert!(site.ask("GET /", "", "").0.starts_with("http/1.1 400"));
    let roots = wirebook_tls::Roots::only(file).expect("the file of an authority");
    let connector = wirebook_tls::Connector::new(roots, &Default::default()).expect("a connector");
    let agent = wirebook_http2::client::Agent::with_tls(Default::default(), connector);
    let url = url.to_owned();
    let answer = wirebook_net::block_on(async move {
        let mut answer = agent.get(&url).await?;
        let page = answer.bytes(1 << 20).await?;
        wirebook_net::stop();
        Ok::<_, wirebook_http2::client::Error>((answer.version(), answer.status(), text(&page)))
    });
    let (version, status, page) = answer.expect("a loop").expect("an answer");
    assert_eq!((format!("{version:?}"), status), ("Http2".to_owned(), 200));
    assert!(page.contains("One chapter"), "{page}");
    drop(site);
}
