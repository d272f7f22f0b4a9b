//! HTTP/2 and its header compression: attacks, and what other encoders made.

mod attacks;
mod hpack_attacks;
mod hpack_vectors;

// Counts for each thread, so tests that run side by side do not see each other.
#[global_allocator]
static COUNTING: wirebook_tests::allocations::Counting = wirebook_tests::allocations::Counting;
