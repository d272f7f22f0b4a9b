//! `wirebook dissect`: the answer of a live widget, in the terminal.

mod text;

use crate::live::answer::{Answer, MAX_INPUT};
use crate::live::{channel, event_stream, frame, h2, handshake, head, multipart, template};
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::fs::File;
use std::io::{Read, stdin};
use std::path::{Path, PathBuf};
use wirebook_process::ipc::Framing;
use wirebook_terminal::{Complaint, Result, colourful, said, width};

/// What to take apart, and how to show it.
#[derive(Args)]
pub(crate) struct Options {
    /// What the bytes are
    kind: Kind,
    /// A file with the bytes; standard input without it
    file: Option<PathBuf>,
    /// Cut the input behind this byte: show what is there by then, and that the events stay the same
    #[arg(long, value_name = "BYTE")]
    cut: Option<usize>,
    /// Print the answer that the book's widget gets, as JSON
    #[arg(long)]
    json: bool,
    /// frames, http2: they come from a server, so they are not masked, or have no preface
    #[arg(long)]
    from_server: bool,
    /// frames: permessage-deflate was agreed on
    #[arg(long)]
    deflate: bool,
    /// ipc: each message stands behind its length (Node's `advanced`), and not on a line
    #[arg(long)]
    lengths: bool,
    /// ipc: what became of the descriptors, which the bytes do not say
    #[arg(long, value_name = "HOW")]
    descriptors: Option<channel::Descriptors>,
    /// ipc: connections that this side has sent before, each of which may be answered
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u8).range(..=16))]
    sent: Option<u8>,
    /// template: a JSON file with its data
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Kind {
    /// HTTP/1.1 requests with their bodies, one behind the other
    Request,
    /// HTTP/1.1 responses with their bodies, one behind the other
    Response,
    /// A chunked body
    Body,
    /// WebSocket frames
    Frames,
    /// What one end of an HTTP/2 connection sends, from its first byte
    Http2,
    /// A WebSocket's opening request, and what it is answered
    Handshake,
    /// Server-sent events
    EventStream,
    /// The body of a form with files
    Multipart,
    /// What one process says to another over Node's channel, sockets included
    Ipc,
    /// An EJS template: its tokens, its closures, its output
    Template,
}

pub(crate) fn run(options: &Options) -> Result {
    let input = read(options.file.as_deref())?;
    check(options, input.len())?;
    let cut = options.cut.unwrap_or(usize::MAX);
    let message = |message| head::take_apart(message, &input, cut, None);
    let answer = match options.kind {
        Kind::Request => message(head::Message::Request),
        Kind::Response => message(head::Message::Response),
        Kind::Body => message(head::Message::Body),
        Kind::Handshake => handshake::dissect(&input, cut),
        Kind::Multipart => multipart::dissect(&input, cut),
        Kind::EventStream => event_stream::dissect(&input, cut, None),
        Kind::Frames => {
            let shown = frame::dissect(&input, cut, options.from_server, options.deflate);
            return show(options, &shown, || answer_text(options, &shown.answer) + &text::bits(&shown.frames, width()));
        }
        Kind::Http2 => {
            let shown = h2::frames::dissect(&input, cut, options.from_server);
            return show(options, &shown, || {
                answer_text(options, &shown.answer) + &text::streams(&shown.frames, width())
            });
        }
        Kind::Ipc => {
            let framing = if options.lengths { Framing::Lengths } else { Framing::Lines };
            let (descriptors, sent) = (options.descriptors.unwrap_or_default(), options.sent.unwrap_or(0).into());
            let shown = channel::dissect(&input, cut, channel::Setting { framing, descriptors, sent });
            return show(options, &shown, || answer_text(options, &shown.answer) + &text::reads(&shown.reads, width()));
        }
        Kind::Template => {
            let data = options.data.as_deref().map_or(Ok(b"{}".to_vec()), |file| read(Some(file)))?;
            let [source, data] = [input, data].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            let rendered = template::render(&source, &data);
            return show(options, &rendered, || text::template(&rendered, width()));
        }
    };
    show(options, &answer, || answer_text(options, &answer))
}

fn answer_text(options: &Options, answer: &Answer) -> String {
    let text = text::answer(answer, width(), colourful());
    if options.cut.is_some() { text::cut(answer, width()) + &text } else { text }
}

fn show(options: &Options, answer: &impl Serialize, text: impl FnOnce() -> String) -> Result {
    match options.json {
        true => println!("{}", serde_json::to_string_pretty(answer)?),
        false => print!("{}", text()),
    }
    Ok(())
}

/// What has no meaning is refused, and not left out.
fn check(options: &Options, len: usize) -> Result {
    let Options { kind, cut, .. } = options;
    let refuse = |sentence: String, hint: &str| Err(Complaint::new(sentence, hint));
    match cut {
        Some(_) if *kind == Kind::Template => refuse("A template is not read in pieces.".into(), "leave --cut away."),
        Some(cut) if *cut > len => {
            refuse(format!("There is no byte {cut} to cut behind: the input has {len}."), "count from 0.")
        }
        _ if options.data.is_some() && *kind != Kind::Template => {
            refuse("Only a template has data.".into(), "leave --data away.")
        }
        _ if options.from_server && !matches!(kind, Kind::Frames | Kind::Http2) => {
            refuse("Only frames come from a server.".into(), "leave --from-server away.")
        }
        _ if (options.lengths || options.descriptors.is_some() || options.sent.is_some()) && *kind != Kind::Ipc => {
            refuse(
                "Only a channel between processes has descriptors.".into(),
                "leave --lengths, --descriptors and --sent away.",
            )
        }
        _ if options.deflate && *kind != Kind::Frames => {
            refuse("Only frames are deflated.".into(), "leave --deflate away.")
        }
        _ => Ok(()),
    }
}

fn read(file: Option<&Path>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = MAX_INPUT as u64 + 1;
    let read = match file {
        Some(path) => File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)),
        None => stdin().take(limit).read_to_end(&mut bytes),
    };
    let name = file.map_or("standard input".into(), |path| path.display().to_string());
    read.map_err(|error| {
        Complaint::new(
            format!("{name} cannot be read: {}.", said(&error)),
            "name a file that exists, or pipe the bytes in.",
        )
    })?;
    match bytes.len() > MAX_INPUT {
        true => {
            Err(Complaint::new(format!("{name} has more than {MAX_INPUT} bytes."), "cut out the part of interest."))
        }
        false => Ok(bytes),
    }
}
