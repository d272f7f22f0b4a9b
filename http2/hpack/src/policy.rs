//! What is worth a place in the table: the one thing that the RFC leaves to the encoder.
//!
//! A field goes in the first time it is sent: most come again, and to wait for the second time costs seven bytes of a hundred
//! (measured on the stories of `tests/vectors/hpack`). Values that differ each time (a path, a length, a tag) would only push
//! others out. And what is secret never goes in: an attacker who can make a client send fields beside a cookie, and who sees
//! how long the blocks are, guesses the cookie byte by byte (§7.1).

/// Names whose values are different each time.
const CHANGING: [&[u8]; 8] =
    [b":path", b"age", b"content-length", b"etag", b"if-modified-since", b"if-none-match", b"location", b"set-cookie"];

/// A cookie below this many bytes can be guessed.
const SHORT_COOKIE: usize = 20;

/// What may be done with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Indexing {
    /// It goes into the table if that is worth it.
    Allowed,
    /// It stays out of our table (§6.2.2).
    Without,
    /// It stays out of every table on the way (§6.2.3): the value is a secret.
    Never,
}

/// Whether a field may go into a table of `most` bytes. `wish` is what the caller says of it, which is never loosened.
// ANCHOR: policy
pub(crate) fn indexing(name: &[u8], value: &[u8], wish: Indexing, most: usize) -> Indexing {
    let secret = match name {
        b"authorization" | b"proxy-authorization" => true,
        b"cookie" => value.len() < SHORT_COOKIE,
        _ => false,
    };
    if secret || wish == Indexing::Never {
        return Indexing::Never;
    }
    // What takes more than three quarters of the table leaves nothing of it.
    let large = crate::table::size(name.len(), value.len()) > most / 4 * 3;
    if large || CHANGING.contains(&name) { Indexing::Without } else { wish }
}
// ANCHOR_END: policy
