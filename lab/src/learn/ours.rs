//! What our own crates make of a stage's input, in the lines in which the reader's code answers; and which of a case's bytes
//! a stage reads.

use crate::live::agent;
use std::rc::Rc;
use wirebook_cases::Case;
use wirebook_http1::parser::chunked::{Chunk, Chunked};
use wirebook_http1::parser::{self, Fields, Limits, Progress, Version};
use wirebook_net as net;
use wirebook_sse::{self as sse, decoder};
use wirebook_websocket::frame::Header;
use wirebook_websocket::mask;

// The very file that the reader's crate has: one notation, one reader of it.
#[path = "../../learn/given/program.rs"]
mod program;

/// All bytes of a case.
pub(super) fn all_of(case: &Case) -> Option<Vec<u8>> {
    Some(case.input.iter().flat_map(|block| block.bytes.clone()).collect())
}

/// A request, unless what is wrong with it is no matter of its grammar.
pub(super) fn head_of(case: &Case) -> Option<Vec<u8>> {
    let bytes = all_of(case)?;
    let is_error = case.events.first()?.split(' ').nth(1) == Some("error");
    let refused = head(&bytes).first()?.split(' ').nth(1) == Some("error");
    (is_error == refused).then_some(bytes)
}

/// What stands behind the head, up to the last chunk's line.
pub(super) fn body_of(case: &Case) -> Option<Vec<u8>> {
    let bytes = all_of(case)?;
    let (mut fields, mut progress) = (Fields::new(), Progress::default());
    let head = parser::request(&bytes, &mut fields, &mut progress, &Limits::default()).ok()??;
    let body = &bytes[head.len()..];
    // Trailers are the next stage of a connection, and not of this decoder.
    (!case.name.contains("trailer")).then(|| body.to_vec())
}

/// The key and the payload of the first frame, if it is masked.
pub(super) fn masked_of(case: &Case) -> Option<Vec<u8>> {
    let bytes = all_of(case)?;
    let (header, size) = Header::decode(&bytes).ok()??;
    let payload = bytes.get(size..size + usize::try_from(header.length).ok()?)?;
    (!payload.is_empty()).then(|| [&header.mask?[..], payload].concat().into())?
}

/// What a server without extensions reads.
pub(super) fn frames_of(case: &Case) -> Option<Vec<u8>> {
    let settings = &case.input.first()?.settings;
    (settings.has("server") && !settings.has("deflate")).then(|| all_of(case))?
}

pub(super) fn head(input: &[u8]) -> Vec<String> {
    let (mut fields, mut progress) = (Fields::new(), Progress::default());
    let head = match parser::request(input, &mut fields, &mut progress, &Limits::default()) {
        Ok(Some(head)) => head,
        Ok(None) => return vec![format!("{} more", input.len())],
        Err(error) => return vec![format!("{} error {:?}", error.offset, error.rule)],
    };
    let version = if head.version == Version::Http10 { "HTTP/1.0" } else { "HTTP/1.1" };
    let [method, target] = [head.method, head.target].map(<[u8]>::escape_ascii);
    let first = format!("0-{} request {method} {target} {version}", head.len());
    let fields = head.fields.spans().iter().zip(head.fields.iter()).map(|(span, (name, value))| {
        let line = format!("{}: {}", name.escape_ascii(), value.escape_ascii());
        format!("{}-{} field {}", span.name_start, span.value_end, line).trim_end().to_string()
    });
    [first].into_iter().chain(fields).collect()
}

pub(super) fn chunks(input: &[u8]) -> Vec<String> {
    let (mut chunked, mut at) = (Chunked::new(), 0);
    let (mut data, mut range) = (Vec::new(), None);
    let last = loop {
        match chunked.decode(&input[at..]) {
            Err(error) => break format!("{} error {:?}", at + error.offset as usize, error.rule),
            Ok((_, None)) => break format!("{} more", input.len()),
            Ok((used, Some(Chunk::Last))) => break format!("{} last", at + used),
            Ok((used, Some(Chunk::Data(bytes)))) => {
                let (start, end) = crate::live::range_in(input, bytes);
                range = Some((range.map_or(start, |(first, _)| first), end));
                data.extend_from_slice(bytes);
                at += used;
            }
        }
    };
    let data = range.map(|(start, end)| format!("{start}-{end} data \"{}\"", data.escape_ascii()));
    data.into_iter().chain([last]).collect()
}

