//! Washing a path, once, before anything looks at it.
//!
//! A guard that sees `/x/../admin` and a handler that sees `/admin` disagree, and so do two programs of which one decodes `%2e`
//! and the other does not (CWE-288, CWE-22). So there is one form of a path, and whoever looks at it sees the same bytes:
//!
//! - every escape is decoded, once, but for two: `%2F`, because an encoded slash is data and no separator, and `%25`, so that
//!   the form can be decoded again without doubt. Both stay as escapes with capital letters.
//! - What two readers could take for two things is refused: NUL, `\`, dot segments in any spelling, broken escapes, and what is not
//!   UTF-8 after decoding.
//! - All else stays as it is: empty segments (`//admin` is not `/admin`), a slash at the end, case, and `;`.

use crate::text::percent::{self, octet};
use std::borrow::Cow;

/// Why a path is refused. The answer is 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unclean {
    /// It does not begin with `/` (RFC 9112 §3.2.1: `origin-form = absolute-path [ "?" query ]`).
    NotAbsolute,
    /// A `%` without two hexadecimal digits behind it (RFC 3986 §2.1).
    BrokenEscape,
    /// An octet 0, escaped or not: the end of a name where C is spoken.
    Nul,
    /// A backslash, escaped or not: a separator on some systems and in browsers.
    Backslash,
    /// A segment `.` or `..`, escaped or not (RFC 3986 §3.3). Browsers and well-behaved clients resolve them before they ask.
    DotSegment,
    /// What the escapes mean is not UTF-8.
    NotUtf8,
    /// A `?` or `#`: this is no path but a path with something behind it.
    NotOnlyPath,
}

impl Unclean {
    /// All of them.
    pub const ALL: [Unclean; 7] = [
        Unclean::NotAbsolute,
        Unclean::BrokenEscape,
        Unclean::Nul,
        Unclean::Backslash,
        Unclean::DotSegment,
        Unclean::NotUtf8,
        Unclean::NotOnlyPath,
    ];
}

/// A path in its one form. There is no other way to make one than [`wash`], so what takes a `Path` need not ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path<'a>(Cow<'a, str>);

impl Path<'_> {
    /// The washed text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same, on its own.
    pub fn into_owned(self) -> Path<'static> {
        Path(Cow::Owned(self.0.into_owned()))
    }
}

/// Gives a path its one form, or says why it has none. A path that has it already is borrowed.
///
/// ```
/// use wirebook_web::router::{Unclean, wash};
///
/// assert_eq!(wash("/caf%C3%A9/%7Etea")?.as_str(), "/café/~tea");
/// assert_eq!(wash("/a%2fb/100%25")?.as_str(), "/a%2Fb/100%25"); // data, not a separator
/// assert_eq!(wash("/static/%2e%2E/etc/passwd"), Err(Unclean::DotSegment));
/// # Ok::<(), Unclean>(())
/// ```
///
/// # Errors
///
/// The first rule that the path breaks.
pub fn wash(path: &str) -> Result<Path<'_>, Unclean> {
    if let Some(path) = washed(path) {
        return Ok(path);
    }
    let bytes = path.as_bytes();
    if bytes.first() != Some(&b'/') {
        return Err(Unclean::NotAbsolute);
    }
    let has_special = bytes.iter().any(|byte| matches!(byte, b'%' | 0 | b'\\' | b'?' | b'#'));
    let washed = if has_special { Cow::Owned(decode_once(bytes)?) } else { Cow::Borrowed(path) };
    // What is left of "%2F" in a segment makes it another name than `..`.
    if washed.split('/').any(|segment| matches!(segment, "." | "..")) {
        return Err(Unclean::DotSegment);
    }
    Ok(Path(washed))
}

/// A path that has its one form already, as one look at its bytes tells: it has none that means something else or that a dot segment
/// needs. Nearly all paths are such.
pub(crate) fn washed(path: &str) -> Option<Path<'_>> {
    let bytes = path.as_bytes();
    let is_plain = bytes.first() == Some(&b'/')
        && !any(bytes, |byte| {
            (byte == b'.') | (byte == b'%') | (byte == 0) | (byte == b'\\') | (byte == b'?') | (byte == b'#')
        });
    is_plain.then_some(Path(Cow::Borrowed(path)))
}

