//! The table of widgets. What a widget may be given (examples, choices, limits) and the sentences that explain it come from
//! here alone; the book hands them to the page with the widget's picture.

use super::answer::{MAX_INPUT, reply};
use super::explain::{self, Table};
// `self` alone is the module: the function of that name is below.
use super::picture::{self};
use super::{
    agent, cache, channel, conversation, cookie, event_loop, event_stream, farewell, frame, h2, head, multipart, onion,
    page, pipe, race, reader, reading, readings, reconnect, router, shares, signed, template, workers,
};
use serde_json::{Value, json};

/// A live widget: its name and title, its picture of its first example as HTML for the book, what it knows, and what it
/// answers to a request's body.
struct Widget {
    name: &'static str,
    title: &'static str,
    picture: fn() -> Option<String>,
    facts: fn() -> Facts,
    answer: fn(Value) -> Result<String, String>,
}

/// What the server tells a widget before it asks anything.
#[derive(Default)]
struct Facts {
    /// Labels, and the state that each puts the widget into.
    examples: Vec<(&'static str, Value)>,
    /// Lists to choose from: the state's field, what the list is called, and its values.
    choices: Vec<(&'static str, &'static str, Vec<String>)>,
    explain: Table,
}

/// All of them.
const WIDGETS: &[Widget] = &[
    Widget {
        name: "head",
        title: "HTTP/1 request",
        picture: || Some(picture::answer(&head::dissect(head::EXAMPLES[0].1, usize::MAX, None))),
        facts: || Facts {
            examples: inputs(head::EXAMPLES),
            choices: vec![("parser", "the parser that is timed", head::variants().map(String::from).collect())],
            explain: explain::HTTP1,
        },
        answer: |body| reply(body, head::answer),
    },
    Widget {
        name: "conversation",
        title: "HTTP/1 conversation",
        picture: || Some(picture::conversation(&conversation::converse(conversation::EXAMPLES[0].1))),
        facts: || Facts { examples: inputs(conversation::EXAMPLES), explain: explain::HTTP1, ..Facts::default() },
        answer: |body| reply(body, conversation::answer),
    },
    Widget {
        name: "agent",
        title: "An agent's pool",
        picture: || {
            let (_, steps, max_sockets) = agent::EXAMPLES[0];
            Some(picture::agent(&agent::film(steps, max_sockets).ok()?))
        },
        facts: || Facts {
            examples: agent::EXAMPLES
                .iter()
                .map(|(label, steps, max_sockets)| (*label, json!({ "steps": steps, "max_sockets": max_sockets })))
                .collect(),
            choices: vec![(
                "max_sockets",
                "max_sockets",
                (1..=agent::MAX_SOCKETS).map(|count| count.to_string()).collect(),
            )],
            explain: explain::AGENT,
        },
        answer: |body| reply(body, agent::answer),
    },
    Widget {
        name: "race",
        title: "Race of the head parsers",
        picture: race::picture,
        facts: || Facts {
            choices: vec![("input", "input", race::inputs())],
            explain: explain::RACE,
            ..Facts::default()
        },
        answer: |body| reply(body, race::answer),
    },
    Widget {
        name: "event-loop",
        title: "Event loop",
        picture: || Some(event_loop::picture()),
        facts: || Facts {
            examples: event_loop::programs().map(|name| (name, json!({ "program": name }))).collect(),
            explain: explain::LOOP,
            ..Facts::default()
        },
        answer: |body| reply(body, event_loop::answer),
    },
    Widget {
        name: "frame",
        title: "WebSocket frames",
        picture: || {
            let (_, input) = frame::examples().swap_remove(0);
            Some(picture::answer(&frame::dissect(&input, usize::MAX, false, false).answer))
        },
        facts: || Facts { examples: inputs(&frame::examples()), explain: explain::WEBSOCKET, ..Facts::default() },
        answer: |body| reply(body, frame::answer),
    },
    Widget {
        name: "event-stream",
        title: "Event stream",
        picture: || Some(picture::answer(&event_stream::dissect(event_stream::EXAMPLES[0].1, usize::MAX, None))),
        facts: || Facts {
            examples: inputs(event_stream::EXAMPLES),
            choices: vec![("parser", "decoder", ["fast", "by_line"].map(String::from).to_vec())],
            explain: explain::SSE,
        },
        answer: |body| reply(body, event_stream::answer),
    },
    Widget {
        name: "multipart",
        title: "A form with files",
        picture: || Some(picture::answer(&multipart::dissect(multipart::EXAMPLES[0].1, usize::MAX))),
        facts: || Facts { examples: inputs(multipart::EXAMPLES), explain: explain::MULTIPART, ..Facts::default() },
        answer: |body| reply(body, multipart::answer),
    },
    Widget {
        name: "onion",
        title: "An onion, walked",
        picture: onion::picture,
        facts: || Facts { examples: onion::examples(), choices: onion::choices(), explain: explain::ONION },
        answer: |body| reply(body, onion::answer),
    },
    Widget {
        name: "router",
        title: "A table of routes",
        picture: router::picture,
        facts: || Facts { examples: router::examples(), explain: explain::ROUTER, ..Facts::default() },
        answer: |body| reply(body, router::answer),
    },
    Widget {
        name: "cookie",
        title: "A cookie and a browser",
        picture: cookie::picture,
        facts: || Facts { examples: cookie::examples(), choices: cookie::choices(), explain: explain::COOKIES },
        answer: |body| reply(body, cookie::answer),
    },
    Widget {
        name: "signed",
        title: "A signed value",
        picture: signed::picture,
        facts: || Facts { examples: signed::examples(), choices: signed::choices(), explain: explain::SIGNED },
        answer: |body| reply(body, signed::answer),
    },
    Widget {
        name: "cache",
        title: "What is sent, and why",
        picture: cache::picture,
        facts: || Facts { examples: cache::examples(), choices: cache::choices(), explain: explain::CACHE },
        answer: |body| reply(body, cache::answer),
    },
    Widget {
        name: "pipe",
        title: "A page in parts",
        picture: pipe::picture,
        facts: || Facts { examples: pipe::examples(), choices: pipe::choices(), explain: explain::PIPE },
        answer: |body| reply(body, pipe::answer),
    },
    Widget {
        name: "reading",
        title: "A request, read",
        picture: reading::picture,
        facts: || Facts { examples: reading::examples(), choices: reading::choices(), explain: explain::READING },
        answer: |body| reply(body, reading::answer),
    },
    Widget {
        name: "reconnect",
        title: "A connection that breaks",
        picture: || Some(reconnect::picture()),
        facts: || Facts { explain: explain::FEED, ..Facts::default() },
        answer: |body| reply(body, reconnect::cut),
    },
    Widget {
        name: "page",
        title: "Dissect this page",
        picture: || Some(page::PICTURE.into()),
        facts: || Facts {
            choices: vec![("what", "what is shown", page::WHAT.map(String::from).to_vec())],
            explain: explain::HTTP1,
            ..Facts::default()
        },
        answer: |body| reply(body, page::answer),
    },
    Widget {
        name: "reader",
        title: "Ours and yours",
        picture: reader::picture,
        facts: || Facts {
            examples: reader::examples(),
            choices: vec![("stage", "the stage whose code is asked", reader::stages())],
            explain: explain::READER,
        },
        answer: |body| reply(body, reader::answer),
    },
    Widget {
        name: "readings",
        title: "Two readings",
        picture: readings::picture,
        facts: || Facts { examples: readings::examples(), explain: explain::HTTP1, ..Facts::default() },
        answer: |body| reply(body, readings::answer),
    },
    Widget {
        name: "template",
        title: "Template",
        picture: || Some(template::picture()),
        facts: || Facts {
            examples: template::EXAMPLES
                .iter()
                .map(|(label, template, data)| (*label, json!({ "template": template, "data": data })))
                .collect(),
            explain: explain::TEMPLATE,
            ..Facts::default()
        },
        answer: |body| reply(body, template::answer),
    },
    Widget {
        name: "http2",
        title: "HTTP/2 frames",
        picture: || Some(h2::frames::drawing()),
        facts: || Facts { examples: h2::frames::examples(), explain: explain::HTTP2, ..Facts::default() },
        answer: |body| reply(body, h2::frames::answer),
    },
    Widget {
        name: "hpack",
        title: "HPACK's tables",
        picture: || Some(h2::hpack::drawing()),
        facts: || Facts {
            examples: h2::hpack::examples(),
            choices: vec![("table", "the encoder's table", h2::hpack::TABLES.map(|size| size.to_string()).into())],
            explain: explain::HPACK_TABLE,
        },
        answer: |body| reply(body, h2::hpack::answer),
    },
    Widget {
        name: "flood",
        title: "A flood",
        picture: || Some(h2::floods::drawing()),
        facts: || Facts { choices: h2::floods::choices(), explain: explain::FLOODS_TABLE, ..Facts::default() },
        answer: |body| reply(body, h2::floods::answer),
    },
    Widget {
        name: "windows",
        title: "Windows",
        picture: || Some(h2::windows::drawing()),
        facts: || Facts {
            examples: h2::windows::examples(),
            choices: h2::windows::choices(),
            explain: explain::WINDOWS_TABLE,
        },
        answer: |body| reply(body, h2::windows::answer),
    },
    Widget {
        name: "lanes",
        title: "One connection and six",
        picture: || Some(h2::lanes::drawing()),
        facts: || Facts {
            examples: h2::lanes::examples(),
            choices: h2::lanes::choices(),
            explain: explain::LANES_TABLE,
        },
        answer: |body| reply(body, h2::lanes::answer),
    },
    Widget {
        name: "records",
        title: "A handshake, as it is heard",
        picture: || Some(h2::records::drawing()),
        facts: || Facts { choices: h2::records::choices(), explain: explain::RECORDS_TABLE, ..Facts::default() },
        answer: |body| reply(body, h2::records::answer),
    },
    Widget {
        name: "channel",
        title: "A channel between processes",
        picture: || Some(channel::drawing()),
        facts: || Facts {
            examples: inputs(channel::EXAMPLES),
            choices: vec![
                ("framing", "how messages are told apart", channel::FRAMINGS.map(String::from).to_vec()),
                ("descriptors", "what became of the descriptors", channel::DESCRIPTORS.map(String::from).to_vec()),
                ("sent", "connections that this side has sent before", channel::SENT.map(String::from).to_vec()),
            ],
            explain: explain::CHANNEL,
        },
        answer: |body| reply(body, channel::answer),
    },
    Widget {
        name: "shares",
        title: "Who gets it",
        picture: || Some(shares::picture()),
        facts: || Facts {
            choices: vec![
                ("policy", "the policy", shares::POLICIES.map(String::from).to_vec()),
                ("workers", "how many workers", shares::WORKERS.map(|count| count.to_string()).to_vec()),
                ("connections", "how many connections", shares::CONNECTIONS.map(|count| count.to_string()).to_vec()),
                ("killed", "who is killed half-way", shares::KILLED.map(String::from).to_vec()),
            ],
            explain: explain::SHARES,
            ..Facts::default()
        },
        answer: |body| reply(body, shares::answer),
    },
    Widget {
        name: "farewell",
        title: "A farewell",
        picture: farewell::picture,
        facts: || Facts { examples: farewell::examples(), choices: farewell::choices(), explain: explain::FAREWELL },
        answer: |body| reply(body, farewell::answer),
    },
    Widget {
        name: "workers",
        title: "The workers of this page",
        picture: || Some(workers::picture()),
        facts: || Facts {
            choices: vec![("signal", "the signal that is sent", workers::SIGNALS.map(String::from).to_vec())],
            explain: explain::WORKERS,
            ..Facts::default()
        },
        answer: |body| reply(body, |ask: workers::Ask| workers::alone(&ask)),
    },
];

/// Examples that are bytes to take apart.
fn inputs<B: AsRef<[u8]>>(examples: &[(&'static str, B)]) -> Vec<(&'static str, Value)> {
    examples.iter().map(|(label, bytes)| (*label, json!({ "input": super::answer::latin1(bytes.as_ref()) }))).collect()
}

impl Facts {
    fn json(self) -> Value {
        let examples = self.examples.into_iter().map(|(label, state)| json!({ "label": label, "state": state }));
        let choices = self
            .choices
            .into_iter()
            .map(|(name, label, values)| json!({ "name": name, "label": label, "values": values }));
        json!({
            "examples": examples.collect::<Value>(),
            "choices": choices.collect::<Value>(),
            "limit": MAX_INPUT,
            "explain": self.explain.json(),
        })
    }
}

fn widget(name: &str) -> Option<&'static Widget> {
    WIDGETS.iter().find(|widget| widget.name == name)
}

/// The widget's element with its picture inside; `None` where there is no such widget.
pub(crate) fn picture(name: &str) -> Option<String> {
    let Widget { name, title, picture, facts, .. } = widget(name)?;
    Some(picture::element(name, title, &facts().json().to_string(), &picture()?))
}

/// Answers a widget's request: the operation's name and its body. `None` where there is no such operation.
pub(crate) fn answer(operation: &str, body: &[u8]) -> Option<Result<String, String>> {
    match serde_json::from_slice(body) {
        Ok(body) => answer_to(operation, body),
        Err(error) => widget(operation).map(|_| Err(format!("The request is not understood: {error}."))),
    }
}

/// The same for a body that has been read as JSON.
pub(super) fn answer_to(operation: &str, body: Value) -> Option<Result<String, String>> {
    Some((widget(operation)?.answer)(body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wirebook_cluster::supervisor::State;

    #[test]
    fn every_example_of_every_widget_is_answered() {
        for widget in WIDGETS.iter().filter(|widget| widget.name != "race") {
            for (label, mut state) in (widget.facts)().examples {
                for (name, _, values) in (widget.facts)().choices {
                    if state.get(name).is_none() {
                        state[name] = values[0].clone().into();
                    }
                }
                let answer = (widget.answer)(state);
                assert!(answer.is_ok(), "{} {label}: {answer:?}", widget.name);
            }
        }
    }

    #[test]
    fn every_part_event_state_error_and_bit_has_a_sentence() {
        for widget in WIDGETS {
            let Facts { examples, explain, .. } = (widget.facts)();
            let known = |key: &str, label: &str| assert!(explain.get(key).is_some(), "{} {label}: {key}", widget.name);
            for (label, state) in examples {
                let answer: Value = serde_json::from_str(&(widget.answer)(state).expect("an answer")).expect("JSON");
                let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
                if !matches!(widget.name, "head" | "frame" | "event-stream" | "multipart" | "http2" | "channel") {
                    continue;
                }
                list(&answer["parts"]).iter().for_each(|part| known(part["key"].as_str().unwrap(), label));
                for (kind, name) in [("events", "event"), ("states", "state")] {
                    let rows = list(&answer[kind]);
                    rows.iter().for_each(|row| known(&format!("{name} {}", row[name].as_str().unwrap()), label));
                }
                if let Some(name) = answer["fault"]["name"].as_str() {
                    known(&format!("error {name}"), label);
                }
                let bits = list(&answer["frames"]).into_iter().flat_map(|frame| list(&frame["fields"]));
                bits.for_each(|field| known(field["key"].as_str().unwrap(), label));
            }
        }
    }

    #[test]
    fn every_moment_that_is_walked_to_has_a_sentence() {
        let known = |table: Table, key: String| assert!(table.get(&key).is_some(), "{key}");
        for again in ["never", "after 3 s"] {
            for (_, mut state) in farewell::examples() {
                state["again"] = again.into();
                let film: Value = serde_json::from_str(&reply(state, farewell::answer).expect("a film")).expect("JSON");
                for moment in film["moments"].as_array().expect("moments") {
                    let name = moment["what"].as_str().and_then(|what| what.split(':').next()).expect("words");
                    known(explain::FAREWELL, format!("moment {name}"));
                }
            }
        }
        shares::POLICIES.iter().for_each(|policy| known(explain::SHARES, format!("policy {policy}")));
        wirebook_race::all().iter().for_each(|one| known(explain::RACE, format!("parser {}", one.name)));
        reader::stages().iter().for_each(|stage| known(explain::READER, format!("stage {stage}")));
        State::ALL.iter().for_each(|state| known(explain::WORKERS, format!("state {}", workers::word(*state))));
        for (_, state) in readings::examples() {
            let read: Value = serde_json::from_str(&reply(state, readings::answer).expect("readings")).expect("JSON");
            for side in ["front", "back"] {
                let rule = read[side]["refused"][1].as_str();
                rule.into_iter().for_each(|rule| known(explain::HTTP1, format!("error {rule}")));
            }
        }
    }

    #[test]
    fn an_input_over_the_limit_is_refused_with_both_numbers() {
        let large = json!({ "input": "a".repeat(MAX_INPUT + 1) });
        for name in ["head", "conversation", "frame", "event-stream", "multipart", "http2"] {
            let refused = (widget(name).unwrap().answer)(large.clone()).unwrap_err();
            assert_eq!(refused, "The input has 16385 bytes, the widget takes 16384.");
        }
    }
}
