//! Events to bytes. See [`Encoder`].

use crate::boundary::Boundary;
use crate::delimiter::Delimiter;
use crate::error::EncodeError;
use crate::event::{Event, Part, Text};
use crate::state::{Life, NoSuchMove, State, Step};

/// Writes a form as browsers write theirs (WHATWG HTML §4.10.21.8), appending to the caller's buffer.
///
/// ```
/// use wirebook_multipart::{Boundary, Encoder, Part};
///
/// let (mut body, boundary) = (Vec::new(), Boundary::absent_from(&[b"green", b"<svg/>"]));
/// let mut form = Encoder::new(&boundary);
/// form.field("tea", "green", &mut body)?;
/// form.file(Part::file("picture", "a \"leaf\".svg", b"image/svg+xml"), b"<svg/>", &mut body)?;
/// form.end(&mut body)?;
/// assert!(String::from_utf8_lossy(&body).contains("filename=\"a %22leaf%22.svg\"\r\nContent-Type: image/svg+xml\r\n"));
/// # Ok::<(), wirebook_multipart::EncodeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Encoder {
    delimiter: Delimiter,
    life: Life,
    /// The content so far ends with so many bytes of a delimiter.
    begun: usize,
}

/// The line end that begins a delimiter.
const LINE_END: usize = 2;

impl Encoder {
    /// An encoder before its first byte.
    pub fn new(boundary: &Boundary) -> Self {
        Encoder { delimiter: Delimiter::new(boundary), life: Life::begin(), begun: 0 }
    }

    /// Appends what an event says.
    ///
    /// # Errors
    ///
    /// The event is not what comes next, or it cannot be written. Nothing was, and nothing has changed.
    pub fn send(&mut self, event: Event<'_>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        match event {
            Event::Part(part) => {
                let head = head(&part)?;
                self.open(Step::Fields, out)?;
                out.extend_from_slice(head.as_bytes());
                // A line begins here: the end of the head is the line end of a delimiter.
                self.begun = LINE_END;
            }
            Event::Data(data) => {
                if self.life.state() != State::Data {
                    return Err(EncodeError::OutOfTurn);
                }
                self.begun = self.check(self.begun, data)?;
                out.extend_from_slice(data);
            }
            Event::PartEnd => {
                self.life.step(Step::Delimiter)?;
                out.extend_from_slice(self.delimiter.bytes());
            }
            Event::End => {
                self.open(Step::Close, out)?;
                out.extend_from_slice(b"--\r\n");
            }
        }
        Ok(())
    }

    /// A whole field. As in a browser, each line end of its value becomes CR LF.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    pub fn field(&mut self, name: &str, value: &str, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.file(Part::field(name), with_line_ends(value).as_bytes(), out)
    }

    /// A whole part with its content, most often a file.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    pub fn file(&mut self, part: Part<'_>, content: &[u8], out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.check(LINE_END, content)?;
        self.send(Event::Part(part), out)?;
        self.send(Event::Data(content), out)?;
        self.send(Event::PartEnd, out)
    }

    /// The end of the form.
    ///
    /// # Errors
    ///
    /// [`EncodeError::OutOfTurn`], within a part or behind the end.
    pub fn end(&mut self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.send(Event::End, out)
    }

    /// Takes a step that stands behind a boundary. The first boundary is written with what stands behind it, so that a form
    /// without parts has one too.
    fn open(&mut self, step: Step, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let first = self.life.state() == State::Preamble;
        if first {
            self.life.step(Step::Opening)?;
        }
        self.life.step(step)?;
        if first {
            out.extend_from_slice(&self.delimiter.bytes()[LINE_END..]);
        }
        Ok(())
    }

    // ANCHOR: check
    /// Looks for the boundary in a piece of content, before which `begun` bytes of one stand. Returns how much of one it ends
    /// with. What follows a boundary may come later, so it is refused whatever that is.
    fn check(&self, begun: usize, data: &[u8]) -> Result<usize, EncodeError> {
        let wanted = &self.delimiter.bytes()[begun..];
        if wanted.len() > data.len() && wanted.starts_with(data) {
            return Ok(begun + data.len());
        }
        let is_across = begun > 0 && data.starts_with(wanted);
        if is_across || memchr::memmem::find(data, self.delimiter.bytes()).is_some() {
            return Err(EncodeError::BoundaryInContent);
        }
        Ok(self.delimiter.begun(data))
    }
    // ANCHOR_END: check
}

// ANCHOR: head
/// The lines of a part's head. The first line end is the boundary's.
fn head(part: &Part<'_>) -> Result<String, EncodeError> {
    let mut head = format!("\r\nContent-Disposition: form-data; name=\"{}\"", escaped(&part.name, true)?);
    if let Some(filename) = &part.filename {
        head += &format!("; filename=\"{}\"", escaped(filename, false)?);
    }
    if let Some(content_type) = part.content_type {
        if content_type.iter().any(|byte| !matches!(byte, b' '..=b'~' | b'\t')) {
            return Err(EncodeError::Control);
        }
        head += &format!("\r\nContent-Type: {}", String::from_utf8_lossy(content_type));
    }
    Ok(head + "\r\n\r\n")
}

/// A name with the three characters escaped that would end it. Line ends of a field's name become CR LF first.
fn escaped(text: &Text<'_>, is_name: bool) -> Result<String, EncodeError> {
    let text = text.decode();
    if text.chars().any(|char| char.is_ascii_control() && !matches!(char, '\r' | '\n' | '\t')) {
        return Err(EncodeError::Control);
    }
    let text = if is_name { with_line_ends(&text) } else { text.into_owned() };
    Ok(text.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A"))
}
// ANCHOR_END: head

/// Each CR, LF or CR LF as CR LF.
fn with_line_ends(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n")
}

impl From<NoSuchMove> for EncodeError {
    fn from(_: NoSuchMove) -> EncodeError {
        EncodeError::OutOfTurn
    }
}
