//! Expressions by precedence, ECMA-262 §13.

use super::{P, Parser};
use crate::syntax::ast::*;
use crate::syntax::lexer::Tok;

/// Precedence of the binary operators, §13.6 to §13.12; higher binds tighter.
fn binary(operator: &str) -> Option<(u8, Binary)> {
    use Binary::*;
    Some(match operator {
        "|" => (4, BitOr),
        "^" => (5, BitXor),
        "&" => (6, BitAnd),
        "==" => (7, Equal),
        "!=" => (7, NotEqual),
        "===" => (7, StrictEqual),
        "!==" => (7, StrictNotEqual),
        "<" => (8, Less),
        "<=" => (8, LessEqual),
        ">" => (8, Greater),
        ">=" => (8, GreaterEqual),
        "<<" => (9, ShiftLeft),
        ">>" => (9, ShiftRight),
        ">>>" => (9, ShiftRightUnsigned),
        "+" => (10, Add),
        "-" => (10, Subtract),
        "*" => (11, Multiply),
        "/" => (11, Divide),
        "%" => (11, Remainder),
        "**" => (12, Power),
        _ => return None,
    })
}

const RELATION: u8 = 8;
const LOWEST: u8 = 4;

fn assign_operator(punct: &str) -> Option<Option<AssignOperator>> {
    Some(match punct {
        "=" => None,
        "&&=" => Some(AssignOperator::Logical(Logical::And)),
        "||=" => Some(AssignOperator::Logical(Logical::Or)),
        "??=" => Some(AssignOperator::Logical(Logical::Nullish)),
        _ => {
            let operator = punct.strip_suffix('=').and_then(binary).filter(|(p, _)| !matches!(p, 7 | 8))?;
            Some(AssignOperator::Binary(operator.1))
        }
    })
}

