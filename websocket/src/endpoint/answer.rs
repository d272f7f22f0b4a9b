//! What is kept of a message head.

use wirebook_http1::parser::FieldLines;

/// Bytes of the body of a refusal that are told.
pub const MAX_REFUSAL_BODY: usize = 4 << 10;

/// Field lines that outlive their message, in wire order and their own spelling, in as many bytes as they have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    /// `name:value` and a line feed for each: a name is a token, so it has no colon, and no value has a line feed.
    lines: Box<[u8]>,
}

impl Headers {
    pub(crate) fn copy(fields: FieldLines<'_>) -> Self {
        let mut lines = Vec::new();
        for (name, value) in fields {
            lines.extend_from_slice(name);
            lines.push(b':');
            lines.extend_from_slice(value);
            lines.push(b'\n');
        }
        Headers { lines: lines.into_boxed_slice() }
    }

    /// All of them: name and value.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.lines.split(|byte| *byte == b'\n').filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            Some((&line[..colon], &line[colon + 1..]))
        })
    }

    /// The values of the fields with this name, whatever its case.
    pub fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| value)
    }

    /// The value of the first field with this name.
    pub fn get<'a>(&'a self, name: &'a str) -> Option<&'a [u8]> {
        self.get_all(name).next()
    }
}

/// An HTTP answer that is no 101: a page behind a login, a redirect, a server that knows no WebSockets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Its field lines: `WWW-Authenticate`, for instance, or `Location`.
    pub headers: Headers,
    /// The first bytes of the body, at most [`MAX_REFUSAL_BODY`], without chunks around them.
    pub body: Vec<u8>,
}
