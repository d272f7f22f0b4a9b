//! Frames by hand: what h2spec sends, how it hears, and what it takes for an answer.

use super::Pace;
use std::cell::RefCell;
use std::time::Duration;
use wirebook_http2::Code;
use wirebook_http2::wire::PREFACE;
use wirebook_net::{self as net, Stream};

pub(crate) const END_STREAM: u8 = 0x1;
pub(crate) const END_HEADERS: u8 = 0x4;
pub(crate) const PADDED: u8 = 0x8;
pub(crate) const PRIORITY: u8 = 0x20;
pub(crate) const WHOLE: u8 = END_STREAM | END_HEADERS;

/// One case.
pub(crate) struct Row {
    /// Its section and its number there, as h2spec prints them.
    pub(crate) id: &'static str,
    pub(crate) what: &'static str,
    pub(crate) steps: Vec<Step>,
    pub(crate) expect: Expect,
}

#[derive(Clone)]
pub(crate) enum Step {
    Send(Vec<u8>),
    /// Waits for a frame.
    Settings,
    Data,
    /// Waits for END_STREAM.
    EndStream,
}

/// What h2spec takes for an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Expect {
    /// GOAWAY with one of these, or the end of the connection.
    Connection(&'static [Code]),
    /// RST_STREAM or GOAWAY with one of these, or the end of the connection.
    Stream(&'static [Code]),
    /// The end of the connection.
    End,
    /// The first GOAWAY says that; the first RST_STREAM does.
    Goaway(Code),
    Reset(Code),
    AnyGoaway,
    /// The head of the answer on that stream.
    Head(u32),
    AnyHead,
    /// The first DATA has so many bytes.
    Length(usize),
    AnyData,
    /// The first SETTINGS are ours, or acknowledge.
    OurSettings,
    Acknowledged,
    AnyPing,
    Pong([u8; 8]),
    PongOrEnd([u8; 8]),
    /// Nothing: the case is over.
    Nothing,
}

/// A frame, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

impl Frame {
    fn code(&self, at: usize) -> Option<u32> {
        self.payload.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
    }
}

/// What there is to hear.
#[derive(Clone, Debug)]
pub(crate) enum Heard {
    Frame(Frame),
    End,
    /// A reset, or an end in the middle of a frame: h2spec does not take that for an end.
    Broken,
    Silence,
}

/// The judge's end of a connection.
pub(crate) struct Wire<S> {
    stream: S,
    buffer: RefCell<Vec<u8>>,
    patience: Duration,
}

impl<S: Stream> Wire<S> {
    pub(crate) fn new(stream: S, patience: Duration) -> Self {
        Wire { stream, buffer: RefCell::default(), patience }
    }

    /// The other end may have ended already; that is heard.
    pub(crate) async fn send(&self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap_or_default();
    }

    pub(crate) async fn hear(&self) -> Heard {
        loop {
            if let Some(frame) = cut(&mut self.buffer.borrow_mut()) {
                return Heard::Frame(frame);
            }
            let mut bytes = [0; 4096];
            match net::timeout(self.patience, self.stream.read(&mut bytes)).await {
                Ok(Ok(count @ 1..)) => self.buffer.borrow_mut().extend_from_slice(&bytes[..count]),
                Ok(Ok(_)) if self.buffer.borrow().is_empty() => return Heard::End,
                Ok(_) => return Heard::Broken,
                Err(_) => return Heard::Silence,
            }
        }
    }

    /// The first frame that is wanted.
    pub(crate) async fn until(&self, wanted: impl Fn(&Frame) -> bool) -> Result<Frame, String> {
        let mut seen = Vec::new();
        loop {
            match self.hear().await {
                Heard::Frame(frame) if wanted(&frame) => return Ok(frame),
                Heard::Frame(frame) => seen.push(frame),
                other => return Err(format!("{other:?} after {seen:?}")),
            }
        }
    }

    /// SETTINGS and their acknowledgement, both ways. What comes besides is kept for nobody: h2spec drops it, too.
    pub(crate) async fn shake_hands(&self) -> Result<(), String> {
        self.send(&settings(&[(0x4, 65_535)])).await;
        let (mut local, mut remote) = (false, false);
        while !(local && remote) {
            let frame = self.until(|frame| frame.kind == 0x4).await?;
            if frame.flags & 1 == 0 {
                remote = true;
                self.send(&frame_of(0x4, 1, 0, b"")).await;
            } else {
                local = true;
            }
        }
        Ok(())
    }

    /// A server's half of that: the preface of a client, and its first request.
    pub(crate) async fn hear_request(&self) -> Result<(), String> {
        let mut bytes = [0; 4096];
        while self.buffer.borrow().len() < PREFACE.len() {
            match net::timeout(self.patience, self.stream.read(&mut bytes)).await {
                Ok(Ok(count @ 1..)) => self.buffer.borrow_mut().extend_from_slice(&bytes[..count]),
                other => return Err(format!("{other:?}")),
            }
        }
        let came: Vec<u8> = self.buffer.borrow_mut().drain(..PREFACE.len()).collect();
        if came != PREFACE {
            return Err(format!("a preface: {came:?}"));
        }
        match self.hear().await {
            Heard::Frame(Frame { kind: 0x4, flags: 0, .. }) => {}
            other => return Err(format!("SETTINGS come first: {other:?}")),
        }
        self.send(&settings(&[(0x4, 65_535)])).await;
        self.send(&frame_of(0x4, 1, 0, b"")).await;
        self.until(|frame| frame.kind == 0x1).await.map(drop)
    }

    /// Sends what the row sends, and says what is wrong with the answer.
    pub(crate) async fn play(&self, row: &Row, pace: Pace) -> Result<(), String> {
        let mut waiting = Vec::new();
        for step in &row.steps {
            if let Step::Send(bytes) = step {
                match pace {
                    Pace::AtOnce => waiting.extend_from_slice(bytes),
                    Pace::OneByOne => self.send(bytes).await,
                    Pace::Slowly => {
                        self.send(bytes).await;
                        net::sleep(Duration::from_millis(100)).await;
                    }
                }
                continue;
            }
            self.send(&std::mem::take(&mut waiting)).await;
            match step {
                Step::Settings => drop(self.until(|frame| frame.kind == 0x4).await?),
                Step::Data => drop(self.until(|frame| frame.kind == 0x0).await?),
                _ => drop(self.until(|frame| frame.kind <= 0x1 && frame.flags & END_STREAM != 0).await?),
            }
        }
        self.send(&waiting).await;
        self.judge(row.expect).await
    }

    async fn judge(&self, expect: Expect) -> Result<(), String> {
        let mut seen = Vec::new();
        if let Expect::Nothing = expect {
            return Ok(());
        }
        loop {
            let heard = self.hear().await;
            match verdict(expect, &heard) {
                Some(true) => return Ok(()),
                None if matches!(heard, Heard::Frame(_)) => seen.push(heard),
                _ => return Err(format!("{heard:?} after {seen:?}")),
            }
        }
    }
}

/// Whether that is the answer; `None`: it may still come.
fn verdict(expect: Expect, heard: &Heard) -> Option<bool> {
    let frame = match heard {
        Heard::Silence | Heard::Broken => return Some(false),
        Heard::End => {
            let may = [Expect::End, Expect::PongOrEnd([0; 8]), Expect::Connection(&[]), Expect::Stream(&[])];
            return Some(may.iter().any(|may| std::mem::discriminant(may) == std::mem::discriminant(&expect)));
        }
        Heard::Frame(frame) => frame,
    };
    let says = |codes: &[Code], at| codes.iter().any(|code| Some(code.0) == frame.code(at));
    let matched = match (expect, frame.kind) {
        (Expect::Connection(codes) | Expect::Stream(codes), 0x7) => says(codes, 4),
        (Expect::Stream(codes), 0x3) => says(codes, 0),
        (Expect::Goaway(code), 0x7) => return Some(says(&[code], 4)),
        (Expect::Reset(code), 0x3) => return Some(says(&[code], 0)),
        (Expect::AnyGoaway, 0x7) | (Expect::AnyHead, 0x1) | (Expect::AnyData, 0x0) | (Expect::AnyPing, 0x6) => true,
        (Expect::Head(stream), 0x1) => frame.stream == stream,
        (Expect::Length(length), 0x0) => return Some(frame.payload.len() == length),
        (Expect::OurSettings, _) => return Some(frame.kind == 0x4 && frame.flags & 1 == 0),
        (Expect::Acknowledged, 0x4) => return Some(frame.flags & 1 != 0),
        (Expect::Pong(data) | Expect::PongOrEnd(data), 0x6) => frame.flags & 1 != 0 && frame.payload == data,
        _ => false,
    };
    matched.then_some(true)
}

/// Takes the first frame out of what has come.
fn cut(buffer: &mut Vec<u8>) -> Option<Frame> {
    let [a, b, c, kind, flags, s, t, u, v] = *buffer.first_chunk()?;
    let end = 9 + u32::from_be_bytes([0, a, b, c]) as usize;
    let payload = buffer.get(9..end)?.to_vec();
    buffer.drain(..end);
    Some(Frame { kind, flags, stream: u32::from_be_bytes([s, t, u, v]), payload })
}

pub(crate) fn frame_of(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, a, b, c] = (payload.len() as u32).to_be_bytes();
    let mut bytes = vec![a, b, c, kind, flags];
    bytes.extend_from_slice(&stream.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// Fields as literals with incremental indexing, as h2spec's encoder makes them of what is new.
pub(crate) fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, value) in fields {
        bytes.push(0x40);
        text(name, &mut bytes);
        text(value, &mut bytes);
    }
    bytes
}