/// Whether there is such a byte. Sixteen are looked at together and without a branch; the last ones perhaps twice, so that none is alone.
#[inline(always)]
fn any(bytes: &[u8], is: impl Fn(u8) -> bool) -> bool {
    let Some(last) = bytes.last_chunk::<16>() else { return bytes.iter().any(|&byte| is(byte)) };
    let (chunks, _) = bytes.as_chunks::<16>();
    let mut found = last.map(|byte| u8::from(is(byte)));
    for chunk in chunks {
        for (found, &byte) in found.iter_mut().zip(chunk) {
            *found |= u8::from(is(byte));
        }
    }
    found != [0; 16]
}

// ANCHOR: decode
fn decode_once(bytes: &[u8]) -> Result<String, Unclean> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'%' => {}
            0 => return Err(Unclean::Nul),
            b'\\' => return Err(Unclean::Backslash),
            b'?' | b'#' => return Err(Unclean::NotOnlyPath),
            _ => {
                out.push(byte);
                continue;
            }
        }
        match octet(&bytes[at..]).ok_or(Unclean::BrokenEscape)? {
            0 => return Err(Unclean::Nul),
            b'\\' => return Err(Unclean::Backslash),
            b'/' => out.extend_from_slice(b"%2F"),
            b'%' => out.extend_from_slice(b"%25"),
            decoded => out.push(decoded),
        }
        at += 2;
    }
    String::from_utf8(out).map_err(|_| Unclean::NotUtf8)
}
// ANCHOR_END: decode

/// The text that a piece of a washed path means: `%2F` is a slash again, and `%25` a percent sign.
pub fn meaning(piece: &str) -> Cow<'_, str> {
    match percent::decode(piece.as_bytes()) {
        Cow::Borrowed(_) => Cow::Borrowed(piece),
        // Two escapes of ASCII between whole characters: what comes of it is UTF-8, and nothing is replaced.
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

/// The names of folders and of a file that a piece of a washed path means, from the top.
///
/// A name may not be empty, nor contain a slash, a colon (`C:`, and streams of NTFS) or a control character; and a washed path
/// has no `..` and no backslash. So no list of names leads out of a folder; links on the disk are another matter.
///
/// ```
/// use wirebook_web::router::file_names;
///
/// assert_eq!(file_names("css/app.css"), Some(vec!["css", "app.css"]));
/// assert_eq!(file_names("..%2F..%2Fetc%2Fpasswd"), None);
/// assert_eq!(file_names("/etc/passwd"), None);
/// ```
pub fn file_names(piece: &str) -> Option<Vec<&str>> {
    let is_plain = |name: &str| {
        !name.is_empty() && !matches!(name, "." | "..") && !name.contains(is_no_name) && !name.contains("%2F")
    };
    let names: Vec<&str> = piece.split('/').collect();
    names.iter().all(|name| is_plain(name)).then_some(names)
}

fn is_no_name(character: char) -> bool {
    character.is_control() || matches!(character, '\\' | ':')
}

#[cfg(test)]
mod tests {
    use super::{Unclean, wash};

    #[test]
    fn no_byte_is_overlooked_wherever_it_stands() {
        for length in 1..40 {
            let path = format!("/{}", "a".repeat(length));
            assert_eq!(wash(&path).map(|path| path.0), Ok(path.as_str().into()));
            for at in 1..=length {
                for (byte, fault) in [
                    ("%zz", Unclean::BrokenEscape),
                    ("\0", Unclean::Nul),
                    ("%00", Unclean::Nul),
                    ("\\", Unclean::Backslash),
                    ("?", Unclean::NotOnlyPath),
                    ("#", Unclean::NotOnlyPath),
                    ("/./", Unclean::DotSegment),
                    ("/../", Unclean::DotSegment),
                ] {
                    let (before, behind) = path.split_at(at);
                    let unclean = format!("{before}{byte}{behind}");
                    assert_eq!(wash(&unclean), Err(fault), "{unclean:?}");
                }
            }
        }
    }
}
