//! Whole bodies: JSON, forms, XML, text, bytes.

use super::typed_form;
use crate::{
    context::{Context, Failure},
    input::{Element, Limits, Value, form, pairs, xml},
    message::Media,
};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

/// A body, read as its type says: koa-body's `ctx.request.body`.
#[derive(Clone, Debug, PartialEq)]
pub enum Parsed {
    /// None.
    Nothing,
    /// `application/json`, `*/*+json`.
    Json(serde_json::Value),
    /// `application/x-www-form-urlencoded`.
    Form(Value),
    /// `application/xml`, `text/xml`, `*/*+xml`.
    Xml(Element),
    /// `text/*`.
    Text(String),
}

impl Context<'_> {
    /// The body, as JSON of a type of yours. A byte order mark before it is ignored, as before every text here (RFC 8259 §8.1).
    ///
    /// `text/plain` is not taken for JSON: a page of another site may send that without being asked (Fetch §2.2.2).
    ///
    /// # Errors
    ///
    /// 415 for another type or charset; 413 beyond [`json`](crate::Limits::json) or the route's limit; 400 for what is no JSON, says a member of
    /// your type twice, or is nested deeper than [`json_depth`](crate::Limits::json_depth); 422 for JSON that is not of your type.
    pub async fn read_json<T: DeserializeOwned>(&mut self) -> Result<T, Failure> {
        self.expects("JSON", |media| media.is("application/json") || media.is("*/*+json"))?;
        let limits = self.options().limits;
        let body = self.read_bytes(limits.json).await?;
        let body = unmarked(&body);
        if depth(body) > limits.json_depth {
            return Err(Failure::new(400, format!("JSON is nested deeper than {}", limits.json_depth)));
        }
        serde_json::from_slice(body).map_err(|error| {
            // A member that comes twice is no question of types: two readers would choose differently.
            let is_twice = error.to_string().starts_with("duplicate field");
            let status = if error.classify() == Category::Data && !is_twice { 422 } else { 400 };
            Failure::new(status, format!("JSON: {error}")).caused_by(error)
        })
    }

    /// The body, as a form of a type of yours: see [`read_fields`](Self::read_fields) for the form as it is.
    ///
    /// # Errors
    ///
    /// Those of `read_fields`; 422 for a form that is not of your type.
    pub async fn read_form<T: DeserializeOwned>(&mut self) -> Result<T, Failure> {
        let fields = self.read_fields().await?;
        typed_form::read(fields).map_err(|unfit| Failure::new(422, format!("form: {unfit}")).caused_by(unfit))
    }

    /// The body, as a form (`application/x-www-form-urlencoded`), with names such as `user[name]` taken apart.
    ///
    /// # Errors
    ///
    /// 415 for another type or charset; 413 beyond [`form`](crate::Limits::form) or the route's limit, and beyond
    /// [`pairs`](crate::Limits::pairs); 400 for names that mean two things, and for what is not UTF-8.
    pub async fn read_fields(&mut self) -> Result<Value, Failure> {
        self.expects("a form", |media| media.is("application/x-www-form-urlencoded"))?;
        let limits = self.options().limits;
        let text = text(self.read_bytes(limits.form).await?)?;
        // The bytes are counted: what the route allows is not asked about twice.
        Ok(form(&text, &Limits { bytes: usize::MAX, ..limits.pairs })?)
    }

    /// The body, as text.
    ///
    /// # Errors
    ///
    /// 415 for another type than `text/*` and another charset than UTF-8; 413 beyond [`text`](crate::Limits::text) or the route's limit; 400
    /// for what is not UTF-8.
    pub async fn read_text(&mut self) -> Result<String, Failure> {
        self.expects("text", |media| media.is("text/*"))?;
        let limit = self.options().limits.text;
        text(self.read_bytes(limit).await?)
    }

    /// The body, as XML (RFC 7303): a tree of elements, without document types and their entities.
    ///
    /// # Errors
    ///
    /// 415 for another type or encoding; 413 beyond [`xml`](crate::Limits::xml) or the route's limit; 400 for what is not well-formed, has a
    /// document type, or is nested deeper than [`xml_depth`](crate::Limits::xml_depth).
    pub async fn read_xml(&mut self) -> Result<Element, Failure> {
        self.expects("XML", |media| media.is("application/xml") || media.is("text/xml") || media.is("*/*+xml"))?;
        let limits = self.options().limits;
        let text = utf8(self.read_bytes(limits.xml).await?)?;
        Ok(xml(&text, limits.xml_depth)?)
    }

    /// The body, whatever its type: at most as much as the route allows, and `otherwise` where it does not say.
    ///
    /// # Errors
    ///
    /// 413 for more, and those of [`Incoming::chunk`](super::Incoming::chunk).
    pub async fn read_bytes(&mut self, otherwise: u64) -> Result<Vec<u8>, Failure> {
        let limit = self.body_limit_or(otherwise);
        if let Some(kept) = self.take_kept() {
            self.ensure(kept.len() as u64 <= limit, 413, format!("the body has more than {limit} bytes"))?;
            return Ok(kept);
        }
        let mut incoming = self.incoming(limit)?;
        let whole = incoming.whole().await;
        self.give_back(incoming);
        whole
    }

    /// A field of the form that came, or a text of the object of JSON, for rings that look before a handler does: the body is kept for it. `None`
    /// where there is no such field, or the body is neither.
    ///
    /// # Errors
    ///
    /// 413 for a body that is too long for its kind.
    pub async fn peek_field(&mut self, name: &str) -> Result<Option<String>, Failure> {
        let limits = self.options().limits;
        let is_form = self.is(&["form"]).is_some();
        if !is_form && self.is(&["json", "*/*+json"]).is_none() {
            return Ok(None);
        }
        let body = self.read_bytes(if is_form { limits.form } else { limits.json }).await?;
        let found = if is_form {
            let text = str::from_utf8(unmarked(&body)).unwrap_or_default();
            pairs(text).take(limits.pairs.pairs).find(|(known, _)| known == name).map(|(_, value)| value)
        } else {
            // What is no JSON has no such field; its reader says what is wrong with it.
            let value = serde_json::from_slice::<serde_json::Value>(unmarked(&body)).unwrap_or_default();
            value.get(name).and_then(|text| text.as_str()).map(str::to_owned)
        };
        self.keep(body);
        Ok(found)
    }

    /// The body, read as its type says.
    ///
    /// # Errors
    ///
    /// 415 for a type that is none of these, and those of the others. A form with files is read part by part: see
    /// [`multipart`](Self::multipart).
    pub async fn read_body(&mut self) -> Result<Parsed, Failure> {
        if !self.has_body() {
            return Ok(Parsed::Nothing);
        }
        match self.is(&["json", "*/*+json", "form", "xml", "text/xml", "*/*+xml", "text/*"]) {
            Some("json" | "*/*+json") => Ok(Parsed::Json(self.read_json().await?)),
            Some("form") => Ok(Parsed::Form(self.read_fields().await?)),
            Some("xml" | "text/xml" | "*/*+xml") => Ok(Parsed::Xml(self.read_xml().await?)),
            Some(_) => Ok(Parsed::Text(self.read_text().await?)),
            None => Err(Failure::of(415)),
        }
    }

    /// The body is of a type that somebody wants, in UTF-8.
    fn expects(&self, what: &str, is_wanted: impl Fn(&Media) -> bool) -> Result<(), Failure> {
        match self.media() {
            Some(media) if !is_wanted(&media) => {
                Err(Failure::new(415, format!("{what} is wanted, not {}", media.essence())))
            }
            Some(media) if !media.is_utf8() => Err(Failure::new(415, "only UTF-8 is read")),
            Some(_) => Ok(()),
            None => Err(Failure::new(415, format!("{what} is wanted, and no type is said"))),
        }
    }
}

/// A body without the byte order mark that some editors put before UTF-8. RFC 8259 §8.1 lets a reader of JSON ignore it, the Encoding
/// standard's "UTF-8 decode" drops it from every text, and so do body-parser and co-body: one, and only at the front.
fn unmarked(body: &[u8]) -> &[u8] {
    body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body)
}

/// The text of a body. The reader of XML takes the mark off by itself.
fn text(mut bytes: Vec<u8>) -> Result<String, Failure> {
    let mark = bytes.len() - unmarked(&bytes).len();
    bytes.drain(..mark);
    utf8(bytes)
}

fn utf8(bytes: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|_| Failure::new(400, "the body is not UTF-8"))
}

/// How deep brackets are nested, outside of strings.
fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_string, mut is_escaped) = (0usize, 0, false, false);
    for byte in json {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_string => is_escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
