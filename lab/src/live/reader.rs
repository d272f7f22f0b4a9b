//! The widget of the reader's own code: what our crates and the program of `wirebook learn` make of the same bytes.
//!
//! The site was started with `--learn DIR`. A question is answered on the pool, because building and asking take time; the
//! program is a process of its own, within the bounds of [`crate::learn`].

use super::answer::{Beside, Fault, Happening, bytes, escape, latin1};
use crate::learn::{self, ANSWER_TIME, Reader, Trouble};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use wirebook_net as net;

/// Questions that are asked of the reader's code at the same time; the pool has other work too.
const MOST: usize = 8;

/// The stages, each with bytes to begin with.
const EXAMPLES: [(&str, &[u8]); 8] = [
    ("head", b"GET /tea HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("chunks", b"5\r\nhello\r\n0\r\n\r\n"),
    ("unmask", b"\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"),
    ("frame", b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x89\x80\0\0\0\0"),
    ("events", b"id: 7\ndata: first line\ndata: second line\n\n"),
    ("escape", b"<b>Tom & \"Jerry\"</b>"),
    ("queue", b"2ssssaa"),
    ("loop", b"timeout 1 { say timer }; tick { say tick }; say main"),
];

/// Which stage reads what another widget shows.
const BESIDE: [(&str, &str); 3] = [("head", "head"), ("frame", "frame"), ("event-stream", "events")];

static CRATE: OnceLock<PathBuf> = OnceLock::new();
static ASKED: AtomicUsize = AtomicUsize::new(0);

/// Names the reader's crate, once, before the site listens.
pub(crate) fn set(root: PathBuf) {
    let _ = CRATE.set(root);
}

/// What the widget may be given.
pub(super) fn examples() -> Vec<(&'static str, Value)> {
    EXAMPLES.iter().map(|(stage, input)| (*stage, json!({ "stage": stage, "input": latin1(input) }))).collect()
}

pub(super) fn stages() -> Vec<String> {
    EXAMPLES.iter().map(|(stage, _)| stage.to_string()).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    stage: String,
    /// One character a byte, U+0000 to U+00FF.
    input: String,
    cut: Option<usize>,
}

/// Both readings.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Shown {
    stage: &'static str,
    /// The file that was asked.
    file: &'static str,
    ours: Vec<String>,
    /// `None` where the site has no crate.
    yours: Option<Vec<String>>,
    /// Why there are no lines.
    trouble: Option<String>,
    /// What the code printed, or the compiler said.
    printed: String,
    /// The first line in which they differ.
    line: Option<usize>,
}

/// Answers a request of the widget. It takes time: the site calls it on the pool.
///
/// # Errors
///
/// One sentence where the body is not such a request.
pub(super) fn answer(ask: Ask) -> Result<Shown, String> {
    show(&ask.stage, &bytes(&ask.input)?, ask.cut, CRATE.get().map(PathBuf::as_path))
}

/// Whether the answer to this operation waits for the reader's program.
pub(super) fn is_asked(operation: &str) -> bool {
    let is_beside = BESIDE.iter().any(|(widget, _)| *widget == operation);
    operation == "reader" || is_beside && CRATE.get().is_some()
}

/// What the reader's code says of the bytes in another widget's request: none where it is not about them.
pub(super) fn beside(operation: &str, body: &Value) -> Option<Beside> {
    let (_, stage) = BESIDE.iter().find(|(widget, _)| *widget == operation)?;
    // The stage reads as a server without extensions does.
    if ["client", "deflate"].iter().any(|role| body[role].as_bool() == Some(true) || body[role].as_i64() == Some(1)) {
        return None;
    }
    let cut = body["cut"].as_u64().and_then(|cut| usize::try_from(cut).ok());
    let shown = show(stage, &bytes(body["input"].as_str()?).ok()?, cut, CRATE.get().map(PathBuf::as_path)).ok()?;
    let name = format!("your {}", shown.file);
    let mut beside = Beside { name, events: Vec::new(), fault: None };
    if let Some(trouble) = shown.trouble {
        beside.events.push(Happening { start: 0, end: 0, event: "trouble", text: trouble });
    }
    for line in shown.yours.unwrap_or_default() {
        match happening(&line) {
            Ok(event) => beside.events.push(event),
            Err(fault) => beside.fault = Some(fault),
        }
    }
    Some(beside)
}

/// A line of the notation: `START-END what …`, `AT what …` or `what …`; an error is apart.
fn happening(line: &str) -> Result<Happening, Fault> {
    let (place, rest) = line.split_once(' ').unwrap_or((line, ""));
    let range = place.split_once('-').unwrap_or((place, place));
    let numbers = range.0.parse::<usize>().ok().zip(range.1.parse::<usize>().ok());
    let (start, end) = numbers.unwrap_or((0, 0));
    let text = if numbers.is_some() { rest } else { line };
    match text.strip_prefix("error ") {
        Some(rule) => {
            Err(Fault { offset: end, name: rule.into(), message: String::new(), rule: "", answer: String::new() })
        }
        None => {
            let (what, rest) = text.split_once(' ').unwrap_or((text, ""));
            match WORDS.iter().find(|word| **word == what) {
                Some(event) => Ok(Happening { start, end, event, text: rest.into() }),
                None => Ok(Happening { start, end, event: "line", text: text.into() }),
            }
        }
    }
}

/// The words with which lines of the notation begin.
const WORDS: [&str; 8] = ["request", "field", "more", "fin", "event", "end", "data", "last"];

/// Runs on the pool, as often as is wise at a time.
///
/// # Errors
///
/// A sentence where too many questions are being answered, or this one came to nothing.
pub(super) async fn on_the_pool<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> Result<T, String> {
    if ASKED.fetch_add(1, Ordering::Relaxed) >= MOST {
        ASKED.fetch_sub(1, Ordering::Relaxed);
        return Err("The site is still busy with earlier questions.".into());
    }
    let done = net::spawn_blocking(job).await;
    ASKED.fetch_sub(1, Ordering::Relaxed);
    done.map_err(|_| "The question could not be asked.".to_string())
}

/// The first example as our crates read it, for the book.
pub(super) fn picture() -> Option<String> {
    let (stage, input) = EXAMPLES[0];
    let shown = show(stage, input, None, None).ok()?;
    let text = super::picture::text;
    let rows =
        shown.ours.iter().map(|line| (String::new(), vec![format!("<code>{}</code>", text(line)), String::new()]));
    let bytes = format!("<div class=\"wb-bytes\"><code>{}</code></div>", text(&escape(input)));
    Some(bytes + &super::picture::table(&["ours", "yours"], rows))
}

/// Asks both sides.
fn show(stage: &str, input: &[u8], cut: Option<usize>, root: Option<&Path>) -> Result<Shown, String> {
    let stage = learn::named(stage).ok_or_else(|| format!("There is no stage named {stage}."))?;
    let ours = (stage.ours)(input);
    let cut = cut.unwrap_or(usize::MAX).min(input.len());
    let pieces: Vec<&[u8]> = [&input[..cut], &input[cut..]].into_iter().filter(|piece| !piece.is_empty()).collect();
    let ask = |root: &Path| {
        let program = learn::build(root, false)?;
        Reader::start(&program)?.ask(stage.name, &pieces, ANSWER_TIME)
    };
    let mut shown = Shown {
        stage: stage.name,
        file: stage.file,
        ours,
        yours: None,
        trouble: None,
        printed: String::new(),
        line: None,
    };
    match root.map(ask) {
        None => shown.trouble = Some("Start the site with --learn DIR to see your own code here.".into()),
        Some(Err(Trouble { sentence, said })) => (shown.trouble, shown.printed) = (Some(sentence), said),
        Some(Ok(answer)) => {
            let most = shown.ours.len().max(answer.lines.len());
            shown.line = (0..most).find(|&at| shown.ours.get(at) != answer.lines.get(at));
            (shown.yours, shown.printed) = (Some(answer.lines), answer.printed);
        }
    }
    Ok(shown)
}