/// RFC 7541 §5.2, without Huffman's code.
fn text(text: &str, out: &mut Vec<u8>) {
    let mut length = text.len();
    if length < 127 {
        out.push(length as u8);
    } else {
        out.push(127);
        length -= 127;
        while length >= 128 {
            out.push(length as u8 | 0x80);
            length >>= 7;
        }
        out.push(length as u8);
    }
    out.extend_from_slice(text.as_bytes());
}

/// Fields of 4,000 bytes.
pub(crate) fn dummies(count: usize) -> Vec<u8> {
    let value = "x".repeat(4000);
    (0..count).flat_map(|number| block(&[(&format!("x-dummy{number}"), &value)])).collect()
}

pub(crate) fn headers(stream: u32, flags: u8, block: &[u8]) -> Step {
    Step::Send(frame_of(0x1, flags, stream, block))
}

pub(crate) fn continuation(stream: u32, flags: u8, block: &[u8]) -> Step {
    Step::Send(frame_of(0x9, flags, stream, block))
}

pub(crate) fn data(stream: u32, flags: u8, bytes: &[u8]) -> Step {
    Step::Send(frame_of(0x0, flags, stream, bytes))
}

/// PRIORITY: what the stream depends on, and its weight less one. The highest bit of `on` is "exclusive".
pub(crate) fn priority(stream: u32, on: u32, weight: u8) -> Step {
    let [a, b, c, d] = on.to_be_bytes();
    Step::Send(frame_of(0x2, 0, stream, &[a, b, c, d, weight]))
}

