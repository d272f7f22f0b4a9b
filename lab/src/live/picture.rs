//! An answer as HTML: what a reader sees without the server or without JavaScript.

use super::agent::Film;
use super::answer::{Answer, Part};
use super::conversation::{Conversation, Step};
use std::fmt::Write;

/// The widget's element with its picture inside; the live widget replaces the inside. To Markdown a `<div>` starts a block of
/// HTML, which an empty line would end; there is none.
pub(super) fn element(name: &str, title: &str, facts: &str, inside: &str) -> String {
    format!(
        "<div><wirebook-{name} class=\"wb\" role=\"group\" aria-label=\"{title}\" data-facts=\"{}\"><div class=\"wb-bar\">\
         <b>{title}</b><span class=\"wb-live wb-away\">a picture, made when the book was built</span></div>{inside}\
         <div class=\"wb-foot\"><span>Live with <code>cargo run --release</code> in a checkout: then type bytes of your own, \
         and step through them.</span></div></wirebook-{name}></div>",
        text(facts)
    )
}

/// A table: each row with its class. On a narrow screen its cells stand below each other, each with the head of its column.
pub(super) fn table(heads: &[&str], rows: impl Iterator<Item = (String, Vec<String>)>) -> String {
    let mut out = String::from("<div class=\"wb-table\"><table><thead><tr>");
    heads.iter().for_each(|head| out.push_str(&format!("<th scope=\"col\">{head}</th>")));
    out.push_str("</tr></thead><tbody>");
    for (class, cells) in rows {
        let _ = write!(out, "<tr class=\"{class}\">");
        for (head, cell) in heads.iter().zip(cells) {
            let _ = write!(out, "<td data-head=\"{head}\">{cell}</td>");
        }
        out.push_str("</tr>");
    }
    out + "</tbody></table></div>"
}

/// Bytes with their parts, and the table of the parts.
pub(super) fn answer(answer: &Answer) -> String {
    let mut out = String::from("<div class=\"wb-grid\"><div class=\"wb-bytes\">");
    bytes(answer, &mut out);
    let rows = answer.parts.iter().map(|Part { start, end, kind, value, rule, .. }| {
        let key = format!("<span class=\"wb-key wb-{kind}\"></span>{kind}");
        (String::new(), vec![key, format!("{start}–{end}"), format!("<code>{}</code>", text(value)), (*rule).into()])
    });
    out + "</div>" + &table(&["field", "bytes", "value", "rule"], rows) + "</div>"
}

/// A conversation as a table of its steps.
pub(super) fn conversation(conversation: &Conversation) -> String {
    let rows = conversation.steps.iter().map(|Step { from, event, bytes, client, server, .. }| {
        let bytes = format!("<code>{}</code>", text(bytes));
        (format!("wb-{from}"), vec![(*from).into(), (*event).into(), bytes, client.clone(), server.clone()])
    });
    table(&["who", "event", "bytes", "client is", "server is"], rows)
}

/// An agent's pool as a table of moments.
pub(super) fn agent(film: &Film) -> String {
    let rows = film.frames.iter().map(|frame| {
        let carries = |(number, request): &(usize, Option<usize>)| match request {
            Some(request) => format!("{number}: request {request}"),
            None => format!("{number}: idle"),
        };
        let connections: Vec<String> = frame.connections.iter().map(carries).collect();
        let counts = [frame.sockets, frame.free, frame.requests].map(|count| count.to_string());
        let cells = [text(&frame.step)].into_iter().chain(counts).chain([text(&connections.join(", "))]);
        (String::new(), cells.collect())
    });
    table(&["step", "sockets", "free", "requests", "connections"], rows)
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
