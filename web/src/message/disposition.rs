//! Content-Disposition (RFC 6266): whether an answer is shown or saved, and under which name.
//!
//! ```text
//! content-disposition = ( "inline" | "attachment" | token ) *( ";" ( "filename" "=" value | "filename*" "=" ext-value ) )
//! ext-value           = charset "'" [ language ] "'" value-chars     (RFC 8187 §3.2.1)
//! ```
//!
//! A name is written twice where it has more than ASCII: as `filename`, for the oldest readers, with `?` for what is not
//! ASCII; and as `filename*`, which everybody else takes.

use crate::text::{
    is_token, parameter,
    percent::{decode_strictly, encode, is_attr_char},
    split, trim,
};

/// A Content-Disposition, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disposition {
    /// `inline`, `attachment`, or another token, in small letters. An unknown one is as `attachment` (RFC 6266 §4.2).
    pub kind: String,
    /// The name, as it was sent: whoever saves something under it takes its [`basename`] first (§4.3).
    pub filename: Option<String>,
}

impl Disposition {
    /// Reads a field; `None` for what is none. `filename*` goes before `filename` (§4.3); one that cannot be read is as if it were
    /// not there. A parameter that comes twice makes the field none (§4.1).
    pub fn parse(value: &str) -> Option<Disposition> {
        let (kind, rest) = value.split_once(';').unwrap_or((value, ""));
        let kind = trim(kind);
        if !is_token(kind) {
            return None;
        }
        let mut found: Vec<(String, String)> = Vec::new();
        for text in split(rest, b';') {
            let (name, value) = parameter(text)?;
            if found.iter().any(|(known, _)| *known == name) {
                return None;
            }
            found.push((name, value.into_owned()));
        }
        let get = |wanted: &str| found.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
        let filename = get("filename*").and_then(|value| extended(&value)).or_else(|| get("filename"));
        Some(Disposition { kind: kind.to_ascii_lowercase(), filename })
    }
}

/// Reads an `ext-value`. A producer has to use UTF-8; ISO-8859-1 was allowed before (RFC 5987).
fn extended(value: &str) -> Option<String> {
    let mut pieces = value.splitn(3, '\'');
    let (charset, _language, text) = (pieces.next()?, pieces.next()?, pieces.next()?);
    if !text.bytes().all(|byte| is_attr_char(byte) || byte == b'%') {
        return None;
    }
    match charset.to_ascii_lowercase().as_str() {
        "utf-8" => decode_strictly(text.as_bytes()),
        "iso-8859-1" => {
            Some(crate::text::percent::decode(text.as_bytes()).iter().map(|byte| char::from(*byte)).collect())
        }
        _ => None,
    }
}

/// The value that has something saved, under a name if there is one.
///
/// The name's folders are cut off, control characters become spaces, and nothing in it can end the field or add to it.
///
/// ```
/// use wirebook_web::message::disposition::attachment;
///
/// assert_eq!(attachment(Some("plans.pdf")), "attachment; filename=\"plans.pdf\"");
/// assert_eq!(attachment(Some("/tmp/€ rates.txt")), "attachment; filename=\"? rates.txt\"; filename*=UTF-8''%E2%82%AC%20rates.txt");
/// ```
pub fn attachment(name: Option<&str>) -> String {
    write("attachment", name)
}

/// As [`attachment`], for what is shown, and saved only if the reader wants it.
pub fn inline(name: Option<&str>) -> String {
    write("inline", name)
}

fn write(kind: &str, name: Option<&str>) -> String {
    let Some(name) = name.and_then(basename) else { return kind.to_owned() };
    let mut out = format!("{kind}; filename=\"");
    // Readers have decoded `%41` in a `filename`, though none should (RFC 6266 Appendix D).
    let is_plain = name.is_ascii() && !has_escape(&name);
    for character in name.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            _ if character.is_ascii() => out.push(character),
            _ => out.push('?'),
        }
    }
    out.push('"');
    if !is_plain {
        out += "; filename*=UTF-8''";
        encode(name.as_bytes(), is_attr_char, &mut out);
    }
    out
}

fn has_escape(name: &str) -> bool {
    name.match_indices('%').any(|(at, _)| crate::text::percent::octet(&name.as_bytes()[at + 1..]).is_some())
}

/// The last name of a path in anybody's notation, with spaces for control characters, of 255 bytes at most (what a folder's entry
/// has room for); `None` where nothing is left, or only dots.
pub fn basename(path: &str) -> Option<String> {
    let last = path.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or_default();
    let mut name: String = last.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    let mut end = name.len().min(255);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name.truncate(end);
    name.chars().any(|character| !matches!(character, '.' | ' ')).then_some(name)
}
