//! The web layer and forms with files: attacks, and any bytes.

mod attacks;
mod fuzz;
mod multipart_attacks;

// Counts for each thread, so tests that run side by side do not see each other.
#[global_allocator]
static COUNTING: wirebook_tests::allocations::Counting = wirebook_tests::allocations::Counting;
