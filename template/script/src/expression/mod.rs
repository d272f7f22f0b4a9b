//! Expressions become closures, and so do functions, calls, and what is assigned to.
//!
//! Each becomes a closure that gives a value. A closure owns the closures of its parts. What can be decided here is decided
//! here: constants are folded, a local variable is a number, and a method's implementations are found by name once
//! ([`call`]).

pub(crate) mod access;
pub(crate) mod assign;
mod call;
pub(crate) mod code;
mod constructor;
mod expr;
mod function;
pub(crate) mod generator;
pub(crate) mod operator;
mod reference;

pub use generator::Helpers;
