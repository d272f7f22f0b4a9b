//! What people typed: queries and forms.

mod form;
mod pairs;

pub use form::{FORM, FormFault, Limits, QUERY, Value, form};
pub use pairs::{pairs, write};
