//! Room for the fields of one block, lent by who decodes.
//!
//! The text of a compressed block is not in the input, so it is written into one buffer, and a field is where its name
//! and its value lie there. The static table lies at the front of that buffer: a field of its is a place and no copy.

use crate::class::Class;
use crate::static_table::FIELDS;
use crate::table::{Entry, size};
use std::fmt;

/// The fields of one block. [`Decoder::decode`](crate::Decoder::decode) fills it anew; it keeps its memory from block to
/// block, so a steady connection allocates nothing.
#[derive(Default)]
pub struct Block {
    bytes: Vec<u8>,
    fields: Vec<Place>,
    /// The size of the list as RFC 9113 §6.5.2 counts it.
    size: usize,
    over: bool,
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
        self.fields.clear();
        (self.size, self.over) = (0, false);
    }

    /// The text behind what is kept: strings are decoded to it.
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
