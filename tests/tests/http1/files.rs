//! Files as answers: validators, conditions, ranges, and what is no file.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use wirebook_http1::server::{Hooks, Options};
use wirebook_http1::{Failure, Outcome, Request, Response};
use wirebook_tests::server::{start, talk};

/// A folder with what the tests ask for; the system clears it away.
fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder").keep();
        fs::write(folder.join("digits"), "0123456789").expect("a file");
        let long_ago = std::time::UNIX_EPOCH + Duration::from_secs(784_111_777);
        File::options()
            .write(true)
            .open(folder.join("digits"))
            .and_then(|file| file.set_modified(long_ago))
            .expect("a date");
        fs::write(folder.join("empty"), "").expect("a file");
        fs::create_dir(folder.join("folder")).expect("a folder");
        let made = Command::new("mkfifo").arg(folder.join("fifo")).status().expect("mkfifo");
        assert!(made.success());
        folder
    })
}

async fn handler(request: Request<'_>, response: Response<'_>) -> Outcome {
    let path = folder().join(request.path().trim_start_matches('/'));
    match request.query() {
        Some("own") => response.header("etag", "\"mine\"").end_file(path).await,
        Some("201") => response.status(201).end_file(path).await,
        Some(range) => {
            let (start, end) = range.split_once('-').ok_or(Failure::message("a range"))?;
            response.end_opened(File::open(path)?, start.parse::<u64>()?..end.parse::<u64>()?).await
        }
        None if request.path() == "/null" => response.end_file("/dev/null").await,
        None => response.header("content-type", "text/plain").end_file(path).await,
    }
}

fn server() -> SocketAddr {
    static SERVER: OnceLock<SocketAddr> = OnceLock::new();
    let options = || Options { hooks: Hooks { handler_error: None, ..Hooks::default() }, ..Options::default() };
    *SERVER.get_or_init(|| start(options(), handler))
}

/// Status, head and body of the answer.
fn ask(method: &str, path: &str, fields: &str) -> (u16, String, String) {
    let request = format!("{method} {path} HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
    let answers = talk(server(), request.as_bytes());
    let text = answers.text();
    let (head, body) = text.split_once("\r\n\r\n").expect("a whole head");
    (answers.statuses()[0], format!("{head}\r\n"), body.to_owned())
}

fn field<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    let mut lines = head.split("\r\n").filter_map(|line| line.split_once(": "));
    lines.find(|(other, _)| *other == name).map(|(_, value)| value)
}

#[test]
fn a_file_says_what_state_it_is_in() {
    let (status, head, body) = ask("GET", "/digits", "");
    assert_eq!((status, body.as_str()), (200, "0123456789"));
    assert_eq!(field(&head, "last-modified"), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
    assert_eq!((field(&head, "accept-ranges"), field(&head, "content-length")), (Some("bytes"), Some("10")));
    let tag = field(&head, "etag").expect("a tag");
    assert!(tag.starts_with('"'), "{tag}");
    let (status, head, body) = ask("GET", "/digits", &format!("If-None-Match: {tag}\r\n"));
    assert_eq!((status, body.as_str(), field(&head, "etag")), (304, "", Some(tag)));
    assert_eq!(field(&head, "content-type"), None, "there is no content");
    let (status, head, body) = ask("HEAD", "/digits", "Range: bytes=0-3\r\n");
    assert_eq!((status, body.as_str(), field(&head, "content-length")), (200, "", Some("10")));
    let (_, head, _) = ask("GET", "/digits?own", "");
    assert_eq!(field(&head, "etag"), Some("\"mine\""));
    assert_eq!(ask("GET", "/digits?own", "If-None-Match: \"mine\"\r\n").0, 304);
}

#[test]
fn rfc9110_14_one_range_is_answered_and_several_are_not() {
    let rows = [
        ("bytes=2-4", 206, Some("bytes 2-4/10"), "234"),
        ("bytes=7-", 206, Some("bytes 7-9/10"), "789"),
        ("bytes=-2", 206, Some("bytes 8-9/10"), "89"),
        ("bytes=10-", 416, Some("bytes */10"), ""),
        ("bytes=0-0,2-3", 200, None, "0123456789"),
        ("bytes=x", 200, None, "0123456789"),
    ];
    for (range, wanted, place, part) in rows {
        let (status, head, body) = ask("GET", "/digits", &format!("Range: {range}\r\n"));
        assert_eq!((status, field(&head, "content-range"), body.as_str()), (wanted, place, part), "{range}");
        assert_eq!(field(&head, "content-length"), Some(part.len().to_string().as_str()), "{range}");
    }
    let since = |date: &str| ask("GET", "/digits", &format!("Range: bytes=0-1\r\nIf-Range: {date}\r\n")).0;
    assert_eq!(since("Sun, 06 Nov 1994 08:49:37 GMT"), 206);
    assert_eq!(since("Sun, 06 Nov 1994 08:49:38 GMT"), 200);
    assert_eq!(ask("GET", "/digits", "If-Match: \"other\"\r\n").0, 412);
    assert_eq!(ask("GET", "/empty", "Range: bytes=0-\r\n").0, 416);
    assert_eq!(ask("GET", "/digits?201", "Range: bytes=0-1\r\n").0, 201, "a status of the handler's own stays");
}

#[test]
fn a_part_of_an_opened_file_is_what_the_handler_says() {
    assert_eq!(ask("GET", "/digits?2-5", "Range: bytes=0-0\r\n").2, "234");
    assert_eq!(ask("GET", "/digits?3-3", "").2, "");
    for outside in ["/digits?2-11", "/digits?5-2", "/folder?0-0"] {
        assert_eq!(ask("GET", outside, "").0, 500, "{outside}");
    }
}

#[test]
fn what_is_no_regular_file_is_an_error_at_once() {
    let began = Instant::now();
    for path in ["/fifo", "/folder", "/null", "/missing"] {
        assert_eq!(ask("GET", path, "").0, 500, "{path}");
    }
    assert!(began.elapsed() < Duration::from_secs(5), "nobody waited for somebody to write into the FIFO");
    // Four threads of the pool are free: none of them waits there.
    assert_eq!(ask("GET", "/digits", "").0, 200);
}
