//! The syntax tree. Names are references or declarations that the parser resolves as scopes end; see [`super::scope`].

use super::scope::{FuncId, RefId, VarId};
use crate::base::{Str, number};
use std::rc::Rc;

/// An expression and where it stands.
#[derive(Debug)]
pub(crate) struct Expr {
    /// Offset in the program's source: for calls and members, of what they are about.
    pub(crate) pos: u32,
    pub(crate) kind: ExprKind,
}

impl Expr {
    /// Whether it names a property, which can be deleted.
    pub(crate) fn is_property(&self) -> bool {
        match &self.bare().kind {
            ExprKind::Member { .. } | ExprKind::Index { .. } => true,
            ExprKind::Chain(inner) => inner.is_property(),
            _ => false,
        }
    }

    /// Without the parentheses around it.
    pub(crate) fn bare(&self) -> &Expr {
        match &self.kind {
            ExprKind::Parenthesised(inner) => inner.bare(),
            _ => self,
        }
    }
}

#[derive(Debug)]
pub(crate) enum ExprKind {
    Undefined,
    Null,
    Bool(bool),
    Number(f64),
    String(Str),
    RegExp {
        pattern: Str,
        flags: Str,
    },
    /// `quasis` is one longer than `parts`.
    Template {
        quasis: Vec<Str>,
        parts: Vec<Expr>,
    },
    Name(RefId, Str),
    Array(Vec<Element>),
    Object(Vec<Property>),
    Function(Box<FunctionLiteral>),
    Unary(Unary, Box<Expr>),
    Update {
        up: bool,
        prefix: bool,
        target: Box<Expr>,
    },
    Binary(Binary, Box<Expr>, Box<Expr>),
    /// A chain of `+`: two operands at least, from left to right.
    Sum(Vec<Expr>),
    /// A chain of one logical operator.
    Logical(Logical, Vec<Expr>),
    Conditional(Box<(Expr, Expr, Expr)>),
    Assign {
        operator: Option<AssignOperator>,
        target: Box<Pattern>,
        value: Box<Expr>,
    },
    Sequence(Vec<Expr>),
    Member {
        object: Box<Expr>,
        name: Str,
        optional: bool,
    },
    Index {
        object: Box<Expr>,
        index: Box<Expr>,
        optional: bool,
    },
    Call {
        callee: Box<Expr>,
        arguments: Vec<Element>,
        optional: bool,
    },
    New {
        class: Str,
        arguments: Vec<Element>,
    },
    InstanceOf(Box<Expr>, Box<Expr>),
    /// What `?.` leaves when it finds nothing: the whole chain is `undefined`.
    Chain(Box<Expr>),
    /// What fails with these words when it is run: behind a call that is assigned to.
    Invalid(&'static str),
    /// Kept by the parser to tell `(a)` from `a`; gone afterwards.
    Parenthesised(Box<Expr>),
}

/// An element of an array literal or an argument.
#[derive(Debug)]
pub(crate) enum Element {
    Item(Expr),
    Spread(Expr),
    /// `[1, , 2]`
    Hole,
}

#[derive(Debug)]
pub(crate) enum Property {
    Entry(Key, Expr),
    /// `{ name }` or, in what will be a pattern, `{ name = default }`.
    Shorthand(Str, Expr, Option<Expr>),
    Spread(Expr),
}

#[derive(Debug)]
pub(crate) enum Key {
    Name(Str),
    Computed(Expr),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unary {
    Not,
    Minus,
    Plus,
    BitNot,
    TypeOf,
    Void,
    Delete,
}

impl Unary {
    /// As V8 writes it before its operand.
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Unary::Not => "!",
            Unary::Minus => "-",
            Unary::Plus => "+",
            Unary::BitNot => "~",
            Unary::TypeOf => "typeof ",
            Unary::Void => "void ",
            Unary::Delete => "delete ",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
    Equal,
    NotEqual,
    StrictEqual,
    StrictNotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    BitAnd,
    BitOr,
    BitXor,
    ShiftLeft,
    ShiftRight,
    ShiftRightUnsigned,
    In,
}

impl Binary {
    /// As it is written.
    pub(crate) fn symbol(self) -> &'static str {
        use Binary::*;
        match self {
            Add => "+",
            Subtract => "-",
            Multiply => "*",
            Divide => "/",
            Remainder => "%",
            Power => "**",
            Equal => "==",
            NotEqual => "!=",
            StrictEqual => "===",
            StrictNotEqual => "!==",
            Less => "<",
            LessEqual => "<=",
            Greater => ">",
            GreaterEqual => ">=",
            BitAnd => "&",
            BitOr => "|",
            BitXor => "^",
            ShiftLeft => "<<",
            ShiftRight => ">>",
            ShiftRightUnsigned => ">>>",
            In => "in",
        }
    }

    /// Whether its result is true or false.
    pub(crate) fn compares(self) -> bool {
        use Binary::*;
        matches!(self, Equal | NotEqual | StrictEqual | StrictNotEqual | Less | LessEqual | Greater | GreaterEqual | In)
    }

