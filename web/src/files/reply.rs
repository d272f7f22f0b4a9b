//! How something that lies there, a file or an asset, is answered with: status, fields, and which of its bytes.

use crate::message::{Conditions, Ranges, Validators, Verdict, content_range, decide, ranges};
use crate::text::date;
use std::ops::Range;

/// What an answer says, and which bytes are its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// 200, 206, 304, 412 or 416.
    pub status: u16,
    /// Fields beside those that describe the content.
    pub fields: Vec<(&'static str, String)>,
    /// The content; `None`: there is none.
    pub bytes: Option<Range<u64>>,
}

/// Weighs a GET or HEAD of something of `length` bytes: its conditions first, then its range (RFC 9110 §13.2.2).
///
/// ```
/// use wirebook_web::files::reply;
/// use wirebook_web::message::{Conditions, ETag, Validators};
///
/// let ours = Validators { etag: ETag::strong("v1"), ..Validators::default() };
/// let asked = Conditions { has_range: true, ..Conditions::default() };
/// let reply = reply("GET", &ours, 1000, &asked, Some("bytes=-5"));
/// assert_eq!((reply.status, reply.bytes), (206, Some(995..1000)));
/// ```
pub fn reply(method: &str, ours: &Validators, length: u64, asked: &Conditions<'_>, range: Option<&str>) -> Reply {
    let mut fields = Vec::new();
    fields.extend(ours.etag.as_ref().map(|tag| ("etag", tag.to_string())));
    fields.extend(ours.modified.map(|modified| ("last-modified", date(modified))));
    let wanted = match decide(method, ours, asked).verdict {
        Verdict::NotModified => return Reply { status: 304, fields, bytes: None },
        Verdict::PreconditionFailed => return Reply { status: 412, fields: Vec::new(), bytes: None },
        Verdict::Perform(false) => Ranges::Whole,
        Verdict::Perform(true) => ranges(range.unwrap_or_default(), length, 1),
    };
    fields.push(("accept-ranges", "bytes".to_owned()));
    match wanted {
        Ranges::Parts(parts) if parts.len() == 1 => {
            fields.push(("content-range", content_range(Some(&parts[0]), length)));
            Reply { status: 206, fields, bytes: Some(*parts[0].start()..parts[0].end() + 1) }
        }
        Ranges::Unsatisfiable => {
            Reply { status: 416, fields: vec![("content-range", content_range(None, length))], bytes: None }
        }
        _ => Reply { status: 200, fields, bytes: Some(0..length) },
    }
}