pub(crate) fn reset(stream: u32, code: u32) -> Step {
    Step::Send(frame_of(0x3, 0, stream, &code.to_be_bytes()))
}

pub(crate) fn settings(entries: &[(u16, u32)]) -> Vec<u8> {
    let entry = |(name, value): &(u16, u32)| [&name.to_be_bytes()[..], &value.to_be_bytes()].concat();
    frame_of(0x4, 0, 0, &entries.iter().flat_map(entry).collect::<Vec<u8>>())
}

pub(crate) fn set(entries: &[(u16, u32)]) -> Step {
    Step::Send(settings(entries))
}

pub(crate) fn ping(ack: bool, data: &[u8; 8]) -> Step {
    Step::Send(frame_of(0x6, u8::from(ack), 0, data))
}

pub(crate) fn goaway(last: u32, code: u32, debug: &[u8]) -> Step {
    Step::Send(frame_of(0x7, 0, 0, &[&last.to_be_bytes()[..], &code.to_be_bytes(), debug].concat()))
}

pub(crate) fn window(stream: u32, increment: u32) -> Step {
    Step::Send(frame_of(0x8, 0, stream, &increment.to_be_bytes()))
}

/// A frame of any kind.
pub(crate) fn raw(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Step {
    Step::Send(frame_of(kind, flags, stream, payload))
}
