//! The stages of `wirebook learn`: a file to fill in, the documents that judge it, its hints and its answer.

use super::ours;
use wirebook_cases::Case;

/// One stage.
pub(crate) struct Stage {
    /// What the commands call it.
    pub(crate) name: &'static str,
    /// What it is, behind "Stage 1: ".
    pub(crate) title: &'static str,
    /// The file to fill in, from the root of the reader's crate.
    pub(crate) file: &'static str,
    /// The page of the book that explains it.
    pub(crate) chapter: &'static str,
    /// The file as it is given.
    pub(super) start: &'static str,
    /// The file filled in.
    pub(super) answer: &'static str,
    hints: &'static str,
    documents: &'static [(&'static str, &'static str)],
    /// What of a case's bytes the stage reads; `None` where the case is not about it.
    input: fn(&Case) -> Option<Vec<u8>>,
    /// What our own code makes of such bytes, a line for each event: what the stage wants.
    pub(crate) ours: fn(&[u8]) -> Vec<String>,
    /// Whether the input may arrive in pieces.
    pub(super) cut: bool,
    /// Whether its bytes are better read in hexadecimal.
    pub(super) hex: bool,
}

/// A case of a stage.
#[derive(Clone, Debug)]
pub(crate) struct Exercise {
    /// The case's name and place, as in `http1/chunked.md:5`.
    pub(crate) name: String,
    pub(crate) place: String,
    pub(crate) prose: String,
    pub(crate) input: Vec<u8>,
    pub(crate) wanted: Vec<String>,
    /// The page of the book that shows these bytes in its widget, from the site's root.
    pub(super) link: Option<String>,
}

impl Exercise {
    /// Whether the input is to be refused.
    pub(super) fn is_refusal(&self) -> bool {
        self.wanted.iter().any(|line| line.split(' ').take(2).any(|word| word == "error"))
    }
}

/// A document of `tests/cases`, inside this program: it works wherever it is run.
macro_rules! document {
    ($name:literal) => {
        ($name, include_str!(concat!("../../../tests/cases/", $name)))
    };
}

macro_rules! files {
    ($file:literal) => {
        (
            concat!("src/", $file, ".rs"),
            include_str!(concat!("../../learn/start/", $file, ".rs")),
            include_str!(concat!("../../learn/answers/", $file, ".rs")),
            include_str!(concat!("../../learn/hints/", $file, ".md")),
        )
    };
}

macro_rules! stage {
    ($name:literal, $title:literal, $file:literal, $chapter:literal, [$($document:literal),*], $input:expr, $ours:expr, $cut:expr, $hex:expr) => {{
        let (file, start, answer, hints) = files!($file);
        Stage {
            name: $name,
            title: $title,
            file,
            chapter: $chapter,
            start,
            answer,
            hints,
            documents: &[$(document!($document)),*],
            input: $input,
            ours: $ours,
            cut: $cut,
            hex: $hex,
        }
    }};
}

/// All of them, in their order.
pub(crate) static STAGES: [Stage; 8] = [
    stage!(
        "head",
        "the head of a request",
        "head",
        "http1/head.html",
        ["http1/request-line.md", "http1/fields.md", "http1/host-and-target.md"],
        ours::head_of,
        ours::head,
        true,
        false
    ),
    stage!(
        "chunks",
        "a chunked body",
        "chunks",
        "http1/bodies.html",
        ["http1/chunked.md"],
        ours::body_of,
        ours::chunks,
        true,
        false
    ),
    stage!(
        "unmask",
        "the mask of a WebSocket's payload",
        "unmask",
        "websocket/frames.html",
        ["websocket/frames.md", "websocket/fragments.md"],
        ours::masked_of,
        ours::unmask,
        true,
        true
    ),
    stage!(
        "frame",
        "a WebSocket's frames",
        "frame",
        "websocket/frames.html",
        ["websocket/frames.md", "websocket/fragments.md"],
        ours::frames_of,
        ours::frames,
        true,
        true
    ),
    stage!(
        "events",
        "an event stream",
        "events",
        "sse/event-stream.html",
        [
            "sse/examples.md",
            "sse/fields.md",
            "sse/ids-and-types.md",
            "sse/retry.md",
            "sse/line-ends.md",
            "sse/characters.md"
        ],
        ours::all_of,
        ours::events,
        true,
        false
    ),
    stage!(
        "escape",
        "a template's escaper",
        "escape",
        "template/escaping.html",
        ["learn/escape.md"],
        ours::all_of,
        ours::escape,
        true,
        false
    ),
    stage!(
        "queue",
        "an agent's queue",
        "queue",
        "http1/client.html",
        ["learn/queue.md"],
        ours::all_of,
        ours::queue,
        false,
        false
    ),
    stage!(
        "loop",
        "an event loop",
        "event_loop",
        "net/event-loop.html",
        ["learn/loop.md"],
        ours::all_of,
        ours::event_loop,
        false,
        false
    ),
];

/// The stage of this name.
pub(crate) fn named(name: &str) -> Option<&'static Stage> {
    STAGES.iter().find(|stage| stage.name == name)
}

impl Stage {
    /// Its number, from 1.
    pub(super) fn number(&self) -> usize {
        STAGES.iter().take_while(|stage| stage.name != self.name).count() + 1
    }

    /// The hints, the first one first.
    pub(super) fn hints(&self) -> Vec<&'static str> {
        self.hints.split("\n---\n").map(str::trim).collect()
    }

    /// Its cases: first those that give something, then those that are to be refused.
    ///
    /// # Errors
    ///
    /// Where a document is not of the notation, which a test of ours rules out.
    pub(crate) fn exercises(&self) -> Result<Vec<Exercise>, String> {
        let mut exercises: Vec<Exercise> = Vec::new();
        for (name, text) in self.documents {
            for case in wirebook_cases::parse(name, text)? {
                let Some(input) = (self.input)(&case).filter(|input| !input.is_empty()) else { continue };
                // A payload or a head that several documents have is one exercise.
                if exercises.iter().any(|known| known.input == input) {
                    continue;
                }
                let wanted = (self.ours)(&input);
                let link = wirebook_cases::link(&case).filter(|_| ours::all_of(&case).as_ref() == Some(&input));
                exercises.push(Exercise { name: case.name, place: case.place, prose: case.prose, input, wanted, link });
            }
        }
        exercises.sort_by_key(Exercise::is_refusal);
        Ok(exercises)
    }
}
