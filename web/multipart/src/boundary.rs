//! The boundary: read from a Content-Type, or made for a form of one's own.

use memchr::memmem;

use crate::error::{Error, Violation};
use crate::parameters::{Parameters, is_token, is_utf8};

/// The most characters that a boundary has (RFC 2046 §5.1.1).
pub const MOST: usize = 70;

/// What our own boundaries begin with, in the manner of browsers.
const PREFIX: &[u8] = b"----WirebookFormBoundary";

/// A checked boundary, without the hyphens before it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Boundary {
    bytes: [u8; MOST],
    length: u8,
}

impl Boundary {
    /// A boundary from its characters.
    ///
    /// ```text
    /// boundary      := 0*69<bchars> bcharsnospace                          RFC 2046 §5.1.1
    /// bchars        := bcharsnospace / " "
    /// bcharsnospace := DIGIT / ALPHA / "'" / "(" / ")" / "+" / "_" / "," / "-" / "." / "/" / ":" / "=" / "?"
    /// ```
    ///
    /// # Errors
    ///
    /// [`Violation::BoundaryInvalid`], at the character that cannot be one.
    pub fn new(text: &[u8]) -> Result<Boundary, Error> {
        let invalid = |at| Err(Error::new(Violation::BoundaryInvalid, at));
        let is_char = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte);
        if let Some(at) = text.iter().position(|&byte| !is_char(byte)) {
            return invalid(at);
        }
        match text {
            [] => invalid(0),
            [.., b' '] => invalid(text.len() - 1),
            _ if text.len() > MOST => invalid(MOST),
            _ => {
                let mut bytes = [0; MOST];
                bytes[..text.len()].copy_from_slice(text);
                Ok(Boundary { bytes, length: text.len() as u8 })
            }
        }
    }

    // ANCHOR: content_type
    /// The boundary that a request's Content-Type names.
    ///
    /// ```
    /// use wirebook_multipart::{Boundary, Violation};
    ///
    /// let boundary = Boundary::from_content_type(b"multipart/form-data; boundary=\"a b\"").unwrap();
    /// assert_eq!(boundary.as_bytes(), b"a b");
    /// let missing = Boundary::from_content_type(b"multipart/form-data").unwrap_err();
    /// assert_eq!((missing.violation, missing.status()), (Violation::BoundaryMissing, 400));
    /// ```
    ///
    /// # Errors
    ///
    /// Another type, no boundary, two of them, one that cannot be, or a charset that is not UTF-8.
    pub fn from_content_type(value: &[u8]) -> Result<Boundary, Error> {
        let error = Error::new;
        const TYPE: &[u8] = b"multipart/form-data";
        let is_form = value.get(..TYPE.len()).is_some_and(|start| start.eq_ignore_ascii_case(TYPE));
        if !is_form || value.get(TYPE.len()).is_some_and(|&byte| is_token(byte)) {
            return Err(error(Violation::NotFormData, 0));
        }
        let mut found = None;
        for parameter in Parameters::new(value, TYPE.len()) {
            let parameter = parameter.map_err(|at| error(Violation::ContentTypeSyntax, at))?;
            let name = parameter.name.to_ascii_lowercase();
            match &name[..] {
                b"boundary" if found.is_none() => {
                    let start = parameter.value.as_ptr().addr() - value.as_ptr().addr();
                    found = Some(Boundary::new(parameter.value).map_err(|error| error.behind(start as u64))?);
                }
                // `boundary*` and `boundary*0` are RFC 2231's ways to spell it, which some readers know.
                _ if name == b"boundary" || name.starts_with(b"boundary*") => {
                    return Err(error(Violation::BoundaryTwice, parameter.at));
                }
                b"charset" if !is_utf8(parameter.value) => {
                    return Err(error(Violation::CharsetUnsupported, parameter.at));
                }
                _ => {}
            }
        }
        found.ok_or(error(Violation::BoundaryMissing, value.len()))
    }
    // ANCHOR_END: content_type

    // ANCHOR: make
    /// A boundary that nobody can guess, from 16 bytes of the system's random numbers. It needs no look at the content, which
    /// may still be on its way.
    pub fn from_random(random: [u8; 16]) -> Boundary {
        Boundary::numbered(u128::from_ne_bytes(random))
    }

    /// A boundary that stands in none of these contents, found by looking. It needs no random numbers, and the same form
    /// always has the same body.
    pub fn absent_from(contents: &[&[u8]]) -> Boundary {
        let is_in = |boundary: &Boundary| {
            let finder = memmem::Finder::new(boundary.as_bytes());
            contents.iter().any(|content| finder.find(content).is_some())
        };
        // So many numbers that no contents hold them all.
        (0..=u128::MAX).map(Boundary::numbered).find(|one| !is_in(one)).unwrap_or_else(|| Boundary::numbered(0))
    }
    // ANCHOR_END: make

    fn numbered(number: u128) -> Boundary {
        let mut bytes = [0; MOST];
        let (prefix, digits) = bytes.split_at_mut(PREFIX.len());
        prefix.copy_from_slice(PREFIX);
        for (at, digit) in digits[..32].iter_mut().enumerate() {
            *digit = b"0123456789abcdef"[(number >> (124 - 4 * at)) as usize & 15];
        }
        Boundary { bytes, length: (PREFIX.len() + 32) as u8 }
    }

    /// Its characters.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// The Content-Type of a form with this boundary.
    ///
    /// ```
    /// # use wirebook_multipart::Boundary;
    /// assert_eq!(Boundary::new(b"a:b").unwrap().content_type(), "multipart/form-data; boundary=\"a:b\"");
    /// ```
    pub fn content_type(&self) -> String {
        // All of its characters are ASCII.
        let text = String::from_utf8_lossy(self.as_bytes());
        let quote = if text.bytes().all(is_token) { "" } else { "\"" };
        format!("multipart/form-data; boundary={quote}{text}{quote}")
    }
}

impl core::fmt::Debug for Boundary {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Boundary({})", self.as_bytes().escape_ascii())
    }
}
