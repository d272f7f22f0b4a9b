//! HTTP/2's server, as its clients meet it, and the client: in the simulated network, in virtual time.

mod attacks;
mod client;
mod limits;
mod peer;
mod rough;
mod server;
mod shutdown;
mod time;
