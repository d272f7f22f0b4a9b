//! Where a value that is iterated or taken apart comes from, and the sentence of V8's that says that it can not be.
//!
//! V8 looks for an expression at the place of the error. For a declaration it finds what is assigned, for a parameter
//! nothing, for an element of a pattern sometimes its neighbour: the rules here are what it comes to in Node 20.

use super::ast::*;
use crate::base::number;

/// What stands in a sentence for a value.
#[derive(Clone, Copy)]
enum Word<'e> {
    Nothing,
    /// The value itself: `number 1`, `object null`.
    Value,
    Text(&'e str),
    Expr(&'e Expr),
}

impl Word<'_> {
    fn text(self) -> Option<String> {
        match self {
            Word::Nothing | Word::Value => None,
            Word::Text(text) => Some(text.into()),
            Word::Expr(expr) => Some(expr.shown()),
        }
    }
}

/// Where what a pattern takes apart comes from.
#[derive(Clone, Copy)]
pub(crate) struct From<'e> {
    object: Word<'e>,
    list: Word<'e>,
    /// The property of `object` that it is.
    key: Option<&'e Key>,
}

impl<'e> From<'e> {
    /// `let pattern = value`.
    pub(crate) fn declared(value: &'e Expr) -> From<'e> {
        let list = if begins(value) { Word::Expr(value) } else { Word::Nothing };
        From { object: Word::Expr(value), list, key: None }
    }

    /// `[pattern] = value`.
    pub(crate) fn assigned(value: &'e Expr) -> From<'e> {
        From { object: Word::Expr(value), list: Word::Nothing, key: None }
    }

    /// `[pattern = value]`.
    pub(crate) fn default(value: &'e Expr) -> From<'e> {
        let list = if is_found(value) && !is_literal(value) { Word::Expr(value) } else { Word::Nothing };
        From { object: Word::Expr(value), list, key: None }
    }

    /// An argument, or the default value of the parameter.
    pub(crate) fn parameter(default: bool) -> From<'e> {
        // The test for an argument, the default value and the argument.
        let of_default = Word::Text("(intermediate value)(intermediate value)(intermediate value)");
        From { object: if default { of_default } else { Word::Value }, list: Word::Nothing, key: None }
    }

    /// `for (const pattern of …)`, whose value has a name in V8.
    const LOOP: From<'static> = From { object: Word::Text(".for"), list: Word::Text(".for"), key: None };
    /// `catch (pattern)`.
    pub(crate) const CATCH: From<'static> = From { object: Word::Text(".catch"), list: Word::Nothing, key: None };
    /// An element, or whatever has no name.
    pub(crate) const ELEMENT: From<'static> = From { object: Word::Nothing, list: Word::Nothing, key: None };

    /// What it is called, which many properties may ask for.
    pub(crate) fn text(self) -> Option<String> {
        self.object.text()
    }

    pub(crate) fn named(self, text: Option<&'e str>) -> From<'e> {
        From { object: text.map_or(self.object, Word::Text), ..self }
    }

    /// What a turn of `for (pattern of …)` gives: it has a name where the loop declares its variables.
    pub(crate) fn turn(pattern: &Pattern) -> From<'static> {
        if writes(pattern) { From::ELEMENT } else { From::LOOP }
    }

    /// A property of it.
    pub(crate) fn property(self, key: &'e Key) -> From<'e> {
        match (self.object, self.key) {
            (Word::Nothing, _) | (_, Some(_)) => From::ELEMENT,
            (object, None) => From { object, list: Word::Nothing, key: Some(key) },
        }
    }

    /// For a pattern of elements.
    pub(crate) fn list(self) -> Origin {
        match (self.key, self.list) {
            (Some(key), _) if key.text().is_some() => Origin::Property(self.object.text()),
            (None, Word::Expr(expr)) => Origin::Sentence(expr.listed()),
            (None, Word::Text(text)) => Origin::Sentence(format!("{text} is not iterable")),
            _ => Origin::Value,
        }
    }

    /// For a pattern of properties, of which the first is looked for.
    pub(crate) fn object(self, entries: &[(Key, Pattern, Option<Expr>)], rest: bool) -> Origin {
        let known = !matches!(self.object, Word::Nothing);
        match (entries.first(), self.key) {
            (Some((Key::Name(key), target, default)), inner) => {
                let key = key.as_str().to_owned();
                let member = matches!(
                    target,
                    Pattern::Target(Expr { kind: ExprKind::Member { .. } | ExprKind::Index { .. }, .. })
                );
                match (target, default) {
                    (Pattern::Object { .. }, Some(default)) => Origin::Part(Some(default.shown()), key),
                    (_, None) if known && inner.is_none() && !member => Origin::Part(self.object.text(), key),
                    _ => Origin::Member(Some(key)),
                }
            }
            (first, Some(key)) if known && (first.is_some() || !rest) => {
                match key.text().filter(|key| number::array_index(key).is_none()) {
                    Some(key) => Origin::Part(self.object.text(), key.into()),
                    None => Origin::Whole(self.object.text()),
                }
            }
            (_, None) if known => Origin::Whole(self.object.text()),
            _ => Origin::Member(None),
        }
    }
}

/// Why a value can not be iterated or taken apart, but for the value itself: where a text is missing, it stands there.
pub(crate) enum Origin {
    Value,
    /// "x is not iterable", whatever `x` is.
    Sentence(String),
    /// `f(...x)`.
    Argument(String),
    /// A list that is a property of this.
    Property(Option<String>),
    /// A property to read.
    Member(Option<String>),
    /// A property of this to take.
    Part(Option<String>, String),
    Whole(Option<String>),
}

impl Origin {
    /// What is spread between arguments: a call alone is found.
    pub(crate) fn of_argument(value: &Expr) -> Origin {
        match value.kind {
            ExprKind::Call { .. } | ExprKind::New { .. } => Origin::Sentence(format!(
                "{} is not iterable (cannot read property Symbol(Symbol.iterator))",
                value.list_shown()
            )),
            _ => Origin::Value,
        }
    }

    /// What `for (… of value)` goes over.
    pub(crate) fn of_loop(value: &Expr) -> Origin {
        if is_found(value) { Origin::Sentence(value.listed()) } else { Origin::Value }
    }

    /// The sentence for a value: its text where it is `undefined` or `null`, and as V8 shows it where it has no other name.
    pub(crate) fn sentence(&self, nothing: Option<&str>, value: &str) -> String {
        let or_value = |text: &Option<String>| text.clone().unwrap_or_else(|| value.to_owned());
        let now = nothing.unwrap_or_default();
        match (self, nothing) {
            (Origin::Sentence(sentence), _) => sentence.clone(),
            (Origin::Argument(text), Some(now)) => format!("{text} is not iterable (cannot read property {now})"),
            (Origin::Argument(_), None) => {
                "Spread syntax requires ...iterable[Symbol.iterator] to be a function".into()
            }
            (Origin::Property(text), Some(now)) => {
                format!("Cannot destructure property 'Symbol(Symbol.iterator)' of '{}' as it is {now}.", or_value(text))
            }
            (Origin::Property(text), None) => {
                format!("{} is not iterable (cannot read property Symbol(Symbol.iterator))", or_value(text))
            }
            (Origin::Value, _) => format!("{value} is not iterable (cannot read property Symbol(Symbol.iterator))"),
            (Origin::Member(Some(key)), _) => format!("Cannot read properties of {now} (reading '{key}')"),
            (Origin::Member(None), _) => format!("Cannot read properties of {now}"),
            (Origin::Part(text, key), _) => {
                format!("Cannot destructure property '{key}' of '{}' as it is {now}.", or_value(text))
            }
            (Origin::Whole(text), _) => format!("Cannot destructure '{}' as it is {now}.", or_value(text)),
        }
    }
}

impl Key {
    /// The key, when it stands there.
    fn text(&self) -> Option<&str> {
        match self {
            Key::Name(name) | Key::Computed(Expr { kind: ExprKind::String(name), .. }) => Some(name.as_str()),
            Key::Computed(_) => None,
        }
    }
}

/// Whether a pattern is of an assignment.
fn writes(pattern: &Pattern) -> bool {
    match pattern {
        Pattern::Declare(_) => false,
        Pattern::Target(_) => true,
        Pattern::Array { items, rest, .. } => {
            items.iter().flatten().any(|(item, _)| writes(item)) || rest.as_deref().is_some_and(writes)
        }
        Pattern::Object { entries, rest, .. } => {
            entries.iter().any(|(_, entry, _)| writes(entry)) || rest.as_deref().is_some_and(writes)
        }
    }
}

/// Whether V8 finds an expression by the place where it begins.
fn begins(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Call { callee, optional: false, .. } => matches!(callee.kind, ExprKind::Name(..)),
        ExprKind::Sum(items) => items.len() > 2,
        ExprKind::Template { parts, .. } => parts.is_empty(),
        ExprKind::Member { .. }
        | ExprKind::Index { .. }
        | ExprKind::Binary(..)
        | ExprKind::Logical(..)
        | ExprKind::InstanceOf(..)
        | ExprKind::Assign { .. }
        | ExprKind::Sequence(_)
        | ExprKind::Chain(_)
        | ExprKind::Update { .. }
        | ExprKind::Call { .. } => false,
        _ => true,
    }
}

/// Whether V8 finds it by its operator: a chain of three has none, and neither have `?.` and `||`.
fn is_found(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Sum(items) | ExprKind::Sequence(items) => items.len() < 3,
        ExprKind::Logical(operator, items) => *operator == Logical::Nullish && items.len() < 3,
        ExprKind::Chain(_) | ExprKind::Conditional(_) => false,
        _ => true,
    }
}

/// Whether its value is there without any code of its own.
fn is_literal(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::String(_)
        | ExprKind::RegExp { .. }
        | ExprKind::Function(_)
        | ExprKind::Array(_)
        | ExprKind::Object(_) => true,
        ExprKind::Unary(Unary::Minus | Unary::Not, operand) => is_literal(operand),
        ExprKind::Name(_, name) => name.is("this"),
        _ => false,
    }
}
