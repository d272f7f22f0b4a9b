//! An error that has arrived: the value that `catch` binds, or the [`Error`] that the host is given.

use super::convert;
use super::fault::Fault;
use super::machine::Cx;
use crate::base::{Error, ErrorKind, Str};
use crate::value::{Class, Object, Value};

/// An error object as `new TypeError(message)` makes it.
pub(crate) fn error_object(cx: &Cx<'_>, name: &str, message: Str) -> Value {
    let object = cx.own(Object::new());
    object.set("name", name);
    object.set("message", message);
    object.0.class.set(Class::Error);
    object.into()
}

impl Cx<'_> {
    /// Takes the error in flight as the value that `catch` binds; `None` for a bound, which nothing in a program catches.
    pub(crate) fn catch(&mut self) -> Option<Value> {
        let catchable = self.fault.as_ref().is_some_and(|fault| fault.kind.catchable());
        let fault = if catchable { self.fault.take() } else { None }?;
        Some(match fault.value {
            Some(value) => value,
            None => error_object(self, fault.kind.name(), fault.message.into()),
        })
    }

    /// The error that ended this run, with place and chain.
    pub fn take_error(&mut self) -> Error {
        match self.fault.take() {
            Some(fault) => report(self, *fault),
            None => Error::new(ErrorKind::Thrown, "the run stopped"),
        }
    }
}

fn report(cx: &mut Cx<'_>, fault: Fault) -> Error {
    if let Some(error) = fault.ready {
        return error.with_chain(fault.chain);
    }
    let (mut kind, mut message) = (fault.kind, fault.message);
    if let Some(value) = &fault.value {
        // What was thrown may be one of JavaScript's errors, made or rethrown by the program.
        if let Value::Object(object) = value
            && object.0.class.get() == Class::Error
        {
            message = object.get("message").map(|m| shown(cx, &m)).unwrap_or_default();
            kind = kind_of(&object.get("name").map(|m| shown(cx, &m)).unwrap_or_default());
        } else {
            message = shown(cx, value);
        }
    }
    let error = match (&fault.source, fault.offset) {
        (Some(source), Some(offset)) => Error::at(kind, message, source, offset),
        _ => Error::new(kind, message),
    };
    error.with_chain(fault.chain)
}

/// A thrown value's text, cut to a length that a message may have.
fn shown(cx: &mut Cx<'_>, value: &Value) -> String {
    let text = convert::to_str(cx, value).unwrap_or_else(|_| Str::new("[value]"));
    text.as_str().chars().take(500).collect()
}

/// The kind that an error object's name stands for.
fn kind_of(name: &str) -> ErrorKind {
    match name {
        "SyntaxError" => ErrorKind::Syntax,
        "ReferenceError" => ErrorKind::Reference,
        "TypeError" => ErrorKind::Type,
        "RangeError" => ErrorKind::Range,
        "URIError" => ErrorKind::Uri,
        _ => ErrorKind::Thrown,
    }
}
