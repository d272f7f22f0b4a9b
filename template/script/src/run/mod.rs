//! Running: what a run carries, what it is charged for, and what its closures are.

pub(crate) mod append;
pub(crate) mod args;
mod call;
mod charge;
pub(crate) mod convert;
pub(crate) mod date_text;
mod draft;
pub(crate) mod each;
pub(crate) mod elements;
pub(crate) mod errors;
mod fault;
mod flow;
pub(crate) mod journal;
mod machine;
pub(crate) mod operator;
pub(crate) mod output;
mod place;
mod program;
pub(crate) mod report;
pub(crate) mod shown;
mod trace;

pub(crate) use charge::rate;
pub(crate) use draft::Draft;
pub use fault::{Halt, R};
pub(crate) use flow::{Flow, Labels};
pub(crate) use machine::Alone;
pub use machine::{Cx, Host, Scratch, Sink, Site};
pub use output::Escape;
pub(crate) use place::{Member, Place};
pub(crate) use program::{Body, Callable, ExprFn, FreeName, Proto, RunFn, StmtFn, visible};
pub use program::{Native, Program, Shape};
pub(crate) use trace::Trace;
