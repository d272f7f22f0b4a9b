//! What the live widgets of the book ask for, and what `wirebook dissect` prints: one function makes both.
//!
//! An answer is data: parts of the input with their byte ranges, events, states, an error. It is computed by the public
//! API of the crates: a part is where a borrowed result lies in the input, a state is what cutting the input there
//! leaves. There is no second parser for display.

pub(crate) mod agent;
pub(crate) mod answer;
pub(crate) mod conversation;
pub(crate) mod event_loop;
pub(crate) mod event_stream;
pub(crate) mod frame;
pub(crate) mod handshake;
pub(crate) mod head;
pub(crate) mod page;
mod picture;
mod race;
pub(crate) mod reader;
mod readings;
pub(crate) mod tap;
pub(crate) mod template;

pub(crate) use answer::{MAX_INPUT, escape, range_in};

use answer::json;

/// A live widget: its name, its picture of its first example as HTML for the book, and what it answers to a request's body.
struct Widget {
    name: &'static str,
    picture: fn() -> Option<String>,
    answer: fn(&[u8]) -> Result<String, String>,
}

/// All of them.
const WIDGETS: [Widget; 12] = [
    Widget {
        name: "head",
        picture: || {
            let answer = head::dissect(head::EXAMPLE, usize::MAX, None);
            Some(picture::answer("wirebook-head", "HTTP/1 request", &answer))
        },
        answer: |body| head::answer(body).and_then(json),
    },
    Widget {
        name: "conversation",
        picture: || Some(picture::conversation(&conversation::converse(conversation::EXAMPLE)?)),
        answer: |body| conversation::answer(body).and_then(json),
    },
    Widget {
        name: "agent",
        picture: || Some(picture::agent(&agent::film(agent::EXAMPLE, 3).ok()?)),
        answer: |body| agent::answer(body).and_then(json),
    },
    Widget {
        name: "race",
        picture: || {
            let figures = picture::open("wirebook-race", "Race of the head parsers") + &race::picture()?;
            Some(picture::close(figures, "wirebook-race"))
        },
        answer: |body| race::answer(body).and_then(json),
    },
    Widget {
        name: "event-loop",
        picture: || Some(event_loop::picture()),
        answer: |body| event_loop::answer(body).and_then(json),
    },
    Widget {
        name: "frame",
        picture: || {
            let shown = frame::dissect(frame::EXAMPLE, usize::MAX, false, false);
            Some(picture::answer("wirebook-frame", "WebSocket frames", &shown.answer))
        },
        answer: |body| frame::answer(body).and_then(json),
    },
    Widget {
        name: "event-stream",
        picture: || {
            let answer = event_stream::dissect(event_stream::EXAMPLE, usize::MAX, None);
            Some(picture::answer("wirebook-event-stream", "Event stream", &answer))
        },
        answer: |body| event_stream::answer(body).and_then(json),
    },
    Widget {
        name: "reconnect",
        picture: || Some(event_stream::reconnect_picture()),
        answer: |body| event_stream::cut(body).and_then(json),
    },
    Widget { name: "page", picture: page::picture, answer: page::answer },
    Widget { name: "reader", picture: reader::picture, answer: |_| Err(reader::ELSEWHERE.into()) },
    Widget { name: "readings", picture: readings::picture, answer: |body| readings::answer(body).and_then(json) },
    Widget {
        name: "template",
        picture: || Some(template::picture()),
        answer: |body| template::answer(body).and_then(json),
    },
];

fn widget(name: &str) -> Option<&'static Widget> {
    WIDGETS.iter().find(|widget| widget.name == name)
}

/// The widget's picture for its first example; `None` where there is no such widget.
pub(crate) fn picture(name: &str) -> Option<String> {
    (widget(name)?.picture)()
}

/// Answers a widget's request: the operation's name and its body. `None` where there is no such operation.
pub(crate) fn answer(operation: &str, body: &[u8]) -> Option<Result<String, String>> {
    Some((widget(operation)?.answer)(body))
}
