//! What the outside judges of forms ask: a line of JSON in, a line of JSON out.
//!
//! Run: tests/interop/multipart/run
//!
//! `{"type": CONTENT_TYPE, "body": LATIN1, "cut": BYTES}` is read in pieces of so many bytes: `{"parts": […]}`, or `{"error": NAME}`.
//! `{"boundary": …, "entries": [{"name", "value" or "filename", "type", "content"}]}` is written: `{"body": LATIN1}`.

use serde_json::{Value, json};
use std::io::{BufRead, Write, stdin, stdout};
use wirebook_multipart::{Boundary, Decoder, EncodeError, Encoder, Error, Event, Limits, Part, Pieces};

fn main() -> std::io::Result<()> {
    let mut out = std::io::BufWriter::new(stdout());
    for line in stdin().lock().lines() {
        let ask: Value = serde_json::from_str(&line?)?;
        let answer = if ask["entries"].is_array() {
            match write(&ask) {
                Ok(body) => json!({ "body": latin1(&body) }),
                Err(error) => json!({ "error": format!("{error:?}") }),
            }
        } else {
            match read(&ask) {
                Ok(parts) => json!({ "parts": parts }),
                Err(error) => json!({ "error": format!("{:?}", error.violation), "status": error.status() }),
            }
        };
        writeln!(out, "{answer}")?;
    }
    out.flush()
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

fn octets(text: &Value) -> Vec<u8> {
    text.as_str().unwrap_or_default().chars().map(|char| u8::try_from(char).unwrap_or(b'?')).collect()
}

fn read(ask: &Value) -> Result<Vec<Value>, Error> {
    let boundary = Boundary::from_content_type(&octets(&ask["type"]))?;
    let limits = Limits { parts: 1000, fields: 1000, files: 1000, name: 4096, ..Limits::default() };
    let mut form = Pieces::new(Decoder::new(&boundary, limits));
    let body = octets(&ask["body"]);
    let (mut parts, mut content) = (Vec::new(), Vec::new());
    for mut piece in body.chunks(ask["cut"].as_u64().unwrap_or(65536).max(1) as usize) {
        while !piece.is_empty() {
            let (used, event) = form.receive(piece)?;
            piece = &piece[used..];
            match event {
                Some(Event::Part(part)) => parts.push(json!({
                    "name": part.name.decode(),
                    "filename": part.filename.map(|filename| filename.decode().into_owned()),
                    "basename": part.basename(),
                    "type": part.content_type.map(latin1),
                })),
                Some(Event::Data(data)) => content.extend_from_slice(data),
                Some(Event::PartEnd) => {
                    if let Some(part) = parts.last_mut() {
                        part["content"] = latin1(&content).into();
                    }
                    content.clear();
                }
                Some(Event::End) | None => {}
            }
        }
    }
    form.receive_eof()?;
    Ok(parts)
}

fn write(ask: &Value) -> Result<Vec<u8>, EncodeError> {
    let boundary = Boundary::new(&octets(&ask["boundary"])).map_err(|_| EncodeError::OutOfTurn)?;
    let (mut form, mut body) = (Encoder::new(&boundary), Vec::new());
    for entry in ask["entries"].as_array().into_iter().flatten() {
        let text = |key: &str| entry[key].as_str().unwrap_or_default();
        match entry["filename"].as_str() {
            None => form.field(text("name"), text("value"), &mut body)?,
            Some(filename) => {
                let part = Part::file(text("name"), filename, text("type").as_bytes());
                form.file(part, &octets(&entry["content"]), &mut body)?;
            }
        }
    }
    form.end(&mut body)?;
    Ok(body)
}
