//! What people typed: queries and forms; and what programs write to each other: XML.

mod form;
mod pairs;
mod xml;

pub use form::{FORM, FormFault, Limits, QUERY, Value, form};
pub use pairs::{pairs, write};
pub use xml::{Element, MOST_ATTRIBUTES, Node, XmlFault, xml};
