//! Members and elements: what a value has of its own, writing it, what a frozen value refuses, and the notes by which a run
//! undoes what it did to the host's data.

mod integrity;
pub(crate) mod member;
mod named;
mod undo;