pub(super) fn unmask(input: &[u8]) -> Vec<String> {
    let Some((key, payload)) = input.split_first_chunk::<4>() else { return vec![format!("{} more", input.len())] };
    let mut payload = payload.to_vec();
    mask::apply(&mut payload, *key, 0);
    vec![format!("4-{} payload \"{}\"", input.len(), payload.escape_ascii())]
}

pub(super) fn frames(input: &[u8]) -> Vec<String> {
    let (mut at, mut lines) = (0, Vec::new());
    while at < input.len() {
        let (header, size) = match Header::decode(&input[at..]) {
            Ok(Some(found)) => found,
            Ok(None) => break,
            Err(error) => {
                lines.push(format!("error {error:?}"));
                return lines;
            }
        };
        // What a server's connection without extensions asks of a header besides.
        if header.rsv != 0 || header.mask.is_none() {
            lines.push(format!("error {}", if header.rsv != 0 { "ReservedBits" } else { "Unmasked" }));
            return lines;
        }
        let end = usize::try_from(header.length).ok().and_then(|length| (at + size).checked_add(length));
        let Some(end) = end.filter(|end| *end <= input.len()) else { break };
        let mut payload = input[at + size..end].to_vec();
        mask::apply(&mut payload, header.mask.unwrap_or_default(), 0);
        let fin = if header.fin { "fin" } else { "more" };
        let opcode = header.opcode as u8;
        lines.push(format!("{at}-{end} {fin} opcode {opcode} \"{}\"", payload.escape_ascii()));
        at = end;
    }
    if at < input.len() {
        lines.push(format!("{} more", input.len()));
    }
    lines
}

pub(super) fn events(input: &[u8]) -> Vec<String> {
    let mut decoder = decoder::fast::Decoder::new(sse::Limits::default(), "");
    let (mut at, mut lines) = (0, Vec::new());
    while let Ok((used, Some(event))) = decoder.receive(&input[at..]) {
        let id = event.id.unwrap_or_default();
        lines.push(format!("event {:?} data {:?} id {id:?}", event.event_type, event.data));
        at += used;
    }
    let retry = decoder.retry().map_or(String::new(), |retry| format!(" retry {retry}"));
    lines.push(format!("end id {:?}{retry}", decoder.last_event_id()));
    lines
}

pub(super) fn escape(input: &[u8]) -> Vec<String> {
    let mut out = String::new();
    wirebook_template::escape::append(&mut out, &String::from_utf8_lossy(input));
    vec![format!("output \"{}\"", out.as_bytes().escape_ascii())]
}

/// The agent itself, in the simulation that the book's widget shows.
pub(super) fn queue(input: &[u8]) -> Vec<String> {
    let Some((max, steps)) = input.split_first() else { return Vec::new() };
    let steps = String::from_utf8_lossy(steps);
    let film = match agent::film(&steps, usize::from(max.saturating_sub(b'0'))) {
        Ok(film) => film,
        Err(sentence) => return vec![sentence],
    };
    let line = |(step, frame): (char, &agent::Frame)| {
        let connections = frame.connections.iter().map(|&(connection, request)| {
            format!(" {connection}:{}", request.map_or("idle".into(), |request| request.to_string()))
        });
        format!("{step}{}, {} wait", connections.collect::<String>(), frame.requests)
    };
    steps.chars().zip(&film.frames).map(line).collect()
}

