//! The widget of the reader's own code: what our crates and the program of `wirebook learn` make of the same bytes.
//!
//! The site was started with `--learn DIR`. A question is answered on the pool, because building and asking take time; the
//! program is a process of its own, within the bounds of [`crate::learn`].

use super::answer::{MAX_INPUT, latin1};
use crate::learn::{self, ANSWER_TIME, Reader, Trouble};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use wirebook_net as net;

/// Questions that are asked of the reader's code at the same time; the pool has other work too.
const MOST: usize = 2;

/// What the widget shows first, and its picture in the book.
const EXAMPLE: (&str, &[u8]) = ("head", b"GET /tea HTTP/1.1\r\nHost: a\r\n\r\n");

/// What a caller reads that cannot wait: the site asks [`answer`].
pub(super) const ELSEWHERE: &str = "The site asks the reader's code, and it alone.";

static CRATE: OnceLock<PathBuf> = OnceLock::new();
static ASKED: AtomicUsize = AtomicUsize::new(0);

/// Names the reader's crate, once, before the site listens.
pub(crate) fn set(root: PathBuf) {
    let _ = CRATE.set(root);
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    stage: String,
    /// One character a byte, U+0000 to U+00FF.
    input: String,
    cut: Option<usize>,
}

/// Both readings.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Shown {
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

/// Answers a request of the widget.
///
/// # Errors
///
/// One sentence where the body is not such a request, or too many are being answered.
pub(crate) async fn answer(body: Vec<u8>) -> Result<String, String> {
    let ask: Ask = serde_json::from_slice(&body).map_err(|error| format!("The request is not understood: {error}."))?;
    let bytes = latin1(&ask.input)?;
    if bytes.len() > MAX_INPUT {
        return Err(format!("The input has {} bytes, the widget takes {MAX_INPUT}.", bytes.len()));
    }
    if ASKED.fetch_add(1, Ordering::Relaxed) >= MOST {
        ASKED.fetch_sub(1, Ordering::Relaxed);
        return Err("Your code is still busy with earlier questions.".into());
    }
    let job = net::spawn_blocking(move || show(&ask.stage, &bytes, ask.cut, CRATE.get().map(PathBuf::as_path)));
    let shown = job.await;
    ASKED.fetch_sub(1, Ordering::Relaxed);
    shown.map_err(|_| "The question could not be asked.".to_string())?.and_then(super::answer::json)
}

/// The example as our crates read it, for the book.
pub(super) fn picture() -> Option<String> {
    let shown = show(EXAMPLE.0, EXAMPLE.1, None, None).ok()?;
    let mut out = super::picture::open("wirebook-reader", "Ours and yours");
    let text = super::picture::text;
    out.push_str(&format!("<pre class=\"wb-bytes\">{}</pre>", text(&super::escape(EXAMPLE.1))));
    out.push_str("<div class=\"wb-table\"><table><thead><tr><th>ours</th><th>yours</th></tr></thead><tbody>");
    for line in shown.ours {
        out.push_str(&format!("<tr><td><code>{}</code></td><td></td></tr>", text(&line)));
    }
    out.push_str("</tbody></table></div>");
    Some(super::picture::close(out, "wirebook-reader"))
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
