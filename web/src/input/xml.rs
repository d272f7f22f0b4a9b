//! XML that a stranger sent (XML 1.0, fifth edition): a tree of elements, and nothing that reaches beyond it.
//!
//! What makes XML dangerous is its document type: entities that are names of others, and of files and addresses (CWE-611, CWE-776).
//! A body with a `<!DOCTYPE` is refused as a whole, and so is a reference to any other entity than the five of §4.6. Comments and
//! processing instructions say nothing. Namespaces are not resolved: `a:b` is a name with a colon in it.
//!
//! The tokens are `quick-xml`'s, which reads what it can; what makes a document well-formed beyond that is asked here.

use quick_xml::{
    Reader, XmlVersion,
    escape::resolve_xml_entity,
    events::{BytesStart, Event},
};
use serde_json::{Map, Value as Json};
use std::fmt;

/// Attributes of one element. One more is an error, because each is compared with all before it.
pub const MOST_ATTRIBUTES: usize = 64;

/// The deepest that can be asked for: what is read is dropped by functions that call themselves.
const DEEPEST: usize = 128;

/// Why XML is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum XmlFault {
    /// It is not well-formed (§2.1).
    Broken,
    /// It has a document type (§2.8).
    Doctype,
    /// It refers to an entity that is none of the five (§4.6), or to a character that is none (§2.2).
    Entity,
    /// It says that it is in another encoding than UTF-8.
    Encoding,
    /// Elements lie deeper in each other than the limit.
    Depth,
    /// An element has more attributes than [`MOST_ATTRIBUTES`].
    Attributes,
}

impl XmlFault {
    /// All of them.
    pub const ALL: [XmlFault; 6] = [
        XmlFault::Broken,
        XmlFault::Doctype,
        XmlFault::Entity,
        XmlFault::Encoding,
        XmlFault::Depth,
        XmlFault::Attributes,
    ];

    /// The status to answer with: 415 for another encoding, else 400.
    pub fn status(self) -> u16 {
        if self == XmlFault::Encoding { 415 } else { 400 }
    }
}

impl fmt::Display for XmlFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            XmlFault::Broken => "the XML is not well-formed",
            XmlFault::Doctype => "XML with a document type is not read",
            XmlFault::Entity => "the XML refers to an entity that is not known",
            XmlFault::Encoding => "only UTF-8 is read",
            XmlFault::Depth => "the XML is nested too deep",
            XmlFault::Attributes => "an element has too many attributes",
        })
    }
}

impl std::error::Error for XmlFault {}

/// An element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    nodes: Vec<Node>,
}

/// What lies in an element, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// Another element.
    Element(Element),
    /// Text, with references and `CDATA` sections resolved.
    Text(String),
}

impl Element {
    /// Its name, with its prefix.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// All attributes, in their order.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes.iter().map(|(name, value)| (&**name, &**value))
    }

    /// All that lies in it.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The elements that lie in it.
    pub fn children(&self) -> impl Iterator<Item = &Element> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The first element of that name that lies in it.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children().find(|child| child.name == name)
    }

    /// All text that lies in it, and in what lies in it.
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.gather(&mut text);
        text
    }

    fn gather(&self, text: &mut String) {
        for node in &self.nodes {
            match node {
                Node::Element(element) => element.gather(text),
                Node::Text(own) => text.push_str(own),
            }
        }
    }

    /// As JSON, in the shape of the package `xml2js`: children by their names, each a list; attributes under `$`; text under `_`, or
    /// alone, where there is nothing beside it. Spaces between elements are nothing.
    pub fn to_json(&self) -> Json {
        Json::Object(Map::from_iter([(self.name.clone(), self.inside())]))
    }

    fn inside(&self) -> Json {
        let mut map = Map::new();
        if !self.attributes.is_empty() {
            let attributes = self.attributes().map(|(name, value)| (name.to_owned(), Json::from(value)));
            map.insert("$".to_owned(), Json::Object(attributes.collect()));
        }
        let own = self.nodes.iter().filter_map(|node| match node {
            Node::Text(text) => Some(&**text),
            Node::Element(_) => None,
        });
        let own: String = own.collect();
        let is_alone = map.is_empty() && self.children().next().is_none();
        let says_something = !own.trim_matches(is_space).is_empty();
        if is_alone {
            return Json::String(if says_something { own } else { String::new() });
        }
        if says_something {
            map.insert("_".to_owned(), own.into());
        }
        for child in self.children() {
            let list = map.entry(child.name.clone()).or_insert_with(|| Json::Array(Vec::new()));
            if let Json::Array(list) = list {
                list.push(child.inside());
            }
        }
        Json::Object(map)
    }
}

/// `S` of §2.3.
fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

/// `Char` of §2.2.
fn is_char(character: char) -> bool {
    is_space(character) || (character >= ' ' && !matches!(character, '\u{fffe}' | '\u{ffff}'))
}

/// `Name` of §2.3.
fn is_name(name: &str) -> bool {
    let starts = |c: char| {
        matches!(c, ':' | 'A'..='Z' | '_' | 'a'..='z' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
            | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}'
            | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}'
            | '\u{10000}'..='\u{effff}')
    };
    let goes_on = |c: char| {
        starts(c) || matches!(c, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
    };
    name.starts_with(starts) && name.chars().all(goes_on)
}

