//! Forms with files, part by part: what is held is one piece of a body, whatever the size of a file.

use super::incoming::Incoming;
use crate::context::{Context, Failure};
use std::{fmt, ops::Range};
use wirebook_multipart::{Boundary, Decoder, Event, Limits, Pieces};

/// The parts of a form, in their order.
///
/// A part is lent: before the next one comes, what was left of it is read and thrown away, so nothing waits for a part that nobody
/// reads. Dropping this at any moment leaves nothing behind.
pub struct Parts<'r> {
    incoming: Incoming<'r>,
    pieces: Pieces,
    /// The piece of the body that is being taken apart, from `at` on.
    piece: Vec<u8>,
    at: usize,
    /// The few bytes around a cut, which do not lie in the piece.
    joined: Vec<u8>,
    is_over: bool,
}

/// What comes next.
enum Step {
    Part(Head),
    /// Content, where it lies in the piece; without a place it is `joined`.
    Data(Option<Range<usize>>),
    PartEnd,
    Over,
}

struct Head {
    name: String,
    filename: Option<String>,
    content_type: Option<String>,
}

impl<'r> Context<'r> {
    /// The body, as a form with files (`multipart/form-data`). The whole of it has at most as many bytes as the route allows, or else
    /// [`body`](crate::Limits::body); `limits` are about its parts.
    ///
    /// ```no_run
    /// # use wirebook_web::{Answer, Context, multipart::Limits};
    /// async fn upload(ctx: &mut Context<'_>) -> Answer {
    ///     let mut parts = ctx.multipart(Limits { files: 1, ..Limits::default() })?;
    ///     let mut bytes = 0;
    ///     while let Some(mut part) = parts.next().await? {
    ///         while let Some(piece) = part.chunk().await? {
    ///             bytes += piece.len();
    ///         }
    ///     }
    ///     ctx.text(format!("{bytes} bytes"))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// 415 for another type, 400 for one without a boundary that can be one.
    pub fn multipart(&mut self, limits: Limits) -> Result<Parts<'r>, Failure> {
        let kind = self.headers().get("content-type").unwrap_or_default();
        let boundary = Boundary::from_content_type(kind)?;
        let incoming = self.incoming(self.body_limit_or(self.options().limits.body))?;
        let pieces = Pieces::new(Decoder::new(&boundary, limits));
        Ok(Parts { incoming, pieces, piece: Vec::new(), at: 0, joined: Vec::new(), is_over: false })
    }
}

impl<'r> Parts<'r> {
    /// The next part; `None` when the whole body was read, and was a form.
    ///
    /// # Errors
    ///
    /// What the form does wrong, with the status of its [`Violation`](wirebook_multipart::Violation); those of
    /// [`Incoming::chunk`].
    pub async fn next(&mut self) -> Result<Option<Part<'_, 'r>>, Failure> {
        loop {
            match self.step().await? {
                Step::Part(head) => return Ok(Some(Part { parts: self, head, is_whole: false })),
                Step::Data(_) | Step::PartEnd => {}
                Step::Over => return Ok(None),
            }
        }
    }

    async fn step(&mut self) -> Result<Step, Failure> {
        while !self.is_over {
            while self.at < self.piece.len() {
                let input = &self.piece[self.at..];
                let (used, event) = self.pieces.receive(input)?;
                let step = match event {
                    Some(Event::Part(part)) => Some(Step::Part(Head {
                        name: part.name.decode().into_owned(),
                        filename: part.basename(),
                        content_type: part.content_type.map(|kind| String::from_utf8_lossy(kind).into_owned()),
                    })),
                    Some(Event::Data(data)) => {
                        let from = data.as_ptr().addr().wrapping_sub(input.as_ptr().addr());
                        let lies_in_piece = from.checked_add(data.len()).is_some_and(|end| end <= input.len());
                        let place = lies_in_piece.then(|| self.at + from..self.at + from + data.len());
                        if place.is_none() {
                            self.joined.clear();
                            self.joined.extend_from_slice(data);
                        }
                        Some(Step::Data(place))
                    }
                    Some(Event::PartEnd) => Some(Step::PartEnd),
                    // What is behind the last boundary is read as well: it has a bound of its own.
                    Some(Event::End) | None => None,
                };
                self.at += used;
                if let Some(step) = step {
                    return Ok(step);
                }
            }
            self.at = 0;
            self.piece.clear();
            match self.incoming.chunk().await? {
                Some(piece) => self.piece.extend_from_slice(piece),
                None => {
                    self.pieces.receive_eof()?;
                    self.is_over = true;
                }
            }
        }
        Ok(Step::Over)
    }
}

/// One part: a field, or a file.
pub struct Part<'p, 'r> {
    parts: &'p mut Parts<'r>,
    head: Head,
    is_whole: bool,
}

impl Part<'_, '_> {
    /// The name of the form's field.
    pub fn name(&self) -> &str {
        &self.head.name
    }

    /// What the file is called at the sender's, without folders: a label, never a place. `None` for a field.
    pub fn filename(&self) -> Option<&str> {
        self.head.filename.as_deref()
    }

    /// Whether it is a file.
    pub fn is_file(&self) -> bool {
        self.head.filename.is_some()
    }

    /// What the sender says that it is. Nobody has checked it.
    pub fn content_type(&self) -> Option<&str> {
        self.head.content_type.as_deref()
    }

    /// The next piece of its content; `None` at its end.
    ///
    /// # Errors
    ///
    /// Those of [`Parts::next`].
    pub async fn chunk(&mut self) -> Result<Option<&[u8]>, Failure> {
        if self.is_whole {
            return Ok(None);
        }
        match self.parts.step().await? {
            Step::Data(Some(place)) => Ok(Some(&self.parts.piece[place])),
            Step::Data(None) => Ok(Some(&self.parts.joined)),
            Step::PartEnd | Step::Part(_) | Step::Over => {
                self.is_whole = true;
                Ok(None)
            }
        }
    }

    /// All of its content. A field's has the bound of [`Limits::field`], a file's that of [`Limits::file`].
    ///
    /// # Errors
    ///
    /// Those of [`Parts::next`].
    pub async fn bytes(&mut self) -> Result<Vec<u8>, Failure> {
        let mut whole = Vec::new();
        while let Some(piece) = self.chunk().await? {
            whole.extend_from_slice(piece);
        }
        Ok(whole)
    }

    /// All of its content, as text.
    ///
    /// # Errors
    ///
    /// Those of [`Parts::next`]; 400 for what is not UTF-8.
    pub async fn text(&mut self) -> Result<String, Failure> {
        String::from_utf8(self.bytes().await?).map_err(|_| Failure::new(400, "a field of the form is not UTF-8"))
    }
}

impl fmt::Debug for Parts<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Parts").field("at", &self.pieces.decoder().offset()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Part<'_, '_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Part({:?}, {:?})", self.head.name, self.head.filename)
    }
}
