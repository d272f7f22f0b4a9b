//! A client's view of the bytes that come back: a reader of its own, so that no error of ours hides in it.

/// One response, as far as it has come.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The status code; 0 where the bytes are no response.
    pub status: u16,
    /// Names in lower case, and values.
    pub fields: Vec<(String, String)>,
    /// What has come of the body.
    pub body: Vec<u8>,
    /// Nothing is missing.
    pub complete: bool,
}

impl Answer {
    /// The value of the first field with that name, in lower case.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// A status that another follows.
    pub fn is_informational(&self) -> bool {
        (100..200).contains(&self.status)
    }
}

/// Takes a stream of responses apart. `to_head`: the first answers HEAD. `ended`: nothing more will come.
pub fn parse(mut bytes: &[u8], mut to_head: bool, ended: bool) -> Vec<Answer> {
    let mut answers: Vec<Answer> = Vec::new();
    while !bytes.is_empty() {
        let Some(head_length) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            answers.push(if bytes.starts_with(b"HTTP/1.1 ") || b"HTTP/1.1 ".starts_with(bytes) {
                head(&String::from_utf8_lossy(bytes))
            } else {
                Answer::default()
            });
            break;
        };
        let mut answer = head(&String::from_utf8_lossy(&bytes[..head_length]));
        bytes = &bytes[head_length + 4..];
        let bodiless = answer.is_informational() || matches!(answer.status, 204 | 304);
        let used = match (answer.field("content-length"), answer.field("transfer-encoding")) {
            _ if bodiless || to_head => Some(0),
            (Some(length), None) => by_length(bytes, length.parse().unwrap_or(usize::MAX), &mut answer.body),
            (None, Some("chunked")) => by_chunks(bytes, &mut answer.body),
            (None, None) => {
                answer.body = bytes.to_vec();
                ended.then_some(bytes.len())
            }
            _ => {
                answer.status = 0;
                None
            }
        };
        to_head &= answer.is_informational();
        answer.complete = used.is_some();
        answers.push(answer);
        bytes = &bytes[used.unwrap_or(bytes.len())..];
    }
    answers
}

fn head(text: &str) -> Answer {
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok());
    let field = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned()));
    Answer { status: status.unwrap_or(0), fields: lines.filter_map(field).collect(), ..Answer::default() }
}

fn by_length(bytes: &[u8], length: usize, body: &mut Vec<u8>) -> Option<usize> {
    *body = bytes[..length.min(bytes.len())].to_vec();
    (bytes.len() >= length).then_some(length)
}

fn by_chunks(bytes: &[u8], body: &mut Vec<u8>) -> Option<usize> {
    let mut at = 0;
    loop {
        let line = bytes[at..].windows(2).position(|two| two == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[at..at + line]).ok()?, 16).ok()?;
        at += line + 2;
        body.extend_from_slice(bytes.get(at..(at + size).min(bytes.len()))?);
        if bytes.get(at + size..at + size + 2)? != b"\r\n" {
            return None;
        }
        at += size + 2;
        if size == 0 {
            return Some(at);
        }
    }
}