    /// ECMA-262 §6.1.6.1 on numbers.
    pub(crate) fn arithmetic(self, a: f64, b: f64) -> f64 {
        use Binary::*;
        let int = |f: fn(i32, u32) -> i32| f64::from(f(number::to_int32(a), number::to_int32(b) as u32));
        match self {
            Subtract => a - b,
            Multiply => a * b,
            Divide => a / b,
            Remainder => a % b,
            Power => number::power(a, b),
            BitAnd => int(|a, b| a & b as i32),
            BitOr => int(|a, b| a | b as i32),
            BitXor => int(|a, b| a ^ b as i32),
            ShiftLeft => int(|a, b| a.wrapping_shl(b)),
            ShiftRight => int(|a, b| a.wrapping_shr(b)),
            ShiftRightUnsigned => f64::from((number::to_int32(a) as u32).wrapping_shr(number::to_int32(b) as u32)),
            _ => a + b,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Logical {
    And,
    Or,
    Nullish,
}

impl Logical {
    /// As it is written.
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Logical::And => "&&",
            Logical::Or => "||",
            Logical::Nullish => "??",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AssignOperator {
    Binary(Binary),
    Logical(Logical),
}

/// What a declaration or an assignment writes to.
#[derive(Debug)]
pub(crate) enum Pattern {
    /// A declared variable.
    Declare(VarId),
    /// A name, a member or an index.
    Target(Expr),
    Array {
        items: Vec<Option<(Pattern, Option<Expr>)>>,
        rest: Option<Box<Pattern>>,
        pos: u32,
    },
    Object {
        entries: Vec<(Key, Pattern, Option<Expr>)>,
        rest: Option<Box<Pattern>>,
        pos: u32,
    },
}

/// A function, however it is written.
#[derive(Debug)]
pub(crate) struct FunctionLiteral {
    pub(crate) name: Str,
    pub(crate) func: FuncId,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) rest: Option<Parameter>,
    pub(crate) body: FunctionBody,
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// A named function expression can name itself: that variable, in the function's own frame.
    pub(crate) own_name: Option<VarId>,
    /// Its code is strict (§11.2.2).
    pub(crate) strict: bool,
}

#[derive(Debug)]
pub(crate) struct Parameter {
    /// The slot's variable: the parameter itself, or a hidden one that a pattern takes apart.
    pub(crate) var: VarId,
    pub(crate) pattern: Option<Pattern>,
    pub(crate) default: Option<Expr>,
}

#[derive(Debug)]
pub(crate) enum FunctionBody {
    Expr(Box<Expr>),
    Block(Block),
}

/// Statements with the variables and functions that belong to them.
#[derive(Debug, Default)]
pub(crate) struct Block {
    /// `let`, `const` and function names of this block.
    pub(crate) variables: Vec<VarId>,
    /// Function declarations, made when the block starts.
    pub(crate) functions: Vec<Declared>,
    pub(crate) statements: Vec<Stmt>,
}

/// A function declaration.
#[derive(Debug)]
pub(crate) struct Declared {
    pub(crate) var: VarId,
    /// A function of a block is also a `var` of the function around it (annex B.3.2).
    pub(crate) outer: Option<VarId>,
    pub(crate) literal: FunctionLiteral,
}

#[derive(Debug)]
pub(crate) struct Stmt {
    pub(crate) pos: u32,
    pub(crate) kind: StmtKind,
}

#[derive(Debug)]
pub(crate) enum StmtKind {
    Empty,
    Text(Rc<str>),
    /// `<%= expr %>` or, raw, `<%- expr %>`; the extra expressions are evaluated and dropped.
    Echo {
        raw: bool,
        value: Expr,
        rest: Vec<Expr>,
    },
    Expr(Expr),
    /// Declarations of one kind; without a value `let` is `undefined`, and `var` nothing happens.
    Declare {
        is_var: bool,
        declarations: Vec<(Pattern, Option<Expr>)>,
    },
    Block(Block),
    /// `if`, its `else if`s, and the `else`.
    If {
        branches: Vec<(Expr, Stmt)>,
        otherwise: Option<Box<Stmt>>,
    },
    For {
        head: Box<ForHead>,
        body: Box<Stmt>,
    },
    ForEach {
        of: bool,
        head: Box<EachHead>,
        body: Box<Stmt>,
    },
    While {
        test: Expr,
        body: Box<Stmt>,
    },
    DoWhile {
        test: Expr,
        body: Box<Stmt>,
    },
    Switch {
        value: Expr,
        block: Block,
        cases: Vec<(Option<Expr>, usize)>,
    },
    Break(u32),
    Continue(u32),
    Return(Option<Expr>),
    Throw(Expr),
    Try {
        block: Block,
        catch: Option<Box<Catch>>,
        finally: Option<Block>,
    },
    Labelled(u32, Box<Stmt>),
}

/// `catch (pattern) { … }`: the pattern, its variables, the body.
pub(crate) type Catch = (Option<Pattern>, Vec<VarId>, Block);

/// `for (init; test; update)`.
#[derive(Debug)]
pub(crate) struct ForHead {
    pub(crate) variables: Vec<VarId>,
    pub(crate) init: Option<Stmt>,
    pub(crate) test: Option<Expr>,
    pub(crate) update: Option<Expr>,
}

/// `for (target of list)` or `for (target in object)`.
#[derive(Debug)]
pub(crate) struct EachHead {
    pub(crate) variables: Vec<VarId>,
    pub(crate) target: Pattern,
    pub(crate) list: Expr,
}

/// Takes the parentheses off, once it no longer matters that they were there.
pub(crate) fn unwrapped(mut expr: Expr) -> Expr {
    while let ExprKind::Parenthesised(inner) = expr.kind {
        expr = *inner;
    }
    expr
}
