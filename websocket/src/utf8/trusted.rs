//! Bytes that [`Utf8`] has passed become text without a second scan. The safe twin is `str::from_utf8`, and
//! debug builds, so all tests, run it.
#![allow(unsafe_code)]

use super::Utf8;

/// `bytes` as text: all of them have gone through `check`, and it is complete.
pub(crate) fn text<'a>(bytes: &'a [u8], check: &Utf8) -> &'a str {
    debug_assert!(check.is_complete() && std::str::from_utf8(bytes).is_ok());
    // SAFETY: callers feed every byte of `bytes`, in order, to `check`, stop at its first error, and come here only when
    // it is complete. `Utf8` accepts exactly UTF-8 (a property test compares it with `std::str::from_utf8`).
    unsafe { std::str::from_utf8_unchecked(bytes) }
}

/// As [`text`], for an owned buffer.
pub(crate) fn string(bytes: Vec<u8>, check: &Utf8) -> String {
    debug_assert!(check.is_complete() && std::str::from_utf8(&bytes).is_ok());
    // SAFETY: as in `text`.
    unsafe { String::from_utf8_unchecked(bytes) }
}

/// Bytes that were found to be text before: borrowed once more.
#[inline]
pub(crate) fn again(bytes: &[u8]) -> &str {
    debug_assert!(std::str::from_utf8(bytes).is_ok());
    // SAFETY: callers pass exactly the bytes that `is_text` has passed or that `text` returned, which nothing has written
    // since: they lie in a buffer that the caller has borrowed or owns.
    unsafe { std::str::from_utf8_unchecked(bytes) }
}

/// As [`again`], for a message that was owned.
#[cfg(feature = "net")]
pub(crate) fn again_owned(bytes: Vec<u8>) -> String {
    debug_assert!(std::str::from_utf8(&bytes).is_ok());
    // SAFETY: the reader took these bytes out of a `String` and has not touched them since.
    unsafe { String::from_utf8_unchecked(bytes) }
}
