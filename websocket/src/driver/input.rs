//! Received bytes that are not consumed yet, and the message found last, which lies just before them.
//!
//! Reads go into a large buffer that belongs to the thread: a connection takes it when there is something to read and
//! gives it back as soon as everything in it is consumed. A connection in the middle of a frame keeps what came of it: in
//! a vector of its own while that is little, in the large buffer while it is much.
//!
//! A message is handed to the application where it lies, and it was called text when it was found. Only this file writes to
//! the buffer and to the note of where the text is, and whatever writes to consumed bytes takes that note away. The safe twin
//! is to check the text once more; debug builds, so all tests, do.
#![allow(unsafe_code)]

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

use crate::connection::Connection;
use crate::error::Error;
use crate::event::{Chunk, Event, Kind, Message};

/// Bytes of a large buffer: room for the longest frame that is handed over in place by default, and its header.
const SIZE: usize = (80 << 10) + 64;

/// A rest of at most this many bytes moves out of the large buffer while the connection waits.
const SMALL: usize = 4 << 10;

/// Large buffers that a thread keeps.
const KEPT: usize = 8;

thread_local!(static SPARE: RefCell<Vec<Rc<Input>>> = const { RefCell::new(Vec::new()) });

/// The unconsumed bytes of one connection.
///
/// It is shared by count: a reader that has handed out a message holds the buffer in which that lies, and the bytes behind it
/// are the connection's. A write while it is shared goes into a copy of the rest ([`Rc::make_mut`]).
#[derive(Debug, Default)]
pub(crate) struct Input {
    /// A small rest, or a large buffer.
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    found: Place,
}

/// Where the payload found last lies: consumed bytes, so before `start`.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    at: usize,
    length: usize,
    /// The bytes there are UTF-8.
    text: bool,
}

/// A message, or a part of one.
#[derive(Debug)]
pub(crate) enum Found {
    /// It lies in the input, whole.
    Here,
    /// A part lies there.
    Part { kind: Kind, last: bool },
    /// It was put together.
    Owned(Event<'static>),
}

/// What one look at the input brought.
pub(crate) enum Look {
    Found(Found),
    /// A control frame, which was dealt with.
    Control,
    /// More bytes are needed.
    Nothing,
}

/// The rest alone. The message found before stays with the one that shares it.
impl Clone for Input {
    fn clone(&self) -> Self {
        let bytes = self.unconsumed().to_vec();
        Input { end: bytes.len(), bytes, ..Input::default() }
    }
}

impl Input {
    /// Bytes that came together with the handshake.
    pub(crate) fn new(bytes: &[u8]) -> Option<Rc<Self>> {
        (!bytes.is_empty()).then(|| Rc::new(Input { bytes: bytes.to_vec(), end: bytes.len(), ..Input::default() }))
    }

