//! The two ways to write bytes: as text where most of them are, in hexadecimal where most are not.

/// The masking key of RFC 6455's examples.
const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A block of `bytes`. A character beyond ASCII stands for its UTF-8.
pub(crate) fn text(block: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut rest = block;
    while let Some(char) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("<<") {
            let (inside, tail) = after.split_once(">>").ok_or("<<byte*count>> ends in >>")?;
            let (piece, count) = inside.rsplit_once('*').ok_or("<<byte*count>> has a star")?;
            bytes.extend(text(piece)?.repeat(number(count)?));
            rest = tail;
        } else if let Some(after) = rest.strip_prefix('\\') {
            let (byte, used) = match after.as_bytes().first() {
                Some(b'r') => (b'\r', 1),
                Some(b'n') => (b'\n', 1),
                Some(b't') => (b'\t', 1),
                Some(b'\\') => (b'\\', 1),
                Some(b'x') => (pair(after.get(1..3).unwrap_or_default())?, 3),
                _ => return Err(format!("an unknown escape: \\{}", after.chars().next().unwrap_or(' '))),
            };
            bytes.push(byte);
            rest = &after[used..];
        } else {
            let (char, tail) = rest.split_at(char.len_utf8());
            if char != "\n" {
                bytes.extend_from_slice(char.as_bytes());
            }
            rest = tail;
        }
    }
    Ok(bytes)
}

/// A block of `hex`.
pub(crate) fn hex(block: &str) -> Result<Vec<u8>, String> {
    let lines = block.lines().map(|line| line.split('#').next().unwrap_or(""));
    let block = lines.collect::<Vec<_>>().join("\n");
    let mut rest = &*block;
    let bytes = sequence(&mut rest)?;
    if rest.is_empty() { Ok(bytes) } else { Err(format!("not understood: {rest}")) }
}

/// Items until something that is none.
fn sequence(rest: &mut &str) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    loop {
        *rest = rest.trim_start();
        let (item, masked) = if let Some(inner) = opened(rest, "(") {
            *rest = inner;
            let group = sequence(rest)?;
            *rest = rest.strip_prefix(')').ok_or("a group ends in )")?;
            (group, false)
        } else if let Some(after) = opened(rest, "key") {
            *rest = after;
            (KEY.to_vec(), false)
        } else if let Some(after) = opened(rest, "m[") {
            let (inside, after) = after.split_once(']').ok_or("m[ ends in ]")?;
            *rest = after;
            (hex(inside)?, true)
        } else if let Some(after) = opened(rest, "m\"").or(opened(rest, "\"")) {
            let masked = rest.starts_with('m');
            let (inside, after) = after.split_once('"').ok_or("text ends in \"")?;
            *rest = after;
            (text(inside)?, masked)
        } else if let Some(digits) = rest.get(..2).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit())) {
            *rest = &rest[2..];
            (vec![pair(digits)?], false)
        } else {
            return Ok(out);
        };
        // A repeated payload is masked as one: the repetition comes first.
        let item = item.repeat(times(rest)?);
        let mask = if masked { KEY } else { [0; 4] };
        out.extend(item.iter().enumerate().map(|(at, byte)| byte ^ mask[at % 4]));
    }
}

fn opened<'t>(rest: &&'t str, mark: &str) -> Option<&'t str> {
    rest.strip_prefix(mark)
}

/// `*300`, or once.
fn times(rest: &mut &str) -> Result<usize, String> {
    let Some(after) = rest.strip_prefix('*') else { return Ok(1) };
    let end = after.find(|char: char| !char.is_ascii_digit()).unwrap_or(after.len());
    *rest = &after[end..];
    number(&after[..end])
}

fn number(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| format!("{text:?} is no count"))
}

fn pair(digits: &str) -> Result<u8, String> {
    u8::from_str_radix(digits, 16).map_err(|_| format!("{digits:?} is no pair of hexadecimal digits"))
}
