//! Where in the HTML does each output tag stand?
//!
//! Escaping makes data safe as text and in quoted attributes. This room follows the text between the tags with the
//! states of the HTML tokenizer (WHATWG HTML §13.2.5), as far as they tell contexts apart, and notes every `<%=` that
//! stands elsewhere. It reads the template from top to bottom as if every branch were taken, which is right for
//! templates whose branches each leave the HTML as they found it, and they do, or the page would be broken too.

use std::fmt;
use wirebook_script::{Piece, Position, Prepared, Source, Tag};

/// A context that HTML escaping does not make safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    /// An attribute value without quotes: a blank in the data starts a new attribute.
    UnquotedAttribute,
    /// Where a tag's or an attribute's name stands.
    Name,
    /// Inside `<script>`: entities mean nothing there, and quotes are not what delimits code.
    Script,
    /// Inside `<style>` or a `style` attribute.
    Style,
    /// An attribute that runs code, such as `onclick`.
    EventHandler,
    /// An attribute that holds a URL, such as `href`: `javascript:` has no character to escape.
    Url,
}

impl Context {
    /// What to write instead.
    pub fn advice(self) -> &'static str {
        match self {
            Context::UnquotedAttribute => "put the attribute's value in quotes",
            Context::Name => "do not make names of data; choose between constants",
            Context::Script => "write `<%- json(value) %>`, without quotes around it",
            Context::Style => "do not put data into styles; choose between classes",
            Context::EventHandler => "write `jsString(value)` inside a quoted string, or use a data attribute",
            Context::Url => "write `url(value)` for a whole URL, `encodeURIComponent(value)` for a part of one",
        }
    }
}

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Context::UnquotedAttribute => "an unquoted attribute",
            Context::Name => "a name",
            Context::Script => "a <script>",
            Context::Style => "a style",
            Context::EventHandler => "an event handler",
            Context::Url => "a URL attribute",
        })
    }
}

/// An output tag in a context that escaping does not make safe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The template's name.
    pub file: String,
    /// Where the tag stands.
    pub position: Position,
    /// What it stands in.
    pub context: Context,
    /// The source line with a caret.
    pub excerpt: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "output tag in {}: {}", self.context, self.context.advice())
    }
}

/// States of the tokenizer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Text,
    /// After `<`.
    TagOpen,
    TagName,
    BeforeName,
    AttributeName,
    AfterName,
    BeforeValue,
    Quoted(u8),
    Unquoted,
    Comment,
    /// Inside an element whose text is not markup, up to its end tag.
    RawText,
}

struct Walker {
    state: State,
    tag: String,
    attribute: String,
    /// The last bytes read, to find the ends of comments and raw text.
    tail: Vec<u8>,
}

/// Attributes that hold a URL.
const URLS: [&str; 12] = [
    "href",
    "src",
    "action",
    "formaction",
    "cite",
    "data",
    "poster",
    "background",
    "ping",
    "srcset",
    "xlink:href",
    "manifest",
];
/// Elements whose content is text (§13.1.2).
const RAW: [&str; 4] = ["script", "style", "textarea", "title"];
/// Calls that make a value safe in the context.
const URL_CALLS: [&str; 4] = ["url(", "safeUrl(", "encodeURIComponent(", "encodeURI("];

pub(crate) fn check(prepared: &Prepared, pieces: &[Piece], source: &Source) -> Vec<Warning> {
    let mut walker = Walker { state: State::Text, tag: String::new(), attribute: String::new(), tail: Vec::new() };
    let mut warnings = Vec::new();
    for piece in pieces {
        match *piece {
            Piece::Text { start, end } => {
                prepared.text().as_bytes()[start as usize..end as usize].iter().for_each(|&byte| walker.read(byte));
            }
            Piece::Code { kind, tag, start, end } if kind != Tag::Run => {
                let code = prepared.text()[start as usize..end as usize].trim();
                if kind == Tag::Escaped
                    && let Some(context) = walker.context(code)
                {
                    let position = source.position(prepared.original(tag));
                    let (file, excerpt) = (source.name().to_owned(), source.excerpt(position));
                    warnings.push(Warning { file, position, context, excerpt });
                }
                walker.output();
            }
            _ => {}
        }
    }
    warnings
}

