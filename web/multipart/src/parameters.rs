//! The parameters of Content-Type and Content-Disposition.
//!
//! ```text
//! parameters = *( OWS ";" OWS [ parameter ] )        RFC 9110 §5.6.6
//! parameter  = token "=" ( token / quoted-string )
//! ```
//!
//! A quoted-string as RFC 9110 §5.6.4 has it lets a backslash stand before any character. Browsers never write one: they send a
//! file's name with its backslashes as they are. So a backslash counts only before a quote or a backslash, where curl and others
//! write it; `C:\x` is itself.

/// One parameter.
pub(crate) struct Parameter<'a> {
    pub(crate) name: &'a [u8],
    /// Without its quotes, and as it was sent.
    pub(crate) value: &'a [u8],
    /// Where it begins in the text.
    pub(crate) at: usize,
}

/// Reads parameters from a text. An error is the offset of the byte that is none, and ends it.
pub(crate) struct Parameters<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Parameters<'a> {
    pub(crate) fn new(text: &'a [u8], at: usize) -> Self {
        Parameters { text, at }
    }

    fn read(&mut self) -> Result<Option<Parameter<'a>>, usize> {
        let text = self.text;
        loop {
            self.at = white_end(text, self.at);
            match text.get(self.at) {
                None => return Ok(None),
                Some(b';') => self.at = white_end(text, self.at + 1),
                Some(_) => return Err(self.at),
            }
            // `;;` and a semicolon at the end are empty parameters, which are allowed.
            if !matches!(text.get(self.at), None | Some(b';')) {
                break;
            }
        }
        let at = self.at;
        let name_end = token_end(text, at);
        if name_end == at || text.get(name_end) != Some(&b'=') {
            return Err(name_end);
        }
        let (start, end, behind) = value(text, name_end + 1)?;
        self.at = behind;
        Ok(Some(Parameter { name: &text[at..name_end], value: &text[start..end], at }))
    }
}

impl<'a> Iterator for Parameters<'a> {
    type Item = Result<Parameter<'a>, usize>;

    fn next(&mut self) -> Option<Self::Item> {
        let read = self.read();
        if read.is_err() {
            self.at = self.text.len();
        }
        read.transpose()
    }
}

/// Where the value at `at` begins and ends, and where what is behind it begins.
fn value(text: &[u8], at: usize) -> Result<(usize, usize, usize), usize> {
    if text.get(at) != Some(&b'"') {
        let end = token_end(text, at);
        return if end == at { Err(at) } else { Ok((at, end, end)) };
    }
    let mut end = at + 1;
    loop {
        match text.get(end..).unwrap_or_default() {
            [] => return Err(at),
            [b'"', ..] => return Ok((at + 1, end, end + 1)),
            [b'\\', b'"' | b'\\', ..] => end += 2,
            [_, ..] => end += 1,
        }
    }
}

/// Where the token at `at` ends (RFC 9110 §5.6.2).
pub(crate) fn token_end(text: &[u8], at: usize) -> usize {
    text[at..].iter().position(|&byte| !is_token(byte)).map_or(text.len(), |length| at + length)
}

fn white_end(text: &[u8], at: usize) -> usize {
    text[at..].iter().position(|byte| !matches!(byte, b' ' | b'\t')).map_or(text.len(), |length| at + length)
}

/// A character of a token (RFC 9110 §5.6.2).
pub(crate) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// A charset that is UTF-8, or the part of it that was there before.
pub(crate) fn is_utf8(charset: &[u8]) -> bool {
    [&b"utf-8"[..], b"utf8", b"us-ascii"].iter().any(|known| charset.eq_ignore_ascii_case(known))
}
