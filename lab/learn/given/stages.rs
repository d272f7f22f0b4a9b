//! Given: your answers as lines of events, in the notation of the case documents.

use crate::chunks::{self, Chunk};
use crate::event_loop::Loop;
use crate::queue::Queue;
use crate::{escape, events, frame, head, program, unmask};
use std::collections::HashMap;

/// What your code makes of `input` when it arrives up to each of `stops` in turn.
pub fn lines(stage: &str, input: &[u8], stops: &[usize]) -> Vec<String> {
    match stage {
        "head" => head_lines(input, stops),
        "chunks" => chunk_lines(input, stops),
        "unmask" => unmask_lines(input, stops),
        "frame" => frame_lines(input, stops),
        "events" => event_lines(input, stops),
        "escape" => escape_lines(input, stops),
        "queue" => queue_lines(input),
        "loop" => loop_lines(input),
        _ => vec![format!("there is no stage {stage}")],
    }
}

/// Where a borrowed part lies in the input.
fn offset(input: &[u8], part: &[u8]) -> usize {
    (part.as_ptr() as usize).wrapping_sub(input.as_ptr() as usize)
}

fn head_lines(input: &[u8], stops: &[usize]) -> Vec<String> {
    for &stop in stops {
        match head::request(&input[..stop]) {
            Ok(None) => {}
            Err(error) => return vec![format!("{} error {}", error.at, error.rule)],
            Ok(Some(head)) => {
                let [method, target, version] = [head.method, head.target, head.version].map(<[u8]>::escape_ascii);
                let mut lines = vec![format!("0-{} request {method} {target} {version}", head.len)];
                for (name, value) in head.fields {
                    let (start, end) = (offset(input, name), offset(input, value).wrapping_add(value.len()));
                    let line = format!("{start}-{end} field {}: {}", name.escape_ascii(), value.escape_ascii());
                    lines.push(line.trim_end().to_string());
                }
                return lines;
            }
        }
    }
    vec![format!("{} more", input.len())]
}

fn chunk_lines(input: &[u8], stops: &[usize]) -> Vec<String> {
    let mut decoder = chunks::Decoder::new();
    let (mut at, mut start, mut data) = (0, None, Vec::new());
    let mut end = 0;
    let told = |start: Option<usize>, end: usize, data: &[u8], last: String| {
        let data = start.map(|start| format!("{start}-{end} data \"{}\"", data.escape_ascii()));
        data.into_iter().chain([last]).collect()
    };
    for &stop in stops {
        loop {
            let piece = &input[at..stop];
            match decoder.decode(piece) {
                Err(error) => return told(start, end, &data, format!("{} error {}", at + error.at, error.rule)),
                Ok((used, _)) if used > piece.len() => {
                    return told(start, end, &data, format!("{used} bytes used of {}", piece.len()));
                }
                Ok((used, Some(Chunk::Last))) => return told(start, end, &data, format!("{} last", at + used)),
                Ok((used, Some(Chunk::Data(bytes)))) => {
                    start = start.or(Some(offset(input, bytes)));
                    end = offset(input, bytes).wrapping_add(bytes.len());
                    data.extend_from_slice(bytes);
                    at += used;
                }
                Ok((used, None)) => {
                    at += used;
                    break;
                }
            }
        }
    }
    told(start, end, &data, format!("{} more", input.len()))
}

fn unmask_lines(input: &[u8], stops: &[usize]) -> Vec<String> {
    let Some((key, masked)) = input.split_first_chunk::<4>() else { return vec![format!("{} more", input.len())] };
    let mut payload = masked.to_vec();
    let mut from = 0;
    for to in stops.iter().map(|stop| stop.saturating_sub(4)) {
        unmask::unmask(&mut payload[from..to], *key, from);
        from = to;
    }
    vec![format!("4-{} payload \"{}\"", input.len(), payload.escape_ascii())]
}

