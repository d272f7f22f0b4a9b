//! What is worth a place in the table: the one thing that the RFC leaves to the encoder.
//!
//! A field goes in when it has been seen before: the first time it is spelled out, and remembered as a hash. A field that
//! never comes again would only push others out; values that differ each time (a path, a length, a date of their own) are not
//! even remembered. And what is secret never goes in: whoever can make a client send fields beside a cookie, and see how long
//! the blocks are, guesses the cookie byte by byte (§7.1).

/// How many fields are remembered: what a page of forty different requests repeats.
const REMEMBERED: usize = 42;

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

/// The hashes of the last fields that were spelled out.
#[derive(Debug)]
pub(crate) struct Memory {
    hashes: [u32; REMEMBERED],
    next: usize,
}

impl Memory {
    pub(crate) const fn new() -> Self {
        Memory { hashes: [0; REMEMBERED], next: 0 }
    }

    /// Whether this field was seen not long ago. Now it was.
    pub(crate) fn seen(&mut self, hash: u32) -> bool {
        // 0 is an empty place.
        let hash = hash.max(1);
        if self.hashes.contains(&hash) {
            return true;
        }
        self.hashes[self.next] = hash;
        self.next = (self.next + 1) % REMEMBERED;
        false
    }
}
