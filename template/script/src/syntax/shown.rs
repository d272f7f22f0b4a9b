//! Expressions as V8 names them in its sentences: `o.f(...)` "is not a function", `[1,x]` "is not iterable".
//!
//! V8 prints the tree and not the source (its `CallPrinter`): brackets around whatever has an operator, constants worked out,
//! and `(intermediate value)` for what it has no words for, once for each of the three parts of `a ? b : c`.

use super::ast::*;
use crate::base::number;

/// A name ends where it is this long: each call of a chain has one, and they are not to grow with the square of its length.
const LONGEST: usize = 500;
const UNNAMED: &str = "(intermediate value)";

impl Expr {
    /// As in "… is not a function".
    pub(crate) fn shown(&self) -> String {
        Printer::default().named(self)
    }

    /// "… is not iterable", whole: of a call V8 says that what it calls may be no function.
    pub(crate) fn listed(&self) -> String {
        let called = matches!(self.kind, ExprKind::Call { .. } | ExprKind::New { .. });
        let or = if called { " is not a function or its return value is not iterable" } else { " is not iterable" };
        self.list_shown() + or
    }

    /// As the name of a list.
    pub(super) fn list_shown(&self) -> String {
        Printer { iterates: true, ..Printer::default() }.named(self)
    }

    /// Its operator and operands, of which no more are looked at than a name can show.
    fn operation(&self) -> Option<Operation<'_>> {
        fn some(items: &[Expr]) -> Vec<&Expr> {
            items.iter().take(LONGEST).collect()
        }
        let (symbol, operator, operands) = match &self.bare().kind {
            ExprKind::Sum(items) => ("+", Some(Binary::Add), some(items)),
            ExprKind::Binary(operator, left, right) => (operator.symbol(), Some(*operator), vec![&**left, &**right]),
            ExprKind::Logical(operator, items) => (operator.symbol(), None, some(items)),
            ExprKind::InstanceOf(value, class) => ("instanceof", None, vec![&**value, &**class]),
            ExprKind::Sequence(items) => (",", None, some(items)),
            _ => return None,
        };
        Some(Operation { symbol, operator: operator.filter(|operator| !operator.compares()), operands })
    }

    /// What V8's parser makes of it where that is a number, a word or a text.
    fn constant(&self) -> Option<Constant<'_>> {
        use Constant::{Number, Text, Word};
        Some(match &self.bare().kind {
            ExprKind::Null => Word("null"),
            ExprKind::Bool(b) => Word(if *b { "true" } else { "false" }),
            ExprKind::Number(n) => Number(*n),
            ExprKind::String(s) => Text(s.as_str()),
            ExprKind::Template { quasis, parts } if parts.is_empty() => Text(quasis[0].as_str()),
            ExprKind::Unary(Unary::Not, operand) => match operand.constant()? {
                Number(n) => Word(if n == 0.0 || n.is_nan() { "true" } else { "false" }),
                Text("") | Word("null" | "false") => Word("true"),
                Text(_) | Word(_) => Word("false"),
            },
            ExprKind::Unary(operator, operand) => match (operator, operand.constant()?) {
                (Unary::Minus, Number(n)) => Number(-n),
                (Unary::Plus, Number(n)) => Number(n),
                (Unary::BitNot, Number(n)) => Number(f64::from(!number::to_int32(n))),
                _ => return None,
            },
            ExprKind::Sum(items) if items.len() > LONGEST => return None,
            ExprKind::Sum(_) | ExprKind::Binary(..) => match self.operation()?.worked_out()[..] {
                [Operand::Number(n)] => Number(n),
                _ => return None,
            },
            _ => return None,
        })
    }
}

enum Constant<'e> {
    Number(f64),
    Word(&'static str),
    Text(&'e str),
}

struct Operation<'e> {
    symbol: &'static str,
    /// One that is worked out where its operands are numbers.
    operator: Option<Binary>,
    operands: Vec<&'e Expr>,
}

enum Operand<'e> {
    Number(f64),
    Expr(&'e Expr),
}

impl<'e> Operation<'e> {
    /// Its operands. A first one with the same operator is part of the chain, brackets or not, and numbers at the front become
    /// one.
    fn worked_out(&self) -> Vec<Operand<'e>> {
        let inner = self.operands[0].operation().filter(|inner| inner.symbol == self.symbol && self.chains());
        let mut known = match inner {
            Some(inner) => inner.worked_out(),
            None => match self.operands[0].constant() {
                Some(Constant::Number(n)) => vec![Operand::Number(n)],
                _ => vec![Operand::Expr(self.operands[0])],
            },
        };
        for next in &self.operands[1..] {
            match (&mut known[..], self.operator, next.constant()) {
                ([Operand::Number(a)], Some(operator), Some(Constant::Number(b))) => *a = operator.arithmetic(*a, b),
                _ => known.push(Operand::Expr(next)),
            }
        }
        known
    }

    fn chains(&self) -> bool {
        match self.operator {
            Some(operator) => operator != Binary::Power,
            None => matches!(self.symbol, "&&" | "||"),
        }
    }
}

#[derive(Default)]
struct Printer {
    text: String,
    /// What is named is a list: then a call has no `(...)`, and `new` shows its class.
    iterates: bool,
}

impl Printer {
    fn named(mut self, expr: &Expr) -> String {
        self.subject(expr);
        self.text
    }

    fn put(&mut self, text: &str) {
        if self.text.len() < LONGEST {
            self.text.push_str(text);
        }
    }

