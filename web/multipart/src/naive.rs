//! A form read as one writes it first: all of it at once, byte by byte, every part copied. It has no limits and no pieces. The
//! tests and a fuzzer hold the [`Decoder`](crate::Decoder) to it.

/// A part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// Its file name, as it was sent.
    pub filename: Option<String>,
    /// Its Content-Type.
    pub content_type: Option<Vec<u8>>,
    /// Its content.
    pub content: Vec<u8>,
}

/// The parts of a body, or `None` if it is no form.
pub fn decode(body: &[u8], boundary: &[u8]) -> Option<Vec<Part>> {
    let dash = [b"--", boundary].concat();
    let (_, mut at) = delimiter(body, 0, &dash)?;
    let mut parts = Vec::new();
    while !body[at..].starts_with(b"--") {
        let (mut lines, mut rest) = (Vec::new(), &body[at..]);
        loop {
            let length = rest.windows(2).position(|two| two == b"\r\n")?;
            let line = &rest[..length];
            rest = &rest[length + 2..];
            if line.is_empty() && !lines.is_empty() {
                break;
            }
            lines.push(line);
        }
        let start = body.len() - rest.len();
        let mut part = head(&lines)?;
        let (end, next) = delimiter(body, start, &dash)?;
        part.content = body[start..end].to_vec();
        parts.push(part);
        at = next;
    }
    Some(parts)
}

/// The first delimiter from `start` on, where a line begins: where the content before it ends, and what is behind it begins.
fn delimiter(body: &[u8], start: usize, dash: &[u8]) -> Option<(usize, usize)> {
    (start..body.len()).find_map(|at| {
        let begin = if at == start && body[at..].starts_with(dash) { at } else { at + 2 };
        let line_begins = begin == at || body[at..].starts_with(b"\r\n");
        let behind = begin + dash.len();
        if !line_begins || !body.get(begin..)?.starts_with(dash) {
            // At the start of a line the boundary may be none, and a line end follows where it stood.
            return None;
        }
        let rest = &body[behind..];
        let ends = [&b"\r\n"[..], b"--", b" ", b"\t"].iter().any(|end| rest.starts_with(end));
        ends.then_some((at, behind))
    })
}

fn head(lines: &[&[u8]]) -> Option<Part> {
    let (padding, fields) = lines.split_first()?;
    if padding.iter().any(|byte| !b" \t".contains(byte)) {
        return None;
    }
    let (mut disposition, mut content_type) = (None, None);
    for line in fields {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        let is_control = |byte: &u8| byte.is_ascii_control() && *byte != b'\t';
        if name.is_empty() || !name.iter().all(|byte| is_token(*byte)) || line[colon..].iter().any(is_control) {
            return None;
        }
        let slot = match &name.to_ascii_lowercase()[..] {
            b"content-disposition" => &mut disposition,
            b"content-type" => &mut content_type,
            _ => continue,
        };
        if slot.replace(value.to_vec()).is_some() {
            return None;
        }
    }
    let (kind, parameters) = parameters(&disposition?)?;
    let one = |wanted: &str| {
        let mut found = parameters.iter().filter(|(name, _)| name == wanted).map(|(_, value)| value.clone());
        Some((found.next(), found.next())).filter(|(_, second)| second.is_none()).map(|(first, _)| first)
    };
    let (name, filename) = (one("name")??, one("filename")?);
    if kind != "form-data" {
        return None;
    }
    if let (None, Some(value)) = (&filename, &content_type) {
        let (kind, parameters) = self::parameters(value)?;
        let is_utf8 =
            |value: &[u8]| ["utf-8", "utf8", "us-ascii"].iter().any(|one| value.eq_ignore_ascii_case(one.as_bytes()));
        if kind.starts_with("multipart/") || parameters.iter().any(|(name, value)| name == "charset" && !is_utf8(value))
        {
            return None;
        }
    }
    Some(Part {
        name: unescaped(String::from_utf8(name).ok()?),
        filename: filename.map(|filename| unescaped(String::from_utf8_lossy(&filename).into_owned())),
        content_type,
        content: Vec::new(),
    })
}

/// Names and values.
type Parameters = Vec<(String, Vec<u8>)>;

/// What stands before the first semicolon, and the parameters with their names in small letters.
fn parameters(value: &[u8]) -> Option<(String, Parameters)> {
    let mut pieces: Vec<Vec<u8>> = vec![Vec::new()];
    let (mut quoted, mut at) = (false, 0);
    while at < value.len() {
        let last = pieces.len() - 1;
        match &value[at..] {
            [b'\\', byte @ (b'"' | b'\\'), ..] if quoted => {
                pieces[last].extend([b'\\', *byte]);
                at += 1;
            }
            [b';', ..] if !quoted => pieces.push(Vec::new()),
            [byte, ..] => {
                quoted ^= *byte == b'"';
                pieces[last].push(*byte);
            }
            [] => {}
        }
        at += 1;
    }
    let kind = String::from_utf8(pieces.remove(0).trim_ascii().to_ascii_lowercase()).ok()?;
    if quoted || !kind.bytes().all(|byte| is_token(byte) || byte == b'/') {
        return None;
    }
    let named = pieces.iter().map(|piece| piece.trim_ascii()).filter(|piece| !piece.is_empty());
    let parameters = named.map(|piece| {
        let equals = piece.iter().position(|byte| *byte == b'=')?;
        let (name, value) = (&piece[..equals], &piece[equals + 1..]);
        let inner = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
        let is_right = match inner {
            // A quote that is not escaped would have ended it.
            Some(inner) => !has_bare_quote(inner),
            None => !value.is_empty() && value.iter().all(|byte| is_token(*byte)),
        };
        let is_named = !name.is_empty() && name.iter().all(|byte| is_token(*byte));
        let name = String::from_utf8(name.to_ascii_lowercase()).ok()?;
        (is_named && is_right).then(|| (name, inner.unwrap_or(value).to_vec()))
    });
    Some((kind, parameters.collect::<Option<Vec<_>>>()?))
}

fn has_bare_quote(text: &[u8]) -> bool {
    let mut at = 0;
    while at < text.len() {
        match text[at..] {
            [b'"', ..] => return true,
            [b'\\', b'"' | b'\\', ..] => at += 2,
            _ => at += 1,
        }
    }
    false
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]{}".contains(&byte)
}

/// A backslash before a quote or a backslash, and the three escapes of browsers.
fn unescaped(text: String) -> String {
    let mut out = String::new();
    let mut rest = &text[..];
    while let Some(char) = rest.chars().next() {
        let known = [("\\\"", "\""), ("\\\\", "\\"), ("%22", "\""), ("%0D", "\r"), ("%0A", "\n")];
        match known.iter().find(|(escape, _)| rest.starts_with(escape)) {
            Some((escape, means)) => {
                out += means;
                rest = &rest[escape.len()..];
            }
            None => {
                out.push(char);
                rest = &rest[char.len_utf8()..];
            }
        }
    }
    out
}
