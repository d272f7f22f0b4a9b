//! Bytes to events. See [`Decoder`].

use memchr::memmem::Finder;

use crate::boundary::Boundary;
use crate::delimiter::{Delimiter, Found};
use crate::error::{Error, Violation};
use crate::event::Event;
use crate::head;
use crate::limits::Limits;
use crate::state::{Life, NoSuchMove, State, Step};

/// Reads a form by pieces.
///
/// **The contract.** [`receive`](Self::receive) takes bytes, consumes from their front and returns how many, with an event if
/// there is one. Call it until it returns none; what it has not consumed then comes again at the front of the next input, with
/// more bytes behind. That is at most a boundary and six bytes, or a part's head. However the body is cut, the events are the
/// same, but for where content is cut into pieces.
///
/// It keeps no bytes itself. Who is lent each input for a moment, and so cannot keep the rest of it, takes
/// [`Pieces`](crate::Pieces).
///
/// ```
/// use wirebook_multipart::{Boundary, Decoder, Event, Limits};
///
/// let body = b"--B\r\nContent-Disposition: form-data; name=\"tea\"\r\n\r\ngreen\r\n--B--\r\n";
/// let mut decoder = Decoder::new(&Boundary::new(b"B").unwrap(), Limits::default());
/// let (mut at, mut said) = (0, Vec::new());
/// while let (used, Some(event)) = decoder.receive(&body[at..])? {
///     at += used;
///     said.push(match event {
///         Event::Part(part) => part.name.decode().into_owned(),
///         Event::Data(data) => String::from_utf8_lossy(data).into_owned(),
///         Event::PartEnd => ";".into(),
///         Event::End => ".".into(),
///     });
/// }
/// decoder.receive_eof()?;
/// assert_eq!(said, ["tea", "green", ";", "."]);
/// # Ok::<(), wirebook_multipart::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Decoder {
    delimiter: Delimiter,
    empty_line: Finder<'static>,
    limits: Limits,
    life: Life,
    failed: Option<Error>,
    /// Bytes consumed.
    offset: u64,
    /// Those of the preamble, of the part's content or of the epilogue.
    passed: u64,
    /// Bytes of an unfinished head in which its end was looked for.
    searched: usize,
    fields: usize,
    files: usize,
    /// Bytes that the part's content may have, and what more would be.
    bound: (u64, Violation),
}

impl Decoder {
    /// A decoder before the first byte of a body.
    pub fn new(boundary: &Boundary, limits: Limits) -> Self {
        Decoder {
            delimiter: Delimiter::new(boundary),
            empty_line: Finder::new(b"\r\n\r\n"),
            limits,
            life: Life::begin(),
            failed: None,
            offset: 0,
            passed: 0,
            searched: 0,
            fields: 0,
            files: 0,
            bound: (0, Violation::FieldTooLarge),
        }
    }