impl Walker {
    fn read(&mut self, byte: u8) {
        use State::*;
        let blank = matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0C);
        self.state = match self.state {
            Text if byte == b'<' => TagOpen,
            Text => Text,
            TagOpen if byte.is_ascii_alphabetic() || byte == b'/' => {
                self.tag.clear();
                self.push_name(byte);
                TagName
            }
            TagOpen if byte == b'!' => {
                self.tail.clear();
                Comment
            }
            TagOpen => Text,
            TagName | BeforeName | AfterName | AttributeName | Unquoted | BeforeValue if byte == b'>' => self.opened(),
            TagName if blank || byte == b'/' && !self.tag.is_empty() => BeforeName,
            TagName => {
                self.push_name(byte);
                TagName
            }
            BeforeName | AfterName if blank || byte == b'/' => self.state,
            AttributeName if blank => AfterName,
            AttributeName | AfterName if byte == b'=' => BeforeValue,
            AttributeName => {
                self.push_attribute(byte);
                AttributeName
            }
            BeforeName | AfterName => {
                self.attribute.clear();
                self.push_attribute(byte);
                AttributeName
            }
            BeforeValue if blank => BeforeValue,
            BeforeValue if matches!(byte, b'"' | b'\'') => Quoted(byte),
            BeforeValue => Unquoted,
            Unquoted if blank => BeforeName,
            Unquoted => Unquoted,
            Quoted(quote) if byte == quote => BeforeName,
            Quoted(quote) => Quoted(quote),
            Comment | RawText => self.in_text(byte),
        };
    }

    fn push_name(&mut self, byte: u8) {
        if self.tag.len() < 32 {
            self.tag.push(char::from(byte.to_ascii_lowercase()));
        }
    }

    fn push_attribute(&mut self, byte: u8) {
        if self.attribute.len() < 32 {
            self.attribute.push(char::from(byte.to_ascii_lowercase()));
        }
    }

    /// After the `>` of a tag.
    fn opened(&mut self) -> State {
        self.tail.clear();
        if RAW.contains(&self.tag.as_str()) { State::RawText } else { State::Text }
    }

    /// Inside a comment or raw text: looks for `-->` or the end tag.
    fn in_text(&mut self, byte: u8) -> State {
        self.tail.push(byte.to_ascii_lowercase());
        if self.tail.len() > 64 {
            // The first two bytes stay: they say what kind of comment it is.
            self.tail.drain(2..34);
        }
        let done = match self.state {
            State::Comment if !self.tail.starts_with(b"--") => byte == b'>',
            State::Comment => self.tail.ends_with(b"-->"),
            _ => {
                // `</`, the element's name, and this byte.
                let before = &self.tail[..self.tail.len() - 1];
                matches!(byte, b'>' | b' ' | b'\n' | b'\t' | b'/')
                    && before.strip_suffix(self.tag.as_bytes()).is_some_and(|rest| rest.ends_with(b"</"))
            }
        };
        match (done, self.state) {
            (false, state) => state,
            (true, State::RawText) if byte != b'>' => {
                self.tag.clear();
                State::BeforeName
            }
            (true, _) => State::Text,
        }
    }

    /// The unsafe context of an output tag here, if it is one.
    fn context(&self, code: &str) -> Option<Context> {
        let calls = |names: &[&str]| names.iter().any(|name| code.starts_with(name));
        match self.state {
            State::Unquoted | State::BeforeValue => Some(Context::UnquotedAttribute),
            State::TagOpen | State::TagName | State::BeforeName | State::AttributeName | State::AfterName => {
                Some(Context::Name)
            }
            State::RawText if self.tag == "script" => Some(Context::Script),
            State::RawText if self.tag == "style" => Some(Context::Style),
            State::Quoted(_) if self.attribute.starts_with("on") => {
                (!calls(&["jsString("])).then_some(Context::EventHandler)
            }
            State::Quoted(_) if self.attribute == "style" => Some(Context::Style),
            State::Quoted(_) if URLS.contains(&self.attribute.as_str()) => (!calls(&URL_CALLS)).then_some(Context::Url),
            _ => None,
        }
    }

    /// What an output tag does to the state: it is some text.
    fn output(&mut self) {
        match self.state {
            State::BeforeValue => self.state = State::Unquoted,
            State::TagOpen => self.state = State::TagName,
            State::BeforeName | State::AfterName => {
                self.attribute.clear();
                self.state = State::AttributeName;
            }
            State::Comment | State::RawText => self.tail.push(b'x'),
            _ => {}
        }
    }
}
