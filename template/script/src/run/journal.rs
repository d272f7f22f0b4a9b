//! What a run changed, and how it is undone.
//!
//! JavaScript passes objects by reference, and a program may sort the list it was given. The host must not find its
//! data sorted afterwards, and a second run must not see what the first one did. So the first change to a container
//! that this run did not make notes the old contents; the end of the run, by success or by error, puts them
//! back. No copy is made for programs that only read.
//!
//! The other end of the same string: values are counted references, and a cycle would never be freed. A cycle can only
//! arise by putting a container or a function into something that already exists, so those somethings are noted too,
//! and emptied at the end.

use crate::base::{Str, memory::Held};
use crate::value::{Array, Integrity, Object, Value, VarCell};
use std::collections::HashMap;

/// A container and what it held before this run changed it.
pub(crate) enum Saved {
    Array(Array, Vec<Value>, Stamp),
    Object(Object, Vec<(Str, Value)>, Stamp),
}

/// Whose a container was, and how it could be changed.
pub(crate) type Stamp = (u32, Integrity);

/// Something that this run made, and that may be part of a cycle.
pub(crate) enum Linked {
    Array(Array),
    Object(Object),
    Cell(VarCell),
}

/// The notes of one run.
#[derive(Default)]
pub(crate) struct Journal {
    pub(crate) saved: Vec<Saved>,
    pub(crate) linked: Vec<Linked>,
    /// Functions and regular expressions that were frozen, or less, by where they lie; for this run.
    pub(crate) restricted: HashMap<usize, (Value, Integrity, Held)>,
    /// Properties by name of arrays and functions, by where these lie; for this run.
    pub(crate) named: HashMap<usize, (Value, Object, Held)>,
}
