//! Files as answers: what a request wants of one, and the reading of it. Neither knows a connection.

mod conditions;
mod reading;

pub(super) use conditions::{Validators, Wanted, weigh};
pub(super) use reading::{Reading, open};
