//! Room for the fields of one block, lent by who decodes.
//!
//! The text of a compressed block is not in the input, so it is written into one buffer, and a field is where its name
//! and its value lie there. The static table lies at the front of that buffer: a field of its is a place and no copy.

use crate::class::Class;
use crate::error::Error;
use crate::huffman::Fault;
use crate::static_table::FIELDS;
use crate::table::{Entry, size};
use std::fmt;

/// The fields of one block. [`Decoder::decode`](crate::Decoder::decode) fills it anew; it keeps its memory from block to
/// block, so a steady connection allocates nothing.
#[derive(Default)]
pub struct Block {
    bytes: Vec<u8>,
    /// The strings of the block that is being decoded, in its order.
    texts: Vec<Decoded>,
    fields: Vec<Place>,
    /// The size of the list as RFC 9113 §6.5.2 counts it.
    size: usize,
    over: bool,
    /// Bytes of names that references had copied into the table.
    copied: usize,
}

/// One field.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// The name, as it was sent.
    pub name: &'a [u8],
    /// The value, as it was sent.
    pub value: &'a [u8],
    /// The kinds of the name's bytes.
    pub name_class: Class,
    /// The kinds of the value's bytes.
    pub value_class: Class,
    /// Whether the sender forbids everyone on the way to put it into a table (§6.2.3).
    pub never_indexed: bool,
}

#[derive(Clone, Copy)]
struct Place {
    name: (u32, u32),
    value: (u32, u32),
    classes: [Class; 2],
    never_indexed: bool,
}

impl Block {
    /// The fields in the order in which they were sent, those of the same name too.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = Field<'_>> + Clone {
        self.fields.iter().map(|place| Field {
            name: self.text(place.name),
            value: self.text(place.value),
            name_class: place.classes[0],
            value_class: place.classes[1],
            never_indexed: place.never_indexed,
        })
    }

    /// The size of the list: the length of each name and value, and 32 for each field (RFC 9113 §6.5.2). Of a list that is
    /// [over](Self::over) a limit, what was counted before its end was no longer looked at.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Whether the list passed a limit, [`Limits::list`](crate::Limits) or [`Limits::fields`](crate::Limits). From there on
    /// fields are left out, but the table has all of them: the connection can go on, and this message is answered with 431.
    pub fn over(&self) -> bool {
        self.over
    }

    /// Bytes that references to names had copied into the table: work of which the block's length says nothing. Two octets are enough to
    /// copy four kilobytes, and no limit above forbids it, for the table must be what the peer thinks it is.
    pub fn copied(&self) -> usize {
        self.copied
    }

    fn text(&self, (at, length): (u32, u32)) -> &[u8] {
        &self.bytes[at as usize..][..length as usize]
    }

    pub(crate) fn begin(&mut self) {
        if self.bytes.is_empty() {
            for (name, value) in FIELDS {
                self.bytes.extend_from_slice(name.as_bytes());
                self.bytes.extend_from_slice(value.as_bytes());
            }
        }
        self.bytes.truncate(STATIC_LENGTH as usize);
        self.texts.clear();
        self.fields.clear();
        (self.size, self.over, self.copied) = (0, false, 0);
    }

    /// Takes a string that is no Huffman code.
    pub(crate) fn spell(&mut self, text: &[u8]) {
        let span = (self.bytes.len() as u32, text.len() as u32);
        self.bytes.extend_from_slice(text);
        self.texts.push(Decoded { span, class: Ok(Class::of(text)), start: 0 });
    }

    /// Makes room for a string whose text may take `length` bytes while it is decoded. Gives its number.
    pub(crate) fn reserve(&mut self, length: usize, start: usize) -> usize {
        let at = self.bytes.len();
        self.bytes.resize(at + length, 0);
        self.texts.push(Decoded { span: (at as u32, length as u32), class: Ok(Class::default()), start });
        self.texts.len() - 1
    }

    /// The string with this number, and the room for its text.
    pub(crate) fn reserved(&mut self, number: usize) -> (&mut Decoded, &mut [u8]) {
        let decoded = &mut self.texts[number];
        let (at, length) = decoded.span;
        (decoded, &mut self.bytes[at as usize..][..length as usize])
    }

    /// The same for two strings, the second of them behind the first.
    pub(crate) fn reserved_two(&mut self, first: usize, second: usize) -> ([&mut Decoded; 2], [&mut [u8]; 2]) {
        let (before, behind) = self.texts.split_at_mut(second);
        let (one, two) = (&mut before[first], &mut behind[0]);
        let (head, tail) = self.bytes.split_at_mut(two.span.0 as usize);
        let out = [&mut head[one.span.0 as usize..][..one.span.1 as usize], &mut tail[..two.span.1 as usize]];
        ([one, two], out)
    }

    /// The next string in the block's order: where it lies, and what is in it.
    #[inline]
    pub(crate) fn text_at(&self, number: &mut usize) -> Result<((u32, u32), Class), Error> {
        let Decoded { span, class, start } = self.texts[*number];
        *number += 1;
        class.map(|class| (span, class)).map_err(|fault| Error { violation: fault.into(), offset: start })
    }

    /// The buffer, to whose end the texts of tables are copied.
    pub(crate) fn tail(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Counts a field, and gives whether the list still has room for it.
    #[inline]
    pub(crate) fn admit(&mut self, name: usize, value: usize, limits: &crate::Limits) -> bool {
        self.size = self.size.saturating_add(size(name, value));
        self.over |= self.size > limits.list || self.fields.len() >= limits.fields;
        !self.over
    }

    /// Counts a name that a reference has copied.
    pub(crate) fn copies(&mut self, name: usize) {
        self.copied = self.copied.saturating_add(name);
    }

    /// Adds a field whose text lies in the buffer.
    #[inline]
    pub(crate) fn push(&mut self, field: Spans, never_indexed: bool) {
        let Spans { name, value, classes } = field;
        self.fields.push(Place { name, value, classes, never_indexed });
    }

    /// The field at these spans.
    pub(crate) fn entry(&self, field: Spans) -> Entry<'_> {
        Entry { name: self.text(field.name), value: self.text(field.value), classes: field.classes }
    }
}

