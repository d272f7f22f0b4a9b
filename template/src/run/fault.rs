//! The error in flight, and how it becomes a JavaScript value or an [`Error`].

use super::Cx;
use crate::error::{Error, ErrorKind};
use crate::source::Source;
use crate::value::{Class, Object, Str, Value, convert};
use std::rc::Rc;

/// Something went wrong; what, stands in [`Cx::fault`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Halt;

/// What every closure of a template returns.
pub(crate) type R<T> = Result<T, Halt>;

/// An error on its way up.
pub(crate) struct Fault {
    pub(crate) kind: ErrorKind,
    message: String,
    /// The value of a `throw`.
    value: Option<Value>,
    offset: Option<u32>,
    source: Option<Rc<Source>>,
    chain: Vec<String>,
    /// Made elsewhere; only the chain is added.
    ready: Option<Box<Error>>,
}

impl Fault {
    pub(super) fn into_error(self, cx: &mut Cx<'_>) -> Error {
        if let Some(error) = self.ready {
            return error.with_chain(self.chain);
        }
        let (mut kind, mut message) = (self.kind, self.message);
        if let Some(value) = &self.value {
            // What was thrown may be one of JavaScript's errors, made or rethrown by the template.
            if let Value::Object(object) = value
                && object.0.class.get() == Class::Error
            {
                message = object.get("message").map(|m| shown(cx, &m)).unwrap_or_default();
                kind = kind_of(&object.get("name").map(|m| shown(cx, &m)).unwrap_or_default());
            } else {
                message = shown(cx, value);
            }
        }
        let error = match (&self.source, self.offset) {
            (Some(source), Some(offset)) => Error::at(kind, message, source, offset),
            _ => Error::new(kind, message),
        };
        error.with_chain(self.chain)
    }
}

/// A thrown value's text, cut to a length that a message may have.
fn shown(cx: &mut Cx<'_>, value: &Value) -> String {
    let text = convert::to_str(cx, value).unwrap_or_else(|_| Str::new("[value]"));
    text.to_output().chars().take(500).collect()
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

/// An error object as `new TypeError(message)` makes it.
pub(crate) fn error_object(cx: &Cx<'_>, name: &str, message: Str) -> Value {
    let object = cx.own(Object::new());
    object.set("name", name);
    object.set("message", message);
    object.0.class.set(Class::Error);
    object.into()
}

impl Cx<'_> {
    /// Notes an error. Its place is added by the closure that knows it.
    #[cold]
    pub(crate) fn fail<T>(&mut self, kind: ErrorKind, message: impl Into<String>) -> R<T> {
        self.fault = Some(Box::new(Fault {
            kind,
            message: message.into(),
            value: None,
            offset: None,
            source: None,
            chain: Vec::new(),
            ready: None,
        }));
        Err(Halt)
    }

    pub(crate) fn type_error<T>(&mut self, message: impl Into<String>) -> R<T> {
        self.fail(ErrorKind::Type, message)
    }

    /// An error that already has its place, such as one of compiling an included template.
    #[cold]
    pub(crate) fn fail_with<T>(&mut self, error: Error) -> R<T> {
        let kind = error.kind();
        let halted = self.fail(kind, error.message());
        if let Some(fault) = &mut self.fault {
            fault.ready = error.position().is_some().then(|| Box::new(error));
        }
        halted
    }

    /// `throw value`.
    pub(crate) fn throw<T>(&mut self, value: Value) -> R<T> {
        let halted = self.fail(ErrorKind::Thrown, "");
        if let Some(fault) = &mut self.fault {
            fault.value = Some(value);
        }
        halted
    }

    /// Adds the place to an error that has none yet.
    #[cold]
    pub(crate) fn at(&mut self, halt: Halt, offset: u32) -> Halt {
        if let Some(fault) = &mut self.fault
            && fault.source.is_none()
        {
            fault.offset.get_or_insert(offset);
        }
        halt
    }

    /// Says which source the error's place is in; the innermost function or unit that it leaves is the one.
    pub(crate) fn in_source(&mut self, source: &Rc<Source>) {
        if let Some(fault) = &mut self.fault {
            fault.source.get_or_insert_with(|| source.clone());
        }
    }

    /// Adds a link to the chain of includes.
    pub(crate) fn included_at(&mut self, halt: Halt, source: &Rc<Source>, offset: u32) -> Halt {
        if let Some(fault) = &mut self.fault
            && fault.chain.len() < 8
            && fault.source.is_some()
        {
            let at = source.position(offset);
            fault.chain.push(format!("{}:{}:{}", source.name, at.line, at.column));
        }
        halt
    }

    /// Takes the error in flight as the value that `catch` binds; `None` for a bound, which nothing in a template catches.
    pub(crate) fn catch(&mut self) -> Option<Value> {
        let catchable = self.fault.as_ref().is_some_and(|fault| fault.kind.catchable());
        let fault = if catchable { self.fault.take() } else { None }?;
        Some(match fault.value {
            Some(value) => value,
            None => error_object(self, fault.kind.name(), fault.message.into()),
        })
    }
}
