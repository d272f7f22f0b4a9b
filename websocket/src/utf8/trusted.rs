//! The one place of the core that calls bytes text without `std`'s word for it. `std` checks an owned vector a byte at a time
//! where it is not ASCII; the vectorised check has the same answer. The safe twin is `String::from_utf8`, and a property test
//! compares the two.
#![allow(unsafe_code)]

use super::is_text;

/// The bytes as text, if they are text. Whatever was checked before, while they came in, is no reason to believe it here.
pub(crate) fn string(bytes: Vec<u8>) -> Option<String> {
    if !is_text(&bytes) {
        return None;
    }
    // SAFETY: the line above has checked just these bytes, and we own them.
    Some(unsafe { String::from_utf8_unchecked(bytes) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_text_where_std_says_so(bytes in prop::collection::vec(prop_oneof![
            Just(0xe2_u8), Just(0x82), Just(0xac), Just(0xf0), Just(0x9f), Just(0xed), b'a'..=b'z', any::<u8>()
        ], 0..80)) {
            prop_assert_eq!(super::string(bytes.clone()), String::from_utf8(bytes).ok());
        }
    }
}
