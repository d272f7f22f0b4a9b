//! What a message says: whose it is, and what it wraps.

use super::{error::Violation, handle::Kind, limits::Limits};
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt};

/// What begins the `cmd` of a message that is the channel's own.
pub const INTERNAL: &str = "NODE_";

/// The answer that a handle has come, as Node writes it.
pub(super) const TAKEN: &str = r#"{"cmd":"NODE_HANDLE_ACK"}"#;

/// A message, read as far as the channel must.
#[derive(Debug, PartialEq)]
pub enum Message<'a> {
    /// The program's.
    User(&'a str),
    /// The channel's own, of another command than those below. Node's cluster and its sockets have some.
    Internal(Cow<'a, str>),
    /// It wraps a message with which a handle comes.
    Handle(Kind, &'a str),
    /// The peer has the handle.
    Taken,
    /// The peer did not get the handle.
    NotTaken,
}

impl<'a> Message<'a> {
    /// Reads a frame.
    ///
    /// # Errors
    /// What it violates.
    pub fn read(frame: &'a [u8], limits: &Limits) -> Result<Self, Violation> {
        let json = std::str::from_utf8(frame).map_err(|_| Violation::NotUtf8)?;
        // One comes for each handle, and always so.
        if frame == TAKEN.as_bytes() && limits.depth > 0 && limits.fields > 0 {
            return Ok(Message::Taken);
        }
        // Before anything else looks at it: what reads JSON may follow the nesting on its stack.
        if depth(frame) > limits.depth {
            return Err(Violation::TooDeep);
        }
        if !json.trim_start_matches([' ', '\t', '\r', '\n']).starts_with('{') {
            return serde_json::from_str::<IgnoredAny>(json)
                .map_or(Err(Violation::NotJson), |_| Ok(Message::User(json)));
        }
        let head: Head<'a> = serde_json::from_str(json).map_err(|_| Violation::NotJson)?;
        if head.twice {
            return Err(Violation::NamedTwice);
        }
        let Some(command) = head.command.and_then(text).filter(|command| is_internal(command)) else {
            return Ok(Message::User(json));
        };
        if head.fields > limits.fields {
            return Err(Violation::TooManyFields);
        }
        match &*command {
            "NODE_HANDLE_ACK" => Ok(Message::Taken),
            "NODE_HANDLE_NACK" => Ok(Message::NotTaken),
            "NODE_HANDLE" => {
                let datagram_type = head.datagram_type.and_then(text);
                let kind = head.kind.and_then(text).and_then(|name| Kind::of(&name, datagram_type.as_deref()));
                let kind = kind.ok_or(Violation::UnknownType)?;
                Ok(Message::Handle(kind, head.message.ok_or(Violation::NoMessage)?.get()))
            }
            _ => Ok(Message::Internal(command)),
        }
    }
}

/// Node's rule: longer than the prefix alone.
fn is_internal(command: &str) -> bool {
    command.strip_prefix(INTERNAL).is_some_and(|rest| !rest.is_empty())
}

/// What Node writes around a message with which a handle goes, to the octet.
pub(super) fn wrap(kind: Kind, json: &str) -> String {
    let datagram = kind.datagram_type().map_or(String::new(), |name| format!(",\"dgramType\":\"{name}\""));
    format!("{{\"cmd\":\"NODE_HANDLE\",\"type\":\"{}\",\"msg\":{json}{datagram}}}", kind.name())
}

/// How deep arrays and objects nest, for octets that may be no JSON at all: no valid JSON nests deeper.
fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0usize, 0, false, false);
    for octet in json {
        match octet {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
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

/// The string that a value is, if it is one.
fn text(value: &RawValue) -> Option<Cow<'_, str>> {
    let json = value.get();
    match json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(plain) if !plain.contains('\\') => Some(Cow::Borrowed(plain)),
        _ => serde_json::from_str(json).ok().map(Cow::Owned),
    }
}

/// The fields of an object that the channel looks at.
#[derive(Default)]
struct Head<'a> {
    command: Option<&'a RawValue>,
    kind: Option<&'a RawValue>,
    message: Option<&'a RawValue>,
    datagram_type: Option<&'a RawValue>,
    /// All fields, those that nobody looks at included.
    fields: usize,
    twice: bool,
}

/// A field's name.
enum Name {
    Command,
    Kind,
    Message,
    DatagramType,
    Other,
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl Visitor<'_> for Names {
            type Value = Name;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field's name")
            }
            fn visit_str<E>(self, name: &str) -> Result<Name, E> {
                Ok(match name {
                    "cmd" => Name::Command,
                    "type" => Name::Kind,
                    "msg" => Name::Message,
                    "dgramType" => Name::DatagramType,
                    _ => Name::Other,
                })
            }
        }
        deserializer.deserialize_identifier(Names)
    }
}

impl<'de> Deserialize<'de> for Head<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Head<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Head<'de>, A::Error> {
                let mut head = Head::default();
                while let Some(name) = map.next_key()? {
                    head.fields += 1;
                    let place = match name {
                        Name::Command => &mut head.command,
                        Name::Kind => &mut head.kind,
                        Name::Message => &mut head.message,
                        Name::DatagramType => &mut head.datagram_type,
                        Name::Other => {
                            map.next_value::<IgnoredAny>()?;
                            continue;
                        }
                    };
                    head.twice |= place.replace(map.next_value()?).is_some();
                }
                Ok(head)
            }
        }
        deserializer.deserialize_map(Fields)
    }
}
