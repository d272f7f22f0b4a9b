//! Templates: attacks, what they cost, and what Node makes of the same ones.

mod attacks;
mod differential;
mod growth;
mod hostile;
mod programs;

// Counts for each thread, so tests that run side by side do not see each other.
#[global_allocator]
static COUNTING: wirebook_tests::allocations::Counting = wirebook_tests::allocations::Counting;