/// A string of the block that is being decoded.
#[derive(Clone, Copy)]
pub(crate) struct Decoded {
    /// Where its text lies.
    span: (u32, u32),
    class: Result<Class, Fault>,
    /// Where it begins in the block, for errors.
    start: usize,
}

impl Decoded {
    pub(crate) fn decoded(&mut self, result: Result<(usize, Class), Fault>) {
        self.class = result.map(|(length, class)| {
            self.span.1 = length as u32;
            class
        });
    }
}

/// A field as places in a [`Block`]'s buffer: start and length.
#[derive(Clone, Copy)]
pub(crate) struct Spans {
    pub(crate) name: (u32, u32),
    pub(crate) value: (u32, u32),
    pub(crate) classes: [Class; 2],
}

impl Spans {
    /// Two empty strings.
    pub(crate) const NONE: Spans = Spans { name: (0, 0), value: (0, 0), classes: [Class(0); 2] };
}

/// Where the static table's fields lie at the front of every [`Block`].
pub(crate) static STATIC: [Spans; 61] = image().0;

const STATIC_LENGTH: u32 = image().1;

const fn image() -> ([Spans; 61], u32) {
    let mut image = [Spans::NONE; 61];
    let (mut row, mut at) = (0, 0);
    while row < 61 {
        let (name, value) = FIELDS[row];
        let (name_length, value_length) = (name.len() as u32, value.len() as u32);
        image[row] = Spans {
            name: (at, name_length),
            value: (at + name_length, value_length),
            classes: [Class::of(name.as_bytes()), Class::of(value.as_bytes())],
        };
        at += name_length + value_length;
        row += 1;
    }
    (image, at)
}

impl fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name.escape_ascii(), self.value.escape_ascii())
    }
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.fields()).finish()
    }
}
