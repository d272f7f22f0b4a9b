//! HTTP/2 and its header compression: attacks, what other encoders made, the server as its clients meet it, and the client, in the simulated
//! network and in virtual time.

mod attacks;
mod client;
mod hpack_attacks;
mod hpack_vectors;
mod limits;
mod peer;
mod rough;
mod server;
mod shutdown;
mod time;
mod wire;

// Counts for each thread, so tests that run side by side do not see each other.
#[global_allocator]
static COUNTING: wirebook_tests::allocations::Counting = wirebook_tests::allocations::Counting;
