//! The ground under the rooms: the one file that knows the operating system, and errors that say what could not be done.

mod error;
pub(crate) mod sys;

pub(crate) use error::{cannot, cannot_now};
