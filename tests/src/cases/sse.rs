//! Event streams, as each of the two decoders reads them.
//!
//! The settings of a case are our bounds: `max_line=N`, `max_event=N`.

use wirebook_cases::Input;
use wirebook_sse::Limits;
use wirebook_sse::decoder::{by_line, fast};

macro_rules! decoder {
    ($name:ident) => {
        /// The events of `input`, a line each: `END TYPE DATA`, with the last event ID where there is one; then `error NAME`, or
        /// `end` with the ID and the reconnection time in which the stream leaves its reader, where it sets any.
        pub fn $name(input: &Input<'_>) -> Vec<String> {
            let mut decoder = $name::Decoder::new(limits(input), "");
            let (mut lines, mut at) = (Vec::new(), 0);
            for stop in input.stops() {
                loop {
                    match decoder.receive(&input.bytes[at..stop]) {
                        Ok((used, None)) => {
                            at += used;
                            assert_eq!(at, stop, "bytes are left without an event");
                            break;
                        }
                        Ok((used, Some(event))) => {
                            at += used;
                            let id = event.id.filter(|id| !id.is_empty());
                            let id = id.map_or(String::new(), |id| format!(" id {id:?}"));
                            lines.push(format!("{at} {} {:?}{id}", event.event_type, event.data));
                        }
                        Err(error) => {
                            assert_eq!(decoder.receive(b"x"), Err(error), "an error stays");
                            lines.push(format!("error {error:?}"));
                            return lines;
                        }
                    }
                }
            }
            let id = Some(decoder.last_event_id()).filter(|id| !id.is_empty());
            let id = id.map_or(String::new(), |id| format!(" id {id:?}"));
            let retry = decoder.retry().map_or(String::new(), |time| format!(" retry {time}"));
            if !(id.is_empty() && retry.is_empty()) {
                lines.push(format!("end{id}{retry}"));
            }
            lines
        }
    };
}
decoder!(by_line);
decoder!(fast);

fn limits(input: &Input<'_>) -> Limits {
    let mut limits = Limits::default();
    for (name, value) in input.settings().iter() {
        let bound = value.parse().unwrap_or_else(|_| panic!("{name} has a number"));
        match name {
            "max_line" => limits.max_line = bound,
            "max_event" => limits.max_event = bound,
            other => panic!("{other} is not a setting"),
        }
    }
    limits
}
