//! The core of HTTP/2: two connections that talk, every limit at its edge, and any bytes.

mod fuzz;
mod limits;
mod pair;
