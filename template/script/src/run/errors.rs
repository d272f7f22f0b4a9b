//! Noting an error: what, and where.

use super::fault::{Fault, Halt, R};
use super::machine::Cx;
use crate::base::{Error, ErrorKind, Source, Str};
use crate::value::Value;
use std::rc::Rc;

impl Cx<'_> {
    /// Notes an error. Its place is added by the closure that knows it.
    ///
    /// # Errors
    /// Always.
    #[cold]
    pub fn fail<T>(&mut self, kind: ErrorKind, message: impl Into<String>) -> R<T> {
        self.fault = Some(Box::new(Fault::new(kind, message.into())));
        Err(Halt(()))
    }

    /// Notes a TypeError.
    ///
    /// # Errors
    /// Always.
    pub fn type_error<T>(&mut self, message: impl Into<String>) -> R<T> {
        self.fail(ErrorKind::Type, message)
    }

    /// Notes an error that already has its place, such as one of compiling another program.
    ///
    /// # Errors
    /// Always.
    #[cold]
    pub fn fail_with<T>(&mut self, error: Error) -> R<T> {
        let kind = error.kind();
        let halted = self.fail(kind, error.message());
        if let Some(fault) = &mut self.fault {
            fault.ready = error.position().is_some().then(|| Box::new(error));
        }
        halted
    }

    /// `a?.b` where `a` is nothing: then the whole chain is nothing, and the closure of the chain catches this. An error has a
    /// fault, and this has none; a fault that a helper has swallowed goes.
    #[cold]
    pub(crate) fn absent<T>(&mut self) -> R<T> {
        self.fault = None;
        Err(Halt(()))
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
    pub fn at(&mut self, halt: Halt, offset: u32) -> Halt {
        if let Some(fault) = &mut self.fault
            && fault.source.is_none()
        {
            fault.offset.get_or_insert(offset);
        }
        halt
    }

    /// Says which source the error's place is in; the innermost function or program that it leaves is the one.
    pub(crate) fn in_source(&mut self, source: &Rc<Source>) {
        if let Some(fault) = &mut self.fault {
            fault.source.get_or_insert_with(|| source.clone());
        }
    }

    /// Adds a link to the chain of includes.
    pub fn included_at(&mut self, halt: Halt, source: &Rc<Source>, offset: u32) -> Halt {
        if let Some(fault) = &mut self.fault
            && fault.chain.len() < 8
            && fault.source.is_some()
        {
            let at = source.position(offset);
            fault.chain.push(format!("{}:{}:{}", source.name(), at.line, at.column));
        }
        halt
    }
}

/// A `let` or `const` that is read before its declaration was reached.
#[cold]
pub(crate) fn uninitialised<T>(cx: &mut Cx<'_>, name: &Str, pos: u32) -> R<T> {
    let failed = cx.fail(ErrorKind::Reference, format!("Cannot access '{}' before initialization", name.as_str()));
    failed.map_err(|h| cx.at(h, pos))
}

/// A name that nothing has.
#[cold]
pub(crate) fn missing<T>(cx: &mut Cx<'_>, name: &Str, pos: u32) -> R<T> {
    let failed = cx.fail(ErrorKind::Reference, format!("{} is not defined", name.as_str()));
    failed.map_err(|h| cx.at(h, pos))
}

/// A variable in a slot that has no value, for one reason or the other.
#[cold]
pub(crate) fn absent<T>(cx: &mut Cx<'_>, slot: usize, name: &Str, pos: u32) -> R<T> {
    if matches!(cx.slot(slot).in_cell(), Value::Uninit) { uninitialised(cx, name, pos) } else { missing(cx, name, pos) }
}