    fn wrapped(&mut self, before: &str, expr: &Expr, after: &str) {
        self.put(before);
        self.part(expr);
        self.put(after);
    }

    fn list<T>(&mut self, items: &[T], between: &str, mut put: impl FnMut(&mut Self, &T)) {
        for (n, item) in items.iter().enumerate() {
            if self.text.len() >= LONGEST {
                break;
            }
            if n > 0 {
                self.put(between);
            }
            put(self, item);
        }
    }

    /// What a sentence is about, or what its members and calls hang on. Of a function that stands there V8 has read the body:
    /// each statement is a value that it has no word for.
    fn subject(&mut self, expr: &Expr) {
        let ExprKind::Function(function) = &expr.bare().kind else { return self.part(expr) };
        let defaults =
            function.parameters.iter().any(|parameter| parameter.pattern.is_some() || parameter.default.is_some());
        let statements = match &function.body {
            FunctionBody::Expr(_) => 1,
            FunctionBody::Block(block) => {
                block.statements.iter().filter(|one| !matches!(one.kind, StmtKind::Empty)).take(LONGEST).count()
            }
        };
        let count = (statements + usize::from(defaults)).max(1);
        self.list(&vec![UNNAMED; count], "", |p, word| p.put(word));
    }

    fn part(&mut self, expr: &Expr) {
        let expr = expr.bare();
        if self.text.len() >= LONGEST {
            return;
        }
        match expr.constant() {
            Some(Constant::Number(n)) => return self.put(&number::to_string(n)),
            Some(Constant::Word(word)) => return self.put(word),
            Some(Constant::Text(text)) => return self.put(&format!("\"{text}\"")),
            None => {}
        }
        if let Some(operation) = expr.operation() {
            return self.operation(&operation);
        }
        match &expr.kind {
            ExprKind::Name(_, name) => self.put(name.as_str()),
            ExprKind::RegExp { pattern, flags } => {
                let mut flags: Vec<char> = flags.as_str().chars().collect();
                flags.sort_unstable();
                self.put(&format!("/{}/{}", pattern.as_str(), flags.into_iter().collect::<String>()));
            }
            ExprKind::Template { parts, .. } => self.list(parts, "", |p, part| p.part(part)),
            ExprKind::Array(items) => {
                self.put("[");
                self.list(items, ",", Printer::element);
                self.put("]");
            }
            ExprKind::Object(properties) => self.object(properties.len()),
            ExprKind::Unary(operator, operand) => self.wrapped(&format!("({}", operator.symbol()), operand, ")"),
            ExprKind::Update { up, prefix, target } => {
                let symbol = if *up { "++" } else { "--" };
                let (before, after) = if *prefix { (symbol, "") } else { ("", symbol) };
                self.wrapped(&format!("({before}"), target, &format!("{after})"));
            }
            ExprKind::Assign { target, .. } => self.target(target),
            ExprKind::Conditional(_) => self.put(&UNNAMED.repeat(3)),
            ExprKind::Member { object, name, optional } => {
                self.subject(object);
                self.put(if *optional { "?." } else { "." });
                self.put(name.as_str());
            }
            ExprKind::Index { object, index, optional } => {
                self.subject(object);
                match index.constant() {
                    Some(Constant::Text(name)) => {
                        self.put(if *optional { "?." } else { "." });
                        self.put(name);
                    }
                    _ => self.wrapped(if *optional { "?.[" } else { "[" }, index, "]"),
                }
            }
            ExprKind::Call { callee, .. } => {
                self.subject(callee);
                self.put(if self.iterates { "" } else { "(...)" });
            }
            ExprKind::New { class, .. } if self.iterates => self.put(class.as_str()),
            _ => self.put(UNNAMED),
        }
    }

    fn element(&mut self, element: &Element) {
        match element {
            Element::Item(expr) => self.part(expr),
            Element::Spread(expr) => self.wrapped("(...", expr, ")"),
            Element::Hole => self.put(UNNAMED),
        }
    }

    fn object(&mut self, properties: usize) {
        self.put("{");
        self.list(&vec![UNNAMED; properties.min(LONGEST)], "", |p, word| p.put(word));
        self.put("}");
    }

    /// `a != b` is the opposite of `a == b`.
    fn operation(&mut self, operation: &Operation<'_>) {
        let (symbol, opposite) = match operation.symbol {
            "!=" => ("==", true),
            "!==" => ("===", true),
            symbol => (symbol, false),
        };
        self.put(if opposite { "(!(" } else { "(" });
        self.list(&operation.worked_out(), &format!(" {symbol} "), |p, operand| match operand {
            Operand::Number(n) => p.put(&number::to_string(*n)),
            Operand::Expr(expr) => p.part(expr),
        });
        self.put(if opposite { "))" } else { ")" });
    }

    /// Of an assignment what it writes to is shown.
    fn target(&mut self, target: &Pattern) {
        match target {
            Pattern::Target(expr) => self.part(expr),
            Pattern::Object { entries, rest, .. } => self.object(entries.len() + usize::from(rest.is_some())),
            Pattern::Array { items, rest, .. } => {
                self.put("[");
                self.list(items, ",", |p, item| match item {
                    Some((target, _)) => p.target(target),
                    None => p.put(UNNAMED),
                });
                if let Some(rest) = rest {
                    self.put(if items.is_empty() { "(..." } else { ",(..." });
                    self.target(rest);
                    self.put(")");
                }
                self.put("]");
            }
            Pattern::Declare(_) => {}
        }
    }
}
