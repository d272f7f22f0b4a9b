//! What kinds of bytes a string holds: known as soon as it is decoded, so that nobody reads it again to check it.

/// A set of kinds of bytes. HTTP/2 asks it whether a name or a value may be what it is (RFC 9113 §8.2.1); an entry of the
/// dynamic table keeps it, so an indexed field is never checked twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Class(pub(crate) u8);

impl Class {
    /// NUL, CR and LF, which end a field elsewhere: in neither names nor values.
    pub const BREAK: Class = Class(1);
    /// The other controls, and DEL.
    pub const CONTROL: Class = Class(2);
    /// Space and tab: in a value, but not at its ends.
    pub const BLANK: Class = Class(4);
    /// `A` to `Z`: names are in lower case.
    pub const UPPER: Class = Class(8);
    /// The colon: the first byte of a pseudo-field's name.
    pub const COLON: Class = Class(16);
    /// The other visible characters that no token has (RFC 9110 §5.6.2): `"(),/;<=>?@[\]{}`.
    pub const DELIMITER: Class = Class(32);
    /// 0x80 and above.
    pub const HIGH: Class = Class(64);

    /// Whether any byte is of one of these kinds.
    pub const fn any(self, kinds: Class) -> bool {
        self.0 & kinds.0 != 0
    }

    /// Either set's kinds.
    pub const fn or(self, other: Class) -> Class {
        Class(self.0 | other.0)
    }

    /// The kinds of bytes in `text`.
    ///
    /// ```
    /// use wirebook_hpack::Class;
    ///
    /// assert!(Class::of(b"Host").any(Class::UPPER));
    /// assert_eq!(Class::of(b"host"), Class::default());
    /// ```
    pub const fn of(text: &[u8]) -> Class {
        let (mut kinds, mut at) = (0, 0);
        while at < text.len() {
            kinds |= KINDS[text[at] as usize];
            at += 1;
        }
        Class(kinds)
    }
}

/// The kind of each byte.
pub(crate) const KINDS: [u8; 256] = kinds();

const fn kinds() -> [u8; 256] {
    let (mut kinds, mut byte) = ([0; 256], 0);
    while byte < 256 {
        kinds[byte] = match byte as u8 {
            0 | b'\r' | b'\n' => Class::BREAK.0,
            b' ' | b'\t' => Class::BLANK.0,
            0..0x20 | 0x7f => Class::CONTROL.0,
            b'A'..=b'Z' => Class::UPPER.0,
            b':' => Class::COLON.0,
            b'"' | b'(' | b')' | b',' | b'/' | b';'..=b'@' | b'['..=b']' | b'{' | b'}' => Class::DELIMITER.0,
            0x80..=0xff => Class::HIGH.0,
            _ => 0,
        };
        byte += 1;
    }
    kinds
}
