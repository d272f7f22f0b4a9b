//! An answer as HTML: what a reader sees without the server or without JavaScript.

use super::agent::Film;
use super::answer::{Answer, Part};
use super::conversation::{Conversation, Step};
use std::fmt::Write;

/// The element `tag` with the picture inside it; the live widget replaces the inside.
pub(super) fn answer(tag: &str, title: &str, answer: &Answer) -> String {
    let mut out = open(tag, title);
    out.push_str("<div class=\"wb-grid\"><div class=\"wb-bytes\">");
    bytes(answer, &mut out);
    out.push_str("</div><div class=\"wb-table\"><table><thead><tr><th>field</th><th>bytes</th><th>value</th><th>rule</th></tr></thead><tbody>");
    for part in &answer.parts {
        let Part { start, end, kind, value, rule } = part;
        let _ = write!(
            out,
            "<tr><td><span class=\"wb-key wb-{kind}\"></span>{kind}</td><td>{start}–{end}</td><td><code>{}</code></td><td>{rule}</td></tr>",
            text(value)
        );
    }
    out.push_str("</tbody></table></div></div>");
    close(out, tag)
}

/// A conversation as a table of its steps.
pub(super) fn conversation(conversation: &Conversation) -> String {
    let tag = "wirebook-conversation";
    let mut out = open(tag, "HTTP/1 conversation");
    out.push_str(
        "<div class=\"wb-table\"><table><thead><tr><th>who</th><th>event</th><th>bytes</th><th>client is</th><th>server is</th>\
         </tr></thead><tbody>",
    );
    for step in &conversation.steps {
        let Step { from, event, bytes, client, server, .. } = step;
        let bytes = text(bytes);
        let _ = write!(
            out,
            "<tr class=\"wb-{from}\"><td>{from}</td><td>{event}</td><td><code>{bytes}</code></td><td>{client}</td><td>{server}</td></tr>"
        );
    }
    out.push_str("</tbody></table></div>");
    close(out, tag)
}

/// An agent's pool as a table of moments.
pub(super) fn agent(film: &Film) -> String {
    let tag = "wirebook-agent";
    let mut out = open(tag, "an agent's pool");
    out.push_str(
        "<div class=\"wb-table\"><table><thead><tr><th>step</th><th>sockets</th><th>free</th><th>requests</th>\
         <th>connections</th></tr></thead><tbody>",
    );
    for frame in &film.frames {
        let connections: Vec<String> = frame
            .connections
            .iter()
            .map(|(number, request)| {
                request.map_or(format!("{number}: idle"), |request| format!("{number}: request {request}"))
            })
            .collect();
        let _ = write!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            text(&frame.step),
            frame.sockets,
            frame.free,
            frame.requests,
            text(&connections.join(", "))
        );
    }
    out.push_str("</tbody></table></div>");
    close(out, tag)
}

/// The element's start and its bar. To Markdown a `<div>` starts a block of HTML, which an empty line would end; there is
/// none.
pub(super) fn open(tag: &str, title: &str) -> String {
    format!(
        "<div><{tag} class=\"wb\" role=\"region\" aria-label=\"{title}\">\
         <div class=\"wb-bar\"><b>{title}</b><span class=\"wb-live wb-away\">a picture, made when the book was built</span></div>"
    )
}

pub(super) fn close(mut out: String, tag: &str) -> String {
    let _ = write!(
        out,
        "<div class=\"wb-foot\"><span>Live with <code>cargo run --release</code> in a checkout: then type bytes of your own, \
         and step through them.</span></div></{tag}></div>"
    );
    out
}

fn bytes(answer: &Answer, out: &mut String) {
    let mut at = 0;
    let input: Vec<char> = answer.input.chars().collect();
    for part in &answer.parts {
        plain(&input[at..part.start], out);
        let _ = write!(out, "<span class=\"wb-part wb-{}\">", part.kind);
        plain(&input[part.start..part.end], out);
        out.push_str("</span>");
        at = part.end;
    }
    plain(&input[at..], out);
}

/// Text with its line ends as small words.
fn plain(chars: &[char], out: &mut String) {
    for &char in chars {
        match char {
            '\r' => out.push_str("<span class=\"wb-end\">CR </span>"),
            '\n' => out.push_str("<span class=\"wb-end\">LF</span><br>"),
            ' '..='~' => out.push_str(&text(&char.to_string())),
            _ => {
                let _ = write!(out, "<span class=\"wb-end\">x{:02x}</span>", u32::from(char));
            }
        }
    }
}

/// Text as HTML, with what Markdown would take for its own as a reference.
pub(super) fn text(raw: &str) -> String {
    raw.chars().fold(String::new(), |mut out, char| {
        match char {
            '&' | '<' | '>' | '"' | '\'' | '*' | '_' | '`' | '\\' | '[' | ']' | '{' | '}' => {
                let _ = write!(out, "&#{};", u32::from(char));
            }
            _ => out.push(char),
        }
        out
    })
}
