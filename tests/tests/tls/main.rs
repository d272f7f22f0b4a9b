//! TLS: the stream, what it holds, and every protocol on it.

mod everywhere;
mod fuzz;
mod handshake;
mod memory;
mod stream;

// Counts for each thread, so tests that run side by side do not see each other.
#[global_allocator]
static COUNTING: wirebook_tests::allocations::Counting = wirebook_tests::allocations::Counting;
