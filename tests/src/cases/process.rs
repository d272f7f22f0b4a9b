//! The channel between processes, as its core reads and writes it.
//!
//! A block of bytes arrives; with `carries=net.Socket,net.Server`, descriptors of these kinds come with its first byte, and with
//! `cut` the system could not hand over all. A block `send` is a message of ours, with `handle=net.Socket` what rides on it, or
//! `internal`; a block `disconnect` is empty. The settings of the first block are the limits, by their names, and `lengths` for
//! the other framing. Behind each block, what the channel has to send is told as `out`, one line for each message of the system.

use wirebook_cases::{Arrival, Input, Way};
use wirebook_process::ipc::{Channel, Event, Framing, Handle, Kind, Limits};

/// A descriptor by the kernel's word.
#[derive(Debug, PartialEq)]
struct Descriptor(Kind);

impl Handle for Descriptor {
    fn is(&self, kind: Kind) -> bool {
        self.0 == kind
    }
}

/// The events of `input`, a line each.
pub fn events(input: &Input<'_>) -> Vec<String> {
    let settings = input.settings();
    let framing = if settings.has("lengths") { Framing::Lengths } else { Framing::Lines };
    let mut case = Case { channel: Channel::new(framing, limits(input)), at: 0, lines: Vec::new() };
    for block in &input.blocks {
        let result = match block.kind {
            "bytes" | "hex" => case.arrive(input, block),
            _ => {
                case.act(input, block);
                Ok(())
            }
        };
        let mut eof = || case.channel.receive_eof(&input.bytes[case.at..*block.stops.last().unwrap()]);
        if let Err(violation) = result.and_then(|()| if block.settings.has("eof") { eof() } else { Ok(()) }) {
            assert_eq!(case.channel.receive(b"1\n").unwrap_err(), violation, "an error stays");
            assert!(case.channel.transmit().is_none());
            case.lines.push(format!("error {violation:?}"));
            break;
        }
        case.flush();
    }
    let back: Vec<&str> = case.channel.take_back().map(|unsent| unsent.kind.name()).collect();
    if !back.is_empty() {
        case.lines.push(format!("back {}", back.join(" ")));
    }
    case.lines
}

fn limits(input: &Input<'_>) -> Limits {
    let mut limits = Limits::default();
    for (name, value) in input.settings().iter() {
        let place = match name {
            "message" => &mut limits.message,
            "depth" => &mut limits.depth,
            "fields" => &mut limits.fields,
            "window" => &mut limits.window,
            "retries" => &mut limits.retries,
            "queue_bytes" => &mut limits.queue_bytes,
            "queue_messages" => &mut limits.queue_messages,
            "lengths" | "eof" | "carries" | "cut" | "handle" | "internal" => continue,
            other => panic!("{other} is not a setting"),
        };
        *place = value.parse().unwrap_or_else(|_| panic!("{name} has a number"));
    }
    limits
}

fn kind(name: &str) -> Kind {
    let udp6 = (name == "udp6").then_some(Kind::Udp6);
    udp6.or(Kind::ALL.into_iter().find(|kind| kind.name() == name)).unwrap_or_else(|| panic!("{name} is no kind"))
}

struct Case {
    channel: Channel<Descriptor>,
    at: usize,
    lines: Vec<String>,
}

impl Case {
    fn arrive(&mut self, input: &Input<'_>, block: &Arrival<'_>) -> Result<(), wirebook_process::Violation> {
        let mut carries = block.settings.get("carries").map(str::to_owned);
        self.at = self.at.min(block.start);
        for &stop in &block.stops {
            // A read that brings nothing brings no descriptor either.
            if stop > block.start
                && let Some(kinds) = carries.take()
            {
                let kinds = kinds.split(',').filter(|name| !name.is_empty()).map(|name| Descriptor(kind(name)));
                self.channel.carried(kinds, block.settings.has("cut"), block.start - self.at)?;
            }
            loop {
                let (used, event) = self.channel.receive(&input.bytes[self.at..stop])?;
                self.at += used;
                let Some(event) = event else { break };
                let at = self.at;
                let with = |handle: &Option<(Kind, Descriptor)>| {
                    handle.as_ref().map_or(String::new(), |(kind, _)| format!(" with {}", kind.name()))
                };
                self.lines.push(match event {
                    Event::Message { json, handle } => {
                        format!("{at} message {}{}", json.replace('\r', "\\r"), with(&handle))
                    }
                    Event::Internal { command, handle, .. } => format!("{at} internal {command}{}", with(&handle)),
                    Event::WrongHandle { json, kind } => format!("{at} wrong {} {json}", kind.name()),
                    Event::Taken(kind, _) => format!("{at} taken {}", kind.name()),
                    Event::NotTaken(unsent) => format!("{at} not taken {} {}", unsent.kind.name(), unsent.json),
                });
            }
        }
        let end = *block.stops.last().expect("a stop");
        // What trails has one byte.
        let end = end - usize::from(input.way == Way::Trailing && end == input.bytes.len());
        if self.at < end && !block.settings.has("eof") {
            self.lines.push(format!("{} more", self.at));
        }
        Ok(())
    }

    fn act(&mut self, input: &Input<'_>, block: &Arrival<'_>) {
        let text = std::str::from_utf8(&input.bytes[block.start..*block.stops.last().expect("a stop")]).expect("text");
        if block.kind == "disconnect" {
            self.channel.disconnect();
        } else {
            assert_eq!(block.kind, "send");
            let handle = block.settings.get("handle").map(|name| (kind(name), Descriptor(kind(name))));
            let sent = match block.settings.has("internal") {
                true => self.channel.send_internal(text, handle),
                false => self.channel.send(text, handle),
            };
            if let Err(rejected) = sent {
                self.lines.push(format!("rejected {:?}", rejected.error));
            }
        }
        self.at = *block.stops.last().expect("a stop");
    }

    /// What goes out now.
    fn flush(&mut self) {
        while let Some(next) = self.channel.transmit() {
            let kinds: String = next.handles.iter().map(|handle| format!(" +{}", handle.0.name())).collect();
            let bytes: String = next.bytes.escape_ascii().to_string().replace("\\\"", "\"");
            self.lines.push(format!("out {bytes}{kinds}"));
            let count = next.bytes.len();
            self.channel.sent(count);
        }
        if self.channel.state() == wirebook_process::ipc::State::Closed {
            self.lines.push("closed".into());
        }
    }
}
