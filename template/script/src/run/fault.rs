//! The error in flight.

use crate::base::{Error, ErrorKind, Source};
use crate::value::Value;
use std::rc::Rc;

/// That a closure returns early; why, is noted in the run: a fault, or none where a link of an optional chain is nothing.
/// It has no size, so that `Result<Value, Halt>` is a value and `Result<Flow, Halt>` a byte.
#[derive(Clone, Copy, Debug)]
pub struct Halt(pub(super) ());

/// What every closure of a program returns.
pub type R<T> = Result<T, Halt>;

/// An error on its way up.
pub(crate) struct Fault {
    pub(crate) kind: ErrorKind,
    pub(super) message: String,
    /// The value of a `throw`.
    pub(super) value: Option<Value>,
    pub(super) offset: Option<u32>,
    pub(super) source: Option<Rc<Source>>,
    pub(super) chain: Vec<String>,
    /// Made elsewhere; only the chain is added.
    pub(super) ready: Option<Box<Error>>,
}

impl Fault {
    pub(super) fn new(kind: ErrorKind, message: String) -> Fault {
        Fault { kind, message, value: None, offset: None, source: None, chain: Vec::new(), ready: None }
    }
}
