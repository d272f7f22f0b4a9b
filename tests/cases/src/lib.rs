//! Conformance cases as documents: one notation, one loader, one runner, for every protocol.
//!
//! A document is Markdown. A heading of the second level names a case by the rule that it is about; prose says the rule; one
//! or more blocks are what arrives; a last block is what it means:
//!
//! ````text
//! ## rfc9112_2_2_leading_empty_line
//!
//! A server SHOULD ignore at least one empty line before the request-line.
//!
//! ```bytes
//! \r\n
//! GET / HTTP/1.1\r\n
//! Host: a\r\n
//! \r\n
//! ```
//!
//! ```events
//! 0-29 request GET / HTTP/1.1
//! 18-25 field Host: a
//! 29 end
//! ```
//! ````
//!
//! | block | holds |
//! |---|---|
//! | `bytes` | text: `\r`, `\n`, `\t`, `\\` and `\x00` are bytes, `<<a*300>>` is 300 of them; its own line ends are layout |
//! | `hex` | pairs of digits; `"text"` with the same escapes; `key`, the mask of RFC 6455's examples; `m"text"` and `m[hex]`, masked with it; any of these `*300`; `(` … `)*300`; `#` and what follows is a comment |
//! | `frames` | frames of HTTP/2, a line for each: see `frames.rs` |
//! | `events` | a line for each event, with the bytes that it comes from: `START-END what`, or `END what` |
//! | `output`, `error` | the same for what has no events: the text that comes out, or the one error |
//! | any other | text as it stands, such as `ejs` and `json`; it is not cut |
//!
//! Words behind a block's kind are its settings, `server` or `message=10`; what they mean is the protocol's. `eof`
//! alone is everyone's: the input ends with this block. A case may have several blocks of input, each with settings of
//! its own (a header block, a smaller table, another header block); offsets count from the start of the first.
//!
//! A protocol gives one function from an [`Input`] to lines of events. [`check`] runs it on every case [in every
//! way](Case::ways): whole, byte by byte, at every cut, and with other bytes behind.

mod frames;
mod link;
mod notation;
mod run;

pub use link::{link, link_to};
pub use run::{Arrival, Input, Way, check};

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

/// One case of a document.
#[derive(Clone, Debug)]
pub struct Case {
    /// Where it stands, as `http1/chunked.md:5`.
    pub place: String,
    /// The heading: the rule that it is about.
    pub name: String,
    /// What is said of it.
    pub prose: String,
    /// What arrives.
    pub input: Vec<Block>,
    /// What it means, a line for each event; none where nothing comes of it.
    pub events: Vec<String>,
    /// Whether a block said so.
    told: bool,
}

/// A block of input.
#[derive(Clone, Debug)]
pub struct Block {
    /// `bytes`, `hex`, or a word of the protocol's own.
    pub kind: String,
    /// The words behind it.
    pub settings: Settings,
    /// Its content.
    pub bytes: Vec<u8>,
}

impl Block {
    /// Whether its content arrives as a stream, in any pieces.
    pub fn is_stream(&self) -> bool {
        matches!(&*self.kind, "bytes" | "hex" | "frames")
    }
}

/// The words behind a block's kind: `name` or `name=value`.
#[derive(Clone, Debug, Default)]
pub struct Settings(Vec<(String, String)>);

impl Settings {
    /// Whether this word is there.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// What stands behind the `=` of this word.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// All of them, as name and value; a word without `=` has the value "".
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }
}

/// The folder of a protocol's documents in the checkout.
pub fn folder(protocol: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(protocol)
}

/// Reads all documents of a protocol, in the order of their names.
///
/// # Errors
///
/// The place and the fault of the first document that is not of the notation: a case that is not run would be worse.
pub fn load(protocol: &str) -> Result<Vec<Case>, String> {
    let folder = folder(protocol);
    let entries = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut documents: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    documents.sort();
    let mut cases = Vec::new();
    for path in documents {
        let name = format!("{protocol}/{}", path.file_name().unwrap_or_default().to_string_lossy());
        cases.extend(parse(&name, &fs::read_to_string(&path).map_err(|error| format!("{name}: {error}"))?)?);
    }
    let mut names = HashSet::new();
    match cases.iter().find(|case| !names.insert(&case.name)) {
        Some(twice) => Err(format!("{}: another case is named {}", twice.place, twice.name)),
        None => Ok(cases),
    }
}

/// Reads one document.
///
/// # Errors
///
/// The place and the fault, where it is not of the notation.
pub fn parse(document: &str, text: &str) -> Result<Vec<Case>, String> {
    let mut cases: Vec<Case> = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let place = format!("{document}:{}", at + 1);
        if let Some(name) = line.strip_prefix("## ") {
            let (name, prose) = (name.trim().to_owned(), String::new());
            cases.push(Case { place, name, prose, input: Vec::new(), events: Vec::new(), told: false });
        } else if let Some(info) = line.strip_prefix("```") {
            let case = cases.last_mut().ok_or_else(|| format!("{place}: a block before the first heading"))?;
            let mut content: Vec<&str> = Vec::new();
            loop {
                match lines.next() {
                    Some((_, "```")) => break,
                    Some((_, line)) => content.push(line),
                    None => return Err(format!("{place}: the block never ends")),
                }
            }
            case.take(info, &content).map_err(|fault| format!("{place}: {fault}"))?;
        } else if let Some(case) = cases.last_mut() {
            case.prose += line;
            case.prose.push('\n');
        }
    }
    for case in &mut cases {
        case.prose = case.prose.trim().to_owned();
        if case.input.is_empty() || !case.told {
            return Err(format!("{}: {} has no bytes or no events", case.place, case.name));
        }
    }
    Ok(cases)
}

impl Case {
    fn take(&mut self, info: &str, content: &[&str]) -> Result<(), String> {
        let mut words = info.split_whitespace();
        let kind = words.next().ok_or("a block says what it holds: ```bytes, ```events")?;
        let setting = |word: &str| {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            (name.to_owned(), value.to_owned())
        };
        let settings = Settings(words.map(setting).collect());
        let text = content.join("\n");
        let bytes = match kind {
            "events" | "output" | "error" => {
                self.told = true;
                let prefix = if kind == "events" { String::new() } else { format!("{kind} ") };
                self.events.extend(content.iter().map(|line| format!("{prefix}{line}")));
                return Ok(());
            }
            "bytes" => notation::text(&text)?,
            "hex" => notation::hex(&text)?,
            "frames" => frames::compile(content)?,
            _ => text.into_bytes(),
        };
        self.input.push(Block { kind: kind.to_owned(), settings, bytes });
        Ok(())
    }

    /// The content of the first block of this kind.
    pub fn block(&self, kind: &str) -> Option<&Block> {
        self.input.iter().find(|block| block.kind == kind)
    }
}