    pub(crate) fn unconsumed(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// A whole message by the connection's shortcut. `false`: look in the long way.
    #[inline(always)]
    pub(crate) fn find_brief(&mut self, connection: &mut Connection) -> Result<bool, Error> {
        let base = self.bytes.as_ptr().addr();
        let unconsumed = &mut self.bytes[self.start..self.end];
        let Some(brief) = connection.find_brief(unconsumed) else { return Ok(false) };
        let (used, message) = connection.take_brief(brief, unconsumed)?;
        let (payload, text) = (message.as_bytes(), message.kind() == Kind::Text);
        self.found = Place { at: payload.as_ptr().addr() - base, length: payload.len(), text };
        self.start += used;
        Ok(true)
    }

    /// Has `receive` read what is unconsumed; notes where a message lies, and gives control frames to `control`.
    pub(crate) fn look(
        &mut self,
        receive: impl for<'a> FnOnce(&'a mut [u8]) -> Result<(usize, Option<Event<'a>>), Error>,
        control: impl FnOnce(Event<'_>),
    ) -> Result<Look, Error> {
        let base = self.bytes.as_ptr().addr();
        let (used, event) = receive(&mut self.bytes[self.start..self.end])?;
        let place = |bytes: &[u8], text| Place { at: bytes.as_ptr().addr() - base, length: bytes.len(), text };
        let look = match event {
            None => Look::Nothing,
            Some(Event::Message(Message::Text(Cow::Borrowed(text)))) => {
                self.found = place(text.as_bytes(), true);
                Look::Found(Found::Here)
            }
            Some(Event::Message(Message::Binary(Cow::Borrowed(bytes)))) => {
                self.found = place(bytes, false);
                Look::Found(Found::Here)
            }
            Some(Event::Chunk(Chunk { kind, payload: Cow::Borrowed(bytes), last })) => {
                self.found = place(bytes, false);
                Look::Found(Found::Part { kind, last })
            }
            Some(Event::Message(message)) => Look::Found(Found::Owned(Event::Message(message.into_owned()))),
            Some(Event::Chunk(chunk)) => {
                let payload = Cow::Owned(chunk.payload.into_owned());
                Look::Found(Found::Owned(Event::Chunk(Chunk { payload, ..chunk })))
            }
            Some(event) => {
                control(event);
                Look::Control
            }
        };
        self.start += used;
        Ok(look)
    }

    /// The message or part found last.
    #[inline(always)]
    pub(crate) fn found(&self) -> Message<'_> {
        let Place { at, length, text } = self.found;
        let payload = &self.bytes[at..at + length];
        if text {
            debug_assert!(std::str::from_utf8(payload).is_ok());
            // SAFETY: `text` is set in the two functions above alone, for bytes that lay just there as a `&str`. They are
            // consumed bytes since, and those are written by `room` and `clear` alone, which take the note away; the
            // connection is lent no more than what is unconsumed.
            Message::text(unsafe { std::str::from_utf8_unchecked(payload) })
        } else {
            Message::binary(payload)
        }
    }

    /// Forgets everything.
    fn clear(&mut self) {
        (self.start, self.end, self.found) = (0, 0, Place::default());
    }

    /// Room to read into, never empty. A frame that waits in the buffer fits into it unless `Limits::in_place` was raised;
    /// then the buffer grows.
    pub(crate) fn room(slot: &mut Option<Rc<Input>>) -> &mut [u8] {
        let large = match slot.take() {
            Some(input) if input.bytes.len() >= SIZE => input,
            small => {
                // The buffer was zeroed once, when it was made; what its last user left in it is overwritten.
                let fresh = || Rc::new(Input { bytes: vec![0; SIZE], ..Input::default() });
                let mut large = SPARE.with_borrow_mut(Vec::pop).unwrap_or_else(fresh);
                if let Some(small) = small {
                    let (input, rest) = (Rc::make_mut(&mut large), small.unconsumed());
                    input.bytes[..rest.len()].copy_from_slice(rest);
                    input.end = rest.len();
                }
                large
            }
        };
        let input = Rc::make_mut(slot.insert(large));
        input.found = Place::default();
        if input.start == input.end {
            (input.start, input.end) = (0, 0);
        } else if input.start > 0 {
            input.bytes.copy_within(input.start..input.end, 0);
            (input.start, input.end) = (0, input.end - input.start);
        }
        if input.end == input.bytes.len() {
            input.bytes.resize((input.end * 2).max(SIZE), 0);
        }
        &mut input.bytes[input.end..]
    }

    /// So many bytes were read into the room.
    pub(crate) fn filled(slot: &mut Option<Rc<Input>>, count: usize) {
        if let Some(input) = slot {
            Rc::make_mut(input).end += count;
        }
    }

    /// Gives the large buffer back, if what is left is small. To be called before waiting.
    pub(crate) fn rest(input: Rc<Input>) -> Option<Rc<Input>> {
        let rest = input.end - input.start;
        if rest > SMALL || rest > 0 && input.bytes.len() < SIZE {
            return Some(input);
        }
        let small = Input::new(input.unconsumed());
        Input::give_back(input);
        small
    }

    /// Nobody needs what is in it.
    pub(crate) fn give_back(mut input: Rc<Input>) {
        if let Some(unshared) = Rc::get_mut(&mut input)
            && unshared.bytes.len() == SIZE
        {
            unshared.clear();
            SPARE.with_borrow_mut(|spare| {
                if spare.len() < KEPT {
                    spare.push(input);
                }
            });
        }
    }
}

impl Found {
    /// The event, taken out of the input.
    pub(crate) fn into_owned(self, input: &Input) -> Event<'static> {
        match self {
            Found::Here => Event::Message(input.found().into_owned()),
            Found::Part { kind, last } => {
                Event::Chunk(Chunk { kind, payload: Cow::Owned(input.found().as_bytes().to_vec()), last })
            }
            Found::Owned(event) => event,
        }
    }
}
