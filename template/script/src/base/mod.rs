//! The ground: strings and numbers as JavaScript has them, places in a source, errors, bounds.

pub(crate) mod calendar;
pub(crate) mod dates;
pub(crate) mod digits;
mod error;
pub(crate) mod fdlibm;
mod limits;
pub(crate) mod memory;
pub(crate) mod number;
mod power;
mod source;
pub(crate) mod stack;
mod string;
pub(crate) mod trigonometry;

pub use error::{Error, ErrorKind};
pub use limits::Limits;
pub use source::{Position, Source};
pub use string::Str;
pub(crate) use string::Units;
