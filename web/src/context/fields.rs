//! The answer's status and fields. They are kept in the connection's own room, and nothing of them has gone out.

use super::{Context, Failure};
use crate::{
    message::{CacheControl, ETag, disposition},
    text::{date, is_token},
    trust::location,
};
use wirebook_http1::{FieldBlock, Misuse};

impl Context<'_> {
    /// The status of the answer, 200 to 599; without it, 200.
    pub fn status(&mut self, status: u16) -> &mut Self {
        if let Some(response) = &mut self.response {
            response.set_status(status);
        }
        self
    }

    /// The status that the answer has so far; 200 where a handler writes by itself.
    pub fn status_now(&self) -> u16 {
        self.response.as_ref().map_or(200, |response| response.status_now())
    }

    /// A handler writes by itself, or has: nothing can be changed any more.
    pub fn is_open(&self) -> bool {
        self.response.is_none()
    }

    /// `change` runs nothing of a stranger's.
    fn change(&mut self, change: impl FnOnce(&mut FieldBlock) -> Result<(), Misuse>) -> Result<&mut Self, Failure> {
        let response = self.response.as_mut().ok_or(Misuse::OutOfTurn)?;
        change(&mut *response.lines_mut()?)?;
        Ok(self)
    }

    /// Makes this the only field of that name.
    ///
    /// # Errors
    ///
    /// 500 for a name that is no token, a value with line ends or other control characters, fields that are too many; and once a
    /// handler has written by itself.
    pub fn set(&mut self, name: &str, value: impl AsRef<[u8]>) -> Result<&mut Self, Failure> {
        let value = value.as_ref();
        self.change(|fields| fields.set(name, value))
    }

    /// Adds a field, whatever there is of that name.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
    pub fn append(&mut self, name: &str, value: impl AsRef<[u8]>) -> Result<&mut Self, Failure> {
        let value = value.as_ref();
        self.change(|fields| fields.append(name, value))
    }

    /// Removes all fields of that name.
    pub fn remove(&mut self, name: &str) -> &mut Self {
        if let Some(response) = &mut self.response {
            // What is out can not be taken back, and nobody who removes a field can do anything about that.
            response.lines_mut().map(|mut fields| fields.remove(name)).ok();
        }
        self
    }

    /// The first field of that name that the answer has so far.
    pub fn get(&self, name: &str) -> Option<String> {
        let fields = self.response.as_ref()?.lines();
        fields.get(name).map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// Whether the answer has a field of that name.
    pub fn has(&self, name: &str) -> bool {
        self.response.as_ref().is_some_and(|response| response.lines().has(name))
    }

    /// Looks at all fields that the answer has so far.
    pub fn fields<T>(&self, look: impl FnOnce(&FieldBlock) -> T) -> Option<T> {
        self.response.as_ref().map(|response| response.fields(look))
    }

    /// Content-Type, as a media type or a short name: `html`, `text`, `json`, `xml`, `form`, `bytes`.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
    pub fn content_type(&mut self, name: &str) -> Result<&mut Self, Failure> {
        let long = super::request::short(name);
        match long {
            "text/html" | "text/plain" => self.set("content-type", format!("{long}; charset=utf-8")),
            _ => self.set("content-type", long),
        }
    }

    /// Content-Type, where the answer has none yet.
    pub(crate) fn type_or(&mut self, media: &str) -> Result<&mut Self, Failure> {
        self.change(|fields| if fields.has("content-type") { Ok(()) } else { fields.append("content-type", media) })
    }

    /// Names a field of the request that the answer depends on (RFC 9110 §12.5.5), if Vary does not yet.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
    pub fn vary(&mut self, name: &str) -> Result<&mut Self, Failure> {
        self.change(|fields| {
            let is = |item: &[u8]| item == b"*" || item.eq_ignore_ascii_case(name.as_bytes());
            let lines = fields.lines();
            let is_known =
                lines.get_all("vary").any(|line| line.split(|byte| *byte == b',').any(|item| is(item.trim_ascii())));
            if is_known {
                return Ok(());
            }
            fields.append("vary", name)
        })
    }

    /// ETag, from a text without quotes.
    ///
    /// # Errors
    ///
    /// 500 for a text that no tag can have.
    pub fn etag(&mut self, opaque: &str) -> Result<&mut Self, Failure> {
        let tag = ETag::strong(opaque).ok_or_else(|| Failure::new(500, format!("no entity tag: {opaque:?}")))?;
        self.set("etag", tag.to_string())
    }

    /// Last-Modified, in seconds since 1970.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
    pub fn last_modified(&mut self, seconds: u64) -> Result<&mut Self, Failure> {
        self.set("last-modified", date(seconds))
    }

    /// Cache-Control.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
    pub fn cache(&mut self, control: &CacheControl) -> Result<&mut Self, Failure> {
        self.set("cache-control", control.to_string())
    }

    /// Has a browser save the answer under a name.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
    pub fn attachment(&mut self, name: Option<&str>) -> Result<&mut Self, Failure> {
        self.set("content-disposition", disposition::attachment(name))
    }

    /// Location, with escapes for what no URL has.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
    pub fn location(&mut self, target: &str) -> Result<&mut Self, Failure> {
        self.set("location", location(target))
    }

    /// Adds a Link (RFC 8288).
    ///
    /// # Errors
    ///
    /// 500 for a relation that is no token; as [`set`](Self::set).
    pub fn link(&mut self, target: &str, relation: &str) -> Result<&mut Self, Failure> {
        if !is_token(relation) {
            return Err(Failure::new(500, format!("no relation of a link: {relation:?}")));
        }
        self.append("link", format!("<{}>; rel=\"{relation}\"", location(target)))
    }
}
