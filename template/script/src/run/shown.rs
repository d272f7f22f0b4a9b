//! Values as V8 names them in its sentences, which runs no code for it.

use super::fault::R;
use super::machine::Cx;
use crate::base::Str;
use crate::syntax::origin::Origin;
use crate::value::{Class, Inner, Object, Value, compare, compare::primitive_to_str};
use std::convert::Infallible;

/// What was to be done with a property: the verb, and how it is called beside the key.
pub(crate) const READ: (&str, &str) = ("read", "reading");
pub(crate) const SET: (&str, &str) = ("set", "setting");

/// As in `#<Object> is not a function`.
pub(crate) fn shown(value: &Value) -> Str {
    let tag = |name: &str| Str::from(format!("[object {name}]"));
    match value {
        Value::Array(_) => tag("Array"),
        Value::RegExp(_) => tag("RegExp"),
        Value::Function(function) if function.is_space() => "#<Object>".into(),
        Value::Function(function) => function.to_text(),
        Value::Object(object) => match (object.0.class.get(), object.inner()) {
            (Class::Error, _) => {
                // One inside another is not gone into: it may be the same one.
                let part =
                    |part: &Value| Ok::<_, Infallible>(if part.is_object() { tag("Object") } else { shown(part) });
                error_text(object, part).unwrap_or_else(|e| match e {})
            }
            (Class::Date, _) => tag("Date"),
            (Class::Map, _) => "#<Map>".into(),
            (Class::Set, _) => "#<Set>".into(),
            (Class::Boxed, Some(Inner::Primitive(value))) => match value {
                Value::String(_) => tag("String"),
                Value::Bool(_) => tag("Boolean"),
                _ => tag("Number"),
            },
            // What would be asked for its text is not.
            _ if object.get("toString").is_some() => tag("Object"),
            _ => "#<Object>".into(),
        },
        other => primitive_to_str(other),
    }
}

/// §20.5.3.4 the text of an error, its name and message made text by `text`.
pub(crate) fn error_text<E>(error: &Object, mut text: impl FnMut(&Value) -> Result<Str, E>) -> Result<Str, E> {
    let mut part = |key, otherwise: &str| match error.get(key) {
        None | Some(Value::Undefined) => Ok(Str::from(otherwise)),
        Some(value) => text(&value),
    };
    let (name, message) = (part("name", "Error")?, part("message", "")?);
    Ok(match (name.as_str(), message.as_str()) {
        ("", _) => message,
        (_, "") => name,
        (name, message) => format!("{name}: {message}").into(),
    })
}

/// What stands for a value whose expression is not known: its kind, and a primitive's text.
pub(crate) fn by_kind(value: &Value) -> String {
    let (kind, text) = (compare::type_of(value), primitive_to_str(value));
    match value {
        Value::Function(function) if function.is_space() => "object".into(),
        Value::Undefined => kind.into(),
        Value::String(text) => format!("{kind} \"{}\"", text.as_str()),
        _ if text.as_str().is_empty() => kind.into(),
        _ => format!("{kind} {}", text.as_str()),
    }
}

impl Cx<'_> {
    /// A property of nothing: "Cannot read properties of undefined (reading 'x')". A key whose text is its class alone is left out.
    #[cold]
    pub(crate) fn no_property<T>(&mut self, what: (&str, &str), value: &Value, key: &Value) -> R<T> {
        let ((verb, doing), value, key) = (what, primitive_to_str(value), shown(key));
        let named =
            if key.as_str().starts_with("[object ") { String::new() } else { format!(" ({doing} '{}')", key.as_str()) };
        self.type_error(format!("Cannot {verb} properties of {}{named}", value.as_str()))
    }

    /// A value that can not be iterated or taken apart.
    #[cold]
    pub(crate) fn not_from<T>(&mut self, value: &Value, origin: &Origin) -> R<T> {
        let nothing = value.is_nullish().then(|| primitive_to_str(value));
        self.type_error(origin.sentence(nothing.as_ref().map(Str::as_str), &by_kind(value)))
    }
}
