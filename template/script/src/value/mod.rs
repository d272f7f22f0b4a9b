//! Values: what data, variables and expressions hold.

pub(crate) mod compare;
mod copy;
mod deserialize;
mod from;
mod holes;
mod kinds;
mod properties;
mod serialize;
mod table;

pub(crate) use kinds::VarCell;
pub use kinds::{Array, Function, Object, Value};
pub(crate) use kinds::{Class, Inner, Integrity, Mark};
pub(crate) use properties::Hint;
pub use serialize::{DataError, to_value};
pub(crate) use table::{Key, Table};
