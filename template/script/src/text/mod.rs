//! What strings and regular expressions can do.

mod collation;
pub(crate) mod figures;
pub(crate) mod json;
pub(crate) mod locale;
pub(crate) mod markup;
pub(crate) mod replace;
pub(crate) mod search;
pub(crate) mod string;
pub(crate) mod uri;