/// Reads a document whose elements lie at most `depth` deep in each other; 0 reads none, and more than 128 is 128.
///
/// ```
/// use wirebook_web::input::{XmlFault, xml};
///
/// let order = xml(r#"<order id="7"><tea>green</tea><tea>black &amp; strong</tea></order>"#, 32)?;
/// assert_eq!((order.attribute("id"), order.child("tea").unwrap().text()), (Some("7"), "green".to_owned()));
/// assert_eq!(order.to_json().to_string(), r#"{"order":{"$":{"id":"7"},"tea":["green","black & strong"]}}"#);
/// assert_eq!(xml(r#"<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>"#, 32), Err(XmlFault::Doctype));
/// # Ok::<(), XmlFault>(())
/// ```
///
/// # Errors
///
/// What it is refused for: [`XmlFault`].
pub fn xml(text: &str, depth: usize) -> Result<Element, XmlFault> {
    if !text.chars().all(is_char) {
        return Err(XmlFault::Broken);
    }
    // It takes a byte order mark off the front, one, as the encoding's and no part of the document (§4.3.3).
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_comments = true;
    let mut tree = Tree { depth: depth.min(DEEPEST), open: Vec::new(), root: None };
    let mut is_first = true;
    loop {
        match reader.read_event().map_err(|_| XmlFault::Broken)? {
            Event::Start(tag) => tree.open(&tag)?,
            Event::Empty(tag) => {
                tree.open(&tag)?;
                tree.close()?;
            }
            Event::End(_) => tree.close()?,
            // §2.4: the end of a section stands in no text.
            Event::Text(text) if text.contains("]]>") => return Err(XmlFault::Broken),
            Event::Text(text) => tree.text(&text.xml10_content())?,
            Event::CData(text) => tree.section(&text.xml10_content())?,
            Event::GeneralRef(name) => {
                let own = name.resolve_char_ref().map_err(|_| XmlFault::Entity)?;
                match (own, resolve_xml_entity(&name)) {
                    (Some(character), _) if is_char(character) => tree.section(character.encode_utf8(&mut [0; 4]))?,
                    (None, Some(text)) => tree.section(text)?,
                    _ => return Err(XmlFault::Entity),
                }
            }
            Event::Comment(_) => {}
            // §2.6: the name `xml` is the declaration's, and that stands at the front.
            Event::PI(it) if !is_name(it.target()) || it.target().eq_ignore_ascii_case("xml") => {
                return Err(XmlFault::Broken);
            }
            Event::PI(_) => {}
            Event::Decl(declaration) => {
                if !is_first || declaration.version().is_ok_and(|version| version != "1.0") {
                    return Err(XmlFault::Broken);
                }
                declaration.version().map_err(|_| XmlFault::Broken)?;
                let encoding = declaration.encoding().transpose().map_err(|_| XmlFault::Broken)?;
                if encoding.is_some_and(|encoding| !encoding.eq_ignore_ascii_case("utf-8")) {
                    return Err(XmlFault::Encoding);
                }
            }
            Event::DocType(_) => return Err(XmlFault::Doctype),
            Event::Eof => return tree.root.filter(|_| tree.open.is_empty()).ok_or(XmlFault::Broken),
        }
        is_first = false;
    }
}

/// What has been read so far.
struct Tree {
    depth: usize,
    /// Elements whose end has not come, the outermost first.
    open: Vec<Element>,
    /// The one element of the document, once it has ended.
    root: Option<Element>,
}

impl Tree {
    fn open(&mut self, tag: &BytesStart<'_>) -> Result<(), XmlFault> {
        let name = tag.name().into_inner();
        if self.root.is_some() || !is_name(name) {
            return Err(XmlFault::Broken);
        }
        if self.open.len() >= self.depth {
            return Err(XmlFault::Depth);
        }
        let mut element = Element { name: name.to_owned(), ..Element::default() };
        for attribute in tag.attributes() {
            if element.attributes.len() == MOST_ATTRIBUTES {
                return Err(XmlFault::Attributes);
            }
            let attribute = attribute.map_err(|_| XmlFault::Broken)?;
            let key = attribute.key.into_inner();
            // §3.1: what an attribute is stands between quotes without a `<`.
            if !is_name(key) || attribute.value.contains('<') {
                return Err(XmlFault::Broken);
            }
            let value = attribute
                .normalized_value_with(XmlVersion::Explicit1_0, 1, resolve_xml_entity)
                .map_err(|_| XmlFault::Entity)?;
            if !value.chars().all(is_char) {
                return Err(XmlFault::Entity);
            }
            element.attributes.push((key.to_owned(), value.into_owned()));
        }
        self.open.push(element);
        Ok(())
    }

    fn close(&mut self) -> Result<(), XmlFault> {
        let element = self.open.pop().ok_or(XmlFault::Broken)?;
        match self.open.last_mut() {
            Some(outer) => outer.nodes.push(Node::Element(element)),
            None => self.root = Some(element),
        }
        Ok(())
    }

    /// Text between tags; outside of the document's element it is nothing but spaces.
    fn text(&mut self, text: &str) -> Result<(), XmlFault> {
        if self.open.is_empty() && text.chars().all(is_space) { Ok(()) } else { self.section(text) }
    }

    /// Text that is some, whatever it is: it stands in an element.
    fn section(&mut self, text: &str) -> Result<(), XmlFault> {
        let element = self.open.last_mut().ok_or(XmlFault::Broken)?;
        match element.nodes.last_mut() {
            Some(Node::Text(before)) => before.push_str(text),
            _ if text.is_empty() => {}
            _ => element.nodes.push(Node::Text(text.to_owned())),
        }
        Ok(())
    }
}
