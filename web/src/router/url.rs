//! From a route's name back to a path: what is found by it is the same route.

use super::{
    path::wash,
    pattern::{Class, Part},
    routes::Router,
};
use crate::text::percent::{encode, is_pchar};
use std::fmt;

/// Why there is no path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoUrl {
    /// No route has this name.
    Unknown(String),
    /// A parameter of the path has no value.
    Missing(String),
    /// The route has no such parameter.
    Unused(String),
    /// The value is not of the parameter's class, or is one that no request's path can have: nothing, `..`, a NUL, a backslash.
    Value(String),
}

impl fmt::Display for NoUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoUrl::Unknown(name) => write!(out, "no route is named {name}"),
            NoUrl::Missing(name) => write!(out, "{{{name}}} has no value"),
            NoUrl::Unused(name) => write!(out, "the route has no {{{name}}}"),
            NoUrl::Value(name) => write!(out, "the value of {{{name}}} can not stand in this path"),
        }
    }
}

impl std::error::Error for NoUrl {}

impl<T> Router<T> {
    /// The path of the route with this name, for these values. A slash in a value of `{name}` becomes `%2F`; in one of `{*rest}`
    /// it separates segments.
    ///
    /// # Errors
    ///
    /// A name that no route has; a value that is missing, too much, or can not stand there.
    pub fn url(&self, name: &str, values: &[(&str, &str)]) -> Result<String, NoUrl> {
        let route = self.names.get(name).map(|at| &self.routes[*at]);
        let pattern = route.ok_or_else(|| NoUrl::Unknown(name.to_owned()))?.pattern();
        let value = |wanted: &str| {
            let value = values.iter().find(|(known, _)| *known == wanted);
            value.map(|(_, value)| *value).ok_or_else(|| NoUrl::Missing(wanted.to_owned()))
        };
        if let Some((unused, _)) = values.iter().find(|(known, _)| pattern.names().all(|name| name != *known)) {
            return Err(NoUrl::Unused((*unused).to_owned()));
        }
        let mut path = String::new();
        let mut last = "";
        for part in pattern.parts() {
            match part {
                // Its `%2F` and `%25` are escapes already.
                Part::Literal(literal) => {
                    encode(literal.as_bytes(), |byte| is_pchar(byte) || b"/%".contains(&byte), &mut path)
                }
                Part::Parameter { name, class, suffix } => {
                    let value = value(name)?;
                    last = name;
                    if !fits(*class, value) {
                        return Err(NoUrl::Value(name.clone()));
                    }
                    encode(value.as_bytes(), is_pchar, &mut path);
                    encode(suffix.as_bytes(), |byte| is_pchar(byte) || byte == b'%', &mut path);
                }
                Part::Rest { name } => {
                    let value = value(name)?;
                    last = name;
                    if value.is_empty() {
                        return Err(NoUrl::Value(name.clone()));
                    }
                    encode(value.as_bytes(), |byte| is_pchar(byte) || byte == b'/', &mut path);
                }
            }
        }
        // A value can make a segment `..` only together with what stands around it.
        match wash(&path) {
            Ok(_) => Ok(path),
            Err(_) => Err(NoUrl::Value(last.to_owned())),
        }
    }
}

fn fits(class: Class, value: &str) -> bool {
    class.admits(value.as_bytes())
}
