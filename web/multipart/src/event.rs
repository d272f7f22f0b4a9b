//! What a form says, in both directions.

use std::borrow::Cow;

/// The most bytes of a file name that is reported: what most file systems have.
const MOST_OF_A_FILENAME: usize = 255;

/// What comes next in a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// The head of a part.
    Part(Part<'a>),
    /// A piece of its content.
    Data(&'a [u8]),
    /// The content was whole.
    PartEnd,
    /// There are no more parts.
    End,
}

/// The head of a part: a field, or a file if it has a file name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// The name of the form's field.
    pub name: Text<'a>,
    /// The name that the file has at the sender's, in whatever words the sender likes: see [`basename`](Self::basename).
    pub filename: Option<Text<'a>>,
    /// What the sender says that the content is. Nobody has checked it.
    pub content_type: Option<&'a [u8]>,
}

impl<'a> Part<'a> {
    /// A field.
    pub const fn field(name: &'a str) -> Self {
        Part { name: Text::plain(name), filename: None, content_type: None }
    }

    /// A file.
    pub const fn file(name: &'a str, filename: &'a str, content_type: &'a [u8]) -> Self {
        Part { name: Text::plain(name), filename: Some(Text::plain(filename)), content_type: Some(content_type) }
    }

    /// Whether it has a file name, be it an empty one.
    pub const fn is_file(&self) -> bool {
        self.filename.is_some()
    }

    // ANCHOR: basename
    /// The file name as one may show it: without folders, without characters that cannot be seen or that turn a line
    /// around, in at most 255 bytes. It is a label. A file is never stored under it: RFC 7578 §4.2.
    ///
    /// ```
    /// use wirebook_multipart::Part;
    /// let name = |filename| Part::file("f", filename, b"text/plain").basename().unwrap();
    /// assert_eq!(name("../../etc/passwd"), "passwd");
    /// assert_eq!(name(r"C:\Users\me\tea.txt"), "tea.txt");
    /// assert_eq!(name(".."), "");
    /// ```
    pub fn basename(&self) -> Option<String> {
        let text = self.filename?.decode();
        let base = text.rsplit(['/', '\\']).next().unwrap_or_default();
        let mut shown = String::new();
        for char in base.chars().filter(|&char| !is_unseen(char)) {
            if shown.len() + char.len_utf8() > MOST_OF_A_FILENAME {
                break;
            }
            shown.push(char);
        }
        Some(if shown.chars().all(|char| char == '.') { String::new() } else { shown })
    }
    // ANCHOR_END: basename
}

/// Control characters, and Unicode's that turn the direction of a text: `gpj.exe` would be shown as `exe.jpg`.
fn is_unseen(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A name or file name: as it came, or as it should be written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Text<'a> {
    bytes: &'a [u8],
    is_wire: bool,
}

impl<'a> Text<'a> {
    /// A text to be written.
    pub const fn plain(text: &'a str) -> Self {
        Text { bytes: text.as_bytes(), is_wire: false }
    }

    pub(crate) const fn wire(bytes: &'a [u8]) -> Self {
        Text { bytes, is_wire: true }
    }

    /// Its bytes as they came, without quotes around them: where it lies in the input.
    pub const fn raw(&self) -> &'a [u8] {
        self.bytes
    }

    // ANCHOR: decode
    /// What it says. Browsers send a quote, CR and LF as `%22`, `%0D` and `%0A` (WHATWG HTML §4.10.21.8), and other percent
    /// signs as they are; so these three mean themselves even if somebody typed them. Other senders put a backslash before
    /// a quote and a backslash. Borrowed, where there is nothing of that; U+FFFD for what is not UTF-8.
    pub fn decode(&self) -> Cow<'a, str> {
        if !self.is_wire || !self.bytes.iter().any(|byte| matches!(byte, b'\\' | b'%')) {
            return String::from_utf8_lossy(self.bytes);
        }
        let (mut bytes, mut rest) = (Vec::with_capacity(self.bytes.len()), self.bytes);
        while let [first, behind @ ..] = rest {
            let (byte, behind) = match rest {
                [b'\\', byte @ (b'"' | b'\\'), behind @ ..] => (*byte, behind),
                [b'%', b'2', b'2', behind @ ..] => (b'"', behind),
                [b'%', b'0', b'D', behind @ ..] => (b'\r', behind),
                [b'%', b'0', b'A', behind @ ..] => (b'\n', behind),
                _ => (*first, behind),
            };
            bytes.push(byte);
            rest = behind;
        }
        Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
    }
    // ANCHOR_END: decode
}

impl core::fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{:?}", self.decode())
    }
}
