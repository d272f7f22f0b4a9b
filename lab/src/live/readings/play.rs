//! The attack, played in the simulated network: an attacker, a victim, a proxy in front that refuses `/admin`, and the
//! server behind it, to which the proxy keeps one connection for everybody.

use super::lenient::{Reading, read};
use serde::Serialize;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use wirebook_net::sim::{self, SimListener, SimStream};
use wirebook_net::{self as net, Listener, Stream};

const FRONT: &str = "10.0.0.1:80";
const BACK: &str = "10.0.0.2:80";

/// How long the proxy waits for an answer: virtual.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longer than a message travels.
const SETTLE: Duration = Duration::from_millis(20);

const VICTIM: &[u8] = b"GET /home HTTP/1.1\r\nHost: a\r\nCookie: session=of-the-victim\r\n\r\n";

/// Who does what.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Scene {
    pub(crate) who: &'static str,
    pub(crate) what: String,
}

/// The story, and whether the attack has succeeded: the server served what the proxy refuses, or the victim got an answer
/// that is not its own.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Story {
    pub(crate) scenes: Vec<Scene>,
    pub(crate) succeeded: bool,
}

struct Stage {
    front: Vec<&'static str>,
    back: Vec<&'static str>,
    scenes: RefCell<Vec<Scene>>,
    /// The proxy's connection to the server.
    shared: RefCell<Option<Rc<SimStream>>>,
}

/// Plays it, on a thread of its own: this one has a loop already.
pub(super) fn play(input: &[u8], front: Vec<&'static str>, back: Vec<&'static str>) -> Result<Story, String> {
    let input = input.to_vec();
    let run = std::thread::spawn(move || sim::run(1, perform(input, front, back)));
    let story = run.join().map_err(|_| "The simulation ended early.")?;
    story.map_err(|error| error.to_string())
}

async fn perform(input: Vec<u8>, front: Vec<&'static str>, back: Vec<&'static str>) -> Story {
    let stage = Rc::new(Stage { front, back, scenes: RefCell::default(), shared: RefCell::default() });
    net::spawn(accept(BACK, stage.clone(), async |stage, stream| stage.serve(stream).await));
    net::spawn(accept(FRONT, stage.clone(), async |stage, stream| stage.relay(stream).await));
    net::sleep(SETTLE).await;
    stage.tell("attacker", format!("sends {} bytes", input.len()));
    let answers = talk(&input).await;
    stage.tell("attacker", format!("reads {}", of_answers(&answers)));
    stage.tell("victim", "asks for /home, with its cookie".into());
    let answers = talk(VICTIM).await;
    let is_own = answers.first().is_some_and(|answer| answer == "200: this is /home");
    stage.tell("victim", format!("reads {}", of_answers(&answers)));
    let scenes = stage.scenes.take();
    let served = scenes.iter().any(|scene| scene.who == "server" && scene.what.contains("/admin"));
    Story { scenes, succeeded: served || !is_own }
}

async fn accept<F: AsyncFn(Rc<Stage>, SimStream) + 'static>(address: &str, stage: Rc<Stage>, each: F) {
    let each = Rc::new(each);
    let Ok(listener) = SimListener::bind(address) else { return };
    while let Ok((stream, _)) = listener.accept().await {
        let (stage, each) = (stage.clone(), each.clone());
        net::spawn(async move { each(stage, stream).await });
    }
}

impl Stage {
    fn tell(&self, who: &'static str, what: String) {
        self.scenes.borrow_mut().push(Scene { who, what });
    }

    /// The server: answers each request with its target, and what it refuses with 400.
    async fn serve(&self, stream: SimStream) {
        let (mut heard, mut answered) = (Vec::new(), 0);
        while let Some(Reading { messages, refused, .. }) = hear(&stream, &mut heard, &self.back).await {
            for message in &messages[answered..] {
                self.tell("server", format!("reads {} {}, and answers it", message.method, message.target));
                if answer(&stream, 200, &format!("this is {}", message.target)).await.is_err() {
                    return;
                }
            }
            answered = messages.len();
            if let Some((at, rule)) = refused {
                self.tell("server", format!("refuses byte {at} ({rule}), and closes the connection"));
                let _ = answer(&stream, 400, "refused").await;
                return;
            }
        }
    }

