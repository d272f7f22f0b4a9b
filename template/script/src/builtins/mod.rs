//! What the built-ins do: `Math`, `JSON`, `Date`, `Map`, and the methods of arrays, numbers, objects and functions. Which name
//! finds which of them is said in [`crate::lookup`].

pub(crate) mod array;
pub(crate) mod callback;
pub(crate) mod collection;
pub(crate) mod date;
pub(crate) mod global;
pub(crate) mod json;
pub(crate) mod math;
pub(crate) mod numbers;
pub(crate) mod object;