fn frame_lines(input: &[u8], stops: &[usize]) -> Vec<String> {
    let (mut at, mut lines) = (0, Vec::new());
    for &stop in stops {
        loop {
            match frame::frame(&input[at..stop]) {
                Err(rule) => {
                    lines.push(format!("error {rule}"));
                    return lines;
                }
                Ok(None) => break,
                Ok(Some(frame)) if frame.len < 2 || frame.len > stop - at => {
                    lines.push(format!("a frame of {} bytes, of {} that are there", frame.len, stop - at));
                    return lines;
                }
                Ok(Some(frame)) => {
                    let end = at + frame.len;
                    let fin = if frame.fin { "fin" } else { "more" };
                    let payload = frame.payload.escape_ascii();
                    lines.push(format!("{at}-{end} {fin} opcode {} \"{payload}\"", frame.opcode));
                    at = end;
                }
            }
        }
    }
    if at < input.len() {
        lines.push(format!("{} more", input.len()));
    }
    lines
}

fn event_lines(input: &[u8], stops: &[usize]) -> Vec<String> {
    let mut decoder = events::Decoder::new();
    let (mut at, mut lines) = (0, Vec::new());
    for &stop in stops {
        loop {
            let (used, event) = decoder.receive(&input[at..stop]);
            if used > stop - at {
                lines.push(format!("{used} bytes used of {}", stop - at));
                return lines;
            }
            at += used;
            let Some(event) = event else { break };
            lines.push(format!("event {:?} data {:?} id {:?}", event.event_type, event.data, event.id));
        }
    }
    let retry = decoder.retry().map_or(String::new(), |retry| format!(" retry {retry}"));
    lines.push(format!("end id {:?}{retry}", decoder.last_event_id()));
    lines
}

fn escape_lines(input: &[u8], stops: &[usize]) -> Vec<String> {
    let (mut from, mut out) = (0, Vec::new());
    for &to in stops {
        escape::escape(&input[from..to], &mut out);
        from = to;
    }
    vec![format!("output \"{}\"", out.escape_ascii())]
}

/// The first letter is the number of connections allowed; each other one is a step, as in the book's widget: `s` sends a
/// request, `a` has the server answer the oldest one that it has, `c` has it close an idle connection, `x` gives the
/// youngest request up. A line for each: the connections with what they carry, and how many requests wait.
fn queue_lines(input: &[u8]) -> Vec<String> {
    let Some((max, steps)) = input.split_first() else { return Vec::new() };
    let mut queue = Queue::new(usize::from(max.saturating_sub(b'0')));
    let mut sent = 0;
    // When the server got each request: it answers the oldest first.
    let (mut got, mut clock) = (HashMap::new(), 0);
    let mut lines = Vec::new();
    for &step in steps {
        let connections = queue.connections();
        let carrying = connections.iter().filter_map(|&(connection, request)| Some((connection, request?)));
        let oldest = carrying.min_by_key(|(_, request)| got.get(request).copied());
        let idle = connections.iter().find(|(_, request)| request.is_none());
        match step {
            b's' => {
                sent += 1;
                queue.send(sent);
            }
            b'a' => oldest.into_iter().for_each(|(connection, _)| queue.answered(connection)),
            b'c' => idle.into_iter().for_each(|&(connection, _)| queue.closed(connection)),
            _ => queue.give_up(),
        }
        let mut now = queue.connections();
        now.sort();
        for request in now.iter().filter_map(|(_, request)| *request) {
            clock += 1;
            got.entry(request).or_insert(clock);
        }
        let carries = |&(connection, request): &(usize, Option<usize>)| {
            format!(" {connection}:{}", request.map_or("idle".into(), |request| request.to_string()))
        };
        let connections: String = now.iter().map(carries).collect();
        lines.push(format!("{}{connections}, {} wait", step as char, queue.waiting()));
    }
    lines
}

fn loop_lines(input: &[u8]) -> Vec<String> {
    let Ok(statements) = program::parse(&String::from_utf8_lossy(input)) else { return vec!["no program".into()] };
    let said = program::Said::default();
    let mut event_loop = Loop::new();
    program::run(&statements, &mut event_loop, &said);
    event_loop.run();
    said.take()
}

impl program::Scheduler for Loop {
    fn later(&mut self, when: program::When, job: Box<dyn FnOnce(&mut Loop)>) {
        match when {
            program::When::Tick => self.next_tick(job),
            program::When::Microtask => self.queue_microtask(job),
            program::When::Timeout(after) => self.set_timeout(job, after),
            program::When::Immediate => self.set_immediate(job),
        }
    }
}