    /// Consumes from `input`; returns how much, and what it meant. See the [contract](Self).
    ///
    /// # Errors
    ///
    /// The sender broke a rule. From then on every call returns that error.
    #[inline]
    pub fn receive<'a>(&mut self, input: &'a [u8]) -> Result<(usize, Option<Event<'a>>), Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        // The limit of the whole body is the end of what is looked at: so it says the same wherever the input is cut.
        let room = usize::try_from(self.limits.total - self.offset).unwrap_or(usize::MAX);
        let seen = &input[..input.len().min(room)];
        match self.advance(seen) {
            Ok((_, None)) if seen.len() < input.len() => self.fail(Error::new(Violation::BodyTooLarge, room)),
            Ok((used, event)) => {
                self.offset += used as u64;
                Ok((used, event))
            }
            Err(error) => self.fail(error),
        }
    }

    /// The body is over. What has not been consumed will not be.
    ///
    /// # Errors
    ///
    /// [`Violation::Truncated`], where the last boundary has not come.
    pub fn receive_eof(&mut self) -> Result<(), Error> {
        match (self.failed, self.life.state()) {
            (Some(error), _) => Err(error),
            (None, State::Epilogue | State::Ended) => Ok(self.life.step(Step::Eof)?),
            (None, _) => self.fail(Error::new(Violation::Truncated, 0)),
        }
    }

    /// Where the decoder stands.
    pub fn state(&self) -> State {
        self.life.state()
    }

    /// Bytes consumed so far.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// An error at an offset from what is consumed ends the form, unless it is the caller's.
    #[cold]
    fn fail<T>(&mut self, error: Error) -> Result<T, Error> {
        let error = error.behind(self.offset);
        if error.violation != Violation::OutOfTurn {
            self.life.step(Step::Violation)?;
            self.failed = Some(error);
        }
        Err(error)
    }

    // ANCHOR: advance
    /// Reads up to the next event. Offsets of errors count from the start of `input`.
    fn advance<'a>(&mut self, input: &'a [u8]) -> Result<(usize, Option<Event<'a>>), Error> {
        let mut at = 0;
        loop {
            let rest = &input[at..];
            match self.life.state() {
                State::Preamble => {
                    let found = self.delimiter.find(rest, self.passed == 0);
                    let (Found::Content(length) | Found::Delimiter { start: length, .. }) = found;
                    self.pass(length, self.limits.preamble, Violation::PreambleTooLarge, at)?;
                    let Found::Delimiter { end, .. } = found else { return Ok((at + length, None)) };
                    self.life.step(Step::Opening)?;
                    at += end;
                }
                State::Head => {
                    return match rest {
                        [] | [b'-'] => Ok((at, None)),
                        [b'-', b'-', ..] => {
                            self.life.step(Step::Close)?;
                            self.passed = 0;
                            Ok((at + 2, Some(Event::End)))
                        }
                        _ => self.head(rest, at),
                    };
                }
                State::Data => return self.content(rest),
                State::Epilogue => {
                    self.pass(rest.len(), self.limits.epilogue, Violation::EpilogueTooLarge, at)?;
                    return Ok((input.len(), None));
                }
                State::Ended | State::Failed if rest.is_empty() => return Ok((at, None)),
                State::Ended | State::Failed => return Err(Error::new(Violation::OutOfTurn, at)),
            }
        }
    }
    // ANCHOR_END: advance

    // ANCHOR: head
    /// The head of a part, once it is whole.
    fn head<'a>(&mut self, rest: &'a [u8], at: usize) -> Result<(usize, Option<Event<'a>>), Error> {
        if self.fields + self.files >= self.limits.parts {
            return Err(Error::new(Violation::TooManyParts, at));
        }
        let window = &rest[..rest.len().min(self.limits.head)];
        // The empty line may have begun in what was searched before.
        let from = self.searched.saturating_sub(3);
        let Some(found) = self.empty_line.find(&window[from..]) else {
            if window.len() == self.limits.head {
                return Err(Error::new(Violation::HeadTooLarge, at + window.len()));
            }
            self.searched = window.len();
            return Ok((at, None));
        };
        let head = &window[..from + found + 4];
        let part = head::parse(head, &self.limits).map_err(|error| error.behind(at as u64))?;
        let Limits { fields, files, field, file, .. } = self.limits;
        let (count, most, too_many, bound) = if part.is_file() {
            (&mut self.files, files, Violation::TooManyFiles, (file, Violation::FileTooLarge))
        } else {
            (&mut self.fields, fields, Violation::TooManyFields, (field, Violation::FieldTooLarge))
        };
        if *count == most {
            return Err(Error::new(too_many, at));
        }
        *count += 1;
        (self.bound, self.passed, self.searched) = (bound, 0, 0);
        self.life.step(Step::Fields)?;
        Ok((at + head.len(), Some(Event::Part(part))))
    }
    // ANCHOR_END: head

    // ANCHOR: content
    /// A piece of a part's content, or its end.
    #[inline]
    fn content<'a>(&mut self, rest: &'a [u8]) -> Result<(usize, Option<Event<'a>>), Error> {
        match self.delimiter.find(rest, self.passed == 0) {
            Found::Content(0) => Ok((0, None)),
            Found::Delimiter { start: 0, end } => {
                self.life.step(Step::Delimiter)?;
                Ok((end, Some(Event::PartEnd)))
            }
            Found::Content(length) | Found::Delimiter { start: length, .. } => {
                let (bound, too_large) = self.bound;
                let room = bound - self.passed;
                if room == 0 {
                    return Err(Error::new(too_large, 0));
                }
                // What the limit allows is handed over, so that the content is the same wherever it is cut.
                let length = length.min(usize::try_from(room).unwrap_or(usize::MAX));
                self.passed += length as u64;
                Ok((length, Some(Event::Data(&rest[..length]))))
            }
        }
    }
    // ANCHOR_END: content

    /// Passes over bytes that mean nothing, so many at most.
    fn pass(&mut self, length: usize, most: u64, too_large: Violation, at: usize) -> Result<(), Error> {
        let room = most - self.passed;
        if length as u64 > room {
            return Err(Error::new(too_large, at + room as usize));
        }
        self.passed += length as u64;
        Ok(())
    }
}

impl From<NoSuchMove> for Error {
    fn from(_: NoSuchMove) -> Error {
        Error::new(Violation::OutOfTurn, 0)
    }
}