/// The loop itself, in virtual time.
pub(super) fn event_loop(input: &[u8]) -> Vec<String> {
    let Ok(statements) = program::parse(&String::from_utf8_lossy(input)) else { return vec!["no program".into()] };
    let run = std::thread::spawn(move || {
        let said = program::Said::default();
        let inner = Rc::clone(&said);
        // It ends with an error, on purpose: the main future waits for nothing, so the loop goes on until nothing is left.
        let _ = net::sim::run(1, async move {
            program::run(&statements, &mut Net, &inner);
            std::future::pending::<()>().await;
        });
        said.take()
    });
    run.join().unwrap_or_else(|_| vec!["the loop panicked".into()])
}

/// The loop of this thread.
struct Net;

impl program::Scheduler for Net {
    fn later(&mut self, when: program::When, job: Box<dyn FnOnce(&mut Net)>) {
        let job = move || job(&mut Net);
        match when {
            program::When::Tick => net::next_tick(job),
            program::When::Microtask => net::queue_microtask(job),
            program::When::Timeout(after) => drop(net::set_timeout(job, after)),
            program::When::Immediate => drop(net::set_immediate(job)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::stage::{Exercise, STAGES, named};
    use wirebook_cases::Case;

    /// The case of an exercise.
    fn case(exercise: &Exercise) -> Case {
        let protocol = exercise.place.split('/').next().expect("a place has its protocol");
        let cases = wirebook_cases::load(protocol).expect("documents");
        cases.into_iter().find(|case| case.name == exercise.name).expect("a case of a document")
    }

    /// What stands behind the first word, which is a place.
    fn told(line: &str) -> &str {
        line.split_once(' ').map_or("", |(_, told)| told)
    }

    #[test]
    fn what_a_stage_wants_is_what_its_documents_say() {
        for stage in &STAGES {
            let exercises = stage.exercises().expect("documents");
            assert!(exercises.len() >= 8, "{}: only {} cases", stage.name, exercises.len());
            for exercise in exercises {
                let (case, wanted) = (case(&exercise), &exercise.wanted);
                let first = &wanted[0];
                let agree = match stage.name {
                    // A head ends before its message does, and our lines leave the status out.
                    "head" => wanted.iter().zip(&case.events).all(|(ours, line)| line.starts_with(ours.as_str())),
                    // Of a body the places count from its own start.
                    "chunks" => {
                        let mut lines = case.events.iter().map(|line| told(line));
                        wanted
                            .iter()
                            .filter(|ours| told(ours) != "last")
                            .all(|ours| lines.any(|line| line.starts_with(told(ours))))
                    }
                    "unmask" => case.input.len() == 1,
                    "frame" => match first.strip_prefix("error ") {
                        Some(rule) => case.events.last().is_some_and(|line| line.ends_with(&format!("error {rule}"))),
                        None => true,
                    },
                    "events" => {
                        let of_ours = wanted.iter().filter_map(|ours| ours.strip_prefix("event "));
                        let ours: Vec<String> = of_ours
                            .map(|ours| {
                                let (kind, rest) = ours.split_once(" data ").expect("our own line");
                                format!("{} {}", kind.trim_matches('"'), rest.split(" id ").next().unwrap_or_default())
                            })
                            .collect();
                        let lines = case.events.iter().map(|line| told(line)).filter(|line| !line.starts_with("end"));
                        lines.zip(&ours).all(|(line, ours)| line.starts_with(ours.as_str()))
                    }
                    _ => wanted.iter().map(String::as_str).eq(case.events.iter().map(|line| told(line))),
                };
                assert!(agree, "{} {}: {wanted:?}, and the document says {:?}", stage.name, case.name, case.events);
            }
        }
    }

    #[test]
    fn a_frame_is_what_the_rfc_shows() {
        let frame = named("frame").expect("a stage");
        let hello = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
        assert_eq!((frame.ours)(hello), ["0-11 fin opcode 1 \"Hello\""]);
        assert_eq!((frame.ours)(&hello[..10]), ["10 more"]);
        assert_eq!((frame.ours)(b"\x81\x05Hello"), ["error Unmasked"]);
    }
}
