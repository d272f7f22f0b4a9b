//! Regular expressions: ECMA-262 §22.2, matched with a bound on the work.
//!
//! `/(a+)+$/` on a text of thirty `a` and a `b` tries two to the power of thirty ways. Crates that match this syntax do
//! not let a caller bound that, and a crate that bounds it does not match this syntax, hence this room: a parser for
//! patterns ([`parse`]) and a backtracking matcher with an explicit stack that counts its tries ([`matcher`]).
//! Texts are matched by UTF-16 code unit, or by code point with the flags `u` and `v`, as JavaScript does.

mod class;
mod flags;
mod matcher;
mod parse;

pub(crate) use flags::Flags;
pub(crate) use matcher::{Input, Limit, Match, Outcome};

use matcher::Program;

use crate::base::{
    Str,
    memory::{Held, cost},
};
use std::cell::Cell;
use std::rc::Rc;

/// A regular expression value: what was compiled, and where a search with `g` or `y` goes on.
#[derive(Clone)]
pub struct RegExp(Rc<Data>);

struct Data {
    program: Rc<Program>,
    last_index: Cell<usize>,
    #[allow(dead_code, reason = "weighs as long as it lives")]
    held: Held,
}

impl RegExp {
    /// Compiles a pattern.
    pub(crate) fn new(pattern: &str, flag_text: &str) -> Result<RegExp, String> {
        let flags = Flags::of(flag_text)?;
        let parsed = parse::parse(pattern, flags)?;
        let (code, registers) = matcher::compile(&parsed.node, parsed.groups)?;
        let weight = pattern.len() + parsed.names.len() * cost::ENTRY + matcher::weight(&code);
        let program = Program {
            pattern: pattern.into(),
            flag_text: flag_text.into(),
            flags,
            code,
            groups: parsed.groups,
            registers,
            names: parsed.names,
            held: Held::new(weight),
        };
        Ok(RegExp::of(Rc::new(program)))
    }

    /// Another object of the same expression, as each evaluation of a literal makes one.
    pub(crate) fn fresh(&self) -> RegExp {
        RegExp::of(self.0.program.clone())
    }

    fn of(program: Rc<Program>) -> RegExp {
        RegExp(Rc::new(Data { program, last_index: Cell::new(0), held: Held::new(cost::REGEXP) }))
    }

    pub(crate) fn last_index(&self) -> usize {
        self.0.last_index.get()
    }

    pub(crate) fn set_last_index(&self, index: usize) {
        self.0.last_index.set(index);
    }

    pub(crate) fn program(&self) -> &Program {
        &self.0.program
    }

    pub(crate) fn address(&self) -> usize {
        Rc::as_ptr(&self.0) as usize
    }

    pub(crate) fn ptr_eq(&self, other: &RegExp) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// `/pattern/flags`, with an empty pattern written as `(?:)`.
    pub(crate) fn to_text(&self) -> String {
        format!("/{}/{}", self.source(), self.0.program.flag_text)
    }

    /// The pattern; an empty one would begin a comment.
    pub(crate) fn source(&self) -> &str {
        if self.0.program.pattern.is_empty() { "(?:)" } else { &self.0.program.pattern }
    }

    /// A flag by the name of its property, such as `ignoreCase`.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        if name == "hasIndices" { Some(self.flag_text().contains('d')) } else { self.0.program.flags.named(name) }
    }

    pub(crate) fn flag_text(&self) -> &str {
        &self.0.program.flag_text
    }
}

impl Program {
    pub(crate) fn names(&self) -> &[(Str, usize)] {
        &self.names
    }
}
