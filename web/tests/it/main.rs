//! Every limit at its edge, and the router against the obvious one.

mod limits;
mod router;