impl Parser<'_> {
    /// Expressions with commas.
    pub(super) fn expression(&mut self) -> P<Expr> {
        let first = self.assignment()?;
        if !self.is(",") {
            return Ok(first);
        }
        let pos = first.pos;
        let mut items = vec![first];
        while self.eat(",")? {
            items.push(self.assignment()?);
        }
        Ok(Expr { pos, kind: ExprKind::Sequence(items) })
    }

    /// One expression: an arrow function, an assignment, a conditional.
    pub(super) fn assignment(&mut self) -> P<Expr> {
        self.nested(|p| p.assignment_here(false))
    }

    /// `cover`: what is read may yet become a pattern, so initializers in it are no error here.
    pub(super) fn assignment_here(&mut self, cover: bool) -> P<Expr> {
        if let Some(word @ ("yield" | "await")) = self.word() {
            // Names, as nothing is a generator here or waits; before an operand that is not what was meant.
            let operand = |rest: &str| super::starts_name(rest) || rest.starts_with(['\'', '"', '`', '{']);
            if self.lexer.ahead().is_some_and(|(rest, newline)| !newline && operand(rest)) {
                return self.error(format!("unsupported: `{word}`"));
            }
        }
        let mark = self.scopes.mark();
        let left = self.conditional()?;
        if self.is("=>") && matches!(left.kind, ExprKind::Name(..)) {
            return self.arrow_of_name(left, mark);
        }
        let operator = match self.token.tok {
            Tok::Punct(punct) => assign_operator(punct),
            _ => None,
        };
        let Some(operator) = operator else {
            if !cover {
                self.check_cover(&left)?;
            }
            // A pattern in parentheses is none.
            let pattern =
                matches!(left.bare().kind, ExprKind::Array(_) | ExprKind::Object(_) | ExprKind::Assign { .. });
            return Ok(if pattern { left } else { unwrapped(left) });
        };
        let pos = left.pos;
        let possible = match (operator, &left.bare().kind) {
            (None, _) | (_, ExprKind::Name(..) | ExprKind::Member { .. } | ExprKind::Index { .. }) => true,
            (Some(operator), ExprKind::Call { .. }) => matches!(operator, AssignOperator::Binary(_)),
            _ => false,
        };
        if !possible {
            return self.error_at("invalid assignment target", pos);
        }
        let target = Box::new(self.assignable(left, "Invalid left-hand side in assignment")?);
        self.advance()?;
        let value = Box::new(self.assignment()?);
        Ok(Expr { pos, kind: ExprKind::Assign { operator, target, value } })
    }

    fn conditional(&mut self) -> P<Expr> {
        let test = self.logical()?;
        if !self.is("?") {
            return Ok(test);
        }
        self.advance()?;
        let outer = std::mem::replace(&mut self.no_in, false);
        let yes = self.assignment();
        self.no_in = outer;
        let yes = yes?;
        self.expect(":")?;
        let no = self.assignment()?;
        Ok(Expr { pos: test.pos, kind: ExprKind::Conditional(Box::new((unwrapped(test), yes, no))) })
    }

    /// `||`, `&&` and `??`; the last does not mix with the others without parentheses.
    fn logical(&mut self) -> P<Expr> {
        let first = self.logical_and()?;
        if self.is("??") {
            if matches!(first.kind, ExprKind::Logical(..)) {
                return self.unexpected();
            }
            return self.chain(first, "??", Logical::Nullish, |p| p.binary(LOWEST));
        }
        let or = self.chain(first, "||", Logical::Or, Self::logical_and)?;
        if self.is("??") { self.unexpected() } else { Ok(or) }
    }

    fn logical_and(&mut self) -> P<Expr> {
        let first = self.binary(LOWEST)?;
        self.chain(first, "&&", Logical::And, |p| p.binary(LOWEST))
    }

    fn chain(
        &mut self,
        first: Expr,
        punct: &str,
        operator: Logical,
        mut operand: impl FnMut(&mut Self) -> P<Expr>,
    ) -> P<Expr> {
        if !self.is(punct) {
            return Ok(first);
        }
        let pos = first.pos;
        let mut items = vec![unwrapped(first)];
        while self.eat(punct)? {
            items.push(unwrapped(operand(self)?));
        }
        Ok(Expr { pos, kind: ExprKind::Logical(operator, items) })
    }

    /// Operators of at least this precedence.
    fn binary(&mut self, lowest: u8) -> P<Expr> {
        let mut left = self.unary()?;
        let mut grown = 0;
        while let Some((precedence, operator)) = self.operator() {
            if precedence < lowest {
                break;
            }
            let pos = self.advance()?.pos;
            if operator == Some(Binary::Power) && matches!(left.kind, ExprKind::Unary(..)) {
                return self.error_at("a unary operator before `**` needs parentheses", pos);
            }
            let Some(operator) = operator else {
                left = self.instance_of(left)?;
                continue;
            };
            // `**` groups to the right, everything else to the left.
            let next = precedence + u8::from(operator != Binary::Power);
            let right = unwrapped(self.nested(|p| p.binary(next))?);
            left = match (operator, left) {
                (Binary::Add, Expr { pos, kind: ExprKind::Sum(mut items) }) => {
                    items.push(right);
                    Expr { pos, kind: ExprKind::Sum(items) }
                }
                (Binary::Add, left) => Expr { pos: left.pos, kind: ExprKind::Sum(vec![unwrapped(left), right]) },
                (operator, left) => {
                    // A chain to the left nests the tree as deep as it is long.
                    self.deeper(1)?;
                    grown += 1;
                    let kind = ExprKind::Binary(operator, Box::new(unwrapped(left)), Box::new(right));
                    Expr { pos, kind }
                }
            };
        }
        self.depth -= grown;
        Ok(left)
    }

    /// The current token as a binary operator; `None` inside means `instanceof`.
    fn operator(&self) -> Option<(u8, Option<Binary>)> {
        match (&self.token.tok, self.word()) {
            (Tok::Punct(punct), _) => binary(punct).map(|(p, operator)| (p, Some(operator))),
            (_, Some("in")) if !self.no_in => Some((RELATION, Some(Binary::In))),
            (_, Some("instanceof")) => Some((RELATION, None)),
            _ => None,
        }
    }

    fn instance_of(&mut self, left: Expr) -> P<Expr> {
        let class = unwrapped(self.nested(|p| p.binary(RELATION + 1))?);
        let pos = left.pos;
        Ok(Expr { pos, kind: ExprKind::InstanceOf(Box::new(unwrapped(left)), Box::new(class)) })
    }

    fn unary(&mut self) -> P<Expr> {
        let operator = match (&self.token.tok, self.word()) {
            (Tok::Punct("!"), _) => Unary::Not,
            (Tok::Punct("-"), _) => Unary::Minus,
            (Tok::Punct("+"), _) => Unary::Plus,
            (Tok::Punct("~"), _) => Unary::BitNot,
            (_, Some("typeof")) => Unary::TypeOf,
            (_, Some("void")) => Unary::Void,
            (_, Some("delete")) => Unary::Delete,
            (Tok::Punct("++"), _) => return self.nested(|p| p.prefix_update(true)),
            (Tok::Punct("--"), _) => return self.nested(|p| p.prefix_update(false)),
            _ => return self.postfix(),
        };
        let pos = self.advance()?.pos;
        let operand = unwrapped(self.nested(|p| p.unary())?);
        if operator == Unary::Delete && matches!(operand.kind, ExprKind::Name(..)) {
            return self.error_at("unsupported: `delete` of a variable", pos);
        }
        Ok(Expr { pos, kind: ExprKind::Unary(operator, Box::new(operand)) })
    }

    fn prefix_update(&mut self, up: bool) -> P<Expr> {
        let pos = self.advance()?.pos;
        let operand = self.unary()?;
        self.update(operand, up, true, pos)
    }

    fn postfix(&mut self) -> P<Expr> {
        let operand = self.operand_with_calls()?;
        let up = self.is("++");
        if (up || self.is("--")) && !self.token.newline {
            let pos = self.advance()?.pos;
            return self.update(operand, up, false, pos);
        }
        Ok(operand)
    }

    fn update(&mut self, operand: Expr, up: bool, prefix: bool, pos: u32) -> P<Expr> {
        let words = if prefix {
            "Invalid left-hand side expression in prefix operation"
        } else {
            "Invalid left-hand side expression in postfix operation"
        };
        match self.assignable(operand, words)? {
            Pattern::Target(target) => {
                Ok(Expr { pos, kind: ExprKind::Update { up, prefix, target: Box::new(target) } })
            }
            _ => self.error_at("invalid target of an update", pos),
        }
    }
}
