//! Field lines as spans: where each name and value lies, eight bytes a line, in storage that the caller owns.

use super::MAX_FIELDS;
use core::fmt;

/// Where a field line lies in the head: byte offsets into the input, the value without surrounding white space.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct FieldSpan {
    /// First byte of the name.
    pub name_start: u16,
    /// One past the name: the colon.
    pub name_end: u16,
    /// First byte of the value.
    pub value_start: u16,
    /// One past the value, trailing white space left out.
    pub value_end: u16,
}

/// Line ends that the scratch space holds beyond one for each field: those of one block of input.
pub(super) const SCRATCH_SLACK: usize = 136;

/// Storage for the spans of one head, reusable for ever: a parser overwrites it and never allocates.
#[derive(Clone, Debug)]
pub struct Fields {
    pub(super) spans: Box<[FieldSpan]>,
    /// Line ends found and not yet looked at: between the two stages of the fast variants.
    pub(super) scratch: Box<[u16]>,
}

impl Fields {
    /// Room for [`MAX_FIELDS`] field lines (about 1.3 KB).
    pub fn new() -> Fields {
        Fields::with_capacity(MAX_FIELDS)
    }

    /// Room for `capacity` field lines; a head with more is [`TooManyFields`](super::Rule::TooManyFields).
    pub fn with_capacity(capacity: usize) -> Fields {
        let spans = vec![FieldSpan::default(); capacity].into_boxed_slice();
        Fields { spans, scratch: vec![0; capacity + SCRATCH_SLACK].into_boxed_slice() }
    }

    /// Field lines that it holds at most.
    pub fn capacity(&self) -> usize {
        self.spans.len()
    }
}

impl Default for Fields {
    fn default() -> Fields {
        Fields::new()
    }
}

/// The field lines of a head: a view of its bytes and their spans.
///
/// It keeps wire order and the original spelling; look-ups ignore case and walk the list, because a head has a dozen
/// fields and a hash map costs more than that walk.
#[derive(Clone, Copy, Default)]
pub struct FieldLines<'a> {
    bytes: &'a [u8],
    spans: &'a [FieldSpan],
    form: Form,
}

/// What else the bytes of [`FieldLines`] hold. As wide as a register, for the reason that [`Version`](super::Version) gives.
#[derive(Clone, Copy, Default, PartialEq)]
#[repr(u64)]
enum Form {
    /// A head, or whatever the lines stand in.
    #[default]
    Received,
    /// Nothing but the lines, each as `name: value` CR LF.
    Wire,
}

impl<'a> FieldLines<'a> {
    /// The spans must lie in `bytes`, names must be tokens and values free of controls: only parsers,
    /// [`FieldBlock`](crate::FieldBlock) and the crate of HTTP/2 make this.
    #[doc(hidden)]
    pub fn new(bytes: &'a [u8], spans: &'a [FieldSpan]) -> FieldLines<'a> {
        FieldLines { bytes, spans, form: Form::Received }
    }

    /// The same for lines that stand in `bytes` as they will be sent, and nothing else with them.
    pub(crate) fn in_wire_form(bytes: &'a [u8], spans: &'a [FieldSpan]) -> FieldLines<'a> {
        FieldLines { bytes, spans, form: Form::Wire }
    }

    /// The lines as they are sent, where they stand so already.
    pub(crate) fn wire(&self) -> Option<&'a [u8]> {
        (self.form == Form::Wire).then_some(self.bytes)
    }

    /// Number of field lines.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The value of the first line with this name, whatever its case.
    pub fn get(&self, name: &str) -> Option<&'a [u8]> {
        self.get_all(name).next()
    }

    /// The values of all lines with this name, whatever its case, in wire order.
    pub fn get_all<'n>(&self, name: &'n str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        let bytes = self.bytes;
        self.spans.iter().filter_map(move |span| {
            let (start, end) = (usize::from(span.name_start), usize::from(span.name_end));
            let hit = end - start == name.len() && bytes[start..end].eq_ignore_ascii_case(name.as_bytes());
            hit.then(|| &bytes[usize::from(span.value_start)..usize::from(span.value_end)])
        })
    }

    /// Name and value of each line, in wire order.
    pub fn iter(&self) -> FieldIter<'a> {
        FieldIter { bytes: self.bytes, spans: self.spans.iter() }
    }

    /// Where the lines lie in the input.
    pub fn spans(&self) -> &'a [FieldSpan] {
        self.spans
    }
}

impl<'a> IntoIterator for FieldLines<'a> {
    type Item = (&'a [u8], &'a [u8]);
    type IntoIter = FieldIter<'a>;

    fn into_iter(self) -> FieldIter<'a> {
        self.iter()
    }
}

impl fmt::Debug for FieldLines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(
                self.iter().map(|(name, value)| (name.escape_ascii().to_string(), value.escape_ascii().to_string())),
            )
            .finish()
    }
}

/// Iterator over [`FieldLines`]: `(name, value)` in wire order.
#[derive(Clone, Debug)]
pub struct FieldIter<'a> {
    bytes: &'a [u8],
    spans: core::slice::Iter<'a, FieldSpan>,
}

impl<'a> Iterator for FieldIter<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let span = self.spans.next()?;
        let name = &self.bytes[usize::from(span.name_start)..usize::from(span.name_end)];
        let value = &self.bytes[usize::from(span.value_start)..usize::from(span.value_end)];
        Some((name, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.spans.size_hint()
    }
}

impl ExactSizeIterator for FieldIter<'_> {}

/// Whether a name, which is a token, is that one, given in lower case and made of letters and `-`. No token byte but a
/// letter differs from another in that bit alone and becomes one of these.
#[inline(always)]
pub(crate) fn is_named<const N: usize>(name: &[u8], wanted: &[u8; N]) -> bool {
    // Without an early end these are a few instructions on whole words.
    <&[u8; N]>::try_from(name).is_ok_and(|name| {
        name.iter().zip(wanted).fold(0, |different, (byte, wanted)| different | (byte | 0x20) ^ wanted) == 0
    })
}

#[cfg(test)]
mod tests {
    use super::super::is_token_byte;
    use super::*;

    #[test]
    fn names_are_compared_as_if_case_did_not_matter() {
        for byte in (0..=255).filter(|&byte| is_token_byte(byte)) {
            for at in 0..6 {
                let mut name = *b"a-Tz-Q";
                name[at] = byte;
                assert_eq!(is_named(&name, b"a-tz-q"), name.eq_ignore_ascii_case(b"a-tz-q"), "{}", name.escape_ascii());
            }
        }
        assert!(!is_named(b"a-tz-", b"a-tz-q") && !is_named(b"a-tz-qq", b"a-tz-q") && !is_named(b"", b"a-tz-q"));
    }
}
