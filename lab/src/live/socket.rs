//! The socket of a page: all its widgets ask over this one connection.
//!
//! A request is `{"id", "operation", "body"}`, an answer `{"id", "answer"}` or `{"id", "refused"}`. The operation `here` is
//! a sign of life. The operation `frame/own` announces that the next message is the reader's own, whatever it says: it is
//! answered with the bytes of the frames in which it arrived, which no script in the browser can see.

use super::answer::{MAX_INPUT, latin1};
use super::{reader, workers};
use serde_json::{Value, json};
use std::any::Any;
use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use wirebook_http1::{Outcome, Request, Response};
use wirebook_net::{self as net, Registration, Stream};
use wirebook_websocket::frame::Header;
use wirebook_websocket::{self as websocket, Config, Limits, Options};

/// Bytes of a message: an input in which JSON needs six for each, and its envelope.
const MAX_MESSAGE: usize = 8 * MAX_INPUT;

/// Answers the widgets of a page until it goes away.
pub(crate) async fn serve(request: Request<'_>, response: Response<'_>) -> Outcome {
    let config = Config { limits: Limits::message(MAX_MESSAGE), ..Config::default() };
    let options = Options { config: Arc::new(config), ..Options::default() };
    let seen = Rc::new(RefCell::new(Vec::new()));
    let tap = |stream| Tap { stream, seen: seen.clone() };
    let Some(mut socket) = websocket::upgrade_over(request, response, &options, tap).await? else { return Ok(()) };
    let mut announced = None;
    while let Ok(Some(message)) = socket.reader.next().await {
        let frames = first_message(&mut seen.borrow_mut());
        let answer = match announced.take() {
            Some(id) => envelope(&id, Ok(json!({ "input": latin1(&frames) }).to_string())),
            None => match respond(message.as_bytes()) {
                Reply::Answer(answer) => answer,
                Reply::Announced(id) => {
                    announced = Some(id);
                    continue;
                }
                Reply::Later(id, later) => {
                    // Meanwhile the page's other widgets are answered.
                    let writer = socket.writer.clone();
                    // Who is gone needs no answer.
                    net::spawn(async move { writer.send(envelope(&id, later.await)).await.is_ok() });
                    continue;
                }
            },
        };
        if socket.writer.send(answer).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// What a message leads to.
enum Reply {
    Answer(String),
    /// The next message is the reader's own, and this its number.
    Announced(Value),
    /// The answer comes when the pool has it.
    Later(Value, Later),
}

/// An answer that takes time.
type Later = Pin<Box<dyn Future<Output = Result<String, String>>>>;

/// Whether an answer takes so long that the site would stand still: a race, and the reader's own program.
fn takes_time(operation: &str) -> bool {
    operation == "race" || operation == "workers" || reader::is_asked(operation)
}

/// The answer to an operation that takes time; `None` for all others.
pub(crate) fn later(operation: &str, body: &[u8]) -> Option<Later> {
    let body = takes_time(operation).then(|| serde_json::from_slice(body).ok())??;
    Some(waited_for(operation, body, true))
}

/// What comes over the socket posts nothing: a signal is sent to a worker for a POST alone.
fn waited_for(operation: &str, body: Value, posts: bool) -> Later {
    match operation {
        "workers" => Box::pin(workers::answer(body, posts)),
        _ => with_theirs(operation.to_string(), body),
    }
}

/// Our answer, with what the reader's code says beside it.
fn with_theirs(operation: String, body: Value) -> Later {
    Box::pin(async move {
        reader::on_the_pool(move || {
            let beside = reader::beside(&operation, &body);
            let ours = super::widgets::answer_to(&operation, body).unwrap_or(Err("There is no such widget.".into()))?;
            let Some(beside) = beside else { return Ok(ours) };
            let mut answer: Value = serde_json::from_str(&ours).map_err(|error| error.to_string())?;
            answer["beside"] = json!(beside);
            Ok(answer.to_string())
        })
        .await?
    })
}

fn respond(message: &[u8]) -> Reply {
    let Ok(mut request) = serde_json::from_slice::<Value>(message) else {
        return Reply::Answer(envelope(&Value::Null, Err("The message is no JSON.".into())));
    };
    let id = request["id"].take();
    Reply::Answer(match request["operation"].as_str().unwrap_or_default() {
        "here" => envelope(&id, Ok("true".into())),
        "frame/own" => return Reply::Announced(id),
        operation if takes_time(operation) => {
            return Reply::Later(id, waited_for(operation, request["body"].clone(), false));
        }
        operation => {
            let answer = super::widgets::answer_to(operation, request["body"].clone());
            envelope(&id, answer.unwrap_or(Err("There is no such widget.".into())))
        }
    })
}

/// The answer is JSON already: it is put into its envelope as it is.
fn envelope(id: &Value, answer: Result<String, String>) -> String {
    match answer {
        Ok(answer) => format!("{{\"id\":{id},\"answer\":{answer}}}"),
        Err(sentence) => json!({ "id": id, "refused": sentence }).to_string(),
    }
}

/// Takes the frames of the first message out of what was read; control frames between them are left out.
fn first_message(seen: &mut Vec<u8>) -> Vec<u8> {
    let (mut frames, mut at) = (Vec::new(), 0);
    while let Ok(Some((header, size))) = Header::decode(&seen[at..]) {
        let end = usize::try_from(header.length).ok().and_then(|length| (at + size).checked_add(length));
        let Some(frame) = end.and_then(|end| seen.get(at..end)) else { break };
        at += frame.len();
        if !header.opcode.is_control() {
            frames.extend_from_slice(frame);
            if header.fin {
                break;
            }
        }
    }
    seen.drain(..at);
    frames
}

/// A stream that remembers what was read from it, until [`first_message`] takes it.
struct Tap {
    stream: Rc<dyn Stream>,
    seen: Rc<RefCell<Vec<u8>>>,
}

impl Stream for Tap {
    fn registration(&self) -> &Registration {
        self.stream.registration()
    }
    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.try_read(buffer)?;
        let mut seen = self.seen.borrow_mut();
        // A message and what was read ahead of it: only somebody who sends nothing but pings comes here.
        if seen.len() > 2 * MAX_MESSAGE {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        seen.extend_from_slice(&buffer[..count]);
        Ok(count)
    }
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.try_write(bytes)
    }
    fn try_write_vectored(&self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        self.stream.try_write_vectored(buffers)
    }
    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.stream.shutdown(how)
    }
    fn socket(&self) -> Option<&dyn Any> {
        self.stream.socket()
    }
    fn is_secure(&self) -> bool {
        self.stream.is_secure()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_told_from_announcements() {
        let answer = |message: &[u8]| match respond(message) {
            Reply::Answer(answer) => serde_json::from_str::<Value>(&answer).expect("JSON"),
            Reply::Announced(id) => json!({ "announced": id }),
            Reply::Later(id, _) => json!({ "later": id }),
        };
        assert_eq!(answer(br#"{"id":7,"operation":"frame/own"}"#), json!({ "announced": 7 }));
        assert_eq!(answer(br#"{"id":8,"operation":"here"}"#), json!({ "id": 8, "answer": true }));
        assert_eq!(answer(b"{}")["refused"], "There is no such widget.");
        assert_eq!(answer(b"{")["refused"], "The message is no JSON.");
        let head = answer(br#"{"id":9,"operation":"head","body":{"input":"GET / HTTP/1.1\r\n"}}"#);
        assert_eq!((&head["id"], &head["answer"]["len"]), (&json!(9), &json!(16)));
        // The page hears a sign of life meanwhile, or it takes the server for gone.
        assert_eq!(answer(br#"{"id":10,"operation":"race","body":{"input":"tiny"}}"#), json!({ "later": 10 }));
    }

    #[test]
    fn a_message_is_taken_with_its_fragments_and_without_what_stands_between() {
        let ping = b"\x89\x80\x01\x02\x03\x04";
        let (first, last, next) =
            (b"\x01\x81\x00\x00\x00\x00a", b"\x80\x81\x00\x00\x00\x00b", b"\x81\x81\x00\x00\x00\x00c");
        let mut seen = [ping, &first[..], ping, last, next, b"\x81"].concat();
        assert_eq!(first_message(&mut seen), [&first[..], last].concat());
        assert_eq!(first_message(&mut seen), next);
        assert_eq!((first_message(&mut seen), seen), (vec![], b"\x81".to_vec()));
    }
}
