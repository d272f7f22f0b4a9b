//! Values: what data, variables and expressions hold.

pub(crate) mod compare;
mod deserialize;
mod from;
mod kinds;
mod properties;
mod serialize;

pub(crate) use kinds::VarCell;
pub use kinds::{Array, Function, Object, Value};
pub(crate) use kinds::{Class, Mark};
pub(crate) use properties::Hint;
pub use serialize::{DataError, to_value};