    /// The proxy: refuses `/admin`, and passes on everything else as it is.
    async fn relay(&self, stream: SimStream) {
        let (mut heard, mut passed) = (Vec::new(), 0);
        while let Some(Reading { messages, refused, .. }) = hear(&stream, &mut heard, &self.front).await {
            for message in &messages[passed..] {
                let (status, text) = match message.target.contains("/admin") {
                    true => {
                        self.tell("proxy", format!("reads {} {}, and forbids it", message.method, message.target));
                        (403, "forbidden".to_string())
                    }
                    false => {
                        let bytes = &heard[message.start..message.end];
                        let what =
                            format!("reads {} {}, and passes on {} bytes", message.method, message.target, bytes.len());
                        self.tell("proxy", what);
                        self.pass(bytes).await
                    }
                };
                if answer(&stream, status, &text).await.is_err() {
                    return;
                }
            }
            passed = messages.len();
            if let Some((at, rule)) = refused {
                self.tell("proxy", format!("refuses byte {at} ({rule}): it never reaches the server"));
                let _ = answer(&stream, 400, "refused").await;
                return;
            }
        }
    }

    /// Sends bytes over the one connection, and reads one answer from it.
    async fn pass(&self, bytes: &[u8]) -> (u16, String) {
        let kept = self.shared.borrow_mut().take();
        let stream = match kept {
            Some(stream) => stream,
            None => match SimStream::connect(BACK).await {
                Ok(stream) => Rc::new(stream),
                Err(_) => return (502, "no server".into()),
            },
        };
        if stream.write_all(bytes).await.is_err() {
            return (502, "the server closed".into());
        }
        match net::timeout(PATIENCE, read_answer(&stream)).await {
            Ok(Some((status, text))) => {
                if status != 400 {
                    *self.shared.borrow_mut() = Some(stream);
                }
                (status, text)
            }
            Ok(None) => (502, "the server closed".into()),
            Err(_) => {
                self.tell("proxy", "gets no answer: the server waits for more bytes".into());
                (504, "no answer".into())
            }
        }
    }
}

/// Reads on, and gives the reading of all that has come; `None` at the end.
async fn hear(stream: &SimStream, heard: &mut Vec<u8>, kindnesses: &[&'static str]) -> Option<Reading> {
    let mut bytes = [0; 4096];
    let count = stream.read(&mut bytes).await.ok().filter(|count| *count > 0)?;
    heard.extend_from_slice(&bytes[..count]);
    Some(read(heard, kindnesses))
}

async fn answer(stream: &SimStream, status: u16, text: &str) -> std::io::Result<()> {
    let head = format!("HTTP/1.1 {status} -\r\nContent-Length: {}\r\n\r\n{text}", text.len());
    stream.write_all(head.as_bytes()).await
}

/// One answer of ours, which has the shape that [`answer`] gives it.
async fn read_answer(stream: &SimStream) -> Option<(u16, String)> {
    let mut heard = Vec::new();
    let mut byte = [0];
    while !heard.ends_with(b"\r\n\r\n") {
        stream.read(&mut byte).await.ok().filter(|count| *count > 0)?;
        heard.push(byte[0]);
    }
    let head = String::from_utf8(heard).ok()?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let length: usize = head.split("Content-Length: ").nth(1)?.trim().parse().ok()?;
    let mut text = vec![0; length];
    let mut at = 0;
    while at < length {
        at += stream.read(&mut text[at..]).await.ok().filter(|count| *count > 0)?;
    }
    Some((status, String::from_utf8_lossy(&text).into_owned()))
}

/// A client: sends, and reads answers until none comes any more.
async fn talk(bytes: &[u8]) -> Vec<String> {
    let mut answers = Vec::new();
    let Ok(stream) = SimStream::connect(FRONT).await else { return answers };
    if stream.write_all(bytes).await.is_err() {
        return answers;
    }
    while let Ok(Some((status, text))) = net::timeout(2 * PATIENCE, read_answer(&stream)).await {
        answers.push(format!("{status}: {text}"));
    }
    answers
}

fn of_answers(answers: &[String]) -> String {
    if answers.is_empty() { "nothing".into() } else { answers.join(", then ") }
}
