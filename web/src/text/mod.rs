//! Words that all fields share: tokens, quoted strings, lists, weights (RFC 9110 §5.6, §12.4.2); dates; escapes with `%`; and which of
//! them are secrets.

mod date;
pub(crate) mod percent;
#[cfg(feature = "net")]
mod secret;

pub use date::{date, seconds};
#[cfg(feature = "net")]
pub(crate) use secret::redact;
#[cfg(feature = "net")]
pub use secret::{REDACTED, is_secret, redact_target};

use std::borrow::Cow;

/// `tchar` (RFC 9110 §5.6.2): what tokens are made of.
pub(crate) fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// `token = 1*tchar`.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_tchar)
}

/// `OWS = *( SP / HTAB )` (§5.6.3), off both ends.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// The pieces of a text between separators that stand in no quoted string; `OWS` off their ends, empty ones left out (§5.6.1.2).
/// A string begins behind a `=`: in no list of ours does one begin elsewhere, and a quote that is a mistake spoils one piece only.
pub(crate) fn split(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (mut quoted, mut escaped, mut before) = (false, false, 0);
        for (at, byte) in text.bytes().enumerate() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted && before == b'=',
                _ if byte == separator && !quoted => {
                    rest = Some(&text[at + 1..]);
                    return Some(&text[..at]);
                }
                _ => {}
            }
            before = byte;
        }
        rest = None;
        Some(text)
    })
    .map(trim)
    .filter(|piece| !piece.is_empty())
}

/// `parameter = token "=" ( token / quoted-string )` (§5.6.6): the name in small letters, the value without quotes. `None` where
/// it is none; white space around the `=` is not allowed.
pub(crate) fn parameter(text: &str) -> Option<(String, Cow<'_, str>)> {
    let (name, value) = text.split_once('=')?;
    if !is_token(name) {
        return None;
    }
    let value = match value.starts_with('"') {
        true => unquote(value)?,
        false => Cow::Borrowed(Some(value).filter(|value| is_token(value))?),
    };
    Some((name.to_ascii_lowercase(), value))
}

/// What a `quoted-string` (§5.6.4) says; `None` where it is none. A control character is none of its characters, but for a tab.
pub(crate) fn unquote(text: &str) -> Option<Cow<'_, str>> {
    let inside = text.strip_prefix('"')?.strip_suffix('"').filter(|_| text.len() > 1)?;
    if inside.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
        return None;
    }
    if !inside.contains(['\\', '"']) {
        return Some(Cow::Borrowed(inside));
    }
    let mut out = String::with_capacity(inside.len());
    let mut characters = inside.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => return None,
            '\\' => out.push(characters.next()?),
            _ => out.push(character),
        }
    }
    Some(Cow::Owned(out))
}

/// A text as a `quoted-string`; `None` where it has a control character, which no field may carry (RFC 9110 §5.5).
pub(crate) fn quote(text: &str) -> Option<String> {
    if text.chars().any(|character| character.is_control() && character != '\t') {
        return None;
    }
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('"');
    Some(out)
}

/// `qvalue` in thousandths (RFC 9110 §12.4.2): `( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] )`.
pub(crate) fn weight(text: &str) -> Option<u16> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = part.bytes().try_fold(0u16, |sum, byte| {
        byte.is_ascii_digit().then(|| sum.checked_mul(10)?.checked_add(u16::from(byte - b'0')))?
    })?;
    let thousandths = digits * 10u16.pow(3u32.checked_sub(part.len() as u32)?);
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

/// A text in alphabet `base64url` without padding (RFC 4648 §5).
pub(crate) fn to_base64(bytes: &[u8]) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes, if the text is the only one that spells them.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.decode(text).ok()
}
