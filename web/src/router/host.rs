//! Routes of one host: `api.example.com`, `{tenant}.example.com`.
//!
//! Labels are compared without case, and one parameter stands for one label. What stands behind a `:` in the request's Host is
//! the port, and not looked at; nor is a dot at the end (RFC 3986 §3.2.2). Whether a host is ours at all is another question:
//! an application says so once, for all routes.

use super::tree::Spans;
use std::cmp::Ordering;

/// A host as routes name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    text: String,
    labels: Vec<Label>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Label {
    Literal(String),
    Parameter(String),
}

impl Host {
    /// Reads a host; `None` for what is none: a label that is empty or has other bytes than `[A-Za-z0-9_-]`, a port, an IPv6
    /// address, a parameter's name that is none or comes twice.
    pub(super) fn parse(text: &str) -> Option<Host> {
        let labels: Vec<Label> = text.split('.').map(Label::parse).collect::<Option<_>>()?;
        let host = Host { text: text.to_ascii_lowercase(), labels };
        let names: Vec<&str> = host.names().collect();
        let is_twice = names.iter().enumerate().any(|(at, name)| names[..at].contains(name));
        (text.len() <= 253 && !is_twice).then_some(host)
    }

    /// As it was written, in small letters.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The names of its parameters, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.labels.iter().filter_map(|label| match label {
            Label::Parameter(name) => Some(&**name),
            Label::Literal(_) => None,
        })
    }

    /// Whether a request's Host is this one; the values of parameters are kept as places in `host`.
    pub(super) fn admits(&self, host: &str, spans: &mut Spans) -> bool {
        let name = without_port(host);
        spans.count = 0;
        let mut at = 0;
        let mut labels = self.labels.iter();
        for found in name.split('.') {
            match labels.next() {
                Some(Label::Literal(literal)) if literal.eq_ignore_ascii_case(found) => {}
                Some(Label::Parameter(_)) if !found.is_empty() => {
                    let place = spans.places.get_mut(spans.count);
                    let Some(place) = place else { return false };
                    *place = (at as u32, (at + found.len()) as u32);
                    spans.count += 1;
                }
                _ => return false,
            }
            at += found.len() + 1;
        }
        labels.next().is_none()
    }

    /// What is looked at first: a host that has literals where the other has parameters, from the end.
    pub(super) fn before(&self, other: &Host) -> Ordering {
        let is_parameter = |host: &Host| -> Vec<bool> {
            host.labels.iter().rev().map(|label| matches!(label, Label::Parameter(_))).collect()
        };
        is_parameter(self).cmp(&is_parameter(other))
    }

    /// Whether both admit the same hosts, whatever their parameters are called.
    pub(super) fn is_like(&self, other: &Host) -> bool {
        let same = |(a, b): (&Label, &Label)| match (a, b) {
            (Label::Literal(a), Label::Literal(b)) => a == b,
            (Label::Parameter(_), Label::Parameter(_)) => true,
            _ => false,
        };
        self.labels.len() == other.labels.len() && self.labels.iter().zip(&other.labels).all(same)
    }
}

impl Label {
    fn parse(text: &str) -> Option<Label> {
        let is_name = |name: &str, also: u8| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == also)
        };
        if let Some(inside) = text.strip_prefix('{') {
            let name = inside.strip_suffix('}')?;
            let is_parameter = is_name(name, b'_') && !name.starts_with(|first: char| first.is_ascii_digit());
            return is_parameter.then(|| Label::Parameter(name.to_owned()));
        }
        is_name(text, b'-').then(|| Label::Literal(text.to_ascii_lowercase()))
    }
}

fn without_port(host: &str) -> &str {
    // In an IPv6 address the colons are its own; no pattern fits one.
    let name = if host.starts_with('[') { host } else { host.split(':').next().unwrap_or(host) };
    name.strip_suffix('.').unwrap_or(name)
}
